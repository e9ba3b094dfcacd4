//! Ten million rows with the real planner and the real loaders, in a time that only passes when all of them wait: a new table
//! takes 4,000 writes a second, a request takes 10 ms beyond that, S3 gives 80 MB a second, an invocation has 15 minutes, and
//! four parts are loaded at the same time.

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
use waypost_domain::links::ports::{Inserted, LinkBatch};
use waypost_domain::ports::Clock;
use waypost_domain::{Link, LinkId, StoreError, Timestamp};

use super::source::Generated;
use super::stubs::{KEY, PART_BYTES, loader};

const ROWS: u64 = 10_000_000;
const CONCURRENCY: usize = 4;
const WRITES_A_SECOND: u64 = 4_000;
const REQUEST_US: u64 = 10_000;
const S3_BYTES_A_US: u64 = 80;
/// 2026-01-01T00:00:00Z.
const START_MS: u64 = 1_767_225_600_000;

/// A time that is moved by hand, and a table and a bucket in it.
#[derive(Default)]
struct World(Mutex<State>);

#[derive(Default)]
struct State {
    now_us: u64,
    /// When the table has done all that was asked of it.
    table_free_us: u64,
    waiting: BinaryHeap<Reverse<(u64, u64)>>,
    wakers: HashMap<u64, Waker>,
    waits: u64,
}

impl World {
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

    /// Goes on to the next moment at which something happens; says whether there is one.
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

impl Clock for World {
    fn now(&self) -> Timestamp {
        let millis = i64::try_from(START_MS + self.state().now_us / 1000).unwrap_or_default();
        Timestamp::from_millis(millis).unwrap_or_else(|_| unreachable!("a time in this century"))
    }
}

#[derive(Clone)]
struct Slow(Arc<World>);

#[async_trait]
impl LinkBatch for Slow {
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
    async fn get_all(&self, ids: &[LinkId]) -> Result<Vec<Option<Link>>, StoreError> {
        Ok(vec![None; ids.len()])
    }
    async fn replace(&self, _: &Link, _: &Link) -> Result<bool, StoreError> {
        Ok(true)
    }
}

impl Slow {
    fn paced(&self, body: Body) -> Body {
        let world = Arc::clone(&self.0);
        let pieces = body.then(move |piece| {
            let world = Arc::clone(&world);
            async move {
                let bytes = piece.as_ref().map_or(0, |piece| piece.len() as u64);
                let at = world.state().now_us + bytes / S3_BYTES_A_US;
                world.until(at).await;
                piece
            }
        });
        pieces.boxed()
    }
}

#[async_trait]
impl ObjectReader for Slow {
    async fn open(&self, key: &str) -> Result<Option<Object>, StoreError> {
        let object = Generated { rows: ROWS }.open(key).await?;
        Ok(object.map(|object| Object { body: self.paced(object.body), ..object }))
    }
    async fn open_range(&self, _: &str, _: &str, from: u64, to: u64) -> Result<Option<Body>, StoreError> {
        Ok(Some(self.paced(Generated::read(from, to))))
    }
}

type Invocation<'a> = Pin<Box<dyn Future<Output = Result<PartLoaded, StoreError>> + 'a>>;

/// Runs `future` while time goes by.
fn alone<T>(world: &World, future: impl Future<Output = T>) -> Result<T> {
    let mut future = std::pin::pin!(future);
    let mut context = Context::from_waker(futures::task::noop_waker_ref());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return Ok(value);
        }
        // What gives way without waiting for a time is only to be asked again.
        world.advance();
    }
}

/// How many minutes the import takes.
pub(crate) fn minutes() -> Result<f64> {
    let world = Arc::new(World::default());
    let slow = Slow(Arc::clone(&world));
    let (mut loader, queue) = loader(Arc::new(slow.clone()), Arc::new(slow), PART_BYTES)?;
    loader.clock = world.clone();
    let delivery =
        |request: u64| Delivery { request_id: format!("r{request}"), deadline: world.now().plus_seconds(900) };
    let first = delivery(0);
    let Loaded::Divided(import) = alone(&world, load_import(&loader, KEY, "", &first))?? else {
        return Err(anyhow!("the file was not divided"));
    };
    let planned_us = world.state().now_us;
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
        world.advance();
    }
    let import = finished.unwrap_or(import);
    ensure!(import.status == ImportStatus::Succeeded && import.counts.created == ROWS, "{import:?}");
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let (minutes, planned_s) = (world.state().now_us as f64 / 6e7, planned_us as f64 / 1e6);
    let parts = import.plan.as_ref().map_or(0, |plan| plan.parts);
    println!(
        "{ROWS} rows: {minutes:.1} minutes in {parts} parts and {request} invocations of up to 15 minutes, {handed_over} of \
         them handed over; divided after {planned_s:.0} s"
    );
    Ok(minutes)
}
