//! Keeps links.

use std::mem::size_of;
use std::sync::Arc;

use async_trait::async_trait;

use super::{Freshness, ReadCache, Recency, Source};
use crate::links::address::LinkAddress;
use crate::links::change_marks::bucket_of;
use crate::links::id::LinkId;
use crate::links::link::Link;
use crate::links::ports::LinkReader;
use crate::ports::Clock;
use crate::redirect::ports::ChangeMarks;
use crate::values::error::StoreError;

/// Reads links through a cache. It never keeps links with a click limit or a password
/// ([`crate::links::settings::LinkSettings::bypasses_cache`]).
pub struct CachedLinks(ReadCache<Links>);

struct Links(Arc<dyn LinkReader>);

impl CachedLinks {
    /// Puts a cache in front of `links`.
    pub fn new(links: Arc<dyn LinkReader>, clock: Arc<dyn Clock>, freshness: Freshness) -> Self {
        Self(ReadCache::new(Links(links), clock, freshness))
    }

    /// Makes the cache notice within a second that a link has changed, by `marks`: it reads them once a second at most, however many
    /// links it keeps.
    pub fn with_marks(self, marks: Arc<dyn ChangeMarks>) -> Self {
        Self(self.0.with_marks(marks))
    }
}

#[async_trait]
impl LinkReader for CachedLinks {
    async fn get(&self, address: &LinkAddress) -> Result<Option<Link>, StoreError> {
        Ok(self.0.get(address).await?.map(Arc::unwrap_or_clone))
    }
}

impl Source for Links {
    type Key = LinkAddress;
    type Value = Link;
    const OPERATION: &'static str = "links.get";
    /// Some 5,500 links, or 26,500 paths without a link.
    const MAX_BYTES: u64 = 6 * 1024 * 1024;
    const EXPECTED_ENTRIES: usize = 1_000;

    async fn read(&self, address: &LinkAddress, recency: Recency) -> Result<Option<Arc<Link>>, StoreError> {
        let link = match recency {
            Recency::Ordinary => self.0.get(address).await,
            Recency::Latest => self.0.get_latest(address).await,
        };
        Ok(link?.map(Arc::new))
    }

    fn may_keep(link: &Link) -> bool {
        !link.settings.bypasses_cache()
    }

    fn bucket(address: &LinkAddress) -> usize {
        bucket_of(address)
    }

    fn owned_bytes(address: &LinkAddress, link: Option<&Link>) -> usize {
        address.domain.as_str().len() + address.slug.as_str().len() + link.map_or(0, estimated_bytes)
    }

    fn log_stale(address: &LinkAddress, age_ms: i64, error: &StoreError) {
        tracing::warn!(event = "links.stale", domain = %address.domain, slug = %address.slug, age_ms, %error);
    }
}

/// Estimates the memory of a link. Each text counts 32 bytes more, for its allocation and the small fields around it.
fn estimated_bytes(link: &Link) -> usize {
    let Link { address, aliases, workspace, url, title, tags, settings, origin, created_by, changed_by, .. } = link;
    let text = |text: &str| text.len() + 32;
    let some = |value: &Option<String>| value.as_deref().map_or(0, text);
    let rules = settings.rules.iter().map(|rule| {
        let conditions = &rule.conditions;
        let query = conditions.query.iter().map(|one| 64 + text(&one.name) + some(&one.value));
        let words = conditions.country.iter().chain(&conditions.language).map(|word| 24 + text(word));
        size_of_val(rule) + text(rule.url.as_str()) + query.sum::<usize>() + words.sum::<usize>() + 128
    });
    let variants =
        settings.variants.iter().map(|variant| size_of_val(variant) + text(&variant.name) + text(variant.url.as_str()));
    size_of::<Link>()
        + text(address.domain.as_str())
        + text(address.slug.as_str())
        + text(workspace.as_str())
        + text(url.as_str())
        + some(title)
        + some(origin)
        + some(created_by)
        + some(changed_by)
        + LinkId::LEN
        + aliases.iter().map(|alias| 48 + text(alias.domain.as_str()) + text(alias.slug.as_str())).sum::<usize>()
        + tags.iter().map(|tag| 24 + text(tag)).sum::<usize>()
        + settings.expired_url.as_ref().map_or(0, |url| text(url.as_str()))
        + settings.preview.as_ref().map_or(0, |preview| {
            let image = preview.image.as_ref().map_or(0, |url| text(url.as_str()));
            some(&preview.title) + some(&preview.description) + image
        })
        + rules.sum::<usize>()
        + variants.sum::<usize>()
}

#[cfg(test)]
mod tests;
