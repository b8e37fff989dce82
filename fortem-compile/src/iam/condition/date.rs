//! Points in time: ISO 8601 in the W3C profile, or seconds since 1970 (IAM User Guide, "Date condition operators").

use std::cmp::Ordering;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// How two points in time stand to each other, nothing when one is none.
pub(super) fn compare(left: &str, right: &str) -> Option<Ordering> {
    Some(read(left)?.cmp(&read(right)?))
}

/// Reads seconds since 1970, a time with its offset from UTC, or a date, which begins at midnight in UTC.
pub(crate) fn read(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<i64>() {
        return Timestamp::from_second(seconds).ok();
    }
    if text.contains(['T', 't', ' ']) {
        return text.parse().ok();
    }
    let midnight = text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?;
    Some(midnight.timestamp())
}

/// A second before a point in time, and a second after it; nothing when it is none.
pub(super) fn around(text: &str) -> Vec<String> {
    let Some(time) = read(text) else { return Vec::new() };
    let second = SignedDuration::from_secs(1);
    let times = [time.checked_sub(second), time.checked_add(second)];
    times.into_iter().flatten().map(|time| time.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::{around, compare};
    use std::cmp::Ordering::{Equal, Greater, Less};

    #[test]
    fn a_time_lies_between_its_neighbours() {
        assert_eq!(around("2026-07-01"), ["2026-06-30T23:59:59Z", "2026-07-01T00:00:01Z"]);
        assert_eq!(around("noon"), [""; 0]);
    }

    #[test]
    fn times_are_compared_across_spellings() {
        for (left, right, expected) in [
            ("2026-07-01T12:00:00Z", "2026-07-01T14:00:00+02:00", Some(Equal)),
            ("2026-07-01T12:00:00Z", "1782907200", Some(Equal)),
            ("2026-07-01T12:00:00.5Z", "2026-07-01T12:00:00Z", Some(Greater)),
            ("2026-07-01T12:00Z", "2026-07-01T12:00:00Z", Some(Equal)),
            ("2026-07-01", "2026-07-01T00:00:00Z", Some(Equal)),
            ("2026-06-30T23:59:59Z", "2026-07-01", Some(Less)),
            ("2026-13-01T00:00:00Z", "2026-07-01", None),
            ("noon", "2026-07-01", None),
            ("99999999999999999", "0", None),
        ] {
            assert_eq!(compare(left, right), expected, "`{left}` to `{right}`");
        }
    }
}
