//! Tells which characters slugs can have, and writes all spellings of a slug in one way.

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_normalization::UnicodeNormalization;

/// Joins emoji to one (zero-width joiner). The only invisible character that a slug can have.
pub(super) const JOINER: char = '\u{200d}';

/// What letters, marks, digits and emoji are.
const CATEGORIES: GeneralCategoryGroup = GeneralCategoryGroup::Letter
    .union(GeneralCategoryGroup::Mark)
    .union(GeneralCategoryGroup::Number)
    .union(GeneralCategoryGroup::OtherSymbol)
    .union(GeneralCategoryGroup::MathSymbol)
    .union(GeneralCategoryGroup::ModifierSymbol);

/// Tells whether the character is one of RFC 3986's unreserved ones, which every domain allows.
pub(super) fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | '_' | '~')
}

/// Tells whether slugs of some domain can have the character, beside slashes. Domains allow fewer: see
/// [`SlugRules`](super::slug_rules::SlugRules).
pub(super) fn is_of_slugs(character: char) -> bool {
    if character.is_ascii() {
        return is_plain(character);
    }
    let category = CodePointMapData::<GeneralCategory>::new().get(character);
    let is_invisible = || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character);
    // What is not UTF-8 becomes the replacement character, which Unicode counts among symbols.
    character == JOINER || CATEGORIES.contains(category) && character != char::REPLACEMENT_CHARACTER && !is_invisible()
}

/// Writes `text` in the one way in which slugs are stored: in NFC, without the selectors that ask for an emoji or a plain sign (U+FE0F,
/// U+FE0E), which keyboards add or not. Thai and Lao AM become the two characters that Unicode sees in each, since identifiers have
/// those (UTS 39).
pub(super) fn normalized(text: &str) -> String {
    text.chars().flat_map(written).flatten().nfc().collect()
}

fn written(character: char) -> [Option<char>; 2] {
    match character {
        '\u{fe0e}' | '\u{fe0f}' => [None, None],
        '\u{e33}' => [Some('\u{e4d}'), Some('\u{e32}')],
        '\u{eb3}' => [Some('\u{ecd}'), Some('\u{eb2}')],
        other => [Some(other), None],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn letters_marks_digits_and_emoji_are_of_slugs_and_nothing_else() {
        for character in "aZ9-._~äßжя中あー한อ\u{94d}٣🎉❤👩\u{200d}💻🇨🇭\u{1f3fd}↔".chars() {
            assert!(is_of_slugs(character), "{character:?}");
        }
        for character in "/ \u{a0}%#?+&\"'()<>[]{}|\\^`!*,;:@=$«»”–。、・\u{200b}\u{200c}\u{2060}\u{feff}\u{202e}\u{2066}\u{ad}\u{34f}\
                          \u{3164}\u{e0067}\u{fe00}\u{e000}\u{fffd}\u{ffff}\0\u{7f}\u{85}\u{2028}"
            .chars()
        {
            assert!(!is_of_slugs(character), "{character:?}");
        }
    }

    proptest! {
        #[test]
        fn spelling_is_the_same_when_it_is_normalized_again(text in "\\PC{0,40}") {
            let once = normalized(&text);
            prop_assert_eq!(normalized(&once), once.clone());
            prop_assert_eq!(normalized(&text.nfd().collect::<String>()), once);
        }
    }
}
