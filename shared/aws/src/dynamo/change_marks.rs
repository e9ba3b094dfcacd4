//! Marks changed links in `LinksTable`: the item `pk = CHANGES`, `sk = CHANGES` has a counter for each bucket, `b0` to `b63`.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use waypost_domain::links::change_marks::{BUCKETS, Marks, changed_buckets};
use waypost_domain::links::ports::ChangeMarker;
use waypost_domain::redirect::ports::ChangeMarks;
use waypost_domain::{Link, StoreError};

use super::links::DynamoLinks;
use super::{Item, text};
use crate::error::store_error;

#[async_trait]
impl ChangeMarker for DynamoLinks {
    async fn mark(&self, buckets: &[usize]) -> Result<(), StoreError> {
        let counters: Vec<String> = buckets.iter().map(|bucket| format!("b{bucket} :one")).collect();
        let update = self.client.update_item().table_name(&self.table).set_key(Some(key()));
        let update = update.update_expression(format!("ADD {}", counters.join(", ")));
        let one = AttributeValue::N("1".to_owned());
        let marked = update.expression_attribute_values(":one", one).send().await;
        marked.map(drop).map_err(|error| store_error("links.mark", error))
    }
}

#[async_trait]
impl ChangeMarks for DynamoLinks {
    async fn marks(&self) -> Result<Marks, StoreError> {
        let get = self.client.get_item().table_name(&self.table).set_key(Some(key())).consistent_read(true);
        let found = get.send().await.map_err(|error| store_error("links.marks", error))?;
        let mut marks = [0; BUCKETS];
        for (name, value) in found.item.into_iter().flatten() {
            let bucket = name.strip_prefix('b').and_then(|bucket| bucket.parse::<usize>().ok());
            if let (Some(mark), Ok(count)) = (bucket.and_then(|bucket| marks.get_mut(bucket)), value.as_n()) {
                *mark = count.parse().unwrap_or_default();
            }
        }
        Ok(marks)
    }
}

impl DynamoLinks {
    /// Marks the link if visitors can notice the change, so that redirects which keep it read it again. Only logs a failure: the change
    /// is made, and is then seen when the link expires from their caches.
    pub(super) async fn mark(&self, seen: &Link, next: Option<&Link>) {
        let buckets = if self.marks_changes { changed_buckets(seen, next) } else { Vec::new() };
        if buckets.is_empty() {
            return;
        }
        if let Err(error) = ChangeMarker::mark(self, &buckets).await {
            tracing::warn!(event = "links.not_marked", domain = %seen.address.domain, slug = %seen.address.slug, %error);
        }
    }
}

fn key() -> Item {
    Item::from([("pk".to_owned(), text("CHANGES")), ("sk".to_owned(), text("CHANGES"))])
}
