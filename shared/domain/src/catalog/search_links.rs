//! Lists the links of the caller's workspace as a search or a sorted list, from the catalogue; without one, from the index of links.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::try_join_all;
use url::Url;

use super::memory::Catalog;
use super::query::{CatalogItem, CatalogPage, CatalogQuery, Place, SortBy, TargetFilter};
use super::read::{Answer, Catalogs};
use crate::access::key::{Caller, Role};
use crate::links::link::Link;
use crate::links::list::{ListAddition, ListRequest, check, fitting, list_checked};
use crate::links::ports::{LinkBatch, LinkIndex, MAX_BATCH, Occupant};
use crate::links::query::LinkQuery;
use crate::values::domains::Domains;
use crate::values::error::{Error, StoreError};
use crate::values::field_errors::Errors;
use crate::values::page::{PageQuery, PageRequest};
use crate::values::target::TargetUrl;
use crate::values::text::check_text;
use crate::values::timestamp::Timestamp;

/// The greatest length of a cursor, in bytes. The words of a title stand in it.
const MAX_CURSOR: usize = 8192;
/// How soon a client should ask again while the catalogue is built, in seconds.
const BUILDING_SECONDS: u64 = 5;

/// What searches need from outside.
#[derive(Clone, Copy)]
pub struct SearchPorts<'a> {
    /// Lists links without the catalogue.
    pub index: &'a dyn LinkIndex,
    /// The catalogues.
    pub catalogs: &'a Catalogs,
    /// Reads the links that a search found.
    pub links: &'a dyn LinkBatch,
    /// The stack's own domains.
    pub domains: &'a Domains,
}

/// A link of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedLink {
    /// The link.
    pub link: Link,
    /// Its clicks, if the request asks for them.
    pub clicks: Option<ListedClicks>,
}

/// The clicks of people on a link since it exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListedClicks {
    /// Their number.
    pub clicks: u64,
    /// The time of the last of them.
    pub last_click_at: Option<Timestamp>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkList {
    /// The links, at most as many as the request wants.
    pub items: Vec<ListedLink>,
    /// The cursor of the next page; `None` on the last page.
    pub next_cursor: Option<String>,
    /// How many links the query selects on all pages, if the request asks for it.
    pub total: Option<usize>,
}

/// Returns a page of the workspace's links, of those that the caller reaches. Needs [`Role::Viewer`].
///
/// The newest first without any filter come from the index of links, and so does everything that the index can answer while the
/// catalogue is being built.
///
/// # Errors
/// [`Error::Invalid`] names every parameter that is wrong; [`Error::NotReady`] if only the catalogue can answer and there is none.
pub async fn search_links(ports: &SearchPorts<'_>, caller: &Caller, request: &ListRequest) -> Result<LinkList, Error> {
    caller.require(Role::Viewer)?;
    let wanted = Wanted::check(request, caller, ports.domains)?;
    if wanted.is_plain {
        return from_index(ports, caller, wanted.query).await;
    }
    match ports.catalogs.ask(&caller.workspace, |catalog: &Catalog| catalog.query(&wanted.catalog)).await? {
        Answer::Ready(page) => from_catalog(ports, caller, &wanted, page).await,
        _ if wanted.index_can_answer => from_index(ports, caller, wanted.query).await,
        Answer::Building => Err(Error::NotReady {
            detail: "the links of this workspace are being indexed for searches; try again".to_owned(),
            retry_after_seconds: BUILDING_SECONDS,
        }),
        Answer::TooLarge(bytes) => Err(Error::NotReady {
            detail: format!(
                "searches cannot hold the links of this workspace ({} MB) in memory: the operator can raise SearchMemory",
                bytes >> 20
            ),
            retry_after_seconds: 3600,
        }),
    }
}

async fn from_index(ports: &SearchPorts<'_>, caller: &Caller, query: LinkQuery) -> Result<LinkList, Error> {
    let page = list_checked(ports.index, caller, query).await?;
    let items = page.items.into_iter().map(|link| ListedLink { link, clicks: None }).collect();
    Ok(LinkList { items, next_cursor: page.next_cursor, total: None })
}

async fn from_catalog(
    ports: &SearchPorts<'_>,
    caller: &Caller,
    wanted: &Wanted,
    page: CatalogPage,
) -> Result<LinkList, Error> {
    let read = page.items.chunks(MAX_BATCH).map(|items| read_links(ports.links, caller, items));
    let mut found: Vec<(ListedLink, &Place)> = try_join_all(read).await?.into_iter().flatten().collect();
    let fitting = fitting(found.iter().map(|(item, _)| &item.link));
    let next = if fitting < found.len() { found.get(fitting - 1).map(|(_, place)| *place) } else { page.next.as_ref() };
    let next_cursor = next.and_then(encode);
    found.truncate(fitting);
    let listed = |(item, _): (ListedLink, _)| ListedLink { clicks: item.clicks.filter(|_| wanted.with_clicks), ..item };
    let items = found.into_iter().map(listed).collect();
    Ok(LinkList { items, next_cursor, total: wanted.with_total.then_some(page.total) })
}

/// Reads the links as they are now. Leaves out those that are gone meanwhile.
async fn read_links<'a>(
    links: &dyn LinkBatch,
    caller: &Caller,
    items: &'a [CatalogItem],
) -> Result<Vec<(ListedLink, &'a Place)>, StoreError> {
    let addresses: Vec<_> = items.iter().map(|item| item.address.clone()).collect();
    let found = links.get_all(&addresses).await?;
    let listed = items.iter().zip(found).filter_map(|(item, occupant)| {
        let Occupant::Link(link) = occupant else { return None };
        let same = caller.sees(&link) && link.address == item.address;
        let clicks = ListedClicks { clicks: item.clicks, last_click_at: item.last_click_at };
        same.then_some((ListedLink { link: *link, clicks: Some(clicks) }, &item.place))
    });
    Ok(listed.collect())
}

/// Checks the filters of a request, and makes a query of all that they select.
///
/// # Errors
/// [`Error::Invalid`] names every parameter that is wrong.
pub fn check_filters(request: &ListRequest, caller: &Caller, domains: &Domains) -> Result<CatalogQuery, Error> {
    Ok(Wanted::check(request, caller, domains)?.catalog)
}

/// A checked request.
struct Wanted {
    query: LinkQuery,
    catalog: CatalogQuery,
    /// Whether the index of links answers it best.
    is_plain: bool,
    /// Whether the index of links can answer it.
    index_can_answer: bool,
    with_clicks: bool,
    with_total: bool,
}

impl Wanted {
    fn check(request: &ListRequest, caller: &Caller, domains: &Domains) -> Result<Self, Error> {
        let mut errors = Errors::default();
        let after = request.page.cursor.as_deref().and_then(decode);
        // Cursors of the index and of the catalogue differ: a list goes on where it came from.
        let cursor = request.page.cursor.clone().filter(|_| after.is_none());
        let page: PageQuery = PageRequest { cursor, ..request.page.clone() }.check_with(&mut errors);
        let of_index = page.before.is_some();
        let query = check(request, caller, domains, page, &mut errors);
        let search = request.search.as_deref();
        let search = search.and_then(|text| errors.note("search", check_text(text, ListRequest::MAX_SEARCH_CHARS)));
        let targets = target_filters(request, domains, &mut errors);
        let (sort, descending) = order(request, &mut errors);
        let (mut with_clicks, mut with_total) = (false, false);
        for name in &request.include {
            match ListAddition::parse(name) {
                Some(ListAddition::Clicks) => with_clicks = true,
                Some(ListAddition::Total) => with_total = true,
                None => errors.add("include", "must be clicks or total"),
            }
        }
        let index_can_answer = search.is_none()
            && targets.is_empty()
            && (sort, descending) == (SortBy::Created, true)
            && !with_clicks
            && !with_total
            && after.is_none()
            // Where a search of the index ends, its cursor names a link, perhaps one that the caller does not reach.
            && caller.scope.is_whole();
        if of_index && !index_can_answer {
            errors.add("cursor", "belongs to a list with other parameters");
        }
        let filter = query.filter.clone();
        let unfiltered = !filter.is_selective();
        let catalog = CatalogQuery {
            search: search.unwrap_or_default(),
            filter,
            targets,
            created_from: query.created_from,
            created_before: query.created_before,
            sort,
            descending,
            after,
            limit: query.limit,
        };
        let is_plain = index_can_answer && (unfiltered || of_index);
        errors.or(Some(Self { query, catalog, is_plain, index_can_answer, with_clicks, with_total }))
    }
}

fn order(request: &ListRequest, errors: &mut Errors) -> (SortBy, bool) {
    let by_default = if request.search.is_some() { SortBy::Relevance } else { SortBy::Created };
    let sort = match request.sort.as_deref() {
        None => by_default,
        Some(name) => SortBy::ALL.into_iter().find(|sort| sort.name() == name).unwrap_or_else(|| {
            errors.add("sort", "must be created, changed, clicks, last_click, expires, title or relevance");
            by_default
        }),
    };
    if sort == SortBy::Relevance && request.search.is_none() {
        errors.add("sort", "relevance needs search");
    }
    let descending = match request.order.as_deref() {
        None => sort.is_descending(),
        Some("desc") => true,
        Some("asc") => false,
        Some(_) => {
            errors.add("order", "must be asc or desc");
            true
        }
    };
    (sort, descending)
}

fn target_filters(request: &ListRequest, domains: &Domains, errors: &mut Errors) -> Vec<TargetFilter> {
    let given = [("url", &request.url), ("url_prefix", &request.url_prefix), ("host", &request.host)];
    let given = given.into_iter().filter_map(|(name, text)| Some((name, text.as_deref()?)));
    given.filter_map(|(name, text)| errors.note(name, target_filter(name, text, domains))).collect()
}

fn target_filter(name: &str, text: &str, domains: &Domains) -> Result<TargetFilter, String> {
    let longest = if name == "host" { ListRequest::MAX_HOST_CHARS } else { ListRequest::MAX_TARGET_CHARS };
    if text.is_empty() || text.chars().count() > longest {
        return Err(format!("must have 1 to {longest} characters"));
    }
    // In the normal form of targets. A target of an own domain is not allowed today, but may have been.
    let parse = |url: &str| Url::parse(url.trim()).map_err(|_| "is not a valid URL".to_owned());
    match name {
        // Mail addresses and the like have a normal form of their own.
        "url" => match TargetUrl::parse(text, domains) {
            Ok(url) => Ok(TargetFilter::Exactly(url.to_string())),
            Err(_) => parse(text).map(|url| TargetFilter::Exactly(url.into())),
        },
        "url_prefix" => {
            let url = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
            // The normal form of a bare host ends with a slash, which other ports of the host do not have.
            let ends_with_host = !url.split_once("://").is_some_and(|(_, rest)| rest.contains(['/', '?', '#']));
            parse(&url).map(|url| {
                let rest = url.as_str().split_once("://").map_or("", |(_, rest)| rest);
                let rest = if ends_with_host { rest.trim_end_matches('/') } else { rest };
                TargetFilter::Below(rest.to_owned())
            })
        }
        _ => {
            let (below, host) = match text.strip_prefix("*.") {
                Some(host) => (true, host),
                None => (false, text),
            };
            let url = Url::parse(&format!("https://{host}/")).ok();
            let url = url.filter(|url| url.port().is_none() && url.as_str().matches('/').count() == 3);
            let host = url.as_ref().and_then(Url::host_str).ok_or("is not a host")?.to_owned();
            Ok(if below { TargetFilter::HostsBelow(format!(".{host}")) } else { TargetFilter::Host(host) })
        }
    }
}

fn encode(place: &Place) -> Option<String> {
    Some(URL_SAFE_NO_PAD.encode(serde_json::to_vec(place).ok()?))
}

fn decode(cursor: &str) -> Option<Place> {
    if cursor.len() > MAX_CURSOR {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()
}
