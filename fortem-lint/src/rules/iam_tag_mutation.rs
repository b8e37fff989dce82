//! FL221.

use super::{Findings, Input, Meta, Rule};
use crate::catalogue::Call;
use crate::facts::{Facts, Reached, ReachedGroup, Retagging, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::PrincipalKind;

/// The tag that says to which environment a principal belongs may be changed by the principal.
#[derive(Debug)]
pub(super) struct IamTagMutation;

static META: Meta = Meta {
    id: "FL221",
    name: "iam-tag-mutation",
    summary: "Principals may change the environment tag of users or roles",
    severity: Severity::Critical,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1", "CC6.2"],
    why: "The tag of the caller is what all conditions compare with; who may set it chooses the environment, \
          production included.",
    remediation: "Deny `iam:TagRole`, `iam:UntagRole`, `iam:TagUser` and `iam:UntagUser` where `aws:TagKeys` has the \
                  environment tag, for everybody but those who administer identities",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Tag", "Effect": "Allow",
  "Action": ["iam:TagRole", "iam:TagUser"], "Resource": "*"}]}"#,
    limits: "Tags that an identity provider sends are not seen here.",
    peers: &[],
};

/// What changes tags of principals.
const CALLS: &[&str] = &["iam:TagRole", "iam:TagUser", "iam:UntagRole", "iam:UntagUser"];

/// A user who has a policy that nobody is known to have.
const SOMEBODY: &str = "somebody";

impl Rule for IamTagMutation {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let environments = facts.environments;
        let Some(foreign) =
            subject.foreign(facts).or(environments.all().first())
        else {
            return;
        };
        let keys = Retagging::to(facts, Some(&foreign.name));
        let mut reached = Vec::new();
        for (action, call) in
            facts.catalogue.calls(CALLS).filter(|(_, call)| subject.may_call(*call))
        {
            let mut keys = keys.keys(action);
            if subject.principal().is_none() {
                keys.push(("aws:username", Some(SOMEBODY)));
            }
            reached.extend(
                own(subject, facts, action, call, &keys)
                    .or_else(|| {
                        let other = subject.reach_anywhere(facts, call, &keys)?;
                        (!other.is_spelt()).then_some(other)
                    })
                    .map(|one| (action, one)),
            );
        }
        for group in ReachedGroup::by_statement(reached) {
            let message = format!(
                "the tag `{}`, which decides to which environment a principal belongs, may be changed by {}",
                environments.tag_key(),
                group.actions(),
            );
            findings.report(META.at_reached(subject, group.first(), message).to(foreign));
        }
    }
}

/// A change of the subject's own tag.
fn own<'u>(
    subject: &Subject<'u>,
    facts: &Facts<'_>,
    action: &str,
    call: Call,
    keys: &[(&str, Option<&str>)],
) -> Option<Reached<'u>> {
    let is_of_users = action.ends_with("User");
    let target =
        Target { tag: subject.environment_tag.as_deref(), ..Target::untagged("") }.with(keys);
    match subject.principal() {
        Some(one) if (one.kind == PrincipalKind::User) == is_of_users => {
            subject.reach_arn(facts, call, &target, &one.arn)
        }
        None if is_of_users => {
            let account = facts.unit.account.as_deref().unwrap_or("111122223333");
            let arn = format!("arn:aws:iam::{account}:user/{SOMEBODY}");
            subject.reach_arn(facts, call, &target, &arn)
        }
        Some(_) | None => None,
    }
}
