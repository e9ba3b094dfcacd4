//! Finds where a JSON value ends, one byte at a time.

/// How deeply a byte is nested in brackets, and whether it is in a string.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::imports::rows) struct Nesting {
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// Whether an object began within the value.
    pub(in crate::imports::rows) has_objects: bool,
}

impl Nesting {
    /// Takes a byte. Returns whether it ends an object, a list or a string that is not nested.
    #[inline]
    pub(in crate::imports::rows) fn step(&mut self, byte: u8) -> bool {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => return false,
            }
            return !self.in_string && self.depth == 0;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => {
                self.has_objects |= byte == b'{' && self.depth > 0;
                self.depth += 1;
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => return false,
        }
        !self.in_string && self.depth == 0
    }
}

/// Returns the length of the object, list or string at the start of `text`, if it ends there.
pub(in crate::imports::rows) fn value_length(text: &[u8]) -> Option<usize> {
    let mut nesting = Nesting::default();
    text.iter().position(|&byte| nesting.step(byte)).map(|last| last + 1)
}
