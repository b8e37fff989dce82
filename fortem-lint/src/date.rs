//! The day or time for which a report speaks. It is given: nothing here looks at a clock.

use jiff::Timestamp;
use jiff::civil::Date;

/// Checks a day (`2026-09-30`) or a time (`2026-09-30T12:00:00Z`).
///
/// ```
/// assert!(fortem_lint::date::parse("2026-09-30").is_ok());
/// assert!(fortem_lint::date::parse("yesterday").is_err());
/// ```
///
/// # Errors
///
/// What is wrong with it, in words.
pub fn parse(text: &str) -> Result<String, String> {
    match milliseconds(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err("is neither a day such as 2026-09-30 nor a time such as 2026-09-30T12:00:00Z"
            .to_owned()),
    }
}

/// Reads a day, `2026-09-30`.
///
/// # Errors
///
/// What is wrong with it, in words.
pub fn day(text: &str) -> Result<Date, String> {
    let day = text.parse().ok().filter(|_| text.len() == 10);
    day.ok_or_else(|| "is no day such as 2026-09-30".to_owned())
}

/// Milliseconds from the beginning of 1970 to the time, or to the beginning of the day, in UTC.
#[must_use]
pub fn milliseconds(text: &str) -> Option<i64> {
    let is_day = text.len() == 10;
    let time = if is_day {
        let day: Date = text.parse().ok()?;
        format!("{day}T00:00:00Z").parse::<Timestamp>()
    } else {
        text.parse::<Timestamp>()
    };
    Some(time.ok()?.as_millisecond())
}

/// Writes a day as `2026-09-30`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
pub(crate) fn serialize<S: serde::Serializer>(
    day: &Date,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_utc() {
        assert_eq!(milliseconds("1970-01-02"), Some(86_400_000));
        assert_eq!(milliseconds("1970-01-01T01:00:00+01:00"), Some(0));
        assert_eq!(milliseconds("1970-13-01"), None);
    }
}
