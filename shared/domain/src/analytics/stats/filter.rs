//! Filters clicks by a value of a dimension. Reads a value as clicks are counted, so that no spelling of it finds nothing.

use super::subject::Subject;
use crate::analytics::ingest::referrer::group;
use crate::analytics::model::counts::Counts;
use crate::analytics::model::dimension::Dimension;
use crate::analytics::model::link_value::LinkValue;
use crate::clicks::click::cut;
use crate::clicks::missed_path::MissedPath;
use crate::links::address::LinkAddress;
use crate::links::id::LinkId;
use crate::links::settings::{LinkSettings, MAX_VARIANT_NAME};
use crate::values::country::parse_country;
use crate::values::domains::Domain;
use crate::values::slug::Slug;
use crate::visitors::device::Device;

/// Selects the clicks with one value of one dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) dimension: Dimension,
    /// The value as clicks are counted by it, but in any case where `any_case` is set.
    pub(super) value: String,
    any_case: bool,
    /// The link that `value` is the address of, if the dimension is that of links and there is one.
    pub(super) link: Option<FilterLink>,
    /// Whether the filter selects a link among those with a tag: each has aggregates of its own, so that all of a link's
    /// clicks pass the filter, or none.
    pub(super) is_by_partition: bool,
}

/// A link whose clicks are selected, wherever it has moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FilterLink {
    pub(super) id: LinkId,
    /// The address that its clicks were counted by before it had an id.
    pub(super) counted_at: Option<String>,
}

impl Filter {
    /// Makes a filter from the parts of a request.
    ///
    /// # Errors
    /// No click can have this value. Says why, for a person.
    pub(super) fn new(dimension: Dimension, value: &str, subject: Subject) -> Result<Self, String> {
        let value = normalise(dimension, value)?;
        let value = cut(&value, dimension.max_value_bytes()).to_owned();
        let any_case = !matches!(dimension, Dimension::Link | Dimension::Variant | Dimension::Path);
        let is_by_partition = dimension == Dimension::Link && subject == Subject::Tagged;
        Ok(Self { dimension, value, any_case, link: None, is_by_partition })
    }

    /// Returns the clicks that certainly have the value, and how many more can have it at most.
    pub(super) fn count(&self, counts: &Counts) -> (u64, u64) {
        if self.dimension == Dimension::Link {
            return self.count_link(counts);
        }
        if !self.any_case {
            return (counts.clicks(&self.value), counts.error(&self.value));
        }
        let matching = counts.iter().filter(|(value, _)| equal_in_any_case(value, &self.value));
        let sums = matching.map(|(value, clicks)| (clicks, counts.error(value)));
        sums.reduce(|a, b| (a.0 + b.0, a.1 + b.1)).unwrap_or((0, counts.floor()))
    }

    fn count_link(&self, counts: &Counts) -> (u64, u64) {
        let selected = counts.iter().filter(|(value, _)| self.selects_link(&LinkValue::read(value)));
        let add = |(clicks, error): (u64, u64), (value, more)| (clicks + more, error + counts.error(value));
        let (clicks, error) = selected.fold((0, 0), add);
        if clicks == 0 { (0, counts.error(&self.value)) } else { (clicks, error) }
    }

    /// Without a link at the address, selects the clicks of those that had the address when they were clicked.
    fn selects_link(&self, value: &LinkValue<'_>) -> bool {
        match (&self.link, &value.id) {
            (Some(link), Some(id)) => link.id == *id,
            (Some(link), None) => link.counted_at.as_deref() == Some(value.address),
            (None, _) => value.address == self.value,
        }
    }

    /// Tells whether the clicks of the link at `address` pass the filter, which must be by partition.
    pub(super) fn selects(&self, address: &LinkAddress) -> bool {
        self.value == address.to_string()
    }
}

/// The devices that clicks are counted by.
const DEVICES: [Device; 5] = [Device::Desktop, Device::Mobile, Device::Tablet, Device::Tv, Device::Console];

fn equal_in_any_case(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || (!(a.is_ascii() && b.is_ascii()) && a.to_lowercase() == b.to_lowercase())
}

/// Returns the value as a click would be counted by it.
fn normalise(dimension: Dimension, value: &str) -> Result<String, String> {
    let lower = value.trim().to_ascii_lowercase();
    let one_of = |known: &[&'static str]| {
        let found = known.iter().find(|known| **known == lower).map(|known| (*known).to_owned());
        found.ok_or_else(|| format!("{lower:?} is not one of {}", known.join(", ")))
    };
    match dimension {
        Dimension::Country => parse_country(value).map(str::to_owned),
        Dimension::Device => one_of(&DEVICES.map(Device::as_str)),
        Dimension::Trigger => one_of(&["link", "qr"]),
        Dimension::Language => {
            let primary = lower.split(['-', '_']).next().unwrap_or_default();
            if !((2..=3).contains(&primary.len()) && primary.bytes().all(|byte| byte.is_ascii_lowercase())) {
                return Err("is not a language code of two or three letters (ISO 639), such as de".to_owned());
            }
            // Do not answer for all of German who asks for Swiss German.
            if primary != lower {
                return Err(format!("languages are counted without region and script: ask for {primary:?}"));
            }
            Ok(lower)
        }
        Dimension::Rule => {
            let rule = lower.parse().ok().filter(|rule: &usize| *rule < LinkSettings::MAX_CHOICES);
            let rule =
                rule.ok_or_else(|| format!("must be the index of a rule, 0 to {}", LinkSettings::MAX_CHOICES - 1))?;
            Ok(rule.to_string())
        }
        Dimension::Variant => {
            let value = value.trim();
            let valid = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
            let valid = valid && (1..=MAX_VARIANT_NAME).contains(&value.len());
            valid.then(|| value.to_owned()).ok_or_else(|| "is not the name of a variant".to_owned())
        }
        Dimension::Link => {
            let address = value.trim().split_once('/').and_then(|(domain, slug)| {
                Some(LinkAddress { domain: Domain::parse(domain).ok()?, slug: Slug::parse(slug).ok()? })
            });
            let address = address.ok_or("must be the domain and the slug of a link, such as go.example.com/docs")?;
            Ok(address.to_string())
        }
        Dimension::Path => Ok(MissedPath::cleaned(value).to_string()),
        Dimension::ReferrerHost => Ok(host(value)),
        Dimension::Referrer => Ok(group(&host(value)).to_owned()),
        _ => Ok(value.to_owned()),
    }
}

/// Writes a host as a click has it: in lower case and punycode, without `www.`. Returns any other text as it is.
fn host(text: &str) -> String {
    let text = text.trim();
    match Domain::parse(text) {
        Ok(domain) if text.contains('.') => domain.as_str().trim_start_matches("www.").to_owned(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analytics::model::link_value::link_value;

    fn value(dimension: Dimension, text: &str) -> Result<String, String> {
        Filter::new(dimension, text, Subject::Workspace).map(|filter| filter.value)
    }

    #[test]
    fn value_is_read_as_clicks_are_counted() {
        let long = "ü".repeat(200);
        for (dimension, text, expected) in [
            (Dimension::Country, "de", "DE"),
            (Dimension::Device, "Mobile", "mobile"),
            (Dimension::Trigger, "QR", "qr"),
            (Dimension::Language, " DE", "de"),
            (Dimension::Rule, "01", "1"),
            (Dimension::Variant, "B-1", "B-1"),
            (Dimension::Link, "GO.example.com/Docs", "go.example.com/Docs"),
            (Dimension::ReferrerHost, "www.Example.org", "example.org"),
            (Dimension::ReferrerHost, "exämple.org", "xn--exmple-cua.org"),
            (Dimension::Referrer, "www.google.de", "Google"),
            (Dimension::Referrer, "Google", "Google"),
            (Dimension::UtmSource, " News", " News"),
            (Dimension::UtmTerm, &long, &"ü".repeat(64)),
            (Dimension::Browser, "firefox", "firefox"),
            (Dimension::Path, "wp-login.php", "/wp-login.php"),
            (Dimension::Path, "/n%20öne", "/n%20öne"),
        ] {
            assert_eq!(value(dimension, text).as_deref(), Ok(expected), "{dimension} {text}");
        }
    }

    #[test]
    fn value_that_no_click_can_have_is_refused() {
        for (dimension, text, hint) in [
            (Dimension::Country, "UK", "GB"),
            (Dimension::Country, "Germany", "two letters"),
            (Dimension::Device, "phone", "mobile"),
            (Dimension::Trigger, "scan", "qr"),
            (Dimension::Language, "de-CH", "\"de\""),
            (Dimension::Language, "german", "ISO 639"),
            (Dimension::Language, "*", "ISO 639"),
            (Dimension::Rule, "20", "0 to 19"),
            (Dimension::Rule, "-1", "0 to 19"),
            (Dimension::Variant, "a b", "variant"),
            (Dimension::Link, "docs", "go.example.com/docs"),
            (Dimension::Link, "go.example.com/a//b", "go.example.com/docs"),
        ] {
            let detail = value(dimension, text).unwrap_err();
            assert!(detail.contains(hint), "{dimension} {text}: {detail}");
        }
    }

    #[test]
    fn clicks_and_errors_of_all_matching_values_are_added_up() {
        let link = crate::testing::samples::link("acme", "docs", "https://example.com/");
        let moved = LinkAddress { slug: Slug::parse("moved").unwrap(), ..link.address.clone() };
        let values = serde_json::json!({
            "Firefox": [3, 1],
            "firefox": [2, 4],
            (link_value(Some(&link.id()), &link.address)): [5, 2],
            (link_value(Some(&link.id()), &moved)): [1, 6],
        });
        let counts: Counts = serde_json::from_value(serde_json::json!({"values": values, "floor": 7})).unwrap();
        let filter = |dimension, text: &str| Filter::new(dimension, text, Subject::Workspace).unwrap();
        assert_eq!(filter(Dimension::Browser, "FIREFOX").count(&counts), (5, 5));
        assert_eq!(filter(Dimension::Browser, "Chrome").count(&counts), (0, 7));
        let mut by_link = filter(Dimension::Link, &moved.to_string());
        by_link.link = Some(FilterLink { id: link.id(), counted_at: None });
        assert_eq!(by_link.count(&counts), (6, 8));
    }

    #[test]
    fn case_is_that_of_unicode() {
        // The Kelvin sign is a capital k.
        for (a, b, equal) in [
            ("Firefox", "fireFOX", true),
            ("a", "b", false),
            ("\u{fc}", "\u{dc}", true),
            ("\u{e4}", "\u{f6}", false),
            ("\u{212a}", "k", true),
            ("k", "\u{212a}", true),
            ("\u{212a}", "j", false),
        ] {
            assert_eq!(equal_in_any_case(a, b), equal, "{a} {b}");
        }
    }

    #[test]
    fn names_are_found_in_any_case() {
        let mut counts = Counts::default();
        for (value, clicks) in [("Firefox", 3), ("firefox", 1), ("Chrome", 5), ("Ünl", 2)] {
            counts.add_many(Dimension::Browser, value, clicks);
        }
        let of = |dimension, text| Filter::new(dimension, text, Subject::Workspace).unwrap().count(&counts);
        assert_eq!(of(Dimension::Browser, "FIREFOX"), (4, 0));
        assert_eq!(of(Dimension::Browser, "ünl"), (2, 0));
        assert_eq!(of(Dimension::Browser, "Fire"), (0, 0));
        assert_eq!(of(Dimension::Variant, "Firefox"), (3, 0), "names of variants are told apart by case");
    }
}
