//! `/v1/workspace`.

use serde_json::json;
use waypost_domain::Role;
use waypost_domain::workspaces::settings::SettingsFields;

use crate::openapi::operation::Operations;
use crate::workspace::WorkspaceView;

const ITEM: &str = "/v1/workspace";

pub(super) fn add(to: &mut Operations) {
    to.add("get", ITEM, "readWorkspace")
        .about("workspace", "Read the settings of the workspace", "")
        .role(Role::Viewer)
        .if_none_match()
        .json::<WorkspaceView>(200, "The settings.", &["ETag", "Cache-Control"])
        .end();
    let defaults = json!({
        "defaults": { "tags": ["team"], "expires_after_days": 365, "utm_template": "newsletter" },
        "utm_templates": [{ "name": "newsletter", "source": "newsletter", "medium": "email", "campaign": "{date}" }],
    });
    to.add("patch", ITEM, "changeWorkspace")
        .about(
            "workspace",
            "Change the settings of the workspace",
            "Takes a JSON Merge Patch (RFC 7396). A patch may hold all that a read gave. New links have the new settings at once; links that exist stay as they are, and an import goes on with the settings that it began with.",
        )
        .role(Role::Admin)
        .if_match()
        .patch::<SettingsFields>("WorkspacePatch", &[], json!({}), json!({ "defaults": defaults }))
        .json::<WorkspaceView>(200, "The settings as they are now.", &["ETag", "Cache-Control"])
        .end();
}
