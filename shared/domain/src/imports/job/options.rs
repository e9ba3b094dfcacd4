//! What somebody may ask of an import beyond its file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::imports::write::row::RowOptions;
use crate::links::create::own_domain;
use crate::links::link::Link;
use crate::links::link::check_tags;
use crate::values::domains::Domains;
use crate::values::error::Error;
use crate::values::field_errors::Errors;

/// What becomes of a row whose slug is a link of the workspace already, from before the import.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum OnConflict {
    /// The link stays. The row is unchanged if it has the same target, else in the report.
    #[default]
    Skip,
    /// The link becomes what the row says. Its creation time, its password and its clicks stay.
    Overwrite,
    /// The import ends as failed at the first row that leads elsewhere. What was written before it stays, nothing after it
    /// is written.
    Fail,
}

/// Options of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportOptions {
    /// What rows get that do not say otherwise.
    #[serde(flatten)]
    pub rows: RowOptions,
    /// What becomes of a row whose slug is taken.
    #[serde(default)]
    pub on_conflict: OnConflict,
    /// Whether nothing is written but the report.
    #[serde(default)]
    pub dry_run: bool,
}

impl ImportOptions {
    /// The greatest number of tags for every link. The rows have the rest of [`Link::MAX_TAGS`] for their own.
    pub const MAX_TAGS: usize = Link::MAX_TAGS / 2;

    /// Checks a domain and tags that came in, and notes what is wrong in `errors`.
    pub fn check(
        domain: Option<&str>,
        tags: &[String],
        on_conflict: OnConflict,
        dry_run: bool,
        domains: &Domains,
        errors: &mut Errors,
    ) -> Self {
        let domain = domain.and_then(|text| errors.note("/domain", own_domain(text, domains)));
        let tags = check_tags(tags.iter().map(String::as_str))
            .map_err(|(index, detail)| errors.add(format!("/tags/{index}"), detail))
            .unwrap_or_default();
        if tags.len() > Self::MAX_TAGS {
            errors.add("/tags", format!("must be at most {}", Self::MAX_TAGS));
        }
        Self { rows: RowOptions { domain, tags }, on_conflict, dry_run }
    }

    /// The options in an object's metadata: `domain`, `tags` (with `,` between them), `on-conflict` and `dry-run`.
    ///
    /// # Errors
    /// What is wrong, for a person.
    pub fn of_metadata(metadata: &BTreeMap<String, String>, domains: &Domains) -> Result<Self, String> {
        let given = |name: &str| metadata.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
        let mut errors = Errors::default();
        let tags: Vec<String> = given("tags").into_iter().flat_map(|text| text.split(',')).map(str::to_owned).collect();
        let on_conflict = match given("on-conflict") {
            None | Some("skip") => OnConflict::Skip,
            Some("overwrite") => OnConflict::Overwrite,
            Some("fail") => OnConflict::Fail,
            Some(_) => return Err("the metadata on-conflict must be skip, overwrite or fail".to_owned()),
        };
        let dry_run = match given("dry-run") {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err("the metadata dry-run must be true or false".to_owned()),
        };
        let options = Self::check(given("domain"), &tags, on_conflict, dry_run, domains, &mut errors);
        errors.or(Some(options)).map_err(|error| match error {
            Error::Invalid(fields) => {
                let told: Vec<String> =
                    fields.iter().map(|field| format!("{} {}", &field.pointer[1..], field.detail)).collect();
                format!("the metadata {}", told.join("; "))
            }
            other => other.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(metadata: &[(&str, &str)]) -> Result<ImportOptions, String> {
        let metadata = metadata.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        ImportOptions::of_metadata(&metadata, &Domains::parse("go.example.com,s.example.org").unwrap())
    }

    #[test]
    fn an_objects_metadata_has_the_same_options() {
        assert_eq!(read(&[]), Ok(ImportOptions::default()));
        let options = read(&[
            ("domain", "s.example.org"),
            ("tags", "a, b"),
            ("on-conflict", "overwrite"),
            ("dry-run", "true"),
            ("other", "x"),
        ]);
        let options = options.unwrap();
        assert_eq!(options.rows.domain.clone().unwrap().as_str(), "s.example.org");
        assert_eq!((options.rows.tags, options.dry_run), (vec!["a".to_owned(), "b".to_owned()], true));
        assert_eq!(options.on_conflict, OnConflict::Overwrite);
    }

    #[test]
    fn a_wrong_option_is_named() {
        for (name, value) in [("domain", "elsewhere.example"), ("tags", "a,,b"), ("on-conflict", "x"), ("dry-run", "1")]
        {
            assert!(read(&[(name, value)]).unwrap_err().contains(name), "{name}");
        }
        let many: Vec<String> = (0..11).map(|n| n.to_string()).collect();
        assert!(read(&[("tags", &many.join(","))]).unwrap_err().contains("tags"));
    }
}
