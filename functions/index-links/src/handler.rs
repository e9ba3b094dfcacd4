//! Adds what a batch of a table's stream says to the catalogues.

use lambda_runtime::Context;
use waypost_aws::dynamo::table_stream::{TableChange, TableEvent};
use waypost_domain::StoreError;
use waypost_domain::Timestamp;
use waypost_domain::catalog::append::append_changes;
use waypost_domain::catalog::build::finish_build;
use waypost_domain::catalog::ports::CatalogPorts;

/// How much time an invocation keeps for what it does after the deadline, in seconds: the segment that it writes.
const RESERVED_SECONDS: i64 = 60;

/// Adds the changes of a batch to the catalogues. A record that cannot be read is logged, and its link stays as the catalogue has it.
///
/// # Errors
/// A store failed. Lambda delivers the batch again, until it succeeds.
pub(crate) async fn handle(ports: &CatalogPorts, event: TableEvent, context: &Context) -> Result<(), StoreError> {
    let end = i64::try_from(context.deadline).ok().and_then(|millis| Timestamp::from_millis(millis).ok());
    let deadline = end.map_or(ports.clock.now(), |end| end.plus_seconds(-RESERVED_SECONDS));
    let (mut changes, mut builds, records) = (Vec::new(), Vec::new(), event.records.len());
    for record in event.records {
        match record.changes() {
            Ok(all) => {
                for change in all {
                    match change {
                        TableChange::Link(workspace, patch) => changes.push((workspace, patch)),
                        TableChange::Build(workspace) => builds.push(workspace),
                    }
                }
            }
            Err(error) => tracing::error!(event = "catalog.unreadable", %error),
        }
    }
    tracing::info!(event = "catalog.changed", records, changes = changes.len(), builds = builds.len());
    append_changes(ports, changes, deadline).await?;
    for workspace in builds {
        finish_build(ports, &workspace, deadline).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use waypost_domain::WorkspaceId;
    use waypost_domain::catalog::memory::Catalog;
    use waypost_domain::catalog::ports::CatalogLimits;
    use waypost_domain::catalog::query::{CatalogPage, CatalogQuery};
    use waypost_domain::catalog::read::{Answer, Catalogs};
    use waypost_domain::testing::catalog::{MemoryCatalogStore, MemoryTotals};
    use waypost_domain::testing::files::MemoryFileStore;
    use waypost_domain::testing::links::MemoryLinks;
    use waypost_domain::testing::system::{FixedClock, SeededRandom};

    fn ports() -> CatalogPorts {
        let files = MemoryFileStore::default();
        CatalogPorts {
            store: Arc::<MemoryCatalogStore>::default(),
            objects: Arc::new(files.clone()),
            files: Arc::new(files.clone()),
            remover: Arc::new(files),
            links: Arc::<MemoryLinks>::default(),
            totals: Arc::<MemoryTotals>::default(),
            clock: Arc::new(FixedClock::at("2026-01-02T03:04:05Z")),
            random: Arc::new(SeededRandom::new(1)),
            limits: CatalogLimits::default(),
        }
    }

    async fn all(ports: &CatalogPorts) -> Answer<CatalogPage> {
        let query = CatalogQuery { limit: 10, ..CatalogQuery::default() };
        let catalogs = Catalogs::new(ports.clone(), usize::MAX);
        let acme = WorkspaceId::parse("acme").unwrap();
        catalogs.ask(&acme, |catalog: &Catalog| catalog.query(&query)).await.unwrap()
    }

    /// The context of an invocation that has five minutes.
    fn context(ports: &CatalogPorts) -> Context {
        let mut context = Context::default();
        context.deadline = u64::try_from(ports.clock.now().plus_seconds(300).as_millis()).unwrap();
        context
    }

    #[tokio::test]
    async fn sample_events_reach_the_catalogue() {
        let ports = ports();
        for event in [
            include_str!("../../../events/index-links/links.json"),
            include_str!("../../../events/index-links/clicks.json"),
        ] {
            for _ in 0..2 {
                handle(&ports, serde_json::from_str(event).unwrap(), &context(&ports)).await.unwrap();
            }
        }
        let Answer::Ready(page) = all(&ports).await else { panic!() };
        let found: Vec<_> = page.items.iter().map(|item| (item.address.slug.as_str(), item.clicks)).collect();
        assert_eq!(found, [("spring", 7)]);
    }

    #[tokio::test]
    async fn unreadable_record_does_not_hold_up_the_others() {
        let ports = ports();
        let mut event: serde_json::Value =
            serde_json::from_str(include_str!("../../../events/index-links/links.json")).unwrap();
        let mut odd = event["Records"][0].clone();
        odd["dynamodb"]["NewImage"]["created_at"] = serde_json::json!({ "S": "yesterday" });
        event["Records"].as_array_mut().unwrap().insert(0, odd);
        handle(&ports, serde_json::from_value(event).unwrap(), &context(&ports)).await.unwrap();
        let Answer::Ready(page) = all(&ports).await else { panic!() };
        assert_eq!(page.total, 1);
    }
}
