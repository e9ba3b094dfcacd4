//! Starts a function: logging, a runtime, and an error that an operator can read.

use std::future::Future;
use std::process::ExitCode;

use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The error of a function's start.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Runs `serve` to its end on one thread: a function of less than 1,769 MB has no more. A failure is logged as `start.failed`
/// and becomes the exit code, so that Lambda shows it as an init error.
pub fn run(serve: impl Future<Output = Result<(), BoxError>>) -> ExitCode {
    log();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    match runtime.block_on(serve) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(error.as_ref()),
    }
}

fn fail(error: &dyn std::error::Error) -> ExitCode {
    tracing::error!(event = "start.failed", %error);
    ExitCode::FAILURE
}

/// Logs JSON lines with RFC 3339 times, which CloudWatch Logs Insights reads as fields. `RUST_LOG` sets the level (`info`) or
/// levels by target (`info,hyper=debug`).
fn log() {
    let targets = std::env::var("RUST_LOG").ok().and_then(|text| text.parse::<Targets>().ok());
    let targets = targets.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    let format =
        tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
    tracing_subscriber::registry().with(format.with_filter(targets)).init();
}
