//! The policies with the decision table: for each policy what Cedar answers by action, kind of resource, tier and
//! environment, asked once.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use cedar_policy::{
    Authorizer, Context, Entities, Entity, EntityId, EntityUid, Policy, PolicyId, PolicySet,
    Request, pst,
};
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};
use smol_str::SmolStr;

use super::environments::Environments;
use super::grants::{EnvironmentId, Grant, Grants, RuleId};
use super::loosen::{self, Reach};
use super::operation::{ENVIRONMENT, Operations};
use super::people::Teams;
use super::rule::{Cell, NOWHERE, Rule, row_of};
use crate::fleet::Tier;
use crate::vocabulary::{NAMESPACE, Vocabulary};

/// Every policy, and whom those without slots can apply to.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) list: Vec<Rule>,
    /// As they were given, templates and policies without slots.
    pub(super) policies: PolicySet,
    pub(super) everyone: Grants,
    pub(super) of_users: FxHashMap<SmolStr, Grants>,
    /// By number of the team.
    pub(super) of_teams: Vec<Grants>,
    pub(super) hash: String,
    roles: FxHashMap<SmolStr, RuleId>,
    /// The environments that policies name.
    mentioned: BTreeSet<String>,
}

impl Rules {
    /// Asks Cedar about each policy. What goes wrong is said in words.
    pub(super) fn new(
        policies: &PolicySet,
        environments: &Environments,
        teams: &Teams,
    ) -> Result<Self, String> {
        let environment = loosen::entity_type(NAMESPACE, ENVIRONMENT)?;
        let mut list = Vec::new();
        let mut mentions: BTreeMap<String, Vec<RuleId>> = BTreeMap::new();
        for template in templates(policies)? {
            let id = RuleId(u32::try_from(list.len()).map_err(|_| "too many policies")?);
            let (rule, looks) = Rule::new(template)?;
            for name in looks.environments {
                mentions.entry(name).or_default().push(id);
            }
            list.push(rule);
        }
        let mentioned: BTreeSet<String> = mentions.keys().cloned().collect();
        let table = Table::new(&list, &environment, &mentioned)?;
        let base = table.base()?;
        let named = table.named(&mentions, environments)?;
        for (row, cells) in base {
            for (rule, cells) in cells {
                let slot = rule_mut(&mut list, rule).and_then(|one| one.rows.get_mut(row));
                slot.into_iter().for_each(|slot| *slot = cells.clone());
            }
        }
        for (id, cells) in named {
            for (rule, cells) in cells {
                rule_mut(&mut list, rule)
                    .into_iter()
                    .for_each(|one| one.named.push((id, cells.clone())));
            }
        }
        let mut rules = Self {
            roles: (0..)
                .map(RuleId)
                .zip(&list)
                .filter(|(_, rule)| rule.is_role)
                .map(|(id, rule)| (rule.id.clone(), id))
                .collect(),
            hash: hash(&list),
            list,
            policies: policies.clone(),
            everyone: Grants::default(),
            of_users: FxHashMap::default(),
            of_teams: Vec::new(),
            mentioned,
        };
        rules.index(environments, teams);
        Ok(rules)
    }

    /// Notes whom and where the policies without slots can apply to.
    fn index(&mut self, environments: &Environments, teams: &Teams) {
        let mut everyone = Vec::new();
        let mut of_users: FxHashMap<SmolStr, Vec<Grant>> = FxHashMap::default();
        let mut of_teams = vec![Vec::new(); teams.list.len()];
        for (id, rule) in (0..).map(RuleId).zip(&self.list).filter(|(_, rule)| !rule.is_role) {
            let place = loosen::place(&rule.template.resource);
            let environment = place.map(|name| environments.named(name));
            // An environment that nobody knows has no resources.
            let grant = match environment {
                Some(None) => continue,
                Some(Some(environment)) => Grant::new(Some(environment), id),
                None => Grant::new(None, id),
            };
            match &rule.reach {
                Reach::Everyone => everyone.push(grant),
                Reach::User(name) => of_users.entry(name.clone()).or_default().push(grant),
                Reach::Team(name) => {
                    let team = teams.find(name).and_then(|id| of_teams.get_mut(id.0 as usize));
                    team.into_iter().for_each(|grants: &mut Vec<_>| grants.push(grant));
                }
                Reach::Assignee | Reach::AssigneeOnly | Reach::Nobody => {}
            }
        }
        self.everyone = everyone.into_iter().collect();
        let grants = |(name, grants): (_, Vec<_>)| (name, grants.into_iter().collect());
        self.of_users = of_users.into_iter().map(grants).collect();
        self.of_teams = of_teams.into_iter().map(|grants| grants.into_iter().collect()).collect();
    }

    pub(super) fn get(&self, id: RuleId) -> Option<&Rule> {
        self.list.get(id.0 as usize)
    }

    pub(super) fn role(&self, name: &str) -> Option<RuleId> {
        self.roles.get(name).copied()
    }

    /// Whether a policy names an environment, so that the table depends on its name.
    pub(super) fn mention(&self, environment: &str) -> bool {
        self.mentioned.contains(environment)
    }
}

fn rule_mut(list: &mut [Rule], id: RuleId) -> Option<&mut Rule> {
    list.get_mut(id.0 as usize)
}

/// Templates, and policies without slots as their own, sorted by id.
fn templates(policies: &PolicySet) -> Result<Vec<pst::Template>, String> {
    let set = policies.to_pst().map_err(|error| error.to_string())?;
    let statics = set.policies.values().map(|policy| policy.body().clone());
    let mut all: Vec<pst::Template> = set.templates.values().cloned().chain(statics).collect();
    all.sort_by(|a, b| a.id.0.cmp(&b.id.0));
    Ok(all)
}

/// SHA-256 over the policies, by id, in lower-case hexadecimal.
fn hash(list: &[Rule]) -> String {
    let mut hash = Sha256::new();
    for rule in list {
        for part in [rule.id.to_string(), rule.template.to_string()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

type Cells = Vec<(RuleId, Box<[Cell]>)>;

/// Cedar, asked about every policy at once.
struct Table<'a> {
    list: &'a [Rule],
    policies: Vec<Policy>,
    actions: Entities,
    /// The name of an environment that no policy names.
    unnamed: SmolStr,
}

impl<'a> Table<'a> {
    fn new(
        list: &'a [Rule],
        environment: &pst::EntityType,
        mentioned: &BTreeSet<String>,
    ) -> Result<Self, String> {
        let mut policies = Vec::new();
        for (number, rule) in list.iter().enumerate() {
            let set = rule.for_table(environment)?;
            let policy = set.policies().next().ok_or("a policy that is none")?;
            policies.push(policy.new_id(PolicyId::new(number.to_string())));
        }
        let mut unnamed = "?".to_owned();
        while mentioned.contains(&unnamed) {
            unnamed.push('?');
        }
        let schema = Vocabulary::builtin().schema();
        let actions = schema.action_entities().map_err(|error| error.to_string())?;
        Ok(Self { list, policies, actions, unnamed: unnamed.into() })
    }

    /// The rows for any environment, by tier, and for none.
    fn base(&self) -> Result<Vec<(usize, Cells)>, String> {
        let all: Vec<RuleId> = (0..).map(RuleId).take(self.list.len()).collect();
        let mut rows = vec![(NOWHERE, self.fill(&all, None)?)];
        for tier in Tier::ALL {
            let place = (self.unnamed.clone(), *tier);
            rows.push((row_of(*tier), self.fill(&all, Some(place))?));
        }
        Ok(rows)
    }

    /// The rows for the environments that policies name.
    fn named(
        &self,
        mentions: &BTreeMap<String, Vec<RuleId>>,
        environments: &Environments,
    ) -> Result<Vec<(EnvironmentId, Cells)>, String> {
        let mut rows = Vec::new();
        for (name, rules) in mentions {
            let id = environments.named(name);
            if let Some((id, tier)) = id.and_then(|id| Some((id, environments.tier(id)?))) {
                rows.push((id, self.fill(rules, Some((SmolStr::new(name), tier)))?));
            }
        }
        Ok(rows)
    }

    /// The row of each policy for a resource in an environment, or in none.
    fn fill(&self, rules: &[RuleId], place: Option<(SmolStr, Tier)>) -> Result<Cells, String> {
        let operations = Operations::builtin();
        let mut cells: BTreeMap<RuleId, Vec<Cell>> =
            rules.iter().map(|rule| (*rule, vec![Cell::No; operations.len()])).collect();
        let sets = [self.set(rules, pst::Effect::Permit)?, self.set(rules, pst::Effect::Forbid)?];
        for (id, operation) in operations.all() {
            if operation.is_of_environment() && place.is_none() {
                continue;
            }
            let (request, entities) = self.question(operation, place.as_ref())?;
            for set in &sets {
                let answer = Authorizer::new().is_authorized(&request, set, &entities);
                if let Some(error) = answer.diagnostics().errors().next() {
                    return Err(error.to_string());
                }
                for satisfied in answer.diagnostics().reason() {
                    let number =
                        satisfied.to_string().parse().map_err(|_| satisfied.to_string())?;
                    let rule = RuleId(number);
                    let asked =
                        self.list.get(number as usize).and_then(|one| one.condition.as_ref());
                    let cell = if asked.is_some() { Cell::Ask } else { Cell::Yes };
                    let row = cells.get_mut(&rule);
                    if let Some(slot) = row.and_then(|row| row.get_mut(usize::from(id.0))) {
                        *slot = cell;
                    }
                }
            }
        }
        Ok(cells.into_iter().map(|(rule, row)| (rule, row.into_boxed_slice())).collect())
    }

    fn set(&self, rules: &[RuleId], effect: pst::Effect) -> Result<PolicySet, String> {
        let of_effect = rules
            .iter()
            .filter(|rule| self.list.get(rule.0 as usize).is_some_and(|one| one.effect == effect));
        let policies = of_effect.filter_map(|rule| self.policies.get(rule.0 as usize)).cloned();
        PolicySet::from_policies(policies).map_err(|error| error.to_string())
    }

    /// Somebody asks for an operation on some resource of a place.
    fn question(
        &self,
        operation: &super::operation::Operation,
        place: Option<&(SmolStr, Tier)>,
    ) -> Result<(Request, Entities), String> {
        let environment = place.map(|(name, tier)| Ok((uid(ENVIRONMENT, name)?, *tier)));
        let environment = environment.transpose().map_err(|error: String| error)?;
        let resource = match &environment {
            Some((environment, _)) if operation.is_of_environment() => environment.clone(),
            _ => EntityUid::from_type_name_and_id(operation.kind_name.clone(), EntityId::new("?")),
        };
        let mut entities = Vec::new();
        if let Some((environment, tier)) = environment {
            if environment != resource {
                let parents = HashSet::from([environment.clone()]);
                entities.push(Entity::new_no_attrs(resource.clone(), parents));
            }
            let parents = HashSet::from([uid("Tier", tier.as_str())?]);
            entities.push(Entity::new_no_attrs(environment, parents));
        }
        let entities = self.actions.clone().add_entities(entities, None);
        let entities = entities.map_err(|error| error.to_string())?;
        let action = operation.action_uid.clone();
        let request = Request::new(uid("User", "?")?, action, resource, Context::empty(), None);
        Ok((request.map_err(|error| error.to_string())?, entities))
    }
}

/// The Cedar entity of a kind of the vocabulary.
pub(super) fn uid(kind: &str, id: &str) -> Result<EntityUid, String> {
    let (_, name) =
        Vocabulary::builtin().kind(kind).ok_or_else(|| format!("`{kind}` is no kind"))?;
    Ok(EntityUid::from_type_name_and_id(name.clone(), EntityId::new(id)))
}
