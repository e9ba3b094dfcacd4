//! Makes and checks the parameter by which a visitor who has seen the first page of a collection sees the next ones: without the password
//! again, and without another click.
//!
//! It is signed with the collection's secret, works for an hour, as the downloads of a page do, and for one link with one password.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::files::collections::collection::Collection;
use crate::files::collections::id::CollectionId;
use crate::files::collections::path::MAX_PATH_BYTES;
use crate::links::link::Link;
use crate::redirect::visit::Visit;
use crate::values::timestamp::Timestamp;

/// The name of the parameter.
pub const PARAMETER: &str = "after";
/// How long it works, in seconds.
pub(super) const SECONDS: i64 = 3600;
/// How many bytes of the signature are kept.
const MAC_BYTES: usize = 16;
const TIME_BYTES: usize = 8;
const ID_BYTES: usize = 36;
const MAX_BYTES: usize = TIME_BYTES + MAC_BYTES + ID_BYTES + MAX_PATH_BYTES;

/// What the parameter of a visit says, not checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FurtherPage {
    /// The collection.
    pub(super) collection: CollectionId,
    /// The key of the last path on the page before.
    pub(super) after: String,
    ends: u64,
    mac: Vec<u8>,
}

impl FurtherPage {
    /// Reads the parameter of a visit, if it has one that could be valid.
    pub(super) fn of(visit: &Visit) -> Option<Self> {
        if visit.query.is_empty() {
            return None;
        }
        let text = visit.parameters().find(|(name, _)| name == PARAMETER)?.1;
        if text.len() > MAX_BYTES.div_ceil(3) * 4 {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text.as_bytes()).ok()?;
        let (ends, rest) = bytes.split_at_checked(TIME_BYTES)?;
        let (mac, rest) = rest.split_at_checked(MAC_BYTES)?;
        let (collection, after) = rest.split_at_checked(ID_BYTES)?;
        let collection = CollectionId::parse(str::from_utf8(collection).ok()?).ok()?;
        let after = str::from_utf8(after).ok()?.to_owned();
        Some(Self { collection, after, ends: u64::from_be_bytes(ends.try_into().ok()?), mac: mac.to_vec() })
    }

    /// Tells whether it was made for `link` within the last hour, by who knows the secret of `collection`.
    pub(super) fn is_valid(&self, link: &Link, collection: &Collection, now: Timestamp) -> bool {
        let is_in_time = self.ends > seconds(now) && self.ends <= seconds(now.plus_seconds(SECONDS));
        let mac = signed(link, collection, &self.after, self.ends);
        is_in_time
            && self.collection == collection.id
            && mac.is_some_and(|mac| mac.verify_truncated_left(&self.mac).is_ok())
    }
}

/// Makes the value of the parameter for the page of `collection` that begins after the path with the key `after`.
pub(super) fn further_page(link: &Link, collection: &Collection, after: &str, now: Timestamp) -> Option<String> {
    let ends = seconds(now.plus_seconds(SECONDS));
    let mac = signed(link, collection, after, ends)?.finalize().into_bytes();
    let parts = [&ends.to_be_bytes()[..], mac.get(..MAC_BYTES)?, collection.id.as_str().as_bytes(), after.as_bytes()];
    Some(URL_SAFE_NO_PAD.encode(parts.concat()))
}

fn signed(link: &Link, collection: &Collection, after: &str, ends: u64) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(collection.secret.as_bytes()).ok()?;
    let password = link.settings.password_hash.as_deref().unwrap_or_default();
    let id = link.id();
    // None of these but the last has a line break.
    for part in ["further page", id.as_str(), password, collection.id.as_str(), &ends.to_string(), after] {
        mac.update(part.as_bytes());
        mac.update(b"\n");
    }
    Some(mac)
}

fn seconds(time: Timestamp) -> u64 {
    time.as_seconds().max(0).unsigned_abs()
}
