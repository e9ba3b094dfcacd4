//! Decides which links a filter or a list of ids selects.

use std::collections::HashSet;

use crate::catalog::memory::Catalog;
use crate::catalog::patch::LinkPatch;
use crate::catalog::query::CatalogQuery;
use crate::links::address::LinkAddress;
use crate::links::id::LinkId;
use crate::links::link::Link;

/// What links are selected by.
#[derive(Debug, Clone, PartialEq)]
pub enum Matcher {
    /// A query as that of a list of links.
    Query(Box<CatalogQuery>),
    /// Their ids.
    Ids(HashSet<LinkId>),
}

impl Matcher {
    /// Returns those of `links` that are selected, in their order.
    ///
    /// Asks a small catalogue of these links, so that a filter selects what a list with the same filter shows.
    pub fn select(&self, links: Vec<Link>) -> Vec<Link> {
        match self {
            Self::Ids(ids) => links.into_iter().filter(|link| ids.contains(&link.id())).collect(),
            Self::Query(query) => {
                let mut catalog = Catalog::default();
                links.iter().for_each(|link| catalog.apply(LinkPatch::here(link)));
                let all = CatalogQuery { limit: usize::MAX, after: None, ..query.as_ref().clone() };
                let found = catalog.query(&all).items.into_iter().map(|item| item.address);
                let found: HashSet<LinkAddress> = found.collect();
                links.into_iter().filter(|link| found.contains(&link.address)).collect()
            }
        }
    }
}
