//! Holds what every queued job needs: a lease, a delivery, redelivery, a timer, a list of those that a caller may see. No job owns them.

pub mod delivery;
pub mod given_up;
pub mod lease;
pub mod open_to;
pub mod redelivery;
pub mod timer;
