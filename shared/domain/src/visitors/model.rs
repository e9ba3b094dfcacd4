//! Finds the name of an Android device in a user agent. Devices are called what their makers like, so words in such a name tell
//! less than elsewhere.

use std::ops::Range;

const SYSTEMS: [&str; 5] = ["android", "andr0id", "adr ", "harmonyos", "yunos"];

/// The places of a device's name in a user agent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Model {
    /// The name.
    pub(super) name: Range<usize>,
    /// The rest of the comment that the name is in: name, build, language.
    pub(super) comment: Range<usize>,
}

impl Model {
    /// Finds the device's name in `text`, which is in lower case. The ranges are empty if it has none.
    pub(super) fn of(text: &str) -> Self {
        let Some(system) = SYSTEMS.iter().filter_map(|system| text.find(system)).min() else { return Self::default() };
        let Some(stop) = text[system..].find([';', ')']) else { return Self::default() };
        let start = system + stop + usize::from(text[system + stop..].starts_with(';'));
        let end = end_of_comment(text, start);
        Self { name: name(text, start..end), comment: start..end }
    }

    /// Tells whether a word at `start..end` is part of the name.
    pub(super) fn has(&self, start: usize, end: usize) -> bool {
        self.name.start <= start && end <= self.name.end
    }
}

/// Returns where the comment ends that `start` is in: at the parenthesis that closes it, or at the end of the text.
fn end_of_comment(text: &str, start: usize) -> usize {
    let mut depth = 1_u32;
    for (at, byte) in text.bytes().enumerate().skip(start) {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// Returns the first part of a comment that can be a name, without the build.
fn name(text: &str, comment: Range<usize>) -> Range<usize> {
    let mut start = comment.start;
    for part in text[comment].split(';') {
        let name = part.trim();
        if !name.is_empty() && !is_other(name) {
            let start = start + (part.len() - part.trim_start().len());
            let build = ["build/", "build ", " applewebkit"].iter().filter_map(|word| name.find(word)).min();
            let name = name.strip_suffix(" build").unwrap_or(name);
            let name = name[..build.unwrap_or(name.len()).min(name.len())].trim_end();
            return start..start + name.len();
        }
        start += part.len() + 1;
    }
    0..0
}

/// Tells whether a part of a comment is a language or a word that is no name.
fn is_other(part: &str) -> bool {
    let language = || {
        let mut subtags = part.split(['-', '_']);
        let primary = subtags.next().is_some_and(|tag| tag.len() == 2 && tag.bytes().all(|b| b.is_ascii_lowercase()));
        primary && subtags.all(|tag| tag.len() <= 4 && tag.bytes().all(|b| b.is_ascii_lowercase()))
    };
    ["u", "wv", "arm_64", "arm", "mobile", "tablet"].contains(&part) || language()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn name_is_what_follows_the_system() {
        for (text, name) in [
            ("mozilla/5.0 (linux; android 14; sm-s928b) applewebkit/537.36", "sm-s928b"),
            ("mozilla/5.0 (linux; u; android 4.2.1; ru-ru; m bot 54 build/jop40d) applewebkit", "m bot 54"),
            ("mozilla/5.0 (linux; android 12; moto g power (2022) build/s3; wv) applewebkit", "moto g power (2022)"),
            ("mozilla/5.0 (android 15; mobile; rv:140.0) gecko/140.0 firefox/140.0", "rv:140.0"),
            ("ucweb/2.0 (midp-2.0; u; adr 4.2.2; en-us; aqua_i-4+) u2/1.0.0", "aqua_i-4+"),
            ("dalvik/2.1.0 (linux; u; android 9; uniontv build/ppr2)", "uniontv"),
            ("mozilla/5.0 (linux; android 10", ""),
            ("mozilla/5.0 (linux; android 10)", ""),
            ("mozilla/5.0 (windows nt 10.0; win64; x64)", ""),
            ("android", ""),
            ("android;", ""),
        ] {
            assert_eq!(&text[Model::of(text).name], name, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_has_a_name_within_it(text in "(android|\\PC|[;() ]|build/| build){0,40}") {
            let model = Model::of(&text);
            prop_assert!(text.get(model.name).is_some() && text.get(model.comment).is_some());
        }
    }
}
