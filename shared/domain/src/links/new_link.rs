//! Reads a request for a link, and fills in what the workspace says about new links where the request says nothing.
//!
//! A field that the request has counts, also as `null`: that asks for what Waypost does without any setting. So every caller can leave
//! out a default of its workspace.

use std::collections::BTreeSet;

use serde_json::Value;

use super::create::open_domain;
use super::request::LinkFields;
use super::utm::Utm;
use super::validate::check_fields;
use crate::access::key::Caller;
use crate::values::domains::Domains;
use crate::values::error::Error;
use crate::values::field_errors::Errors;
use crate::values::json::read;
use crate::values::target::TargetUrl;
use crate::values::timestamp::Timestamp;
use crate::workspaces::defaults::{LinkDefaults, NewLinkDefaults};

/// Reads the fields of a link that `caller` wants to create at the time `now`, with the defaults of its workspace.
///
/// # Errors
/// [`Error::Invalid`] names the field that cannot be read, or the wrong fields if UTM parameters or the workspace's default domain
/// cannot be used.
pub fn read_new_link(
    request: Value,
    workspace: &NewLinkDefaults,
    (caller, domains, now): (&Caller, &Domains, Timestamp),
) -> Result<LinkFields, Error> {
    let given: BTreeSet<String> = request.as_object().into_iter().flat_map(|fields| fields.keys().cloned()).collect();
    let given = |name: &str| given.contains(name);
    let mut fields: LinkFields = read(request)?;
    let mut errors = Errors::default();
    if !given("domain")
        && let Some(domain) = &workspace.defaults.domain
    {
        let usable = open_domain(domain, domains, &caller.workspace).map_err(|why| {
            format!("the default domain of the workspace, {domain}, {why}: name another one, or change /v1/workspace")
        });
        fields.domain = errors.note("/domain", usable).map(|domain| domain.to_string());
    }
    let domain = fields.domain.as_deref().map(|text| open_domain(text, domains, &caller.workspace));
    let domain = domain.and_then(Result::ok).unwrap_or_else(|| domains.default_domain().clone());
    let defaults = workspace.on(domain.as_str());
    fill_in(&mut fields, &defaults, now, &given);
    let template = if given("utm_template") { fields.utm_template.take() } else { defaults.utm_template };
    let template = template.filter(|name| !name.is_empty() || given("utm_template"));
    let of_template = template.as_deref().map(|name| workspace.template(name));
    if of_template == Some(None) && given("utm_template") {
        errors.add("/utm_template", "is not the name of a template of the workspace");
    }
    let mut own = fields.utm.take().unwrap_or_default();
    own.check("/utm", &mut errors);
    let is_asked = given("utm_template") && of_template.is_some() || own != Utm::default();
    let utm = own.over(of_template.flatten().unwrap_or_default());
    match fields.url.as_deref().map(|text| TargetUrl::parse(text, domains)) {
        Some(Ok(target)) if target.is_web() => {
            let added = utm.added_to(target.as_str(), domain.as_str(), &now.date());
            // What the request did not ask for must not make its target too long.
            let fits = is_asked || TargetUrl::parse(&added, domains).is_ok();
            fields.url = Some(if fits { added } else { target.to_string() });
        }
        Some(Ok(_)) if is_asked => errors.add("/url", "must be an http or https URL to get UTM parameters"),
        _ => {}
    }
    if errors.is_empty() {
        return Ok(fields);
    }
    check_fields(&fields, domains, &mut errors);
    errors.or(None)
}

/// Sets the fields that the request does not have.
fn fill_in(fields: &mut LinkFields, defaults: &LinkDefaults, now: Timestamp, given: &dyn Fn(&str) -> bool) {
    if !given("redirect_status") {
        fields.redirect_status = defaults.redirect_status;
    }
    if !given("forward_query") {
        fields.forward_query = defaults.forward_query.unwrap_or_default();
    }
    if !given("query_conflict") {
        fields.query_conflict = defaults.query_conflict.unwrap_or_default();
    }
    if !given("forward_path") {
        fields.forward_path = defaults.forward_path.unwrap_or_default();
    }
    if !given("tags") {
        fields.tags = defaults.tags.clone().unwrap_or_default();
    }
    if !given("expires_at") {
        let starts_at = fields.starts_at.as_deref().and_then(|text| Timestamp::parse(text).ok());
        fields.expires_at = defaults.expiry(now, starts_at).map(|time| time.to_string());
    }
    fields.slug_length = defaults.slug_length.map(usize::from);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::key::Role;
    use crate::links::create::create_link;
    use crate::links::link::Link;
    use crate::links::settings::{QueryConflict, RedirectStatus};
    use crate::testing::links::LinkWorld;
    use crate::testing::samples::caller;
    use crate::values::slug::Slug;
    use serde_json::json;

    fn workspace() -> NewLinkDefaults {
        serde_json::from_value(json!({
            "defaults": {
                "domain": "s.example.org", "redirect_status": 301, "forward_query": true, "query_conflict": "visitor_wins",
                "forward_path": true, "tags": ["team"], "expires_after_days": 30, "slug_length": 5, "utm_template": "mail",
            },
            "domains": {"go.example.com": {"redirect_status": 308, "tags": ["go"], "expires_after_days": 0, "utm_template": "", "slug_length": 12}},
            "utm_templates": [
                {"name": "mail", "source": "{domain}", "medium": "email", "campaign": "{date}"},
                {"name": "post", "source": "post"},
            ],
        }))
        .unwrap()
    }

    async fn create_in(workspace: &NewLinkDefaults, request: Value) -> Result<Link, Error> {
        let world = LinkWorld::default();
        let editor = caller("acme", Role::Editor);
        let now = Timestamp::parse("2026-01-02T03:04:05Z").unwrap();
        let fields = read_new_link(request, workspace, (&editor, &world.domains, now))?;
        create_link(&world.ports(), &editor, &fields, None).await.map(|created| created.link)
    }

    async fn create(request: Value) -> Result<Link, Error> {
        create_in(&workspace(), request).await
    }

    #[tokio::test]
    async fn defaults_fill_in_what_the_request_leaves_out() {
        let link = create(json!({"url": "https://a.example/"})).await.unwrap();
        assert_eq!((link.address.domain.as_str(), link.address.slug.as_str().len()), ("s.example.org", 5));
        let settings = link.settings;
        assert_eq!(settings.redirect_status, RedirectStatus::MovedPermanently);
        assert!(settings.forward_query && settings.forward_path);
        assert_eq!((settings.query_conflict, link.tags), (QueryConflict::VisitorWins, vec!["team".to_owned()]));
        assert_eq!(settings.expires_at.unwrap().to_string(), "2026-02-01T03:04:05.000Z");
        let url = "https://a.example/?utm_source=s.example.org&utm_medium=email&utm_campaign=2026-01-02";
        assert_eq!(link.url.as_str(), url);
    }

    #[tokio::test]
    async fn defaults_of_the_domain_win_over_those_of_all() {
        let link = create(json!({"url": "https://a.example/", "domain": "GO.example.com"})).await.unwrap();
        assert_eq!((link.address.domain.as_str(), link.address.slug.as_str().len()), ("go.example.com", 12));
        assert_eq!((link.tags, link.settings.expires_at), (vec!["go".to_owned()], None));
        assert_eq!(
            (link.settings.redirect_status, link.settings.forward_query),
            (RedirectStatus::PermanentRedirect, true)
        );
        assert_eq!(link.url.as_str(), "https://a.example/");
        // `null` names the stack's default domain, and so its defaults.
        let link = create(json!({"url": "https://a.example/", "domain": null})).await.unwrap();
        assert_eq!((link.address.domain.as_str(), link.tags), ("go.example.com", vec!["go".to_owned()]));
    }

    #[tokio::test]
    async fn fields_of_the_request_win_and_null_leaves_a_default_out() {
        let own = json!({
            "url": "https://a.example/", "redirect_status": 307, "forward_query": false, "query_conflict": "target_wins",
            "forward_path": false, "tags": ["own"], "expires_at": "2027-01-01T00:00:00Z", "utm_template": "post", "slug": "own",
        });
        let link = create(own).await.unwrap();
        assert_eq!((link.url.as_str(), link.address.slug.as_str()), ("https://a.example/?utm_source=post", "own"));
        assert_eq!(
            (link.tags, link.settings.redirect_status),
            (vec!["own".to_owned()], RedirectStatus::TemporaryRedirect)
        );
        assert_eq!(link.settings.expires_at.unwrap().to_string(), "2027-01-01T00:00:00.000Z");
        assert!(!link.settings.forward_query && !link.settings.forward_path);
        let none = json!({
            "url": "https://a.example/", "redirect_status": null, "forward_query": null, "query_conflict": null,
            "forward_path": null, "tags": null, "expires_at": null, "utm_template": null,
        });
        let link = create(none).await.unwrap();
        assert_eq!((link.url.as_str(), link.tags.len()), ("https://a.example/", 0));
        assert_eq!(link.settings, crate::links::settings::LinkSettings::default());
    }

    #[tokio::test]
    async fn request_without_defaults_is_as_before() {
        let request = json!({"url": "https://a.example/?x=1#f", "tags": ["a"], "forward_query": true});
        let link = create_in(&NewLinkDefaults::default(), request).await.unwrap();
        assert_eq!((link.url.as_str(), link.address.domain.as_str()), ("https://a.example/?x=1#f", "go.example.com"));
        assert_eq!((link.address.slug.as_str().len(), link.settings.forward_query), (Slug::GENERATED_LEN, true));
        assert_eq!(link.settings.expires_at, None);
    }

    #[tokio::test]
    async fn utm_of_the_request_wins_over_the_template_and_that_of_the_target_over_both() {
        for (request, url) in [
            (
                json!({"utm": {"source": "own"}}),
                "https://a.example/?utm_source=own&utm_medium=email&utm_campaign=2026-01-02",
            ),
            (json!({"utm": {"source": "own"}, "utm_template": null}), "https://a.example/?utm_source=own"),
            (
                json!({"utm": {"source": "own"}, "url": "https://a.example/?utm_source=its", "utm_template": "post"}),
                "https://a.example/?utm_source=its",
            ),
            (json!({"url": "mailto:a@b.example"}), "mailto:a@b.example"),
            (json!({"url": "mailto:a@b.example", "utm": {}}), "mailto:a@b.example"),
        ] {
            let mut all = json!({"url": "https://a.example/"});
            all.as_object_mut().unwrap().extend(request.as_object().unwrap().clone());
            let mut world = LinkWorld::default();
            let schemes = crate::values::schemes::TargetSchemes::parse("mailto").unwrap();
            world.domains = world.domains.with_schemes(schemes);
            let now = Timestamp::parse("2026-01-02T03:04:05Z").unwrap();
            let editor = caller("acme", Role::Editor);
            let fields = read_new_link(all, &workspace(), (&editor, &world.domains, now)).unwrap();
            let created = create_link(&world.ports(), &editor, &fields, None).await.unwrap();
            assert_eq!(created.link.url.as_str(), url, "{request}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_used_is_named_with_all_else_that_is_wrong() {
        let mut elsewhere = workspace();
        elsewhere.defaults.domain = Some("gone.example".to_owned());
        for (workspace, request, pointers) in [
            (workspace(), json!({"url": "https://a.example/", "utm_template": "none"}), vec!["/utm_template"]),
            (workspace(), json!({"url": "https://a.example/", "utm_template": ""}), vec!["/utm_template"]),
            (
                workspace(),
                json!({"url": "x", "title": "", "utm": {"source": "{slug}", "term": "ok"}}),
                vec!["/utm/source", "/url", "/title"],
            ),
            (workspace(), json!({"url": "https://a.example/", "utm": {"id": "x"}}), vec!["/utm/id"]),
            (workspace(), json!({"url": "https://a.example/", "slug_length": 4}), vec!["/slug_length"]),
            (workspace(), json!([]), vec![""]),
            (elsewhere.clone(), json!({"url": "https://a.example/"}), vec!["/domain"]),
            (workspace(), json!({"url": "https://a.example/", "domain": "gone.example"}), vec!["/domain"]),
        ] {
            let result = create_in(&workspace, request.clone()).await;
            let Err(Error::Invalid(errors)) = result else { panic!("{request}: {result:?}") };
            assert_eq!(errors.iter().map(|error| error.pointer.as_str()).collect::<Vec<_>>(), pointers, "{request}");
        }
        assert!(create_in(&elsewhere, json!({"url": "https://a.example/", "domain": null})).await.is_ok());
    }
    #[test]
    fn only_web_targets_can_be_asked_to_have_utm_parameters() {
        let schemes = crate::values::schemes::TargetSchemes::parse("mailto").unwrap();
        let domains = LinkWorld::default().domains.with_schemes(schemes);
        let (editor, now) = (caller("acme", Role::Editor), Timestamp::parse("2026-01-02T03:04:05Z").unwrap());
        for (asked, url, is_wrong) in [
            (json!({"utm": {"source": "own"}}), "mailto:a@b.example", true),
            (json!({"utm_template": "post"}), "mailto:a@b.example", true),
            (json!({"utm": {"source": "own"}, "utm_template": "post"}), "mailto:a@b.example", true),
            (json!({"utm_template": null}), "mailto:a@b.example", false),
            (json!({}), "mailto:a@b.example", false),
            (json!({"utm": {"source": "own"}, "utm_template": "post"}), "https://a.example/", false),
        ] {
            let mut request = asked.clone();
            request["url"] = json!(url);
            let read = read_new_link(request, &workspace(), (&editor, &domains, now));
            match read {
                Err(Error::Invalid(errors)) => assert!(is_wrong && errors[0].pointer == "/url", "{asked}: {errors:?}"),
                other => assert!(!is_wrong, "{asked}: {other:?}"),
            }
        }
    }
}
