//! FL227.

use super::{Findings, Input, Meta, Rule};
use crate::catalogue::Call;
use crate::environments::names_word;
use crate::facts::{Facts, Reached, ReachedGroup, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::{Policy, PrincipalKind};
use fortem_compile::iam::Statement;

/// Another principal may be taken over: its role assumed, its password set, a key made for it.
#[derive(Debug)]
pub(super) struct IdentityPivot;

static META: Meta = Meta {
    id: "FL227",
    name: "identity-pivot",
    summary: "Other principals may be taken over",
    severity: Severity::Critical,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "Who signs in as somebody of another environment has all of that environment, and the audit trail shows the \
          other.",
    remediation: "Allow these calls on oneself alone, as `arn:aws:iam::ACCOUNT:user/${aws:username}`, and \
                  `sts:AssumeRole` on roles that are named",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Keys", "Effect": "Allow",
  "Action": "iam:CreateAccessKey", "Resource": "arn:aws:iam::*:user/*"}]}"#,
    limits: "Whether a role trusts the caller is asked by FL405; a pattern is reported here whatever roles there are \
             today.",
    peers: &["PMapper", "Prowler", "cloudsplaining: credentials exposure"],
};

/// What makes one somebody else (Rhino Security Labs, "AWS IAM privilege escalation methods";
/// <https://pathfinding.cloud>, 2026-11).
const CALLS: &[&str] = &[
    "iam:AddClientIDToOpenIDConnectProvider",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreateServiceSpecificCredential",
    "iam:DeactivateMFADevice",
    "iam:ResetServiceSpecificCredential",
    "iam:UpdateAccessKey",
    "iam:UpdateLoginProfile",
    "iam:UpdateOpenIDConnectProviderThumbprint",
    "iam:UpdateSAMLProvider",
    "iam:UploadSSHPublicKey",
    "iam:UploadSigningCertificate",
    "sts:AssumeRole",
];

impl Rule for IdentityPivot {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let mut reached = Vec::new();
        for (action, call) in
            facts.catalogue.calls(CALLS).filter(|(_, call)| subject.may_call(*call))
        {
            for (policy, statement) in subject.grants(call) {
                let found = open(subject, facts, call, (policy, statement))
                    .or_else(|| known(subject, facts, action, call, statement));
                reached.extend(found.map(|one| (action, one)));
            }
        }
        for group in ReachedGroup::by_statement(reached) {
            let message = format!("other principals may be taken over by {}", group.actions());
            let draft = META.at_reached(subject, group.first(), message);
            let draft = match subject.foreign(facts) {
                Some(foreign) => draft.to(foreign),
                None => draft,
            };
            let by_trust = group.names().iter().all(|name| name.starts_with("sts:"));
            findings.report(if by_trust {
                draft
                    .severity(Severity::High)
                    .confidence(Confidence::Medium)
                    .evidence("the role must also trust the caller")
            } else {
                draft
            });
        }
    }
}

/// A call that a pattern allows on whoever is of another environment, or of none.
fn open<'u>(
    subject: &Subject<'u>,
    facts: &Facts<'_>,
    call: Call,
    (policy, statement): (&'u Policy, &'u Statement),
) -> Option<Reached<'u>> {
    let is_other = |reached: &Reached<'_>| {
        subject.principal().is_none_or(|own| own.arn != reached.request.resource())
    };
    let foreign = subject.foreign(facts);
    let of_foreign = foreign.and_then(|foreign| {
        let target = Target::tagged(&foreign.name);
        subject.reach_through(facts, call, &target, policy, statement)
    });
    of_foreign.filter(is_other).or_else(|| {
        let reached =
            subject.reach_written(facts, call, &Target::untagged("example"), policy, statement)?;
        let is_own =
            subject.environments.iter().any(|one| names_word(reached.request.resource(), one));
        (!reached.is_spelt() && !is_own && is_other(&reached)).then_some(reached)
    })
}

/// A call on a user of the account who is of another environment, or an administrator.
fn known<'u>(
    subject: &Subject<'u>,
    facts: &Facts<'_>,
    action: &str,
    call: Call,
    statement: &Statement,
) -> Option<Reached<'u>> {
    let context = subject.known(facts, &Target::untagged(""));
    let own = subject.principal().map(|one| one.arn.as_str());
    let wanted = |other: &Subject<'_>, is_administrator: bool| {
        is_administrator || subject.foreign_home(facts, other).is_some()
    };
    facts.directory().covered(facts, statement, &context, wanted).find_map(|(other, _)| {
        let user = other.principal().filter(|one| one.kind == PrincipalKind::User)?;
        let fits = action.starts_with("iam:") && own != Some(user.arn.as_str());
        let target = Target { tag: user.tag(facts.environments.tag_key()), ..Target::untagged("") };
        fits.then(|| subject.reach_arn(facts, call, &target, &user.arn)).flatten()
    })
}
