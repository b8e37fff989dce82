//! The calls that a collection makes, each an action of IAM (service authorization reference, 2026-09).
//!
//! Nothing is asked of AWS that is not in this table, and the policy that the collection needs is made from it.

/// A call of an AWS API.
#[derive(Debug, PartialEq, Eq)]
pub struct Call {
    /// The service, as in actions of IAM.
    pub service: &'static str,
    /// The operation.
    pub name: &'static str,
    /// Calls of one family share a rate.
    pub family: &'static str,
    /// Who needs it.
    pub needed: Needed,
}

/// Who needs the right to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needed {
    /// Whoever reads an account.
    InAccount,
    /// Whoever reads the Organization.
    InOrganization,
    /// Whoever reads other accounts.
    ToEnterAccounts,
}

impl Call {
    /// The action of IAM.
    #[must_use]
    pub fn action(&self) -> String {
        format!("{}:{}", self.service, self.name)
    }
}

macro_rules! calls {
    ($($constant:ident: $service:literal, $name:literal, $family:literal, $needed:ident;)*) => {
        $(pub(super) static $constant: Call =
            Call { service: $service, name: $name, family: $family, needed: Needed::$needed };)*

        /// All of them.
        pub(super) static ALL: &[&Call] = &[$(&$constant),*];
    };
}

calls! {
    WHO: "sts", "GetCallerIdentity", "sts", InAccount;
    ASSUME_ROLE: "sts", "AssumeRole", "sts", ToEnterAccounts;
    REGIONS: "ec2", "DescribeRegions", "ec2", InAccount;

    AUTHORIZATION: "iam", "GetAccountAuthorizationDetails", "iam details", InAccount;
    ACCESS_KEYS: "iam", "ListAccessKeys", "iam users", InAccount;

    CLUSTERS: "ecs", "ListClusters", "ecs clusters", InAccount;
    CLUSTER: "ecs", "DescribeClusters", "ecs clusters", InAccount;
    SERVICES: "ecs", "ListServices", "ecs services", InAccount;
    SERVICE: "ecs", "DescribeServices", "ecs services", InAccount;
    TASKS: "ecs", "ListTasks", "ecs tasks", InAccount;
    TASK: "ecs", "DescribeTasks", "ecs tasks", InAccount;
    TASK_DEFINITION: "ecs", "DescribeTaskDefinition", "ecs task definitions", InAccount;
    CONTAINER_INSTANCES: "ecs", "ListContainerInstances", "ecs container instances", InAccount;
    CONTAINER_INSTANCE: "ecs", "DescribeContainerInstances", "ecs container instances", InAccount;
    CAPACITY_PROVIDERS: "ecs", "DescribeCapacityProviders", "ecs settings", InAccount;
    ACCOUNT_SETTINGS: "ecs", "ListAccountSettings", "ecs settings", InAccount;

    LOG_GROUPS: "logs", "DescribeLogGroups", "logs", InAccount;
    LOG_GROUP_TAGS: "logs", "ListTagsForResource", "logs tags", InAccount;

    REPLICATION_GROUPS: "elasticache", "DescribeReplicationGroups", "elasticache", InAccount;
    CACHE_CLUSTERS: "elasticache", "DescribeCacheClusters", "elasticache", InAccount;
    SERVERLESS_CACHES: "elasticache", "DescribeServerlessCaches", "elasticache", InAccount;
    CACHE_USERS: "elasticache", "DescribeUsers", "elasticache", InAccount;
    CACHE_TAGS: "elasticache", "ListTagsForResource", "elasticache tags", InAccount;

    EVENT_RULES: "events", "ListRules", "events", InAccount;
    EVENT_TARGETS: "events", "ListTargetsByRule", "events", InAccount;
    EVENT_TAGS: "events", "ListTagsForResource", "events tags", InAccount;
    EVENT_BUSES: "events", "ListEventBuses", "events", InAccount;

    SCHEDULE_GROUPS: "scheduler", "ListScheduleGroups", "scheduler", InAccount;
    SCHEDULES: "scheduler", "ListSchedules", "scheduler", InAccount;
    SCHEDULE: "scheduler", "GetSchedule", "scheduler", InAccount;
    SCHEDULE_GROUP_TAGS: "scheduler", "ListTagsForResource", "scheduler tags", InAccount;

    SCALABLE_TARGETS: "application-autoscaling", "DescribeScalableTargets", "application-autoscaling", InAccount;
    SCALABLE_TARGET_TAGS: "application-autoscaling", "ListTagsForResource", "application-autoscaling tags", InAccount;

    TAGGED: "tag", "GetResources", "tag", InAccount;
    REPOSITORIES: "ecr", "DescribeRepositories", "ecr", InAccount;
    TRAILS: "cloudtrail", "DescribeTrails", "cloudtrail", InAccount;
    TRAIL_STATUS: "cloudtrail", "GetTrailStatus", "cloudtrail", InAccount;

    ORGANIZATION: "organizations", "DescribeOrganization", "organizations", InAccount;
    EFFECTIVE_POLICY: "organizations", "DescribeEffectivePolicy", "organizations", InAccount;
    ROOTS: "organizations", "ListRoots", "organizations", InOrganization;
    UNITS: "organizations", "ListOrganizationalUnitsForParent", "organizations", InOrganization;
    ACCOUNTS: "organizations", "ListAccountsForParent", "organizations", InOrganization;
    ACCOUNT_TAGS: "organizations", "ListTagsForResource", "organizations", InOrganization;
    POLICIES: "organizations", "ListPolicies", "organizations", InOrganization;
    POLICY: "organizations", "DescribePolicy", "organizations", InOrganization;
    POLICY_TARGETS: "organizations", "ListTargetsForPolicy", "organizations", InOrganization;
    ADMINISTRATORS: "organizations", "ListDelegatedAdministrators", "organizations", InOrganization;
    ADMINISTERED: "organizations", "ListDelegatedServicesForAccount", "organizations", InOrganization;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::ALL;

    #[test]
    fn each_is_there_once() {
        let actions: BTreeSet<String> = ALL.iter().map(|call| call.action()).collect();
        assert_eq!(actions.len(), ALL.len());
    }

    #[test]
    fn none_changes_anything() {
        let entering = ["AssumeRole"];
        for call in ALL {
            let reads = ["Describe", "Get", "List"].iter().any(|verb| call.name.starts_with(verb));
            assert!(reads || entering.contains(&call.name), "{}", call.action());
        }
    }
}
