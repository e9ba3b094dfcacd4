//! Lists the links of the caller's workspace, the newest first.

use super::create::own_domain;
use super::link::{Link, check_tags};
use super::ports::LinkIndex;
use super::query::{LinkFilter, LinkQuery};
use crate::access::key::{Caller, Role};
use crate::values::domains::Domains;
use crate::values::error::Error;
use crate::values::field_errors::Errors;
use crate::values::page::{Page, PageQuery, PageRequest, encode_cursor};
#[cfg(feature = "openapi")]
use crate::values::schema::TEXT;
use crate::values::slug::Slug;
use crate::values::timestamp::Timestamp;

/// The parameters of a request for a page of links, not checked yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ListRequest {
    /// The page.
    #[cfg_attr(feature = "openapi", schemars(flatten))]
    pub page: PageRequest,
    /// Only links with this tag. Repeat it for several tags.
    #[cfg_attr(feature = "openapi", schemars(default, rename = "tag", length(max = Link::MAX_TAGS), inner(length(min = 1, max = Link::MAX_TAG_CHARS), regex(pattern = TEXT))))]
    pub tags: Vec<String>,
    /// Whether links must have `all` of the tags (the default) or `any` of them.
    #[cfg_attr(feature = "openapi", schemars(extend("enum" = ["any", "all"], "default" = "all")))]
    pub tag_mode: Option<String>,
    /// Only links on this domain.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::values::domains::Domain>"))]
    pub domain: Option<String>,
    /// Only links whose slug begins with this.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Slug>"))]
    pub prefix: Option<String>,
    /// `false` (the default): only links that are not archived; `true`: only archived links; `any`: both.
    #[cfg_attr(feature = "openapi", schemars(extend("enum" = ["true", "false", "any"], "default" = "false")))]
    pub archived: Option<String>,
    /// `true`: only links whose target is broken; `false`: only the others. Both if absent.
    #[cfg_attr(feature = "openapi", schemars(extend("enum" = ["true", "false"])))]
    pub broken: Option<String>,
    /// Only links created at this time or later.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Timestamp>"))]
    pub created_after: Option<String>,
    /// Only links created before this time.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Timestamp>"))]
    pub created_before: Option<String>,
    /// Only links that expire at this time or later. Links that never expire are left out.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Timestamp>"))]
    pub expires_after: Option<String>,
    /// Only links that expire, or have expired, before this time. Links that never expire are left out.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Timestamp>"))]
    pub expires_before: Option<String>,
    /// Only links with a word that begins with each word of this: in slug, title, target, tags or a former slug; without case and
    /// accents.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = ListRequest::MAX_SEARCH_CHARS), regex(pattern = TEXT)))]
    pub search: Option<String>,
    /// Only links with this target.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = ListRequest::MAX_TARGET_CHARS)))]
    pub url: Option<String>,
    /// Only links whose target begins with this: a host and perhaps the beginning of a path. With or without `https://`; both `http`
    /// and `https` targets are found.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = ListRequest::MAX_TARGET_CHARS), extend("examples" = ["example.com/docs/"])))]
    pub url_prefix: Option<String>,
    /// Only links whose target has this host, or with `*.` before it a host below this one.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = ListRequest::MAX_HOST_CHARS), extend("examples" = ["example.com", "*.example.com"])))]
    pub host: Option<String>,
    /// What to sort by. `relevance` is for searches, and their default: links whose slug is what was searched come first, then those
    /// whose slug begins with it. `title` is the slug if a link has no title. By `expires`, links that never expire come last.
    #[cfg_attr(feature = "openapi", schemars(extend("enum" = ["created", "changed", "clicks", "last_click", "expires", "title", "relevance"], "default" = "created")))]
    pub sort: Option<String>,
    /// The direction: `asc`, the default for `title` and `expires`, or `desc`, the default for all others.
    #[cfg_attr(feature = "openapi", schemars(extend("enum" = ["asc", "desc"])))]
    pub order: Option<String>,
    /// Adds to each link its clicks from this day or time on, as `clicks_in_range`. As `from` of the statistics.
    pub clicks_from: Option<String>,
    /// Adds to each link its clicks up to this day or time, as `clicks_in_range`. As `to` of the statistics.
    pub clicks_to: Option<String>,
    /// The time zone of the days in `clicks_from` and `clicks_to`. As `tz` of the statistics.
    #[cfg_attr(feature = "openapi", schemars(extend("default" = "UTC", "examples" = ["Europe/Berlin"])))]
    pub clicks_tz: Option<String>,
    /// What to add to the page: the `total` of links that the query selects, or to each link: its `clicks`.
    #[cfg_attr(feature = "openapi", schemars(default, with = "Vec<ListAddition>", length(max = 2)))]
    pub include: Vec<String>,
}

/// What a list can be asked for besides its links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename_all = "snake_case"))]
pub enum ListAddition {
    /// The clicks of each link.
    Clicks,
    /// How many links the query selects.
    Total,
}

impl ListAddition {
    /// Reads a name of the API.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "clicks" => Some(Self::Clicks),
            "total" => Some(Self::Total),
            _ => None,
        }
    }
}

impl ListRequest {
    /// The greatest length of a search, in characters.
    pub const MAX_SEARCH_CHARS: usize = 200;
    /// The greatest length of a target to search, in characters. API Gateway takes 10,240 bytes of request line and headers.
    pub const MAX_TARGET_CHARS: usize = 2000;
    /// The greatest length of a host to search, in characters.
    pub const MAX_HOST_CHARS: usize = 255;
}

/// The most that the links of a page may have, in bytes as [`answer_bytes`] estimates them. A Lambda function's answer has at most 6 MB.
const MAX_PAGE_BYTES: usize = 4 * 1024 * 1024;

/// Returns one page of the workspace's links. A link that is created meanwhile does not shift the pages. Needs
/// [`Role::Viewer`].
///
/// A page can have fewer links than the limit, or none, and yet a cursor: the search stopped early and can go on from there, or the
/// links are very large.
///
/// # Errors
/// [`Error::Invalid`] names every parameter that is wrong.
pub async fn list_links(
    links: &dyn LinkIndex,
    domains: &Domains,
    caller: &Caller,
    request: &ListRequest,
) -> Result<Page<Link>, Error> {
    caller.require(Role::Viewer)?;
    let mut errors = Errors::default();
    let page = request.page.check_with(&mut errors);
    let query = check(request, caller, domains, page, &mut errors);
    list_checked(links, caller, errors.or(Some(query))?).await
}

/// Returns one page of what a checked query selects.
pub(crate) async fn list_checked(
    links: &dyn LinkIndex,
    caller: &Caller,
    mut query: LinkQuery,
) -> Result<Page<Link>, Error> {
    let limit = query.limit;
    query.limit += 1;
    let slice = links.page(&caller.workspace, &query).await?;
    let limit = fitting(&slice.links).min(limit);
    let page = Page::from_items(slice.links, limit, Link::list_key);
    let reached = slice.reached.map(|key| encode_cursor(&key));
    Ok(Page { next_cursor: page.next_cursor.or(reached), ..page })
}

/// Returns how many of the first links fit into an answer, at least one.
pub(crate) fn fitting<'a>(links: impl IntoIterator<Item = &'a Link>) -> usize {
    let mut room = MAX_PAGE_BYTES;
    let fits = |link: &&Link| {
        let left = room.checked_sub(answer_bytes(link));
        room = left.unwrap_or_default();
        left.is_some()
    };
    links.into_iter().take_while(fits).count().max(1)
}

/// Estimates the size of the link in an answer. Lambda takes the answer's JSON as a JSON text: a quotation mark takes two bytes, a
/// backslash too.
fn answer_bytes(link: &Link) -> usize {
    let json = serde_json::to_vec(link).unwrap_or_default();
    json.len() + json.iter().filter(|byte| matches!(byte, b'"' | b'\\')).count()
}

/// Checks the filters of a caller, whose scope is one of them, and adds what is wrong to `errors`.
pub(crate) fn check(
    request: &ListRequest,
    caller: &Caller,
    domains: &Domains,
    page: PageQuery,
    errors: &mut Errors,
) -> LinkQuery {
    let PageQuery { limit, before } = page;
    let tags = errors.note("tag", check_tags(request.tags.iter().map(String::as_str)).map_err(|(_, detail)| detail));
    let any_tag = match request.tag_mode.as_deref() {
        None | Some("all") => false,
        Some("any") => true,
        Some(_) => {
            errors.add("tag_mode", "must be any or all");
            false
        }
    };
    let archived = match request.archived.as_deref() {
        None | Some("false") => Some(false),
        Some("true") => Some(true),
        Some("any") => None,
        Some(_) => {
            errors.add("archived", "must be true, false or any");
            None
        }
    };
    let broken = match request.broken.as_deref() {
        None => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => {
            errors.add("broken", "must be true or false");
            None
        }
    };
    let domain = request.domain.as_deref().and_then(|text| errors.note("domain", own_domain(text, domains)));
    let slug_prefix = request.prefix.as_deref().and_then(|text| errors.note("prefix", Slug::parse_prefix(text)));
    let time = |name: &str, text: &Option<String>, errors: &mut Errors| {
        text.as_deref().and_then(|text| errors.note(name, Timestamp::parse(text)))
    };
    let created_from = time("created_after", &request.created_after, errors);
    let created_before = time("created_before", &request.created_before, errors);
    let expires_from = time("expires_after", &request.expires_after, errors);
    let expires_before = time("expires_before", &request.expires_before, errors);
    let filter = LinkFilter {
        tags: tags.unwrap_or_default(),
        any_tag,
        domain,
        slug_prefix,
        archived,
        broken,
        expires_from,
        expires_before,
        scope: caller.scope.clone(),
    };
    LinkQuery { before, created_from, created_before, filter, limit }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::links::ports::LinkWriter;
    use crate::links::query::LinkSlice;
    use crate::testing::links::MemoryLinks;
    use crate::testing::samples::{broken_check, caller, link};
    use crate::values::domains::Domain;
    use crate::values::error::StoreError;
    use crate::values::workspace::WorkspaceId;
    use async_trait::async_trait;

    async fn page(links: &dyn LinkIndex, request: &ListRequest) -> Result<Page<Link>, Error> {
        let domains = Domains::parse("go.example.com,s.example.org").unwrap();
        list_links(links, &domains, &caller("acme", Role::Viewer), request).await
    }

    #[tokio::test]
    async fn pages_list_all_links_newest_first() {
        let links = MemoryLinks::default();
        for n in 0..25 {
            let mut link = link("acme", &format!("s{n}"), "https://example.com/");
            link.created_at = link.created_at.plus_seconds(n % 7);
            links.insert(&link).await.unwrap();
        }
        links.insert(&link("other", "foreign", "https://example.com/")).await.unwrap();
        let limit = PageRequest { limit: Some(4), cursor: None };
        let mut request = ListRequest { page: limit, ..ListRequest::default() };
        let mut all = Vec::new();
        loop {
            let page = page(&links, &request).await.unwrap();
            all.extend(page.items);
            request.page.cursor = page.next_cursor;
            if request.page.cursor.is_none() {
                break;
            }
        }
        assert_eq!(all.len(), 25);
        assert!(all.windows(2).all(|pair| pair[0].list_key() > pair[1].list_key()));
    }

    #[tokio::test]
    async fn page_of_large_links_fits_into_an_answer() {
        let links = MemoryLinks::default();
        for n in 0..150 {
            let url = format!("https://example.com/?{}", "\\".repeat(16_000 + n));
            let mut link = link("acme", &format!("s{n}"), &url);
            link.created_at = link.created_at.plus_seconds(i64::try_from(n).unwrap());
            links.insert(&link).await.unwrap();
        }
        let mut request =
            ListRequest { page: PageRequest { limit: Some(100), cursor: None }, ..ListRequest::default() };
        let (mut seen, mut pages) = (Vec::new(), 0);
        loop {
            let page = page(&links, &request).await.unwrap();
            let answer = serde_json::to_string(&serde_json::to_string(&page.items).unwrap()).unwrap();
            assert!(answer.len() < 6_000_000 && !page.items.is_empty(), "{}", answer.len());
            seen.extend(page.items.into_iter().map(|link| link.url.as_str().len()));
            pages += 1;
            request.page.cursor = page.next_cursor;
            if request.page.cursor.is_none() {
                break;
            }
        }
        assert!(pages > 2 && seen.len() == 150 && seen.windows(2).all(|pair| pair[0] > pair[1]), "{pages}");
    }

    #[test]
    fn additions_have_the_names_of_the_api() {
        for (name, addition) in
            [("clicks", Some(ListAddition::Clicks)), ("total", Some(ListAddition::Total)), ("Total", None), ("", None)]
        {
            assert_eq!(ListAddition::parse(name), addition, "{name}");
        }
    }

    #[test]
    fn link_takes_its_json_as_a_json_text_of_an_answer() {
        for url in ["https://example.com/", "https://example.com/?\\\\", "https://example.com/?a=%22"] {
            let link = link("acme", "docs", url);
            let text = serde_json::to_string(&serde_json::to_string(&link).unwrap()).unwrap();
            assert_eq!(answer_bytes(&link) + 2, text.len(), "{text}");
        }
    }

    #[tokio::test]
    async fn each_filter_selects_its_links() {
        let links = MemoryLinks::default();
        for (slug, domain, tags, second, archived) in [
            ("a1", "go.example.com", vec!["x", "y"], 1, false),
            ("a2", "s.example.org", vec!["x"], 2, false),
            ("b1", "go.example.com", vec!["y"], 3, false),
            ("b2", "go.example.com", vec![], 4, true),
        ] {
            let mut link = link("acme", slug, "https://example.com/");
            link.address.domain = Domain::parse(domain).unwrap();
            link.tags = tags.into_iter().map(str::to_owned).collect();
            link.created_at = link.created_at.plus_seconds(second);
            link.settings.archived = archived;
            link.settings.expires_at = (second < 3).then_some(link.created_at);
            link.target_check = (slug == "a2").then(|| broken_check("2026-01-02T03:04:05Z"));
            links.insert(&link).await.unwrap();
        }
        let all = ListRequest::default;
        let text = |text: &str| Some(text.to_owned());
        let both = vec!["x".to_owned(), "y".to_owned()];
        for (request, slugs) in [
            (all(), "b1 a2 a1"),
            (ListRequest { archived: text("any"), ..all() }, "b2 b1 a2 a1"),
            (ListRequest { archived: text("true"), ..all() }, "b2"),
            (ListRequest { broken: text("true"), ..all() }, "a2"),
            (ListRequest { broken: text("false"), archived: text("any"), ..all() }, "b2 b1 a1"),
            (ListRequest { tags: both[..1].to_vec(), ..all() }, "a2 a1"),
            (ListRequest { tags: both.clone(), ..all() }, "a1"),
            (ListRequest { tags: both, tag_mode: text("any"), ..all() }, "b1 a2 a1"),
            (ListRequest { domain: text("s.example.org"), ..all() }, "a2"),
            (ListRequest { prefix: text("a"), ..all() }, "a2 a1"),
            (ListRequest { created_after: text("2026-01-01T00:00:02Z"), ..all() }, "b1 a2"),
            (ListRequest { created_before: text("2026-01-01T00:00:02Z"), ..all() }, "a1"),
            (ListRequest { expires_after: text("2026-01-01T00:00:02Z"), ..all() }, "a2"),
            (ListRequest { expires_before: text("2026-01-01T00:00:02Z"), ..all() }, "a1"),
            (ListRequest { expires_before: text("9999-01-01T00:00:00Z"), archived: text("any"), ..all() }, "a2 a1"),
        ] {
            let page = page(&links, &request).await.unwrap();
            let found: Vec<&str> = page.items.iter().map(|link| link.address.slug.as_str()).collect();
            assert_eq!(found.join(" "), slugs, "{request:?}");
        }
    }

    #[tokio::test]
    async fn error_names_every_bad_parameter() {
        let text = |text: &str| Some(text.to_owned());
        let request = ListRequest {
            page: PageRequest { limit: Some(101), cursor: text("%%") },
            tags: vec![String::new()],
            tag_mode: text("some"),
            domain: text("elsewhere.example"),
            prefix: text("a b"),
            archived: text("maybe"),
            broken: text("any"),
            created_after: text("yesterday"),
            created_before: text("2026-02-30T00:00:00Z"),
            expires_after: text("soon"),
            expires_before: text("2026-01-01"),
            ..ListRequest::default()
        };
        let Err(Error::Invalid(errors)) = page(&MemoryLinks::default(), &request).await else { panic!() };
        let pointers: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        let all = "limit cursor tag tag_mode archived broken domain prefix created_after created_before expires_after \
                   expires_before";
        assert_eq!(pointers.join(" "), all);
    }

    /// An index that stops before it has found a link.
    struct StopsEarly;

    #[async_trait]
    impl LinkIndex for StopsEarly {
        async fn page(&self, _: &WorkspaceId, _: &LinkQuery) -> Result<LinkSlice, StoreError> {
            Ok(LinkSlice { links: Vec::new(), reached: Some("2026-01-01T00:00:00.000Z#x#y".to_owned()) })
        }
    }

    #[tokio::test]
    async fn early_stop_returns_a_cursor() {
        let page = page(&StopsEarly, &ListRequest::default()).await.unwrap();
        assert_eq!(page.next_cursor, Some(encode_cursor("2026-01-01T00:00:00.000Z#x#y")));
    }
}
