//! Defines the options of an import, and checks them.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use crate::imports::rows::ColumnNames;
use crate::links::create::own_domain;
use crate::links::link::{Link, check_tags};
use crate::values::domains::{Domain, Domains};
use crate::values::error::Error;
use crate::values::field_errors::Errors;
use crate::workspaces::defaults::NewLinkDefaults;

/// What happens to a row whose slug was a link of the workspace before the import.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum OnConflict {
    /// The link stays. A row with the same target counts as unchanged; another is in the report.
    #[default]
    Skip,
    /// The row overwrites the link, except for its creation time, its password and its clicks.
    Overwrite,
    /// The import fails at the first row with another target. Rows before it stay written; rows after it are not written.
    Fail,
}

/// The options that apply to all rows of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowOptions {
    /// The domain of rows that name none, or only one of the service that they are from; the stack's default if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<Domain>,
    /// Tags that every link gets, after its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Whether a row whose link would lack something is refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub strict: bool,
    /// What the owner says about the file's columns.
    #[serde(default, skip_serializing_if = "ColumnNames::is_empty")]
    pub columns: ColumnNames,
    /// Whether links get nothing from the workspace's defaults.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_defaults: bool,
    /// What the workspace said about new links when the import began, so that all parts, and each row that is loaded again, get the
    /// same. Absent if it said nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_links: Option<Box<NewLinkDefaults>>,
}

impl RowOptions {
    /// Takes over what the workspace says about new links, unless the import is to leave that out.
    pub(crate) fn take_defaults(&mut self, new_links: NewLinkDefaults) {
        let is_left_out = self.without_defaults || new_links.are_none();
        self.new_links = (!is_left_out).then(|| Box::new(new_links.without_unused_templates()));
    }
}

/// The options as a request or an object's metadata has them.
#[derive(Debug, Clone, Copy)]
pub struct GivenOptions<'a> {
    /// The domain of rows that name none.
    pub domain: Option<&'a str>,
    /// Tags that every link gets.
    pub tags: &'a [String],
    /// What happens to a row whose slug is taken.
    pub on_conflict: OnConflict,
    /// Whether to write the report only.
    pub dry_run: bool,
    /// Whether a row whose link would lack something is refused.
    pub strict: bool,
    /// Whether links get the workspace's defaults where their rows say nothing.
    pub defaults: bool,
    /// The file's name of each column that the import would not know, with the name of the column here, or `ignore`.
    pub columns: &'a BTreeMap<String, String>,
}

/// The options of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportOptions {
    /// The options for its rows.
    #[serde(flatten)]
    pub rows: RowOptions,
    /// What happens to a row whose slug is taken.
    #[serde(default)]
    pub on_conflict: OnConflict,
    /// Whether to write the report only, and no links.
    #[serde(default)]
    pub dry_run: bool,
}

impl ImportOptions {
    /// The greatest number of tags that an import gives to every link. The rest of [`Link::MAX_TAGS`] is for the rows' own.
    pub const MAX_TAGS: usize = Link::MAX_TAGS / 2;

    /// Checks the options, and adds what is wrong to `errors`.
    pub fn check(given: GivenOptions<'_>, domains: &Domains, errors: &mut Errors) -> Self {
        let GivenOptions { domain, tags, on_conflict, dry_run, strict, defaults, columns: given } = given;
        let domain = domain.and_then(|text| errors.note("/domain", own_domain(text, domains)));
        let tags = check_tags(tags.iter().map(String::as_str))
            .map_err(|(index, detail)| errors.add(format!("/tags/{index}"), detail))
            .unwrap_or_default();
        if tags.len() > Self::MAX_TAGS {
            errors.add("/tags", format!("must be at most {}", Self::MAX_TAGS));
        }
        let mut columns = ColumnNames::default();
        for (name, column) in given {
            let pointer = format!("/columns/{}", name.replace('~', "~0").replace('/', "~1"));
            errors.note(&pointer, columns.add(name, column));
        }
        let rows = RowOptions { domain, tags, strict, columns, without_defaults: !defaults, new_links: None };
        Self { rows, on_conflict, dry_run }
    }

    /// Reads the options in an object's metadata: `domain`, `tags` (separated by `,`), `on-conflict`, `dry-run`, `strict`, `defaults`,
    /// and `columns` (such as `Short%20name=slug,note=ignore`, percent-encoded because metadata is ASCII).
    ///
    /// # Errors
    /// What is wrong, in words for a person.
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
        let flag = |name: &str, absent: bool| match given(name) {
            None => Ok(absent),
            Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(format!("the metadata {name} must be true or false")),
        };
        let (dry_run, strict, defaults) = (flag("dry-run", false)?, flag("strict", false)?, flag("defaults", true)?);
        let columns = parse_columns(given("columns").unwrap_or_default())?;
        let given = GivenOptions {
            domain: given("domain"),
            tags: &tags,
            on_conflict,
            dry_run,
            strict,
            defaults,
            columns: &columns,
        };
        let options = Self::check(given, domains, &mut errors);
        errors.or(Some(options)).map_err(|error| match error {
            Error::Invalid(fields) => {
                let details: Vec<String> =
                    fields.iter().map(|field| format!("{} {}", &field.pointer[1..], field.detail)).collect();
                format!("the metadata {}", details.join("; "))
            }
            other => other.to_string(),
        })
    }
}

/// Parses `name=column` pairs with `,` between them, whose names are percent-encoded.
fn parse_columns(text: &str) -> Result<BTreeMap<String, String>, String> {
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, column) = pair.split_once('=')?;
        let name = percent_decode_str(name.trim()).decode_utf8().ok()?;
        Some((name.into_owned(), column.trim().to_owned()))
    });
    let pairs: Option<BTreeMap<_, _>> = pairs.collect();
    pairs.ok_or_else(|| "the metadata columns must be like name=column,name=ignore, percent-encoded".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(metadata: &[(&str, &str)]) -> Result<ImportOptions, String> {
        let metadata = metadata.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        ImportOptions::of_metadata(&metadata, &Domains::parse("go.example.com,s.example.org").unwrap())
    }

    #[test]
    fn metadata_is_read_as_options() {
        assert_eq!(read(&[]), Ok(ImportOptions::default()));
        let options = read(&[
            ("domain", "s.example.org"),
            ("tags", "a, b"),
            ("on-conflict", "overwrite"),
            ("dry-run", "true"),
            ("strict", "true"),
            ("defaults", "false"),
            ("columns", "K%C3%BCrzel=slug, note=ignore"),
            ("other", "x"),
        ]);
        let options = options.unwrap();
        assert_eq!(options.rows.domain.clone().unwrap().as_str(), "s.example.org");
        let columns: Vec<(&str, &str)> =
            options.rows.columns.iter().map(|(name, column)| (name, column.as_str())).collect();
        assert_eq!(columns, [("kürzel", "slug"), ("note", "ignore")]);
        assert!(options.rows.strict && options.rows.without_defaults);
        assert_eq!((options.rows.tags, options.dry_run), (vec!["a".to_owned(), "b".to_owned()], true));
        assert_eq!(options.on_conflict, OnConflict::Overwrite);
    }

    #[test]
    fn invalid_metadata_is_named() {
        for (name, value) in [
            ("domain", "elsewhere.example"),
            ("tags", "a,,b"),
            ("on-conflict", "x"),
            ("dry-run", "1"),
            ("strict", "1"),
            ("defaults", "no"),
            ("columns", "slug"),
            ("columns", "a=b"),
            ("columns", "%ff=slug"),
        ] {
            assert!(read(&[(name, value)]).unwrap_err().contains(name), "{name}");
        }
        let many: Vec<String> = (0..11).map(|n| n.to_string()).collect();
        assert!(read(&[("tags", &many.join(","))]).unwrap_err().contains("tags"));
    }
}
