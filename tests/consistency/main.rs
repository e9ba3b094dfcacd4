//! Checks that folders, packages, template, local routes and sample events agree.
//!
//! Each test collects its findings and fails with a list. Each line names what is missing and where it belongs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bucket;
mod cors;
mod events;
mod functions;
mod items;
mod queues;
#[path = "../repository.rs"]
mod repository;
mod roles;
mod routes;
mod schedules;
mod streams;
mod template;
mod timeouts;
