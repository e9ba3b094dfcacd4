//! Translates fields that other services write in a way of their own.

use std::borrow::Cow;

use super::column::{Column, Source};

/// The seconds from 1601, from which Chrome counts, to 1970.
const SECONDS_BEFORE_1970: i64 = 11_644_473_600;

/// Tells whether the files of `source` have fields that [`as_written`] translates.
#[inline]
pub(super) fn writes_otherwise(source: Source) -> bool {
    matches!(source, Source::Chrome | Source::Redirection)
}

/// Returns the column and the text that a field of `source` means.
#[cold]
pub(super) fn as_written(source: Source, column: Column, text: Cow<'_, str>) -> (Column, Cow<'_, str>) {
    match (source, column) {
        (Source::Chrome, Column::CreatedAt) => (column, unix_micros(&text).map_or(text, Cow::Owned)),
        (Source::Redirection, Column::Slug) => (column, Cow::Owned(text.trim_matches('/').to_owned())),
        (Source::Redirection, Column::Archived) => match &*text {
            "enabled" => (column, Cow::Borrowed("false")),
            "disabled" => (column, Cow::Borrowed("true")),
            _ => (column, text),
        },
        // Polr and others write the path alone.
        (_, Column::ShortUrl) if !text.contains(['/', '.']) => (Column::Slug, text),
        _ => (column, text),
    }
}

/// Converts microseconds since 1601 to microseconds since 1970.
fn unix_micros(text: &str) -> Option<String> {
    let micros: i64 = text.parse().ok()?;
    let since_1970 = micros - SECONDS_BEFORE_1970 * 1_000_000;
    (since_1970 > 0).then(|| since_1970.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_other_services_are_translated() {
        for (source, column, text, expected) in [
            (Source::Chrome, Column::CreatedAt, "13325702553000000", (Column::CreatedAt, "1681228953000000")),
            (Source::Chrome, Column::CreatedAt, "1681228953", (Column::CreatedAt, "1681228953")),
            (Source::Redirection, Column::Slug, "/old/", (Column::Slug, "old")),
            (Source::Redirection, Column::Archived, "disabled", (Column::Archived, "true")),
            (Source::Polr, Column::ShortUrl, "polr1", (Column::Slug, "polr1")),
            (Source::Polr, Column::ShortUrl, "https://polr.example/x", (Column::ShortUrl, "https://polr.example/x")),
        ] {
            let (to, translated) = as_written(source, column, Cow::Borrowed(text));
            assert_eq!((to, translated.as_ref()), expected);
        }
    }
}
