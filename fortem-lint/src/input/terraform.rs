//! Terraform and `OpenTofu` plans: `terraform show -json PLAN` (Terraform documentation, "JSON Output Format").

use fortem_compile::iam::{DocumentKind, Json, JsonValue};

use super::assembly::{Assembly, Attached, Declared, Holder};
use super::{Kind, NotAssessed};
use crate::source::{Place, Source};
use crate::unit::{Owner, Policy, PrincipalKind, Unit};

/// Whether a text is a plan, by its top level.
pub(super) fn is_plan(json: &Json) -> bool {
    json.get("planned_values").is_some() && json.get("format_version").is_some()
}

/// The unit of a plan.
pub(super) fn unit(source: Source, json: &Json) -> (Kind, Vec<Unit>, Vec<NotAssessed>) {
    let mut reader = Reader {
        name: source.name().to_owned(),
        plan: json,
        assembly: Assembly::default(),
        not_assessed: Vec::new(),
    };
    if let Some(module) = json.get("planned_values").and_then(|values| values.get("root_module")) {
        reader.module(module, "/planned_values/root_module");
    }
    let Reader { assembly, mut not_assessed, name, .. } = reader;
    let (mut unit, missing) = assembly.finish();
    for (policy, whose) in missing {
        not_assessed.push(NotAssessed {
            what: format!("{policy} of {whose} in {name}"),
            why: "is not in the plan".to_owned(),
            incomplete: true,
        });
    }
    unit.sources = vec![source];
    (Kind::TerraformPlan, vec![unit], not_assessed)
}

struct Reader<'j> {
    name: String,
    plan: &'j Json,
    assembly: Assembly,
    not_assessed: Vec<NotAssessed>,
}

/// One planned resource.
struct Resource<'j> {
    address: &'j str,
    values: &'j Json,
    pointer: String,
}

impl<'j> Resource<'j> {
    fn text(&self, attribute: &str) -> Option<&'j str> {
        text(self.values.get(attribute)?)
    }

    fn texts(&self, attribute: &str) -> Vec<&'j str> {
        let Some(list) = self.values.get(attribute) else { return Vec::new() };
        list.items().iter().filter_map(text).collect()
    }

    fn place(&self, value: &Json, attribute: &str) -> Place {
        Place {
            source: 0,
            range: value.span().range(),
            pointer: format!("{}/values{attribute}", self.pointer),
        }
    }

    /// The address without the index of `count` or `for_each`.
    fn declared(&self) -> &'j str {
        self.address.rsplit_once('[').map_or(self.address, |(address, _)| address)
    }
}

fn text(json: &Json) -> Option<&str> {
    match json.value() {
        JsonValue::Text(text) => Some(text),
        _ => None,
    }
}

impl<'j> Reader<'j> {
    fn module(&mut self, module: &'j Json, pointer: &str) {
        let list = |key| module.get(key).map(Json::items).unwrap_or_default();
        for (index, resource) in list("resources").iter().enumerate() {
            let (Some(address), Some(kind), Some(values)) = (
                resource.get("address").and_then(text),
                resource.get("type").and_then(text),
                resource.get("values"),
            ) else {
                continue;
            };
            let pointer = format!("{pointer}/resources/{index}");
            self.resource(kind, &Resource { address, values, pointer });
        }
        for (index, child) in list("child_modules").iter().enumerate() {
            self.module(child, &format!("{pointer}/child_modules/{index}"));
        }
    }

    fn resource(&mut self, kind: &str, resource: &Resource<'j>) {
        match kind {
            "aws_iam_policy" => self.managed_policy(resource),
            "aws_iam_role" => self.principal(resource, PrincipalKind::Role),
            "aws_iam_user" => self.principal(resource, PrincipalKind::User),
            "aws_iam_group" => self.group(resource),
            "aws_iam_role_policy" => self.inline_policy(resource, Holder::Role, "role"),
            "aws_iam_user_policy" => self.inline_policy(resource, Holder::User, "user"),
            "aws_iam_group_policy" => self.inline_policy(resource, Holder::Group, "group"),
            "aws_iam_role_policy_attachment" => {
                self.attachment(resource, &[(Holder::Role, "role")]);
            }
            "aws_iam_user_policy_attachment" => {
                self.attachment(resource, &[(Holder::User, "user")]);
            }
            "aws_iam_group_policy_attachment" => {
                self.attachment(resource, &[(Holder::Group, "group")]);
            }
            "aws_iam_policy_attachment" => self.attachment(
                resource,
                &[(Holder::Role, "roles"), (Holder::User, "users"), (Holder::Group, "groups")],
            ),
            "aws_iam_group_membership" => self.membership(resource, "users", "group"),
            "aws_iam_user_group_membership" => self.membership(resource, "user", "groups"),
            "aws_organizations_policy" => self.organization_policy(resource),
            _ => {}
        }
    }

    fn managed_policy(&mut self, resource: &Resource<'j>) {
        let name = resource.text("name").unwrap_or(resource.address);
        let path = resource.text("path").unwrap_or("/");
        let arn = resource.text("arn").map_or_else(
            || format!("arn:aws:iam::{}:policy{path}{name}", super::assembly::ACCOUNT),
            str::to_owned,
        );
        let owner = Owner::Managed(arn.clone());
        if let Some(mut policy) = self.document(resource, "policy", DocumentKind::Identity, owner) {
            policy.name = Some(name.to_owned());
            self.assembly.add_managed(resource.address, &arn, policy);
        }
    }

    fn principal(&mut self, resource: &Resource<'j>, kind: PrincipalKind) {
        let name = resource.text("name").unwrap_or(resource.address).to_owned();
        let trust = (kind == PrincipalKind::Role).then(|| {
            let owner = Owner::Trust(name.clone());
            self.document(resource, "assume_role_policy", DocumentKind::Trust, owner)
        });
        let trust = trust.flatten().map(|policy| self.assembly.add_policy(policy));
        let declared = Declared {
            name,
            path: resource.text("path").unwrap_or("/").to_owned(),
            tags: tags(resource.values),
            boundary: self.references(resource, "permissions_boundary").into_iter().next(),
            place: resource.place(resource.values, ""),
        };
        self.assembly.add_principal(resource.address, kind, declared, trust);
        let inline = resource.values.get("inline_policy").map(Json::items).unwrap_or_default();
        for (index, policy) in inline.iter().enumerate() {
            let holder = Resource {
                address: resource.address,
                values: policy,
                pointer: format!("{}/values/inline_policy/{index}", resource.pointer),
            };
            // An empty block says that there are no inline policies.
            if holder.text("policy").is_some() {
                self.add_inline(&holder, Holder::Role, resource.address);
            }
        }
        for arn in resource.texts("managed_policy_arns") {
            self.assembly.attach(Holder::Role, resource.address, Attached::Managed(arn.to_owned()));
        }
    }

    fn group(&mut self, resource: &Resource<'j>) {
        let name = resource.text("name").unwrap_or(resource.address);
        let path = resource.text("path").unwrap_or("/");
        let place = resource.place(resource.values, "");
        self.assembly.add_group(resource.address, name, path, place);
    }

    fn inline_policy(&mut self, resource: &Resource<'j>, holder: Holder, attribute: &str) {
        match self.references(resource, attribute).into_iter().next() {
            Some(whose) => self.add_inline(resource, holder, &whose),
            None => self.unknown(resource, attribute),
        }
    }

    fn add_inline(&mut self, resource: &Resource<'j>, holder: Holder, whose: &str) {
        let Some(mut policy) =
            self.document(resource, "policy", DocumentKind::Identity, Owner::Nobody)
        else {
            return;
        };
        policy.name = resource.text("name").map(str::to_owned);
        let index = self.assembly.add_policy(policy);
        self.assembly.attach(holder, whose, Attached::Inline(index));
    }

    fn attachment(&mut self, resource: &Resource<'j>, holders: &[(Holder, &str)]) {
        let Some(policy) = self.references(resource, "policy_arn").into_iter().next() else {
            return self.unknown(resource, "policy_arn");
        };
        for (holder, attribute) in holders {
            for whose in self.references(resource, attribute) {
                self.assembly.attach(*holder, &whose, Attached::Managed(policy.clone()));
            }
        }
    }

    fn membership(&mut self, resource: &Resource<'j>, users: &str, groups: &str) {
        for user in self.references(resource, users) {
            for group in self.references(resource, groups) {
                self.assembly.join(&user, &group);
            }
        }
    }

    fn organization_policy(&mut self, resource: &Resource<'j>) {
        let kind = match resource.text("type").unwrap_or("SERVICE_CONTROL_POLICY") {
            "SERVICE_CONTROL_POLICY" => DocumentKind::ServiceControl,
            "RESOURCE_CONTROL_POLICY" => DocumentKind::ResourceControl,
            _ => return,
        };
        let name = resource.text("name").unwrap_or(resource.address).to_owned();
        if let Some(policy) = self.document(resource, "content", kind, Owner::Organization(name)) {
            self.assembly.add_policy(policy);
        }
    }

    /// The policy document that an attribute holds as a string.
    fn document(
        &mut self,
        resource: &Resource<'j>,
        attribute: &str,
        kind: DocumentKind,
        owner: Owner,
    ) -> Option<Policy> {
        let Some((json, text)) =
            resource.values.get(attribute).and_then(|json| Some((json, text(json)?)))
        else {
            self.unknown(resource, attribute);
            return None;
        };
        let place = resource.place(json, &format!("/{attribute}"));
        let mut policy = Policy::read(text, kind, owner, place);
        policy.verbatim = false;
        Some(policy)
    }

    fn unknown(&mut self, resource: &Resource<'_>, attribute: &str) {
        self.not_assessed.push(NotAssessed {
            what: format!("`{attribute}` of {} in {}", resource.address, self.name),
            why: "is only known after the plan is applied".to_owned(),
            incomplete: true,
        });
    }

    /// What an attribute names: its planned values, or the addresses of the resources that the configuration refers to
    /// where the value is only known later.
    fn references(&self, resource: &Resource<'j>, attribute: &str) -> Vec<String> {
        let planned: Vec<String> =
            resource.texts(attribute).into_iter().map(str::to_owned).collect();
        if !planned.is_empty() {
            return planned;
        }
        let (module, address) = match resource.declared().rfind(".aws_") {
            Some(at) => resource.declared().split_at(at + 1),
            None => ("", resource.declared()),
        };
        let of_module = self.configuration(module);
        let resources = of_module.and_then(|module| module.get("resources")).map(Json::items);
        let mut resources = resources.unwrap_or_default().iter();
        let declared = resources.find(|one| one.get("address").and_then(text) == Some(address));
        let expression = declared
            .and_then(|one| one.get("expressions"))
            .and_then(|expressions| expressions.get(attribute));
        let references = expression.and_then(|one| one.get("references")).map(Json::items);
        // Terraform lists `aws_iam_role.a.arn` and then `aws_iam_role.a`.
        let whole =
            |reference: &str| reference.starts_with("aws_") && reference.matches('.').count() == 1;
        let references = references.unwrap_or_default().iter().filter_map(text);
        references.filter(|one| whole(one)).map(|one| format!("{module}{one}")).collect()
    }

    /// The configuration of a module, by the beginning of its resources' addresses: `module.a.module.b.`.
    fn configuration(&self, module: &str) -> Option<&'j Json> {
        let mut found = self.plan.get("configuration")?.get("root_module")?;
        for name in module.split("module.").skip(1) {
            let name = name.trim_end_matches('.').split('[').next().unwrap_or_default();
            found = found.get("module_calls")?.get(name)?.get("module")?;
        }
        Some(found)
    }
}

/// Tags with those that the provider adds to everything.
fn tags(values: &Json) -> Vec<(String, String)> {
    let all = values.get("tags_all").or_else(|| values.get("tags"));
    let Some(JsonValue::Object(members)) = all.map(Json::value) else { return Vec::new() };
    let pairs = members
        .iter()
        .filter_map(|one| Some((one.key().to_owned(), text(one.value())?.to_owned())));
    pairs.collect()
}
