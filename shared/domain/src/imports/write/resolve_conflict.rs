//! Decides what happens to a row whose address is taken.

use super::report::{ReportLine, Reported};
use super::row::Candidate;
use crate::imports::job::import::Import;
use crate::imports::job::options::OnConflict;
use crate::imports::rows::Column;
use crate::links::address::LinkAddress;
use crate::links::link::Link;

/// What happens to a row whose address is taken.
#[derive(Debug)]
pub(crate) enum Resolution {
    /// The row itself has written the link: in an earlier attempt, or in a request whose answer was lost.
    Own {
        /// Whether it overwrote a link from before the import.
        overwrote: bool,
    },
    /// The link has the row's target.
    Unchanged,
    /// The link belongs to another workspace or has another target.
    Conflict(ReportLine),
    /// The row has no slug of its own, and tries this next one.
    NextSlug(Box<Candidate>),
    /// The row overwrites the link.
    Overwrite,
    /// A later row of the import has the address. This row takes it over, since it comes first.
    Contested,
}

/// Decides what happens to `candidate`, a row of `import` that asks for the address of `existing`.
pub(crate) fn resolve_conflict(import: &Import, candidate: &Candidate, existing: &Link) -> Resolution {
    let own = existing.workspace == candidate.link.workspace;
    let sibling = existing.origin.as_deref().filter(|_| own).and_then(|origin| import.row_of(origin));
    match sibling {
        Some((row, overwrote)) if row == candidate.address.row => return Resolution::Own { overwrote },
        // At an alias of a later row's link, another link stands: the row cannot take that one over.
        Some((row, _)) if row > candidate.address.row && existing.address == candidate.link.address => {
            return Resolution::Contested;
        }
        _ => {}
    }
    if candidate.attempt.is_none() && own {
        if sibling.is_none() && import.options.on_conflict == OnConflict::Overwrite {
            return Resolution::Overwrite;
        }
        if existing.url == candidate.link.url {
            return Resolution::Unchanged;
        }
    }
    // Show a link's target only to its owner.
    let target = own.then(|| format!(" and leads to another target: {}", existing.url));
    next_slug_or_conflict(candidate, &target.unwrap_or_default())
}

/// Decides what happens to `candidate`, which asks for an address that another workspace gave up a short time ago.
pub(crate) fn resolve_reserved(candidate: &Candidate) -> Resolution {
    next_slug_or_conflict(candidate, "")
}

fn next_slug_or_conflict(candidate: &Candidate, target: &str) -> Resolution {
    let mut next = candidate.clone();
    if next.try_next_slug() {
        return Resolution::NextSlug(Box::new(next));
    }
    let LinkAddress { domain, slug } = &candidate.link.address;
    let cause = match candidate.attempt {
        Some(_) => "no free slug was found for the row".to_owned(),
        None => format!("is taken on {domain}{target}"),
    };
    let line = ReportLine::new(&candidate.address, Reported::Conflicting, Some(Column::Slug), slug.as_str(), cause);
    Resolution::Conflict(line)
}

/// Tells whether the password of `existing` is the one that `candidate` lacks.
pub(crate) fn keeps_password(candidate: &Candidate, existing: &Link) -> bool {
    candidate.lacks_password && existing.settings.password_hash.is_some()
}

/// Makes the link that replaces `existing`, and tells whether it overwrites a link from before the import. Such a link
/// keeps its id and its addresses (the row may name an alias), its creation time and creator, and what a file rarely holds: its password, if
/// the row has none, and its clicks.
pub(crate) fn replacement_of(import: &Import, candidate: &Candidate, existing: &Link) -> (Link, bool) {
    let mut next = candidate.link.clone();
    let taken_over = existing.origin.as_deref().and_then(|origin| import.row_of(origin));
    next.revision = existing.revision + 1;
    // If a later row of the import created the link, the replacement is as if this row had created it.
    let overwrites = taken_over.is_none_or(|(_, overwrote)| overwrote);
    // A link that its owner has moved since is no longer as the row created it.
    if overwrites || existing.address != next.address || !existing.aliases.is_empty() {
        let Link { address, stored_id, counted_at, aliases, .. } = existing.clone().with_stored_id();
        (next.address, next.stored_id, next.counted_at, next.aliases) = (address, stored_id, counted_at, aliases);
    }
    if overwrites {
        next.origin = next.origin.as_deref().map(Import::overwriting);
        next.created_at = existing.created_at;
        next.updated_at = import.started_at;
        next.created_by = existing.created_by.clone();
        next.changed_by = Some(import.id.to_string());
        if next.settings.password_hash.is_none() {
            next.settings.password_hash = existing.settings.password_hash.clone();
            next.settings.archived &= !keeps_password(candidate, existing);
        }
        next.settings.used_clicks = existing.settings.used_clicks;
        next.target_check = existing.check_for(&next);
    }
    (next, overwrites)
}
