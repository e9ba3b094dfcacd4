//! Maps the names that files give their columns to [`Column`]s, and recognises services by them.

use super::column::{Column, Source};

/// How many characters of a name are compared. No known name is longer.
const MAX_NAME_CHARS: usize = 32;

/// Normalizes a name: removes spaces and punctuation, and lowers its case.
pub(super) fn normalize(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).take(MAX_NAME_CHARS).flat_map(char::to_lowercase).collect()
}

/// Returns the column that files of any service call `name`, which must be normalized.
pub(super) fn common_column(name: &str) -> Option<Column> {
    Some(match name {
        "url" | "target" | "targeturl" | "longurl" | "destination" | "destinationurl" | "originalurl" => Column::Url,
        "slug" | "shortcode" | "keyword" | "path" | "alias" | "key" | "backhalf" | "custombackhalf" => Column::Slug,
        "shorturl" | "shortlink" | "bitlink" | "secureshorturl" => Column::ShortUrl,
        "domain" => Column::Domain,
        "title" => Column::Title,
        "tags" | "tag" | "labels" => Column::Tags,
        "createdat" | "created" | "datecreated" | "creationdate" | "dateadded" | "timeadded" | "adddate" => {
            Column::CreatedAt
        }
        "timestamp" => Column::CreatedAt,
        "importedclicks" | "clicks" | "clickcount" | "totalclicks" | "visits" | "visitcount" | "visitscount"
        | "hits" => Column::ImportedClicks,
        "startsat" | "validsince" => Column::StartsAt,
        "expiresat" | "expirein" | "expiration" | "expirationdate" | "expirydate" | "validuntil" => Column::ExpiresAt,
        "expiredurl" => Column::ExpiredUrl,
        "maxclicks" | "maxvisits" => Column::MaxClicks,
        "redirectstatus" => Column::RedirectStatus,
        "forwardquery" => Column::ForwardQuery,
        "rules" => Column::Rules,
        "variants" => Column::Variants,
        "archived" => Column::Archived,
        "haspassword" => Column::HasPassword,
        _ => return None,
    })
}

/// Returns the column that only files of `source` call `name`, which must be normalized.
pub(super) fn column_of_source(name: &str, source: Source) -> Option<Column> {
    match (source, name) {
        (Source::Kutt, "address") => Some(Column::Slug),
        (Source::Kutt, "description") => Some(Column::Title),
        (Source::Kutt, "link") => Some(Column::ShortUrl),
        (Source::Chrome | Source::Linkwarden, "name") => Some(Column::Title),
        (Source::Firefox, "uri") | (Source::Pinboard, "href") | (Source::Raindrop, "link") => Some(Column::Url),
        (Source::Pinboard, "description") => Some(Column::Title),
        (Source::Pinboard, "time") => Some(Column::CreatedAt),
        (Source::Redirection, "source") => Some(Column::Slug),
        (Source::Redirection, "code") => Some(Column::RedirectStatus),
        (Source::Redirection, "status") => Some(Column::Archived),
        _ => None,
    }
}

/// Recognises the service that writes files with these column names, which must be normalized.
pub(super) fn recognise_source(names: &[String]) -> Option<Source> {
    let has = |wanted: &[&str]| wanted.iter().all(|name| names.iter().any(|given| given == name));
    let sources: [(&[&str], Source); 22] = [
        (&["redirectstatus", "forwardquery", "importedclicks"], Source::Waypost),
        (&["longurl", "bitlink"], Source::Bitly),
        (&["longurl", "shortcode"], Source::Shlink),
        (&["destinationurl", "shortlink"], Source::Dub),
        (&["destinationurl", "key"], Source::Dub),
        (&["keyword", "url", "timestamp"], Source::Yourls),
        (&["target", "address"], Source::Kutt),
        (&["originalurl", "path"], Source::ShortIo),
        (&["url", "timeadded", "status"], Source::Pocket),
        (&["url", "name", "dateadded", "guid"], Source::Chrome),
        (&["url", "name", "dateadded", "type"], Source::Chrome),
        (&["uri", "dateadded", "guid"], Source::Firefox),
        (&["uri", "typecode"], Source::Firefox),
        (&["url", "name", "collectionid"], Source::Linkwarden),
        (&["content", "createdat", "tags"], Source::Karakeep),
        (&["link", "excerpt"], Source::Raindrop),
        (&["url", "excerpt", "folder"], Source::Raindrop),
        (&["href", "description", "toread"], Source::Pinboard),
        (&["href", "description", "extended"], Source::Pinboard),
        (&["url", "title", "selection", "folder"], Source::Instapaper),
        (&["source", "target", "regex"], Source::Redirection),
        (&["url", "matchtype", "actiontype"], Source::Redirection),
    ];
    sources.into_iter().find(|(wanted, _)| has(wanted)).map(|(_, source)| source)
}
