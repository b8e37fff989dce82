//! FL408.

use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::Principal;

/// A role for work on an environment that nobody uses.
#[derive(Debug)]
pub(super) struct StaleEnvAccess;

static META: Meta = Meta {
    id: "FL408",
    name: "stale-env-access",
    summary: "A role that may work on an environment has not been used for long",
    severity: Severity::Low,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Account],
    criteria: &["CC6.2", "CC6.3"],
    why: "Access that nobody uses is access that nobody misses when it is taken over.",
    remediation: "Delete the role, or take the grant away",
    example: r#"{"RoleDetailList": [
  {"RoleName": "old", "Arn": "arn:aws:iam::111122223333:role/old", "RoleLastUsed": {"LastUsedDate": "2025-01-07T10:00:00Z"},
   "RolePolicyList": [{"PolicyName": "operate", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
   {"Effect": "Allow", "Action": "ecs:StopTask", "Resource": "*"}]}}]},
  {"RoleName": "new", "Arn": "arn:aws:iam::111122223333:role/new", "RoleLastUsed": {"LastUsedDate": "2026-03-02T10:00:00Z"}}]}"#,
    limits: "Age is counted from the last use of any role of the account, so that the same input gives the same \
             report. A role that was never used is not reported: it may be new.",
    peers: &["Access Analyzer: unused access", "Prowler"],
};

/// Calls that stand for work on an environment.
const CALLS: &[&str] = &["ecs:ExecuteCommand", "ecs:RunTask", "ecs:StopTask", "ecs:UpdateService"];

impl Rule for StaleEnvAccess {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let days = |principal: &Principal| day(principal.last_used.as_deref()?);
        let Some(newest) = facts.unit.principals.iter().filter_map(days).max() else { return };
        for subject in &facts.subjects {
            let Some(principal) = subject.principal() else { continue };
            let Some(age) = days(principal).map(|last| newest - last).filter(|age| *age > OLD)
            else {
                continue;
            };
            let mut calls =
                facts.catalogue.calls(CALLS).filter(|(_, call)| subject.may_call(*call));
            let Some(reached) =
                calls.find_map(|(_, call)| subject.reach_anywhere(facts, call, &[]))
            else {
                continue;
            };
            let message = format!(
                "`{}` was last used {age} days before the account's last use of a role",
                principal.arn
            );
            findings.report(META.at_reached(subject, &reached, message));
        }
    }
}

/// How many days without use are long.
const OLD: i64 = 90;

/// The days from the beginning of the era to a date `2026-03-02…` (proleptic Gregorian calendar).
fn day(date: &str) -> Option<i64> {
    let mut parts = date.get(..10)?.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    // Years begin in March here, so that the leap day is the last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    Some(365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day)
}
