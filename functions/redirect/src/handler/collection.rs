//! Answers visits to links that lead to collections.

use waypost_domain::redirect::collection_share::Listing;
use waypost_domain::redirect::pending_event::PendingEvent;

use super::Answer;
use crate::pages;

/// Makes the answer, with the click if the visit is one.
pub(super) fn answer(mut listing: Listing) -> Answer {
    let click = listing.click.take().map(|click| PendingEvent::from(*click));
    (pages::collection(&listing), click)
}
