//! Stores sessions in `LinksTable`: `pk = SESSION#{sha256 of the secret}`, `sk = SESSION`. The index `list` lists them under
//! `list_pk = SESSIONS#{workspace}`, `list_sk = {id}`. DynamoDB deletes them some time after they have ended (`ttl`).

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use waypost_domain::access::sessions::ports::{SessionIndex, SessionReader, SessionWriter};
use waypost_domain::access::sessions::session::Session;
use waypost_domain::{StoreError, Timestamp, WorkspaceId};

use super::conditional_writes::was_written;
use super::links::LIST_INDEX;
use super::newest::newest;
use super::{Item, text};
use crate::error::{broken, store_error};

const PREFIX: &str = "SESSION#";

/// Sessions in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoSessions {
    client: Client,
    table: String,
}

impl DynamoSessions {
    /// Sessions in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

#[async_trait]
impl SessionReader for DynamoSessions {
    async fn find(&self, hash: &str) -> Result<Option<Session>, StoreError> {
        const OPERATION: &str = "sessions.find";
        // A person goes on right after the sign-in, and a session that was ended must not answer once more.
        let read = self.client.get_item().table_name(&self.table).set_key(Some(key(hash))).consistent_read(true);
        let found = read.send().await.map_err(|error| store_error(OPERATION, error))?;
        found.item.map(|item| session_from(item, OPERATION)).transpose()
    }

    async fn note(&self, hash: &str, at: Timestamp, unless_after: Timestamp) -> Result<(), StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(hash)))
            .update_expression("SET last_used_at = :at")
            // Do not bring an ended session back as an item that has only its last use.
            .condition_expression("attribute_exists(pk) AND last_used_at <= :unless_after")
            .expression_attribute_values(":at", text(at.to_string()))
            .expression_attribute_values(":unless_after", text(unless_after.to_string()));
        was_written("sessions.note", update.send().await).map(drop)
    }
}

#[async_trait]
impl SessionWriter for DynamoSessions {
    async fn insert(&self, hash: &str, session: &Session) -> Result<(), StoreError> {
        const OPERATION: &str = "sessions.insert";
        let mut item: Item = serde_dynamo::to_item(session).map_err(|error| broken(OPERATION, error))?;
        item.extend(key(hash));
        item.insert("list_pk".to_owned(), text(list_pk(&session.workspace)));
        item.insert("list_sk".to_owned(), text(&session.id));
        item.insert("ttl".to_owned(), AttributeValue::N(session.expires_at.as_seconds().to_string()));
        // No condition: two secrets never have the same hash.
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        put.send().await.map(drop).map_err(|error| store_error(OPERATION, error))
    }

    async fn delete(&self, hash: &str, id: &str) -> Result<bool, StoreError> {
        let delete = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key(hash)))
            // The index can still show a deleted session.
            .condition_expression("id = :id")
            .expression_attribute_values(":id", text(id));
        was_written("sessions.delete", delete.send().await)
    }
}

#[async_trait]
impl SessionIndex for DynamoSessions {
    async fn newest(
        &self,
        workspace: &WorkspaceId,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Session>, StoreError> {
        const OPERATION: &str = "sessions.newest";
        let items = newest(&self.client, &self.table, OPERATION, (list_pk(workspace), before), limit).await?;
        items.into_iter().map(|item| session_from(item, OPERATION)).collect()
    }

    async fn get(&self, workspace: &WorkspaceId, id: &str) -> Result<Option<(String, Session)>, StoreError> {
        const OPERATION: &str = "sessions.get";
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(LIST_INDEX)
            .key_condition_expression("list_pk = :pk AND list_sk = :sk")
            .expression_attribute_values(":pk", text(list_pk(workspace)))
            .expression_attribute_values(":sk", text(id));
        let found = query.send().await.map_err(|error| store_error(OPERATION, error))?;
        let Some(item) = found.items.unwrap_or_default().into_iter().next() else { return Ok(None) };
        let pk = item.get("pk").and_then(|pk| pk.as_s().ok());
        let hash = pk.and_then(|pk| pk.strip_prefix(PREFIX)).map(str::to_owned);
        let hash = hash.ok_or_else(|| broken(OPERATION, "the item is not under the hash of a secret"))?;
        Ok(Some((hash, session_from(item, OPERATION)?)))
    }
}

fn key(hash: &str) -> Item {
    Item::from([("pk".to_owned(), text(format!("SESSION#{hash}"))), ("sk".to_owned(), text("SESSION"))])
}

fn session_from(item: Item, operation: &'static str) -> Result<Session, StoreError> {
    serde_dynamo::from_item(item).map_err(|error| broken(operation, format!("the item is not a session: {error}")))
}

fn list_pk(workspace: &WorkspaceId) -> String {
    format!("SESSIONS#{workspace}")
}
