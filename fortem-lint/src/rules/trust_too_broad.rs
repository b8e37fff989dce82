//! FL402.

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Caller, Facts, home_of as home, trusts};
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::Policy;
use fortem_compile::iam::{Context, Principal, Statement};

/// A role that may be assumed by whom nobody has named.
#[derive(Debug)]
pub(super) struct TrustTooBroad;

static META: Meta = Meta {
    id: "FL402",
    name: "trust-too-broad",
    summary: "A role may be assumed from outside: by everyone, another account, or the whole organization",
    severity: Severity::Critical,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Account],
    criteria: &["CC6.1", "CC6.6"],
    why: "Whoever is let in has the environment of the role, and nobody in the account decides who that is.",
    remediation: "Name the roles that may assume it, or add a condition that they alone meet: `aws:PrincipalArn`, for \
                  third parties `sts:ExternalId`",
    example: r#"{"RoleDetailList": [{"RoleName": "deploy", "Arn": "arn:aws:iam::111122223333:role/deploy",
  "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"},
  "Action": "sts:AssumeRole"}]}}]}"#,
    limits: "The account's own root stands for delegation to its policies, and is not reported. Which accounts belong \
             to the organization is not known without its tree.",
    peers: &[
        "Access Analyzer",
        "Prowler",
        "checkov: CKV_AWS_60, CKV_AWS_61",
        "iam-policy-validator",
    ],
};

impl Rule for TrustTooBroad {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for principal in facts.unit.principals.iter().filter(|one| !one.is_service_linked()) {
            let Some(trust) = principal.trust.and_then(|index| facts.unit.policy(index)) else {
                continue;
            };
            let widest = Comer::all(facts, trust).into_iter().find_map(|comer| {
                let statement = trusts(trust, "sts:AssumeRole", &comer.caller)?;
                Some((comer, statement))
            });
            let Some((comer, statement)) = widest else { continue };
            let message = format!("{} may assume `{}`", comer.who, principal.arn);
            let draft = META.at_statement(trust, statement, message).principal(&principal.arn);
            let draft = draft.severity(comer.severity).confidence(comer.confidence);
            findings.report(match home(facts.environments, principal) {
                Some(environment) => draft.to(environment),
                None => draft,
            });
        }
    }
}

/// Somebody from outside who tries to assume a role.
struct Comer {
    who: String,
    caller: Caller,
    severity: Severity,
    confidence: Confidence,
}

/// An account that has nothing to do with the one in question.
const STRANGER: &str = "999988887777";

impl Comer {
    /// Everyone whom it would be bad to let in, the worst first.
    fn all(facts: &Facts<'_>, trust: &Policy) -> Vec<Self> {
        let mut comers = vec![Self::stranger(), Self::of_organization()];
        let principals = trust.document.statements().iter().flat_map(Statement::principals);
        for principal in principals {
            if let Principal::Account(account) = principal
                && facts.unit.account.as_deref().is_some_and(|own| own != account)
            {
                comers.push(Self::of_account(account));
            }
        }
        comers
    }

    fn stranger() -> Self {
        let mut known = known(STRANGER);
        known.insert("aws:PrincipalOrgID", "o-ffffffffff");
        known.insert("aws:PrincipalOrgPaths", vec!["o-ffffffffff/r-ffff/".to_owned()]);
        Self::new(
            "everyone in every account",
            STRANGER,
            known,
            false,
            (Severity::Critical, Confidence::High),
        )
    }

    fn of_organization() -> Self {
        let who = "everyone in the whole organization";
        Self::new(who, STRANGER, known(STRANGER), true, (Severity::High, Confidence::High))
    }

    fn of_account(account: &str) -> Self {
        let who = format!("whomever account {account} chooses");
        Self::new(&who, account, known(account), false, (Severity::High, Confidence::Medium))
    }

    fn new(
        who: &str,
        account: &str,
        known: Context,
        is_expected: bool,
        (severity, confidence): (Severity, Confidence),
    ) -> Self {
        let principal = Principal::Arn(arn(account));
        let caller = Caller { principal, known, is_expected };
        Self { who: who.to_owned(), caller, severity, confidence }
    }
}

fn arn(account: &str) -> String {
    format!("arn:aws:iam::{account}:role/stranger")
}

/// What is known of somebody of an account, who cannot meet what only the expected callers do.
fn known(account: &str) -> Context {
    let mut known = Context::default();
    known.insert("aws:PrincipalArn", arn(account));
    known.insert("aws:PrincipalAccount", account);
    known.insert("aws:PrincipalType", "AssumedRole");
    known.insert("aws:SecureTransport", "true");
    known.insert("aws:SourceIp", "203.0.113.7");
    known.insert("sts:ExternalId", "stranger");
    known
}
