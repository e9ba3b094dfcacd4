//! Turns requests for lists into the use case, and its pages into answers.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Extension, Router};
use waypost_api::links::{LinkListView, LinkView, ShortUrls};
use waypost_api::parameters::parameters_of;
use waypost_domain::analytics::ports::AggregateReader;
use waypost_domain::analytics::stats::read_range_clicks::read_range_clicks;
use waypost_domain::catalog::read::Catalogs;
use waypost_domain::catalog::search_links::{LinkList, ListedLink, SearchPorts, search_links};
use waypost_domain::links::ports::{LinkBatch, LinkIndex};
use waypost_domain::ports::Clock;
use waypost_domain::values::page::DEFAULT_LIMIT;
use waypost_domain::{Caller, Domains, Error};
use waypost_http::problem::Problem;
use waypost_http::query_parameters::only_known_parameters;

use crate::list_query::ListQuery;

/// The ports and settings of the route.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) index: Arc<dyn LinkIndex>,
    pub(crate) catalogs: Arc<Catalogs>,
    pub(crate) links: Arc<dyn LinkBatch>,
    pub(crate) aggregates: Arc<dyn AggregateReader>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) domains: Domains,
    pub(crate) short_urls: ShortUrls,
}

/// Makes the route of this function.
pub(crate) fn routes(app: App) -> Router {
    let routes = Router::new().route("/v1/links", get(list)).with_state(Arc::new(app));
    only_known_parameters(routes, parameters_of)
}

async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    ListQuery { request, click_range }: ListQuery,
) -> Result<axum::Json<LinkListView>, Problem> {
    let ports = SearchPorts {
        index: app.index.as_ref(),
        catalogs: &app.catalogs,
        links: app.links.as_ref(),
        domains: &app.domains,
    };
    let range = click_range.check(request.page.limit.unwrap_or(DEFAULT_LIMIT), app.clock.now())?;
    let LinkList { items, next_cursor, total } = search_links(&ports, &caller, &request).await?;
    let links = items.iter().map(|item| &item.link);
    let in_range = match &range {
        Some(range) => read_range_clicks(app.aggregates.as_ref(), links, range).await.map_err(Error::from)?,
        None => Vec::new(),
    };
    let mut in_range = in_range.into_iter();
    let view = |ListedLink { link, clicks }| {
        let view = LinkView::of(link, &app.short_urls);
        let view = match clicks {
            Some(clicks) => view.with_listed_clicks(clicks.clicks, clicks.last_click_at),
            None => view,
        };
        match in_range.next() {
            Some(clicks) => view.with_clicks_in_range(clicks),
            None => view,
        }
    };
    Ok(axum::Json(LinkListView { items: items.into_iter().map(view).collect(), next_cursor, total }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use http::{Request, StatusCode};
    use serde_json::Value;
    use waypost_domain::access::scope::Scope;
    use waypost_domain::catalog::append::append_changes;
    use waypost_domain::catalog::patch::LinkPatch;
    use waypost_domain::catalog::ports::{CatalogLimits, CatalogPorts};
    use waypost_domain::links::ports::LinkWriter;
    use waypost_domain::testing::analytics::MemoryAggregates;
    use waypost_domain::testing::catalog::{MemoryCatalogStore, MemoryTotals};
    use waypost_domain::testing::files::MemoryFileStore;
    use waypost_domain::testing::links::MemoryLinks;
    use waypost_domain::testing::samples::{caller, link};
    use waypost_domain::testing::system::{FixedClock, SeededRandom};
    use waypost_domain::{LinkId, Role};

    struct Fixture {
        routes: Router,
        ports: CatalogPorts,
        links: Arc<MemoryLinks>,
    }

    fn fixture() -> Fixture {
        let (fixture, routes) = without_caller();
        Fixture { routes: routes.layer(Extension(caller("acme", Role::Viewer))), ..fixture }
    }

    /// Makes a fixture, and its routes without a caller.
    fn without_caller() -> (Fixture, Router) {
        let (links, files) = (Arc::<MemoryLinks>::default(), MemoryFileStore::default());
        let ports = CatalogPorts {
            store: Arc::<MemoryCatalogStore>::default(),
            objects: Arc::new(files.clone()),
            files: Arc::new(files.clone()),
            remover: Arc::new(files),
            links: links.clone(),
            totals: Arc::<MemoryTotals>::default(),
            clock: Arc::new(FixedClock::at("2026-01-02T03:04:05Z")),
            random: Arc::new(SeededRandom::new(1)),
            limits: CatalogLimits::default(),
        };
        let domains = Domains::parse("go.example.com").unwrap();
        let app = App {
            index: links.clone(),
            catalogs: Arc::new(Catalogs::new(ports.clone(), 1 << 30)),
            links: links.clone(),
            aggregates: Arc::<MemoryAggregates>::default(),
            clock: Arc::new(FixedClock::at("2026-01-02T03:04:05Z")),
            short_urls: ShortUrls::new(&domains, None),
            domains,
        };
        let routes = routes(app);
        (Fixture { routes: routes.clone(), ports, links }, routes)
    }

    async fn get_page(fixture: &Fixture, path: &str) -> (StatusCode, Value) {
        use tower::ServiceExt;
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = fixture.routes.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// Creates links with these slugs, one a second, and tells the catalogue.
    async fn create(fixture: &Fixture, slugs: &[&str]) {
        for (second, slug) in (1..).zip(slugs) {
            let mut new = link("acme", slug, "https://example.com/docs/spring");
            new.created_at = new.created_at.plus_seconds(second);
            new.stored_id = Some(LinkId::derive(new.created_at, slug));
            new.tags = vec![if second % 2 == 0 { "even" } else { "odd" }.to_owned()];
            assert!(fixture.links.insert(&new).await.unwrap());
            let deadline = fixture.ports.clock.now().plus_seconds(9);
            append_changes(&fixture.ports, vec![(new.workspace.clone(), LinkPatch::here(&new))], deadline)
                .await
                .unwrap();
        }
    }

    fn slugs(page: &Value) -> String {
        let items = page["items"].as_array().unwrap();
        items.iter().map(|item| item["slug"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[tokio::test]
    async fn limited_key_gets_no_cursor_that_names_other_links() {
        let (fixture, routes) = without_caller();
        create(&fixture, &["a", "b", "c", "d"]).await;
        let of = |caller| Fixture {
            routes: routes.clone().layer(Extension(caller)),
            ports: fixture.ports.clone(),
            links: fixture.links.clone(),
        };
        let limited = |tag: &str| {
            let scope = Scope::new(Vec::new(), vec![tag.to_owned()], None);
            Caller { scope, is_limited: true, ..caller("acme", Role::Viewer) }
        };
        let mut of_index = get_page(&of(caller("acme", Role::Viewer)), "/v1/links?limit=1").await.1["next_cursor"]
            .as_str()
            .unwrap()
            .to_owned();
        let fixture = of(limited("odd"));
        let (_, page) = get_page(&fixture, "/v1/links?limit=1&include=total").await;
        assert_eq!((slugs(&page).as_str(), &page["total"]), ("c", &serde_json::json!(2)));
        let cursor = page["next_cursor"].as_str().unwrap();
        let (_, page) = get_page(&fixture, &format!("/v1/links?limit=1&cursor={cursor}")).await;
        assert_eq!((slugs(&page).as_str(), &page["next_cursor"]), ("a", &Value::Null));
        of_index.insert_str(0, "/v1/links?cursor=");
        assert_eq!(get_page(&fixture, &of_index).await.0, 422, "a cursor of another key");
    }

    #[tokio::test]
    async fn each_query_selects_and_sorts() {
        let fixture = fixture();
        create(&fixture, &["a", "spring", "spring-sale", "b"]).await;
        for (query, expected) in [
            ("", "b spring-sale spring a"),
            ("?limit=2", "b spring-sale"),
            ("?order=asc", "a spring spring-sale b"),
            ("?search=spr", "spring-sale spring b a"),
            ("?search=spring", "spring spring-sale b a"),
            ("?search=sal", "spring-sale"),
            ("?search=none", ""),
            ("?tag=even", "b spring"),
            ("?tag=even&tag=odd&tag_mode=any&prefix=spring", "spring-sale spring"),
            ("?sort=title", "a b spring spring-sale"),
            ("?url=https://EXAMPLE.com/docs/spring", "b spring-sale spring a"),
            ("?url=https://example.com/docs", ""),
            ("?url_prefix=example.com/docs&search=a", "a"),
            ("?host=*.com&prefix=a", "a"),
            ("?host=example.com&url_prefix=example.com/docs&created_after=2026-01-01T00:00:04Z", "b"),
        ] {
            let (status, page) = get_page(&fixture, &format!("/v1/links{query}")).await;
            assert_eq!((status, slugs(&page).as_str()), (StatusCode::OK, expected), "{query}: {page}");
        }
    }

    #[tokio::test]
    async fn page_has_total_and_clicks_on_request_and_leads_to_the_next() {
        let fixture = fixture();
        create(&fixture, &["a", "b", "c"]).await;
        let (_, page) = get_page(&fixture, "/v1/links?sort=clicks&include=clicks&include=total&limit=2").await;
        assert_eq!((page["total"].as_u64(), page["items"][0]["clicks"].as_u64()), (Some(3), Some(0)), "{page}");
        assert!(page["items"][0]["last_click_at"].is_null());
        let cursor = page["next_cursor"].as_str().unwrap();
        let (_, rest) = get_page(&fixture, &format!("/v1/links?sort=clicks&limit=2&cursor={cursor}")).await;
        assert_eq!((rest["items"].as_array().unwrap().len(), rest["next_cursor"].is_null()), (1, true), "{rest}");
        assert!(rest.get("total").is_none() && rest["items"][0].get("clicks").is_none(), "{rest}");
        let (_, plain) = get_page(&fixture, "/v1/links?limit=2").await;
        let cursor = plain["next_cursor"].as_str().unwrap();
        let (status, problem) = get_page(&fixture, &format!("/v1/links?sort=clicks&cursor={cursor}")).await;
        assert_eq!(
            (status, problem["errors"][0]["pointer"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some("cursor"))
        );
    }

    #[tokio::test]
    async fn clicks_of_a_range_stand_beside_each_link() {
        let fixture = fixture();
        create(&fixture, &["a", "b"]).await;
        for query in
            ["clicks_from=2026-01-01", "clicks_to=2026-01-01&sort=title", "clicks_from=2026-01-01&clicks_tz=Asia/Tokyo"]
        {
            let (_, page) = get_page(&fixture, &format!("/v1/links?{query}")).await;
            let found: Vec<_> =
                page["items"].as_array().unwrap().iter().map(|item| item["clicks_in_range"].as_u64()).collect();
            assert_eq!(found, [Some(0), Some(0)], "{query} {page}");
        }
        let (_, page) = get_page(&fixture, "/v1/links").await;
        assert!(page["items"][0].get("clicks_in_range").is_none(), "{page}");
    }

    #[tokio::test]
    async fn error_names_every_bad_parameter() {
        let fixture = fixture();
        for (query, pointers) in [
            ("sort=size&order=up&include=all", "sort order include"),
            ("search=&url=:", "search url"),
            ("host=a%20b", "host"),
            ("host=a.example/b", "host"),
            ("host=a.example:8080", "host"),
            ("host=", "host"),
            ("url_prefix=%00", "url_prefix"),
            ("sort=relevance", "sort"),
            ("cursor=%25%25&sort=clicks", "cursor"),
            ("limit=x", "limit"),
            ("limit=1&limit=2", "limit"),
            ("archived=maybe&limit=101", "limit archived"),
            ("broken=any", "broken"),
            ("surch=a", "surch"),
            ("clicks_from=x&clicks_to=y&clicks_tz=z", "clicks_tz"),
            ("clicks_from=x&clicks_to=y", "clicks_to clicks_from"),
            ("clicks_from=2026-01-02&clicks_to=2026-01-01", "clicks_from"),
            ("clicks_from=2025-01-02&limit=100", "clicks_from"),
        ] {
            let (status, problem) = get_page(&fixture, &format!("/v1/links?{query}")).await;
            let found: Vec<_> =
                problem["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
            assert_eq!(
                (status, found.join(" ").as_str()),
                (StatusCode::UNPROCESSABLE_ENTITY, pointers),
                "{query}: {problem}"
            );
        }
    }

    #[tokio::test]
    async fn sample_event_is_answered() {
        let fixture = fixture();
        for event in
            [include_str!("../../../events/search/list.json"), include_str!("../../../events/search/search.json")]
        {
            let request = lambda_http::request::from_str(event).unwrap();
            let path = request.uri().path_and_query().unwrap().to_string();
            let (status, page) = get_page(&fixture, &path).await;
            assert_eq!(status, StatusCode::OK, "{path}: {page}");
        }
    }
}
