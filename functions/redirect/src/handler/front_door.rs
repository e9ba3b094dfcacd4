//! Knows the secret of the front door.

use std::sync::LazyLock;

/// Gives the secret by which CloudFront proves that a request came through it: `FRONT_DOOR_SECRET`, read once. Without one there
/// is no front door.
pub(super) fn secret() -> Option<&'static str> {
    static SECRET: LazyLock<Option<String>> =
        LazyLock::new(|| std::env::var("FRONT_DOOR_SECRET").ok().filter(|text| !text.is_empty()));
    SECRET.as_deref()
}
