//! Deletes a report.

use super::ports::AbuseReportStore;
use crate::access::key::Caller;
use crate::blocking::operator::require_operator;
use crate::links::id::LinkId;
use crate::values::error::Error;
use crate::values::workspace::WorkspaceId;

/// Deletes the report of a link with all that visitors wrote. Needs an operator.
///
/// # Errors
/// [`Error::NotFound`] if nobody has reported the link.
pub async fn remove_report(
    store: &dyn AbuseReportStore,
    caller: &Caller,
    operators: &WorkspaceId,
    link: &str,
) -> Result<(), Error> {
    require_operator(caller, operators)?;
    let link = LinkId::parse(link).map_err(|_| Error::NotFound("report"))?;
    if !store.remove(&link).await? {
        return Err(Error::NotFound("report"));
    }
    tracing::info!(event = "abuse.report_deleted", link_id = %link, by = caller.key_id);
    Ok(())
}
