//! How to upload a file: of imports, and of a workspace's files.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use waypost_domain::Timestamp;
use waypost_domain::files::ports::SignedUpload;

/// How to upload a file: the request to send.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Upload")]
pub(crate) struct UploadView {
    /// The method of the request.
    method: String,
    /// The URL of the request. Keep it secret while it works.
    #[schemars(url)]
    url: String,
    /// The headers that the request must have.
    headers: BTreeMap<String, String>,
    /// When the upload expires.
    expires_at: Timestamp,
}

impl UploadView {
    /// Makes the view of a request that works until `expires_at`.
    pub(crate) fn new(upload: SignedUpload, expires_at: Timestamp) -> Self {
        let headers = upload.headers.into_iter().collect();
        Self { method: upload.method, url: upload.url, headers, expires_at }
    }
}
