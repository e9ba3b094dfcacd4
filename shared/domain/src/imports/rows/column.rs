//! Names the columns that a row can have, and the services whose files are known.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A field of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// Where the link leads.
    Url,
    /// Its path.
    Slug,
    /// The short link as a URL of the service that it is from; its path is the slug.
    ShortUrl,
    /// The host that serves it.
    Domain,
    /// What its owner calls it.
    Title,
    /// Words to find it by.
    Tags,
    /// When it was created.
    CreatedAt,
    /// How many clicks the service that it is from had counted.
    ImportedClicks,
    /// Before this it is not found.
    StartsAt,
    /// From this on it is gone.
    ExpiresAt,
    /// Where it leads from then on.
    ExpiredUrl,
    /// How many clicks it serves.
    MaxClicks,
    /// The status of the redirect.
    RedirectStatus,
    /// Whether query parameters are forwarded.
    ForwardQuery,
    /// Other targets for some visits, as JSON.
    Rules,
    /// Weighted targets, as JSON.
    Variants,
    /// Whether it is put away.
    Archived,
    /// Whether it had a password, which no file holds.
    HasPassword,
}

impl Column {
    /// What the report and our own exports call it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Slug => "slug",
            Self::ShortUrl => "short_url",
            Self::Domain => "domain",
            Self::Title => "title",
            Self::Tags => "tags",
            Self::CreatedAt => "created_at",
            Self::ImportedClicks => "imported_clicks",
            Self::StartsAt => "starts_at",
            Self::ExpiresAt => "expires_at",
            Self::ExpiredUrl => "expired_url",
            Self::MaxClicks => "max_clicks",
            Self::RedirectStatus => "redirect_status",
            Self::ForwardQuery => "forward_query",
            Self::Rules => "rules",
            Self::Variants => "variants",
            Self::Archived => "archived",
            Self::HasPassword => "has_password",
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who wrote a file, if that can be told from its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// An export of this service.
    Waypost,
    /// Another service, whose domains are not ours.
    Shlink,
    /// Bitly.
    Bitly,
    /// Dub.
    Dub,
    /// YOURLS.
    Yourls,
    /// Kutt.
    Kutt,
    /// Short.io.
    ShortIo,
    /// Sink.
    Sink,
    /// Pocket.
    Pocket,
    /// A browser, or whatever else writes bookmarks as browsers do.
    Bookmarks,
}
