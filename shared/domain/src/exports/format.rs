//! Writes a link as a row of an export. An import reads every one of its columns but `created_by` and `changed_by`, since it is itself
//! who creates or changes its links, and `broken_since`, which only checks find out.

use serde::Serialize;

use crate::files::csv::{csv_cell, short_csv_cell};
use crate::links::link::Link;
use crate::links::preview::PreviewFields;
use crate::links::request::{LinkFields, RuleFields, VariantFields};
use crate::links::settings::QueryConflict;
use crate::links::target_check::TargetCheck;
use crate::values::timestamp::Timestamp;

const COLUMNS: &str = "url,slug,domain,aliases,title,tags,created_at,starts_at,expires_at,expired_url,max_clicks,\
redirect_status,forward_query,query_conflict,forward_path,landing,archived,rules,variants,preview,imported_clicks,has_password,\
created_by,changed_by,broken_since";

/// Writes the first line of an export in CSV, `with_passwords` or without.
pub fn csv_header(with_passwords: bool) -> String {
    let passwords = if with_passwords { ",password_hash" } else { "" };
    format!("{COLUMNS}{passwords}\r\n")
}

#[derive(Serialize)]
struct Row {
    url: String,
    slug: String,
    domain: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    starts_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expired_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_clicks: Option<u64>,
    redirect_status: Option<u16>,
    forward_query: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    query_conflict: Option<QueryConflict>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    forward_path: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    landing: bool,
    archived: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rules: Vec<RuleFields>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    variants: Vec<VariantFields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preview: Option<PreviewFields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    imported_clicks: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    has_password: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    broken_since: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_hash: Option<String>,
}

impl Row {
    fn of(link: &Link, with_passwords: bool) -> Self {
        let password = link.settings.password_hash.as_ref();
        let fields = LinkFields::of(link);
        Self {
            url: link.url.to_string(),
            slug: link.address.slug.to_string(),
            domain: link.address.domain.to_string(),
            aliases: link.aliases.iter().map(ToString::to_string).collect(),
            title: fields.title,
            tags: fields.tags,
            created_at: link.created_at,
            starts_at: fields.starts_at,
            expires_at: fields.expires_at,
            expired_url: fields.expired_url,
            max_clicks: fields.max_clicks,
            redirect_status: fields.redirect_status,
            forward_query: fields.forward_query,
            query_conflict: Some(fields.query_conflict).filter(|choice| *choice != QueryConflict::default()),
            forward_path: fields.forward_path,
            landing: fields.landing,
            archived: fields.archived,
            rules: fields.rules,
            variants: fields.variants,
            preview: fields.preview,
            imported_clicks: link.imported_clicks,
            has_password: password.is_some(),
            created_by: link.created_by.clone(),
            changed_by: link.changed_by.clone(),
            broken_since: link.target_check.as_ref().and_then(TargetCheck::broken_since),
            password_hash: password.filter(|_| with_passwords).cloned(),
        }
    }
}

/// Writes the link as a line of JSON, with the hash of its password if the file is one `with_passwords`.
pub fn json_line(link: &Link, with_passwords: bool) -> String {
    // Serializing texts, numbers and lists of them cannot fail.
    let mut line = serde_json::to_string(&Row::of(link, with_passwords)).unwrap_or_default();
    line.push('\n');
    line
}

/// Writes the link as a row of CSV under [`csv_header`]. It puts an apostrophe before what a spreadsheet would run as a formula,
/// in any column, and an import removes it. Tags with special characters become a JSON list.
pub fn csv_row(link: &Link, with_passwords: bool) -> String {
    let row = Row::of(link, with_passwords);
    let text = |text: Option<String>| text.map(|text| csv_cell(&text)).unwrap_or_default();
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let flag = |flag: bool| if flag { "true" } else { "" }.to_owned();
    let cells = [
        csv_cell(&row.url),
        short_csv_cell(&row.slug),
        row.domain,
        // No address has the separator.
        csv_cell(&row.aliases.join("|")),
        text(row.title),
        tags(&row.tags),
        row.created_at.to_string(),
        text(row.starts_at),
        text(row.expires_at),
        text(row.expired_url),
        number(row.max_clicks),
        number(row.redirect_status.map(u64::from)),
        flag(row.forward_query),
        row.query_conflict.map(word).unwrap_or_default(),
        flag(row.forward_path),
        flag(row.landing),
        flag(row.archived),
        json_list(&row.rules),
        json_list(&row.variants),
        row.preview.map(|preview| json(&preview)).unwrap_or_default(),
        number(row.imported_clicks),
        flag(row.has_password),
        text(row.created_by),
        text(row.changed_by),
        row.broken_since.map(|time| time.to_string()).unwrap_or_default(),
    ];
    let password = if with_passwords { format!(",{}", text(row.password_hash)) } else { String::new() };
    cells.join(",") + &password + "\r\n"
}

/// Returns the word that the API has for `choice`.
fn word(choice: QueryConflict) -> String {
    match choice {
        QueryConflict::TargetWins => "target_wins",
        QueryConflict::VisitorWins => "visitor_wins",
    }
    .to_owned()
}

fn tags(tags: &[String]) -> String {
    let special = |tag: &String| tag.contains(['|', ',']) || tag.starts_with('[');
    match tags {
        [] => String::new(),
        tags if tags.iter().any(special) => json_list(tags),
        tags => csv_cell(&tags.join("|")),
    }
}

fn json_list<T: Serialize>(values: &[T]) -> String {
    if values.is_empty() { String::new() } else { json(values) }
}

fn json<T: Serialize + ?Sized>(value: &T) -> String {
    csv_cell(&serde_json::to_string(value).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::links::validate::check_fields;
    use crate::testing::samples::link;
    use crate::values::domains::Domains;
    use crate::values::field_errors::Errors;

    #[test]
    fn row_of_the_largest_link_is_one_that_an_import_reads() {
        let conditions = json!({
            "device": vec!["mobile"; 50], "os": vec!["ios"; 50], "country": vec!["CH"; 50], "language": vec!["de"; 50],
            "query": vec![json!({"name": "n", "value": "v"}); 17], "after": "2026-01-01T00:00:00Z", "before": "2027-01-01T00:00:00Z",
        });
        let rules = |last: usize| {
            let mut rules = vec![json!({"if": conditions, "url": "https://a.example/"}); 20];
            rules[0]["url"] = json!(format!("https://a.example/{}", "x".repeat(last)));
            rules
        };
        let fields = |last: usize| -> LinkFields {
            serde_json::from_value(
                json!({"url": "https://a.example/", "rules": rules(last), "title": "\u{1f600}".repeat(200),
                "tags": (0..20).map(|n| format!("{n:02}{}", "\u{1f600}".repeat(48))).collect::<Vec<_>>()}),
            )
            .unwrap()
        };
        let domains = Domains::parse("go.example.com").unwrap();
        let checked = |last: usize| {
            let mut errors = Errors::default();
            let checked = check_fields(&fields(last), &domains, &mut errors);
            errors.or(checked).ok()
        };
        // The most that still passes the check.
        let (mut least, mut most) = (0_usize, 40 * 1024_usize);
        while least < most {
            let middle = (least + most).div_ceil(2);
            if checked(middle).is_some() { least = middle } else { most = middle - 1 }
        }
        let checked = checked(least).unwrap();
        let mut largest = link("acme", "docs", "https://example.com/");
        (largest.url, largest.title, largest.tags, largest.settings) =
            (checked.url, checked.title, checked.tags, checked.settings);
        let row = csv_row(&largest, true);
        assert!(row.len() > 45_000 && row.len() <= 64 * 1024, "{} bytes", row.len());
        assert!(json_line(&largest, true).len() <= 64 * 1024);
    }
}
