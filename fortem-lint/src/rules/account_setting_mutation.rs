//! FL224.

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, ReachedGroup, Subject};
use crate::finding::{Confidence, Persona, Severity};

/// The account's settings of ECS may be changed.
#[derive(Debug)]
pub(super) struct AccountSettingMutation;

static META: Meta = Meta {
    id: "FL224",
    name: "account-setting-mutation",
    summary: "The settings of ECS that guard tags may be switched off",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC8.1"],
    why: "With `tagResourceAuthorization` switched off, whatever is created may be tagged as anything, and the \
          conditions on `ecs:TagResource` are no longer asked.",
    remediation: "Deny `ecs:PutAccountSetting`, `ecs:PutAccountSettingDefault` and `ecs:DeleteAccountSetting`, or \
                  allow them for harmless settings by `ecs:account-setting`",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Settings", "Effect": "Allow",
  "Action": "ecs:Put*", "Resource": "*"}]}"#,
    limits: "What the settings are today is not asked.",
    peers: &[],
};

/// What changes settings of an account.
const CALLS: &[&str] =
    &["ecs:DeleteAccountSetting", "ecs:PutAccountSetting", "ecs:PutAccountSettingDefault"];

/// The setting that makes tags on creation be authorised.
const SETTING: &[(&str, Option<&str>)] =
    &[("ecs:account-setting", Some("tagResourceAuthorization"))];

impl Rule for AccountSettingMutation {
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
            reached.extend(subject.reach_anywhere(facts, call, SETTING).map(|one| (action, one)));
        }
        for group in ReachedGroup::by_statement(reached) {
            let message = format!(
                "the authorisation of tags may be switched off in the account by {}",
                group.actions()
            );
            findings.report(META.at_reached(subject, group.first(), message));
        }
    }
}
