//! FL409.

use super::{Findings, Input, Meta, Rule};
use crate::environments::Environment;
use crate::facts::{Facts, Reached, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// Policies that each keep to one environment and together do not.
#[derive(Debug)]
pub(super) struct UnionOfEnvironments;

static META: Meta = Meta {
    id: "FL409",
    name: "union-of-environments",
    summary: "The policies of one principal add up to several environments, production among them",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Account],
    criteria: &["CC6.3"],
    why: "Each policy or group is for one environment; whoever has two of them works on both with one sign-in, and a \
          mistake in one hits the other.",
    remediation: "Keep one role for each environment, and let people choose the role",
    example: r#"{"UserDetailList": [{"UserName": "anna", "Arn": "arn:aws:iam::111122223333:user/anna", "UserPolicyList": [
  {"PolicyName": "staging", "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecs:StopTask",
   "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/Environment": "staging"}}}]}},
  {"PolicyName": "prod", "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecs:StopTask",
   "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/Environment": "prod"}}}]}}]}]}"#,
    limits: "One policy that names several environments is taken for intended, as is a role without a condition on \
             any.",
    peers: &[],
};

/// Calls that stand for work on an environment.
const CALLS: &[&str] = &["ecs:ExecuteCommand", "ecs:RunTask", "ecs:StopTask", "ecs:UpdateService"];

impl Rule for UnionOfEnvironments {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        if subject.principal().is_none() || subject.is_plain_administrator(facts) {
            return;
        }
        // Each environment with the policy that opens it; a policy that opens several is no union.
        let mut opened: Vec<(&Environment, Reached<'_>)> = Vec::new();
        for environment in facts.environments.all() {
            let target = Target::tagged(&environment.name);
            let mut calls =
                facts.catalogue.calls(CALLS).filter(|(_, call)| subject.may_call(*call));
            if let Some(reached) = calls.find_map(|(_, call)| subject.reach(facts, call, &target)) {
                opened.push((environment, reached));
            }
        }
        let Some((production, of_production)) = opened.iter().find(|(one, _)| one.is_production)
        else {
            return;
        };
        let other = opened.iter().find(|(one, reached)| {
            !one.is_production && !std::ptr::eq(reached.policy, of_production.policy)
        });
        let Some((other, of_other)) = other else { return };
        let message = format!("policies for `{}` and for `{}` add up", production.name, other.name);
        let draft = META.at_reached(subject, of_production, message).to(production);
        findings.report(draft.from(other.name.clone()).evidence(of_other.to_string()));
    }
}
