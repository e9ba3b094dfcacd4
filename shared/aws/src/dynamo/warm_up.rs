//! Opens the connection to a table before the first request needs it.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::DisplayErrorContext;

use super::{Item, text};

/// How long the read may take: longer than a connection and a handshake, but short, because the first visitor waits for init.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Reads an item that does not exist, so that the first visitor does not wait for name resolution, TCP and TLS. During init
/// even a small function has a whole core, so that the handshake is cheaper there too.
///
/// A failure is only logged: the first request will tell whether the table answers.
pub async fn warm_up(client: &Client, table: &str) {
    let start = Instant::now();
    let key = Item::from([("pk".to_owned(), text("WARM")), ("sk".to_owned(), text("WARM"))]);
    let read = client.get_item().table_name(table).set_key(Some(key)).send();
    let error = match tokio::time::timeout(TIMEOUT, read).await {
        Ok(Ok(_)) => {
            let took_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
            tracing::debug!(event = "start.warm", took_us);
            return;
        }
        Ok(Err(error)) => DisplayErrorContext(error).to_string(),
        Err(_) => format!("no answer in {TIMEOUT:?}"),
    };
    tracing::warn!(event = "start.not_warm", %error);
}
