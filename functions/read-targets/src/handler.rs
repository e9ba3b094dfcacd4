//! Reads the titles that messages ask for.

use std::sync::Arc;

use lambda_runtime::Context;
use waypost_domain::jobs::delivery::Delivery;
use waypost_domain::links::ports::{LinkReader, LinkWriter};
use waypost_domain::pages::ports::{FetchPage, TitleRequest};
use waypost_domain::pages::read_title::{ReadTitlePorts, TitleRead, read_title};
use waypost_lambda::queue::event::{BatchResponse, QueueEvent};
use waypost_lambda::queue::{QueueLoop, Retry};

/// The ports and the queue.
pub(crate) struct App {
    pub(crate) reader: Arc<dyn LinkReader>,
    pub(crate) writer: Arc<dyn LinkWriter>,
    pub(crate) pages: Arc<dyn FetchPage>,
    pub(crate) messages: QueueLoop,
}

/// Reads the title of each message.
pub(crate) async fn handle(app: &App, event: &QueueEvent, context: &Context) -> BatchResponse {
    let work = async |request: TitleRequest, delivery: &Delivery| read(app, &request, delivery).await;
    app.messages.run(event, context, work).await
}

async fn read(app: &App, request: &TitleRequest, delivery: &Delivery) -> Result<(), Retry> {
    let ports = ReadTitlePorts { reader: app.reader.as_ref(), writer: app.writer.as_ref(), pages: app.pages.as_ref() };
    let (request_id, address) = (delivery.request_id.as_str(), &request.address);
    // The target itself is not logged: it may hold what only its owner should see.
    match read_title(&ports, request).await {
        Ok(TitleRead::Written) => {
            tracing::info!(event = "title.read", request_id, domain = %address.domain, slug = %address.slug);
        }
        Ok(TitleRead::NotFetched(reason)) => {
            tracing::info!(event = "title.not_fetched", request_id, domain = %address.domain, slug = %address.slug, %reason);
        }
        Ok(other) => {
            tracing::info!(event = "title.none", request_id, domain = %address.domain, slug = %address.slug, reason = ?other);
        }
        Err(error) => {
            let operation = error.operation;
            tracing::error!(event = "title.interrupted", request_id, domain = %address.domain, slug = %address.slug, operation, %error);
            return Err(Retry::Later);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use waypost_domain::LinkId;
    use waypost_domain::pages::page::Page;
    use waypost_domain::testing::jobs::MemoryRedelivery;
    use waypost_domain::testing::links::MemoryLinks;
    use waypost_domain::testing::pages::MemoryPages;
    use waypost_domain::testing::samples::link;
    use waypost_domain::testing::system::FixedClock;

    #[tokio::test]
    async fn request_is_retried_while_the_table_fails_and_no_longer() {
        let (links, pages) = (Arc::<MemoryLinks>::default(), Arc::<MemoryPages>::default());
        let redelivery = Arc::<MemoryRedelivery>::default();
        let clock = Arc::new(FixedClock::at("2026-01-02T03:04:05Z"));
        let app = App {
            reader: links.clone(),
            writer: links.clone(),
            pages: pages.clone(),
            messages: QueueLoop { subject: "title", redelivery: redelivery.clone(), clock },
        };
        let event: QueueEvent = serde_json::from_str(include_str!("../../../events/read-targets/title.json")).unwrap();
        let answer = async || serde_json::to_string(&handle(&app, &event, &Context::default()).await).unwrap();
        const DONE: &str = r#"{"batchItemFailures":[]}"#;
        assert_eq!(answer().await, DONE, "a link that is gone needs no title");
        let mut named = link("acme", "docs", "https://example.com/");
        named.stored_id = LinkId::parse("lnk_0193a5d2c5f07d1e8c3f6f0b6a3d9e21").ok();
        links.insert(&named).await.unwrap();
        links.fail(true);
        let failed = answer().await;
        assert!(failed.contains("itemIdentifier") && redelivery.all().len() == 1, "{failed}");
        links.fail(false);
        assert_eq!(
            (answer().await.as_str(), links.all()[0].title.as_deref()),
            (DONE, None),
            "a page that is not found"
        );
        let body = b"<title>Docs</title>".to_vec();
        pages.put("https://example.com/", Ok(Page { status: 200, content_type: "text/html".to_owned(), body }));
        assert_eq!((answer().await.as_str(), links.all()[0].title.as_deref()), (DONE, Some("Docs")));
    }
}
