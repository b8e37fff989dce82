//! The rules: what each is, and the list of them.

mod findings;
mod guards;
pub mod page;
mod unscoped;
mod untagged;

use jiff::civil::Date;

use crate::facts::{Facts, Subject};
use crate::finding::{Confidence, Persona, Severity};
use crate::ignore::Assessed;
use crate::organization::Organization;
use crate::unit::Policy;

pub(crate) use findings::Gaps;
pub use findings::{Draft, Findings};

/// What a rule has to be given, the letters of the rule table.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// A policy document.
    Policies,
    /// An account's users, roles, groups and policies.
    Account,
    /// An inventory of what runs in an account.
    Resources,
    /// The tree of an Organization with its policies.
    Organization,
    /// The tag policies of an Organization: from its tree, or as they are in effect for an account.
    TagPolicies,
}

impl Input {
    /// The input in words.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::Policies => "policy documents",
            Self::Account => "an account's authorization details",
            Self::Resources => "an inventory of what runs in the account",
            Self::Organization => "the Organization's tree and policies",
            Self::TagPolicies => "tag policies",
        }
    }
}

/// What a rule is: its entry in the list, and its page.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
pub struct Meta {
    /// `FL` and three digits, never given to another rule.
    pub id: &'static str,
    /// The fault in a few words: `mutate-unscoped`.
    pub name: &'static str,
    /// One sentence: what is wrong where it fires.
    pub summary: &'static str,
    /// How bad it is when production is reached.
    pub severity: Severity,
    /// How sure it is as a rule; a finding may be less sure.
    pub confidence: Confidence,
    /// For whom it speaks.
    pub persona: Persona,
    /// What it looks at; it is judged when all of them are there.
    pub needs: &'static [Input],
    /// SOC 2 criteria.
    pub criteria: &'static [&'static str],
    /// Why it matters: how the separation of environments breaks.
    pub why: &'static str,
    /// What to do.
    pub remediation: &'static str,
    /// A policy, or part of an inventory, that it fires on.
    pub example: &'static str,
    /// What it does not see, and where it may be wrong.
    pub limits: &'static str,
    /// Similar checks of other tools; empty if none is known.
    pub peers: &'static [&'static str],
}

/// One rule. Each hook is called with everything of its kind; a rule has those that it needs.
pub trait Rule: Sync {
    /// What it is.
    fn meta(&self) -> &'static Meta;

    /// The API actions it asks about, as AWS writes them.
    fn calls(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether it has something to say of whoever may do everything; what that opens is said once, by FL108.
    fn concerns_administrators(&self) -> bool {
        self.calls().is_empty()
    }

    /// Judges one document of any kind, for what is written in it.
    fn check_policy(&self, _policy: &Policy, _facts: &Facts<'_>, _findings: &mut Findings<'_>) {}

    /// Judges whoever is subject to policies, for what all of these allow.
    fn check_subject(
        &self,
        _subject: &Subject<'_>,
        _facts: &Facts<'_>,
        _findings: &mut Findings<'_>,
    ) {
    }

    /// Judges the account as a whole.
    fn check_unit(&self, _facts: &Facts<'_>, _findings: &mut Findings<'_>) {}

    /// Judges the Organization; the facts are those of its own unit.
    fn check_organization(
        &self,
        _organization: &Organization,
        _facts: &Facts<'_>,
        _findings: &mut Findings<'_>,
    ) {
    }

    /// Judges what this version knows of AWS; the facts are of no account.
    fn check_data(&self, _today: Date, _facts: &Facts<'_>, _findings: &mut Findings<'_>) {}

    /// Judges the ignores of the run.
    fn check_ignores(&self, _ignores: &[Assessed<'_>], _today: Date, _findings: &mut Findings<'_>) {
    }
}

/// Every rule, by id.
#[must_use]
pub fn all() -> &'static [&'static dyn Rule] {
    ALL
}

// The list of rules: a file and the rule in it.
macro_rules! rules {
    ($($file:ident::$rule:ident,)*) => {
        $(mod $file;)*
        static ALL: &[&dyn Rule] = &[$(&$file::$rule,)*];
    };
}

// By id.
rules! {
    untagged_cluster::UntaggedCluster, // FL001
    untagged_service::UntaggedService, // FL002
    untagged_task::UntaggedTask, // FL003
    untagged_task_definition::UntaggedTaskDefinition, // FL004
    untagged_container_instance::UntaggedContainerInstance, // FL005
    untagged_log_group::UntaggedLogGroup, // FL006
    untagged_cache::UntaggedCache, // FL007
    untagged_principal::UntaggedPrincipal, // FL008
    untagged_schedule::UntaggedSchedule, // FL009
    untagged_secret::UntaggedSecret, // FL010
    standalone_task_invisible::StandaloneTaskInvisible, // FL011
    tag_value_alias::TagValueAlias, // FL020
    tag_key_case_duplicate::TagKeyCaseDuplicate, // FL021
    tag_key_drift::TagKeyDrift, // FL022
    tag_value_malformed::TagValueMalformed, // FL023
    environment_mismatch::EnvironmentMismatch, // FL024
    orphan_environment::OrphanEnvironment, // FL025
    env_prefix_collision::EnvPrefixCollision, // FL026
    name_contradicts_tag::NameContradictsTag, // FL027
    old_arn_format::OldArnFormat, // FL028
    list_unconditioned::ListUnconditioned, // FL101
    describe_unconditioned::DescribeUnconditioned, // FL102
    describe_task_definition::DescribeTaskDefinition, // FL103
    logs_unscoped::LogsUnscoped, // FL104
    mutate_unscoped::MutateUnscoped, // FL105
    cache_unscoped::CacheUnscoped, // FL106
    sibling_action_door::SiblingActionDoor, // FL107
    broad_managed_policy::BroadManagedPolicy, // FL108
    scope_by_arn_substring::ScopeByArnSubstring, // FL109
    run_task_no_cluster::RunTaskNoCluster, // FL110
    create_service_no_cluster::CreateServiceNoCluster, // FL111
    run_task_definition_unscoped::RunTaskDefinitionUnscoped, // FL112
    service_definition_unscoped::ServiceDefinitionUnscoped, // FL113
    create_untagged_allowed::CreateUntaggedAllowed, // FL114
    tag_on_create_open::TagOnCreateOpen, // FL115
    dead_condition_key::DeadConditionKey, // FL120
    deny_never_fires::DenyNeverFires, // FL121
    ifexists_allow::IfexistsAllow, // FL122
    negated_allow::NegatedAllow, // FL123
    forallvalues_vacuous::ForallvaluesVacuous, // FL124
    notaction_allow::NotactionAllow, // FL125
    notresource_allow::NotresourceAllow, // FL126
    wildcard_tag_value::WildcardTagValue, // FL127
    variable_literal::VariableLiteral, // FL128
    variable_typo_or_default::VariableTypoOrDefault, // FL129
    mixed_statement::MixedStatement, // FL130
    service_tag_prefix::ServiceTagPrefix, // FL131
    operator_type_mismatch::OperatorTypeMismatch, // FL132
    contradictory_condition::ContradictoryCondition, // FL133
    region_wildcard::RegionWildcard, // FL134
    multi_resource_authorization::MultiResourceAuthorization, // FL135
    passrole_wildcard::PassroleWildcard, // FL200
    ecs_star::EcsStar, // FL201
    passrole_no_service::PassroleNoService, // FL202
    passrole_by_tag::PassroleByTag, // FL203
    passrole_crosses_env::PassroleCrossesEnv, // FL204
    passed_role_outranks::PassedRoleOutranks, // FL205
    shared_role::SharedRole, // FL206
    scheduler_side_door::SchedulerSideDoor, // FL207
    autoscaling_side_door::AutoscalingSideDoor, // FL208
    container_instance_hijack::ContainerInstanceHijack, // FL209
    exec_unscoped::ExecUnscoped, // FL210
    ssm_session_bypass::SsmSessionBypass, // FL211
    enable_exec_flip::EnableExecFlip, // FL212
    ecs_tag_mutation::EcsTagMutation, // FL220
    iam_tag_mutation::IamTagMutation, // FL221
    session_tag_override::SessionTagOverride, // FL222
    tagging_api_door::TaggingApiDoor, // FL223
    account_setting_mutation::AccountSettingMutation, // FL224
    policy_mutation::PolicyMutation, // FL225
    image_crosses_environment::ImageCrossesEnvironment, // FL226
    identity_pivot::IdentityPivot, // FL227
    secrets_unscoped::SecretsUnscoped, // FL230
    code_path_door::CodePathDoor, // FL231
    neverprod_missing::NeverprodMissing, // FL301
    untagged_slips_deny::UntaggedSlipsDeny, // FL302
    neverprod_values_incomplete::NeverprodValuesIncomplete, // FL303
    neverprod_service_gap::NeverprodServiceGap, // FL304
    neverprod_create_gap::NeverprodCreateGap, // FL305
    deny_fails_open::DenyFailsOpen, // FL306
    unsatisfiable_deny::UnsatisfiableDeny, // FL307
    boundary_missing::BoundaryMissing, // FL308
    principal_tag_missing::PrincipalTagMissing, // FL401
    trust_too_broad::TrustTooBroad, // FL402
    federation_unpinned::FederationUnpinned, // FL403
    trust_tagsession_unpinned::TrustTagsessionUnpinned, // FL404
    role_chain_crosses_env::RoleChainCrossesEnv, // FL405
    env_ops_by_iam_user::EnvOpsByIamUser, // FL406
    task_role_confused_deputy::TaskRoleConfusedDeputy, // FL407
    stale_env_access::StaleEnvAccess, // FL408
    union_of_environments::UnionOfEnvironments, // FL409
    no_mfa_on_prod_role::NoMfaOnProdRole, // FL410
    tag_enforcement_missing::TagEnforcementMissing, // FL501
    tag_policy_missing::TagPolicyMissing, // FL502
    tag_policy_weak::TagPolicyWeak, // FL503
    tag_protection_missing::TagProtectionMissing, // FL504
    scp_void::ScpVoid, // FL505
    management_workload::ManagementWorkload, // FL506
    production_shares_account::ProductionSharesAccount, // FL507
    coverage_gap::CoverageGap, // FL508
    scp_quota::ScpQuota, // FL509
    account_environment_mismatch::AccountEnvironmentMismatch, // FL510
    exec_without_logging::ExecWithoutLogging, // FL601
    exec_enabled_production::ExecEnabledProduction, // FL602
    propagate_tags_off::PropagateTagsOff, // FL603
    managed_tags_off::ManagedTagsOff, // FL604
    tag_authorization_off::TagAuthorizationOff, // FL605
    long_arn_off::LongArnOff, // FL606
    shared_hosts::SharedHosts, // FL607
    plaintext_secret::PlaintextSecret, // FL608
    host_escape::HostEscape, // FL609
    shared_image_tag::SharedImageTag, // FL610
    missing_task_role::MissingTaskRole, // FL611
    shared_cluster::SharedCluster, // FL612
    no_audit_trail::NoAuditTrail, // FL613
    short_log_retention::ShortLogRetention, // FL614
    shared_store::SharedStore, // FL615
    public_ip::PublicIp, // FL616
    policy_quota::PolicyQuota, // FL701
    parse_error::ParseError, // FL702
    unknown_name::UnknownName, // FL703
    missing_version::MissingVersion, // FL704
    redundant_statement::RedundantStatement, // FL705
    drift_from_source::DriftFromSource, // FL706
    stale_wider_version::StaleWiderVersion, // FL707
    unattached_environment_policy::UnattachedEnvironmentPolicy, // FL708
    stale_ignore::StaleIgnore, // FL720
    stale_action_data::StaleActionData, // FL721
}

/// The rule of an id or name, letters' case aside.
#[must_use]
pub fn find(word: &str) -> Option<&'static dyn Rule> {
    let is =
        |meta: &Meta| meta.id.eq_ignore_ascii_case(word) || meta.name.eq_ignore_ascii_case(word);
    all().iter().copied().find(|rule| is(rule.meta()))
}
