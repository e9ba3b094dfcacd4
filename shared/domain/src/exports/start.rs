//! Starts an export of the caller's workspace.

use serde::Deserialize;

use super::export::{Export, ExportFormat, ExportId};
use super::ports::{ExportQueue, ExportRequest, ExportStore};
use crate::access::key::{Caller, Role};
use crate::ports::{Clock, Random};
use crate::values::error::Error;

/// The ports of [`start_export`].
#[derive(Clone, Copy)]
pub struct StartExportPorts<'a> {
    /// Keeps the export.
    pub exports: &'a dyn ExportStore,
    /// Queues it.
    pub queue: &'a dyn ExportQueue,
    /// Tells the time of the request.
    pub clock: &'a dyn Clock,
    /// Makes its id.
    pub random: &'a dyn Random,
}

/// An export to start.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NewExport {
    /// The format of the file.
    #[serde(default, deserialize_with = "crate::values::json::or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<ExportFormat>"))]
    pub format: ExportFormat,
    /// Whether to compress the file with gzip.
    #[serde(default, deserialize_with = "crate::values::json::or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<bool>"))]
    pub gzip: bool,
    /// Whether the file has the hashes of links' passwords, so that an import makes locked links of them again. Needs the role
    /// `admin`, as reading such an export does.
    #[serde(default, deserialize_with = "crate::values::json::or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<bool>"))]
    pub passwords: bool,
}

/// How many exports of a workspace may wait or run. Each reads every link, and two are written at a time for all workspaces.
pub const MAX_OPEN: usize = 3;
/// How many exports of a workspace may start within [`WINDOW_SECONDS`] before a viewer starts another. Who may change links may
/// always start one: they can cause as much work otherwise.
pub const MAX_RECENT_FOR_VIEWERS: usize = 10;
/// See [`MAX_RECENT_FOR_VIEWERS`].
pub const WINDOW_SECONDS: i64 = 3600;
/// When to try again if too many exports are open, in seconds.
const RETRY_SECONDS: u64 = 30;
/// How long an export counts as open, in seconds: if its message was lost, its record never says that it ended.
const OPEN_SECONDS: i64 = 4 * 3600;

/// Makes sure that the workspace may start another export now.
async fn require_room(ports: &StartExportPorts<'_>, caller: &Caller) -> Result<(), Error> {
    let now = ports.clock.now();
    let newest = ports.exports.newest(&caller.workspace, None, MAX_RECENT_FOR_VIEWERS).await?;
    let age = |export: &Export| now.as_seconds() - export.created_at.as_seconds();
    let open = newest.iter().filter(|export| !export.status.is_final() && age(export) < OPEN_SECONDS).count();
    if open >= MAX_OPEN {
        return Err(Error::RateLimited { retry_after_seconds: RETRY_SECONDS });
    }
    let oldest = newest.get(MAX_RECENT_FOR_VIEWERS - 1).map(age).filter(|_| caller.role == Role::Viewer);
    match oldest.map(|age| WINDOW_SECONDS - age) {
        Some(left @ 1..) => Err(Error::RateLimited { retry_after_seconds: left.unsigned_abs() }),
        _ => Ok(()),
    }
}

/// Starts an export of the links that the caller reaches. Needs [`Role::Viewer`]: a viewer can read the same links page by page. With passwords
/// it needs [`Role::Admin`]: who has a hash can try passwords without limit.
///
/// # Errors
/// [`Error::RateLimited`] if [`MAX_OPEN`] exports are open, or a viewer starts more than [`MAX_RECENT_FOR_VIEWERS`] in an hour;
/// those of the stores.
pub async fn start_export(ports: &StartExportPorts<'_>, caller: &Caller, new: NewExport) -> Result<Export, Error> {
    caller.require(if new.passwords { Role::Admin } else { Role::Viewer })?;
    require_room(ports, caller).await?;
    let id = ExportId::generate(ports.clock, ports.random);
    let waiting = Export::waiting(id, caller.workspace.clone(), new.format, new.gzip, ports.clock.now());
    let (created_by, scope) = (Some(caller.key_id.clone()), caller.scope.clone());
    let export = Export { passwords: new.passwords, created_by, scope, ..waiting };
    if !ports.exports.create(&export).await? {
        return Err(Error::Conflict("the export's id is taken; try again".to_owned()));
    }
    ports.queue.send(&ExportRequest::first(&export)).await?;
    Ok(export)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::exports::{MemoryExportQueue, MemoryExports};
    use crate::testing::samples::caller;
    use crate::testing::system::{FixedClock, SeededRandom};

    struct Fixture {
        exports: MemoryExports,
        queue: MemoryExportQueue,
        clock: FixedClock,
        random: SeededRandom,
    }

    impl Fixture {
        fn new() -> Self {
            let clock = FixedClock::at("2026-01-02T03:04:05Z");
            let (exports, queue) = (MemoryExports::default(), MemoryExportQueue::default());
            Self { exports, queue, clock, random: SeededRandom::new(1) }
        }

        async fn start(&self, workspace: &str, role: Role) -> Result<Export, u64> {
            let ports = StartExportPorts {
                exports: &self.exports,
                queue: &self.queue,
                clock: &self.clock,
                random: &self.random,
            };
            start_export(&ports, &caller(workspace, role), NewExport::default()).await.map_err(|error| match error {
                Error::RateLimited { retry_after_seconds } => retry_after_seconds,
                other => panic!("{other}"),
            })
        }

        async fn finish(&self, export: &Export) {
            assert!(self.exports.replace(&export.succeeded(0, 0, self.clock.now())).await.unwrap());
        }
    }

    #[tokio::test]
    async fn few_exports_of_a_workspace_are_open_at_once() {
        let fixture = Fixture::new();
        let first = fixture.start("acme", Role::Admin).await.unwrap();
        for _ in 1..MAX_OPEN {
            fixture.start("acme", Role::Viewer).await.unwrap();
        }
        assert_eq!(fixture.start("acme", Role::Admin).await, Err(RETRY_SECONDS));
        assert_eq!(fixture.queue.take().len(), MAX_OPEN);
        fixture.start("other", Role::Viewer).await.unwrap();
        fixture.finish(&first).await;
        fixture.start("acme", Role::Admin).await.unwrap();
        // Exports whose messages were given up block the workspace for some hours only.
        assert!(fixture.start("acme", Role::Admin).await.is_err());
        fixture.clock.advance(OPEN_SECONDS);
        fixture.start("acme", Role::Admin).await.unwrap();
    }

    #[tokio::test]
    async fn viewer_starts_ten_an_hour() {
        let fixture = Fixture::new();
        for _ in 0..MAX_RECENT_FOR_VIEWERS {
            let export = fixture.start("acme", Role::Viewer).await.unwrap();
            fixture.finish(&export).await;
            fixture.clock.advance(60);
        }
        assert_eq!(fixture.start("acme", Role::Viewer).await, Err(3000));
        let export = fixture.start("acme", Role::Editor).await.unwrap();
        fixture.finish(&export).await;
        // The editor's counts too: the oldest of the last ten began a minute later.
        fixture.clock.advance(3059);
        assert_eq!(fixture.start("acme", Role::Viewer).await, Err(1));
        fixture.clock.advance(1);
        fixture.start("acme", Role::Viewer).await.unwrap();
    }
}
