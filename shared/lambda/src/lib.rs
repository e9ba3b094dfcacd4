//! How a function starts and runs on Lambda.
//!
//! * [`start`] runs a function, [`settings`] reads its environment, [`sdk`] builds the configuration of its AWS clients.
//! * [`system`] is the real clock, random source and timer.
//! * [`queue`] works off the messages of a queue, [`extension`] lets a function work on after the response.
//! * [`notification`] is the event that S3 sends for objects.
//! * [`fetch`] gets the documents of an identity provider.
//! * [`web_risk`] asks Google Web Risk about targets.
//! * [`wiring`] builds what several functions need from the environment.

pub mod extension;
pub mod fetch;
pub mod invocation;
pub mod malware_scan;
pub mod notification;
pub mod queue;
pub mod sdk;
pub mod settings;
pub mod start;
pub mod system;
pub mod web_risk;
pub mod wiring;
