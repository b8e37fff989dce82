//! `CloudFormation` templates in JSON (AWS `CloudFormation` User Guide, "Template reference").

mod resolve;

use fortem_compile::iam::{DocumentKind, Json, JsonValue};

use super::assembly::{Assembly, Attached, Declared, Holder};
use super::{Kind, NotAssessed};
use crate::source::{Place, Source};
use crate::unit::{Owner, Policy, PrincipalKind, Unit};
use resolve::Template;

/// Whether a text is a template, by its top level.
pub(super) fn is_template(json: &Json) -> bool {
    let Some(JsonValue::Object(members)) = json.get("Resources").map(Json::value) else {
        return false;
    };
    let is_type = |one: &Json| matches!(one.get("Type").map(Json::value), Some(JsonValue::Text(kind)) if kind.contains("::"));
    json.get("AWSTemplateFormatVersion").is_some() || members.iter().any(|one| is_type(one.value()))
}

/// The unit of a template.
pub(super) fn unit(source: Source, json: &Json) -> (Kind, Vec<Unit>, Vec<NotAssessed>) {
    let mut reader = Reader {
        text: source.text(),
        name: source.name(),
        template: Template::of(json),
        assembly: Assembly::default(),
        not_assessed: Vec::new(),
    };
    if let Some(JsonValue::Object(members)) = json.get("Resources").map(Json::value) {
        for member in members {
            let kind = member.value().get("Type").and_then(|json| reader.template.text(json));
            reader.resource(&kind.unwrap_or_default(), member.key(), member.value());
        }
    }
    let Reader { assembly, mut not_assessed, template, .. } = reader;
    let unresolved = template.unresolved();
    if !unresolved.is_empty() {
        not_assessed.push(NotAssessed {
            what: format!("{} of {}", unresolved.join(", "), source.name()),
            why: "is only known when the stack is made; its name stands for it".to_owned(),
            incomplete: false,
        });
    }
    let (mut unit, missing) = assembly.finish();
    for (policy, whose) in missing {
        not_assessed.push(NotAssessed {
            what: format!("{policy} of {whose} in {}", source.name()),
            why: "is not in the template".to_owned(),
            incomplete: true,
        });
    }
    unit.sources = vec![source];
    (Kind::CloudFormation, vec![unit], not_assessed)
}

struct Reader<'j> {
    text: &'j str,
    name: &'j str,
    template: Template<'j>,
    assembly: Assembly,
    not_assessed: Vec<NotAssessed>,
}

/// One resource with its logical id.
struct Resource<'j> {
    id: &'j str,
    properties: &'j Json,
    pointer: String,
}

impl<'j> Reader<'j> {
    fn resource(&mut self, kind: &str, id: &'j str, json: &'j Json) {
        let Some(properties) = json.get("Properties") else { return };
        let pointer = format!("/Resources/{}/Properties", id.replace('~', "~0").replace('/', "~1"));
        let resource = Resource { id, properties, pointer };
        match kind {
            "AWS::IAM::Role" => self.principal(&resource, PrincipalKind::Role),
            "AWS::IAM::User" => self.principal(&resource, PrincipalKind::User),
            "AWS::IAM::Group" => self.group(&resource),
            "AWS::IAM::ManagedPolicy" => self.managed_policy(&resource),
            "AWS::IAM::Policy" => self.inline_policy(&resource, HOLDERS_OF_POLICY),
            "AWS::IAM::RolePolicy" => self.inline_policy(&resource, &[(Holder::Role, "RoleName")]),
            "AWS::IAM::UserPolicy" => self.inline_policy(&resource, &[(Holder::User, "UserName")]),
            "AWS::IAM::GroupPolicy" => {
                self.inline_policy(&resource, &[(Holder::Group, "GroupName")]);
            }
            "AWS::IAM::UserToGroupAddition" => {
                for user in self.names(&resource, "Users") {
                    for group in self.names(&resource, "GroupName") {
                        self.assembly.join(&user, &group);
                    }
                }
            }
            "AWS::Organizations::Policy" => self.organization_policy(&resource),
            _ => {}
        }
    }

    fn principal(&mut self, resource: &Resource<'j>, kind: PrincipalKind) {
        let key = if kind == PrincipalKind::Role { "RoleName" } else { "UserName" };
        let name = self.text(resource, key).unwrap_or_else(|| resource.id.to_owned());
        let trust = resource.properties.get("AssumeRolePolicyDocument").map(|json| {
            let owner = Owner::Trust(name.clone());
            self.document(resource, json, "/AssumeRolePolicyDocument", DocumentKind::Trust, owner)
        });
        let trust = trust.map(|policy| self.assembly.add_policy(policy));
        let declared = Declared {
            name,
            path: self.text(resource, "Path").unwrap_or_else(|| "/".to_owned()),
            tags: self.tags(resource),
            boundary: self.names(resource, "PermissionsBoundary").into_iter().next(),
            place: place(resource.properties, &resource.pointer),
        };
        self.assembly.add_principal(resource.id, kind, declared, trust);
        let holder = if kind == PrincipalKind::Role { Holder::Role } else { Holder::User };
        self.embedded(resource, holder);
        for group in self.names(resource, "Groups") {
            self.assembly.join(resource.id, &group);
        }
    }

    fn group(&mut self, resource: &Resource<'j>) {
        let name = self.text(resource, "GroupName").unwrap_or_else(|| resource.id.to_owned());
        let path = self.text(resource, "Path").unwrap_or_else(|| "/".to_owned());
        let place = place(resource.properties, &resource.pointer);
        self.assembly.add_group(resource.id, &name, &path, place);
        self.embedded(resource, Holder::Group);
    }

    /// The policies that a role, user or group declares within itself.
    fn embedded(&mut self, resource: &Resource<'j>, holder: Holder) {
        for arn in self.names(resource, "ManagedPolicyArns") {
            self.assembly.attach(holder, resource.id, Attached::Managed(arn));
        }
        let policies = resource.properties.get("Policies").map(Json::items).unwrap_or_default();
        for (index, inline) in policies.iter().enumerate() {
            let Some(json) = inline.get("PolicyDocument") else { continue };
            let pointer = format!("/Policies/{index}/PolicyDocument");
            let mut policy =
                self.document(resource, json, &pointer, DocumentKind::Identity, Owner::Nobody);
            policy.name = inline.get("PolicyName").and_then(|name| self.template.text(name));
            let index = self.assembly.add_policy(policy);
            self.assembly.attach(holder, resource.id, Attached::Inline(index));
        }
    }

    fn managed_policy(&mut self, resource: &Resource<'j>) {
        let Some(json) = resource.properties.get("PolicyDocument") else { return };
        let name =
            self.text(resource, "ManagedPolicyName").unwrap_or_else(|| resource.id.to_owned());
        let path = self.text(resource, "Path").unwrap_or_else(|| "/".to_owned());
        let arn = format!("arn:aws:iam::{}:policy{path}{name}", super::assembly::ACCOUNT);
        let owner = Owner::Managed(arn.clone());
        let mut policy =
            self.document(resource, json, "/PolicyDocument", DocumentKind::Identity, owner);
        policy.name = Some(name);
        self.assembly.add_managed(resource.id, &arn, policy);
        for (holder, key) in HOLDERS_OF_POLICY {
            for whose in self.names(resource, key) {
                self.assembly.attach(*holder, &whose, Attached::Managed(resource.id.to_owned()));
            }
        }
    }

    fn inline_policy(&mut self, resource: &Resource<'j>, holders: &[(Holder, &str)]) {
        let Some(json) = resource.properties.get("PolicyDocument") else { return };
        let mut policy =
            self.document(resource, json, "/PolicyDocument", DocumentKind::Identity, Owner::Nobody);
        policy.name = self.text(resource, "PolicyName").or_else(|| Some(resource.id.to_owned()));
        let index = self.assembly.add_policy(policy);
        for (holder, key) in holders {
            for whose in self.names(resource, key) {
                self.assembly.attach(*holder, &whose, Attached::Inline(index));
            }
        }
    }

    fn organization_policy(&mut self, resource: &Resource<'j>) {
        let kind = match self.text(resource, "Type").as_deref() {
            Some("SERVICE_CONTROL_POLICY") => DocumentKind::ServiceControl,
            Some("RESOURCE_CONTROL_POLICY") => DocumentKind::ResourceControl,
            _ => return,
        };
        let Some(json) = resource.properties.get("Content") else { return };
        let name = self.text(resource, "Name").unwrap_or_else(|| resource.id.to_owned());
        let policy = self.document(resource, json, "/Content", kind, Owner::Organization(name));
        self.assembly.add_policy(policy);
    }

    /// Reads a document, with the template's functions replaced by what they give.
    fn document(
        &mut self,
        resource: &Resource<'j>,
        json: &'j Json,
        pointer: &str,
        kind: DocumentKind,
        owner: Owner,
    ) -> Policy {
        let place = place(json, &format!("{}{pointer}", resource.pointer));
        let original = self.text.get(json.span().range()).unwrap_or_default();
        if !Template::has_functions(original) {
            let JsonValue::Text(text) = json.value() else {
                return Policy::read(original, kind, owner, place);
            };
            let mut policy = Policy::read(text, kind, owner, place);
            policy.verbatim = false;
            return policy;
        }
        let resolved = self.template.resolve(json);
        let text = serde_json::to_string(&resolved).unwrap_or_default();
        let mut policy = Policy::read(&text, kind, owner, place);
        policy.verbatim = false;
        if let Some(statements) = json.get("Statement") {
            policy.spots = statements.items().iter().map(|one| one.span().range()).collect();
        }
        policy
    }

    fn text(&mut self, resource: &Resource<'j>, key: &str) -> Option<String> {
        self.template.text(resource.properties.get(key)?)
    }

    /// One or several names; a reference to a resource of the template is its logical id.
    fn names(&mut self, resource: &Resource<'j>, key: &str) -> Vec<String> {
        let Some(list) = resource.properties.get(key) else { return Vec::new() };
        let list: Vec<&'j Json> = match list.value() {
            JsonValue::List(items) => items.iter().collect(),
            _ => vec![list],
        };
        let mut names = Vec::new();
        for item in list {
            match self.template.logical_id(item).or_else(|| self.template.text(item)) {
                Some(name) => names.push(name),
                None => self.not_assessed.push(NotAssessed {
                    what: format!("`{key}` of {} in {}", resource.id, self.name),
                    why: "is only known when the stack is made".to_owned(),
                    incomplete: true,
                }),
            }
        }
        names
    }

    fn tags(&mut self, resource: &Resource<'j>) -> Vec<(String, String)> {
        let tags = resource.properties.get("Tags").map(Json::items).unwrap_or_default();
        let mut pairs = Vec::new();
        for tag in tags {
            let key = tag.get("Key").and_then(|json| self.template.text(json));
            let value = tag.get("Value").and_then(|json| self.template.text(json));
            pairs.extend(key.zip(value));
        }
        pairs
    }
}

const HOLDERS_OF_POLICY: &[(Holder, &str)] =
    &[(Holder::Role, "Roles"), (Holder::User, "Users"), (Holder::Group, "Groups")];

fn place(json: &Json, pointer: &str) -> Place {
    Place { source: 0, range: json.span().range(), pointer: pointer.to_owned() }
}
