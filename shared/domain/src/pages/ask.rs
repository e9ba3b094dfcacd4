//! Tells which links need a title from their target, and asks for it.

use super::ports::{TitleQueue, TitleRequest};
use crate::links::link::Link;
use crate::values::error::StoreError;

/// Asks for the titles of those of `links` that have none and lead to the web. Returns how many that are.
///
/// # Errors
/// Those of the queue. The links exist all the same, and a title is a convenience: a caller need not hear of it.
pub async fn ask_for_titles(queue: &dyn TitleQueue, links: &[&Link]) -> Result<usize, StoreError> {
    let lacking = links.iter().filter(|link| link.title.is_none() && link.leads_to_page());
    let requests: Vec<TitleRequest> = lacking
        .map(|link| TitleRequest { workspace: link.workspace.clone(), address: link.address.clone(), link: link.id() })
        .collect();
    if !requests.is_empty() {
        queue.send(&requests).await?;
    }
    Ok(requests.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::pages::MemoryTitleQueue;
    use crate::testing::samples::{link, link_with_id};
    use crate::values::domains::Domains;
    use crate::values::schemes::TargetSchemes;
    use crate::values::target::TargetUrl;

    #[tokio::test]
    async fn links_of_the_web_without_a_title_are_asked_for() {
        let queue = MemoryTitleQueue::default();
        let plain = link_with_id("acme", "a", "https://a.example/", "1");
        let mut titled = link("acme", "b", "https://b.example/");
        titled.title = Some("B".to_owned());
        let mut mail = link("acme", "c", "https://c.example/");
        let domains = Domains::parse("go.example.com").unwrap().with_schemes(TargetSchemes::parse("mailto").unwrap());
        mail.url = TargetUrl::parse("mailto:c@c.example", &domains).unwrap();
        assert_eq!(ask_for_titles(&queue, &[&plain, &titled, &mail]).await.unwrap(), 1);
        let asked =
            TitleRequest { workspace: plain.workspace.clone(), address: plain.address.clone(), link: plain.id() };
        assert_eq!(queue.take(), [asked]);
        queue.fail(true);
        assert_eq!(ask_for_titles(&queue, &[&titled]).await.unwrap(), 0);
        assert!(ask_for_titles(&queue, &[&plain]).await.is_err());
    }
}
