//! FL108.

use super::{Draft, Findings, Input, Meta, Rule};
use crate::facts::{ADMINISTRATOR_ACCESS, Facts, Subject};
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::Owner;

/// A broad policy of AWS is attached to whoever belongs to one environment, or somebody may do everything.
#[derive(Debug)]
pub(super) struct BroadManagedPolicy;

static META: Meta = Meta {
    id: "FL108",
    name: "broad-managed-policy",
    summary: "Whoever belongs to one environment has a broad policy of AWS, or may do everything",
    severity: Severity::Critical,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.3"],
    why: "Policies add up, and those of AWS know no environments: beside one of them, every condition in the \
          other policies is void.",
    remediation: "Detach it, and grant what is needed with a condition on the environment; until then a \
                  permissions boundary or an SCP can hold it down",
    example: r#"{"UserDetailList": [], "GroupDetailList": [], "Policies": [], "RoleDetailList": [{"Path": "/", "RoleName": "developer",
  "Arn": "arn:aws:iam::111122223333:role/developer", "RolePolicyList": [], "Tags": [{"Key": "Environment", "Value": "staging"}],
  "AttachedManagedPolicies": [{"PolicyName": "ReadOnlyAccess", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]}]}"#,
    limits: "Of AWS's policies it goes by the name; a permissions boundary or SCP that takes everything back is not \
             weighed. Policies that AWS means for services, such as AmazonECSTaskExecutionRolePolicy, are \
             left alone. An administrator of no environment is mentioned for information, or as a medium fault where \
             a policy of one's own makes him one.",
    peers: &["prowler: AdministratorAccess attached"],
};

/// Policies of AWS that reach every environment, and whether they change anything (managed policy reference, 2026-11).
const BROAD: &[(&str, bool)] = &[
    ("AWSCodeDeployFullAccess", true),
    ("AWSCodePipeline_FullAccess", true),
    ("AdministratorAccess", true),
    ("AmazonEC2ContainerRegistryFullAccess", true),
    ("AmazonEC2ContainerRegistryPowerUser", true),
    ("AmazonEC2ContainerServiceFullAccess", true),
    ("AmazonECS_FullAccess", true),
    ("AmazonElastiCacheFullAccess", true),
    ("AmazonElastiCacheReadOnlyAccess", false),
    ("AmazonEventBridgeFullAccess", true),
    ("AmazonEventBridgeSchedulerFullAccess", true),
    ("AmazonMemoryDBFullAccess", true),
    ("AmazonSSMFullAccess", true),
    ("AmazonSSMReadOnlyAccess", false),
    ("CloudWatchLogsFullAccess", true),
    ("CloudWatchLogsReadOnlyAccess", false),
    ("IAMFullAccess", true),
    ("PowerUserAccess", true),
    ("ReadOnlyAccess", false),
    ("ResourceGroupsandTagEditorFullAccess", true),
    ("SecretsManagerReadWrite", true),
    ("SecurityAudit", false),
    ("SystemAdministrator", true),
    ("ViewOnlyAccess", false),
];

impl Rule for BroadManagedPolicy {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        if subject.is_plain_administrator(facts) {
            if let Some(draft) = of_administrator(subject, facts) {
                findings.report(draft);
            }
            return;
        }
        let Some(principal) = subject.principal().filter(|_| subject.is_scoped()) else { return };
        let Some(foreign) = subject.foreign(facts) else { return };
        let known = subject.identity.iter().filter_map(|policy| match &policy.owner {
            Owner::Managed(arn) => Some(arn),
            _ => None,
        });
        for arn in known.chain(&principal.missing) {
            let Some((name, changes)) = broad(arn) else { continue };
            let message = format!(
                "`{}` belongs to `{}` and has `{name}`, which {} every environment",
                principal.name,
                subject.environments.join(", "),
                if changes { "changes" } else { "reads" }
            );
            let draft = META.at(principal.place.clone(), message).of_subject(subject);
            let severity = if changes { Severity::Critical } else { Severity::High };
            let draft = draft.resource(arn).severity(severity).to(foreign);
            findings.report(draft.evidence(format!("`{arn}` has no condition on environments")));
        }
    }
}

/// That somebody may do everything. Those who belong to no environment are expected to have AWS's own policy for that.
fn of_administrator(subject: &Subject<'_>, facts: &Facts<'_>) -> Option<Draft> {
    let principal = subject.principal();
    let who = principal
        .map_or_else(|| "whoever has this policy".to_owned(), |one| format!("`{}`", one.name));
    let foreign = subject.foreign(facts);
    let reaches = foreign.map_or_else(
        || "every environment".to_owned(),
        |one| format!("`{}` like every other environment", one.name),
    );
    let message = format!("{who} may do everything: an administrator, who reaches {reaches}");
    let everything = subject.everything();
    let draft = match everything {
        Some((policy, statement)) => META.at_statement(policy, statement, message),
        None => META.at(principal?.place.clone(), message),
    };
    let draft = draft.of_subject(subject);
    let draft = match foreign {
        Some(foreign) => draft.to(foreign),
        None => draft,
    };
    let of_aws = everything.is_none_or(
        |(policy, _)| matches!(&policy.owner, Owner::Managed(arn) if arn == ADMINISTRATOR_ACCESS),
    );
    Some(match principal {
        Some(_) if !subject.is_scoped() && of_aws => draft.severity(Severity::Informational),
        Some(_) if !subject.is_scoped() => draft.severity(Severity::Medium),
        _ => draft,
    })
}

/// The entry of a policy in the table.
fn broad(arn: &str) -> Option<(&'static str, bool)> {
    let (_, path) = arn.split_once(":iam::aws:policy/")?;
    let name = path.rsplit('/').next()?;
    BROAD.iter().copied().find(|(known, _)| *known == name)
}
