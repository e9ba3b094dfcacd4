//! Imports a file with the real planner and the real loaders in simulated time: S3 sends 80 MB a second, an invocation has 15
//! minutes, and four loaders run at a time.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use anyhow::{Context as _, Result, anyhow, ensure};
use async_trait::async_trait;
use futures::stream::StreamExt;
use waypost_domain::StoreError;
use waypost_domain::files::ports::{Body, Object, ObjectReader};
use waypost_domain::imports::job::import::ImportStatus;
use waypost_domain::imports::load::{Loaded, load_import};
use waypost_domain::imports::load_part::{PartLoaded, load_part};
use waypost_domain::links::ports::LinkBatch;
use waypost_domain::ports::Clock;
use waypost_domain::testing::jobs::delivery;

use super::source::GeneratedFile;
use super::stubs::{KEY, PART_BYTES, loader};
use super::time::{SimulatedTime, SimulatedTimer};

const CONCURRENCY: usize = 4;
const S3_BYTES_A_US: u64 = 80;

/// A file in a bucket that takes its time.
struct PacedFile {
    time: Arc<SimulatedTime>,
    rows: u64,
}

impl PacedFile {
    fn paced(&self, body: Body) -> Body {
        let time = Arc::clone(&self.time);
        let pieces = body.then(move |piece| {
            let time = Arc::clone(&time);
            async move {
                let bytes = piece.as_ref().map_or(0, |piece| piece.len() as u64);
                time.until(time.now_us() + bytes / S3_BYTES_A_US).await;
                piece
            }
        });
        pieces.boxed()
    }
}

#[async_trait]
impl ObjectReader for PacedFile {
    async fn open(&self, key: &str) -> Result<Option<Object>, StoreError> {
        let object = GeneratedFile { rows: self.rows }.open(key).await?;
        Ok(object.map(|object| Object { body: self.paced(object.body), ..object }))
    }
    async fn open_range(&self, _: &str, _: &str, from: u64, to: u64) -> Result<Option<Body>, StoreError> {
        Ok(Some(self.paced(GeneratedFile::read(from, to))))
    }
}

/// How an invocation ended.
enum Ended {
    Planned(Loaded),
    Loaded(PartLoaded),
}

type Invocation<'a> = Pin<Box<dyn Future<Output = Result<Ended, StoreError>> + 'a>>;

/// An import of a file of `rows` rows into `links`.
pub(super) struct Simulation {
    pub(super) rows: u64,
    pub(super) time: Arc<SimulatedTime>,
    pub(super) links: Arc<dyn LinkBatch>,
}

impl Simulation {
    /// Runs the import, and returns how long it takes, in seconds.
    pub(super) fn seconds(&self) -> Result<f64> {
        let (rows, time) = (self.rows, &self.time);
        let file = PacedFile { time: Arc::clone(time), rows };
        let (mut loader, queue) = loader(Arc::new(file), Arc::clone(&self.links), PART_BYTES)?;
        loader.clock = time.clone();
        loader.timer = Arc::new(SimulatedTimer::new(Arc::clone(time)));
        let delivery = |request: u64| delivery(format!("r{request}"), time.now().plus_seconds(900));
        let (planner, first) = (loader.clone(), delivery(0));
        let plan: Invocation<'_> =
            Box::pin(async move { load_import(&planner, KEY, "", &first).await.map(Ended::Planned) });
        let (mut finished, mut planned_us, mut first_part_us) = (None, None, None);
        let mut messages = VecDeque::new();
        let (mut running, mut loading, mut request, mut handed_over) = (vec![plan], 0, 0, 0);
        let mut context = Context::from_waker(futures::task::noop_waker_ref());
        while finished.is_none() {
            while loading < CONCURRENCY
                && let Some(id) = messages.pop_front()
            {
                first_part_us.get_or_insert(time.now_us());
                request += 1;
                loading += 1;
                let (loader, delivery) = (loader.clone(), delivery(request));
                running.push(Box::pin(async move { load_part(&loader, &id, &delivery).await.map(Ended::Loaded) }));
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
                let loaded = match result? {
                    Ended::Planned(Loaded::Divided(_)) => {
                        planned_us = Some(time.now_us());
                        continue;
                    }
                    Ended::Planned(Loaded::Finished(import)) => {
                        finished = Some(import);
                        continue;
                    }
                    Ended::Planned(Loaded::Skipped(reason)) => return Err(anyhow!("skipped: {reason}")),
                    Ended::Loaded(loaded) => loaded,
                };
                loading -= 1;
                match loaded {
                    PartLoaded::Finished(import) => finished = Some(import),
                    PartLoaded::HandedOver(_) => handed_over += 1,
                    PartLoaded::Loaded(_) | PartLoaded::Gone => {}
                    PartLoaded::Busy { .. } => return Err(anyhow!("two invocations had the same part")),
                }
            }
            messages.extend(queue.take());
            time.advance();
        }
        let import = finished.context("the import did not finish")?;
        ensure!(import.status == ImportStatus::Succeeded && import.counts.created == rows, "{import:?}");
        #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
        let seconds_of = |us: u64| us as f64 / 1e6;
        let seconds = seconds_of(time.now_us());
        let (first_part, planned) =
            (seconds_of(first_part_us.unwrap_or_default()), seconds_of(planned_us.unwrap_or_default()));
        let parts = import.plan.as_ref().and_then(|plan| plan.parts).unwrap_or_default();
        println!(
            "{rows} rows: {seconds:.1} s in {parts} parts and {request} invocations of up to 15 minutes, {handed_over} of which \
             handed over their part; the first part began after {first_part:.1} s, the plan was ready after {planned:.1} s"
        );
        Ok(seconds)
    }
}
