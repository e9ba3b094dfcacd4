//! Refuses segments of slugs that could be taken for others: Unicode's security mechanisms (UTS 39).

use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};
use unicode_normalization::UnicodeNormalization;
use unicode_security::mixed_script::AugmentedScriptSet;
use unicode_security::{GeneralSecurityProfile, skeleton};

use super::slug_characters::is_plain;
use super::slug_emoji::{emoji_len, is_part};
use super::slug_error::SlugError;

/// The most marks on one letter.
const MAX_MARKS: usize = 4;
/// Stands for an emoji. No slug has it.
const EMOJI: char = ' ';

/// Letters, digits and the marks that stand on or beside letters.
const WORDS: GeneralCategoryGroup = GeneralCategoryGroup::Letter
    .union(GeneralCategoryGroup::DecimalNumber)
    .union(GeneralCategoryGroup::LetterNumber)
    .union(MARKS);
const MARKS: GeneralCategoryGroup = GeneralCategoryGroup::NonspacingMark.union(GeneralCategoryGroup::SpacingMark);

/// Checks a segment that is spelled as slugs are stored.
///
/// # Errors
/// Why people could take it for another one, or cannot see what it is.
pub(super) fn check_look(segment: &str) -> Result<(), SlugError> {
    if segment.is_ascii() {
        return Ok(());
    }
    if !segment.nfkc().eq(segment.chars()) {
        return Err(SlugError::Form);
    }
    if segment.chars().any(is_like_an_ascii_sign) {
        return Err(SlugError::LooksAscii);
    }
    let text = without_emoji(segment);
    for character in text.chars().filter(|c| !c.is_ascii()) {
        if is_part(character) {
            return Err(SlugError::Stray);
        }
        if !WORDS.contains(category(character)) || !character.identifier_allowed() {
            return Err(SlugError::Uncommon);
        }
    }
    check_marks(&text)?;
    let words: String = text.chars().filter(|c| *c != EMOJI && (c.is_ascii_alphanumeric() || !is_plain(*c))).collect();
    if !is_one_writing(&words) || digit_systems(&words) > 1 {
        return Err(SlugError::Mixed);
    }
    if !words.chars().all(is_latin) && skeleton(&words).all(|c| c.is_ascii()) {
        return Err(SlugError::LooksAscii);
    }
    Ok(())
}

/// Tells whether the character is an emoji that looks like a character of ASCII, such as `➖`.
fn is_like_an_ascii_sign(character: char) -> bool {
    emoji_len(&[character]) > 0 && skeleton(character.encode_utf8(&mut [0; 4])).all(|c| c.is_ascii())
}

/// Returns the segment with [`EMOJI`] in the place of each emoji.
fn without_emoji(segment: &str) -> String {
    let characters: Vec<char> = segment.chars().collect();
    let (mut text, mut at) = (String::with_capacity(segment.len()), 0);
    while let Some(character) = characters.get(at) {
        let len = emoji_len(&characters[at..]);
        text.push(if len > 0 { EMOJI } else { *character });
        at += len.max(1);
    }
    text
}

/// Checks that each mark stands on a letter or digit, and that there are not too many on one.
fn check_marks(text: &str) -> Result<(), SlugError> {
    let (mut has_base, mut marks) = (false, 0);
    for character in text.chars() {
        if MARKS.contains(category(character)) {
            marks += 1;
            if !has_base || marks > MAX_MARKS {
                return Err(SlugError::Stray);
            }
        } else {
            (has_base, marks) = (WORDS.contains(category(character)), 0);
        }
    }
    Ok(())
}

/// Tells whether the characters are of one script, or of those that Chinese, Japanese or Korean is written with beside Latin: the level
/// "highly restrictive" of UTS 39.
fn is_one_writing(words: &str) -> bool {
    if !AugmentedScriptSet::for_str(words).is_empty() {
        return true;
    }
    let others: String = words.chars().filter(|c| !is_latin(*c)).collect();
    let set = AugmentedScriptSet::for_str(&others);
    set.hanb || set.jpan || set.kore
}

/// Tells whether Latin texts have the character: a Latin letter, or one that all scripts share, such as a digit.
fn is_latin(character: char) -> bool {
    let mut set = AugmentedScriptSet::for_char(character);
    set.intersect_with(AugmentedScriptSet::for_char('a'));
    !set.is_empty()
}

/// Counts the systems of decimal digits: the ten digits of each have code points that differ in the last four bits only.
fn digit_systems(words: &str) -> usize {
    let digits = words.chars().filter(|c| category(*c) == GeneralCategory::DecimalNumber);
    let mut systems: Vec<u32> = digits.map(|digit| u32::from(digit) >> 4).collect();
    systems.sort_unstable();
    systems.dedup();
    systems.len()
}

fn category(character: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(character)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::slug_characters::normalized;

    #[test]
    fn words_of_one_script_and_emoji_are_accepted() {
        for segment in [
            "größe",
            "naïve-café",
            "český",
            "łódź",
            "привет",
            "Ελλάδα",
            "日本語",
            "東京tokyo",
            "カタカナ-ひらがな",
            "서울",
            "नमस्ते",
            "ไทย",
            "น้ำ",
            "שלום",
            "مرحبا",
            "Հայաստան",
            "ქართული",
            "🎉",
            "🎉🎉",
            "a🎉",
            "🇨🇭-2026",
            "👩\u{200d}💻",
            "👍🏽",
            "❤",
            "❤\u{fe0f}",
            "٢٠٢٥",
            "a\u{308}",
            "việt",
            "2026年",
            "x̌",
            "©",
            "œuvre",
            "Ægir",
            "sıcak",
            "þing",
        ] {
            assert_eq!(check_look(&normalized(segment)), Ok(()), "{segment}");
        }
    }

    #[test]
    fn segments_that_look_like_others_are_refused() {
        for (segment, error) in [
            ("раураl", SlugError::Mixed),
            ("pаypal", SlugError::Mixed),
            ("ѕоѕ", SlugError::LooksAscii),
            ("сосо", SlugError::LooksAscii),
            ("сосо-🎉", SlugError::LooksAscii),
            ("ορο", SlugError::LooksAscii),
            ("aβγ", SlugError::Mixed),
            ("Ａ", SlugError::Form),
            ("ﬁn", SlugError::Form),
            ("x²", SlugError::Form),
            ("①", SlugError::Form),
            ("™", SlugError::Form),
            ("ｶ", SlugError::Form),
            ("𝐚", SlugError::Form),
            ("ᚠᚢ", SlugError::Uncommon),
            ("ꙮ", SlugError::Uncommon),
            ("→", SlugError::Uncommon),
            ("♥\u{338}", SlugError::Uncommon),
            ("a➖b", SlugError::LooksAscii),
            ("1\u{20e3}", SlugError::Uncommon),
            ("1٢", SlugError::Mixed),
            ("٤۴", SlugError::Mixed),
            ("🎉\u{200d}a", SlugError::Stray),
            ("a\u{200d}b", SlugError::Stray),
            ("🏽", SlugError::Stray),
            ("🇨", SlugError::Stray),
            ("\u{301}a", SlugError::Stray),
            ("-\u{301}", SlugError::Stray),
            ("🎉\u{301}", SlugError::Stray),
            ("x\u{30c}\u{30c}\u{30c}\u{30c}\u{30c}", SlugError::Stray),
        ] {
            assert_eq!(check_look(&normalized(segment)), Err(error), "{segment}");
        }
    }
}
