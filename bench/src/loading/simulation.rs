//! Imports ten million rows with the real planner and the real loaders in a simulated time, which passes only while all of them
//! wait: a new table takes 4,000 writes a second, a request takes 10 ms beyond that, S3 sends 80 MB a second, an invocation has
//! 15 minutes, and four loaders run at a time.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use anyhow::{Result, anyhow, ensure};
use async_trait::async_trait;
use futures::stream::StreamExt;
use waypost_domain::files::ports::{Body, Object, ObjectReader};
use waypost_domain::imports::job::import::ImportStatus;
use waypost_domain::imports::load::{Loaded, load_import};
use waypost_domain::imports::load_part::{PartLoaded, load_part};
use waypost_domain::jobs::delivery::Delivery;
use waypost_domain::links::ports::{Inserted, LinkBatch, Occupant};
use waypost_domain::ports::Clock;
use waypost_domain::{Link, LinkAddress, StoreError, Timestamp};

use super::source::GeneratedFile;
use super::stubs::{KEY, PART_BYTES, loader};

const ROWS: u64 = 10_000_000;
const CONCURRENCY: usize = 4;
const WRITES_A_SECOND: u64 = 4_000;
const REQUEST_US: u64 = 10_000;
const S3_BYTES_A_US: u64 = 80;
/// 2026-01-01T00:00:00Z.
const START_MS: u64 = 1_767_225_600_000;

/// A clock that the simulation moves, with all who wait for it.
#[derive(Default)]
struct SimulatedTime(Mutex<State>);

#[derive(Default)]
struct State {
    now_us: u64,
    /// When the table has finished all writes that it was sent.
    table_free_us: u64,
    waiting: BinaryHeap<Reverse<(u64, u64)>>,
    wakers: HashMap<u64, Waker>,
    waits: u64,
}

impl SimulatedTime {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn until(&self, at_us: u64) {
        let number = {
            let mut state = self.state();
            state.waits += 1;
            let number = state.waits;
            state.waiting.push(Reverse((at_us, number)));
            number
        };
        poll_fn(|context| {
            let mut state = self.state();
            if state.now_us >= at_us {
                return Poll::Ready(());
            }
            state.wakers.insert(number, context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Moves the clock to the next time that a future waits for; returns whether there is one.
    fn advance(&self) -> bool {
        let mut state = self.state();
        let Some(Reverse((at_us, number))) = state.waiting.pop() else { return false };
        state.now_us = state.now_us.max(at_us);
        if let Some(waker) = state.wakers.remove(&number) {
            waker.wake();
        }
        true
    }
}

impl Clock for SimulatedTime {
    fn now(&self) -> Timestamp {
        let millis = i64::try_from(START_MS + self.state().now_us / 1000).unwrap_or_default();
        Timestamp::from_millis(millis).unwrap_or_else(|_| unreachable!("a time in this century"))
    }
}

/// A table and a bucket that take their time.
#[derive(Clone)]
struct PacedStore(Arc<SimulatedTime>);

#[async_trait]
impl LinkBatch for PacedStore {
    async fn insert_all(&self, links: &[Link]) -> Result<Vec<Inserted>, StoreError> {
        let done = {
            let mut state = self.0.state();
            let begin = state.table_free_us.max(state.now_us);
            state.table_free_us = begin + links.len() as u64 * 1_000_000 / WRITES_A_SECOND;
            state.table_free_us + REQUEST_US
        };
        self.0.until(done).await;
        Ok(vec![Inserted::Written; links.len()])
    }
    async fn insert_one(&self, _: &Link) -> Result<bool, StoreError> {
        Ok(true)
    }
    async fn get_all(&self, addresses: &[LinkAddress]) -> Result<Vec<Occupant>, StoreError> {
        Ok(vec![Occupant::Nobody; addresses.len()])
    }
    async fn replace(&self, _: &Link, _: &Link) -> Result<bool, StoreError> {
        Ok(true)
    }
}

impl PacedStore {
    fn paced(&self, body: Body) -> Body {
        let time = Arc::clone(&self.0);
        let pieces = body.then(move |piece| {
            let time = Arc::clone(&time);
            async move {
                let bytes = piece.as_ref().map_or(0, |piece| piece.len() as u64);
                let at = time.state().now_us + bytes / S3_BYTES_A_US;
                time.until(at).await;
                piece
            }
        });
        pieces.boxed()
    }
}

#[async_trait]
impl ObjectReader for PacedStore {
    async fn open(&self, key: &str) -> Result<Option<Object>, StoreError> {
        let object = GeneratedFile { rows: ROWS }.open(key).await?;
        Ok(object.map(|object| Object { body: self.paced(object.body), ..object }))
    }
    async fn open_range(&self, _: &str, _: &str, from: u64, to: u64) -> Result<Option<Body>, StoreError> {
        Ok(Some(self.paced(GeneratedFile::read(from, to))))
    }
}

type Invocation<'a> = Pin<Box<dyn Future<Output = Result<PartLoaded, StoreError>> + 'a>>;

/// Runs `future` to its end and moves the clock whenever it waits.
fn run<T>(time: &SimulatedTime, future: impl Future<Output = T>) -> Result<T> {
    let mut future = std::pin::pin!(future);
    let mut context = Context::from_waker(futures::task::noop_waker_ref());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return Ok(value);
        }
        // A future that only yields is polled again, whether the clock moves or not.
        time.advance();
    }
}

/// Simulated minutes.
pub(crate) struct Minutes {
    pub(crate) import: f64,
    /// The table alone: it takes so many writes a second and no more.
    pub(crate) table: f64,
}

/// Measures the import.
pub(crate) fn minutes() -> Result<Minutes> {
    let time = Arc::new(SimulatedTime::default());
    let store = PacedStore(Arc::clone(&time));
    let (mut loader, queue) = loader(Arc::new(store.clone()), Arc::new(store), PART_BYTES)?;
    loader.clock = time.clone();
    let delivery =
        |request: u64| Delivery { request_id: format!("r{request}"), deadline: time.now().plus_seconds(900) };
    let first = delivery(0);
    let Loaded::Divided(import) = run(&time, load_import(&loader, KEY, "", &first))?? else {
        return Err(anyhow!("the file was not divided"));
    };
    let planned_us = time.state().now_us;
    let mut messages = VecDeque::from(queue.take());
    let (mut running, mut request, mut handed_over) = (Vec::<Invocation<'_>>::new(), 0, 0);
    let mut context = Context::from_waker(futures::task::noop_waker_ref());
    let mut finished = None;
    while finished.is_none() {
        while running.len() < CONCURRENCY
            && let Some(id) = messages.pop_front()
        {
            request += 1;
            let (loader, delivery) = (loader.clone(), delivery(request));
            running.push(Box::pin(async move { load_part(&loader, &id, &delivery).await }));
        }
        let mut ended = Vec::new();
        running.retain_mut(|invocation| match invocation.as_mut().poll(&mut context) {
            Poll::Ready(result) => {
                ended.push(result);
                false
            }
            Poll::Pending => true,
        });
        for result in ended {
            match result? {
                PartLoaded::Finished(import) => finished = Some(import),
                PartLoaded::HandedOver(_) => handed_over += 1,
                PartLoaded::Loaded(_) | PartLoaded::Gone => {}
                PartLoaded::Busy { .. } => return Err(anyhow!("two invocations had the same part")),
            }
        }
        messages.extend(queue.take());
        time.advance();
    }
    let import = finished.unwrap_or(import);
    ensure!(import.status == ImportStatus::Succeeded && import.counts.created == ROWS, "{import:?}");
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let (minutes, planned_s) = (time.state().now_us as f64 / 6e7, planned_us as f64 / 1e6);
    let parts = import.plan.as_ref().map_or(0, |plan| plan.parts);
    println!(
        "{ROWS} rows: {minutes:.1} minutes in {parts} parts and {request} invocations of up to 15 minutes, {handed_over} of \
         which handed over their part; the plan was ready after {planned_s:.0} s"
    );
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let table = ROWS as f64 / WRITES_A_SECOND as f64 / 60.0;
    Ok(Minutes { import: minutes, table })
}
