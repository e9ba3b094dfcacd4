//! Defines the columns that a row can have, and the services whose files are known.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A column that a file can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// The URL to which the link leads.
    Url,
    /// The slug of the link.
    Slug,
    /// The short link as a URL of the service that exported it; its path is the slug.
    ShortUrl,
    /// The host that serves the link.
    Domain,
    /// The title of the link.
    Title,
    /// The tags of the link.
    Tags,
    /// When the link was created.
    CreatedAt,
    /// How many clicks the service that exported the link counted.
    ImportedClicks,
    /// When the link starts to work.
    StartsAt,
    /// When the link expires.
    ExpiresAt,
    /// The URL to which the link leads once it has expired.
    ExpiredUrl,
    /// How many clicks the link serves.
    MaxClicks,
    /// The HTTP status of the redirect.
    RedirectStatus,
    /// Whether the redirect forwards query parameters.
    ForwardQuery,
    /// Other targets for some visits, as JSON.
    Rules,
    /// Weighted targets, as JSON.
    Variants,
    /// Whether the link is archived.
    Archived,
    /// Whether the link had a password. No file holds the password itself.
    HasPassword,
}

impl Column {
    /// Returns the name of the column in reports and in our own exports.
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

/// The service that wrote a file, as its columns reveal it. The domains in files of other services are not ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Waypost itself.
    Waypost,
    /// Shlink.
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
    /// A browser, or another program that writes bookmarks as browsers do.
    Bookmarks,
    /// Chrome, or a browser made from it: the file in which it keeps its bookmarks.
    Chrome,
    /// Firefox: the backup of its bookmarks.
    Firefox,
    /// Linkwarden.
    Linkwarden,
    /// Karakeep.
    Karakeep,
    /// Raindrop.
    Raindrop,
    /// Pinboard.
    Pinboard,
    /// Instapaper.
    Instapaper,
    /// Polr.
    Polr,
    /// Redirection, a plugin of WordPress.
    Redirection,
    /// A web server's or a hosting service's redirects.
    Rules,
}
