//! `/v1/workspace`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use waypost_domain::workspaces::defaults::{LinkDefaults, NewLinkDefaults, UtmTemplate};
use waypost_domain::workspaces::settings::{OnBroken, WorkspaceSettings};
use waypost_domain::{Timestamp, WorkspaceId};

/// The settings of a workspace.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Workspace")]
pub struct WorkspaceView {
    /// The name of the workspace.
    workspace: String,
    /// What new links have where a request, or a row of an import, says nothing.
    defaults: LinkDefaults,
    /// Defaults of single domains, which win over `defaults`.
    domains: BTreeMap<String, LinkDefaults>,
    /// UTM parameters that requests and defaults can name.
    utm_templates: Vec<UtmTemplate>,
    /// Whether links without a title get that of their target.
    titles: bool,
    /// What happens to a link whose target is found broken.
    on_broken: OnBroken,
    /// When the settings were last changed; null before the first change.
    updated_at: Option<Timestamp>,
    /// Who last changed them, as in `changed_by` of links; null before the first change.
    changed_by: Option<String>,
}

impl WorkspaceView {
    /// Makes the view of the settings of `workspace`.
    pub fn of(workspace: &WorkspaceId, settings: WorkspaceSettings) -> Self {
        let NewLinkDefaults { defaults, domains, utm_templates } = settings.new_links;
        Self {
            workspace: workspace.to_string(),
            defaults,
            domains,
            utm_templates,
            titles: settings.titles,
            on_broken: settings.on_broken,
            updated_at: settings.updated_at,
            changed_by: settings.changed_by,
        }
    }
}
