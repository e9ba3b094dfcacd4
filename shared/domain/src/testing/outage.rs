//! What every store in memory shares: a lock, a failure, a chance for others to run.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use crate::values::error::{StoreError, StoreErrorKind};

/// Locks `mutex`, also after a panic in another test.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A failure such as a store gives that does not answer.
pub fn outage(operation: &'static str) -> StoreError {
    StoreError::new(operation, StoreErrorKind::Unavailable, "injected outage")
}

/// Lets other tasks run once, so that what runs at the same time interleaves.
pub(crate) async fn give_way() {
    let mut given = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut given, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
