//! Every call there is, as far as statements tell calls apart.
//!
//! A call is what IAM sees of it: a principal's tags, an API action, a resource and condition keys that
//! the service reference says the call carries. There is no end of calls, but statements tell only
//! finitely many kinds apart. The domain has one of each kind:
//!
//! - *API actions*: each of the service reference, on each type of resource (`shape`).
//! - *Keys*: a value for each way in which the comparisons come out, and absence (`keys`, `values`).
//! - *Resources*: an ARN for each combination of patterns that has one, within the ARNs of the type
//!   (`resources`, `language`).
//! - *Other API actions* that statements speak of, one for each combination of patterns (`unlisted`).
//! - *Variables*: what they stand for is fixed first (`variables`, `opening`, `alike`).
//! - *All together*: every combination of these, of which those that leave the same statements are
//!   looked at once (`search`).
//!
//! A key of which the reference's claim is doubted is both present and absent.

mod alike;
mod bits;
mod keys;
mod language;
mod opening;
mod resources;
mod search;
mod shape;
mod unlisted;
mod values;
mod variables;

use thiserror::Error;

pub(crate) use self::bits::Bits;
pub(crate) use self::language::Languages;
pub(crate) use self::resources::{Resources, Target};
pub(crate) use self::search::{Applying, Found, Search};
pub(crate) use self::shape::{Calls, Shape, Shapes};
pub(crate) use self::unlisted::unlisted_apis;
pub(crate) use self::values::{none_of, values};
pub(crate) use self::variables::{Fixed, Variables};

/// Why the calls that statements tell apart cannot all be looked at.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DomainError {
    /// Patterns so many or so long that their automaton takes too much memory.
    #[error("the patterns of the documents are too many: {0}")]
    Patterns(String),
    /// More statements bear on one principal than can be told apart.
    #[error("{0} statements bear on one principal, and 256 can be told apart")]
    TooManyStatements(usize),
    /// More condition keys are asked about than can be told apart.
    #[error("{0} condition keys are asked about, and 256 can be told apart")]
    TooManyKeys(usize),
    /// A key with more sets of values than can be looked at.
    #[error("the conditions on `{0}` tell too many sets of values apart")]
    TooManySets(String),
    /// Kinds of calls so many that looking at each takes too long.
    #[error("the conditions of the documents tell too many kinds of calls apart")]
    TooManyCalls,
    /// Values of a key that stands as a variable, so many that looking at each takes too long.
    #[error("the documents tell too many values of the variable `{0}` apart")]
    TooManyValues(String),
    /// A key that is compared as two kinds of values, such as a text and a date.
    #[error("`{0}` is compared as values of several kinds")]
    Mixed(String),
}

impl DomainError {
    /// Whether the statements are too many or too different, and fewer would do; otherwise one contradicts
    /// another.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        !matches!(self, Self::Mixed(_))
    }
}
