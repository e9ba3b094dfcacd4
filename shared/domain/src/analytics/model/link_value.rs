//! Writes and reads the values of [`Dimension::Link`](super::dimension::Dimension::Link): `{id} {domain}/{slug}`, with the address that
//! the link had at the click. Clicks that were counted before links had ids have the address only.

use crate::links::address::LinkAddress;
use crate::links::id::LinkId;
use crate::values::domains::Domain;
use crate::values::slug::Slug;
use crate::values::workspace::WorkspaceId;

/// Makes the value of a click on the link with this id, if it has one, at this address.
pub(crate) fn link_value(id: Option<&LinkId>, address: &LinkAddress) -> String {
    match id {
        Some(id) => format!("{id} {address}"),
        None => address.to_string(),
    }
}

/// The parts of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LinkValue<'a> {
    /// The link's id, if the value has it.
    pub(crate) id: Option<LinkId>,
    /// The link's address at the click.
    pub(crate) address: &'a str,
}

impl<'a> LinkValue<'a> {
    /// Reads `value`.
    pub(crate) fn read(value: &'a str) -> Self {
        match value.split_once(' ').map(|(id, address)| (LinkId::parse(id), address)) {
            Some((Ok(id), address)) => Self { id: Some(id), address },
            _ => Self { id: None, address: value },
        }
    }

    /// Returns the id of the link in `workspace`; for a value without one, the id that a link from before the ids has got. `None`
    /// if the value holds no address, which no version has written.
    pub(crate) fn id_in(&self, workspace: &WorkspaceId) -> Option<LinkId> {
        self.id.clone().or_else(|| Some(LinkId::of_address(workspace, &read_address(self.address)?)))
    }
}

/// Reads an address as [`LinkAddress`] writes it.
pub(crate) fn read_address(text: &str) -> Option<LinkAddress> {
    let (domain, slug) = text.split_once('/')?;
    Some(LinkAddress { domain: Domain::parse(domain).ok()?, slug: Slug::parse(slug).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analytics::model::dimension::Dimension;
    use crate::testing::samples::{link, link_with_id};

    #[test]
    fn value_is_read_as_written() {
        let (old, new) =
            (link("acme", "a", "https://a.example/"), link_with_id("acme", "b", "https://a.example/", "1"));
        let (value, plain) = (link_value(Some(&new.id()), &new.address), link_value(None, &old.address));
        assert_eq!(plain, "go.example.com/a");
        let read = LinkValue::read(&value);
        assert_eq!((read.id_in(&new.workspace), read.address), (Some(new.id()), "go.example.com/b"));
        let read = LinkValue::read(&plain);
        assert_eq!((read.id.clone(), read.id_in(&old.workspace)), (None, Some(old.id())));
        assert_eq!(LinkValue::read("").id_in(&old.workspace), None);
    }

    #[test]
    fn longest_value_has_room() {
        let longest = LinkId::LEN + 1 + 253 + 1 + Slug::MAX_BYTES;
        assert!(longest <= Dimension::Link.max_value_bytes(), "{longest}");
    }
}
