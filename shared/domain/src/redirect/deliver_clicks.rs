//! Sends clicks, and visits to no link, to the stream after the visitor has the answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::circuit_breaker::{CircuitBreaker, Pause};
use super::pending_event::PendingEvent;
use super::ports::{ClickSpill, ClickStream, SaltStore};
use crate::clicks::event::StreamEvent;
use crate::ports::Random;
use crate::values::error::{StoreError, StoreErrorKind};

/// Counts what happened to the clicks of one delivery, which can be visits to no link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delivered {
    /// Clicks that the stream took.
    pub sent: usize,
    /// Clicks that the spill keeps for a replay.
    pub spilled: usize,
    /// Clicks that neither took; they are logged as `clicks.lost`.
    pub lost: usize,
}

/// When clicks go straight to the spill. A stream that hangs holds an invocation for more than a second each time that it is tried.
const STREAM_PAUSE: Pause = Pause { after_failures: 3, millis: 30_000 };

/// The ports of [`deliver_clicks`].
pub struct DeliverClicksPorts {
    /// Makes visitor hashes.
    pub visitors: VisitorHasher,
    /// Keeps each day's salt.
    pub salts: Arc<dyn SaltStore>,
    /// Makes a new day's salt.
    pub random: Arc<dyn Random>,
    /// Takes the clicks.
    pub stream: Arc<dyn ClickStream>,
    /// Keeps the clicks that the stream refuses.
    pub spill: Arc<dyn ClickSpill>,
    /// Tells when to leave the stream alone.
    pub breaker: StreamBreaker,
}

/// Sends clicks straight to the spill after the stream took none several times in a row.
#[derive(Debug)]
pub struct StreamBreaker(CircuitBreaker);

impl Default for StreamBreaker {
    fn default() -> Self {
        Self(CircuitBreaker::new(STREAM_PAUSE))
    }
}

impl StreamBreaker {
    /// Sends `clicks` to `stream` unless it is to be left alone. Returns those that it did not take.
    async fn send(&self, stream: &dyn ClickStream, clicks: Vec<StreamEvent>) -> Vec<StreamEvent> {
        let Some(now) = clicks.last().map(StreamEvent::time) else { return clicks };
        if !self.0.allows(now) {
            return clicks;
        }
        let total = clicks.len();
        let refused = stream.send(clicks).await;
        let failure = (refused.len() == total).then_some(StoreErrorKind::Unavailable);
        self.0.record(failure, now);
        refused
    }
}

/// Makes visitor hashes. It keeps the salt of the last day it saw, so that a process reads each salt once.
#[derive(Default)]
pub struct VisitorHasher {
    last_salt: Mutex<Option<(String, [u8; 32])>>,
}

impl VisitorHasher {
    /// Fills in the visitor of `pending`: 64 bits of SHA-256 over the day's salt, the address and the user agent. The salt
    /// is deleted after two days; nobody can compute the hash again after that.
    async fn identify(
        &self,
        pending: PendingEvent,
        salts: &dyn SaltStore,
        random: &dyn Random,
    ) -> Result<StreamEvent, StoreError> {
        let PendingEvent { mut event, address } = pending;
        let Some(address) = address else { return Ok(event) };
        let salt = self.salt(&event.time().date(), salts, random).await?;
        let digest = Sha256::new()
            .chain_update(salt)
            .chain_update(address.to_string())
            .chain_update([0])
            .chain_update(event.user_agent().unwrap_or_default())
            .finalize();
        event.set_visitor(URL_SAFE_NO_PAD.encode(&digest[..8]));
        Ok(event)
    }

    async fn salt(&self, date: &str, salts: &dyn SaltStore, random: &dyn Random) -> Result<[u8; 32], StoreError> {
        if let Some((_, salt)) = self.last_salt().as_ref().filter(|(last, _)| last == date) {
            return Ok(*salt);
        }
        let mut fresh = [0_u8; 32];
        random.fill(&mut fresh);
        let salt = salts.salt(date, fresh).await?;
        *self.last_salt() = Some((date.to_owned(), salt));
        Ok(salt)
    }

    fn last_salt(&self) -> MutexGuard<'_, Option<(String, [u8; 32])>> {
        self.last_salt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends `pending` to the stream, and to the spill what the stream refuses. Leaves a stream that keeps refusing alone for a while. If the
/// salt cannot be read, it sends the event without a visitor.
pub async fn deliver_clicks(ports: &DeliverClicksPorts, pending: Vec<PendingEvent>) -> Delivered {
    let DeliverClicksPorts { visitors, salts, random, stream, spill, breaker } = ports;
    let mut clicks = Vec::with_capacity(pending.len());
    for item in pending {
        let anonymous = item.event.clone();
        clicks.push(visitors.identify(item, salts.as_ref(), random.as_ref()).await.unwrap_or_else(|error| {
            tracing::warn!(event = "clicks.no_salt", %error);
            anonymous
        }));
    }
    let total = clicks.len();
    let refused = breaker.send(stream.as_ref(), clicks).await;
    let mut delivered = Delivered { sent: total - refused.len(), ..Delivered::default() };
    if refused.is_empty() {
        return delivered;
    }
    match spill.keep(&refused).await {
        Ok(()) => {
            delivered.spilled = refused.len();
            tracing::warn!(event = "clicks.spilled", clicks = refused.len());
        }
        Err(error) => {
            delivered.lost = refused.len();
            tracing::error!(event = "clicks.lost", clicks = refused.len(), %error);
        }
    }
    delivered
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::clicks::click::Click;
    use crate::redirect::choose_target::choose_target;
    use crate::redirect::record_click::record_click;
    use crate::redirect::visit::Visit;
    use crate::testing::clicks::{MemorySalts, MemorySpill, MemoryStream};
    use crate::testing::samples::link;
    use crate::testing::system::SeededRandom;
    use crate::values::timestamp::Timestamp;

    fn pending(n: u8) -> PendingEvent {
        let visit = Visit { address: Some(IpAddr::from([203, 0, 113, n])), ..Visit::default() };
        let (link, now) =
            (link("acme", "docs", "https://example.com/"), Timestamp::parse("2026-01-02T03:04:05Z").unwrap());
        record_click(&visit, &link, &choose_target(&link, &visit, now), now, &SeededRandom::new(u64::from(n))).into()
    }

    fn click_of(pending: &mut PendingEvent) -> &mut Click {
        let StreamEvent::Click(click) = &mut pending.event else { panic!() };
        click
    }

    async fn deliver(stream: &Arc<MemoryStream>, spill: &Arc<MemorySpill>, salts: &Arc<MemorySalts>) -> Delivered {
        let clicks = vec![pending(1), pending(2), pending(1)];
        let ports = DeliverClicksPorts {
            visitors: VisitorHasher::default(),
            salts: salts.clone(),
            random: Arc::new(SeededRandom::new(9)),
            stream: stream.clone(),
            spill: spill.clone(),
            breaker: StreamBreaker::default(),
        };
        deliver_clicks(&ports, clicks).await
    }

    #[tokio::test]
    async fn same_address_is_same_visitor_for_a_day() {
        let stream = Arc::<MemoryStream>::default();
        let delivered = deliver(&stream, &Arc::<MemorySpill>::default(), &Arc::<MemorySalts>::default()).await;
        assert_eq!(delivered, Delivered { sent: 3, ..Delivered::default() });
        let visitors: Vec<_> = stream.taken().into_iter().map(|click| click.visitor.unwrap()).collect();
        assert_eq!(visitors[0], visitors[2]);
        assert_ne!(visitors[0], visitors[1]);
    }

    #[tokio::test]
    async fn refused_clicks_are_spilled() {
        let (stream, spill) = (Arc::<MemoryStream>::default(), Arc::<MemorySpill>::default());
        stream.take_at_most(1);
        let delivered = deliver(&stream, &spill, &Arc::<MemorySalts>::default()).await;
        assert_eq!(delivered, Delivered { sent: 1, spilled: 2, lost: 0 });
        assert_eq!(spill.kept().len(), 2);
    }

    #[tokio::test]
    async fn clicks_that_the_spill_refuses_are_lost() {
        let (stream, spill) = (Arc::<MemoryStream>::default(), Arc::<MemorySpill>::default());
        stream.take_at_most(0);
        spill.fail();
        assert_eq!(deliver(&stream, &spill, &Arc::<MemorySalts>::default()).await.lost, 3);
    }

    #[tokio::test]
    async fn missing_salt_sends_clicks_without_visitor() {
        let (stream, salts) = (Arc::<MemoryStream>::default(), Arc::<MemorySalts>::default());
        salts.fail();
        assert_eq!(deliver(&stream, &Arc::<MemorySpill>::default(), &salts).await.sent, 3);
        assert!(stream.taken().iter().all(|click| click.visitor.is_none()));
    }

    fn pending_at(millis: i64) -> PendingEvent {
        let mut pending = pending(1);
        click_of(&mut pending).time = Timestamp::from_millis(1_700_000_000_000 + millis).unwrap();
        pending
    }

    #[tokio::test]
    async fn stream_that_keeps_refusing_is_left_alone_for_a_while() {
        let (stream, spill) = (Arc::<MemoryStream>::default(), Arc::<MemorySpill>::default());
        let ports = DeliverClicksPorts {
            visitors: VisitorHasher::default(),
            salts: Arc::<MemorySalts>::default(),
            random: Arc::new(SeededRandom::new(9)),
            stream: stream.clone(),
            spill: spill.clone(),
            breaker: StreamBreaker::default(),
        };
        stream.take_at_most(0);
        for millis in 0..10 {
            assert_eq!(deliver_clicks(&ports, vec![pending_at(millis)]).await.spilled, 1);
        }
        assert_eq!(stream.calls(), 3, "the other clicks go straight to the spill");
        stream.take_at_most(usize::MAX);
        assert_eq!(deliver_clicks(&ports, vec![pending_at(29_000)]).await.spilled, 1);
        assert_eq!(deliver_clicks(&ports, vec![pending_at(30_010)]).await.sent, 1);
        assert_eq!(deliver_clicks(&ports, vec![pending_at(30_011)]).await.sent, 1);
        assert_eq!((stream.taken().len(), spill.kept().len()), (2, 11));
    }

    #[tokio::test]
    async fn stream_that_takes_some_clicks_is_not_left_alone() {
        let (stream, spill) = (Arc::<MemoryStream>::default(), Arc::<MemorySpill>::default());
        let breaker = StreamBreaker::default();
        for round in 1..10 {
            stream.take_at_most(round);
            let clicks = vec![pending(1).event, pending(2).event];
            assert_eq!(breaker.send(stream.as_ref(), clicks).await.len(), 1);
        }
        assert_eq!((stream.calls(), spill.kept().len()), (9, 0));
    }

    #[tokio::test]
    async fn salt_is_read_once_a_day() {
        let (visitors, salts, random) = (VisitorHasher::default(), MemorySalts::default(), SeededRandom::new(9));
        let first = visitors.salt("2026-01-02", &salts, &random).await.unwrap();
        let next = visitors.salt("2026-01-03", &salts, &random).await.unwrap();
        assert_ne!(first, next);
        salts.fail();
        assert_eq!(visitors.salt("2026-01-03", &salts, &random).await.unwrap(), next);
        assert!(visitors.salt("2026-01-04", &salts, &random).await.is_err());
    }

    #[tokio::test]
    async fn another_user_agent_is_another_visitor() {
        let stream = Arc::<MemoryStream>::default();
        let ports = DeliverClicksPorts {
            visitors: VisitorHasher::default(),
            salts: Arc::<MemorySalts>::default(),
            random: Arc::new(SeededRandom::new(9)),
            stream: stream.clone(),
            spill: Arc::<MemorySpill>::default(),
            breaker: StreamBreaker::default(),
        };
        let mut clicks = vec![pending(1), pending(1), pending(1)];
        click_of(&mut clicks[1]).user_agent = Some("Test/1".to_owned());
        clicks[2].address = None;
        deliver_clicks(&ports, clicks).await;
        let visitors: Vec<_> = stream.taken().into_iter().map(|click| click.visitor).collect();
        assert!(visitors[0].is_some() && visitors[1].is_some() && visitors[0] != visitors[1]);
        assert_eq!(visitors[2], None);
    }
}
