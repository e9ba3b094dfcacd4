//! Takes sign-in codes from `LinksTable`: `pk = CODE#{sha256 of the secret}`, `sk = CODE`. The operator's tools write them
//! (`tools/local_stack/sign_in_code.py`).

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::ReturnValue;
use waypost_domain::StoreError;
use waypost_domain::access::sessions::ports::SignInCodes;
use waypost_domain::access::sessions::sign_in_code::SignInCode;

use super::{Item, text};
use crate::error::{broken, store_error};

/// Sign-in codes in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoSignInCodes {
    client: Client,
    table: String,
}

impl DynamoSignInCodes {
    /// Codes in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

#[async_trait]
impl SignInCodes for DynamoSignInCodes {
    async fn take(&self, hash: &str) -> Result<Option<SignInCode>, StoreError> {
        const OPERATION: &str = "sign_in_codes.take";
        // DynamoDB hands the old item to one of several deletions. If an answer is lost, the code is lost with it.
        let delete = self.client.delete_item().table_name(&self.table).set_key(Some(key(hash)));
        let deleted = delete.return_values(ReturnValue::AllOld).send().await;
        let item = deleted.map_err(|error| store_error(OPERATION, error))?.attributes;
        let read = |item| {
            serde_dynamo::from_item(item)
                .map_err(|error| broken(OPERATION, format!("the item is not a sign-in code: {error}")))
        };
        item.map(read).transpose()
    }
}

fn key(hash: &str) -> Item {
    Item::from([("pk".to_owned(), text(format!("CODE#{hash}"))), ("sk".to_owned(), text("CODE"))])
}
