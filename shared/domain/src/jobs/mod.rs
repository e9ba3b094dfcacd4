//! Holds what every queued job needs: a lease, a delivery, redelivery, a timer. No job owns them.

pub mod delivery;
pub mod given_up;
pub mod lease;
pub mod redelivery;
pub mod timer;
