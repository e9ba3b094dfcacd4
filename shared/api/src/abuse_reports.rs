//! `/v1/abuse-reports`. The answers are [`waypost_domain::abuse::report::AbuseReport`].

use serde::Deserialize;
use waypost_domain::abuse::list::ReportsRequest;
use waypost_domain::abuse::report::ReportStatus;
use waypost_domain::values::page::PageRequest;

/// The parameters of a page of reports, as a query has them.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct AbuseReportsQuery {
    limit: Option<usize>,
    cursor: Option<String>,
    status: Option<ReportStatus>,
}

impl From<AbuseReportsQuery> for ReportsRequest {
    fn from(query: AbuseReportsQuery) -> Self {
        let AbuseReportsQuery { limit, cursor, status } = query;
        Self { page: PageRequest { limit, cursor }, status }
    }
}
