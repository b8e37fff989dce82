//! What every organization needs: the rows of `data/organization.toml` as statements.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::Deserialize;

use super::super::{Input, relied_on};
use super::unless;
use crate::reference::{Action, Carries};
use crate::statement::{ApiActions, Conditions, Draft, Effect, Origin, Statement, StatementError};

const TEXT: &str = include_str!("../../../data/organization.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(rename = "control")]
    controls: Vec<Control>,
}

/// One statement.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Control {
    file: String,
    name: String,
    why: String,
    apis: Apis,
    on: Option<On>,
    unless: Option<Unless>,
    setting: Option<Setting>,
    #[serde(default, rename = "where")]
    conditions: Vec<Where>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Apis {
    These(BTreeSet<String>),
    Derived(Derived),
}

/// API actions that the service reference gives.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Derived {
    Creating,
    Tagging,
    Principals,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum On {
    PlatformRoles,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Unless {
    Broker,
}

#[derive(Debug, Deserialize)]
enum Setting {
    #[serde(rename = "fargate_only")]
    FargateOnly,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Where {
    operator: String,
    key: String,
    values: Values,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Values {
    These(BTreeSet<String>),
    OfFleet(OfFleet),
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum OfFleet {
    Environments,
    ResourceKeys,
    SessionKeys,
}

#[expect(
    clippy::expect_used,
    reason = "the text is fixed at compile time and every test parses it"
)]
fn table() -> &'static Table {
    static BUILTIN: LazyLock<Table> = LazyLock::new(|| {
        toml::from_str(TEXT).expect("the built-in table is valid TOML of this shape")
    });
    &BUILTIN
}

/// The controls that the fleet wants.
fn wanted(input: &Input) -> impl Iterator<Item = &'static Control> {
    let fargate_only = input.organization().is_fargate_only();
    let wants = move |control: &&Control| match control.setting {
        None => true,
        Some(Setting::FargateOnly) => fargate_only,
    };
    table().controls.iter().filter(wants)
}

/// The names of the files, in the order of the table.
pub(super) fn files(input: &Input) -> Vec<&'static str> {
    let mut names: Vec<&str> = wanted(input).map(|control| control.file.as_str()).collect();
    names.dedup();
    names
}

/// The statements of a file.
pub(super) fn statements(input: &Input, file: &str) -> Result<Vec<Statement>, StatementError> {
    let controls = wanted(input).filter(|control| control.file == file);
    let reference = input.compiled.world().reference;
    controls.map(|control| Statement::new(reference, control.draft(input))).collect()
}

impl Control {
    fn draft(&self, input: &Input) -> Draft {
        let platform = input.organization().platform_roles();
        let resources = match self.on {
            None => BTreeSet::from(["*".to_owned()]),
            Some(On::PlatformRoles) => platform.iter().cloned().collect(),
        };
        let broker = input.organization().broker().filter(|_| self.unless == Some(Unless::Broker));
        let mut conditions = self.conditions(input);
        conditions.extend(unless(platform.iter().cloned().chain(broker.map(str::to_owned))));
        Draft {
            sid: self.name.clone(),
            effect: Effect::Deny,
            actions: ApiActions::These(self.apis(input)),
            resources,
            conditions,
            origin: Origin::Integrity { why: self.why.clone() },
        }
    }

    fn conditions(&self, input: &Input) -> Conditions {
        let one = |row: &Where| {
            let key = row.key.replace("{tag-key}", input.fleet().tag_key());
            ((row.operator.clone(), key), row.values.of(input))
        };
        self.conditions.iter().map(one).collect()
    }

    fn apis(&self, input: &Input) -> BTreeSet<String> {
        match &self.apis {
            Apis::These(apis) => apis.clone(),
            Apis::Derived(derived) => derived.apis(input),
        }
    }
}

impl Derived {
    fn apis(self, input: &Input) -> BTreeSet<String> {
        let reference = input.compiled.world().reference;
        let services = match self {
            Self::Creating => BTreeSet::from(["ecs"]),
            Self::Tagging => services(input),
            Self::Principals => BTreeSet::from(["iam"]),
        };
        let actions = services.into_iter().flat_map(|service| reference.actions(service));
        let named = actions.filter(|action| {
            // `TagResource`, `AddTagsToResource`, `UntagLogGroup`
            let tags = action.name().to_ascii_lowercase().contains("tag");
            match self {
                Self::Creating => !tags && carries(input, action, "aws:RequestTag/Key"),
                Self::Tagging => tags && carries(input, action, "aws:TagKeys"),
                Self::Principals => {
                    is_of_principals(action) && carries(input, action, "aws:TagKeys")
                }
            }
        });
        named.map(|action| action.name().to_owned()).collect()
    }
}

/// The services that the fleet's things are in; roles are for another control.
fn services<'a>(input: &Input<'a>) -> BTreeSet<&'a str> {
    let kinds = input.compiled.world().table.kinds.iter().map(|kind| kind.service.as_str());
    kinds.filter(|service| *service != "iam").collect()
}

fn is_of_principals(action: &Action) -> bool {
    action.resource_types().iter().any(|kind| ["role", "user"].contains(&kind.name()))
}

fn carries(input: &Input, action: &Action, key: &str) -> bool {
    let reference = input.compiled.world().reference;
    let types = action.resource_types().iter().map(|kind| Some(kind.name()));
    let mut types = types.chain(action.resource_types().is_empty().then_some(None));
    types.any(|kind| reference.carries(action.name(), kind, key) == Carries::Yes)
}

impl Values {
    fn of(&self, input: &Input) -> BTreeSet<String> {
        match self {
            Self::These(values) => values.clone(),
            Self::OfFleet(OfFleet::Environments) => {
                let environments = input.fleet().environments().iter();
                environments.map(|environment| environment.name().to_owned()).collect()
            }
            Self::OfFleet(OfFleet::ResourceKeys) => relied_on::resource_keys(input),
            Self::OfFleet(OfFleet::SessionKeys) => relied_on::session_keys(input),
        }
    }
}
