//! Answers a visit to a link that leads to a file, by the file's record.
//!
//! Whether the visitor may come this far, the link has decided before: it is open, and its password was given.

use std::sync::Arc;

use super::choose_target::Choice;
use super::file_page::{FileCard, FilePage, Shown};
use super::ports::ClickLimit;
use super::record_click::{PendingClick, record_click};
use super::visit::Visit;
use crate::files::file::StoredFile;
use crate::files::id::FileId;
use crate::files::reader::{FileAddress, FileReader};
use crate::files::state::{FileState, Wait};
use crate::files::store_ports::{FileSigner, ReadMethod};
use crate::links::link::Link;
use crate::ports::Random;
use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;

/// How long a visitor may begin to download a file after the redirect, in seconds. No longer than until the file ends.
pub const FILE_SECONDS: u32 = 60;

/// How long a visitor who unlocked a file may begin to download it from its page, in seconds.
pub const PAGE_SECONDS: u32 = 10 * 60;

/// The ports for files.
pub struct FileShares {
    /// Reads the records, through a cache.
    pub records: Arc<dyn FileReader>,
    /// Signs downloads.
    pub signer: Arc<dyn FileSigner>,
}

/// A visit to a link that leads to a file.
#[derive(Clone, Copy)]
pub(super) struct FileVisit<'a> {
    pub(super) link: &'a Link,
    pub(super) visit: &'a Visit,
    pub(super) choice: &'a Choice<'a>,
    pub(super) asks: FileAsk,
    pub(super) now: Timestamp,
}

/// What the visitor asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileAsk {
    /// The headers (HEAD).
    Look,
    /// The file (GET).
    Get,
    /// The file, with the right password in a form (POST).
    Unlock,
    /// The file, by the form of its page (POST).
    Take,
}

/// How a visit to a file is answered.
#[derive(Debug)]
pub(super) enum FileAnswer {
    /// With this.
    Served(ServedFile),
    /// As a link that has ended: the file is not there, its time is over, or the link is used up.
    Gone,
    /// With what the link tells before it is followed.
    Details(Arc<StoredFile>),
}

/// What a visitor of a file gets.
#[derive(Debug)]
pub enum ServedFile {
    /// The file.
    Download(Download),
    /// The page about it.
    Page(FilePage),
    /// What chats and posts show of it.
    Card(FileCard),
    /// That it will be there, if the visitor comes again.
    Waits(Wait),
    /// That it was blocked.
    Blocked,
}

/// A redirect to a file.
#[derive(Debug)]
pub struct Download {
    /// Where the visitor gets it, for [`FILE_SECONDS`].
    pub url: String,
    /// Whether the visitor sent a form, which the bucket must not get.
    pub after_form: bool,
    /// The click, if the visit counts as one.
    pub click: Option<Box<PendingClick>>,
}

impl FileShares {
    /// Answers `ask`, which asks for the file `id` of the link's workspace: a link never leads to a file of another one.
    ///
    /// # Errors
    /// Those of the stores.
    pub(super) async fn answer(
        &self,
        ask: FileVisit<'_>,
        id: FileId,
        (limit, random): (&dyn ClickLimit, &dyn Random),
    ) -> Result<FileAnswer, StoreError> {
        let FileVisit { link, visit, choice, asks, now } = ask;
        let file = match self.find(link, id, now).await? {
            Found::Ready(file) => file,
            Found::Unready(answer) => return Ok(answer),
        };
        let is_form = matches!(asks, FileAsk::Unlock | FileAsk::Take);
        if !is_form && visit.client().fetches_previews() {
            let preview = link.settings.preview.clone().unwrap_or_default();
            return Ok(FileAnswer::Served(ServedFile::Card(FileCard { file, preview })));
        }
        if !is_form && visit.wants_page && link.settings.landing {
            return self.page(&ask, file, None).await;
        }
        // Who comes ahead of a person must neither use up a download nor get around the limit.
        let is_limited = link.settings.max_clicks.is_some();
        if is_limited && visit.prefetch && asks != FileAsk::Look {
            return Ok(FileAnswer::Details(file));
        }
        if asks == FileAsk::Look || visit.prefetch {
            return self.download(&ask, &file, None).await;
        }
        // A download is one whoever makes it.
        if is_limited && !limit.use_click(&link.address).await? {
            return Ok(FileAnswer::Gone);
        }
        let click = Some(Box::new(record_click(visit, link, choice, now, random)));
        // Who had to find a password is told what it opened.
        if asks == FileAsk::Unlock && visit.wants_page {
            return self.page(&ask, file, Some(click)).await;
        }
        self.download(&ask, &file, click).await
    }

    /// Returns the record of the file for the page that tells where the link leads.
    ///
    /// # Errors
    /// Those of the stores.
    pub(super) async fn facts(&self, link: &Link, id: FileId, now: Timestamp) -> Result<FileAnswer, StoreError> {
        Ok(match self.find(link, id, now).await? {
            Found::Ready(file) => FileAnswer::Details(file),
            Found::Unready(answer) => answer,
        })
    }

    async fn find(&self, link: &Link, id: FileId, now: Timestamp) -> Result<Found, StoreError> {
        let address = FileAddress { workspace: link.workspace.clone(), id };
        let Some(file) = self.records.file(&address).await? else { return Ok(Found::Unready(FileAnswer::Gone)) };
        Ok(match file.state(now) {
            FileState::Ready => Found::Ready(file),
            FileState::Waits(wait) => Found::Unready(FileAnswer::Served(ServedFile::Waits(wait))),
            FileState::Blocked => Found::Unready(FileAnswer::Served(ServedFile::Blocked)),
            FileState::Ended => Found::Unready(FileAnswer::Gone),
        })
    }

    /// Makes the page about a file. `unlocked` is there after the password, with the click: then the page leads to the bucket itself, since
    /// a form on it would have to ask for the password again.
    async fn page(
        &self,
        ask: &FileVisit<'_>,
        file: Arc<StoredFile>,
        unlocked: Option<Option<Box<PendingClick>>>,
    ) -> Result<FileAnswer, StoreError> {
        let settings = &ask.link.settings;
        let (key, delivery) = (file.object_key(), file.delivery());
        let download = if unlocked.is_some() {
            let seconds = file.url_seconds(PAGE_SECONDS, ask.now);
            Some(self.signer.sign_file(&key, ReadMethod::Get, &delivery.clone().saved(), seconds).await?)
        } else {
            None
        };
        // What the page shows of a file is the file: it would get around a limit.
        let shows = settings.max_clicks.is_none() && !ask.visit.prefetch;
        let shown = match Shown::of(&delivery.content_type).filter(|_| shows) {
            Some(shown) => {
                let seconds = file.url_seconds(shown.seconds(), ask.now);
                Some((shown, self.signer.sign_file(&key, ReadMethod::Get, &delivery, seconds).await?))
            }
            None => None,
        };
        let ends_at = match (settings.expires_at, file.expires_at) {
            (Some(link), Some(file)) => Some(link.min(file)),
            (link, file) => link.or(file),
        };
        let downloads_left = settings.max_clicks.map(|max| max.saturating_sub(settings.used_clicks));
        let downloads_left = downloads_left.filter(|_| unlocked.is_none());
        let click = unlocked.flatten();
        let content_type = delivery.content_type;
        let page = FilePage { file, content_type, download, shown, ends_at, downloads_left, click };
        Ok(FileAnswer::Served(ServedFile::Page(page)))
    }

    async fn download(
        &self,
        ask: &FileVisit<'_>,
        file: &StoredFile,
        click: Option<Box<PendingClick>>,
    ) -> Result<FileAnswer, StoreError> {
        let method = if ask.asks == FileAsk::Look { ReadMethod::Head } else { ReadMethod::Get };
        let seconds = file.url_seconds(FILE_SECONDS, ask.now);
        let url = self.signer.sign_file(&file.object_key(), method, &file.delivery(), seconds).await?;
        let after_form = matches!(ask.asks, FileAsk::Unlock | FileAsk::Take);
        Ok(FileAnswer::Served(ServedFile::Download(Download { url, after_form, click })))
    }
}

/// A record, or the answer if visitors do not get the file.
enum Found {
    Ready(Arc<StoredFile>),
    Unready(FileAnswer),
}
