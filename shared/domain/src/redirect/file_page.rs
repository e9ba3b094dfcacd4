//! Defines what visitors learn of a file before they get it: on its page, and in chats and posts that show the link.

use std::sync::Arc;

use super::record_click::PendingClick;
use crate::files::file::StoredFile;
use crate::links::preview::LinkPreview;
use crate::values::timestamp::Timestamp;

/// How a page shows a file. None of these ways runs anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// As a picture.
    Image,
    /// As a film.
    Video,
    /// As a sound.
    Audio,
}

impl Shown {
    /// Returns how a page shows a file that is sent as this type, if it does. Types that could run something are never sent as such.
    pub(super) fn of(content_type: &str) -> Option<Self> {
        match content_type.split('/').next() {
            Some("image") => Some(Self::Image),
            Some("video") => Some(Self::Video),
            Some("audio") => Some(Self::Audio),
            _ => None,
        }
    }

    /// Returns how long the URL works that a page shows it by, in seconds. A film is asked for again at each place that one goes to.
    pub(super) fn seconds(self) -> u32 {
        match self {
            Self::Image => 10 * 60,
            Self::Video | Self::Audio => 6 * 3600,
        }
    }
}

/// The page of a file.
#[derive(Debug)]
pub struct FilePage {
    /// The file.
    pub file: Arc<StoredFile>,
    /// The type that it is sent as.
    pub content_type: String,
    /// Where the visitor gets it. `None` if the page has a form that asks the link for it.
    pub download: Option<String>,
    /// What the page shows of it, and from where.
    pub shown: Option<(Shown, String)>,
    /// When the link or the file ends.
    pub ends_at: Option<Timestamp>,
    /// How often it can be downloaded; `None` if as often as one wants, or if this visit was the download.
    pub downloads_left: Option<u64>,
    /// The click, if the visit counts as one.
    pub click: Option<Box<PendingClick>>,
}

/// What programs that fetch previews show of a link to a file. It gives nothing of the file's content.
#[derive(Debug)]
pub struct FileCard {
    /// The file.
    pub file: Arc<StoredFile>,
    /// What the owner wants them to show.
    pub preview: LinkPreview,
}
