//! Whom the trust policy of a role lets in.

use fortem_compile::iam::{Condition, Context, Effect, Principal as Trusted, Statement, Truth};

use super::scope::{TagOf, tag_of_key};
use super::{Facts, Subject, Target};
use crate::unit::{Policy, Principal, PrincipalKind};

/// Somebody who asks for a role.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who it is.
    pub principal: Trusted,
    /// What is known of the call; a key that is neither here nor in the caller's choice is absent.
    pub known: Context,
    /// Whether it is one of those whom the role is for: what is not known of the call is as the policy wants it.
    pub is_expected: bool,
}

impl Caller {
    /// A principal of the account.
    #[must_use]
    pub fn of(subject: &Subject<'_>, facts: &Facts<'_>) -> Option<Self> {
        let principal = Trusted::Arn(subject.principal()?.arn.clone());
        Some(Self {
            principal,
            known: subject.known(facts, &Target::untagged("")).into_owned(),
            is_expected: true,
        })
    }
}

/// Keys of `sts:AssumeRole…` that the caller chooses (IAM User Guide, "IAM and AWS STS condition context keys",
/// 2026-09). An external id is not among them: it is agreed upon.
const CHOSEN: [&str; 8] = [
    "aws:currenttime",
    "aws:multifactorauthage",
    "aws:multifactorauthpresent",
    "aws:tagkeys",
    "aws:useragent",
    "sts:rolesessionname",
    "sts:sourceidentity",
    "sts:transitivetagkeys",
];

/// The statement by which a trust policy lets a caller in, if no Deny of it keeps the caller out.
#[must_use]
pub fn trusts<'u>(trust: &'u Policy, action: &str, caller: &Caller) -> Option<&'u Statement> {
    let action = action.to_ascii_lowercase();
    let concerns =
        |one: &&Statement| one.covers_action(&action) && one.covers_principal(&caller.principal);
    let statements = || trust.document.statements().iter().filter(concerns);
    let denied = statements().any(|one| one.effect() == Effect::Deny && is_inevitable(one, caller));
    statements().find(|one| one.effect() == Effect::Allow && !denied && can_be_met(one, caller))
}

/// Whether a subject may assume a role of its account: its own policies allow it, or the trust policy names it.
#[must_use]
pub fn may_assume(subject: &Subject<'_>, facts: &Facts<'_>, role: &Principal) -> bool {
    let trust = role.trust.and_then(|index| facts.unit.policy(index));
    let (Some(trust), Some(caller)) = (trust, Caller::of(subject, facts)) else { return false };
    let Some(call) = facts.catalogue.call("sts:AssumeRole") else { return false };
    let target = Target { tag: role.tag(facts.environments.tag_key()), ..Target::untagged("") };
    trusts(trust, "sts:AssumeRole", &caller).is_some_and(|statement| {
        if statement.principals().contains(&caller.principal) {
            !subject.is_denied_on(facts, call, &target, &role.arn)
        } else {
            subject.reach_arn(facts, call, &target, &role.arn).is_some()
        }
    })
}

/// Whether the conditions hold with some choice of what the caller chooses.
fn can_be_met(statement: &Statement, caller: &Caller) -> bool {
    let mut context = caller.known.clone();
    statement.conditions().iter().all(|one| {
        one.holds(&context) != Truth::No
            || (is_chosen(one.key(), caller) && choose(statement, one, &mut context))
    })
}

/// Gives a key a value with which all conditions on it hold.
fn choose(statement: &Statement, condition: &Condition, context: &mut Context) -> bool {
    let same = |one: &&Condition| one.key().eq_ignore_ascii_case(condition.key());
    let about: Vec<&Condition> = statement.conditions().iter().filter(same).collect();
    let tried: Vec<_> = about.iter().flat_map(|one| one.candidates(context)).collect();
    tried.into_iter().any(|values| {
        context.insert(condition.key(), values);
        about.iter().all(|one| one.holds(context) != Truth::No)
    })
}

/// Whether a Deny applies whatever the caller chooses.
fn is_inevitable(statement: &Statement, caller: &Caller) -> bool {
    statement
        .conditions()
        .iter()
        .all(|one| one.holds(&caller.known) == Truth::Yes && !is_chosen(one.key(), caller))
}

fn is_chosen(key: &str, caller: &Caller) -> bool {
    let chosen = match tag_of_key(key) {
        Some((TagOf::Request, _)) => true,
        Some((TagOf::Principal | TagOf::Resource, _)) => false,
        None => caller.is_expected || CHOSEN.contains(&key.to_ascii_lowercase().as_str()),
    };
    chosen && caller.known.get(key).is_none()
}

/// The services that the trust policy of a role names.
#[must_use]
pub fn services_of<'u>(facts: &Facts<'u>, role: &Principal) -> Vec<&'u String> {
    let trust = role.trust.and_then(|index| facts.unit.policy(index));
    let statements = trust.map(|policy| policy.document.statements()).unwrap_or_default();
    let allows = statements.iter().filter(|one| one.effect() == Effect::Allow);
    let principals = allows.flat_map(Statement::principals);
    principals
        .filter_map(|one| match one {
            Trusted::Service(service) => Some(service),
            _ => None,
        })
        .collect()
}

/// Whether the tags of a role's sessions may come from whoever assumes it: from an identity provider, or from a caller.
#[must_use]
pub fn accepts_session_tags(facts: &Facts<'_>, role: &Principal) -> bool {
    let trust = role.trust.and_then(|index| facts.unit.policy(index));
    let statements = trust.map(|policy| policy.document.statements()).unwrap_or_default();
    let of_identity_center = role.path.starts_with("/aws-reserved/sso.amazonaws.com/");
    of_identity_center
        || statements
            .iter()
            .any(|one| one.effect() == Effect::Allow && one.covers_action("sts:tagsession"))
}

/// Whether people use a principal: a user, or a role that trusts others than services.
#[must_use]
pub fn is_of_people(facts: &Facts<'_>, principal: &Principal) -> bool {
    let trust = principal.trust.and_then(|index| facts.unit.policy(index));
    let statements = trust.map(|policy| policy.document.statements()).unwrap_or_default();
    let allows = statements.iter().filter(|one| one.effect() == Effect::Allow);
    let mut principals = allows.flat_map(Statement::principals);
    principal.kind == PrincipalKind::User
        || principals.any(|one| !matches!(one, Trusted::Service(_) | Trusted::CanonicalUser(_)))
}
