//! Finds the links of a workspace with the most clicks. A link is one, wherever it has moved, and is shown at its present address.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::answer::{Top, TopItem};
use crate::analytics::model::counts::Counts;
use crate::analytics::model::link_value::LinkValue;
use crate::links::ports::LinkMoves;
use crate::values::error::StoreError;
use crate::values::workspace::WorkspaceId;

/// Returns the `limit` links with the most clicks in `counts`, of which all together have `clicks`.
pub(super) async fn top_links(
    moves: &dyn LinkMoves,
    workspace: &WorkspaceId,
    counts: &Counts,
    clicks: u64,
    limit: usize,
) -> Result<Top, StoreError> {
    let mut links = merge_by_link(workspace, counts);
    links.sort_by(|a, b| (Reverse(a.clicks), &a.value).cmp(&(Reverse(b.clicks), &b.value)));
    links.truncate(limit);
    let ids: Vec<_> = links.iter().filter_map(|link| link.link_id.clone()).collect();
    let mut addresses = moves.addresses(workspace, &ids).await?.into_iter();
    for link in links.iter_mut().filter(|link| link.link_id.is_some()) {
        if let Some(address) = addresses.next().flatten() {
            link.value = address.to_string();
        }
    }
    let known = counts.sum();
    let other = known - links.iter().map(|link| link.clicks).sum::<u64>();
    Ok(Top { items: links, other, unknown: clicks.saturating_sub(known), error: counts.floor() })
}

/// Adds up the values of each link. Their address is the last of them in the order of the alphabet: all are the same unless the link
/// has moved.
fn merge_by_link(workspace: &WorkspaceId, counts: &Counts) -> Vec<TopItem> {
    let mut links = BTreeMap::new();
    let mut others = Vec::new();
    for (text, clicks) in counts.iter() {
        let (value, error) = (LinkValue::read(text), counts.error(text));
        let id = value.id_in(workspace);
        let item = TopItem { value: value.address.to_owned(), clicks, error, link_id: id.clone() };
        let Some(id) = id else {
            others.push(item);
            continue;
        };
        links
            .entry(id)
            .and_modify(|link: &mut TopItem| {
                link.value.clone_from(&item.value);
                link.clicks += clicks;
                link.error += error;
            })
            .or_insert(item);
    }
    links.into_values().chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analytics::model::link_value::link_value;
    use crate::links::address::LinkAddress;
    use crate::testing::samples::link_with_id;
    use crate::values::slug::Slug;

    #[test]
    fn clicks_and_errors_at_all_addresses_of_a_link_are_added_up() {
        let link = link_with_id("acme", "docs", "https://example.com/", "1");
        let moved = LinkAddress { slug: Slug::parse("moved").unwrap(), ..link.address.clone() };
        let values = serde_json::json!({
            (link_value(Some(&link.id()), &link.address)): [5, 2],
            (link_value(Some(&link.id()), &moved)): [1, 6],
        });
        let counts: Counts = serde_json::from_value(serde_json::json!({ "values": values })).unwrap();
        let value = moved.to_string();
        let expected = TopItem { value, clicks: 6, error: 8, link_id: Some(link.id()) };
        assert_eq!(merge_by_link(&link.workspace, &counts), [expected]);
    }
}
