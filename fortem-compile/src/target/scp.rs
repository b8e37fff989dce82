//! Service control policies: what nobody in an account may do, but the roles that keep the platform.
//!
//! One file a concern, so that each can be attached, or not, for itself. `data/organization.toml` has what every
//! organization needs; the guards are the fleet's own.

mod control;
mod guards;

use std::collections::BTreeSet;

use super::{Input, Target, Targets};
use crate::emit::Document;
use crate::output::Artifact;
use crate::statement::{Conditions, Statement, StatementError};

pub(super) fn write(input: &Input, output: &mut Targets) -> Result<(), StatementError> {
    if input.organization().platform_roles().is_empty() {
        let why = "nothing says which roles keep the platform, and without one everybody would be locked out";
        let help = "set `platform_roles = [\"arn:…:role/…\"]` under [organization] in fleet.toml";
        output.leave_out(Target::Scp, "scp/", why, help);
        return Ok(());
    }
    if !input.is_whole() {
        let why = "they hold for everybody, and not every role was compiled";
        output.leave_out(Target::Scp, "scp/", why, "compile without --role");
        return Ok(());
    }
    for name in control::files(input) {
        let statements = control::statements(input, name)?;
        add(input, output, name, statements);
    }
    for (index, statements) in packed(input, guards::statements(input)).into_iter().enumerate() {
        let name = if index == 0 { "guards".to_owned() } else { format!("guards-{}", index + 1) };
        add(input, output, &name, statements);
    }
    Ok(())
}

fn add(input: &Input, output: &mut Targets, name: &str, statements: Vec<Statement>) {
    let document = Document::of(statements);
    // Organizations counts white space.
    let text = document.to_compact_json();
    let artifact = Artifact::new(format!("scp/{name}.json"), text).with_statements(&document);
    output.add(Target::Scp, artifact, &input.quotas.service_control_policy);
}

/// As few documents as it takes. Each statement denies for itself, so any division says the same.
fn packed(input: &Input, statements: Vec<Statement>) -> Vec<Vec<Statement>> {
    let quota = &input.quotas.service_control_policy;
    let mut documents: Vec<Vec<Statement>> = Vec::new();
    for statement in statements {
        let room = documents.iter_mut().find(|document| {
            let larger = document.iter().cloned().chain([statement.clone()]).collect();
            quota.size(&Document::of(larger).to_compact_json()).fits()
        });
        match room {
            Some(document) => document.push(statement),
            None => documents.push(vec![statement]),
        }
    }
    documents
}

/// Everybody but these principals. A session goes by the ARN of its role.
fn unless(roles: impl IntoIterator<Item = String>) -> Conditions {
    let key = ("ArnNotLike".to_owned(), "aws:PrincipalArn".to_owned());
    Conditions::from([(key, roles.into_iter().collect::<BTreeSet<String>>())])
}
