//! FL506.

use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::facts::inventory::{distinct, worst};
use crate::finding::{Confidence, Persona, Severity};
use crate::snapshot::{Summary, Unread};

/// Services in the account that no SCP binds.
#[derive(Debug)]
pub(super) struct ManagementWorkload;

static META: Meta = Meta {
    id: "FL506",
    name: "workload-in-management-account",
    summary: "Services run in the account that manages the Organization",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC6.1"],
    why: "SCPs do not bind the management account: what they forbid everywhere else, such as creating without the \
          environment's tag or changing that tag, stays open there. And whoever takes over a task there is next to \
          the whole Organization.",
    remediation: "Move the services to a member account, and keep the management account for billing and the \
                  Organization",
    example: "A service in the account that `management_account` of the snapshot's Organization names.",
    limits: "Only services and running tasks of ECS are looked at.",
    peers: &[],
};

/// The call that tells which account manages the Organization.
const CALL: &str = "DescribeOrganization";

impl Rule for ManagementWorkload {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(account) = &facts.unit.account else { return };
        match manages(facts, account) {
            Some(true) => {}
            Some(false) => return,
            None => return findings.not_assessed_in_account(&META, "the Organization"),
        }
        let (mut running, mut environments) = (Vec::new(), Vec::new());
        for region in &facts.regions {
            findings.uses(&META, region);
            let services = region.inventory.services.iter().flatten().filter(|one| one.is_active());
            for service in services {
                running.push(Summary::of(service));
                environments.extend(region.environment_of_service(facts, service));
            }
            let tasks = region.inventory.tasks.iter().flatten().filter(|one| one.is_standalone());
            for task in tasks {
                running.push(Summary::of(task));
                environments.extend(region.environment_of_task(facts, task));
            }
        }
        let Some(first) = running.first() else { return };
        let more = match running.len() {
            1 => " runs".to_owned(),
            2 => " and another run".to_owned(),
            more => format!(" and {} others run", more - 1),
        };
        let message = format!(
            "{} `{}`{more} in `{account}`, which manages the Organization and which no SCP binds",
            first.kind,
            first.label()
        );
        let draft = META.at_resource(facts, first, message);
        findings.report(match worst(&distinct(environments)) {
            Some(environment) => draft.to(environment),
            None => draft,
        });
    }
}

/// Whether an account manages the Organization; none if that could not be read.
fn manages(facts: &Facts<'_>, account: &str) -> Option<bool> {
    if facts.unit.is_management {
        return Some(true);
    }
    if let Some(organization) = facts.organization {
        return organization.management_account.as_ref().map(|one| one == account);
    }
    let is_membership = |one: &Unread| one.service == "organizations" && one.call == CALL;
    (!facts.unit.unread.iter().any(|one| is_membership(one))).then_some(false)
}
