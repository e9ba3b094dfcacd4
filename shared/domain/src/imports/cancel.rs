//! Cancels an import.

use super::find::find_import;
use super::job::import::{Import, ImportStatus};
use super::job::plan::Halt;
use super::job::ports::ImportStore;
use crate::access::key::{Caller, Role};
use crate::ports::Clock;
use crate::values::error::Error;

/// How often a change is tried while other changes win.
const MAX_TRIES: u32 = 10;

/// Cancels the import `id`. It is final at once, and invocations that load it stop within seconds. Links that were written
/// before stay. Needs [`Role::Editor`]. Cancelling a cancelled import changes nothing.
///
/// # Errors
/// [`Error::Conflict`] if it has ended otherwise.
pub async fn cancel_import(
    imports: &dyn ImportStore,
    clock: &dyn Clock,
    caller: &Caller,
    id: &str,
) -> Result<Import, Error> {
    caller.require(Role::Editor)?;
    for _ in 0..MAX_TRIES {
        let import = find_import(imports, caller, id).await?;
        if import.status == ImportStatus::Cancelled {
            return Ok(import);
        }
        if import.status.is_final() || import.halt.is_some() {
            return Err(Error::Conflict("the import is finished; it cannot be cancelled any more".to_owned()));
        }
        let cancelled = import.halted(Halt::Cancelled, clock.now());
        if imports.replace(&cancelled).await? {
            return Ok(cancelled);
        }
    }
    Err(Error::Conflict("the import changes too fast; try again".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::job::id::ImportId;
    use crate::jobs::lease::Lease;
    use crate::testing::imports::MemoryImports;
    use crate::testing::samples::caller;
    use crate::testing::system::{FixedClock, SeededRandom};

    #[tokio::test]
    async fn cancelled_import_is_final() {
        let clock = FixedClock::at("2026-01-01T00:00:00Z");
        let imports = MemoryImports::default();
        let id = ImportId::generate(&clock, &SeededRandom::new(1));
        let editor = caller("acme", Role::Editor);
        let import = Import::awaiting(id, editor.workspace.clone(), None, 10, clock.now());
        imports.create(&import).await.unwrap();
        let (viewer, stranger) = (caller("acme", Role::Viewer), caller("other", Role::Admin));
        let cancel = |caller| cancel_import(&imports, &clock, caller, import.id.as_str());
        assert!(matches!(cancel(&viewer).await, Err(Error::Forbidden(_))));
        assert!(matches!(cancel(&stranger).await, Err(Error::NotFound(_))));
        let cancelled = cancel(&editor).await.unwrap();
        assert_eq!((cancelled.status, cancelled.closed), (ImportStatus::Cancelled, true));
        clock.advance(1);
        assert_eq!(cancel(&editor).await.unwrap(), cancelled);
        let lease = Lease { owner: "r1".into(), attempt: 1, until: clock.now() };
        assert!(cancelled.leased(lease, "e", 10, clock.now()).is_err());
    }

    #[tokio::test]
    async fn finished_import_cannot_be_cancelled() {
        let clock = FixedClock::at("2026-01-01T00:00:00Z");
        let imports = MemoryImports::default();
        let id = ImportId::generate(&clock, &SeededRandom::new(1));
        let editor = caller("acme", Role::Editor);
        let import = Import::awaiting(id, editor.workspace.clone(), None, 10, clock.now());
        imports.create(&import).await.unwrap();
        imports.replace(&import.closed(&[], clock.now())).await.unwrap();
        let cancelled = cancel_import(&imports, &clock, &editor, import.id.as_str()).await;
        assert!(matches!(cancelled, Err(Error::Conflict(_))));
    }
}
