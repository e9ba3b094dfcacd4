//! Makes the aliases of a row lead to its link.

use super::report::{ReportLine, Reported};
use super::row::Candidate;
use super::send_rows::{MAX_ROUNDS, Sender};
use crate::imports::job::import::Import;
use crate::imports::rows::Column;
use crate::links::address::LinkAddress;
use crate::links::link::Link;
use crate::links::ports::{Occupant, Relocation};
use crate::values::error::{StoreError, StoreErrorKind};

/// Makes the aliases of a row lead to its link, which is written. Returns a warning for each that cannot: it is taken, or there are
/// too many. Adding them again changes nothing. A dry run only looks whether they are taken.
pub(crate) async fn add_aliases(sender: &Sender<'_>, candidate: &Candidate) -> Result<Vec<ReportLine>, StoreError> {
    if candidate.aliases.is_empty() {
        return Ok(Vec::new());
    }
    let mut addresses = vec![candidate.link.address.clone()];
    addresses.extend_from_slice(&candidate.aliases);
    for _ in 0..MAX_ROUNDS {
        let mut occupants = sender.occupants(&addresses).await?.into_iter();
        let link = match occupants.next() {
            Some(Occupant::Link(link)) => *link,
            _ if sender.import.options.dry_run => candidate.link.clone(),
            // Its owner has deleted or moved it meanwhile.
            _ => return Ok(Vec::new()),
        };
        let (next, warnings) = with_aliases(sender.import, &link, candidate, occupants);
        if next.aliases.len() == link.aliases.len() || sender.import.options.dry_run {
            return Ok(warnings);
        }
        if sender.relocate(&link, &next).await? == Relocation::Done {
            return Ok(warnings);
        }
    }
    let reason = "links appear and disappear while rows are written";
    Err(StoreError::new("links.relocate", StoreErrorKind::Unavailable, reason))
}

/// Returns `link` with those aliases of the row that `occupants` leave free, and a warning for each of the others.
fn with_aliases(
    import: &Import,
    link: &Link,
    candidate: &Candidate,
    occupants: impl Iterator<Item = Occupant>,
) -> (Link, Vec<ReportLine>) {
    let mut next = link.clone().with_stored_id();
    next.revision += 1;
    // A link that the import created was never changed.
    if link.created_by.as_deref() != Some(import.id.as_str()) {
        (next.changed_by, next.updated_at) = (Some(import.id.to_string()), import.started_at);
    }
    let mut warnings = Vec::new();
    let mut warn = |alias: &LinkAddress, cause: String| {
        let cause = format!("{cause}; this alias is left out");
        let line =
            ReportLine::new(&candidate.address, Reported::Warned, Some(Column::Aliases), &alias.to_string(), cause);
        warnings.push(line);
    };
    for (alias, occupant) in candidate.aliases.iter().zip(occupants) {
        let is_free = match occupant {
            Occupant::Nobody => true,
            Occupant::Reserved(workspace) => workspace == link.workspace,
            Occupant::Link(other) if other.id() == link.id() => continue,
            Occupant::Link(_) => false,
        };
        if !is_free {
            warn(alias, "is taken".to_owned());
        } else if next.aliases.len() == Link::MAX_ALIASES {
            warn(alias, format!("is more than the {} aliases of a link", Link::MAX_ALIASES));
        } else {
            next.aliases.push(alias.clone());
        }
    }
    (next, warnings)
}
