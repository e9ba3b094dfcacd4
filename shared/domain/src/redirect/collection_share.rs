//! Answers a visit to a link that leads to a collection: with a page of its files, each with a signed request to the bucket.
//!
//! Whether the visitor may come this far, the link has decided before, or the parameter of a [further page](super::further_page).

use std::sync::Arc;

use super::choose_target::Choice;
use super::further_page::{FurtherPage, further_page};
use super::ports::ClickLimit;
use super::record_click::{PendingClick, record_click};
use super::visit::Visit;
use crate::files::collections::collection::Collection;
use crate::files::collections::id::CollectionId;
use crate::files::collections::reader::{CollectionAddress, CollectionPart, CollectionReader};
use crate::files::file::StoredFile;
use crate::files::state::{FileState, Wait};
use crate::files::store_ports::{FileSigner, ReadMethod};
use crate::links::link::Link;
use crate::ports::Random;
use crate::values::error::StoreError;
use crate::values::slug::Slug;
use crate::values::timestamp::Timestamp;

/// How long the downloads of a page work, in seconds. No longer than until the file or the collection ends.
pub const LISTED_SECONDS: u32 = 3600;
/// How many bytes the files of a page may take as HTML, estimated. A response of Lambda has at most 6 MB, and quotation marks count twice there.
const MAX_LISTING_BYTES: usize = 4_000_000;
/// How many bytes a file takes on a page besides its names and its URL.
const BYTES_OF_A_FILE: usize = 400;

/// The ports for collections.
pub struct CollectionShares {
    /// Reads collections, through a cache.
    pub records: Arc<dyn CollectionReader>,
    /// Signs downloads.
    pub signer: Arc<dyn FileSigner>,
}

/// A visit to a link that leads to a collection.
#[derive(Clone, Copy)]
pub(super) struct CollectionVisit<'a> {
    pub(super) link: &'a Link,
    pub(super) visit: &'a Visit,
    pub(super) choice: &'a Choice<'a>,
    pub(super) asks: CollectionAsk,
    pub(super) now: Timestamp,
}

/// What the visitor asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CollectionAsk {
    /// The headers (HEAD).
    Look,
    /// The page (GET).
    Get,
    /// The page, with the right password in a form (POST).
    Unlock,
}

/// How a visit to a collection is answered.
#[derive(Debug)]
pub(super) enum CollectionAnswer {
    /// With a page of files.
    Listing(Box<Listing>),
    /// As a link that has ended: the collection is not there, its time is over, or the link is used up.
    Gone,
    /// With what the link tells before it is followed.
    Details(Arc<Collection>),
}

/// A page of a collection's files.
#[derive(Debug)]
pub struct Listing {
    /// The collection, with the number of all its files.
    pub collection: Arc<Collection>,
    /// The link's slug.
    pub slug: Slug,
    /// The files of this page. Those of a folder follow each other. None if the visitor asks for the headers only.
    pub files: Vec<ListedFile>,
    /// Whether files come before this page.
    pub is_further: bool,
    /// The value of the parameter [`super::further_page::PARAMETER`] of the next page, if there is one.
    pub next: Option<String>,
    /// The click, if the visit counts as one.
    pub click: Option<Box<PendingClick>>,
}

/// A file on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFile {
    /// Its folders, as every file system can keep them; empty if it has none.
    pub folders: String,
    /// Its name, as a download gets it.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// The type that its content has, or the announced one until that is known.
    pub content_type: String,
    /// Whether the visitor gets it.
    pub state: ListedState,
}

/// Whether a visitor gets a file of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListedState {
    /// At this URL, for [`LISTED_SECONDS`].
    Ready(String),
    /// Later.
    Waits(Wait),
    /// Never.
    Blocked,
}

impl CollectionShares {
    /// Answers `ask`, which asks for the collection `id` of the link's workspace.
    ///
    /// # Errors
    /// Those of the stores.
    pub(super) async fn answer(
        &self,
        ask: CollectionVisit<'_>,
        id: CollectionId,
        (limit, random): (&dyn ClickLimit, &dyn Random),
    ) -> Result<CollectionAnswer, StoreError> {
        let CollectionVisit { link, visit, choice, asks, now } = ask;
        // Who comes ahead of a person gets no downloads, and uses nothing up.
        let fetches_previews = asks == CollectionAsk::Get && visit.client().fetches_previews();
        let comes_ahead = fetches_previews || (visit.prefetch && link.settings.max_clicks.is_some());
        if asks == CollectionAsk::Look || comes_ahead {
            return Ok(match self.facts(link, id, now).await? {
                CollectionAnswer::Details(collection) if asks == CollectionAsk::Look => listing(link, collection),
                other => other,
            });
        }
        let Some(part) = self.open_part(link, id, None, now).await? else { return Ok(CollectionAnswer::Gone) };
        if visit.prefetch {
            return self.page(link, &part, false, now).await;
        }
        // A view is one whoever makes it: all that follows it are signed requests.
        if link.settings.max_clicks.is_some() && !limit.use_click(&link.address).await? {
            return Ok(CollectionAnswer::Gone);
        }
        let click = Box::new(record_click(visit, link, choice, now, random));
        Ok(match self.page(link, &part, false, now).await? {
            CollectionAnswer::Listing(mut listing) => {
                listing.click = Some(click);
                CollectionAnswer::Listing(listing)
            }
            other => other,
        })
    }

    /// Returns the collection for the page that tells where the link leads.
    ///
    /// # Errors
    /// Those of the stores.
    pub(super) async fn facts(
        &self,
        link: &Link,
        id: CollectionId,
        now: Timestamp,
    ) -> Result<CollectionAnswer, StoreError> {
        let collection = self.records.collection(&address(link, id)).await?;
        let open = collection.filter(|collection| !collection.has_ended(now));
        Ok(open.map_or(CollectionAnswer::Gone, CollectionAnswer::Details))
    }

    /// Returns the page that the parameter of the visit asks for. `None` if it gives no right to one: then the visit is as one without it. Counts
    /// no click.
    ///
    /// # Errors
    /// Those of the stores.
    pub(super) async fn further(
        &self,
        link: &Link,
        asked: FurtherPage,
        now: Timestamp,
    ) -> Result<Option<Listing>, StoreError> {
        let CollectionAnswer::Details(collection) = self.facts(link, asked.collection.clone(), now).await? else {
            return Ok(None);
        };
        // Before the list is read: nobody else may have any part of it read.
        if !asked.is_valid(link, &collection, now) {
            return Ok(None);
        }
        let part = self.open_part(link, asked.collection, Some(&asked.after), now).await?;
        let Some(part) = part else { return Ok(None) };
        Ok(match self.page(link, &part, true, now).await? {
            CollectionAnswer::Listing(listing) => Some(*listing),
            CollectionAnswer::Gone | CollectionAnswer::Details(_) => None,
        })
    }

    async fn open_part(
        &self,
        link: &Link,
        id: CollectionId,
        after: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<Arc<CollectionPart>>, StoreError> {
        let part = self.records.part(&address(link, id), after).await?;
        Ok(part.filter(|part| !part.collection.has_ended(now)))
    }

    /// Makes the page of a part. One that would be too large ends earlier.
    async fn page(
        &self,
        link: &Link,
        part: &CollectionPart,
        is_further: bool,
        now: Timestamp,
    ) -> Result<CollectionAnswer, StoreError> {
        let CollectionPart { collection, part } = part;
        let (mut files, mut bytes, mut next) = (Vec::with_capacity(part.files.len()), 0, part.next.clone());
        let mut last = None;
        for file in &part.files {
            let Some(listed) = self.listed(file, collection, now).await? else { continue };
            bytes += estimated_bytes(&listed);
            if bytes > MAX_LISTING_BYTES && last.is_some() {
                next = last;
                break;
            }
            last = file.place.as_ref().map(|place| place.path.key());
            files.push(listed);
        }
        let next = next.and_then(|after| further_page(link, collection, &after, now));
        let collection = Arc::new(collection.clone());
        let slug = link.address.slug.clone();
        Ok(CollectionAnswer::Listing(Box::new(Listing { collection, slug, files, is_further, next, click: None })))
    }

    /// Makes the entry of a file. `None` if its time is over.
    async fn listed(
        &self,
        file: &StoredFile,
        collection: &Collection,
        now: Timestamp,
    ) -> Result<Option<ListedFile>, StoreError> {
        let state = match file.state(now) {
            FileState::Ended => return Ok(None),
            FileState::Waits(wait) => ListedState::Waits(wait),
            FileState::Blocked => ListedState::Blocked,
            FileState::Ready => {
                let end = file.expires_at.into_iter().chain(collection.expires_at).min();
                let file = StoredFile { expires_at: end, ..file.clone() };
                let (key, seconds) = (file.object_key(), file.url_seconds(LISTED_SECONDS, now));
                let delivery = file.delivery().saved();
                ListedState::Ready(self.signer.sign_file(&key, ReadMethod::Get, &delivery, seconds).await?)
            }
        };
        let (folders, name) = file.place.as_ref().map(|place| place.path.safe()).unwrap_or_default();
        let content_type = file.detected.as_ref().map_or(&file.content_type, |detected| &detected.content_type);
        Ok(Some(ListedFile { folders, name, size: file.size, content_type: content_type.clone(), state }))
    }
}

fn address(link: &Link, id: CollectionId) -> CollectionAddress {
    CollectionAddress { workspace: link.workspace.clone(), id }
}

/// Makes a page of which the visitor gets the headers only.
fn listing(link: &Link, collection: Arc<Collection>) -> CollectionAnswer {
    let (slug, files) = (link.address.slug.clone(), Vec::new());
    let listing = Listing { collection, slug, files, is_further: false, next: None, click: None };
    CollectionAnswer::Listing(Box::new(listing))
}

/// Estimates what a file takes on a page: in names and types each character may be written as an entity of six.
fn estimated_bytes(file: &ListedFile) -> usize {
    let ListedFile { folders, name, content_type, state, .. } = file;
    let url = if let ListedState::Ready(url) = state { url.len() } else { 0 };
    BYTES_OF_A_FILE + 6 * (folders.len() + name.len() + content_type.len()) + url
}
