//! Holds what the redirect needs, and reads visits with it.

use std::sync::Arc;

use waypost_domain::abuse::file::FileReportPorts;
use waypost_domain::blocking::refresh::BlockListRefresher;
use waypost_domain::redirect::follow::FollowLinkPorts;
use waypost_domain::redirect::miss_gate::MissGate;
use waypost_domain::redirect::ports::Countries;
use waypost_domain::redirect::unanswered::Unanswered;
use waypost_domain::redirect::visit::Visit;

use super::front_door;
use crate::event::Event;

/// The ports and settings of the redirect.
pub(crate) struct App {
    pub(crate) follow: FollowLinkPorts,
    /// Looks up the country of a visit if no header gives it.
    pub(crate) countries: Option<Arc<dyn Countries>>,
    /// Answers visits that no link answers.
    pub(crate) unanswered: Unanswered,
    /// Keeps the list of blocked targets new.
    pub(crate) block_list: Option<Arc<BlockListRefresher>>,
    /// Takes reports of links.
    pub(crate) reports: FileReportPorts,
    /// Bounds how many visits to no link are sent.
    pub(crate) misses: MissGate,
}

impl App {
    /// Makes the visit of a request, with the visitor's country.
    pub(super) fn visit(&self, event: &Event) -> Visit {
        let mut visit = event.visit(front_door::secret());
        if let (Some(countries), None, Some(address)) = (&self.countries, visit.country(), visit.address) {
            visit.country = countries.country(address);
        }
        visit
    }
}
