//! Reads dates and times as people and programs write them, beside RFC 3339.

use jiff::civil::{Date, DateTime, Time};

use serde::{Deserialize, Serialize};

/// The longest text that may be a time, in bytes.
pub(super) const MAX_BYTES: usize = 64;
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
/// The greatest offset from UTC, in hours.
const MAX_OFFSET_HOURS: i64 = 18;

/// The order of day and month in dates such as `01/02/2026`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// Nothing shows it, or dates contradict each other.
    #[default]
    Unknown,
    /// The day comes first.
    DayFirst,
    /// The month comes first.
    MonthFirst,
}

impl DateOrder {
    /// Finds the order that all dates of a file have: those which only one order makes a date show it.
    pub(crate) fn shown_by<'a>(cells: impl Iterator<Item = &'a str>) -> Self {
        let mut shown = Self::Unknown;
        for order in cells.filter(|cell| cell.len() <= MAX_BYTES).filter_map(shown_order) {
            if shown != Self::Unknown && shown != order {
                return Self::Unknown;
            }
            shown = order;
        }
        shown
    }
}

/// The numbers of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Numbers {
    /// Year, month and day are certain.
    Certain(i16, i8, i8),
    /// Two numbers of which one is the day and one the month, then the year.
    Either(i8, i8, i16),
}

/// Reads a date, which may have a time after it, and the time an offset, in seconds.
pub(super) fn read_civil(text: &str, order: DateOrder) -> Option<(DateTime, i64)> {
    let (date, time) = split_time(text);
    let date = match read_numbers(date)? {
        Numbers::Certain(year, month, day) => Date::new(year, month, day).ok()?,
        Numbers::Either(first, second, year) => {
            let day_first = Date::new(year, second, first).ok();
            let month_first = Date::new(year, first, second).ok();
            match (day_first, month_first, order) {
                (Some(date), None, _) | (None, Some(date), _) => date,
                (Some(date), Some(_), DateOrder::DayFirst) | (Some(_), Some(date), DateOrder::MonthFirst) => date,
                (Some(date), Some(same), DateOrder::Unknown) if date == same => date,
                _ => return None,
            }
        }
    };
    let (time, offset) = time.map_or(Some((Time::midnight(), 0)), read_time_of_day)?;
    Some((date.to_datetime(time), offset))
}

/// Returns the order of day and month in a date that only one order makes a date.
fn shown_order(text: &str) -> Option<DateOrder> {
    let Numbers::Either(first, second, year) = read_numbers(split_time(text).0)? else { return None };
    match (Date::new(year, second, first), Date::new(year, first, second)) {
        (Ok(_), Err(_)) => Some(DateOrder::DayFirst),
        (Err(_), Ok(_)) => Some(DateOrder::MonthFirst),
        _ => None,
    }
}

/// Splits a text before the number that has the first colon after it: the hour.
fn split_time(text: &str) -> (&str, Option<&str>) {
    let text = text.trim();
    // ISO 8601 without separators.
    if let Some((date, time)) = text.split_once('T')
        && date.len() == 8
        && date.bytes().all(|byte| byte.is_ascii_digit())
    {
        return (date, Some(time));
    }
    let Some(colon) = text.find(':') else { return (text, None) };
    let digits = text[..colon].bytes().rev().take_while(u8::is_ascii_digit).count();
    let (date, time) = text.split_at(colon - digits);
    (date.trim_end_matches(['T', ',', ' ']), Some(time))
}

fn read_numbers(date: &str) -> Option<Numbers> {
    if date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Numbers::Certain(date[..4].parse().ok()?, date[4..6].parse().ok()?, date[6..].parse().ok()?));
    }
    if date.contains(|c: char| c.is_ascii_alphabetic()) {
        return read_named_month(date);
    }
    let separator = date.chars().find(|c| !c.is_ascii_digit()).filter(|c| matches!(c, '-' | '/' | '.'))?;
    let mut parts = date.split(separator);
    let parts = [parts.next()?, parts.next()?, parts.next().filter(|_| parts.next().is_none())?];
    match parts.map(str::len) {
        [4, 1..=2, 1..=2] => Some(Numbers::Certain(year(parts[0])?, number(parts[1])?, number(parts[2])?)),
        // No country writes the month first with dots.
        [1..=2, 1..=2, 4] if separator == '.' => {
            Some(Numbers::Certain(year(parts[2])?, number(parts[1])?, number(parts[0])?))
        }
        [1..=2, 1..=2, 4] => Some(Numbers::Either(number(parts[0])?, number(parts[1])?, year(parts[2])?)),
        // A year of two digits may be any of the three.
        _ => None,
    }
}

/// Reads a date with the name of a month, and perhaps of a weekday before it.
fn read_named_month(date: &str) -> Option<Numbers> {
    let mut words = date.split([' ', '-', ',', '.', '/']).filter(|word| !word.is_empty()).peekable();
    words.next_if(|word| named(word, &WEEKDAYS).is_some());
    let words = [words.next()?, words.next()?, words.next().filter(|_| words.next().is_none())?];
    let (month, day, year_text) = match words.map(|word| named(word, &MONTHS)) {
        [Some(month), None, None] => (month, words[1], words[2]),
        [None, Some(month), None] if words[0].len() == 4 => (month, words[2], words[0]),
        [None, Some(month), None] => (month, words[0], words[2]),
        _ => return None,
    };
    let day = day.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    (1..=2).contains(&day.len()).then_some(())?;
    Some(Numbers::Certain(year(year_text)?, month, number(day)?))
}

/// Returns which of `names` a word is or abbreviates with at least three letters, 1 for the first.
fn named(word: &str, names: &[&str]) -> Option<i8> {
    let word = word.to_ascii_lowercase();
    let found = names.iter().position(|name| word.len() >= 3 && name.starts_with(&word))?;
    i8::try_from(found + 1).ok()
}

fn year(text: &str) -> Option<i16> {
    let digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?.filter(|year| *year > 0)
}

fn number(text: &str) -> Option<i8> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Reads a time of day with its offset from UTC in seconds: `10:11`, `10:11:12.5`, `101112`, `1:05 PM`, each also with `Z`, `UTC`,
/// `GMT`, or an offset such as `+01:00`.
fn read_time_of_day(text: &str) -> Option<(Time, i64)> {
    let clock_end = text.find(|c: char| !matches!(c, '0'..='9' | ':' | '.')).unwrap_or(text.len());
    let (clock, rest) = text.split_at(clock_end);
    let (rest, afternoon) = split_half_of_day(rest.trim());
    let mut parts = clock.split(':');
    let first = parts.next()?;
    let (hour, minute, second) = match (parts.next(), parts.next()) {
        (None, _) if matches!(first.len(), 4 | 6) => {
            (&first[..2], &first[2..4], first.get(4..).filter(|s| !s.is_empty()))
        }
        (Some(minute), second) => (first, minute, second),
        _ => return None,
    };
    if parts.next().is_some() || minute.len() != 2 {
        return None;
    }
    let (second, fraction) = second.map_or(("0", ""), |second| second.split_once('.').unwrap_or((second, "")));
    let nanos = format!("{:0<9}", fraction.get(..fraction.len().min(9))?);
    let mut hour = number(hour)?;
    if let Some(afternoon) = afternoon {
        (1..=12).contains(&hour).then_some(())?;
        hour = hour % 12 + if afternoon { 12 } else { 0 };
    }
    let time = Time::new(hour, number(minute)?, number(second)?, nanos.parse().ok()?).ok()?;
    Some((time, read_offset(rest)?))
}

fn split_half_of_day(text: &str) -> (&str, Option<bool>) {
    let half = |name: &str| text.get(..name.len()).filter(|start| start.eq_ignore_ascii_case(name));
    for (name, afternoon) in [("a.m.", false), ("p.m.", true), ("am", false), ("pm", true)] {
        if half(name).is_some() {
            return (text[name.len()..].trim(), Some(afternoon));
        }
    }
    (text, None)
}

/// Reads the offset from UTC, in seconds. A zone's name beside an offset says nothing more; other names are not known.
fn read_offset(text: &str) -> Option<i64> {
    let text = text.split('(').next().unwrap_or_default().trim();
    let utc = |text: &str| ["z", "utc", "gmt"].iter().any(|name| name.eq_ignore_ascii_case(text));
    if text.is_empty() || utc(text) {
        return Some(0);
    }
    let text = text.strip_prefix("GMT").or_else(|| text.strip_prefix("UTC")).unwrap_or(text);
    let (text, zone) = text.split_once(' ').unwrap_or((text, ""));
    let sign = match text.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || !(zone.is_empty() || utc(zone)) {
        return None;
    }
    let (hours, minutes): (i64, i64) = match digits.len() {
        1..=2 => (digits.parse().ok()?, 0),
        4 => (digits[..2].parse().ok()?, digits[2..].parse().ok()?),
        _ => return None,
    };
    (hours <= MAX_OFFSET_HOURS && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}
