//! Other engines with the same fleet: roles by domain.

use std::collections::BTreeMap;

use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi};
use fortem_core_benches::{Size, assignments, environment, is_production, user};

use super::Question;

/// The actions of `observe` and `operate`, as the shipped roles have them.
const OBSERVE: [&str; 4] = ["viewEnvironment", "viewStatus", "viewLogs", "tailLogs"];
const OPERATE: [&str; 7] = [
    "restartService",
    "redeployService",
    "stopTask",
    "runTask",
    "flushCache",
    "pauseSchedule",
    "resumeSchedule",
];

fn actions(role: &str) -> Vec<&'static str> {
    match role {
        "log-viewer" => OBSERVE.to_vec(),
        "operator" => OPERATE.to_vec(),
        _ => [&OBSERVE[..], &OPERATE[..]].concat(),
    }
}

const MODEL: &str = "
[request_definition]
r = sub, dom, act
[policy_definition]
p = sub, act
[role_definition]
g = _, _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.act == p.act && g(r.sub, p.sub, r.dom)
";

/// casbin: roles by domain, a domain an environment. Production has no roles in it, as `never-prod` has it.
pub(crate) struct Casbin(Enforcer);

impl Casbin {
    pub(crate) fn new(size: Size) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        Self(runtime.block_on(Self::enforcer(size)))
    }

    async fn enforcer(size: Size) -> Enforcer {
        let model = DefaultModel::from_str(MODEL).await.expect("a model");
        let mut enforcer = Enforcer::new(model, MemoryAdapter::default()).await.expect("casbin");
        let rules = ["developer", "log-viewer", "operator"].into_iter().flat_map(|role| {
            actions(role).into_iter().map(move |action| vec![role.to_owned(), action.to_owned()])
        });
        enforcer.add_policies(rules.collect()).await.expect("policies");
        let mut given: Vec<Vec<String>> = members(size)
            .filter(|(_, _, place)| !is_production(*place))
            .map(|(role, who, place)| vec![user(who), role.to_owned(), environment(place)])
            .collect();
        given.sort();
        given.dedup();
        enforcer.add_grouping_policies(given).await.expect("roles");
        enforcer
    }

    pub(crate) fn is_allowed(&self, (who, place): &Question) -> bool {
        self.0.enforce((who.as_str(), place.as_str(), "restartService")).expect("an answer")
    }
}

/// Role, person and environment, for members of teams too.
fn members(size: Size) -> impl Iterator<Item = (&'static str, usize, usize)> {
    assignments(size).flat_map(move |(role, who, is_team, place)| {
        let people = if is_team { who * 20..(who * 20 + 20).min(size.users) } else { who..who + 1 };
        people.map(move |who| (role, who, place))
    })
}

const RULES: &str = "
package fortem
default allow := false
allow if {
    some role in data.roles[input.user][input.environment]
    input.action in data.actions[role]
    data.tiers[input.environment] == \"nonproduction\"
}
";

/// regorus: the same as documents that a rule looks up.
pub(crate) struct Regorus(regorus::Engine);

impl Regorus {
    pub(crate) fn new(size: Size) -> Self {
        let mut engine = regorus::Engine::new();
        engine.add_policy("fortem.rego".to_owned(), RULES.to_owned()).expect("rules");
        let mut roles: BTreeMap<String, BTreeMap<String, Vec<&str>>> = BTreeMap::new();
        for (role, who, place) in members(size) {
            let all = roles.entry(user(who)).or_default().entry(environment(place)).or_default();
            if !all.contains(&role) {
                all.push(role);
            }
        }
        let tier = |number| if is_production(number) { "production" } else { "nonproduction" };
        let tiers: BTreeMap<String, &str> =
            (0..size.environments).map(|number| (environment(number), tier(number))).collect();
        let actions: BTreeMap<&str, Vec<&str>> =
            ["developer", "log-viewer", "operator"].map(|role| (role, actions(role))).into();
        let data = serde_json::json!({ "roles": roles, "tiers": tiers, "actions": actions });
        engine.add_data_json(&data.to_string()).expect("data");
        Self(engine)
    }

    pub(crate) fn is_allowed(&mut self, (who, place): &Question) -> bool {
        let input = BTreeMap::from([
            (regorus::Value::from("user"), regorus::Value::from(who.as_str())),
            (regorus::Value::from("environment"), regorus::Value::from(place.as_str())),
            (regorus::Value::from("action"), regorus::Value::from("restartService")),
        ]);
        self.0.set_input(regorus::Value::from(input));
        self.0.eval_rule("data.fortem.allow".to_owned()).expect("an answer") == true.into()
    }
}
