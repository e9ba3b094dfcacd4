//! `/v1/domains`.

use serde_json::json;
use waypost_domain::domains::fields::DomainFields;
use waypost_domain::values::page::{Page, PageRequest};
use waypost_domain::{Domain, Role};

use crate::domains::DomainView;
use crate::openapi::operation::{Operation, Operations};

pub(super) fn add(to: &mut Operations) {
    list(to);
    read(to);
    change(to);
}

fn list(to: &mut Operations) {
    to.add("get", "/v1/domains", "listDomains")
        .about(
            "domains",
            "List domains",
            "Lists the domains that the workspace can use or manages: the default first, then as the operator wrote them.",
        )
        .role(Role::Viewer)
        .query::<PageRequest>()
        .json::<Page<DomainView>>(200, "A page of domains.", &[])
        .problem(422, "")
        .end();
}

fn read(to: &mut Operations) {
    domain_operation(to, "get", "readDomain", Role::Viewer)
        .about("domains", "Read a domain", "")
        .if_none_match()
        .json::<DomainView>(200, "The domain.", &["ETag", "Cache-Control"])
        .end();
}

fn change(to: &mut Operations) {
    let examples = json!({
        "pages": { "root_url": "https://example.com/", "not_found_url": "https://example.com/lost" },
        "defaults": { "root_url": null },
    });
    domain_operation(to, "patch", "changeDomain", Role::Admin)
        .about("domains", "Change the settings of a domain", "Takes a JSON Merge Patch (RFC 7396), which merges the members of `apple_app_site_association`, too. A patch may hold all that a read of the domain gave. A domain that belongs to a workspace is changed by its admins, a domain of the stack by those of the operator's workspace. Visitors see a change some seconds later.")
        .if_match()
        .patch::<DomainFields>("DomainPatch", &[], json!({}), examples)
        .json::<DomainView>(200, "The domain as it is now.", &["ETag", "Cache-Control"])
        .problem(403, "Or others manage this domain.")
        .end();
}

fn domain_operation<'a>(to: &'a mut Operations, method: &'static str, id: &'static str, role: Role) -> Operation<'a> {
    to.add(method, "/v1/domains/{domain}", id).role(role).path::<Domain>("domain", "The domain.").problem(404, "")
}
