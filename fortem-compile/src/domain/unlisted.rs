//! API actions that statements speak of and the service reference does not have: of other services, or
//! newer than it.

use std::collections::{BTreeMap, BTreeSet};

use fortem_core::pattern::steps;

use super::DomainError;
use super::language::{Language, Languages};
use crate::iam::Statement;
use crate::reference::Reference;

/// Names that people know, for patterns that leave all open; in the order of preference.
const FAMILIAR: [&str; 6] = [
    "s3:GetObject",
    "ec2:RunInstances",
    "lambda:InvokeFunction",
    "dynamodb:GetItem",
    "kms:Decrypt",
    "rds:DeleteDBInstance",
];

/// One API action for each combination of the statements' patterns that an API action matches which the
/// reference does not have.
pub(crate) fn unlisted_apis(
    statements: &[&Statement],
    reference: &Reference,
    languages: &mut Languages,
) -> Result<BTreeSet<String>, DomainError> {
    let patterns = statements.iter().flat_map(|statement| statement.actions());
    let spelt: BTreeMap<String, &String> =
        patterns.map(|pattern| (pattern.to_ascii_lowercase(), pattern)).collect();
    let mut told_apart: BTreeSet<Language> =
        spelt.keys().map(|pattern| Language::pattern(&steps(pattern).collect())).collect();
    loop {
        let found = languages.witnesses(told_apart.clone(), Some(Language::api_action()))?;
        let names: Vec<&str> = found.iter().map(|witness| witness.text.as_str()).collect();
        // A combination that the reference has an API action of may have others; those are looked for.
        let known = names.iter().filter(|name| reference.action(name).is_some());
        let before = told_apart.len();
        told_apart.extend(known.map(|name| Language::text(name)));
        if told_apart.len() == before {
            let unknown = names.into_iter().filter(|name| reference.action(name).is_none());
            return Ok(unknown.map(|name| spelling(name, &spelt, statements, reference)).collect());
        }
    }
}

/// The name as a statement writes it, or one that people know and no statement tells from it.
fn spelling(
    name: &str,
    spelt: &BTreeMap<String, &String>,
    statements: &[&Statement],
    reference: &Reference,
) -> String {
    if let Some(written) = spelt.get(name) {
        return (*written).clone();
    }
    let is_alike = |other: &&&str| {
        let lower = other.to_ascii_lowercase();
        let alike = |one: &&Statement| one.covers_action(&lower) == one.covers_action(name);
        reference.action(other).is_none() && statements.iter().all(alike)
    };
    FAMILIAR.iter().find(is_alike).map_or(name, |familiar| *familiar).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::Document;

    fn unlisted(actions: &str) -> Vec<String> {
        let document = Document::parse(&format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": {actions}, "Resource": "*"}}}}"#
        ));
        let document = document.unwrap();
        let statements: Vec<&Statement> = document.statements().iter().collect();
        let mut languages = Languages::new("aws");
        let found = unlisted_apis(&statements, Reference::builtin().unwrap(), &mut languages);
        found.unwrap().into_iter().collect()
    }

    #[test]
    fn what_the_reference_lacks_is_looked_at_by_pattern() {
        // What no pattern matches is one of them.
        assert_eq!(unlisted(r#""ecs:StopTask""#), ["s3:GetObject"]);
        assert_eq!(unlisted(r#""S3:getobject""#), ["S3:getobject", "ec2:RunInstances"]);
        assert_eq!(unlisted(r#""ecs:StopTask*""#), ["ecs:stoptaskx", "s3:GetObject"]);
        // One statement does not tell its own patterns apart.
        assert_eq!(unlisted(r#"["s3:*", "s3:Get*"]"#), ["ec2:RunInstances", "s3:GetObject"]);
        assert_eq!(unlisted(r#""*""#), ["s3:GetObject"]);
    }
}
