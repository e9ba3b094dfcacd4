//! Fits the texts of a row into a link: what a link cannot hold is cut or left out, with a warning.

use crate::imports::rows::{Column, Fault, Tags};
use crate::links::link::{Link, check_tags};

/// Puts a title on one line and cuts it to its greatest length. A title from another service is usually that of a web page, where a
/// line end is a space.
pub(super) fn fit_title(text: &str, is_foreign: bool, warnings: &mut Vec<Fault>) -> Option<String> {
    let fits = text.len() <= Link::MAX_TITLE_CHARS || text.chars().count() <= Link::MAX_TITLE_CHARS;
    if fits && !text.chars().any(char::is_control) {
        return Some(text.trim().to_owned()).filter(|title| !title.is_empty());
    }
    let mut warn = |cause: &str| warnings.push(fault(Column::Title, text, cause));
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if clean != text && !is_foreign {
        warn("has line ends or other control characters, which are spaces in the link");
    }
    let clean = clean.trim();
    if clean.chars().count() <= Link::MAX_TITLE_CHARS {
        return Some(clean.to_owned()).filter(|title| !title.is_empty());
    }
    warn(&format!("has more than {} characters and is cut", Link::MAX_TITLE_CHARS));
    let mut cut: String = clean.chars().take(Link::MAX_TITLE_CHARS - 1).collect();
    cut.push('…');
    Some(cut)
}

/// Returns the tags of a row that a link can hold, then those of the import, for which there is always room.
pub(super) fn fit_tags(own: &Tags<'_>, of_import: &[String], warnings: &mut Vec<Fault>) -> Vec<String> {
    if let Ok(tags) = check_tags(own.iter().chain(of_import.iter().map(String::as_str))) {
        return tags;
    }
    let mut tags: Vec<String> = Vec::new();
    let mut left_out = 0;
    let room = Link::MAX_TAGS - of_import.len().min(Link::MAX_TAGS);
    for tag in own.iter() {
        match check_tags([tag]) {
            Ok(mut checked) if !tags.contains(&checked[0]) && !of_import.contains(&checked[0]) => {
                if tags.len() == room {
                    left_out += 1;
                    continue;
                }
                tags.append(&mut checked);
            }
            Ok(_) => {}
            Err((_, cause)) => warnings.push(fault(Column::Tags, tag, format!("{cause}; this tag is left out"))),
        }
    }
    if left_out > 0 {
        let cause = format!("has {left_out} more tags than the {} of a link, which are left out", Link::MAX_TAGS);
        warnings.push(fault(Column::Tags, &tags.join(","), cause));
    }
    tags.extend(of_import.iter().cloned());
    tags
}

#[cold]
fn fault(column: Column, value: &str, cause: impl ToString) -> Fault {
    Fault { column: Some(column), value: value.to_owned(), cause: cause.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn title_is_cut_to_one_line() {
        let fit = |text: &str, is_foreign| {
            let mut warnings = Vec::new();
            (fit_title(text, is_foreign, &mut warnings), warnings.len())
        };
        assert_eq!(fit("A title", false), (Some("A title".to_owned()), 0));
        assert_eq!(fit("a\nb", false), (Some("a b".to_owned()), 1));
        assert_eq!(fit("a\nb", true), (Some("a b".to_owned()), 0));
        assert_eq!(fit("\n", true), (None, 0));
        let (cut, warnings) = fit(&"ä".repeat(201), true);
        assert_eq!((cut.unwrap(), warnings), (format!("{}…", "ä".repeat(199)), 1));
        assert_eq!(fit(&"ä".repeat(200), false).1, 0);
    }

    #[test]
    fn tags_of_the_import_always_find_room() {
        let mut warnings = Vec::new();
        let many = (0..30).map(|n| format!("t{n}")).chain(["t1".into(), "a\nb".into(), "x".repeat(51)]);
        let own = Tags::List(many.map(Into::into).collect());
        let tags = fit_tags(&own, &["moved".to_owned(), "t3".to_owned()], &mut warnings);
        assert_eq!((tags.len(), tags[0].as_str(), tags[18].as_str()), (20, "t0", "moved"));
        assert_eq!(warnings.len(), 3);
        assert!(warnings[2].cause.contains("11 more tags"), "{}", warnings[2].cause);
    }
}
