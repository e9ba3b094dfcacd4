//! Raw clicks as they are kept in the archive: JSON lines, compressed, by the hour in which the stream took them.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::batch::{Batch, Record};
use super::decoded::Decoded;
use super::record::Received;
use crate::analytics::model::lane::Lane;
use crate::analytics::model::sequence::Digits;
use crate::analytics::model::sequence::SequenceNumber;
use crate::values::timestamp::Timestamp;

/// The prefix of all objects.
pub const PREFIX: &str = "clicks/";
const SUFFIX: &str = ".jsonl.gz";
/// Of zlib's levels the one that takes half the time of the next, for a third more bytes.
const LEVEL: Compression = Compression::fast();

/// A line of an object.
#[derive(Debug, Serialize, Deserialize)]
pub struct ArchivedClick<'a> {
    /// The shard that it came through.
    pub shard: &'a str,
    /// Its sequence number, padded.
    pub sequence: &'a str,
    /// When the stream took it.
    pub arrived_at: Timestamp,
    /// The click as it was in the stream.
    #[serde(borrow)]
    pub click: &'a RawValue,
}

/// Clicks of one shard and one hour without a gap, to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveObject {
    /// See [`ArchiveKey`].
    pub key: String,
    /// Lines of [`ArchivedClick`], compressed by gzip. The same for the same key.
    pub body: Vec<u8>,
}

/// What an object's name says: `clicks/dt=2026-01-02/hour=03/{shard}-{first}-{last}.jsonl.gz`. The numbers of its first and
/// its last click say what is in it, so two writers of one name write the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveKey {
    /// The shard.
    pub shard: String,
    /// The sequence number of the first click in it.
    pub first: SequenceNumber,
    /// The sequence number of the last click in it.
    pub last: SequenceNumber,
}

impl ArchiveKey {
    /// Reads an object's key; `None` if it is not one of the archive's.
    pub fn parse(key: &str) -> Option<Self> {
        let name = key.strip_prefix(PREFIX)?.rsplit_once('/')?.1.strip_suffix(SUFFIX)?;
        let mut parts = name.rsplitn(3, '-');
        let (last, first) = (parts.next()?, parts.next()?);
        let shard = parts.next()?.to_owned();
        Lane::of_shard(&shard).ok()?;
        Some(Self { shard, first: SequenceNumber::parse(first).ok()?, last: SequenceNumber::parse(last).ok()? })
    }

    /// The folder of an hour, such as `dt=2026-01-02/hour=03/`.
    fn hour_of(hour: i64) -> Option<String> {
        let start = Timestamp::from_millis(hour.checked_mul(3_600_000)?).ok()?;
        Some(format!("dt={}/hour={:02}/", start.date(), start.hour()))
    }
}

/// A run of records that are kept in one object.
pub(crate) struct Run<'a> {
    hour: i64,
    pub(crate) first: &'a Record<'a>,
    pub(crate) records: Vec<&'a Record<'a>>,
}

/// The runs of `records`, which are of one lane and in order: a new one begins where the hour of arrival changes.
pub(crate) fn runs<'a>(records: impl Iterator<Item = &'a Record<'a>>) -> Vec<Run<'a>> {
    let mut runs: Vec<Run<'a>> = Vec::new();
    for record in records {
        let hour = record.arrived_millis.div_euclid(3_600_000);
        match runs.last_mut().filter(|run| run.hour == hour) {
            Some(run) => run.records.push(record),
            None => runs.push(Run { hour, first: record, records: vec![record] }),
        }
    }
    runs
}

impl Run<'_> {
    /// The object of this run.
    ///
    /// # Errors
    /// A record arrived at a time that cannot be written.
    pub(crate) fn object(
        &self,
        batch: &Batch<'_>,
        received: &[Received<'_>],
        decoded: &Decoded,
    ) -> std::io::Result<ArchiveObject> {
        let (first, last) = (self.first, self.records.last().unwrap_or(&self.first));
        let unwritable = || std::io::Error::other("the time of arrival is not between the years 0 and 9999");
        let folder = ArchiveKey::hour_of(self.hour).ok_or_else(unwritable)?;
        let shard = format!("shardId-{}", batch.lanes[first.lane]);
        let key =
            format!("{PREFIX}{folder}{shard}-{}-{}{SUFFIX}", first.sequence.to_number(), last.sequence.to_number());
        let mut lines = GzEncoder::new(Vec::with_capacity(64 * self.records.len()), LEVEL);
        let mut line = Vec::new();
        for record in &self.records {
            let Ok(json) = decoded.get(record.received) else { continue };
            line.clear();
            let arrived_at = Timestamp::from_millis(record.arrived_millis).map_err(|_| unwritable())?;
            write!(
                line,
                r#"{{"shard":"{shard}","sequence":"{}","#,
                padded(&received[record.received], record.sequence)
            )?;
            write!(line, r#""arrived_at":"{arrived_at}","click":"#)?;
            // A line must not end within the click. In JSON these bytes are white space, or there are none.
            line.extend(json.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
            line.extend(b"}\n");
            lines.write_all(&line)?;
        }
        Ok(ArchiveObject { key, body: lines.finish()? })
    }
}

/// The number as it was received, if that is padded already, as Kinesis' are.
fn padded<'a>(received: &'a Received<'_>, sequence: Digits<'_>) -> std::borrow::Cow<'a, str> {
    if received.sequence.len() == SequenceNumber::WIDTH {
        received.sequence.as_ref().into()
    } else {
        sequence.to_number().to_string().into()
    }
}
