//! Reads the settings of each domain once for many links.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::domains::ports::DomainReader;
use crate::domains::settings::DomainSettings;
use crate::values::domains::Domain;
use crate::values::error::StoreError;

/// The settings of domains as they were when they were first asked for. A job that moves many links to a domain must not read its
/// settings, which may be large, for each of them.
pub(super) struct KnownDomains<'a> {
    inner: &'a dyn DomainReader,
    known: Mutex<HashMap<Domain, Option<DomainSettings>>>,
}

impl<'a> KnownDomains<'a> {
    /// Knows nothing yet.
    pub(super) fn new(inner: &'a dyn DomainReader) -> Self {
        Self { inner, known: Mutex::default() }
    }
}

#[async_trait]
impl DomainReader for KnownDomains<'_> {
    async fn settings(&self, domain: &Domain) -> Result<Option<DomainSettings>, StoreError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(domain).cloned();
        if let Some(settings) = known {
            return Ok(settings);
        }
        let settings = self.inner.settings(domain).await?;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(domain.clone(), settings.clone());
        Ok(settings)
    }
}
