//! One comparison with a condition key, which IAM has an operator for.

use std::collections::BTreeSet;

/// A comparison that must hold, or must not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Test {
    /// The condition key.
    pub key: String,
    /// What it is compared with.
    pub comparison: Comparison,
    /// Whether it must hold.
    pub holds: bool,
}

/// What the value of a key is compared with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Comparison {
    /// There is a value.
    Present,
    /// It is `true`.
    True,
    /// It is one of these texts.
    Equals(BTreeSet<String>),
    /// It matches one of these patterns, in the notation of IAM.
    Like(BTreeSet<String>),
    /// It is the same text as another key has.
    SameAs(String),
    /// It is an address in this range.
    InRange(String),
    /// It is a point in time in this order to another, RFC 3339.
    Date(Order, String),
    /// It is a number in this order to another.
    Number(Order, i64),
}

/// How a value stands to a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// Before it.
    Less,
    /// Not after it.
    LessOrEqual,
    /// The same.
    Equal,
    /// Not before it.
    GreaterOrEqual,
    /// After it.
    Greater,
}

impl Order {
    /// The order that holds exactly where this one does not; nothing for equality.
    #[must_use]
    pub fn opposite(self) -> Option<Self> {
        match self {
            Self::Less => Some(Self::GreaterOrEqual),
            Self::LessOrEqual => Some(Self::Greater),
            Self::GreaterOrEqual => Some(Self::Less),
            Self::Greater => Some(Self::LessOrEqual),
            Self::Equal => None,
        }
    }

    /// The order of the constant to the value.
    #[must_use]
    pub fn turned(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Equal => Self::Equal,
            Self::GreaterOrEqual => Self::LessOrEqual,
            Self::Greater => Self::Less,
        }
    }

    fn word(self, holds: bool) -> &'static str {
        match (self, holds) {
            (Self::Less, _) => "LessThan",
            (Self::LessOrEqual, _) => "LessThanEquals",
            (Self::Equal, true) => "Equals",
            (Self::Equal, false) => "NotEquals",
            (Self::GreaterOrEqual, _) => "GreaterThanEquals",
            (Self::Greater, _) => "GreaterThan",
        }
    }
}

impl Test {
    /// The comparison must hold.
    #[must_use]
    pub fn new(key: impl Into<String>, comparison: Comparison) -> Self {
        Self { key: key.into(), comparison, holds: true }
    }

    /// It must hold, or must not. An order that must not hold is the opposite order, which must.
    #[must_use]
    pub fn that(key: impl Into<String>, comparison: Comparison, holds: bool) -> Self {
        let opposite = match &comparison {
            Comparison::Date(order, _) | Comparison::Number(order, _) if !holds => order.opposite(),
            _ => None,
        };
        let (comparison, holds) = match (comparison, opposite) {
            (Comparison::Date(_, point), Some(order)) => (Comparison::Date(order, point), true),
            (Comparison::Number(_, number), Some(order)) => {
                (Comparison::Number(order, number), true)
            }
            (comparison, _) => (comparison, holds),
        };
        Self { key: key.into(), comparison, holds }
    }

    /// The same comparison, with the other outcome. On an absent key neither need hold.
    #[must_use]
    pub fn negated(&self) -> Self {
        Self::that(self.key.clone(), self.comparison.clone(), !self.holds)
    }

    /// What holds wherever this comparison does not: one or the other. An order and its opposite both want a value.
    #[must_use]
    pub fn opposites(&self) -> Vec<Self> {
        let negated = self.negated();
        let wants_value = matches!(self.comparison, Comparison::Date(..) | Comparison::Number(..));
        let absent = Self::that(self.key.clone(), Comparison::Present, false);
        [Some(negated), wants_value.then_some(absent)].into_iter().flatten().collect()
    }

    /// Whether it surely holds where there is no value.
    #[must_use]
    pub fn holds_when_absent(&self) -> bool {
        !self.holds && !matches!(self.comparison, Comparison::SameAs(_))
    }

    /// The condition operator, and the values that stand beside the key.
    ///
    /// On an absent key an operator in the affirmative does not hold, and a negated one does (IAM User Guide, IAM JSON
    /// policy elements: Condition operators).
    #[must_use]
    pub fn operator(&self) -> (String, BTreeSet<String>) {
        let negated = |operator: &str, not: &str| {
            if self.holds { operator.to_owned() } else { not.to_owned() }
        };
        let one = |value: &str| BTreeSet::from([value.to_owned()]);
        match &self.comparison {
            Comparison::Present => {
                ("Null".to_owned(), one(if self.holds { "false" } else { "true" }))
            }
            Comparison::True if self.holds => ("Bool".to_owned(), one("true")),
            Comparison::True => ("BoolIfExists".to_owned(), one("false")),
            Comparison::Equals(values) => {
                let values = values.iter().map(|value| literal(value)).collect();
                (negated("StringEquals", "StringNotEquals"), values)
            }
            Comparison::Like(patterns) => {
                (negated("StringLike", "StringNotLike"), patterns.clone())
            }
            Comparison::SameAs(key) => {
                (negated("StringEquals", "StringNotEquals"), one(&format!("${{{key}}}")))
            }
            Comparison::InRange(range) => (negated("IpAddress", "NotIpAddress"), one(range)),
            Comparison::Date(order, point) => {
                (format!("Date{}", order.word(self.holds)), one(point))
            }
            Comparison::Number(order, number) => {
                (format!("Numeric{}", order.word(self.holds)), one(&number.to_string()))
            }
        }
    }
}

/// A text that a condition compares as it stands: what would begin a policy variable does not.
pub(super) fn literal(text: &str) -> String {
    text.replace("${", "${$}{")
}

/// Everything that must hold at once, without what the rest says already; `false` if it cannot.
pub(super) fn consistent(tests: &mut BTreeSet<Test>) -> bool {
    if tests
        .iter()
        .any(|test| tests.contains(&test.negated()) && test.comparison != Comparison::Present)
    {
        return false;
    }
    if !agree_on_presence(tests) {
        return false;
    }
    let keys: BTreeSet<String> = tests.iter().map(|test| test.key.clone()).collect();
    keys.iter().all(|key| agree_on_texts(tests, key))
}

/// A key that a comparison needs is there, and need not be asked for.
fn agree_on_presence(tests: &mut BTreeSet<Test>) -> bool {
    let mut needed = BTreeSet::new();
    let mut asked = BTreeSet::new();
    for test in tests.iter().filter(|test| test.holds) {
        if test.comparison == Comparison::Present {
            asked.insert(test.key.clone());
            continue;
        }
        needed.insert(test.key.clone());
        if let Comparison::SameAs(other) = &test.comparison {
            needed.insert(other.clone());
        }
    }
    let mut absent =
        tests.iter().filter(|test| !test.holds && test.comparison == Comparison::Present);
    if absent.any(|test| needed.contains(&test.key) || asked.contains(&test.key)) {
        return false;
    }
    tests.retain(|test| {
        !(test.holds && test.comparison == Comparison::Present && needed.contains(&test.key))
    });
    // Of a key that is absent there is nothing more to ask.
    let absent = tests.iter().filter(|test| !test.holds && test.comparison == Comparison::Present);
    let absent: BTreeSet<String> = absent.map(|test| test.key.clone()).collect();
    tests.retain(|test| test.comparison == Comparison::Present || !absent.contains(&test.key));
    true
}

/// Several lists of texts as one: what is in all of them, without what is excluded.
fn agree_on_texts(tests: &mut BTreeSet<Test>, key: &str) -> bool {
    let lists = |wanted: bool| {
        let own = tests.iter().filter(move |test| test.key == key && test.holds == wanted);
        own.filter_map(|test| match &test.comparison {
            Comparison::Equals(values) => Some(values.clone()),
            _ => None,
        })
    };
    let excluded: BTreeSet<String> = lists(false).flatten().collect();
    let Some(mut both) = lists(true).reduce(|left, right| &left & &right) else {
        if !excluded.is_empty() {
            replace_texts(tests, key, excluded, false);
        }
        return true;
    };
    both.retain(|value| !excluded.contains(value));
    let possible = !both.is_empty();
    replace_texts(tests, key, both, true);
    possible
}

fn replace_texts(tests: &mut BTreeSet<Test>, key: &str, values: BTreeSet<String>, holds: bool) {
    tests.retain(|test| test.key != key || !matches!(test.comparison, Comparison::Equals(_)));
    tests.insert(Test::that(key, Comparison::Equals(values), holds));
}
