//! Lists what is blocked.

use super::entry::BlockedTarget;
use super::operator::require_operator;
use super::ports::BlockListReader;
use crate::access::key::Caller;
use crate::values::block_list::BlockPattern;
use crate::values::error::Error;
use crate::values::field_errors::Errors;
use crate::values::page::{Page, PageRequest};
use crate::values::workspace::WorkspaceId;

/// The parameters of a request for a page of the list, not checked yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct BlockedPageRequest {
    /// The page.
    #[cfg_attr(feature = "openapi", schemars(flatten))]
    pub page: PageRequest,
    /// Only targets that begin with this.
    #[cfg_attr(feature = "openapi", schemars(length(max = BlockPattern::MAX_BYTES)))]
    pub prefix: Option<String>,
}

/// Returns a page of the list, in the order of the alphabet. Needs an operator.
///
/// # Errors
/// [`Error::Invalid`] names every parameter that is wrong.
pub async fn list_blocked(
    reader: &dyn BlockListReader,
    caller: &Caller,
    operators: &WorkspaceId,
    request: &BlockedPageRequest,
) -> Result<Page<BlockedTarget>, Error> {
    require_operator(caller, operators)?;
    let mut errors = Errors::default();
    let query = request.page.check_with(&mut errors);
    let after = query.before.as_deref().map(BlockPattern::parse);
    let after = after.and_then(|after| errors.note("cursor", after.map_err(|_| "is not a cursor that a page gave")));
    let prefix = request.prefix.as_deref().unwrap_or_default().to_ascii_lowercase();
    if prefix.len() > BlockPattern::MAX_BYTES || prefix.chars().any(char::is_control) {
        errors.add("prefix", "is not the beginning of a host or URL");
    }
    let limit = errors.or(Some(query.limit))?;
    let items = reader.page(&prefix, after.as_ref(), limit + 1).await?;
    Ok(Page::from_items(items, limit, |entry| entry.target.to_string()))
}
