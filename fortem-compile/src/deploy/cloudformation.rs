//! CloudFormation templates.
//!
//! Documents stand in them as they are: CloudFormation replaces `${…}` only within `Fn::Sub`, which is used
//! for names alone. Who may assume a role is a parameter; a role whose parameter is empty is not made. It
//! takes principals of AWS, who may pass no session tags.

mod ids;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use self::ids::Ids;
use super::plan::{IamRole, ManagedPolicy, NAME_PREFIX, OrganizationPolicy, Plan, policy_name};
use crate::output::OutputFile;

/// The most bytes of a template that is passed in the call, its most resources and its most parameters (AWS
/// CloudFormation User Guide, "Understand CloudFormation quotas").
const BODY: usize = 51_200;
const RESOURCES: usize = 500;
const PARAMETERS: usize = 200;

pub(super) fn files(plan: &Plan) -> Vec<OutputFile> {
    let ids = Ids::of(plan);
    let account = plan.policies.iter().map(Item::Policy).chain(plan.roles.iter().map(Item::Role));
    let organization = plan.organization.iter().map(Item::Organization);
    let account = numbered("template", &Writer { ids: &ids, frame: account_frame }, account);
    let frame = organization_frame;
    let organization = numbered("organization", &Writer { ids: &ids, frame }, organization);
    account.into_iter().chain(organization).collect()
}

/// `template.json`, `template-2.json` and so on.
fn numbered<'p>(
    name: &str,
    writer: &Writer<'p>,
    items: impl Iterator<Item = Item<'p>>,
) -> Vec<OutputFile> {
    let file = |(index, part): (usize, Vec<Item>)| {
        let number = if index == 0 { String::new() } else { format!("-{}", index + 1) };
        (format!("cloudformation/{name}{number}.json"), text(&writer.template(&part)))
    };
    writer.pack(items).into_iter().enumerate().map(file).collect()
}

fn text(template: &Value) -> String {
    format!("{template:#}\n")
}

#[derive(Debug, Clone, Copy)]
enum Item<'p> {
    Policy(&'p ManagedPolicy<'p>),
    Role(&'p IamRole<'p>),
    Organization(&'p OrganizationPolicy<'p>),
}

struct Writer<'p> {
    ids: &'p Ids,
    /// A template without resources of its own.
    frame: fn() -> Value,
}

impl<'p> Writer<'p> {
    /// As few templates as keeping the order takes.
    fn pack(&self, items: impl Iterator<Item = Item<'p>>) -> Vec<Vec<Item<'p>>> {
        let frame = (self.frame)();
        let common = frame.get("Parameters").and_then(Value::as_object).map_or(0, Map::len);
        let mut parts: Vec<Vec<Item>> = Vec::new();
        let (mut size, mut parameters) = (0, 0);
        for item in items {
            // References to another template are the longest.
            let own = text(&self.part(&[item], json!({}))).len();
            let more = usize::from(matches!(item, Item::Role(_)));
            match parts.last_mut() {
                Some(part)
                    if size + own <= BODY
                        && parameters + more <= PARAMETERS
                        && part.len() < RESOURCES =>
                {
                    part.push(item);
                }
                _ => {
                    size = text(&frame).len();
                    parameters = common;
                    parts.push(vec![item]);
                }
            }
            size += own;
            parameters += more;
        }
        parts
    }

    fn template(&self, items: &[Item]) -> Value {
        self.part(items, (self.frame)())
    }

    /// A template with some resources put into it.
    fn part(&self, items: &[Item], mut template: Value) -> Value {
        let here = items.iter().filter_map(|item| match item {
            Item::Policy(policy) => Some(policy.path),
            Item::Role(_) | Item::Organization(_) => None,
        });
        let here: BTreeSet<&str> = here.collect();
        for item in items {
            let id = self.ids.of_item(*item);
            let resource = match item {
                Item::Policy(policy) => managed_policy(policy),
                Item::Role(role) => {
                    let (parameter, condition) = (trust(&id), made(&id));
                    put(&mut template, "Parameters", &parameter, trusted(role));
                    put(&mut template, "Conditions", &condition, is_given(&parameter));
                    self.role(role, &parameter, &condition, &here)
                }
                Item::Organization(policy) => organization_policy(policy),
            };
            put(&mut template, "Resources", &id, resource);
        }
        template
    }

    fn role(
        &self,
        role: &IamRole,
        parameter: &str,
        condition: &str,
        here: &BTreeSet<&str>,
    ) -> Value {
        let arn = |path: &str| self.arn(path, here);
        let policies: Vec<Value> = role.policies.iter().map(|path| arn(path)).collect();
        let mut properties = json!({"RoleName": named(&role.name), "Path": {"Ref": "Path"}});
        let mut property = |name: &str, value| {
            if let Value::Object(members) = &mut properties {
                members.insert(name.to_owned(), value);
            }
        };
        if let Some(description) = role.description {
            property("Description", json!(description));
        }
        property("AssumeRolePolicyDocument", assumed_by(parameter));
        property("ManagedPolicyArns", json!(policies));
        if let Some(boundary) = role.boundary {
            property("PermissionsBoundary", arn(boundary));
        }
        if let Some((key, value)) = &role.tag {
            property("Tags", json!([{"Key": key, "Value": value}]));
        }
        json!({"Type": "AWS::IAM::Role", "Condition": condition, "Properties": properties})
    }

    /// The ARN of a policy, of this template or of an earlier one.
    fn arn(&self, path: &str, here: &BTreeSet<&str>) -> Value {
        if here.contains(path) {
            return json!({"Ref": self.ids.of_path(path)});
        }
        let name = policy_name(path).unwrap_or_default();
        let account = "arn:${AWS::Partition}:iam::${AWS::AccountId}";
        json!({"Fn::Sub": format!("{account}:policy${{Path}}${{NamePrefix}}{name}")})
    }
}

fn account_frame() -> Value {
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Policies and roles, each role in one environment. Written by fortem-compile.",
        "Parameters": {
            "NamePrefix": name_prefix(),
            "Path": {
                "Type": "String",
                "Default": "/",
                "AllowedPattern": "/|/[!-~]+/",
                "Description": "The path of policies and roles in IAM.",
            },
        },
    })
}

fn organization_frame() -> Value {
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Policies of the organization. Written by fortem-compile.",
        "Parameters": {
            "NamePrefix": name_prefix(),
            "Targets": {
                "Type": "CommaDelimitedList",
                "Default": "",
                "Description": "The ids of the roots, organizational units and accounts that the policies are attached to.",
            },
        },
        "Conditions": {"HasTargets": is_given("Targets")},
    })
}

fn name_prefix() -> Value {
    json!({
        "Type": "String",
        "Default": NAME_PREFIX,
        "AllowedPattern": "[A-Za-z0-9+=,.@_-]*",
        "Description": "What stands before the name of everything that is made.",
    })
}

fn managed_policy(policy: &ManagedPolicy) -> Value {
    json!({
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "ManagedPolicyName": named(&policy.name),
            "Path": {"Ref": "Path"},
            "PolicyDocument": policy.document,
        },
    })
}

fn organization_policy(policy: &OrganizationPolicy) -> Value {
    json!({
        "Type": "AWS::Organizations::Policy",
        "Properties": {
            "Name": named(&policy.name),
            "Type": policy.kind.as_str(),
            "Content": policy.document,
            "TargetIds": {"Fn::If": ["HasTargets", {"Ref": "Targets"}, {"Ref": "AWS::NoValue"}]},
        },
    })
}

/// A name with the prefix.
fn named(name: &str) -> Value {
    json!({"Fn::Sub": format!("${{NamePrefix}}{name}")})
}

fn trust(id: &str) -> String {
    format!("{id}TrustedPrincipals")
}

fn made(id: &str) -> String {
    format!("{id}IsMade")
}

fn trusted(role: &IamRole) -> Value {
    let about = format!("Who may assume {}: ARNs of roles or users, or account ids.", role.name);
    json!({
        "Type": "CommaDelimitedList",
        "Default": "",
        "Description": format!("{about} Where there is none, the role is not made."),
    })
}

fn is_given(parameter: &str) -> Value {
    json!({"Fn::Not": [{"Fn::Equals": [{"Fn::Join": ["", {"Ref": parameter}]}, ""]}]})
}

/// Without `sts:TagSession`: nobody brings another environment along.
fn assumed_by(parameter: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "Assume",
            "Effect": "Allow",
            "Principal": {"AWS": {"Ref": parameter}},
            "Action": "sts:AssumeRole",
        }],
    })
}

/// Puts a member into a section of a template, which is made if it is not there.
fn put(template: &mut Value, section: &str, id: &str, value: Value) {
    if let Value::Object(sections) = template {
        let section = sections.entry(section).or_insert_with(|| json!({}));
        if let Value::Object(members) = section {
            members.insert(id.to_owned(), value);
        }
    }
}
