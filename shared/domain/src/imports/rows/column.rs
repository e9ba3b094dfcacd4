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
    /// Another short link as a URL, which its owner chose; its path is the slug rather than that of `ShortUrl`.
    CustomUrl,
    /// Other addresses that lead to the link.
    Aliases,
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
    /// Which value of a query parameter counts, the target's or the visit's.
    QueryConflict,
    /// Whether the redirect forwards what follows the slug in the path.
    ForwardPath,
    /// Whether people get a page about a file before the file.
    Landing,
    /// Other targets for some visits, as JSON.
    Rules,
    /// Weighted targets, as JSON.
    Variants,
    /// What previews of the link show, as JSON.
    Preview,
    /// Whether the link is archived.
    Archived,
    /// Whether the service that exported the link had switched it off.
    Disabled,
    /// The opposite of `Disabled`.
    Enabled,
    /// The state of the link in a word, such as `active` or `banned`.
    Status,
    /// Whether the link has a password.
    HasPassword,
    /// The password in plain text, or whether there is one.
    Password,
    /// The hash of the password.
    PasswordHash,
    /// Targets by country, as a JSON object.
    Geo,
    /// The target on iOS.
    IosUrl,
    /// The target on Android.
    AndroidUrl,
    /// A column that the import leaves out, because its meaning is known to be of no use or its owner says so.
    Ignored,
}

/// Every column with its name in reports, in our own exports and in options.
const NAMES: [(Column, &str); 33] = [
    (Column::Url, "url"),
    (Column::Slug, "slug"),
    (Column::ShortUrl, "short_url"),
    (Column::CustomUrl, "custom_url"),
    (Column::Aliases, "aliases"),
    (Column::Domain, "domain"),
    (Column::Title, "title"),
    (Column::Tags, "tags"),
    (Column::CreatedAt, "created_at"),
    (Column::ImportedClicks, "imported_clicks"),
    (Column::StartsAt, "starts_at"),
    (Column::ExpiresAt, "expires_at"),
    (Column::ExpiredUrl, "expired_url"),
    (Column::MaxClicks, "max_clicks"),
    (Column::RedirectStatus, "redirect_status"),
    (Column::ForwardQuery, "forward_query"),
    (Column::QueryConflict, "query_conflict"),
    (Column::ForwardPath, "forward_path"),
    (Column::Landing, "landing"),
    (Column::Rules, "rules"),
    (Column::Variants, "variants"),
    (Column::Preview, "preview"),
    (Column::Archived, "archived"),
    (Column::Disabled, "disabled"),
    (Column::Enabled, "enabled"),
    (Column::Status, "status"),
    (Column::HasPassword, "has_password"),
    (Column::Password, "password"),
    (Column::PasswordHash, "password_hash"),
    (Column::Geo, "geo"),
    (Column::IosUrl, "ios_url"),
    (Column::AndroidUrl, "android_url"),
    // Never the column of a fault.
    (Column::Ignored, "ignore"),
];

impl Column {
    /// Returns the name of the column in reports and in our own exports.
    pub fn as_str(self) -> &'static str {
        NAMES.iter().find(|(column, _)| *column == self).map_or("", |(_, name)| name)
    }

    /// Returns the column with this name, or [`Column::Ignored`] for `ignore`.
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(column, _)| *column)
    }

    /// Returns the names of all columns, for people.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(_, name)| *name)
    }

    /// Tells whether the column limits who may follow the link, when or where to. A link is never open without a limit that its
    /// row asks for.
    pub fn restricts(self) -> bool {
        matches!(
            self,
            Self::StartsAt
                | Self::ExpiresAt
                | Self::MaxClicks
                | Self::Rules
                | Self::Variants
                | Self::Archived
                | Self::Disabled
                | Self::Enabled
                | Self::Status
                | Self::HasPassword
                | Self::Password
                | Self::PasswordHash
                | Self::Geo
                | Self::IosUrl
                | Self::AndroidUrl
        )
    }

    /// Tells whether the column is about the link's password.
    pub(in crate::imports) fn is_password(self) -> bool {
        matches!(self, Self::HasPassword | Self::Password | Self::PasswordHash)
    }

    /// Tells whether the column holds yes or no, perhaps beside other values.
    pub(super) fn is_flag(self) -> bool {
        matches!(
            self,
            Self::Archived
                | Self::Disabled
                | Self::Enabled
                | Self::Status
                | Self::ForwardQuery
                | Self::ForwardPath
                | Self::Landing
                | Self::HasPassword
                | Self::Password
        )
    }

    /// Tells whether the column holds times.
    pub(super) fn is_time(self) -> bool {
        matches!(self, Self::CreatedAt | Self::StartsAt | Self::ExpiresAt)
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
    /// Rebrandly.
    Rebrandly,
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
