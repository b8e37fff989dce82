//! API actions with which whoever has them takes further rights; a team's own rows do not grant them.

use std::sync::LazyLock;

use fortem_core::pattern::matches;
use serde::Deserialize;

use super::{Call, Channel, Names};

const TEXT: &str = include_str!("../../data/escalations.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    escalation: Vec<Escalation>,
}

/// Some API actions and what comes of having them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Escalation {
    apis: Names,
    #[serde(default)]
    but: Names,
    pub(super) reason: String,
    needs: Option<Needs>,
}

/// What a row has that grants one of them all the same.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Needs {
    #[serde(default)]
    kinds: Names,
    channels: Vec<Channel>,
    key: String,
}

impl Escalation {
    /// The first row about an API action.
    pub(super) fn of(api: &str) -> Option<&'static Self> {
        all().iter().find(|one| {
            let any = |patterns: &Names| patterns.iter().any(|pattern| matches(pattern, api));
            any(&one.apis) && !any(&one.but)
        })
    }

    /// Whether a row grants it in the way that leaves no room.
    pub(super) fn is_bound(&self, call: &Call) -> bool {
        self.needs.as_ref().is_some_and(|needs| {
            // Exactly these values: another operator holds where the key is absent or of another value.
            let condition = |one: &super::Where| {
                one.operator == "StringEquals" && one.key == needs.key && !one.values.is_empty()
            };
            (needs.kinds.is_empty() || needs.kinds == call.kinds)
                && needs.channels.iter().all(|channel| call.channels.contains(channel))
                && call.conditions.iter().any(condition)
        })
    }

    /// How a row grants it, in words.
    pub(super) fn help(&self) -> String {
        let Some(needs) = &self.needs else {
            return "no row of your own can grant it".to_owned();
        };
        let kinds = needs.kinds.iter().map(|kind| format!("`kinds = [\"{kind}\"]`, "));
        let channels = needs.channels.iter().map(|channel| format!("`{}`", channel.word()));
        let channels: Vec<_> = channels.collect();
        let (kinds, channels) = (kinds.collect::<String>(), channels.join(" and "));
        format!(
            "such a row needs {kinds}the channel {channels} and a condition `StringEquals` on `{}`",
            needs.key
        )
    }
}

fn all() -> &'static [Escalation] {
    #[expect(
        clippy::expect_used,
        reason = "the text is fixed at compile time and every test parses it"
    )]
    static BUILTIN: LazyLock<File> =
        LazyLock::new(|| toml::from_str(TEXT).expect("the built-in escalations are valid TOML"));
    &BUILTIN.escalation
}

#[cfg(test)]
mod tests {
    use super::Escalation;

    #[test]
    fn what_takes_further_rights_is_known_and_what_reads_is_not() {
        for api in [
            "iam:PassRole",
            "iam:AttachRolePolicy",
            "iam:CreateRole",
            "iam:TagRole",
            "sts:AssumeRole",
            "kms:CreateGrant",
            "ecs:TagResource",
            "ecs:UntagResource",
            "ecs:RegisterTaskDefinition",
            "sqs:TagQueue",
            "sqs:SetQueueAttributes",
            "secretsmanager:PutResourcePolicy",
            "organizations:LeaveOrganization",
        ] {
            assert!(Escalation::of(api).is_some(), "{api}");
        }
        for api in [
            "iam:GetRole",
            "iam:ListRoleTags",
            "kms:ListGrants",
            "sqs:ListQueueTags",
            "sqs:PurgeQueue",
            "ecs:UpdateService",
            "application-autoscaling:PutScalingPolicy",
        ] {
            assert!(Escalation::of(api).is_none(), "{api}");
        }
    }
}
