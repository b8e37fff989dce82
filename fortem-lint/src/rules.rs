//! The rules: what each is, and the list of them.

mod findings;
mod untagged;

use crate::facts::{Facts, Subject};
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::Policy;

pub use findings::{Draft, Findings};

/// What a rule has to be given, the letters of the rule table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Input {
    /// A policy document.
    Policies,
    /// An account's users, roles, groups and policies.
    Account,
    /// An inventory of what runs in an account.
    Resources,
    /// The tree of an Organization with its policies.
    Organization,
}

/// What a rule is: its entry in the list, and its page.
#[derive(Debug, PartialEq, Eq)]
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
    untagged_schedule::UntaggedSchedule, // FL009
    untagged_secret::UntaggedSecret, // FL010
    standalone_task_invisible::StandaloneTaskInvisible, // FL011
    tag_key_case_duplicate::TagKeyCaseDuplicate, // FL021
    environment_mismatch::EnvironmentMismatch, // FL024
    orphan_environment::OrphanEnvironment, // FL025
    name_contradicts_tag::NameContradictsTag, // FL027
    old_arn_format::OldArnFormat, // FL028
    mutate_unscoped::MutateUnscoped, // FL105
    shared_role::SharedRole, // FL206
    image_crosses_environment::ImageCrossesEnvironment, // FL226
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
}

/// The rule of an id or name, letters' case aside.
#[must_use]
pub fn find(word: &str) -> Option<&'static dyn Rule> {
    let is =
        |meta: &Meta| meta.id.eq_ignore_ascii_case(word) || meta.name.eq_ignore_ascii_case(word);
    all().iter().copied().find(|rule| is(rule.meta()))
}
