//! Leases a part to an invocation, and releases it.

use super::job::part::Part;
use super::load_ports::LoadImportPorts;
use crate::values::error::StoreError;

/// Writes the part with its new lease; returns `false` if another invocation was faster.
pub(super) async fn lease_part(ports: &LoadImportPorts, leased: &Part) -> Result<bool, StoreError> {
    match ports.parts.replace(leased).await {
        Err(error) => {
            // The store may have written it in spite of the error.
            release_part(ports, leased).await;
            Err(error)
        }
        written => written,
    }
}

/// Releases `part`. If that fails too, the lease ends by itself.
pub(super) async fn release_part(ports: &LoadImportPorts, part: &Part) {
    if let Err(error) = ports.parts.replace(&part.released()).await {
        tracing::warn!(event = "import_part.not_released", import = %part.import, part = part.number, %error);
    }
}
