//! Leases an import to the invocation that plans it, and releases it.

use super::job::import::Import;
use super::load_ports::LoadImportPorts;
use crate::values::error::StoreError;

/// Writes the import, which this invocation holds; returns `false` if another invocation has changed it.
pub(super) async fn replace_import(ports: &LoadImportPorts, next: &Import) -> Result<bool, StoreError> {
    match ports.imports.replace(next).await {
        Err(error) => {
            // The store may have written it in spite of the error.
            release_import(ports, next).await;
            Err(error)
        }
        written => written,
    }
}

/// Releases `import`. If that fails too, the lease ends by itself.
pub(super) async fn release_import(ports: &LoadImportPorts, import: &Import) {
    if let Err(error) = ports.imports.replace(&import.released()).await {
        tracing::warn!(event = "import.not_released", import = %import.id, %error);
    }
}
