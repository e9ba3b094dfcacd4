//! Lists the files of a collection by their paths.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::find::visible_collection;
use super::path::MAX_PATH_BYTES;
use super::ports::StoredCollections;
use crate::access::key::{Caller, Role};
use crate::files::file::StoredFile;
use crate::jobs::open_to::SeenJob;
use crate::values::error::Error;
use crate::values::field_errors::Errors;
use crate::values::page::{Page, PageRequest};

/// Returns one page of the files of the collection `id`, of those that the caller may see, in the order of their paths: the files of a folder
/// before those of the folders in it.
///
/// # Errors
/// [`Error::NotFound`] if the caller sees no such collection; [`Error::Invalid`] names what is wrong with `page`.
pub async fn list_collection_files(
    collections: &dyn StoredCollections,
    caller: &Caller,
    id: &str,
    page: &PageRequest,
) -> Result<Page<StoredFile>, Error> {
    caller.require(Role::Viewer)?;
    let mut errors = Errors::default();
    let query = page.check_with(&mut errors);
    let after = query.before.map(|text| key_of(&text));
    let after = after.and_then(|key| errors.note("cursor", key.ok_or("is not a cursor that a page gave")));
    let (limit, mut after) = errors.or(Some((query.limit, after)))?;
    let collection = visible_collection(collections, caller, id).await?;
    let mut found: Vec<StoredFile> = Vec::new();
    loop {
        let part = collections.files(&collection.workspace, &collection.id, after.as_deref(), limit + 1).await?;
        found.extend(part.files.into_iter().filter(|file| file.is_open_to(caller)));
        after = part.next;
        if after.is_none() || found.len() > limit {
            break;
        }
    }
    Ok(Page::from_items(found, limit, |file| {
        let key = file.place.as_ref().map(|place| place.path.key());
        URL_SAFE_NO_PAD.encode(key.unwrap_or_default())
    }))
}

/// Keys of paths have characters that cursors do not.
fn key_of(text: &str) -> Option<String> {
    let key = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    (1..=MAX_PATH_BYTES).contains(&key.len()).then_some(key)
}
