//! What creating links needs.

use std::sync::Arc;

use waypost_api::links::ShortUrls;
use waypost_domain::Domains;
use waypost_domain::domains::ports::DomainReader;
use waypost_domain::links::ports::{LinkPorts, LinkReader, LinkTargets, LinkWriter};
use waypost_domain::ports::{Clock, Random};
use waypost_domain::target_safety::guard::TargetGuard;
use waypost_domain::target_safety::lookups::Lookups;
use waypost_domain::workspaces::ports::SettingsReader;

/// The ports and settings of links that are made with their files.
#[derive(Clone)]
pub(crate) struct NewLinks {
    pub(crate) reader: Arc<dyn LinkReader>,
    pub(crate) writer: Arc<dyn LinkWriter>,
    pub(crate) targets: Arc<dyn LinkTargets>,
    pub(crate) workspaces: Arc<dyn SettingsReader>,
    pub(crate) domains: Domains,
    pub(crate) domain_settings: Arc<dyn DomainReader>,
    /// Knows unsafe targets, if the stack asks: rules and variants of such a link can lead to the web.
    pub(crate) guard: Option<Arc<TargetGuard>>,
    pub(crate) short_urls: ShortUrls,
}

impl NewLinks {
    pub(crate) fn ports<'a>(
        &'a self,
        (clock, random): (&'a dyn Clock, &'a dyn Random),
        lookups: Option<&'a Lookups>,
    ) -> LinkPorts<'a> {
        LinkPorts {
            reader: self.reader.as_ref(),
            writer: self.writer.as_ref(),
            targets: self.targets.as_ref(),
            clock,
            random,
            domains: &self.domains,
            domain_settings: self.domain_settings.as_ref(),
            lookups,
        }
    }
}
