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
        "slug" | "shortcode" | "keyword" | "path" | "alias" | "key" | "backhalf" | "custombackhalf" | "slashtag"
        | "code" | "urlcode" | "linkcode" | "urlkey" | "shortkey" | "shortpath" | "shortid" | "customalias"
        | "customslug" | "customcode" | "customkeyword" | "vanity" | "linkending" | "urlending" => Column::Slug,
        "shorturl" | "shortlink" | "shortenedurl" | "shortenedlink" | "bitlink" | "secureshorturl" | "tinyurl" => {
            Column::ShortUrl
        }
        "customlink" | "custombitlink" | "custombitlinks" | "customurl" | "vanityurl" => Column::CustomUrl,
        "aliases" => Column::Aliases,
        "domain" => Column::Domain,
        "title" => Column::Title,
        "tags" | "tag" | "labels" => Column::Tags,
        "createdat" | "created" | "datecreated" | "creationdate" | "dateadded" | "timeadded" | "adddate"
        | "createdon" | "createddate" | "timestamp" => Column::CreatedAt,
        "importedclicks" | "clicks" | "clickcount" | "clickscount" | "totalclicks" | "visits" | "visitcount"
        | "visitscount" | "hits" => Column::ImportedClicks,
        "expiredurl" | "expirationurl" | "expiredredirect" => Column::ExpiredUrl,
        "redirectstatus" => Column::RedirectStatus,
        "forwardquery" => Column::ForwardQuery,
        "queryconflict" => Column::QueryConflict,
        "forwardpath" => Column::ForwardPath,
        "landing" => Column::Landing,
        "variants" => Column::Variants,
        "preview" => Column::Preview,
        // Who made a link elsewhere: here the import does.
        "createdby" | "changedby" | "brokensince" => Column::Ignored,
        // Switches whose names have the word, but not the meaning.
        "passwordcontact" | "passwordresetat" => Column::Ignored,
        _ => return restricting_column(name),
    })
}

/// Returns the column that restricts a link and that files of any service call `name`.
fn restricting_column(name: &str) -> Option<Column> {
    Some(match name {
        "startsat" | "startat" | "startdate" | "validsince" | "validfrom" | "activefrom" | "availablefrom"
        | "publishat" | "activatesat" => Column::StartsAt,
        "expiresat" | "expireat" | "expiredat" | "expires" | "expireson" | "expire" | "expirein" | "expiresin"
        | "expiry" | "expiryat" | "expiration" | "expirationat" | "expirationdate" | "expirationtime"
        | "expiresdate" | "expiredate" | "expirydate" | "validuntil" | "validto" | "validtill" | "activeuntil"
        | "availableuntil" | "enddate" | "endsat" | "endat" | "ttl" => Column::ExpiresAt,
        "maxclicks" | "maxvisits" | "maxviews" | "maxuses" | "maxhits" | "clickslimit" | "clicklimit"
        | "limitclicks" | "visitslimit" | "visitlimit" | "usagelimit" => Column::MaxClicks,
        "rules" => Column::Rules,
        "archived" | "isarchived" => Column::Archived,
        "disabled" | "isdisabled" | "banned" | "isbanned" | "blocked" | "isblocked" | "deleted" | "isdeleted"
        | "inactive" | "isinactive" | "paused" | "ispaused" | "suspended" | "issuspended" => Column::Disabled,
        "enabled" | "isenabled" | "active" | "isactive" => Column::Enabled,
        "status" | "state" | "linkstatus" => Column::Status,
        "password" | "pass" | "passwd" | "pwd" | "passphrase" | "passcode" | "passwort" | "kennwort" | "motdepasse"
        | "contraseña" | "linkpassword" => Column::Password,
        "passwordhash" | "hashedpassword" | "passwordhashed" => Column::PasswordHash,
        "protected" | "isprotected" => Column::HasPassword,
        "geo" | "geotargeting" => Column::Geo,
        "ios" | "iosurl" | "iostarget" | "iphoneurl" | "iosdestination" => Column::IosUrl,
        "android" | "androidurl" | "androidtarget" | "androiddestination" => Column::AndroidUrl,
        _ if name.contains("password") => Column::HasPassword,
        _ => return None,
    })
}

/// Returns the column that only files of `source` call `name`, which must be normalized.
pub(super) fn column_of_source(name: &str, source: Source) -> Option<Column> {
    match (source, name) {
        (Source::Kutt, "address") | (Source::Yourls, "source") => Some(Column::Slug),
        (Source::Kutt, "description") => Some(Column::Title),
        (Source::Chrome | Source::Linkwarden, "name") => Some(Column::Title),
        (Source::Firefox, "uri") | (Source::Pinboard, "href") | (Source::Raindrop, "link") => Some(Column::Url),
        (Source::Pinboard, "description") => Some(Column::Title),
        (Source::Pinboard, "time") => Some(Column::CreatedAt),
        (Source::Redirection, "source") => Some(Column::Slug),
        (Source::Redirection, "code") => Some(Column::RedirectStatus),
        (Source::Redirection, "status") => Some(Column::Archived),
        (Source::Kutt | Source::Bitly | Source::Rebrandly, "link") | (Source::Bitly, "id") => Some(Column::ShortUrl),
        (Source::Rebrandly, "domainname" | "domainfullname") => Some(Column::Domain),
        (Source::Sink, "apple") => Some(Column::IosUrl),
        (Source::Sink, "google") => Some(Column::AndroidUrl),
        // Says whether its owner has read the page.
        (Source::Pocket, "status") => Some(Column::Ignored),
        _ => None,
    }
}

/// Recognises the service that writes files with these column names, which must be normalized.
pub(super) fn recognise_source(names: &[String]) -> Option<Source> {
    let has = |wanted: &[&str]| wanted.iter().all(|name| names.iter().any(|given| given == name));
    let sources: &[(&[&str], Source)] = &[
        (&["redirectstatus", "forwardquery", "importedclicks"], Source::Waypost),
        // What every line of JSON has, and every link that the API shows.
        (&["url", "slug", "domain", "createdat", "redirectstatus", "forwardquery", "archived"], Source::Waypost),
        (&["longurl", "bitlink"], Source::Bitly),
        (&["longurl", "custombitlinks"], Source::Bitly),
        (&["longurl", "link"], Source::Bitly),
        (&["destinationurl", "link"], Source::Bitly),
        (&["longurl", "shortcode"], Source::Shlink),
        (&["destinationurl", "shortlink"], Source::Dub),
        (&["destinationurl", "key"], Source::Dub),
        (&["url", "key", "shortlink"], Source::Dub),
        (&["keyword", "url", "timestamp"], Source::Yourls),
        (&["source", "target", "regex"], Source::Redirection),
        (&["source", "target"], Source::Yourls),
        (&["target", "address"], Source::Kutt),
        (&["originalurl", "path"], Source::ShortIo),
        (&["slashtag", "destination"], Source::Rebrandly),
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
        (&["url", "matchtype", "actiontype"], Source::Redirection),
    ];
    sources.iter().find(|(wanted, _)| has(wanted)).map(|(_, source)| *source)
}

/// The names of URLs that count only where no column has one of the common names.
pub(super) const WEAK_URL_NAMES: [&str; 21] = [
    "link",
    "href",
    "website",
    "websiteurl",
    "dest",
    "long",
    "longlink",
    "fullurl",
    "uri",
    "weburl",
    "webaddress",
    "site",
    "siteurl",
    "pageurl",
    "linkurl",
    "redirect",
    "redirecturl",
    "redirectto",
    "forwardto",
    "goesto",
    "address",
];

/// Tells whether a column of this name, which must be normalized, surely holds no slug, although its cells may look like some.
pub(super) fn is_never_slug(name: &str) -> bool {
    const NAMES: [&str; 45] = [
        "",
        "id",
        "idstring",
        "uuid",
        "guid",
        "linkid",
        "externalid",
        "userid",
        "tenantid",
        "projectid",
        "programid",
        "partnerid",
        "folderid",
        "domainid",
        "workspaceid",
        "tagid",
        "user",
        "username",
        "author",
        "owner",
        "creator",
        "createdby",
        "email",
        "ip",
        "note",
        "notes",
        "comment",
        "comments",
        "description",
        "category",
        "categories",
        "group",
        "folder",
        "type",
        "kind",
        "lang",
        "language",
        "country",
        "city",
        "campaign",
        "campaignid",
        "source",
        "medium",
        "other",
        "content",
    ];
    NAMES.contains(&name) || name.starts_with("utm") || name.ends_with("at") || name.ends_with("date")
}
