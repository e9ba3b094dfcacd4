//! What becomes of a row whose id is taken.

use super::report::{ReportLine, Reported};
use super::row::Candidate;
use crate::imports::job::import::Import;
use crate::imports::job::options::OnConflict;
use crate::imports::rows::Column;
use crate::links::link::{Link, LinkId};

/// What becomes of a row.
#[derive(Debug)]
pub(crate) enum Resolution {
    /// The link is the row's own: an earlier attempt wrote it, or an earlier try of this one whose answer was lost.
    Own {
        /// Whether it was written over one that was there before.
        overwrote: bool,
    },
    /// The row says what is there.
    Unchanged,
    /// The link is somebody else's, or leads elsewhere.
    Conflict(ReportLine),
    /// The row has no slug of its own and gets the next one.
    NextSlug(Box<Candidate>),
    /// The link is to become what the row says.
    Overwrite,
    /// A later row of the same import has the id. It is this row's, since it comes first.
    Contested,
}

/// What becomes of `candidate`, a row of `import`, whose id `existing` has.
pub(crate) fn resolve_conflict(import: &Import, candidate: &Candidate, existing: &Link) -> Resolution {
    let own = existing.workspace == candidate.link.workspace;
    let sibling = existing.origin.as_deref().filter(|_| own).and_then(|origin| import.row_of(origin));
    match sibling {
        Some((row, overwrote)) if row == candidate.address.row => return Resolution::Own { overwrote },
        Some((row, _)) if row > candidate.address.row => return Resolution::Contested,
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
    let mut next = candidate.clone();
    if next.try_next_slug() {
        return Resolution::NextSlug(Box::new(next));
    }
    let LinkId { domain, slug } = &candidate.link.id;
    // Whose it is and where it leads is shown only to its owner.
    let cause = match (candidate.attempt, own) {
        (Some(_), _) => "no free slug was found for the row".to_owned(),
        (None, true) => format!("is taken on {domain} and leads to another target: {}", existing.url),
        (None, false) => format!("is taken on {domain}"),
    };
    let line = ReportLine::new(&candidate.address, Reported::Conflict, Some(Column::Slug), slug.as_str(), cause);
    Resolution::Conflict(line)
}

/// The link that stands in the place of `existing` once `candidate` has written over it. When it was created stays, and what
/// a file cannot say: its password and its clicks.
pub(crate) fn in_place_of(import: &Import, candidate: &Candidate, existing: &Link) -> (Link, bool) {
    let mut next = candidate.link.clone();
    let taken_over = existing.origin.as_deref().and_then(|origin| import.row_of(origin));
    next.revision = existing.revision + 1;
    // A link that a later row of the import created is as if this row had.
    let overwrites = taken_over.is_none_or(|(_, overwrote)| overwrote);
    if overwrites {
        next.origin = next.origin.as_deref().map(Import::overwriting);
        next.created_at = existing.created_at;
        next.updated_at = import.started_at;
        next.settings.password_hash = existing.settings.password_hash.clone();
        next.settings.used_clicks = existing.settings.used_clicks;
    }
    (next, overwrites)
}
