//! What the command says by its exit code.

use crate::check::Report;
use crate::finding::Severity;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Nothing found at or above the threshold, and everything was judged.
    Clean = 0,
    /// The tool failed.
    Failed = 1,
    /// Wrong arguments, or a mistake in the ignore file.
    Usage = 2,
    /// Nothing found, but something could not be judged.
    Incomplete = 3,
    /// The worst finding is informational.
    Informational = 11,
    /// The worst finding is low.
    Low = 12,
    /// The worst finding is medium.
    Medium = 13,
    /// The worst finding is high.
    High = 14,
    /// The worst finding is critical.
    Critical = 15,
}

/// The table of [`Exit`] for `--help`.
pub const TABLE: &str = "\
Exit codes:
  0   clean: nothing found at or above --fail-on; what is ignored or in the baseline does not count
  1   the tool failed
  2   wrong arguments, or a mistake in the ignore file
  3   incomplete: something could not be read or judged; nothing else was found
  11  the worst finding is informational
  12  … low
  13  … medium
  14  … high
  15  … critical";

impl Exit {
    /// The exit of a report; findings milder than `threshold` count as none.
    ///
    /// ```
    /// use fortem_lint::check::Report;
    /// use fortem_lint::exit::Exit;
    /// use fortem_lint::finding::Severity;
    ///
    /// assert_eq!(Exit::of(&Report::default(), Severity::Low), Exit::Clean);
    /// ```
    #[must_use]
    pub fn of(report: &Report, threshold: Severity) -> Self {
        Self::of_worst(report.worst(), report.is_incomplete(), threshold)
    }

    /// The exit for the worst of some findings, none if there are none.
    #[must_use]
    pub fn of_worst(worst: Option<Severity>, is_incomplete: bool, threshold: Severity) -> Self {
        match worst.filter(|worst| *worst >= threshold) {
            Some(Severity::Informational) => Self::Informational,
            Some(Severity::Low) => Self::Low,
            Some(Severity::Medium) => Self::Medium,
            Some(Severity::High) => Self::High,
            Some(Severity::Critical) => Self::Critical,
            None if is_incomplete => Self::Incomplete,
            None => Self::Clean,
        }
    }

    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}
