//! Implements the ports of pages in memory.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;

use super::outage::{lock, outage};
use crate::pages::page::Page;
use crate::pages::ports::{FetchError, FetchPage, TitleQueue, TitleRequest};
use crate::values::error::StoreError;
use crate::values::target::TargetUrl;

/// Pages by their URL. Others are not found.
#[derive(Default)]
pub struct MemoryPages {
    pages: Mutex<HashMap<String, Result<Page, FetchError>>>,
    fetched: AtomicUsize,
}

impl MemoryPages {
    /// Sets the answer at `url`.
    pub fn put(&self, url: &str, answer: Result<Page, FetchError>) {
        lock(&self.pages).insert(url.to_owned(), answer);
    }

    /// Returns how many pages were fetched.
    pub fn fetched(&self) -> usize {
        self.fetched.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl FetchPage for MemoryPages {
    async fn fetch(&self, url: &TargetUrl) -> Result<Page, FetchError> {
        self.fetched.fetch_add(1, Ordering::SeqCst);
        lock(&self.pages).get(url.as_str()).cloned().unwrap_or(Err(FetchError::NotFound))
    }
}

/// A queue of requests for titles, which can fail.
#[derive(Default)]
pub struct MemoryTitleQueue {
    requests: Mutex<Vec<TitleRequest>>,
    failing: AtomicBool,
}

impl MemoryTitleQueue {
    /// Takes all requests.
    pub fn take(&self) -> Vec<TitleRequest> {
        std::mem::take(&mut lock(&self.requests))
    }

    /// Makes every later call fail, or work again.
    pub fn fail(&self, failing: bool) {
        self.failing.store(failing, Ordering::SeqCst);
    }
}

#[async_trait]
impl TitleQueue for MemoryTitleQueue {
    async fn send(&self, requests: &[TitleRequest]) -> Result<(), StoreError> {
        if self.failing.load(Ordering::SeqCst) {
            return Err(outage("titles.ask"));
        }
        lock(&self.requests).extend_from_slice(requests);
        Ok(())
    }
}
