//! FL403.

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Caller, Facts, home_of, trusts};
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::Policy;
use fortem_compile::iam::{Context, Effect, Principal, Statement};

/// A role that an identity provider gives to more than was meant.
#[derive(Debug)]
pub(super) struct FederationUnpinned;

static META: Meta = Meta {
    id: "FL403",
    name: "federation-unpinned",
    summary: "A role trusts an identity provider without saying for whom",
    severity: Severity::Critical,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Account],
    criteria: &["CC6.1", "CC6.6"],
    why: "Public providers sign tokens for everybody: without a condition on the subject, a workflow in anybody's \
          repository assumes the role; without one on the audience, a token made for another service does.",
    remediation: "Compare `…:sub` with the repository and branch or environment, and `…:aud` with the audience; for \
                  SAML compare `SAML:aud` with `https://signin.aws.amazon.com/saml`",
    example: r#"{"RoleDetailList": [{"RoleName": "deploy", "Arn": "arn:aws:iam::111122223333:role/deploy",
  "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
  "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
  "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals":
  {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}}}]}}]}"#,
    limits: "A pattern that takes in all repositories of one organization is not reported.",
    peers: &[
        "Access Analyzer",
        "iam-policy-validator",
        "Prowler: iam_role_cross_service_confused_deputy_prevention",
        "checkov: CKV_AWS_358",
    ],
};

impl Rule for FederationUnpinned {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for principal in facts.unit.principals.iter().filter(|one| !one.is_service_linked()) {
            let Some(trust) = principal.trust.and_then(|index| facts.unit.policy(index)) else {
                continue;
            };
            let statements = trust.document.statements().iter();
            let providers = statements
                .filter(|one| one.effect() == Effect::Allow)
                .flat_map(Statement::principals);
            let unpinned = providers.filter_map(|one| match one {
                Principal::Federated(provider) => unpinned(trust, provider),
                _ => None,
            });
            // One fault a role: the first, which is the worst of its provider.
            let Some((statement, what, severity)) = unpinned.into_iter().next() else { continue };
            let message = format!("`{}` may be assumed {what}", principal.arn);
            let draft = META
                .at_statement(trust, statement, message)
                .principal(&principal.arn)
                .severity(severity);
            findings.report(match home_of(facts.environments, principal) {
                Some(environment) => draft.to(environment).from("federation"),
                None => draft,
            });
        }
    }
}

/// Providers that sign tokens for everybody, with the subject of somebody else's (documentation of the providers,
/// 2026-11); other providers belong to one organization.
const PUBLIC: &[(&str, &str)] = &[
    ("token.actions.githubusercontent.com", "repo:somebody/else:ref:refs/heads/main"),
    ("gitlab.com", "project_path:somebody/else:ref_type:branch:ref:main"),
    ("app.terraform.io", "organization:somebody:project:else:workspace:else:run_phase:apply"),
    (
        "agent.buildkite.com",
        "organization:somebody:pipeline:else:ref:refs/heads/main:commit:0:step:else",
    ),
    ("accounts.google.com", "100000000000000000000"),
    ("cognito-identity.amazonaws.com", "eu-west-1:00000000-0000-0000-0000-000000000000"),
];

/// Who may come through a provider and should not.
fn unpinned<'u>(trust: &'u Policy, provider: &str) -> Option<(&'u Statement, String, Severity)> {
    if provider.contains(":saml-provider/") {
        return saml(trust, provider);
    }
    let host = provider.split_once(":oidc-provider/").map_or(provider, |(_, host)| host);
    if host == "cognito-identity.amazonaws.com" {
        return cognito(trust, host);
    }
    let domain = host.split('/').next().unwrap_or(host);
    let public = PUBLIC.iter().find(|(known, _)| *known == domain);
    let subject = public.map_or("somebody", |(_, subject)| *subject);
    let (sub, aud) = (format!("{host}:sub"), format!("{host}:aud"));
    let comes = |keys: &[(&str, &str)], is_expected: bool| {
        let mut known = Context::default();
        for (key, value) in keys {
            known.insert(key, *value);
        }
        let principal = Principal::Federated(provider.to_owned());
        trusts(trust, "sts:AssumeRoleWithWebIdentity", &Caller { principal, known, is_expected })
    };
    // The audience is for whoever asks for the token to say; the subject is not.
    let audience = audience_of(trust, &aud);
    if let Some(statement) = comes(&[(&sub, subject), (&aud, &audience)], false) {
        let (whom, severity) = match public {
            Some(_) => ("everybody with an account there", Severity::Critical),
            None => ("every subject", Severity::High),
        };
        return Some((
            statement,
            format!("by {whom} through `{host}`: nothing limits `{sub}`"),
            severity,
        ));
    }
    let statement = comes(&[(&aud, "https://somebody.example")], true)?;
    Some((
        statement,
        format!("with tokens of `{host}` made for others: nothing limits `{aud}`"),
        Severity::Medium,
    ))
}

/// The audience that the policy asks for, or else the usual one.
fn audience_of(trust: &Policy, key: &str) -> String {
    let conditions = trust.document.statements().iter().flat_map(Statement::conditions);
    let mut named =
        conditions.filter(|one| one.key().eq_ignore_ascii_case(key) && !one.is_negated());
    named
        .find_map(|one| one.values().first().cloned())
        .unwrap_or_else(|| "sts.amazonaws.com".to_owned())
}

fn saml<'u>(trust: &'u Policy, provider: &str) -> Option<(&'u Statement, String, Severity)> {
    let mut known = Context::default();
    known.insert("SAML:aud", "https://somebody.example/saml");
    let caller =
        Caller { principal: Principal::Federated(provider.to_owned()), known, is_expected: true };
    let statement = trusts(trust, "sts:AssumeRoleWithSAML", &caller)?;
    Some((
        statement,
        "with assertions made for others: nothing limits `SAML:aud`".to_owned(),
        Severity::Medium,
    ))
}

/// Guests of any pool, then members of other pools.
fn cognito<'u>(trust: &'u Policy, host: &str) -> Option<(&'u Statement, String, Severity)> {
    let (aud, amr) = (format!("{host}:aud"), format!("{host}:amr"));
    let comes = |pool: Option<&str>, rank: &str| {
        let mut known = Context::default();
        known.insert(&amr, vec![rank.to_owned()]);
        if let Some(pool) = pool {
            known.insert(&aud, pool);
        }
        let principal = Principal::Federated(host.to_owned());
        trusts(
            trust,
            "sts:AssumeRoleWithWebIdentity",
            &Caller { principal, known, is_expected: pool.is_none() },
        )
    };
    let other = "eu-west-1:ffffffff-ffff-ffff-ffff-ffffffffffff";
    let of_others =
        comes(Some(other), "authenticated").or_else(|| comes(Some(other), "unauthenticated"));
    if let Some(statement) = of_others {
        return Some((
            statement,
            format!("from every identity pool: nothing limits `{aud}`"),
            Severity::Critical,
        ));
    }
    let statement = comes(None, "unauthenticated")?;
    Some((statement, format!("by guests: nothing limits `{amr}`"), Severity::High))
}
