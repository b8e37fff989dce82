//! The Terraform module, read by a reader of HCL that is not ours.

use std::collections::BTreeSet;

use fortem_compile::deploy::Format;
use fortem_core::Source;
use hcl::eval::{Context, Evaluate, FuncArgs, FuncDef, ParamType};
use hcl::template::Template;
use serde_json::Value;

use super::{ODD, documents, in_format, is_of_organization, literal, sample_over};

/// The module for the accounts, and that for the organization.
fn modules(source: &Source) -> [Value; 2] {
    let files = in_format(source, Format::Terraform);
    let paths: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["terraform/main.tf.json", "terraform/organization/main.tf.json"]);
    [0, 1].map(|index: usize| serde_json::from_str(&files[index].1).unwrap())
}

fn module(source: &Source) -> Value {
    let [module, _] = modules(source);
    module
}

fn sources() -> [Source; 3] {
    let odd =
        format!("{ODD}[organization]\nplatform_roles = [\"arn:aws:iam::*:role/platform-admin\"]\n");
    [Source::load("../policies").unwrap(), sample_over(&odd), literal()]
}

/// What a string in Terraform's JSON says: each is a template.
fn said(template: &Value) -> String {
    let template: Template = template.as_str().unwrap().parse().unwrap();
    template.evaluate(&Context::new()).unwrap()
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().unwrap().iter()
}

#[test]
fn the_module_holds_what_terraform_and_the_provider_know() {
    let schema = include_str!("terraform.schema.json");
    let schema = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    for module in sources().iter().flat_map(modules) {
        let errors: Vec<String> = schema.iter_errors(&module).map(|one| one.to_string()).collect();
        assert_eq!(errors, [""; 0]);
    }
}

#[test]
fn its_policies_are_the_documents() {
    for source in sources() {
        let [account, organization] = modules(&source);
        let policies = &account["resource"]["aws_iam_policy"];
        let of_organization = &organization["resource"]["aws_organizations_policy"];
        let mut found = 0;
        for (path, document) in documents(&source) {
            let label = path.trim_end_matches(".json").replace('/', "_");
            let template = if is_of_organization(&path) {
                &of_organization[label]["content"]
            } else {
                &policies[label]["policy"]
            };
            let policy: Value = serde_json::from_str(&said(template)).unwrap();
            assert_eq!(policy, document, "{path}");
            found += 1;
        }
        assert_eq!(found, object(policies).count() + object(of_organization).count());
    }
}

/// The roles of the sample: who has what where, each once.
#[test]
fn there_is_a_tagged_role_for_each_environment_that_somebody_has_a_role_in() {
    let module = module(&Source::load("../policies").unwrap());
    let roles = &module["resource"]["aws_iam_role"];
    let tagged = |(name, role): (&String, &Value)| {
        let tags = object(&role["tags"]).map(|(key, value)| format!("{}={}", key, said(value)));
        format!("{name} {}", tags.collect::<Vec<_>>().join(" "))
    };
    let mut tagged: Vec<String> = object(roles).map(tagged).collect();
    tagged.sort();
    assert_eq!(
        tagged,
        [
            "developer-dev Environment=dev",
            "developer-qa Environment=qa",
            "developer-staging Environment=staging",
            "exec-staging Environment=staging",
            "log-viewer-staging Environment=staging",
        ]
    );
    let odd = module_of_odd();
    let tags = &odd["resource"]["aws_iam_role"]["developer-prod"]["tags"];
    assert_eq!(said(&tags["team:stage/+=@-"]), "prod");
}

fn module_of_odd() -> Value {
    module(&sample_over(ODD))
}

/// A role of one environment is attached the documents of that environment, and no others.
#[test]
fn literal_roles_have_the_documents_of_their_environment() {
    let module = module(&literal());
    let attached = &module["resource"]["aws_iam_role_policy_attachment"];
    let of = |role: &str| -> Vec<&str> {
        let own = object(attached)
            .filter(|(_, one)| one["role"] == format!("${{aws_iam_role.{role}[0].name}}"));
        own.map(|(_, one)| one["policy_arn"].as_str().unwrap()).collect()
    };
    assert_eq!(of("developer-dev"), ["${aws_iam_policy.identity_developer_dev.arn}"]);
    assert_eq!(of("developer-staging"), ["${aws_iam_policy.identity_developer_staging.arn}"]);
}

/// Everything that an expression refers to is there.
#[test]
fn expressions_refer_to_what_there_is() {
    for module in sources().iter().flat_map(modules) {
        let mut there: BTreeSet<String> = BTreeSet::new();
        for (kind, all) in object(&module["resource"]) {
            there.extend(object(all).map(|(label, _)| format!("{kind}.{label}")));
        }
        there.extend(object(&module["variable"]).map(|(name, _)| format!("var.{name}")));
        let mut used = BTreeSet::new();
        references(&module, &mut used);
        assert!(used.len() > 2, "{used:?}");
        assert_eq!(used.difference(&there).collect::<Vec<_>>(), Vec::<&String>::new());
    }
}

/// `aws_iam_policy.x` and `var.x` in every string of some JSON but the documents.
fn references(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(key, _)| *key != "policy" && *key != "content")
            .for_each(|(_, member)| references(member, into)),
        Value::Array(items) => items.iter().for_each(|item| references(item, into)),
        Value::String(text) if text.contains("${") => {
            text.parse::<Template>().unwrap();
            let word = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            let words = text.split(|c: char| !word(c));
            let known = |word: &&str| word.starts_with("aws_") || word.starts_with("var.");
            into.extend(words.filter(known).map(|one| {
                let mut parts = one.split('.');
                format!("{}.{}", parts.next().unwrap(), parts.next().unwrap())
            }));
        }
        _ => {}
    }
}

/// The configuration of the examples gives the module what it takes, for roles that there are.
#[test]
fn the_example_uses_the_module_as_it_is() {
    let text = std::fs::read_to_string("../examples/terraform/main.tf").unwrap();
    let body: hcl::Body = hcl::parse(&text).unwrap();
    let mut blocks = body.blocks().filter(|block| block.identifier() == "module");
    let module = module(&Source::load("../policies").unwrap());
    let variables = module["variable"].as_object().unwrap();
    let roles = module["output"]["role_arns"]["value"].as_object().unwrap();
    let mut given = 0;
    for attribute in blocks.next().unwrap().body().attributes().filter(|one| one.key() != "source")
    {
        assert!(variables.contains_key(attribute.key()), "{}", attribute.key());
        let hcl::Expression::Object(trust) = attribute.expr() else { panic!("{attribute:?}") };
        for key in trust.keys() {
            assert!(roles.contains_key(key.to_string().trim_matches('"')), "{key}");
            given += 1;
        }
    }
    assert_eq!(given, 3);
}

/// Nobody may assume what nobody was given.
#[test]
fn a_role_is_made_only_where_it_has_a_trust_policy() {
    let module = module(&Source::load("../policies").unwrap());
    let count = |role: &str, given: &[&str]| -> i64 {
        let count = module["resource"]["aws_iam_role"][role]["count"].as_str().unwrap();
        let count: hcl::Expression =
            count.trim_start_matches("${").trim_end_matches('}').parse().unwrap();
        let trust: hcl::Map<String, hcl::Value> =
            given.iter().map(|name| ((*name).to_owned(), "{}".into())).collect();
        let var: hcl::Map<String, hcl::Value> =
            [("trust_policies".to_owned(), hcl::Value::Object(trust))].into_iter().collect();
        let mut context = Context::new();
        context.declare_var("var", hcl::Value::Object(var));
        context.declare_func("keys", FuncDef::builder().param(ParamType::Any).build(keys));
        let contains = FuncDef::builder().params([ParamType::Any, ParamType::String]);
        context.declare_func("contains", contains.build(contains_value));
        count.evaluate(&context).unwrap().as_number().unwrap().as_i64().unwrap()
    };
    assert_eq!(count("developer-staging", &[]), 0);
    assert_eq!(count("developer-staging", &["developer-dev"]), 0);
    assert_eq!(count("developer-staging", &["developer-dev", "developer-staging"]), 1);
}

#[expect(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "that is how functions are declared"
)]
fn keys(arguments: FuncArgs) -> Result<hcl::Value, String> {
    let keys = arguments[0].as_object().unwrap().keys();
    Ok(keys.map(|key| hcl::Value::from(key.clone())).collect())
}

#[expect(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "that is how functions are declared"
)]
fn contains_value(arguments: FuncArgs) -> Result<hcl::Value, String> {
    Ok(arguments[0].as_array().unwrap().contains(&arguments[1]).into())
}
