//! Finds the link that a path names.
//!
//! A path of one segment of ASCII, which every domain can have, is looked up at once. Only another path needs the rules of its domain: they
//! are read beside the link of the first segment, so that a forwarded path waits for one read where slugs have no slashes.

use futures::future::{join, try_join_all};

use super::forward_path::slugs_and_rests;
use super::tidy_path::{SlugForms, asks_for_more, exact_slug, tidied_slug};
use crate::domains::ports::DomainReader;
use crate::domains::settings::DomainSettings;
use crate::links::address::LinkAddress;
use crate::links::link::Link;
use crate::links::ports::LinkReader;
use crate::values::domains::Domain;
use crate::values::error::StoreError;
use crate::values::slug::Slug;
use crate::values::slug_rules::SlugCase;

/// Finds links of one domain.
pub(super) struct LinkFinder<'a> {
    pub(super) links: &'a dyn LinkReader,
    pub(super) settings: &'a dyn DomainReader,
    pub(super) domain: &'a Domain,
}

impl LinkFinder<'_> {
    /// Finds the link that `path` names, and what follows the slug if the link forwards that.
    pub(super) async fn find<'p>(&self, path: &'p str) -> Result<Option<(Link, Option<&'p str>)>, StoreError> {
        if let Some(slug) = exact_slug(path).filter(Slug::is_plain)
            && let Some(link) = self.link(slug).await?
        {
            return Ok(Some((link, None)));
        }
        // The answer would be "not found": the slug may be longer, or what stands around it may be in the way.
        if !asks_for_more(path) {
            return Ok(self.at(tidied_slug(path, SlugForms::default())).await?.map(|link| (link, None)));
        }
        let plain = slugs_and_rests(path, SlugForms::default()).pop();
        let first = plain.as_ref().map(|(slug, _)| slug.clone());
        let (forms, first_link) = join(self.forms(), self.at(first)).await;
        let (forms, first_link) = (forms?, first_link?);
        if forms != SlugForms::default()
            && let Some(link) = self.at_longer(path, forms).await?
        {
            return Ok(Some((link, None)));
        }
        if let Some(link) = self.at(tidied_slug(path, SlugForms::default())).await? {
            return Ok(Some((link, None)));
        }
        let longer = slugs_and_rests(path, forms).into_iter().filter(|(slug, _)| !slug.is_plain());
        let (slugs, rests): (Vec<Slug>, Vec<&str>) = longer.unzip();
        let found = try_join_all(slugs.into_iter().map(|slug| self.link(slug))).await?;
        let candidates = found.into_iter().zip(rests).chain(plain.map(|(_, rest)| (first_link, rest)));
        // The longest that forwards. A link that does not is at its own path only.
        let mut forwarding = candidates.filter_map(|(link, rest)| Some((link?, rest)));
        Ok(forwarding.find(|(link, _)| link.settings.forward_path).map(|(link, rest)| (link, Some(rest))))
    }

    /// Finds the link with exactly this slug.
    pub(super) async fn find_exact(&self, slug: Slug) -> Result<Option<Link>, StoreError> {
        if slug.is_plain() || self.forms().await?.allow(&slug) { self.link(slug).await } else { Ok(None) }
    }

    /// Finds the link at a path with a slash or a character beyond ASCII in its slug, as it is or tidied.
    async fn at_longer(&self, path: &str, forms: SlugForms) -> Result<Option<Link>, StoreError> {
        let is_longer = |slug: &Slug| !slug.is_plain() && forms.allow(slug);
        if let Some(link) = self.at(exact_slug(path).filter(is_longer)).await? {
            return Ok(Some(link));
        }
        self.at(tidied_slug(path, forms).filter(is_longer)).await
    }

    async fn at(&self, slug: Option<Slug>) -> Result<Option<Link>, StoreError> {
        match slug {
            Some(slug) => self.link(slug).await,
            None => Ok(None),
        }
    }

    /// Reads the link with this slug; if there is none, and capitals do not count on the domain, the one that it is without them.
    async fn link(&self, slug: Slug) -> Result<Option<Link>, StoreError> {
        let mut address = LinkAddress { domain: self.domain.clone(), slug };
        let link = self.links.get(&address).await?;
        if link.is_some() || address.slug.is_folded() {
            return Ok(link);
        }
        let rules = self.settings.settings(self.domain).await?.map(|settings| settings.slugs).unwrap_or_default();
        if rules.case == SlugCase::Sensitive {
            return Ok(None);
        }
        let Ok(folded) = address.slug.folded() else { return Ok(None) };
        address.slug = folded;
        self.links.get(&address).await
    }

    /// Returns what slugs of the domain can have, also those from before its present rules.
    async fn forms(&self) -> Result<SlugForms, StoreError> {
        let settings = self.settings.settings(self.domain).await?;
        let forms = |it: DomainSettings| SlugForms { slashes: it.may_have_slashes(), unicode: it.may_have_unicode() };
        Ok(settings.map(forms).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
