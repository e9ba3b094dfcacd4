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
use waypost_domain::jobs::delivery::Delivery;
use waypost_domain::links::ports::LinkBatch;
use waypost_domain::ports::Clock;

use super::source::GeneratedFile;
use super::stubs::{KEY, PART_BYTES, loader};
use super::time::{SimulatedTime, SimulatedTimer, run};

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

type Invocation<'a> = Pin<Box<dyn Future<Output = Result<PartLoaded, StoreError>> + 'a>>;

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
        let delivery =
            |request: u64| Delivery { request_id: format!("r{request}"), deadline: time.now().plus_seconds(900) };
        let (mut finished, planned_us) = match run(time, load_import(&loader, KEY, "", &delivery(0)))? {
            Loaded::Divided(_) => (None, time.now_us()),
            Loaded::Finished(import) => (Some(import), 0),
            Loaded::Skipped(reason) => return Err(anyhow!("skipped: {reason}")),
        };
        let mut messages = VecDeque::from(queue.take());
        let (mut running, mut request, mut handed_over) = (Vec::<Invocation<'_>>::new(), 0, 0);
        let mut context = Context::from_waker(futures::task::noop_waker_ref());
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
        let import = finished.context("the import did not finish")?;
        ensure!(import.status == ImportStatus::Succeeded && import.counts.created == rows, "{import:?}");
        #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
        let (seconds, planned) = (time.now_us() as f64 / 1e6, planned_us as f64 / 1e6);
        let parts = import.plan.as_ref().map_or(0, |plan| plan.parts);
        println!(
            "{rows} rows: {seconds:.1} s in {parts} parts and {request} invocations of up to 15 minutes, {handed_over} of which \
             handed over their part; the plan was ready after {planned:.1} s"
        );
        Ok(seconds)
    }
}
