//! Defines an aggregate and the keys that stores keep it under.

use std::sync::Arc;

use super::day::Day;
use super::lane::Lane;
use super::sequence::SequenceNumber;
use super::tally::Tally;
use crate::links::address::LinkAddress;
use crate::links::id::LinkId;
use crate::links::link::Link;
use crate::values::domains::Domain;
use crate::values::workspace::WorkspaceId;

/// Which clicks an aggregate adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grain {
    /// Those of a link on one day.
    LinkDay,
    /// Those of a link in one hour, by minute.
    LinkHour,
    /// Those of a link since it exists.
    LinkTotal,
    /// Those of a workspace on one day.
    WorkspaceDay,
    /// Visits to no link of a domain on one day. Their total is that of a link.
    MissesDay,
}

/// The key of an aggregate in the table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AggregateKey {
    /// The partition, which names the owner: [`link_pk`], [`workspace_pk`] or [`misses_pk`]. Shared by the aggregates of a link.
    pub pk: Arc<str>,
    /// The sort key, which names the time and the lane. Shared by the links of a batch.
    pub sk: Arc<str>,
}

/// What the clicks of a link are counted by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LinkKey {
    /// The link's id.
    Id(LinkId),
    /// The link's address, in clicks from before links had ids.
    Address(LinkAddress),
}

impl LinkKey {
    /// Returns the keys that the clicks of `link` are counted by: its id, and for a link from before the ids also the address that
    /// it had then. Another link that had the address before or has it later has another id, so it has none of these clicks.
    pub fn of(link: &Link) -> Vec<Self> {
        let address = link.counted_at().cloned().map(Self::Address);
        std::iter::once(Self::Id(link.id())).chain(address).collect()
    }
}

/// Returns the partition of a link's aggregates while `workspace` owns it. A slug that another workspace had before starts
/// without clicks.
pub fn link_pk(workspace: &WorkspaceId, key: &LinkKey) -> String {
    match key {
        LinkKey::Id(id) => format!("WS#{workspace}#{id}"),
        LinkKey::Address(address) => format!("WS#{workspace}#{}#{}", address.domain, address.slug),
    }
}

/// Returns the partitions of all aggregates of `link`.
pub fn link_pks(link: &Link) -> Vec<String> {
    LinkKey::of(link).iter().map(|key| link_pk(&link.workspace, key)).collect()
}

/// Returns the partition of a workspace's aggregates.
pub fn workspace_pk(workspace: &WorkspaceId) -> String {
    format!("WS#{workspace}")
}

/// Returns the partition of the visits to no link of `domain`, while it belongs to `owner` (`None`: to the stack). A workspace that a
/// domain is given to does not get to see what visitors asked its former owner for.
pub fn misses_pk(domain: &Domain, owner: Option<&WorkspaceId>) -> String {
    match owner {
        Some(owner) => format!("MISSES#{domain}#{owner}"),
        None => format!("MISSES#{domain}"),
    }
}

/// Returns the lowest and the highest sort key of the days from `from` to `to`, both included, in all lanes.
pub fn day_range(from: Day, to: Day) -> (String, String) {
    // '$' is the character after '#'.
    (format!("DAY#{from}#"), format!("DAY#{to}$"))
}

/// Returns the lowest and the highest sort key of the hours from `from` to `to`, both included and counted since the Unix
/// epoch, in all lanes.
pub fn hour_range(from: i64, to: i64) -> (String, String) {
    (format!("HOUR#{}#", hour_text(from)), format!("HOUR#{}$", hour_text(to)))
}

fn hour_text(hour: i64) -> String {
    format!("{}T{:02}", Day::from_number(hour.div_euclid(24)), hour.rem_euclid(24))
}

/// Returns the lowest and the highest sort key of totals, in all lanes.
pub fn total_range() -> (String, String) {
    ("TOTAL#".to_owned(), "TOTAL$".to_owned())
}

/// Returns the sort key of a day.
pub(crate) fn day_sk(day: Day, lane: &Lane) -> Arc<str> {
    format!("DAY#{day}#{lane}").into()
}

/// Returns the sort key of an hour, counted since the Unix epoch.
pub(crate) fn hour_sk(hour: i64, lane: &Lane) -> Arc<str> {
    format!("HOUR#{}#{lane}", hour_text(hour)).into()
}

/// Returns the sort key of a total.
pub(crate) fn total_sk(lane: &Lane) -> Arc<str> {
    format!("TOTAL#{lane}").into()
}

/// The day or hour of an aggregate, counted since the Unix epoch in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeBucket {
    /// A day's number.
    Day(i64),
    /// An hour's number.
    Hour(i64),
}

impl TimeBucket {
    /// Reads the day or hour from a sort key. `None` if the key names neither, as that of a total.
    pub(crate) fn of_sk(sk: &str) -> Option<Self> {
        let (grain, rest) = sk.split_once('#')?;
        let (time, _lane) = rest.split_once('#')?;
        match grain {
            "DAY" => Some(Self::Day(Day::parse(time).ok()?.number())),
            "HOUR" => {
                let (day, hour) = time.split_once('T')?;
                let hour: i64 = hour.parse().ok().filter(|hour| (0..24).contains(hour))?;
                Some(Self::Hour(Day::parse(day).ok()?.number() * 24 + hour))
            }
            _ => None,
        }
    }
}

/// One item of the table of statistics.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// Its key.
    pub key: AggregateKey,
    /// The last record that it holds. It holds every record of its lane up to this one, and none after.
    pub seq: SequenceNumber,
    /// When the store may delete it, in seconds since the Unix epoch.
    pub ttl: Option<i64>,
    /// The numbers. Boxed, because aggregates are moved often.
    pub tally: Box<Tally>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hour_range_holds_exactly_its_hours() {
        let hour = 20_485 * 24 + 23;
        let (first, last) = hour_range(hour, hour + 1);
        for (at, within) in [(hour - 1, false), (hour, true), (hour + 1, true), (hour + 2, false)] {
            let lane = Lane::of_shard("shardId-zzz").unwrap();
            let sk = hour_sk(at, &lane);
            assert_eq!(TimeBucket::of_sk(&sk), Some(TimeBucket::Hour(at)));
            assert_eq!((&*first..=&*last).contains(&&*sk), within, "{sk}");
        }
        for sk in ["TOTAL#0", "DAY#0", "DAY#2026-01-02", "HOUR#2026-01-02T24#0", "HOUR#2026-01-02#0"] {
            assert_eq!(TimeBucket::of_sk(sk), None, "{sk}");
        }
    }

    #[test]
    fn day_range_holds_exactly_its_days() {
        let day = |text: &str| Day::parse(text).unwrap();
        let (first, last) = day_range(day("2026-01-02"), day("2026-01-03"));
        let within = |text: &str, shard: &str| {
            let lane = Lane::of_shard(shard).unwrap();
            let sk = day_sk(day(text), &lane);
            assert_eq!(TimeBucket::of_sk(&sk), Some(TimeBucket::Day(day(text).number())));
            (&*first..=&*last).contains(&&*sk)
        };
        for shard in ["shardId-000000000000", "shardId--", "shardId-zzz"] {
            assert!(within("2026-01-02", shard) && within("2026-01-03", shard), "{shard}");
            assert!(!within("2026-01-01", shard) && !within("2026-01-04", shard), "{shard}");
        }
        let total = total_sk(&Lane::of_shard("shardId-zzz").unwrap());
        let (first_total, last_total) = total_range();
        assert!((&*first_total..=&*last_total).contains(&&*total));
        assert!(!(&*first..=&*last).contains(&&*total));
    }
}
