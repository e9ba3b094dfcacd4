//! Makes a row of a redirect.

use std::borrow::Cow;

use crate::imports::rows::column::{Column, Source};
use crate::imports::rows::fields::Fields;

/// A redirect: a path and its target, or why the rule is more than that. `None` is not a redirect at all.
pub(super) type Redirect = Option<Result<Fields<'static>, &'static str>>;

/// Makes a row of a redirect from `path` to `target`. Leaves out a status that links do not have.
pub(super) fn redirect(path: &str, target: &str, status: Option<&str>) -> Result<Fields<'static>, &'static str> {
    let path = path.trim_matches('/');
    if path.is_empty() {
        return Err("redirects the home page, which has no slug");
    }
    let mut fields = Fields { source: Some(Source::Rules), ..Fields::default() };
    fields.set(Column::Slug, Cow::Owned(path.to_owned()));
    fields.set(Column::Url, Cow::Owned(target.to_owned()));
    if let Some(status) = status.filter(|status| ["301", "302", "307", "308"].contains(status)) {
        fields.set(Column::RedirectStatus, Cow::Owned(status.to_owned()));
    }
    Ok(fields)
}
