//! Declares what reading pages needs from outside.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::page::Page;
use crate::links::address::LinkAddress;
use crate::links::id::LinkId;
use crate::values::error::StoreError;
use crate::values::target::TargetUrl;
use crate::values::workspace::WorkspaceId;

/// Fetches pages from servers that nobody trusts.
#[async_trait]
pub trait FetchPage: Send + Sync {
    /// Fetches the page at `url`, in bounded time and memory, from public addresses only. Follows redirects.
    ///
    /// # Errors
    /// Why there is no answer.
    async fn fetch(&self, url: &TargetUrl) -> Result<Page, FetchError>;
}

/// Why a page cannot be fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// Waypost does not send requests there: the address is not public, the port is unusual, the scheme is not of the web.
    #[error("no request goes there: {0}")]
    Refused(&'static str),
    /// The name of the host has no address.
    #[error("the host is not found")]
    NotFound,
    /// No connection could be opened.
    #[error("the host does not accept connections")]
    NotConnected,
    /// The certificate is not valid, or the two sides have no protocol in common.
    #[error("the TLS handshake failed")]
    Tls,
    /// The answer took too long.
    #[error("the answer took too long")]
    Timeout,
    /// The answer is not HTTP, or breaks off, or its headers are too large.
    #[error("the answer cannot be read")]
    Unreadable,
    /// The redirects have no end.
    #[error("there are too many redirects")]
    Redirects,
}

/// A link whose title is to be read from its target. The message in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TitleRequest {
    /// The workspace that owns the link.
    pub workspace: WorkspaceId,
    /// Where the link was.
    pub address: LinkAddress,
    /// The link's id: another link that takes the address has another.
    pub link: LinkId,
}

/// Queues links whose titles are to be read.
#[async_trait]
pub trait TitleQueue: Send + Sync {
    /// Adds the requests.
    async fn send(&self, requests: &[TitleRequest]) -> Result<(), StoreError>;
}
