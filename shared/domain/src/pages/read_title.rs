//! Reads the title of a link from its target.

use super::ports::{FetchError, FetchPage, TitleRequest};
use super::title::title_of;
use crate::links::link::{Link, check_title};
use crate::links::ports::{LinkReader, LinkWriter};
use crate::values::error::StoreError;

/// The ports of [`read_title`].
#[derive(Clone, Copy)]
pub struct ReadTitlePorts<'a> {
    /// Finds the link.
    pub reader: &'a dyn LinkReader,
    /// Writes the title.
    pub writer: &'a dyn LinkWriter,
    /// Fetches its target.
    pub pages: &'a dyn FetchPage,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TitleRead {
    /// The link has the title of its target.
    Written,
    /// The link is gone, or is another one now, or needs no title any more.
    NotNeeded,
    /// The page has no title, or none that can be read.
    NoTitle,
    /// The page cannot be fetched. Nothing tries again: a target that does not answer need not have a title.
    NotFetched(FetchError),
}

/// Fetches the target of the link that `request` names, and gives the link the title of that page if the link has none and its owner has
/// changed nothing meanwhile.
///
/// The title is no change by the owner: the link's revision and `updated_at` stay, so that an `If-Match` from before it holds. Its entity
/// tag differs nevertheless.
///
/// # Errors
/// Those of the stores. The request can be done again.
pub async fn read_title(ports: &ReadTitlePorts<'_>, request: &TitleRequest) -> Result<TitleRead, StoreError> {
    let found = ports.reader.get_latest(&request.address).await?;
    let needs_title = |link: &Link| {
        (&link.workspace, link.id()) == (&request.workspace, request.link.clone())
            && link.title.is_none()
            && link.leads_to_page()
    };
    let Some(seen) = found.filter(needs_title) else { return Ok(TitleRead::NotNeeded) };
    let page = match ports.pages.fetch(&seen.url).await {
        Ok(page) => page,
        Err(error) => return Ok(TitleRead::NotFetched(error)),
    };
    let Some(title) = title_of(&page).and_then(|title| check_title(&title).ok()) else { return Ok(TitleRead::NoTitle) };
    let mut next = seen.clone();
    next.title = Some(title);
    next.settings.title_is_read = true;
    let written = ports.writer.replace(&seen, &next).await?;
    Ok(if written { TitleRead::Written } else { TitleRead::NotNeeded })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::page::Page;
    use crate::testing::links::MemoryLinks;
    use crate::testing::pages::MemoryPages;
    use crate::testing::samples::link_with_id;

    fn page(title: &str) -> Page {
        let body = format!("<title>{title}</title>").into_bytes();
        Page { status: 200, content_type: "text/html".to_owned(), body }
    }

    async fn world() -> (MemoryLinks, MemoryPages, Link, TitleRequest) {
        let (links, pages) = (MemoryLinks::default(), MemoryPages::default());
        let link = link_with_id("acme", "docs", "https://example.com/", "1");
        links.insert(&link).await.unwrap();
        pages.put("https://example.com/", Ok(page("Docs")));
        let request =
            TitleRequest { workspace: link.workspace.clone(), address: link.address.clone(), link: link.id() };
        (links, pages, link, request)
    }

    async fn read(links: &MemoryLinks, pages: &MemoryPages, request: &TitleRequest) -> TitleRead {
        read_title(&ReadTitlePorts { reader: links, writer: links, pages }, request).await.unwrap()
    }

    #[tokio::test]
    async fn link_gets_the_title_of_its_target_once() {
        let (links, pages, link, request) = world().await;
        assert_eq!(read(&links, &pages, &request).await, TitleRead::Written);
        let titled = links.all()[0].clone();
        assert_eq!((titled.title.as_deref(), titled.settings.title_is_read), (Some("Docs"), true));
        assert_eq!((titled.revision, titled.updated_at, titled.changed_by.clone()), (0, None, None));
        assert_ne!(titled.etag(), link.etag());
        let precondition = crate::links::precondition::Precondition::parse(Some(&link.etag()));
        assert!(precondition.holds(&titled), "the owner has changed nothing");
        pages.put("https://example.com/", Ok(page("Other")));
        assert_eq!(read(&links, &pages, &request).await, TitleRead::NotNeeded);
        assert_eq!((links.all()[0].title.as_deref(), pages.fetched()), (Some("Docs"), 1));
    }

    #[tokio::test]
    async fn nothing_is_fetched_for_a_link_that_is_gone_or_another() {
        let (links, pages, link, request) = world().await;
        for other in [
            TitleRequest {
                workspace: link_with_id("other", "docs", "https://a.example/", "1").workspace,
                ..request.clone()
            },
            TitleRequest { link: link_with_id("acme", "docs", "https://a.example/", "2").id(), ..request.clone() },
            TitleRequest {
                address: link_with_id("acme", "none", "https://a.example/", "1").address,
                ..request.clone()
            },
        ] {
            assert_eq!(read(&links, &pages, &other).await, TitleRead::NotNeeded, "{other:?}");
        }
        links.forget(&link.address);
        assert_eq!((read(&links, &pages, &request).await, pages.fetched()), (TitleRead::NotNeeded, 0));
    }

    #[tokio::test]
    async fn change_by_the_owner_meanwhile_wins() {
        let (links, pages, link, request) = world().await;
        let mut changed = link.clone();
        (changed.revision, changed.title) = (1, Some("Mine".to_owned()));
        let meanwhile = ChangedMeanwhile { links: &links, seen: link, next: changed };
        let ports = ReadTitlePorts { reader: &links, writer: &meanwhile, pages: &pages };
        assert_eq!(read_title(&ports, &request).await.unwrap(), TitleRead::NotNeeded);
        assert_eq!(links.all()[0].title.as_deref(), Some("Mine"));
    }

    /// Lets the owner change a link just before another write.
    struct ChangedMeanwhile<'a> {
        links: &'a MemoryLinks,
        seen: Link,
        next: Link,
    }

    #[async_trait::async_trait]
    impl LinkWriter for ChangedMeanwhile<'_> {
        async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError> {
            LinkWriter::replace(self.links, &self.seen, &self.next).await?;
            LinkWriter::replace(self.links, seen, next).await
        }
        async fn insert(&self, _: &Link) -> Result<bool, StoreError> {
            panic!("inserts nothing")
        }
        async fn relocate(
            &self,
            _: &Link,
            _: &Link,
            _: crate::values::timestamp::Timestamp,
        ) -> Result<crate::links::ports::Relocation, StoreError> {
            panic!("moves nothing")
        }
        async fn delete(&self, _: &Link, _: crate::values::timestamp::Timestamp) -> Result<bool, StoreError> {
            panic!("deletes nothing")
        }
    }

    #[tokio::test]
    async fn page_without_title_or_answer_changes_nothing() {
        let (links, pages, link, request) = world().await;
        for (answer, expected) in [
            (Ok(page(" ")), TitleRead::NoTitle),
            (Ok(Page { status: 500, ..page("Error") }), TitleRead::NoTitle),
            (Err(FetchError::Timeout), TitleRead::NotFetched(FetchError::Timeout)),
        ] {
            pages.put("https://example.com/", answer);
            assert_eq!(read(&links, &pages, &request).await, expected);
        }
        assert_eq!(links.all(), [link]);
        links.fail(true);
        assert!(read_title(&ReadTitlePorts { reader: &links, writer: &links, pages: &pages }, &request).await.is_err());
    }
}
