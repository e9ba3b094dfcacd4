//! Defines an event that waits for the answer to be sent.

use std::net::IpAddr;

use super::record_click::PendingClick;
use crate::clicks::event::StreamEvent;

/// An event without its visitor hash, which [`crate::redirect::deliver_clicks`] makes after the answer.
#[derive(Debug, Clone)]
pub struct PendingEvent {
    /// The event without its visitor.
    pub event: StreamEvent,
    /// The visitor's address, for the hash. It is never stored, and absent if the visitor opted out.
    pub address: Option<IpAddr>,
}

impl From<PendingClick> for PendingEvent {
    fn from(PendingClick { click, address }: PendingClick) -> Self {
        Self { event: click.into(), address }
    }
}
