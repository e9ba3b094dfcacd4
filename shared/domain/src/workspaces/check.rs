//! Checks the settings of a workspace all at once, so that the error names every field that is wrong.

use std::collections::{BTreeMap, BTreeSet};

use super::defaults::{
    LinkDefaults, MAX_DOMAINS, MAX_EXPIRY_DAYS, MAX_SLUG_LEN, MAX_TEMPLATE_NAME, MAX_TEMPLATES, MIN_SLUG_LEN,
    UtmTemplate,
};
use super::settings::SettingsFields;
use crate::links::create::open_domain;
use crate::links::link::check_tags;
use crate::links::settings::RedirectStatus;
use crate::values::domains::Domains;
use crate::values::field_errors::Errors;
use crate::values::text::check_text;
use crate::values::workspace::WorkspaceId;

/// The greatest size of all settings as JSON, in bytes. Creating links reads them, and an import keeps a copy.
pub(crate) const MAX_BYTES: usize = 32 * 1024;

/// Checks `fields` for `workspace`, and returns them in their normal form. Adds what is wrong to `errors`.
pub(super) fn check_settings(
    fields: SettingsFields,
    domains: &Domains,
    workspace: &WorkspaceId,
    errors: &mut Errors,
) -> SettingsFields {
    let check = Check {
        domains,
        workspace,
        templates: fields.utm_templates.iter().map(|it| it.name.trim().to_owned()).collect(),
    };
    let checked = SettingsFields {
        defaults: check.defaults("/defaults", fields.defaults, errors),
        domains: check.of_domains(fields.domains, errors),
        utm_templates: check_templates(fields.utm_templates, errors),
        titles: fields.titles,
        on_broken: fields.on_broken,
    };
    if serde_json::to_vec(&checked).is_ok_and(|json| json.len() > MAX_BYTES) {
        errors.add("", format!("all settings together are larger than {MAX_BYTES} bytes of JSON"));
    }
    checked
}

struct Check<'a> {
    domains: &'a Domains,
    workspace: &'a WorkspaceId,
    templates: BTreeSet<String>,
}

impl Check<'_> {
    fn of_domains(
        &self,
        fields: BTreeMap<String, LinkDefaults>,
        errors: &mut Errors,
    ) -> BTreeMap<String, LinkDefaults> {
        if fields.len() > MAX_DOMAINS {
            errors.add("/domains", format!("must have at most {MAX_DOMAINS} domains"));
        }
        let mut checked = BTreeMap::new();
        for (name, defaults) in fields.into_iter().take(MAX_DOMAINS) {
            let at = format!("/domains/{}", name.replace('~', "~0").replace('/', "~1"));
            if defaults.domain.is_some() {
                errors.add(format!("{at}/domain"), "is only for the defaults of all domains");
            }
            let defaults = self.defaults(&at, LinkDefaults { domain: None, ..defaults }, errors);
            let Some(domain) = errors.note(&at, open_domain(&name, self.domains, self.workspace)) else { continue };
            if checked.insert(domain.to_string(), defaults).is_some() {
                errors.add(at, "is a domain that is there already, written otherwise");
            }
        }
        checked
    }

    fn defaults(&self, at: &str, fields: LinkDefaults, errors: &mut Errors) -> LinkDefaults {
        let domain = fields.domain.as_deref().map(|text| open_domain(text, self.domains, self.workspace));
        let domain = domain.and_then(|domain| errors.note(&format!("{at}/domain"), domain));
        if let Some(status) = fields.redirect_status {
            errors.note(&format!("{at}/redirect_status"), RedirectStatus::try_from(status));
        }
        let tags = fields.tags.map(|tags| {
            check_tags(tags.iter().map(String::as_str))
                .map_err(|(index, detail)| errors.add(format!("{at}/tags/{index}"), detail))
                .unwrap_or_default()
        });
        if fields.expires_after_days.is_some_and(|days| days > MAX_EXPIRY_DAYS) {
            errors.add(format!("{at}/expires_after_days"), format!("must be 0 to {MAX_EXPIRY_DAYS}"));
        }
        if fields.slug_length.is_some_and(|length| !(MIN_SLUG_LEN..=MAX_SLUG_LEN).contains(&length)) {
            errors.add(format!("{at}/slug_length"), format!("must be {MIN_SLUG_LEN} to {MAX_SLUG_LEN}"));
        }
        let utm_template = fields.utm_template.map(|name| name.trim().to_owned());
        if utm_template.as_ref().is_some_and(|name| !name.is_empty() && !self.templates.contains(name)) {
            errors.add(format!("{at}/utm_template"), "is not the name of one of utm_templates");
        }
        LinkDefaults { domain: domain.map(|domain| domain.to_string()), tags, utm_template, ..fields }
    }
}

fn check_templates(fields: Vec<UtmTemplate>, errors: &mut Errors) -> Vec<UtmTemplate> {
    if fields.len() > MAX_TEMPLATES {
        errors.add("/utm_templates", format!("must have at most {MAX_TEMPLATES} items"));
    }
    let mut names = BTreeSet::new();
    let checked = fields.into_iter().take(MAX_TEMPLATES).enumerate().map(|(index, mut template)| {
        let at = format!("/utm_templates/{index}");
        if let Some(name) = errors.note(&format!("{at}/name"), check_text(&template.name, MAX_TEMPLATE_NAME)) {
            if !names.insert(name.clone()) {
                errors.add(format!("{at}/name"), "is the name of another template");
            }
            template.name = name;
        }
        let mut utm = template.utm();
        utm.check(&at, errors);
        if utm == crate::links::utm::Utm::default() {
            errors.add(&at, "must have at least one parameter");
        }
        template.with(utm)
    });
    checked.collect()
}
