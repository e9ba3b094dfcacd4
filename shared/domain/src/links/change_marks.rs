//! Defines the marks by which a process that keeps links learns that some have changed, without reading them.

use sha2::{Digest, Sha256};

use super::address::LinkAddress;
use super::link::Link;

/// The number of counters. A change makes each process read again the links that share one of them: a 64th of what it keeps.
pub const BUCKETS: usize = 64;

/// How often links have changed, by bucket.
pub type Marks = [u64; BUCKETS];

/// Returns the bucket of an address, less than [`BUCKETS`].
pub fn bucket_of(address: &LinkAddress) -> usize {
    usize::from(Sha256::digest(format!("{}#{}", address.domain, address.slug))[0]) % BUCKETS
}

/// Returns the buckets of all addresses of `seen` if visitors can notice that `next` replaces it (`None`: that it is deleted), each once.
/// Titles and tags are the owner's.
pub fn changed_buckets(seen: &Link, next: Option<&Link>) -> Vec<usize> {
    let unnoticed = next.is_some_and(|next| {
        let mut settings = next.settings.clone();
        settings.used_clicks = seen.settings.used_clicks;
        (&next.url, &next.address, &next.aliases) == (&seen.url, &seen.address, &seen.aliases)
            && settings == seen.settings
    });
    if unnoticed {
        return Vec::new();
    }
    let mut buckets: Vec<usize> =
        seen.addresses().chain(next.into_iter().flat_map(Link::addresses)).map(bucket_of).collect();
    buckets.sort_unstable();
    buckets.dedup();
    buckets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::samples::link_with_id;
    use crate::values::slug::Slug;

    #[test]
    fn addresses_are_spread_over_all_buckets() {
        let mut used = std::collections::BTreeSet::new();
        for n in 0..2_000 {
            used.insert(bucket_of(&link_with_id("acme", &format!("s{n}"), "https://example.com/", "1").address));
        }
        assert_eq!((used.len(), used.last()), (BUCKETS, Some(&(BUCKETS - 1))));
    }

    #[test]
    fn only_what_visitors_notice_is_marked_at_all_addresses() {
        let seen = link_with_id("acme", "docs", "https://example.com/", "1");
        let with = |change: fn(&mut Link)| {
            let mut next = seen.clone();
            change(&mut next);
            changed_buckets(&seen, Some(&next)).len()
        };
        assert_eq!(with(|link| (link.title, link.revision) = (Some("x".into()), 1)), 0);
        assert_eq!(with(|link| link.tags.push("x".into())), 0);
        assert_eq!(with(|link| link.settings.used_clicks = 1), 0);
        assert_eq!(with(|link| link.settings.password_hash = Some("hash".into())), 1);
        assert_eq!(with(|link| link.settings.archived = true), 1);
        let mut moved = seen.clone();
        moved.address.slug = Slug::parse("moved").unwrap();
        let mut both = vec![bucket_of(&seen.address), bucket_of(&moved.address)];
        both.sort_unstable();
        assert_eq!(changed_buckets(&seen, Some(&moved)), both);
        assert_eq!(changed_buckets(&seen, None), [bucket_of(&seen.address)]);
    }
}
