//! Finds links from before capitals stopped to count on their domain.

use super::address::LinkAddress;
use super::link::Link;
use super::ports::LinkReader;
use crate::values::error::StoreError;
use crate::values::slug::Slug;

/// Returns the link whose slug is exactly what a request wrote, if its new address has other letters: visitors who write it like that
/// reach the old link, so the new one must not be made. `None` if the address has the slug as it was written.
pub(crate) async fn link_as_written(
    reader: &dyn LinkReader,
    written: Option<&str>,
    address: &LinkAddress,
) -> Result<Option<Link>, StoreError> {
    match written.and_then(|text| Slug::parse(text).ok()) {
        Some(slug) if slug != address.slug => reader.get(&LinkAddress { domain: address.domain.clone(), slug }).await,
        _ => Ok(None),
    }
}
