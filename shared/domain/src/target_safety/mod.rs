//! Keeps links from leading to pages that are known to be unsafe: asks a service about each new target
//! ([ADR 40](../../../../docs/adr/0040-unsafe-targets.md)). Everything here lets a target pass that nobody knows anything about: a
//! service that is away must not keep people from making links.

pub mod cache;
pub mod guard;
pub mod lookups;
pub mod ports;
pub mod refuse;
pub mod threat;
