//! The further conditions of a call.

use std::collections::BTreeSet;
use std::ops::Range;

use fortem_core::Problem;

use super::Ground;
use crate::arn;
use crate::iam::condition::operator::{Family, Operator};
use crate::reference::{KeyType, ValueType};
use crate::table::rows::Row;
use crate::table::{Call, Table, Where};

pub(super) fn problems(
    ground: &Ground,
    table: &Table,
    row: &Row<Call>,
    types: &[Option<&str>],
) -> Vec<Problem> {
    let mut seen = BTreeSet::new();
    let conditions = row.value.conditions.iter().enumerate();
    let wrong = conditions.filter_map(|(index, condition)| {
        let checker = Checker { ground, table, row, index, condition };
        let is_new = seen.insert((condition.operator.as_str(), condition.key.to_lowercase()));
        if is_new { checker.problem(types) } else { Some(checker.twice()) }
    });
    wrong.collect()
}

struct Checker<'c, 'a> {
    ground: &'c Ground<'a>,
    table: &'c Table,
    row: &'c Row<'c, Call>,
    index: usize,
    condition: &'c Where,
}

impl Checker<'_, '_> {
    fn at(&self, key: &str) -> Range<usize> {
        self.row.condition(self.index, key)
    }

    fn wrong(&self, message: String, key: &str, label: impl Into<String>) -> Problem {
        self.ground.problem("fortem::lowering::condition", message, self.at(key), label)
    }

    fn twice(&self) -> Problem {
        let message = format!("two conditions on `{}` by one operator", self.condition.key);
        self.wrong(message, "key", "the second").help("give one condition all values")
    }

    fn problem(&self, types: &[Option<&str>]) -> Option<Problem> {
        self.key(types).or_else(|| self.operator()).or_else(|| self.values())
    }

    fn key(&self, types: &[Option<&str>]) -> Option<Problem> {
        let key = self.condition.key.as_str();
        let lower = key.to_ascii_lowercase();
        let is_of_channel = [self.ground.tag("Resource"), self.ground.tag("Request")]
            .iter()
            .any(|tag| tag.eq_ignore_ascii_case(key));
        if is_of_channel || lower == "ecs:cluster" {
            let message = format!("a condition on `{key}` of its own");
            return Some(self.wrong(
                message,
                "key",
                "what ties the call to the environment is said by `channels`",
            ));
        }
        if self.ground.reference.is_of_every_request(key) || lower.starts_with("aws:resourcetag/") {
            let message = format!("a condition on `{key}` in a row");
            return Some(self.wrong(
                message,
                "key",
                "said by a role's `when`, not by what an action is",
            ));
        }
        let why = self.ground.carried(&self.row.value.api, types, key).err()?;
        let message = format!("`{}` does not carry `{key}`", self.row.value.api);
        Some(self.wrong(message, "key", why))
    }

    fn operator(&self) -> Option<Problem> {
        let Where { operator: name, key, .. } = self.condition;
        let Some(operator) = Operator::read(name) else {
            return Some(self.wrong(
                format!("unknown operator `{name}`"),
                "operator",
                "no operator of IAM",
            ));
        };
        let KeyType { value, multivalued } = self.ground.reference.key_type(key)?;
        if !suits(operator.family, value) {
            let message = format!("`{name}` does not compare what `{key}` holds");
            let label = format!("expected an operator for {}", words(value));
            return Some(self.wrong(message, "operator", label));
        }
        let is_quantified = operator.quantifier.is_some();
        let wants_bool = matches!(operator.family, Family::Null | Family::Bool);
        let is_bool = |value: &String| value == "true" || value == "false";
        if let Some(value) = self.condition.values.iter().find(|one| wants_bool && !is_bool(one)) {
            let message = format!("`{name}` does not take `{value}`");
            return Some(self.wrong(message, "values", "expected `true` or `false`"));
        }
        if operator.family != Family::Null && is_quantified != multivalued {
            let message = format!(
                "`{key}` holds {} value",
                if multivalued { "more than one" } else { "one" }
            );
            let label = if multivalued {
                "expected `ForAllValues:` or `ForAnyValue:` before the operator"
            } else {
                "expected the operator without `ForAllValues:` or `ForAnyValue:`"
            };
            return Some(self.wrong(message, "operator", label));
        }
        None
    }

    fn values(&self) -> Option<Problem> {
        let condition = self.condition;
        let fleet = self.ground.source.fleet();
        if let Some(value) = condition.values.iter().find(|value| value.contains("${")) {
            let message = format!("a policy variable in `{value}`");
            return Some(self.wrong(message, "values", "expected values as they stand"));
        }
        let mut is_any = !condition.values.is_empty() || condition.tag_key || condition.tag_keys;
        if let Some(name) = &condition.own {
            let Some(kind) = self.table.kind(name) else {
                let names = self.table.kinds.iter().map(|kind| kind.name.as_str());
                return Some(self.ground.unknown("kind", name, self.at("own"), names));
            };
            is_any |= !arn::own(fleet, kind, fleet.names(), "x").is_empty();
        }
        if !is_any {
            let label = "expected `values`, `own`, `tag_key` or `tag_keys`";
            return Some(self.wrong("a condition without a value".to_owned(), "key", label));
        }
        None
    }
}

fn suits(family: Family, value: ValueType) -> bool {
    match family {
        Family::Null => true,
        Family::StringEquals | Family::StringEqualsIgnoreCase | Family::StringLike => {
            value == ValueType::String
        }
        Family::Arn => value == ValueType::Arn,
        Family::Bool => value == ValueType::Bool,
        Family::Numeric(_) => value == ValueType::Numeric,
        Family::Date(_) => value == ValueType::Date,
        Family::IpAddress => value == ValueType::IpAddress,
        Family::Binary => false,
    }
}

fn words(value: ValueType) -> &'static str {
    match value {
        ValueType::String => "texts: `StringEquals`, `StringLike`",
        ValueType::Arn => "ARNs: `ArnLike`",
        ValueType::Bool => "`true` and `false`: `Bool`",
        ValueType::Numeric => "numbers: `NumericEquals`, `NumericLessThan`",
        ValueType::Date => "points in time: `DateLessThan`",
        ValueType::IpAddress => "addresses: `IpAddress`",
    }
}
