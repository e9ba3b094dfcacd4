//! Tells emoji from other characters: one, with a skin tone or without, several with joiners between them, or a flag (UTS 51). Keycaps
//! are none here, since they hide a digit, nor are the flags of regions within countries, which are made of invisible characters.

use icu_properties::CodePointSetData;
use icu_properties::props::{
    BinaryProperty, Emoji, EmojiModifier, EmojiModifierBase, ExtendedPictographic, RegionalIndicator,
};

use super::slug_characters::JOINER;

/// Returns how many characters at the beginning of `text` are one emoji; 0 if it does not begin with one.
pub(super) fn emoji_len(text: &[char]) -> usize {
    if let [first, second, ..] = text
        && is::<RegionalIndicator>(*first)
        && is::<RegionalIndicator>(*second)
    {
        return 2;
    }
    let mut len = element_len(text);
    while len > 0 && text.get(len) == Some(&JOINER) {
        // A joiner without another emoji behind it is not a part of this one.
        match element_len(&text[len + 1..]) {
            0 => break,
            next => len += 1 + next,
        }
    }
    len
}

/// Tells whether the character is only ever a part of an emoji.
pub(super) fn is_part(character: char) -> bool {
    character == JOINER || is::<RegionalIndicator>(character) || is::<EmojiModifier>(character)
}

/// Returns the length of an emoji without joiners.
fn element_len(text: &[char]) -> usize {
    let Some(&base) = text.first() else { return 0 };
    if !(is::<Emoji>(base) && is::<ExtendedPictographic>(base)) {
        return 0;
    }
    let has_tone = is::<EmojiModifierBase>(base) && text.get(1).is_some_and(|next| is::<EmojiModifier>(*next));
    1 + usize::from(has_tone)
}

fn is<P: BinaryProperty>(character: char) -> bool {
    CodePointSetData::new::<P>().contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emoji_are_as_long_as_people_see_them() {
        for (text, len) in [
            ("🎉a", 1),
            ("❤", 1),
            ("👍🏽!", 2),
            ("👩\u{200d}💻x", 3),
            ("👨🏿\u{200d}🦰", 4),
            ("👩\u{200d}❤\u{200d}💋\u{200d}👨", 7),
            ("🇨🇭🇩", 2),
            ("🇨", 0),
            ("🏽", 0),
            ("🎉🏽", 1),
            ("🎉\u{200d}", 1),
            ("🎉\u{200d}a", 1),
            ("\u{200d}🎉", 0),
            ("1\u{20e3}", 0),
            ("#", 0),
            ("a", 0),
            ("中", 0),
            ("", 0),
        ] {
            let characters: Vec<char> = text.chars().collect();
            assert_eq!(emoji_len(&characters), len, "{text}");
        }
    }
}
