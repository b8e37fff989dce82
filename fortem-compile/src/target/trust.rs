//! Trust policies: who may assume a role, and for which environments.
//!
//! Where a session's tags say the environment, whoever may pass them chooses it. So nobody may but what brings
//! people in, a provider or a broker, and it may pass the environments in which the fleet assigns the role to
//! somebody, and no other tags.
//!
//! Which person gets which of these is the word of whoever is asked for a role: a broker, or a SAML provider,
//! whose assertions list roles. A token of OpenID Connect lists none, and its holder may ask for any role, so there
//! the policy says itself who may have which environment.

mod people;

use std::collections::BTreeMap;

use fortem_core::{Environment, Mode, Partition};
use serde_json::{Value, json};

use self::people::{People, Unknown};
use super::{Input, Target, Targets, indented, relied_on};
use crate::Identity;
use crate::output::Artifact;

/// What brings people in, for one account or all.
struct Bringer {
    /// What the file is called by.
    name: String,
    principal: Value,
    /// The call that assumes a role.
    action: &'static str,
    /// Condition key and value that show that the word is meant for AWS, or for us.
    audience: Option<(String, String)>,
    /// The condition key that says who asks, where the policy has to.
    subject: Option<String>,
    /// The account whose roles it is for; `None`: any.
    account: Option<String>,
}

pub(super) fn write<'a>(input: &Input<'a>, output: &mut Targets<'a>) {
    let organization = input.organization();
    let federated = organization.saml_provider().is_some() || organization.oidc().is_some();
    if !federated && organization.broker().is_none() {
        let why = "nothing says what brings people in";
        let help = "set `saml_provider`, `oidc_issuer` with `oidc_audience`, or `broker` under [organization]; IAM \
                    Identity Center writes its own";
        output.leave_out(Target::Trust, "trust/", why, help);
        return;
    }
    for role in input.roles() {
        of_role(input, output, role);
    }
}

fn of_role<'a>(input: &Input<'a>, output: &mut Targets<'a>, role: &'a str) {
    let folder = format!("trust/{role}/");
    let assigned = input.environments_of(role);
    if assigned.is_empty() {
        let help = "assign it in fleet.toml, with environments";
        output.leave_out(Target::Trust, folder, "nobody has the role in an environment", help);
        return;
    }
    for identity in input.compiled.documents.keys().filter(|one| one.role == role) {
        let here = |one: &&&Environment| identity.environment.is_none_or(|name| name == one.name());
        let environments: Vec<&Environment> = assigned.iter().filter(here).copied().collect();
        // Where a document is for one environment that nobody has, nobody has to assume its role.
        if !environments.is_empty() {
            of_identity(input, output, *identity, &environments);
        }
    }
}

fn of_identity<'a>(
    input: &Input<'a>,
    output: &mut Targets<'a>,
    identity: Identity<'a>,
    environments: &[&Environment],
) {
    let folder = format!("trust/{}/", identity.name("/"));
    let bringers = bringers(input, environments);
    if bringers.is_empty() {
        let why =
            "a provider is of one account, and nothing says in which accounts the environments are";
        let help = "set `accounts = [\"…\"]` of the environments";
        output.leave_out(Target::Trust, folder.as_str(), why, help);
    }
    for bringer in bringers {
        let account = bringer.account.as_deref();
        let here = |environment: &&&Environment| is_in(environment, account);
        let pinned: Vec<&str> = environments.iter().filter(here).map(|one| one.name()).collect();
        let path = format!("{folder}{}.json", bringer.name);
        match document(input, identity, &bringer, &pinned) {
            Ok(document) => {
                let artifact = Artifact::new(path, indented(&document)).for_identity(identity);
                output.add(Target::Trust, artifact, &input.quotas.trust_policy);
            }
            Err(unknown) => {
                let help = "name the people in fleet.toml, or bring them in by SAML or a broker";
                output.leave_out(Target::Trust, path, &unknown.to_string(), help);
            }
        }
    }
}

/// Whether an environment may be in an account; it may be in any if its accounts are not known.
fn is_in(environment: &Environment, account: Option<&str>) -> bool {
    let accounts = environment.accounts();
    accounts.is_empty() || account.is_none_or(|account| accounts.iter().any(|one| one == account))
}

/// A provider is an object of the account that its roles are in, so there is one an account.
fn bringers(input: &Input, environments: &[&Environment]) -> Vec<Bringer> {
    let partition = input.fleet().partition();
    let organization = input.organization();
    let mut accounts: Vec<&String> = environments.iter().flat_map(|one| one.accounts()).collect();
    accounts.sort();
    accounts.dedup();
    let provider = |account: &str, kind: &str, name: &str| json!({"Federated": format!("arn:{}:iam::{account}:{kind}/{name}", partition.as_str())});
    let mut all = Vec::new();
    for account in accounts {
        all.extend(organization.saml_provider().map(|name| Bringer {
            name: format!("saml-{account}"),
            principal: provider(account, "saml-provider", name),
            action: "sts:AssumeRoleWithSAML",
            audience: Some(("SAML:aud".to_owned(), sign_in(partition).to_owned())),
            subject: None,
            account: Some(account.clone()),
        }));
        all.extend(organization.oidc().map(|oidc| Bringer {
            name: format!("oidc-{account}"),
            principal: provider(account, "oidc-provider", oidc.issuer()),
            action: "sts:AssumeRoleWithWebIdentity",
            audience: Some((format!("{}:aud", oidc.issuer()), oidc.audience().to_owned())),
            subject: Some(format!("{}:sub", oidc.issuer())),
            account: Some(account.clone()),
        }));
    }
    all.extend(organization.broker().map(|broker| Bringer {
        name: "broker".to_owned(),
        principal: json!({"AWS": broker}),
        action: "sts:AssumeRole",
        audience: None,
        subject: None,
        account: None,
    }));
    all
}

/// The audience of assertions for AWS (IAM User Guide, "Configure SAML assertions for the authentication response").
fn sign_in(partition: Partition) -> &'static str {
    match partition {
        Partition::Aws => "https://signin.aws.amazon.com/saml",
        Partition::AwsCn => "https://signin.amazonaws.cn/saml",
        Partition::AwsUsGov => "https://signin.amazonaws-us-gov.com/saml",
    }
}

/// Operator, key and value or values.
type Condition = (&'static str, String, Value);

fn document(
    input: &Input,
    identity: Identity,
    bringer: &Bringer,
    environments: &[&str],
) -> Result<Value, Unknown> {
    let keys =
        relied_on::session_keys_in(input.compiled.documents.get(&identity).into_iter().flatten());
    let slots: Vec<String> = slots(input, identity.role);
    let slots: Vec<&String> = slots.iter().filter(|slot| keys.contains(*slot)).collect();
    let pinned = |environments: &[&str]| -> Vec<Condition> {
        let operator = if slots.len() > 1 { "StringEqualsIfExists" } else { "StringEquals" };
        slots.iter().map(|slot| (operator, tag(slot), json!(environments))).collect()
    };
    // A session without the tag would have that of the role, if it has one.
    let tagged = slots.first().map(|first| ("Null", tag(first), json!("false")));
    let assume = |sid: String, mut conditions: Vec<Condition>| {
        let audience = bringer.audience.clone();
        conditions.extend(audience.map(|(key, value)| ("StringEquals", key, json!(value))));
        statement(&sid, bringer.action, &bringer.principal, conditions)
    };
    let mut statements = Vec::new();
    if let Some(key) = &bringer.subject {
        let groups = People::of(input, identity.role)?.in_some_of(environments);
        for (index, (theirs, people)) in groups.into_iter().enumerate() {
            let mut own = pinned(&theirs);
            own.extend(tagged.clone().filter(|_| slots.len() > 1));
            own.push(("StringEquals", key.clone(), json!(people)));
            statements.push(assume(format!("Assume{}", index + 1), own));
        }
        if statements.is_empty() {
            return Err(Unknown::Everybody);
        }
    } else {
        statements.push(assume("Assume".to_owned(), tagged.into_iter().collect()));
    }
    if !keys.is_empty() {
        let mut pass = pinned(environments);
        pass.push(("ForAllValues:StringEquals", "aws:TagKeys".to_owned(), json!(keys)));
        pass.push(("Null", "aws:TagKeys".to_owned(), json!("false")));
        statements.push(statement("PassTags", "sts:TagSession", &bringer.principal, pass));
    }
    Ok(json!({"Version": "2012-10-17", "Statement": statements}))
}

fn statement(sid: &str, action: &str, principal: &Value, conditions: Vec<Condition>) -> Value {
    let mut block: BTreeMap<&str, BTreeMap<String, Value>> = BTreeMap::new();
    for (operator, key, value) in conditions {
        block.entry(operator).or_default().insert(key, value);
    }
    let mut statement =
        json!({"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": action});
    if let (Value::Object(elements), false) = (&mut statement, block.is_empty()) {
        elements.insert("Condition".to_owned(), json!(block));
    }
    statement
}

fn tag(key: &str) -> String {
    format!("aws:RequestTag/{key}")
}

/// The tag keys that each hold one environment.
fn slots(input: &Input, role: &str) -> Vec<String> {
    let key = input.fleet().tag_key();
    match input.fleet().mode_of(role) {
        Mode::Slots => (1..=input.fleet().slots()).map(|slot| format!("{key}{slot}")).collect(),
        Mode::Abac | Mode::Literal => vec![key.to_owned()],
    }
}
