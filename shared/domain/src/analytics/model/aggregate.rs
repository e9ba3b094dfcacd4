//! An aggregate: what clicks add up to, and where it is kept.

use std::sync::Arc;

use super::day::Day;
use super::lane::Lane;
use super::sequence::SequenceNumber;
use super::tally::Tally;
use crate::links::link::LinkId;
use crate::values::workspace::WorkspaceId;

/// What an aggregate adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grain {
    /// A link's day.
    LinkDay,
    /// A link's hour, by minute.
    LinkHour,
    /// A link since it exists.
    LinkTotal,
    /// A workspace's day.
    WorkspaceDay,
}

/// The place of an aggregate in the table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AggregateKey {
    /// Whose it is: [`link_pk`] or [`workspace_pk`]. Shared, since the aggregates of a link have the same.
    pub pk: Arc<str>,
    /// Of what time, and of which lane. The links of a batch have the same.
    pub sk: Arc<str>,
}

/// The partition of the aggregates of a link while `workspace` owns it: a slug that somebody else had before has no clicks.
pub fn link_pk(workspace: &WorkspaceId, id: &LinkId) -> String {
    format!("WS#{workspace}#{}#{}", id.domain, id.slug)
}

/// The partition of a workspace's aggregates.
pub fn workspace_pk(workspace: &WorkspaceId) -> String {
    format!("WS#{workspace}")
}

/// The first and the last sort key there can be of the days from `from` to `to`, both included, in all lanes.
pub fn day_range(from: Day, to: Day) -> (String, String) {
    // '$' is the character after '#'.
    (format!("DAY#{from}#"), format!("DAY#{to}$"))
}

/// The first and the last sort key there can be of the hours from `from` to `to`, both included and counted since the Unix
/// epoch, in all lanes.
pub fn hour_range(from: i64, to: i64) -> (String, String) {
    (format!("HOUR#{}#", hour_text(from)), format!("HOUR#{}$", hour_text(to)))
}

fn hour_text(hour: i64) -> String {
    format!("{}T{:02}", Day::from_number(hour.div_euclid(24)), hour.rem_euclid(24))
}

/// The first and the last sort key there can be of totals, in all lanes.
pub fn total_range() -> (String, String) {
    ("TOTAL#".to_owned(), "TOTAL$".to_owned())
}

/// The sort key of a day.
pub(crate) fn day_sk(day: Day, lane: &Lane) -> Arc<str> {
    format!("DAY#{day}#{lane}").into()
}

/// The sort key of an hour, counted since the Unix epoch.
pub(crate) fn hour_sk(hour: i64, lane: &Lane) -> Arc<str> {
    format!("HOUR#{}#{lane}", hour_text(hour)).into()
}

/// The sort key of a total.
pub(crate) fn total_sk(lane: &Lane) -> Arc<str> {
    format!("TOTAL#{lane}").into()
}

/// What time a sort key tells, counted since the Unix epoch in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The number of a day.
    Day(i64),
    /// The number of an hour.
    Hour(i64),
}

impl Moment {
    /// The time of a day's or an hour's aggregate.
    pub(crate) fn of(sk: &str) -> Option<Self> {
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
    /// Where it is kept.
    pub key: AggregateKey,
    /// The last record that is in it. Every record of its lane up to this one is in it, and none after.
    pub seq: SequenceNumber,
    /// When it may go, in seconds since the Unix epoch.
    pub ttl: Option<i64>,
    /// The numbers. In a box, since aggregates pass through many hands.
    pub tally: Box<Tally>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_hours_holds_all_lanes_of_its_hours_and_no_others() {
        let hour = 20_485 * 24 + 23;
        let (first, last) = hour_range(hour, hour + 1);
        for (at, within) in [(hour - 1, false), (hour, true), (hour + 1, true), (hour + 2, false)] {
            let lane = Lane::of_shard("shardId-zzz").unwrap();
            let sk = hour_sk(at, &lane);
            assert_eq!(Moment::of(&sk), Some(Moment::Hour(at)));
            assert_eq!((&*first..=&*last).contains(&&*sk), within, "{sk}");
        }
        for sk in ["TOTAL#0", "DAY#0", "DAY#2026-01-02", "HOUR#2026-01-02T24#0", "HOUR#2026-01-02#0"] {
            assert_eq!(Moment::of(sk), None, "{sk}");
        }
    }

    #[test]
    fn a_range_of_days_holds_all_lanes_of_its_days_and_no_others() {
        let day = |text: &str| Day::parse(text).unwrap();
        let (first, last) = day_range(day("2026-01-02"), day("2026-01-03"));
        let within = |text: &str, shard: &str| {
            let lane = Lane::of_shard(shard).unwrap();
            let sk = day_sk(day(text), &lane);
            assert_eq!(Moment::of(&sk), Some(Moment::Day(day(text).number())));
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
