//! The policies with the decision table: for each policy what Cedar answers by action, kind of resource, tier and
//! environment, asked once.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use cedar_policy::{
    Authorizer, Context, Entities, Entity, EntityId, EntityUid, Policy, PolicyId, PolicySet,
    Request, pst,
};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::environments::Environments;
use super::grants::RuleId;
use super::loosen::{self, Reach};
use super::operation::{ENVIRONMENT, Operation, Operations};
use super::rule::Rule;
use super::table::{Cell, Row, Table};
use crate::digest::Digest;
use crate::fleet::Tier;
use crate::vocabulary::{NAMESPACE, Vocabulary};

/// Every policy, with the table.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) list: Vec<Rule>,
    pub(super) table: Table,
    /// By number of the policy, whether a link of it to a team is for who is in the team.
    for_members: Vec<bool>,
    /// As they were given, templates and policies without slots.
    pub(super) policies: PolicySet,
    pub(super) digest: Digest,
    roles: FxHashMap<SmolStr, RuleId>,
    /// The environments that policies name.
    mentioned: BTreeSet<String>,
}

impl Rules {
    /// Asks Cedar about each policy. What goes wrong is said in words.
    pub(super) fn new(
        policies: &PolicySet,
        (vocabulary, operations): (&Vocabulary, &Operations),
        environments: &Environments,
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
        let questions = Questions::new(&list, (vocabulary, operations), &environment, &mentioned)?;
        let table = questions.ask(&mentions, environments)?;
        Ok(Self {
            roles: (0..)
                .map(RuleId)
                .zip(&list)
                .filter(|(_, rule)| rule.is_role)
                .map(|(id, rule)| (rule.id.clone(), id))
                .collect(),
            digest: digest(&list),
            for_members: list.iter().map(|rule| rule.reach == Reach::Assignee).collect(),
            list,
            table,
            policies: policies.clone(),
            mentioned,
        })
    }

    pub(super) fn get(&self, id: RuleId) -> Option<&Rule> {
        self.list.get(id.0 as usize)
    }

    pub(super) fn is_for_members(&self, id: RuleId) -> bool {
        self.for_members.get(id.0 as usize).is_some_and(|one| *one)
    }

    pub(super) fn role(&self, name: &str) -> Option<RuleId> {
        self.roles.get(name).copied()
    }

    /// Whether a policy names an environment, so that the table depends on its name.
    pub(super) fn mention(&self, environment: &str) -> bool {
        self.mentioned.contains(environment)
    }
}

/// Templates, and policies without slots as their own, sorted by id.
fn templates(policies: &PolicySet) -> Result<Vec<pst::Template>, String> {
    let set = policies.to_pst().map_err(|error| error.to_string())?;
    let statics = set.policies.values().map(|policy| policy.body().clone());
    let mut all: Vec<pst::Template> = set.templates.values().cloned().chain(statics).collect();
    all.sort_by(|a, b| a.id.0.cmp(&b.id.0));
    Ok(all)
}

/// The digest of the policies, by id, each with the length of its parts before them.
fn digest(list: &[Rule]) -> Digest {
    let mut text = Vec::new();
    for rule in list {
        for part in [rule.id.to_string(), rule.template.to_string()] {
            text.extend((part.len() as u64).to_be_bytes());
            text.extend(part.into_bytes());
        }
    }
    Digest::of(&text)
}

type Cells = BTreeMap<RuleId, Vec<Cell>>;

/// Where the resource is that Cedar is asked about.
type Place = Option<(SmolStr, Tier)>;

/// Cedar, asked about every policy at once.
struct Questions<'a> {
    list: &'a [Rule],
    policies: Vec<Policy>,
    vocabulary: &'a Vocabulary,
    operations: &'a Operations,
    /// The name of an environment that no policy names.
    unnamed: SmolStr,
}

impl<'a> Questions<'a> {
    fn new(
        list: &'a [Rule],
        (vocabulary, operations): (&'a Vocabulary, &'a Operations),
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
        Ok(Self { list, policies, vocabulary, operations, unnamed: unnamed.into() })
    }

    /// The whole table: a row for any environment of a tier, one for none, and those for environments that are named.
    fn ask(
        &self,
        mentions: &BTreeMap<String, Vec<RuleId>>,
        environments: &Environments,
    ) -> Result<Table, String> {
        let mut table = Table::new(self.list.len(), self.operations.len());
        let all: Vec<RuleId> = (0..).map(RuleId).take(self.list.len()).collect();
        for row in Row::ALL {
            let place = match row {
                Row::Nowhere => None,
                Row::Tier(tier) => Some((self.unnamed.clone(), tier)),
            };
            for (rule, cells) in self.fill(&all, &place)? {
                table.set(rule, row, &cells);
            }
        }
        for (name, rules) in mentions {
            let Some(id) = environments.named(name) else { continue };
            for (rule, cells) in self.fill(rules, &Some((SmolStr::new(name), id.tier())))? {
                table.set_named(rule, id, &cells);
            }
        }
        Ok(table)
    }

    /// What each policy does to each operation on a resource of a place.
    fn fill(&self, rules: &[RuleId], place: &Place) -> Result<Cells, String> {
        let nothing = vec![Cell::NOTHING; self.operations.len()];
        let mut cells: Cells = rules.iter().map(|rule| (*rule, nothing.clone())).collect();
        let sets = [self.set(rules, pst::Effect::Permit)?, self.set(rules, pst::Effect::Forbid)?];
        for (id, operation) in self.operations.all() {
            if operation.is_of_environment() && place.is_none() {
                continue;
            }
            let (request, entities) = self.question(operation, place)?;
            for set in &sets {
                for rule in satisfied(set, &request, &entities)? {
                    let row = cells.get_mut(&rule);
                    if let Some(slot) = row.and_then(|row| row.get_mut(usize::from(id.0))) {
                        *slot = self.effect(rule);
                    }
                }
            }
        }
        Ok(cells)
    }

    /// What a policy does where its scope fits.
    fn effect(&self, rule: RuleId) -> Cell {
        let rule = self.list.get(rule.0 as usize).filter(|rule| rule.reach != Reach::Nobody);
        let Some(rule) = rule else { return Cell::NOTHING };
        match (rule.effect, &rule.condition) {
            (pst::Effect::Permit, None) => Cell::PERMITS,
            (pst::Effect::Forbid, None) => Cell::FORBIDS,
            (pst::Effect::Permit, Some(_)) => Cell::MAY_PERMIT,
            (pst::Effect::Forbid, Some(_)) => Cell::MAY_FORBID,
        }
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
        operation: &Operation,
        place: &Place,
    ) -> Result<(Request, Entities), String> {
        let environment = match place {
            Some((name, tier)) => Some((self.vocabulary.uid(ENVIRONMENT, name)?, *tier)),
            None => None,
        };
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
            let parents = HashSet::from([self.vocabulary.uid("Tier", tier.as_str())?]);
            entities.push(Entity::new_no_attrs(environment, parents));
        }
        let entities = self.operations.entities.clone().add_entities(entities, None);
        let entities = entities.map_err(|error| error.to_string())?;
        let action = operation.action_uid.clone();
        let request = Request::new(
            self.vocabulary.uid("User", "?")?,
            action,
            resource,
            Context::empty(),
            None,
        );
        Ok((request.map_err(|error| error.to_string())?, entities))
    }
}

/// The policies of a set, all of one effect, that apply.
fn satisfied(
    set: &PolicySet,
    request: &Request,
    entities: &Entities,
) -> Result<Vec<RuleId>, String> {
    let answer = Authorizer::new().is_authorized(request, set, entities);
    if let Some(error) = answer.diagnostics().errors().next() {
        return Err(error.to_string());
    }
    let number = |id: &PolicyId| {
        let text: &str = id.as_ref();
        text.parse().map(RuleId).map_err(|_| format!("`{text}` is no number of a policy"))
    };
    answer.diagnostics().reason().map(number).collect()
}
