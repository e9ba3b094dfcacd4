//! Reads what the streams of the tables bring: changes of links, new totals of their clicks, and catalogues that are to be built.
//!
//! ("Using AWS Lambda with Amazon DynamoDB", AWS Lambda developer guide.)

use serde::Deserialize;
use serde_dynamo::AttributeValue;
use waypost_domain::analytics::model::aggregate::LinkKey;
use waypost_domain::catalog::head::CatalogHead;
use waypost_domain::catalog::patch::{CatalogRow, LinkPatch};
use waypost_domain::{Domain, Link, LinkAddress, LinkId, Slug, Timestamp, WorkspaceId};

use super::catalog::{HEAD, PREFIX};
use super::link_totals::lane_name;

/// A batch of a table's stream.
#[derive(Debug, Deserialize)]
pub struct TableEvent {
    /// The records, in the order of each item's changes.
    #[serde(rename = "Records")]
    pub records: Vec<TableRecord>,
}

/// A change of an item.
#[derive(Debug, Deserialize)]
pub struct TableRecord {
    #[serde(default, rename = "eventID")]
    event_id: String,
    dynamodb: Images,
}

#[derive(Debug, Default, Deserialize)]
struct Images {
    /// When the item changed, in seconds.
    #[serde(default, rename = "ApproximateCreationDateTime")]
    at: f64,
    #[serde(rename = "Keys")]
    keys: serde_dynamo::Item,
    #[serde(default, rename = "NewImage")]
    new: Option<serde_dynamo::Item>,
    #[serde(default, rename = "OldImage")]
    old: Option<serde_dynamo::Item>,
}

/// What a record says.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "nearly all are changes of links")]
pub enum TableChange {
    /// Something about a link.
    Link(WorkspaceId, LinkPatch),
    /// The catalogue of this workspace is to be built.
    Build(WorkspaceId),
}

/// Why a record cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the record {event_id} of {pk} {why}")]
pub struct RecordError {
    event_id: String,
    pk: String,
    why: String,
}

impl TableRecord {
    /// Returns what the record says: nothing, if catalogues do not need it.
    ///
    /// # Errors
    /// The record names an item that it does not hold.
    pub fn changes(self) -> Result<Vec<TableChange>, RecordError> {
        let (pk, sk) = (text(&self.dynamodb.keys, "pk").to_owned(), text(&self.dynamodb.keys, "sk").to_owned());
        let event_id = self.event_id;
        let Images { at, new, old, .. } = self.dynamodb;
        #[allow(clippy::cast_possible_truncation, reason = "seconds of our time, in milliseconds")]
        let at = Timestamp::from_millis((at * 1000.0) as i64);
        let changes = if pk.starts_with("LINK#") {
            at.map_err(|error| error.to_string()).and_then(|at| links(old, new, at))
        } else if let Some(workspace) = pk.strip_prefix(PREFIX).filter(|_| sk == HEAD) {
            head(workspace, new)
        } else if pk.starts_with("WS#") && sk.starts_with("TOTAL#") {
            total(&pk, &sk, new)
        } else {
            Ok(Vec::new())
        };
        changes.map_err(|why| RecordError { event_id, pk, why })
    }
}

fn text<'a>(item: &'a serde_dynamo::Item, name: &str) -> &'a str {
    match item.inner().get(name) {
        Some(AttributeValue::S(text)) => text,
        _ => "",
    }
}

/// Reads the change of what stands at the address of a link. Neither an alias nor a reservation is a link.
fn links(
    old: Option<serde_dynamo::Item>,
    new: Option<serde_dynamo::Item>,
    at: Timestamp,
) -> Result<Vec<TableChange>, String> {
    let (old, new) = (link(old)?, link(new)?);
    let here = |link: &Link| TableChange::Link(link.workspace.clone(), LinkPatch::here(link));
    let gone = |link: &Link| TableChange::Link(link.workspace.clone(), LinkPatch::gone(link, at));
    Ok(match (old, new) {
        (Some(old), Some(new)) if old.id() == new.id() && old.workspace == new.workspace => {
            // The redirect counts the clicks of a limited link in its item.
            if CatalogRow::of(&old) == CatalogRow::of(&new) { Vec::new() } else { vec![here(&new)] }
        }
        (old, new) => old.iter().map(gone).chain(new.iter().map(here)).collect(),
    })
}

fn link(image: Option<serde_dynamo::Item>) -> Result<Option<Link>, String> {
    let is_link = |image: &serde_dynamo::Item| image.inner().contains_key("url");
    let read = |image| serde_dynamo::from_item(image).map_err(|error| format!("has no link: {error}"));
    image.filter(is_link).map(read).transpose()
}

fn head(workspace: &str, new: Option<serde_dynamo::Item>) -> Result<Vec<TableChange>, String> {
    let Some(new) = new else { return Ok(Vec::new()) };
    let workspace = WorkspaceId::parse(workspace).map_err(|error| error.to_string())?;
    let head: CatalogHead = serde_dynamo::from_item(new).map_err(|error| format!("has no head: {error}"))?;
    Ok(if head.is_whole() { Vec::new() } else { vec![TableChange::Build(workspace)] })
}

#[derive(Deserialize)]
struct Total {
    #[serde(default)]
    clicks: u64,
    #[serde(default)]
    last_click_at: Option<Timestamp>,
}

fn total(pk: &str, sk: &str, new: Option<serde_dynamo::Item>) -> Result<Vec<TableChange>, String> {
    let Some(new) = new else { return Ok(Vec::new()) };
    let total: Total = serde_dynamo::from_item(new).map_err(|error| format!("has no total: {error}"))?;
    let parse = || {
        let (workspace, owner) = pk.strip_prefix("WS#")?.split_once('#')?;
        let workspace = WorkspaceId::parse(workspace).ok()?;
        let (key, link) = match owner.split_once('#') {
            None => {
                let id = LinkId::parse(owner).ok()?;
                (LinkKey::Id(id.clone()), id)
            }
            Some((domain, slug)) => {
                let address = LinkAddress { domain: Domain::parse(domain).ok()?, slug: Slug::parse(slug).ok()? };
                let id = LinkId::of_address(&workspace, &address);
                (LinkKey::Address(address), id)
            }
        };
        Some((workspace, lane_name(sk, &key)?, link))
    };
    let (workspace, lane, link) = parse().ok_or("has a key that no total has")?;
    let patch = LinkPatch::clicked(&link, lane, total.clicks, total.last_click_at);
    Ok(vec![TableChange::Link(workspace, patch)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use waypost_domain::testing::samples;

    fn changes(old: Option<&serde_json::Value>, new: Option<&serde_json::Value>) -> Vec<TableChange> {
        let any = new.or(old).unwrap();
        let mut images =
            json!({ "ApproximateCreationDateTime": 1_767_323_045, "Keys": { "pk": any["pk"], "sk": any["sk"] } });
        old.inspect(|image| images["OldImage"] = (*image).clone());
        new.inspect(|image| images["NewImage"] = (*image).clone());
        let record = json!({ "eventID": "1", "dynamodb": images });
        serde_json::from_value::<TableRecord>(record).unwrap().changes().unwrap()
    }

    fn stored(link: &Link) -> serde_json::Value {
        let mut item: serde_dynamo::Item = serde_dynamo::to_item(link).unwrap();
        for (name, value) in
            [("pk", format!("LINK#{}#{}", link.address.domain, link.address.slug)), ("sk", "LINK".to_owned())]
        {
            item = {
                let mut inner = item.into_inner();
                inner.insert(name.to_owned(), AttributeValue::S(value));
                inner.into()
            };
        }
        serde_json::to_value(item).unwrap()
    }

    #[test]
    fn changes_of_links_are_read() {
        let old = samples::link("acme", "docs", "https://example.com/");
        let mut changed = old.clone();
        (changed.revision, changed.title) = (1, Some("Docs".to_owned()));
        let mut clicked = old.clone();
        clicked.settings.used_clicks = 5;
        let alias =
            json!({ "pk": { "S": "LINK#go.example.com#docs" }, "sk": { "S": "LINK" }, "alias_of": { "M": {} } });
        let here = |link: &Link| TableChange::Link(link.workspace.clone(), LinkPatch::here(link));
        let at = Timestamp::parse("2026-01-02T03:04:05Z").unwrap();
        let gone = |link: &Link| TableChange::Link(link.workspace.clone(), LinkPatch::gone(link, at));
        assert_eq!(changes(None, Some(&stored(&old))), [here(&old)]);
        assert_eq!(changes(Some(&stored(&old)), Some(&stored(&changed))), [here(&changed)]);
        assert_eq!(changes(Some(&stored(&old)), Some(&stored(&clicked))), []);
        assert_eq!(changes(Some(&stored(&changed)), Some(&alias)), [gone(&changed)]);
        assert_eq!(changes(Some(&stored(&old)), None), [gone(&old)]);
        assert_eq!(changes(Some(&alias), None), []);
        let mut other = old.clone();
        other.stored_id = Some(LinkId::derive(old.created_at, "other"));
        assert_eq!(changes(Some(&stored(&old)), Some(&stored(&other))), [gone(&old), here(&other)]);
    }

    #[test]
    fn totals_are_read_by_id_and_by_address() {
        let link = samples::link("acme", "docs", "https://example.com/");
        for (owner, lane) in [(link.id().to_string(), "0"), ("go.example.com#docs".to_owned(), "@0")] {
            let item = json!({
                "pk": { "S": format!("WS#acme#{owner}") }, "sk": { "S": "TOTAL#0" },
                "clicks": { "N": "7" }, "bots": { "N": "1" }, "last_click_at": { "S": "2026-01-02T03:04:05.000Z" },
            });
            let patch =
                LinkPatch::clicked(&link.id(), lane.to_owned(), 7, Timestamp::parse("2026-01-02T03:04:05Z").ok());
            assert_eq!(changes(None, Some(&item)), [TableChange::Link(link.workspace.clone(), patch)]);
            assert_eq!(changes(Some(&item), None), []);
        }
    }

    #[test]
    fn other_items_say_nothing_and_unreadable_ones_are_errors() {
        let day = json!({ "pk": { "S": "WS#acme#x" }, "sk": { "S": "DAY#2026-01-02#0" } });
        assert_eq!(changes(None, Some(&day)), []);
        for item in [
            json!({ "pk": { "S": "LINK#a#b" }, "sk": { "S": "LINK" }, "url": { "N": "1" } }),
            json!({ "pk": { "S": "WS#acme#x" }, "sk": { "S": "TOTAL#0" }, "clicks": { "N": "1" } }),
            json!({ "pk": { "S": "CATALOG#acme" }, "sk": { "S": "HEAD" } }),
        ] {
            let record = json!({ "eventID": "e1", "dynamodb": { "Keys": { "pk": item["pk"], "sk": item["sk"] }, "NewImage": item } });
            let error = serde_json::from_value::<TableRecord>(record).unwrap().changes().unwrap_err();
            assert!(error.to_string().contains("e1"), "{error}");
        }
    }
}
