//! Provides what all memory stores share: a lock, an outage, a point at which other tasks run.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use crate::values::error::{StoreError, StoreErrorKind};

/// Locks `mutex`, even if another test panicked while it held the lock.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the error of a store that does not answer.
pub fn outage(operation: &'static str) -> StoreError {
    StoreError::new(operation, StoreErrorKind::Unavailable, "injected outage")
}

/// Yields to the other tasks once, so that concurrent calls interleave.
pub(crate) async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
