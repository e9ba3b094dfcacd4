//! Finds and lists reports, for the operator.

use super::ports::{AbuseReportIndex, AbuseReportStore};
use super::report::{AbuseReport, ReportStatus};
use crate::access::key::Caller;
use crate::blocking::operator::require_operator;
use crate::links::id::LinkId;
use crate::values::error::Error;
use crate::values::page::{Page, PageRequest};
use crate::values::workspace::WorkspaceId;

/// The parameters of a request for a page of reports, not checked yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ReportsRequest {
    /// The page.
    #[cfg_attr(feature = "openapi", schemars(flatten))]
    pub page: PageRequest,
    /// Only reports of this status.
    #[cfg_attr(feature = "openapi", schemars(extend("default" = ReportStatus::Open)))]
    pub status: Option<ReportStatus>,
}

/// Returns a page of reports: the links that were reported last come first. Needs an operator.
///
/// # Errors
/// [`Error::Invalid`] names every parameter that is wrong.
pub async fn list_reports(
    index: &dyn AbuseReportIndex,
    caller: &Caller,
    operators: &WorkspaceId,
    request: &ReportsRequest,
) -> Result<Page<AbuseReport>, Error> {
    require_operator(caller, operators)?;
    let query = request.page.check()?;
    let status = request.status.unwrap_or_default();
    let items = index.latest(status, query.before.as_deref(), query.limit + 1).await?;
    Ok(Page::from_items(items, query.limit, AbuseReport::list_key))
}

/// Returns the report of a link. Needs an operator.
///
/// # Errors
/// [`Error::NotFound`] if nobody has reported the link.
pub async fn find_report(
    store: &dyn AbuseReportStore,
    caller: &Caller,
    operators: &WorkspaceId,
    link: &str,
) -> Result<AbuseReport, Error> {
    require_operator(caller, operators)?;
    let link = LinkId::parse(link).map_err(|_| Error::NotFound("report"))?;
    Ok(store.get(&link).await?.ok_or(Error::NotFound("report"))?.0)
}
