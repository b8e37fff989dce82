//! Terraform modules in Terraform's JSON syntax (Terraform documentation, "JSON configuration syntax").
//!
//! Every string in such a file is a template, in which `${` and `%{` begin an expression: policy variables
//! are escaped. The attributes are those of the AWS provider's documentation, of version 5 and 6.

use serde_json::{Map, Value, json};

use super::plan::{IamRole, ManagedPolicy, NAME_PREFIX, OrganizationPolicy, Plan};
use crate::output::OutputFile;

pub(super) fn files(plan: &Plan) -> Vec<OutputFile> {
    let mut files = vec![("terraform/main.tf.json".to_owned(), text(&account(plan)))];
    if !plan.organization.is_empty() {
        let path = "terraform/organization/main.tf.json";
        files.push((path.to_owned(), text(&organization(plan))));
    }
    files
}

fn text(module: &Value) -> String {
    format!("{module:#}\n")
}

/// The module for the accounts that the environments are in.
fn account(plan: &Plan) -> Value {
    let policies = object(plan.policies.iter().map(|one| (label(one.path), managed_policy(one))));
    let roles = object(plan.roles.iter().map(|one| (label(&one.name), role(one))));
    let attached = plan.roles.iter().flat_map(|role| {
        let named = |path: &&str| (label(&format!("{}_{path}", role.name)), attachment(role, path));
        role.policies.iter().map(named).collect::<Vec<_>>()
    });
    let resources = [
        ("aws_iam_policy", policies),
        ("aws_iam_role", roles),
        ("aws_iam_role_policy_attachment", object(attached)),
    ];
    let mut variables = json!({"name_prefix": name_prefix(), "path": path()});
    if !plan.roles.is_empty() {
        put(&mut variables, "trust_policies", trust_policies(plan));
    }
    if plan.roles.iter().any(|role| role.boundary.is_none()) {
        put(&mut variables, "permissions_boundary", permissions_boundary());
    }
    json!({
        "terraform": requirements(),
        "variable": variables,
        "resource": filled(resources),
        "output": {
            "policy_arns": output("The ARN of each policy, by name.", &policy_arns(plan)),
            "role_arns": output("The ARN of each role that was made, by name.", &role_arns(plan)),
        },
    })
}

/// The module for the account that manages the organization.
fn organization(plan: &Plan) -> Value {
    let policies = plan.organization.iter();
    let attachments = policies.clone().map(|one| {
        let policy = format!("${{aws_organizations_policy.{}.id}}", label(one.path));
        let attached = json!({
            "for_each": "${toset(var.targets)}",
            "policy_id": policy,
            "target_id": "${each.value}",
        });
        (label(one.path), attached)
    });
    json!({
        "terraform": requirements(),
        "variable": {
            "name_prefix": name_prefix(),
            "targets": {
                "type": "list(string)",
                "default": [],
                "description": "The ids of the roots, organizational units and accounts that the policies are attached to.",
            },
        },
        "resource": filled([
            ("aws_organizations_policy", object(policies.map(|one| (label(one.path), organization_policy(one))))),
            ("aws_organizations_policy_attachment", object(attachments)),
        ]),
    })
}

fn requirements() -> Value {
    json!({
        "required_version": ">= 1.3",
        "required_providers": {"aws": {"source": "hashicorp/aws", "version": ">= 5.0"}},
    })
}

fn name_prefix() -> Value {
    json!({
        "type": "string",
        "default": NAME_PREFIX,
        "description": "What stands before the name of everything that is made.",
    })
}

fn path() -> Value {
    json!({
        "type": "string",
        "default": "/",
        "description": "The path of policies and roles in IAM; it begins and ends with a slash.",
    })
}

fn permissions_boundary() -> Value {
    json!({
        "type": "string",
        "default": null,
        "description": "The ARN of a permissions boundary for roles that have none of their own here.",
    })
}

fn trust_policies(plan: &Plan) -> Value {
    let names: Vec<Value> = plan.roles.iter().map(|role| json!(role.name)).collect();
    let known =
        format!("${{length(setsubtract(keys(var.trust_policies), {})) == 0}}", json!(names));
    json!({
        "type": "map(string)",
        "default": {},
        "description":
            "Who may assume each role: a trust policy, as JSON, by the role's name without the prefix. A role that \
             has none is not made. Nobody may pass the environment's tag as a session tag, unless the policy pins it.",
        "validation": {
            "condition": known,
            "error_message": "A trust policy is for a role that the fleet does not have.",
        },
    })
}

fn managed_policy(policy: &ManagedPolicy) -> Value {
    json!({
        "name": format!("${{var.name_prefix}}{}", policy.name),
        "path": "${var.path}",
        "policy": template(&policy.document.to_string()),
    })
}

fn role(role: &IamRole) -> Value {
    let boundary = role.boundary.map_or_else(
        || "${var.permissions_boundary}".to_owned(),
        |path| format!("${{aws_iam_policy.{}.arn}}", label(path)),
    );
    let mut value = json!({
        "count": made(role),
        "name": format!("${{var.name_prefix}}{}", role.name),
        "path": "${var.path}",
        "assume_role_policy": format!("${{var.trust_policies[\"{}\"]}}", role.name),
        "permissions_boundary": boundary,
    });
    if let Some(description) = role.description {
        put(&mut value, "description", json!(template(description)));
    }
    if let Some((key, tag)) = &role.tag {
        put(&mut value, "tags", object([(template(key), json!(template(tag)))]));
    }
    value
}

fn attachment(role: &IamRole, policy: &str) -> Value {
    json!({
        "count": made(role),
        "role": format!("${{aws_iam_role.{}[0].name}}", label(&role.name)),
        "policy_arn": format!("${{aws_iam_policy.{}.arn}}", label(policy)),
    })
}

/// One where the role has a trust policy, else none.
fn made(role: &IamRole) -> String {
    format!("${{contains(keys(var.trust_policies), \"{}\") ? 1 : 0}}", role.name)
}

fn organization_policy(policy: &OrganizationPolicy) -> Value {
    json!({
        "name": format!("${{var.name_prefix}}{}", policy.name),
        "type": policy.kind.as_str(),
        "content": template(&policy.document.to_string()),
    })
}

fn output(description: &str, value: &Value) -> Value {
    json!({"description": description, "value": value})
}

fn policy_arns(plan: &Plan) -> Value {
    let arn = |policy: &ManagedPolicy| {
        let arn = format!("${{aws_iam_policy.{}.arn}}", label(policy.path));
        (policy.name.clone(), json!(arn))
    };
    object(plan.policies.iter().map(arn))
}

fn role_arns(plan: &Plan) -> Value {
    let arn = |role: &IamRole| {
        let arn = format!("${{one(aws_iam_role.{}[*].arn)}}", label(&role.name));
        (role.name.clone(), json!(arn))
    };
    object(plan.roles.iter().map(arn))
}

/// A name that Terraform takes for a resource: letters, digits, `_` and `-`, of which no two paths or names
/// give the same.
fn label(path: &str) -> String {
    let label = path.replace('/', "_");
    if label.starts_with(|first: char| first.is_ascii_digit()) {
        format!("_{label}")
    } else {
        label
    }
}

/// A text as a template that says it.
fn template(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

/// The kinds of resource of which there are some.
fn filled<const N: usize>(resources: [(&str, Value); N]) -> Value {
    let some =
        resources.into_iter().filter(|(_, all)| all.as_object().is_some_and(|all| !all.is_empty()));
    object(some.map(|(kind, all)| (kind.to_owned(), all)))
}

fn object(members: impl IntoIterator<Item = (String, Value)>) -> Value {
    Value::Object(members.into_iter().collect::<Map<_, _>>())
}

fn put(object: &mut Value, key: &str, value: Value) {
    if let Value::Object(members) = object {
        members.insert(key.to_owned(), value);
    }
}
