//! Evaluates `If-Match`, which lets a caller change a link, or the settings of a domain, only as it last saw it (RFC 9110, section 13.1.1).

use super::link::Link;

/// A condition on what is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Precondition {
    /// No condition (no `If-Match`).
    #[default]
    None,
    /// It exists (`If-Match: *`).
    Exists,
    /// One of these entity tags identifies the owner's last change.
    OneOf(Vec<String>),
}

impl Precondition {
    /// Parses the header `If-Match`. A weak or malformed entity tag matches nothing, as the RFC requires.
    pub fn parse(header: Option<&str>) -> Self {
        match header.map(str::trim) {
            None => Self::None,
            Some("*") => Self::Exists,
            Some(list) => Self::OneOf(list.split(',').filter_map(version_in).collect()),
        }
    }

    /// Tells whether `link` meets the condition. Ignores clicks since the entity tag: they are not changes by the owner.
    pub fn holds(&self, link: &Link) -> bool {
        self.holds_for(|| link.version_tag())
    }

    /// Tells whether something that exists, whose owner's last change has this `version`, meets the condition.
    pub fn holds_for(&self, version: impl FnOnce() -> String) -> bool {
        match self {
            Self::None | Self::Exists => true,
            Self::OneOf(versions) => versions.contains(&version()),
        }
    }
}

/// Returns the part of a strong entity tag that identifies the owner's last change.
fn version_in(tag: &str) -> Option<String> {
    let text = tag.trim().strip_prefix('"')?.strip_suffix('"')?;
    Some(text.split('.').next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::samples::link;

    #[test]
    fn only_an_unchanged_link_matches() {
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
    fn header_is_parsed_as_in_the_rfc() {
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
