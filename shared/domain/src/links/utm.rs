//! Adds UTM parameters to targets, by which web analytics tell where visitors come from.

use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::values::field_errors::Errors;
#[cfg(feature = "openapi")]
use crate::values::schema::TEXT;
use crate::values::text::check_text;

/// The greatest length of a value, in characters.
pub const MAX_UTM_CHARS: usize = 200;

/// The placeholders that values may have.
const PLACEHOLDERS: [&str; 2] = ["{domain}", "{date}"];

/// UTM parameters for the target of a link. In each value `{domain}` stands for the domain of the link and `{date}` for the date of its
/// creation in UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Utm {
    /// `utm_source`, such as `newsletter`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_UTM_CHARS), regex(pattern = TEXT)))]
    pub source: Option<String>,
    /// `utm_medium`, such as `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_UTM_CHARS), regex(pattern = TEXT)))]
    pub medium: Option<String>,
    /// `utm_campaign`, such as `spring-{date}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_UTM_CHARS), regex(pattern = TEXT)))]
    pub campaign: Option<String>,
    /// `utm_term`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_UTM_CHARS), regex(pattern = TEXT)))]
    pub term: Option<String>,
    /// `utm_content`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_UTM_CHARS), regex(pattern = TEXT)))]
    pub content: Option<String>,
}

impl Utm {
    /// Checks the values, trims them, and adds what is wrong to `errors`, at pointers below `at`.
    pub fn check(&mut self, at: &str, errors: &mut Errors) {
        let Self { source, medium, campaign, term, content } = self;
        let fields =
            [("source", source), ("medium", medium), ("campaign", campaign), ("term", term), ("content", content)];
        for (name, value) in fields {
            let checked = value.as_deref().map(check_value);
            *value = checked.and_then(|checked| errors.note(&format!("{at}/{name}"), checked));
        }
    }

    /// Returns these values, and those of `base` for the parameters that have none here.
    pub fn over(self, base: Self) -> Self {
        Self {
            source: self.source.or(base.source),
            medium: self.medium.or(base.medium),
            campaign: self.campaign.or(base.campaign),
            term: self.term.or(base.term),
            content: self.content.or(base.content),
        }
    }

    /// Adds the parameters to `url`, the normal form of an `http` or `https` target. A parameter that the target has already stays as
    /// it is, and so does all else of the target. `domain` and `date` are the values of the placeholders.
    pub fn added_to(&self, url: &str, domain: &str, date: &str) -> String {
        let (before, fragment) = url.split_once('#').map_or((url, None), |(before, rest)| (before, Some(rest)));
        let (base, query) = before.split_once('?').map_or((before, None), |(base, query)| (base, Some(query)));
        let query = query.unwrap_or_default();
        let has = |name: &str| form_urlencoded::parse(query.as_bytes()).any(|(own, _)| own == name);
        let mut added = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.parameters().into_iter().filter(|(name, _)| !has(name)) {
            added.append_pair(name, &value.replace(PLACEHOLDERS[0], domain).replace(PLACEHOLDERS[1], date));
        }
        // Some programs take `+` for itself, none takes `%20` for anything but a space.
        let added = added.finish().replace('+', "%20");
        if added.is_empty() {
            return url.to_owned();
        }
        let between = if query.is_empty() || query.ends_with('&') { "" } else { "&" };
        let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
        format!("{base}?{query}{between}{added}{fragment}")
    }

    /// Lists the parameters that have a value.
    fn parameters(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("utm_source", &self.source),
            ("utm_medium", &self.medium),
            ("utm_campaign", &self.campaign),
            ("utm_term", &self.term),
            ("utm_content", &self.content),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect()
    }
}

/// Checks the text of a value, and that each brace in it belongs to a placeholder.
fn check_value(text: &str) -> Result<String, String> {
    let checked = check_text(text, MAX_UTM_CHARS)?;
    let plain = PLACEHOLDERS.iter().fold(checked.clone(), |text, placeholder| text.replace(placeholder, ""));
    if plain.contains(['{', '}']) {
        return Err(format!("may have the placeholders {}, and no other braces", PLACEHOLDERS.join(" and ")));
    }
    Ok(checked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::domains::Domains;
    use crate::values::target::TargetUrl;
    use proptest::prelude::*;
    use url::Url;

    fn utm(source: &str, campaign: &str) -> Utm {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Utm { source: given(source), campaign: given(campaign), ..Utm::default() }
    }

    #[test]
    fn parameters_are_added_and_those_of_the_target_win() {
        for (url, added) in [
            ("https://a.example/", "https://a.example/?utm_source=news&utm_campaign=a%20%26%20b"),
            ("https://a.example/?", "https://a.example/?utm_source=news&utm_campaign=a%20%26%20b"),
            ("https://a.example/?x=1&", "https://a.example/?x=1&utm_source=news&utm_campaign=a%20%26%20b"),
            (
                "https://a.example/p?x=%zz+y#f?g",
                "https://a.example/p?x=%zz+y&utm_source=news&utm_campaign=a%20%26%20b#f?g",
            ),
            ("https://a.example/?utm_source=own", "https://a.example/?utm_source=own&utm_campaign=a%20%26%20b"),
            ("https://a.example/?utm%5Fsource&utm_campaign=", "https://a.example/?utm%5Fsource&utm_campaign="),
            (
                "https://a.example/#?utm_source=x",
                "https://a.example/?utm_source=news&utm_campaign=a%20%26%20b#?utm_source=x",
            ),
        ] {
            assert_eq!(utm("news", "a & b").added_to(url, "go.example.com", "2026-01-02"), added, "{url}");
        }
        assert_eq!(Utm::default().added_to("https://a.example/?#", "d", "t"), "https://a.example/?#");
    }

    #[test]
    fn placeholders_are_replaced_and_other_braces_refused() {
        let added =
            utm("{domain}", "mail-{date}-{domain}").added_to("https://a.example/", "go.example.com", "2026-01-02");
        assert_eq!(added, "https://a.example/?utm_source=go.example.com&utm_campaign=mail-2026-01-02-go.example.com");
        for (text, valid) in [
            ("a", true),
            ("{date}{domain}", true),
            (" a ", true),
            ("", false),
            (" ", false),
            ("{slug}", false),
            ("{date", false),
            ("date}", false),
            ("{{date}}", false),
            ("a\u{7}", false),
        ] {
            let mut errors = Errors::default();
            let mut value = Utm { term: Some(text.to_owned()), ..Utm::default() };
            value.check("/utm", &mut errors);
            assert_eq!(errors.or(Some(())).is_ok(), valid, "{text:?}");
        }
        assert!(
            check_value(&"ä".repeat(MAX_UTM_CHARS)).is_ok() && check_value(&"ä".repeat(MAX_UTM_CHARS + 1)).is_err()
        );
    }

    proptest! {
        #[test]
        fn all_else_of_a_target_stays(query in "[ -~ä]{0,30}", fragment in "[ -~]{0,10}", value in "[ -~ä]{1,20}") {
            let own = Domains::parse("go.example.com").unwrap();
            let Ok(target) = TargetUrl::parse(&format!("https://a.example/p?{query}#{fragment}"), &own) else { return Ok(()) };
            let utm = Utm { medium: Some(value.clone()), ..Utm::default() };
            let added = utm.added_to(target.as_str(), "d", "t");
            let parsed = TargetUrl::parse(&added, &own).unwrap();
            prop_assert_eq!(parsed.as_str(), &added, "the result is in normal form");
            let (before, after) = (Url::parse(target.as_str()).unwrap(), Url::parse(&added).unwrap());
            prop_assert_eq!((before.path(), before.fragment()), (after.path(), after.fragment()));
            let pairs: Vec<_> = before.query_pairs().into_owned().collect();
            let mut expected = pairs.clone();
            if !pairs.iter().any(|(name, _)| name == "utm_medium") {
                expected.push(("utm_medium".to_owned(), value.replace("{domain}", "d").replace("{date}", "t")));
            }
            prop_assert_eq!(after.query_pairs().into_owned().collect::<Vec<_>>(), expected);
        }
    }
}
