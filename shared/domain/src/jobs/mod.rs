//! What every queued job needs: a lease, its delivery, redelivery, a timer. No job owns them.

pub mod delivery;
pub mod lease;
pub mod redelivery;
pub mod timer;
