//! Decodes the answers to Queries of aggregates straight from their JSON. The SDK would make a map of texts of each item first,
//! which for a year of aggregates costs more than all else. Signing, retries and errors stay the SDK's.
//!
//! [`query_page`] is the only entry.

mod attribute_json;
mod page;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextMut, Error, Output,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::client::ser_de::{DeserializeResponse, SharedResponseDeserializer};
use aws_smithy_types::config_bag::ConfigBag;
use waypost_domain::StoreError;
use waypost_domain::analytics::ports::AggregatePage;

use self::page::read_page;
use crate::error::{broken, store_error};

/// Sends `query`, which asks for aggregates of the partition `pk`, and decodes its answer.
///
/// # Errors
/// The call failed, or an item is not an aggregate.
pub(super) async fn query_page(
    query: QueryFluentBuilder,
    operation: &'static str,
    pk: &str,
) -> Result<AggregatePage, StoreError> {
    let page = ReadPage::default();
    let sent = query.customize().interceptor(page.clone()).send().await;
    sent.map_err(|error| store_error(operation, error))?;
    page.take().map_err(|detail| broken(operation, format!("of {pk}, {detail}")))
}

/// Replaces the SDK's decoder for one call, and keeps the page that it decodes.
#[derive(Debug, Clone, Default)]
struct ReadPage(Arc<Mutex<Option<Result<AggregatePage, String>>>>);

impl ReadPage {
    /// Gives the page.
    ///
    /// # Errors
    /// The answer was not a page of aggregates, or there was no answer.
    fn take(&self) -> Result<AggregatePage, String> {
        let page = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        page.unwrap_or_else(|| Err("nothing was read".to_owned()))
    }
}

impl Intercept for ReadPage {
    fn name(&self) -> &'static str {
        "ReadPage"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // Leave errors to the SDK: it decides whether to try again.
        if context.response().status().is_success() {
            config.interceptor_state().store_put(SharedResponseDeserializer::new(self.clone()));
        }
        Ok(())
    }
}

impl DeserializeResponse for ReadPage {
    fn deserialize_nonstreaming_with_config(
        &self,
        response: &HttpResponse,
        _: &ConfigBag,
    ) -> Result<Output, OrchestratorError<Error>> {
        let body = response.body().bytes().filter(|_| response.status().is_success());
        // An error that follows an attempt whose answer broke off.
        let body = body.ok_or_else(|| OrchestratorError::response("an error after an answer that broke off".into()))?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(read_page(body));
        Ok(Output::erase(QueryOutput::builder().build()))
    }
}
