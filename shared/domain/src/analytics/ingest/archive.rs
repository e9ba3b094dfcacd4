//! Defines the objects of the archive: raw clicks as compressed JSON lines, by the hour in which the stream took them.

use std::borrow::Cow;
use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::batch::{Batch, Record};
use super::decoded::Decoded;
use super::record::Received;
use crate::analytics::model::lane::Lane;
use crate::analytics::model::sequence::{Digits, SequenceNumber};
use crate::values::timestamp::Timestamp;

/// The prefix of all objects of the archive.
pub const PREFIX: &str = "clicks/";
const SUFFIX: &str = ".jsonl.gz";
/// The fastest level of zlib: it takes half the time of the next one, for a third more bytes.
const LEVEL: Compression = Compression::fast();

/// A line of an object.
#[derive(Debug, Serialize, Deserialize)]
pub struct ArchivedClick<'a> {
    /// The shard of the click.
    pub shard: &'a str,
    /// Its sequence number, padded.
    pub sequence: &'a str,
    /// When the stream took it.
    pub arrived_at: Timestamp,
    /// The click as it was in the stream.
    #[serde(borrow)]
    pub click: &'a RawValue,
}

/// An object to archive: clicks of one shard and one hour without a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveObject {
    /// The key, see [`ArchiveKey`].
    pub key: String,
    /// Lines of [`ArchivedClick`], compressed by gzip. The same for the same key.
    pub body: Vec<u8>,
}

/// The parts of an object's key: `clicks/dt=2026-01-02/hour=03/{shard}-{first}-{last}.jsonl.gz`. The first and the last
/// sequence number determine the clicks in it, so two writers of one key write the same.
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
    /// Reads the key of an object. `None` if the object does not belong to the archive.
    pub fn parse(key: &str) -> Option<Self> {
        let name = key.strip_prefix(PREFIX)?.rsplit_once('/')?.1.strip_suffix(SUFFIX)?;
        let mut parts = name.rsplitn(3, '-');
        let (last, first) = (parts.next()?, parts.next()?);
        let shard = parts.next()?.to_owned();
        Lane::of_shard(&shard).ok()?;
        Some(Self { shard, first: SequenceNumber::parse(first).ok()?, last: SequenceNumber::parse(last).ok()? })
    }

    /// Returns the folder of an hour since the Unix epoch, such as `dt=2026-01-02/hour=03/`.
    fn hour_of(hour: i64) -> Option<String> {
        let start = Timestamp::from_millis(hour.checked_mul(3_600_000)?).ok()?;
        Some(format!("dt={}/hour={:02}/", start.date(), start.hour()))
    }
}

/// A run of records that go into one object.
pub(crate) struct Run<'a> {
    hour: i64,
    pub(crate) first: &'a Record<'a>,
    pub(crate) records: Vec<&'a Record<'a>>,
}

/// Splits `records`, which are of one lane and in order, into runs. A new run begins where the hour of arrival changes.
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
    /// Writes the object of this run.
    ///
    /// # Errors
    /// A record arrived at a time that RFC 3339 cannot express.
    pub(crate) fn object(
        &self,
        batch: &Batch<'_>,
        received: &[Received<'_>],
        decoded: &Decoded,
    ) -> io::Result<ArchiveObject> {
        let (first, last) = (self.first, self.records.last().unwrap_or(&self.first));
        let unwritable = || io::Error::other("the time of arrival is not between the years 0 and 9999");
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
            // Keep the click on one line. In JSON these two bytes can only be white space between tokens.
            line.extend(json.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
            line.extend(b"}\n");
            lines.write_all(&line)?;
        }
        Ok(ArchiveObject { key, body: lines.finish()? })
    }
}

/// Returns the padded number. It borrows the received one if that is padded already, as those of Kinesis are.
fn padded<'a>(received: &'a Received<'_>, sequence: Digits<'_>) -> Cow<'a, str> {
    if received.sequence.len() == SequenceNumber::WIDTH {
        received.sequence.as_ref().into()
    } else {
        sequence.to_number().to_string().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_of_an_object_is_read_back() {
        let (shard, first, last) = ("shardId-000000000007", format!("{:0>56}", 12), format!("{:0>56}", 345));
        let number = |text: &str| SequenceNumber::parse(text).unwrap();
        let key = format!("clicks/dt=2026-01-02/hour=03/{shard}-{first}-{last}.jsonl.gz");
        let expected = ArchiveKey { shard: shard.to_owned(), first: number("12"), last: number("345") };
        assert_eq!(ArchiveKey::parse(&key), Some(expected));
        for (part, other) in
            [("clicks/", "quarantine/"), (".jsonl.gz", ".jsonl"), (shard, "shard-7"), (&first, "x"), (&last, "")]
        {
            let other = key.replacen(part, other, 1);
            assert_eq!(ArchiveKey::parse(&other), None, "{other}");
        }
        assert_eq!(ArchiveKey::parse(&key.replace("dt=2026-01-02/hour=03/", "")), None, "an object of another folder");
    }
}
