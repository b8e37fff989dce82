//! FL507.

use super::{Findings, Input, Meta, Rule};
use crate::environments::Environment;
use crate::facts::inventory::{distinct, listed};
use crate::facts::{Facts, Reached, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// Production in one account with people of other environments who look around.
#[derive(Debug)]
pub(super) struct ProductionSharesAccount;

static META: Meta = Meta {
    id: "FL507",
    name: "prod-shares-account",
    summary: "Production shares an account with other environments, whose people may list and describe",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Pedantic,
    needs: &[Input::Account, Input::Resources],
    criteria: &["CC6.1", "CC6.6"],
    why: "Calls such as `ecs:ListClusters` and `ecs:DescribeTaskDefinition` know neither tags nor environments: within \
          one account whoever has them sees production too, whatever the policy says. Only the border of an \
          account hides it.",
    remediation: "Move production to an account of its own; until then give these calls to nobody who must not see \
                  it",
    example: r#"{"clusters": [{"clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/fleet-prod", "clusterName": "fleet-prod", "tags": [{"key": "Environment", "value": "prod"}]},
  {"clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/fleet-dev", "clusterName": "fleet-dev", "tags": [{"key": "Environment", "value": "dev"}]}]}"#,
    limits: "It is advice on the layout of accounts; FL101, FL102 and FL103 name each grant.",
    peers: &[],
};

/// Calls that nothing ties to an environment (service authorization reference, 2026-09-26).
const CALLS: &[&str] = &[
    "ecs:DescribeTaskDefinition",
    "ecs:ListClusters",
    "ecs:ListTaskDefinitionFamilies",
    "ecs:ListTaskDefinitions",
    "logs:DescribeLogGroups",
];

impl Rule for ProductionSharesAccount {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let mut clusters = Vec::new();
        for region in &facts.regions {
            for cluster in findings.list(&META, region, &region.inventory.clusters) {
                let environment = region.environment_of_cluster(facts, &cluster.cluster_arn);
                clusters.extend(environment.map(|one| (one, cluster)));
            }
        }
        let all = distinct(clusters.iter().map(|(one, _)| *one));
        let Some((production, cluster)) = clusters.iter().find(|(one, _)| one.is_production) else {
            return;
        };
        if all.iter().all(|one| one.is_production) {
            return;
        }
        let lookers: Vec<_> = (facts.subjects.iter())
            .filter_map(|one| Some((one, look(one, facts, production)?)))
            .collect();
        let Some((subject, reached)) = lookers.first() else { return };
        let others = all.iter().filter(|one| !one.is_production).map(|one| one.name.as_str());
        let message = format!(
            "`{}` shares the account with {}, and {} of theirs may look around in it",
            production.name,
            listed(others),
            match lookers.len() {
                1 => "one principal".to_owned(),
                many => format!("{many} principals"),
            }
        );
        let draft = META.at_part(facts, cluster, &["clusterArn"], message).of_subject(subject);
        findings.report(draft.to(production).evidence(reached.to_string()));
    }
}

/// A call by which somebody of other environments alone sees what is of production.
fn look<'u>(
    subject: &Subject<'u>,
    facts: &Facts<'_>,
    production: &Environment,
) -> Option<Reached<'u>> {
    let is_of_production =
        |name: &String| facts.environments.named(name).is_none_or(|one| one.is_production);
    if subject.environments.is_empty() || subject.environments.iter().any(is_of_production) {
        return None;
    }
    let target = Target::tagged(&production.name);
    let mut calls = facts.catalogue.calls(CALLS).filter(|(_, call)| subject.may_call(*call));
    calls.find_map(|(_, call)| subject.reach(facts, call, &target))
}
