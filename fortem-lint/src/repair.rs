//! Corrections put into the text of a policy, and refused where they would not do what they say.

mod splice;
pub mod widening;

use std::collections::BTreeSet;
use std::ops::Range;

use fortem_compile::iam::{Condition, Request, Statement};
use serde_json::{Map, Value};

use self::widening::Verdict;
use crate::catalogue::Catalogue;
use crate::environments::Environments;
use crate::finding::{Finding, Fix};
use crate::input::{self, Kind};
use crate::unit::{Policy, Unit};

/// A correction, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// The rule's id.
    pub rule: &'static str,
    /// The input.
    pub file: String,
    /// The JSON pointer to the statement.
    pub pointer: String,
    /// What the correction does.
    pub description: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a correction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was made, and grants nothing new.
    Made,
    /// It was made, and grants more, as was asked for: this call, for example.
    MadeWider(String),
    /// It was not made, and this is why.
    Refused(String),
}

/// How a text is corrected.
pub struct Repairs<'j> {
    /// The findings of a text, those that are accepted left out.
    pub judge: &'j dyn Fn(&Unit) -> Vec<Finding>,
    /// The environments.
    pub environments: &'j Environments,
    /// Whether corrections may be made that grant more.
    pub unsafe_fixes: bool,
}

impl std::fmt::Debug for Repairs<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repairs").field("unsafe_fixes", &self.unsafe_fixes).finish_non_exhaustive()
    }
}

/// The most corrections of one rule in one statement: as many keys as it may compare.
const ROUNDS: usize = 16;

/// A statement that is being corrected for one rule.
struct Spot<'r> {
    rule: &'static str,
    pointer: &'r str,
}

/// Why the findings of an input that is no plain policy document are not corrected there.
#[must_use]
pub fn refusal(kind: Kind) -> &'static str {
    match kind {
        Kind::TerraformPlan => "a plan is made from a configuration; correct it there",
        Kind::CloudFormation => "templates are not rewritten; correct the statement there",
        // A policy that is not the whole file is what AWS answered.
        Kind::Policy
        | Kind::AuthorizationDetails
        | Kind::Organization
        | Kind::Snapshot
        | Kind::Inventory
        | Kind::Unknown => "it is evidence of what AWS has; correct what it was deployed from",
    }
}

impl Repairs<'_> {
    /// Corrects the text of a policy as far as that can be done, and says what became of each correction.
    #[must_use]
    pub fn make(&self, file: &str, text: &str) -> (String, Vec<Repair>) {
        let (mut text, mut repairs) = (text.to_owned(), Vec::new());
        // INVARIANT: grows every round, and each pair is of the findings of a text that is not longer than its limit.
        let mut seen: BTreeSet<(&'static str, String)> = BTreeSet::new();
        while let Some((finding, fix)) = self.next(file, &text, &seen) {
            let spot = Spot { rule: finding.rule, pointer: &finding.pointer };
            let outcome = match self.correct(file, &text, &spot) {
                Ok((corrected, outcome)) => {
                    text = corrected;
                    outcome
                }
                Err(why) => Outcome::Refused(why),
            };
            seen.insert((finding.rule, finding.pointer.clone()));
            repairs.push(Repair {
                rule: finding.rule,
                file: file.to_owned(),
                pointer: finding.pointer,
                description: fix.description,
                outcome,
            });
        }
        (text, repairs)
    }

    fn next(
        &self,
        file: &str,
        text: &str,
        seen: &BTreeSet<(&'static str, String)>,
    ) -> Option<(Finding, Fix)> {
        let unit = policy_file(file, text)?;
        let findings = (self.judge)(&unit).into_iter();
        let mut open = findings.filter(|one| !seen.contains(&(one.rule, one.pointer.clone())));
        open.find_map(|one| one.fix.clone().map(|fix| (one, fix)))
    }

    /// Corrects a statement until the rule is content with it.
    fn correct(
        &self,
        file: &str,
        text: &str,
        spot: &Spot<'_>,
    ) -> Result<(String, Outcome), String> {
        let original = policy_file(file, text).ok_or("it cannot be read")?;
        let before =
            statement_at(&original, spot.pointer).ok_or("it cannot be found in the text")?;
        let mut corrected = text.to_owned();
        for _ in 0..ROUNDS {
            let unit = policy_file(file, &corrected).ok_or("what it makes cannot be read")?;
            let policy = unit.policies.first().ok_or("what it makes cannot be read")?;
            if !policy.errors.is_empty() {
                return Err("the document is not valid; correct that first".to_owned());
            }
            let findings = (self.judge)(&unit).into_iter();
            let mut left = findings
                .filter(|one| one.rule == spot.rule && one.pointer == spot.pointer)
                .peekable();
            if left.peek().is_none() {
                let after =
                    statement_at(&unit, spot.pointer).ok_or("it takes the statement away")?;
                let outcome = self.weigh(before, after)?;
                return Ok((corrected, outcome));
            }
            let fix = left.find_map(|one| one.fix).ok_or("the finding stays")?;
            if !fix.safe && !self.unsafe_fixes {
                return Err("it may grant more; `--unsafe-fixes` makes it".to_owned());
            }
            let next = applied(&corrected, &fix).ok_or("it does not fit the text")?;
            if next == corrected {
                break;
            }
            corrected = next;
        }
        Err("the finding stays".to_owned())
    }

    /// Whether a statement may become another.
    fn weigh(&self, before: &Statement, after: &Statement) -> Result<Outcome, String> {
        match widening::judge(before, after, self.environments) {
            Verdict::Within => Ok(Outcome::Made),
            Verdict::Wider(call) if self.unsafe_fixes => {
                Ok(Outcome::MadeWider(shown(&call, after)))
            }
            Verdict::Wider(call) => {
                Err(format!("it would grant {}; `--unsafe-fixes` makes it", shown(&call, after)))
            }
            Verdict::Unknown(why) => Err(format!("it cannot be shown to grant nothing new: {why}")),
        }
    }
}

/// Whether a text is a policy document and nothing else, so that it can be corrected.
#[must_use]
pub fn takes(file: &str, text: &str) -> bool {
    policy_file(file, text).is_some()
}

/// The unit of a text if it is a policy document and nothing else.
fn policy_file(file: &str, text: &str) -> Option<Unit> {
    let reading = input::of_text(file, text.to_owned(), true);
    let is_whole = |policy: &Policy| policy.verbatim && policy.place.pointer.is_empty();
    let unit = reading.units.into_iter().next()?;
    (reading.input.kind == Kind::Policy && unit.policies.first().is_some_and(is_whole))
        .then_some(unit)
}

fn statement_at<'u>(unit: &'u Unit, pointer: &str) -> Option<&'u Statement> {
    let document = &unit.policies.first()?.document;
    document.statements().iter().find(|one| document.pointer_of(one) == pointer)
}

/// The text with a correction put in, every other byte as it was.
fn applied(text: &str, fix: &Fix) -> Option<String> {
    let Range { start, end } = fix.range.clone();
    let after: Map<String, Value> = serde_json::from_str(&fix.replacement).ok()?;
    let (head, tail) = (text.get(..start)?, text.get(end..)?);
    let before = head.rsplit('\n').next().unwrap_or_default();
    let statement = splice::splice(text.get(start..end)?, before, &after)?;
    Some(format!("{head}{statement}{tail}"))
}

/// A call in words: `ecs:StopTask` on `arn:…` with `aws:ResourceTag/Environment` = `prod`; names are written as AWS and
/// the statement write them.
fn shown(call: &Request, statement: &Statement) -> String {
    let written = |key: &str| {
        let mut keys = statement.conditions().iter().map(Condition::key);
        keys.find(|one| one.eq_ignore_ascii_case(key)).unwrap_or(key).to_owned()
    };
    let keys = call
        .context()
        .iter()
        .map(|(key, values)| format!("`{}` = `{}`", written(key), values.as_slice().join("`, `")));
    let keys: Vec<String> = keys.collect();
    let with =
        if keys.is_empty() { String::new() } else { format!(" with {}", keys.join(" and ")) };
    let names = Catalogue::builtin().names().iter().copied();
    let name = names.chain(statement.actions().iter().map(String::as_str));
    let name = name.into_iter().find(|name| name.eq_ignore_ascii_case(call.action()));
    format!("`{}` on `{}`{with}", name.unwrap_or(call.action()), call.resource())
}
