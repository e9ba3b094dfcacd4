//! Defines the result of a request for a link, chooses slugs for new links, and remembers their targets.

use super::link::Link;
use super::ports::{LinkPorts, LinkTargets};
use crate::access::idempotency::RequestFingerprint;
use crate::values::domains::Domain;
use crate::values::error::Error;
use crate::values::slug::Slug;

/// How many slugs to try before giving up. With a billion links on one domain, the chance that all ten are taken is 10^-35.
pub(crate) const MAX_SLUGS: usize = 10;

/// The link that a request created or found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// The link.
    pub link: Link,
    /// Whether this request created it, in this attempt or an earlier one.
    pub is_new: bool,
}

/// How many slugs of one length to try before longer ones.
const TRIES_OF_A_LENGTH: usize = 4;

/// Returns the slug to try on `domain` as `number` for a link whose first slug has `first_len` characters. It is probably free: where
/// short slugs are used up, the later ones are longer. With a `fingerprint`, derives it, so that all attempts at a request try the same
/// slugs; else generates it.
pub(crate) fn slug_to_try(
    ports: &LinkPorts<'_>,
    domain: &Domain,
    fingerprint: Option<&RequestFingerprint>,
    first_len: usize,
    number: usize,
) -> Slug {
    let len = first_len + (number + 1).saturating_sub(TRIES_OF_A_LENGTH);
    let slug = match fingerprint {
        Some(fingerprint) => Slug::derive(&format!("{}#{number}", fingerprint.as_str()), len),
        None => Slug::generate(ports.random, len),
    };
    ports.domains.generated_slug_on(domain, slug)
}

/// Returns the error after [`MAX_SLUGS`] taken slugs.
pub(crate) fn no_free_slug() -> Error {
    Error::Conflict("no free slug was found; try again".to_owned())
}

/// Lets later requests find `link` by its target. Only logs a failure, since the link exists already.
pub(crate) async fn remember_target(targets: &dyn LinkTargets, link: &Link) {
    if let Err(error) = targets.remember(link).await {
        tracing::warn!(event = "links.target_not_remembered", domain = %link.address.domain, slug = %link.address.slug, %error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::idempotency::Claim;
    use crate::testing::links::LinkWorld;
    use crate::values::timestamp::Timestamp;
    use crate::values::workspace::WorkspaceId;

    #[test]
    fn slugs_grow_by_a_character_with_each_try_after_the_fourth() {
        let world = LinkWorld::default();
        let workspace = WorkspaceId::parse("acme").unwrap();
        let claim = Claim::new(workspace, "a", (&[], b"credential"), Timestamp::from_millis(0).unwrap(), &world.random);
        let fingerprint = claim.unwrap().fingerprint();
        for fingerprint in [None, Some(&fingerprint)] {
            let domain = world.domains.default_domain();
            let slugs = (0..MAX_SLUGS).map(|number| slug_to_try(&world.ports(), domain, fingerprint, 7, number));
            let slugs: Vec<String> = slugs.map(|slug| slug.to_string()).collect();
            let lengths: Vec<usize> = slugs.iter().map(String::len).collect();
            assert_eq!(lengths, [7, 7, 7, 7, 8, 9, 10, 11, 12, 13]);
            assert!((1..slugs.len()).all(|number| !slugs[..number].contains(&slugs[number])), "{slugs:?}");
        }
    }
}
