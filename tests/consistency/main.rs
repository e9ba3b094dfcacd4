//! Holds folders, packages, template, local routes and sample events together.
//!
//! Each test collects what it finds and fails with a list: a line names what was forgotten and where it belongs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod events;
mod functions;
mod queues;
#[path = "../repository.rs"]
mod repository;
mod roles;
mod routes;
mod schedules;
mod streams;
mod template;
