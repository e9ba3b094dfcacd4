//! Keeps who created links, each name once: few keys and imports create most links.

use std::collections::HashMap;

use foldhash::fast::FixedState;

/// The names, and their numbers.
#[derive(Debug, Default)]
pub(super) struct Creators {
    names: Vec<String>,
    numbers: HashMap<String, u32, FixedState>,
    text_bytes: usize,
}

impl Creators {
    /// Returns the number of a name, a new one for a new name.
    pub(super) fn number_of(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        self.text_bytes += 2 * name.len();
        number
    }

    /// Returns the name with this number; empty without one.
    pub(super) fn name(&self, number: u32) -> &str {
        self.names.get(number as usize).map_or("", String::as_str)
    }

    /// Estimates the memory that they take, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let entry = 2 * size_of::<String>() + size_of::<u32>() + 1;
        self.names.capacity() * entry * 8 / 7 + self.text_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_has_one_number() {
        let mut creators = Creators::default();
        let [a, b, again] = ["key_1", "", "key_1"].map(|name| creators.number_of(name));
        assert_eq!((a, creators.name(a), creators.name(b)), (again, "key_1", ""));
        assert_ne!(a, b);
        assert_eq!(creators.name(99), "");
        assert!(creators.bytes() > 10);
    }
}
