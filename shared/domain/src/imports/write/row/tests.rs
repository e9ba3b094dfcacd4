//! Tests the check of a row.

use std::borrow::Cow;

use super::*;
use crate::imports::job::id::ImportId;
use crate::imports::write::protection::MAX_HASHED_ROWS;
use crate::links::password::Password;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

fn check(fields: &Fields<'_>) -> Result<Candidate, Fault> {
    check_at(7, fields, RowOptions::default())
}

fn check_at(row: u64, fields: &Fields<'_>, options: RowOptions) -> Result<Candidate, Fault> {
    let domains = Domains::parse("go.example.com,s.example.org,x.example.org=other").unwrap();
    let now = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
    let id = ImportId::for_object("imports/acme/x", "e");
    let import = Import::awaiting(id, WorkspaceId::parse("acme").unwrap(), None, 1, now);
    Context { import: &import, domains: &domains, created_at: now, options: &options }
        .check(&RowAddress { row, line: 8, file: None }, fields)
}

fn fields<'a>(url: &'a str, slug: &'a str) -> Fields<'a> {
    let given = |text: &'a str| Some(Cow::Borrowed(text)).filter(|text| !text.is_empty());
    Fields { url: given(url), slug: given(slug), ..Fields::default() }
}

#[test]
fn derived_slugs_do_not_change() {
    let first = check(&fields("https://a.example/", "")).unwrap();
    assert_eq!(first.link.address.slug, check(&fields("https://b.example/", "")).unwrap().link.address.slug);
    let mut candidate = first;
    let mut slugs = vec![candidate.link.address.slug.clone()];
    while candidate.try_next_slug() {
        slugs.push(candidate.link.address.slug.clone());
    }
    assert_eq!(slugs.len(), 5);
    slugs.sort();
    slugs.dedup();
    assert_eq!(slugs.len(), 5);
}

#[test]
fn own_slug_is_never_replaced() {
    let mut candidate = check(&fields("https://a.example/", "mine")).unwrap();
    assert_eq!(candidate.link.origin.as_deref().unwrap().rsplit_once('#').unwrap().1, "7");
    assert!(!candidate.try_next_slug());
}

#[test]
fn invalid_column_is_named() {
    let with = |change: fn(&mut Fields<'static>)| {
        let mut fields = fields("https://a.example/", "ok");
        change(&mut fields);
        check(&fields).unwrap_err()
    };
    assert_eq!(with(|row| row.url = None).cause, "is missing");
    assert_eq!(with(|row| row.url = Some("ftp://a.example/".into())).column, Some(Column::Url));
    assert_eq!(with(|row| row.slug = Some("a/b".into())).column, Some(Column::Slug));
    assert_eq!(with(|row| row.domain = Some("x.example.org".into())).cause, "belongs to another workspace");
}

#[test]
fn slug_is_found_in_every_form() {
    let slug = |slug: &'static str, custom: &'static str, short: &'static str| {
        let mut row = fields("https://a.example/", slug);
        let given = |text: &'static str| Some(Cow::Borrowed(text)).filter(|text| !text.is_empty());
        (row.custom_url, row.short_url) = (given(custom), given(short));
        let checked = check(&row).unwrap();
        (checked.link.address.slug.to_string(), checked.warnings.len())
    };
    for (given, expected) in [
        (("a", "", ""), ("a", 0)),
        (("/a", "", ""), ("a", 0)),
        (("https://s.example/a/", "", ""), ("a", 0)),
        (("", "", "bit.ly/a"), ("a", 0)),
        (("", "", "https://bit.ly:443/a?x=1"), ("a", 0)),
        (("", "", "polr1"), ("polr1", 0)),
        (("", "https://go.acme.test/spring", "https://bit.ly/3A"), ("spring", 1)),
        (("", "https://go.acme.test/3A", "https://bit.ly/3A"), ("3A", 0)),
        (("a", "https://go.acme.test/spring", "https://bit.ly/3A"), ("a", 0)),
    ] {
        let (text, custom, short) = given;
        assert_eq!(slug(text, custom, short), (expected.0.to_owned(), expected.1), "{given:?}");
    }
}

/// Checks a row whose `column` holds `text`; returns its link and the columns that are warned of.
fn with(column: Column, text: &'static str) -> (Link, Vec<Column>) {
    let mut row = fields("https://a.example/", "ok");
    row.set(column, Cow::Borrowed(text));
    let Candidate { link, warnings, .. } = check(&row).unwrap();
    for warning in &warnings {
        assert!(!warning.cause.is_empty(), "{warning:?}");
        assert!(text.len() <= 5 || !warning.cause.contains(text), "{warning:?}");
    }
    (link, warnings.into_iter().filter_map(|warning| warning.column).collect())
}

#[test]
fn secondary_column_costs_only_itself() {
    for (column, text) in [
        (Column::CreatedAt, "yesterday"),
        (Column::CreatedAt, "2999-01-01"),
        (Column::CreatedAt, "05/03/2024"),
        (Column::ImportedClicks, "many"),
        (Column::Domain, "elsewhere.example"),
        (Column::RedirectStatus, "200"),
        (Column::RedirectStatus, "x"),
        (Column::ForwardQuery, "perhaps"),
        (Column::ForwardPath, "perhaps"),
        (Column::Landing, "perhaps"),
        (Column::QueryConflict, "nobody"),
        (Column::Preview, "{\"picture\":1}"),
        (Column::Preview, "{\"image\":\"javascript:alert(1)\"}"),
        (Column::ExpiredUrl, "javascript:alert(1)"),
        (Column::Title, "a\nb"),
        (Column::Tags, "[\"ok\",\"a\\nb\"]"),
    ] {
        let (link, warned) = with(column, text);
        assert_eq!(warned, [column], "{column} {text}");
        assert!(!link.settings.archived, "{column} {text}");
    }
}

#[test]
fn restriction_that_cannot_be_kept_archives_the_link() {
    for (column, text) in [
        (Column::ExpiresAt, "soon"),
        (Column::ExpiresAt, "2031"),
        (Column::ExpiresAt, "05/03/2031"),
        (Column::StartsAt, "1.abc"),
        (Column::MaxClicks, "0"),
        (Column::MaxClicks, "few"),
        (Column::MaxClicks, "-1"),
        (Column::Archived, "perhaps"),
        (Column::Enabled, "perhaps"),
        (Column::HasPassword, "true"),
        (Column::HasPassword, "perhaps"),
        (Column::Password, "true"),
        (Column::Password, "1"),
        (Column::Password, "abc"),
        (Column::Password, "******"),
        (Column::Password, "5f4dcc3b5aa765d61d8327deb882cf99"),
        (Column::Password, "$2y$10$abcdefghijklmnopqrstuv"),
        (Column::PasswordHash, "$argon2id$v=19$m=999999,t=2,p=1$c29tZXNhbHQ$aGFzaA"),
        (Column::PasswordHash, "plain"),
        (Column::Geo, "{\"XX\":\"https://x.example/\"}"),
        (Column::Geo, "DE"),
        (Column::IosUrl, "itms-apps://x"),
        (Column::Rules, "[{\"url\":\"javascript:alert(1)\",\"if\":{}}]"),
        (Column::Variants, "x"),
    ] {
        let (link, warned) = with(column, text);
        assert_eq!(warned, [column], "{column} {text}");
        assert!(link.settings.archived && link.settings.password_hash.is_none(), "{column} {text}");
    }
}

#[test]
fn link_that_was_switched_off_stays_off() {
    for (column, text) in [
        (Column::Archived, "yes"),
        (Column::Archived, "WAHR"),
        (Column::Disabled, "1"),
        (Column::Disabled, "2024-01-02T03:04:05Z"),
        (Column::Enabled, "false"),
        (Column::Status, "Banned"),
    ] {
        let (link, warned) = with(column, text);
        assert!(warned.is_empty() && link.settings.archived, "{column} {text}");
    }
}

#[test]
fn column_that_says_nothing_restricts_nothing() {
    for (column, text) in [
        (Column::HasPassword, "false"),
        (Column::HasPassword, "0"),
        (Column::Password, "false"),
        (Column::Password, "null"),
        (Column::Disabled, "no"),
        (Column::Enabled, "true"),
        (Column::Status, "active"),
        (Column::Status, "301"),
        (Column::ExpiresAt, "never"),
        (Column::ExpiresAt, "-"),
        (Column::ExpiresAt, "0000-00-00 00:00:00"),
        (Column::MaxClicks, "unlimited"),
        (Column::Geo, "null"),
        (Column::CreatedAt, "0"),
    ] {
        let (link, warned) = with(column, text);
        assert!(warned.is_empty() && link.settings == LinkSettings::default(), "{column} {text}");
    }
}

#[test]
fn password_is_hashed_and_a_hash_is_kept() {
    let hash_of = |text: &'static str, column| with(column, text).0.settings.password_hash.unwrap();
    let hash = hash_of("hunter2", Column::Password);
    assert!(Password::new("hunter2").matches(&hash) && !Password::new("hunter3").matches(&hash));
    assert_eq!(hash, hash_of("hunter2", Column::Password), "a replay writes another hash");
    let known: &'static str = Box::leak(hash.into_boxed_str());
    assert_eq!(hash_of(known, Column::PasswordHash), known);
    assert_eq!(hash_of(known, Column::Password), known);
    // A word for nothing that is long enough may be a password.
    assert!(Password::new("unlimited").matches(&hash_of("unlimited", Column::Password)));
}

#[test]
fn plain_passwords_of_late_rows_are_not_hashed() {
    let mut row = fields("https://a.example/", "ok");
    row.set(Column::Password, Cow::Borrowed("hunter2"));
    let late = check_at(MAX_HASHED_ROWS + 1, &row, RowOptions::default()).unwrap();
    assert!(late.link.settings.archived && late.link.settings.password_hash.is_none());
    assert_eq!(late.warnings[0].column, Some(Column::Password));
}

#[test]
fn targets_by_country_and_system_become_rules() {
    let mut row = fields("https://a.example/", "ok");
    row.set(Column::Geo, Cow::Borrowed("{\"de\":\"https://de.example/\"}"));
    row.set(Column::IosUrl, Cow::Borrowed("https://apps.example/ios"));
    row.set(Column::AndroidUrl, Cow::Borrowed("https://apps.example/android"));
    let Candidate { link, warnings, .. } = check(&row).unwrap();
    let urls: Vec<&str> = link.settings.rules.iter().map(|rule| rule.url.as_str()).collect();
    assert_eq!(urls, ["https://apps.example/android", "https://apps.example/ios", "https://de.example/"]);
    assert_eq!(link.settings.rules[2].conditions.country, ["DE"]);
    assert!(warnings.is_empty() && !link.settings.archived);
}

#[test]
fn strict_import_refuses_a_row_with_a_warning() {
    let mut row = fields("https://a.example/", "ok");
    row.set(Column::HasPassword, Cow::Borrowed("true"));
    let strict = RowOptions { strict: true, ..RowOptions::default() };
    assert_eq!(check_at(1, &row, strict).unwrap_err().column, Some(Column::HasPassword));
}
