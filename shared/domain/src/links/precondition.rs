//! `If-Match`: change a link only if it is still the one that the caller saw (RFC 9110, section 13.1.1).

use super::link::Link;

/// What a change asks of the link that it finds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing (no `If-Match`).
    #[default]
    None,
    /// That there is a link (`If-Match: *`).
    Exists,
    /// That its owner's last change is one of those that these entity tags name.
    OneOf(Vec<String>),
}

impl Precondition {
    /// Reads the header `If-Match`. What is no strong entity tag matches nothing, as the RFC wants it.
    pub fn parse(header: Option<&str>) -> Self {
        match header.map(str::trim) {
            None => Self::None,
            Some("*") => Self::Exists,
            Some(list) => Self::OneOf(list.split(',').filter_map(version_in).collect()),
        }
    }

    /// Whether `link` is as it asks. Clicks that came since do not matter: they are not the owner's changes.
    pub fn holds(&self, link: &Link) -> bool {
        match self {
            Self::None | Self::Exists => true,
            Self::OneOf(versions) => versions.contains(&link.version_tag()),
        }
    }
}

/// The part of a strong entity tag of ours that names the owner's last change.
fn version_in(tag: &str) -> Option<String> {
    let text = tag.trim().strip_prefix('"')?.strip_suffix('"')?;
    Some(text.split('.').next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::samples::link;

    #[test]
    fn only_the_state_that_was_seen_matches() {
        let seen = link("acme", "docs", "https://example.com/");
        let tag = seen.etag();
        let mut clicked = seen.clone();
        clicked.settings.used_clicks = 7;
        let mut changed = seen.clone();
        changed.revision = 1;
        let mut created_again = seen.clone();
        created_again.created_at = seen.created_at.plus_seconds(1);
        let precondition = Precondition::parse(Some(&tag));
        assert!(precondition.holds(&seen) && precondition.holds(&clicked));
        assert!(!precondition.holds(&changed) && !precondition.holds(&created_again));
        assert_ne!(clicked.etag(), tag);
        assert!(Precondition::parse(Some(&clicked.etag())).holds(&seen));
    }

    #[test]
    fn lists_a_star_weak_tags_and_nonsense_are_read_as_the_rfc_says() {
        let seen = link("acme", "docs", "https://example.com/");
        let tag = seen.etag();
        let version = tag.trim_matches('"');
        for (header, holds) in [
            (None, true),
            (Some("*".to_owned()), true),
            (Some(format!(" \"x\" ,{tag}")), true),
            (Some(format!("W/{tag}")), false),
            (Some(version.to_owned()), false),
            (Some(String::new()), false),
            (Some("\"".to_owned()), false),
            (Some("\"x\"".to_owned()), false),
        ] {
            assert_eq!(Precondition::parse(header.as_deref()).holds(&seen), holds, "{header:?}");
        }
    }
}
