//! The documents of a role and the plain reading of Cedar's answers, call by call.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use fortem_core::Policy;

use super::answers::{Answers, Given, Questions};
use super::asked::{self, Asked};
use super::cedar::{Cedar, Forbidden};
use super::circumstances::{Circumstance, Circumstances};
use super::environments::Environments;
use super::plain::{Bound, Plain, Reader, Role};
use super::principals::{Principal, bound, own_keys, principals};
use super::sides::Sides;
use super::{Difference, Verifier, VerifyError};
use crate::context::ContextKeys;
use crate::domain::{Calls, Search};
use crate::iam::{Condition, Context, Statement, Truth};
use crate::lower::World;
use crate::reference::{Action, Carries};

/// Actions with the types of resource they apply to.
type Targets = BTreeSet<(Rc<str>, Rc<str>)>;

/// The documents for one environment, or for all, with what Cedar says of the environments they tell apart.
pub(super) struct Domain<'v, 'a> {
    verifier: &'v mut Verifier<'a>,
    /// The one environment that the documents are for.
    environment: Option<&'v str>,
    environments: Environments,
    cedar: Cedar<'a>,
    keys: ContextKeys<'a>,
    targets: Targets,
    /// What guards ask.
    of_guards: BTreeSet<String>,
}

/// Ids of policies.
type Ids = BTreeSet<String>;

/// What guards forbid, may forbid, and which of them go by tags or are blind.
type Asking = (Forbidden, Forbidden, (Ids, Ids));

/// API actions of which AWS shows the same of what policies ask about.
struct Class {
    /// The keys that all their calls have.
    shown: BTreeSet<String>,
    /// Those, and the keys that some of their calls may have.
    possible: BTreeSet<String>,
    /// The places of their shapes.
    shapes: Vec<usize>,
}

/// A role with everything that decides about it.
struct Subject<'s, 'a> {
    role: &'s Role,
    bound: Bound<'s>,
    questions: &'s Questions<'s, 'a>,
    emitted: &'s [Statement],
    calls: &'s [Calls],
    /// The keys that the principal and the circumstance say all of.
    fixed: &'s [String],
}

/// What was worked out for a role before.
#[derive(Default)]
struct Known {
    given: Given,
    /// The statements that forbid.
    forbidden: HashMap<Asking, Rc<Vec<Plain>>>,
}

impl<'v, 'a> Domain<'v, 'a> {
    pub(super) fn of(
        verifier: &'v mut Verifier<'a>,
        environment: Option<&'v str>,
        read: &BTreeMap<&str, Vec<Statement>>,
    ) -> Result<Self, VerifyError> {
        let Verifier { source, world, .. } = verifier;
        let source = *source;
        let keys = ContextKeys::of(world.fleet, world.reference)
            .map_err(|problems| VerifyError::Cedar(problems.to_string()))?;
        let statements: Vec<&Statement> = read.values().flatten().collect();
        let environments = Environments::of(source, world.table, &statements);
        let reader = asked::Reader { fleet: world.fleet, keys: &keys };
        let mut everything = Asked::default();
        source.policies().iter().for_each(|policy| reader.read(policy, &mut everything));
        let mut of_guards = Asked::default();
        source.guards().for_each(|policy| reader.read(policy, &mut of_guards));
        let asked = environments.asked().clone();
        let cedar = Cedar::new(source, keys.clone(), everything.spellings, asked)?;
        // An environment itself is nothing that IAM sees.
        let targets = cedar.targets().filter(|(_, kind)| *kind != "Environment");
        let targets = targets.map(|(action, kind)| (Rc::clone(action), kind.into())).collect();
        let of_guards = of_guards.keys.into_keys().collect();
        Ok(Self { verifier, environment, environments, cedar, keys, targets, of_guards })
    }

    /// What the environments are to each other.
    pub(super) fn into_environments(self) -> Environments {
        self.environments
    }

    /// The first difference between a role's documents and Cedar.
    pub(super) fn differences(
        &mut self,
        id: &str,
        emitted: &[Statement],
    ) -> Result<Option<Difference>, VerifyError> {
        let source = self.verifier.source;
        let mut policies = source.policies().iter();
        let policy = policies.find(|policy| policy.id() == id);
        let policy = policy.ok_or_else(|| VerifyError::UnknownRole(id.to_owned()))?;
        let mut asked = self.asked(&[policy]);
        let of_role: BTreeSet<String> = asked.keys.keys().cloned().collect();
        let guards: Vec<&Policy> = source.guards().collect();
        asked.extend(self.asked(&guards));
        let fleet = self.verifier.world.fleet;
        let bound = bound(fleet, policy, self.environment);
        let own = own_keys(fleet, bound);
        let fixed: Vec<String> = own.into_iter().chain(asked.keys.keys().cloned()).collect();
        emitted.iter().try_for_each(|one| check_variables(id, one, &fixed))?;
        let languages = &mut self.verifier.languages;
        let circumstances = Circumstances::of(&asked, emitted, languages)?;
        let all = principals(fleet, id, bound, &self.environments, emitted, languages)?;
        let questions = Questions {
            role: policy,
            circumstances: &circumstances,
            of_role: &of_role,
            of_guards: &self.of_guards.clone(),
        };
        let role = self.role(&questions, bound)?;
        let shapes = &self.verifier.shapes;
        let calls: Vec<Calls> = emitted.iter().map(|one| shapes.covered_by(one)).collect();
        let subject = Subject {
            role: &role,
            bound,
            questions: &questions,
            emitted,
            calls: &calls,
            fixed: &fixed,
        };
        let mut known = Known::default();
        for class in self.classes(&questions.keys()) {
            for principal in &all {
                let found = self.compare(&subject, &mut known, &class, principal)?;
                if found.is_some() {
                    return Ok(found);
                }
            }
        }
        Ok(None)
    }

    fn asked(&self, policies: &[&Policy]) -> Asked {
        let reader = asked::Reader { fleet: self.verifier.world.fleet, keys: &self.keys };
        let mut asked = Asked::default();
        for policy in policies {
            reader.read(policy, &mut asked);
        }
        asked
    }

    /// What Cedar lets a role do at all, in some environment and under some circumstance.
    fn role(&mut self, questions: &Questions<'_, 'a>, bound: Bound) -> Result<Role, VerifyError> {
        let known: Vec<Option<String>> = match bound {
            Bound::ToNone => vec![None],
            Bound::To(one) => vec![Some(self.environments.asked_for(one).to_owned())],
            Bound::ByTag | Bound::BySlot => {
                self.cedar.places().iter().filter(|place| place.is_some()).cloned().collect()
            }
        };
        let mut actions: BTreeSet<Rc<str>> = BTreeSet::new();
        let mut open: BTreeSet<Rc<str>> = BTreeSet::new();
        let mut seen = HashSet::new();
        for when in questions.circumstances.all(questions.circumstances.values.keys()) {
            for environment in &known {
                let said = questions.said(&mut self.cedar, environment.as_deref(), &when)?;
                if seen.insert(said.clone()) {
                    actions.extend(said.permitted.iter().map(|target| Rc::clone(&target.action)));
                    open.extend(said.open().map(|target| Rc::clone(&target.action)));
                }
            }
        }
        let World { fleet, table, .. } = self.verifier.world;
        let mut apis = BTreeSet::new();
        for action in &actions {
            let calls = table.calls_of(action, fleet.schedule().as_str());
            let calls = calls.into_iter().filter(|call| !call.supporting || open.contains(action));
            apis.extend(calls.map(|call| call.api.clone()));
        }
        let accepted = fleet.accepted_leaks().iter();
        let leaks = accepted.filter_map(|one| {
            let mut rows = table.blind.iter().filter(|row| row.api == one.name());
            rows.find(|row| row.actions.iter().any(|action| actions.contains(action.as_str())))
        });
        apis.extend(leaks.map(|row| row.api.clone()));
        Ok(Role { id: questions.role.id().to_owned(), actions, apis })
    }

    /// The API actions by what AWS shows of the keys that policies ask about.
    fn classes(&self, keys: &BTreeSet<String>) -> Vec<Class> {
        let shapes = &self.verifier.shapes;
        let carrying: Vec<_> = keys.iter().map(|key| (key, shapes.carrying(key))).collect();
        let mut by_action: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, shape) in shapes.iter() {
            by_action.entry(Action::name(shape.action)).or_default().push(place);
        }
        let mut classes: BTreeMap<BTreeSet<String>, Class> = BTreeMap::new();
        for places in by_action.into_values() {
            let which = |wanted: fn(&[Carries]) -> bool| {
                let own = carrying.iter().filter(|(_, all)| {
                    let own: Vec<Carries> =
                        places.iter().filter_map(|place| all.get(*place).cloned()).collect();
                    wanted(&own)
                });
                own.map(|(key, _)| (*key).clone()).collect::<BTreeSet<String>>()
            };
            let shown = which(|all| all.iter().all(|one| *one == Carries::Yes));
            let possible = which(|all| all.iter().any(|one| *one != Carries::No));
            let class = classes.entry(shown.clone()).or_insert_with(|| Class {
                shown,
                possible: BTreeSet::new(),
                shapes: Vec::new(),
            });
            class.possible.extend(possible);
            class.shapes.extend(places);
        }
        classes.into_values().collect()
    }

    /// One class of API actions for one principal, under each circumstance that anything tells apart.
    fn compare(
        &mut self,
        subject: &Subject<'_, 'a>,
        known: &mut Known,
        class: &Class,
        principal: &Principal,
    ) -> Result<Option<Difference>, VerifyError> {
        let without_resource = class.shown.iter().filter(|key| !is_resource_tag(key));
        let without_resource: BTreeSet<String> = without_resource.cloned().collect();
        let mut seen = HashSet::new();
        for when in subject.questions.circumstances.all(&class.possible) {
            let given = &mut known.given;
            let answers = self.answers(subject, given, principal, &class.shown, &when)?;
            let companions = self.answers(subject, given, principal, &without_resource, &when)?;
            let mut context = principal.context();
            for (key, value) in &when {
                context.insert(key, value.as_str());
            }
            let present: BTreeSet<&String> =
                when.keys().filter(|key| !class.shown.contains(*key)).collect();
            let variables = subject.questions.circumstances.variables.iter();
            let variables: Vec<Option<&String>> = variables.map(|key| when.get(key)).collect();
            let signature = (
                Rc::as_ptr(&answers),
                Rc::as_ptr(&companions),
                outcomes(subject, &context),
                format!("{variables:?} {present:?}"),
            );
            if !seen.insert(signature) {
                continue;
            }
            let answers = (&*answers, &*companions);
            let found = self.under(subject, known, class, principal, answers, &when)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The guards that ask about some key of a kind.
    fn guards_asking(&self, is_meant: impl Fn(&String) -> bool) -> Ids {
        let asks = |policy: &&Policy| self.asked(&[*policy]).keys.keys().any(&is_meant);
        let guards = self.verifier.source.guards().filter(asks);
        guards.map(|guard| guard.id().to_owned()).collect()
    }

    fn answers(
        &mut self,
        subject: &Subject<'_, 'a>,
        given: &mut Given,
        principal: &Principal,
        shown: &BTreeSet<String>,
        when: &Circumstance,
    ) -> Result<Rc<Answers>, VerifyError> {
        let Self { environments, cedar, .. } = self;
        let environment = principal.environment().map(|one| environments.asked_for(one));
        let answers = subject.questions.answers(cedar, given, environment, shown, when)?;
        // A tag that spells a known environment in another way may count as that one.
        let also = principal.tag().and_then(|tag| environments.spelt_otherwise(tag));
        let Some((own, other)) = environment.zip(also) else { return Ok(answers) };
        let others = subject.questions.answers(cedar, given, Some(other), shown, when)?;
        Ok(given.both(&answers, own, &others, other))
    }

    /// Every call of a class, by one principal under one circumstance.
    fn under(
        &mut self,
        subject: &Subject<'_, 'a>,
        known: &mut Known,
        class: &Class,
        principal: &Principal,
        (answers, companions): (&Answers, &Answers),
        when: &Circumstance,
    ) -> Result<Option<Difference>, VerifyError> {
        let tag_guards =
            self.guards_asking(|key| is_resource_tag(key) && class.shown.contains(key));
        let blind_guards = self.guards_asking(|key| !class.shown.contains(key));
        let reader = Reader {
            world: &self.verifier.world,
            shapes: &self.verifier.shapes,
            environments: &self.environments,
            places: self.cedar.places(),
            targets: &self.targets,
            role: subject.role,
            bound: subject.bound,
            answers,
            companions,
            tag_guards: &tag_guards,
            blind_guards: &blind_guards,
        };
        let kinds = (tag_guards.clone(), blind_guards.clone());
        let asked = (answers.forbidden.clone(), answers.may_be_forbidden.clone(), kinds);
        let forbidden = match known.forbidden.entry(asked) {
            Entry::Occupied(known) => Rc::clone(known.get()),
            Entry::Vacant(new) => Rc::clone(new.insert(Rc::new(reader.forbidden()?))),
        };
        let is_assigned = subject.bound != Bound::ToNone;
        let granted: Vec<Plain> = match principal.environment() {
            None if is_assigned => Vec::new(),
            environment => reader.granted(environment)?,
        };
        let emitted = subject.emitted;
        let sides = Sides { emitted, forbidden: &forbidden, granted: &granted };
        let mut context = principal.context();
        for (key, value) in when {
            context.insert(key, value.as_str());
        }
        let variables = &subject.questions.circumstances.variables;
        let is_unclear = variables.iter().any(|key| when.get(key).is_some_and(String::is_empty));
        // Who spells an environment in another way is promised nothing.
        let spelt_otherwise = |tag| self.environments.spelt_otherwise(tag).is_some();
        let is_unclear = is_unclear || principal.tag().is_some_and(spelt_otherwise);
        self.calls(subject, class, principal, &sides, &context, when, is_unclear)
    }

    #[expect(clippy::too_many_arguments, reason = "everything that one comparison is about")]
    fn calls(
        &mut self,
        subject: &Subject<'_, 'a>,
        class: &Class,
        principal: &Principal,
        sides: &Sides,
        context: &Context,
        when: &Circumstance,
        is_unclear: bool,
    ) -> Result<Option<Difference>, VerifyError> {
        let Verifier { world, shapes, languages, kinds, .. } = &mut *self.verifier;
        let statements = sides.statements();
        let search = Search::new(&statements, context, subject.fixed, world.reference, languages)?;
        let covering = sides.covering(subject.calls, shapes.count());
        let carrying: Vec<_> = search.keys().map(|key| shapes.carrying(key)).collect();
        let given: Vec<_> = when.keys().map(|key| shapes.carrying(key)).collect();
        let judge = sides.judge(is_unclear);
        let mut resources = HashMap::new();
        let mut seen = HashSet::new();
        let own: BTreeSet<usize> = class.shapes.iter().copied().collect();
        for (place, shape) in shapes.iter().filter(|(place, _)| own.contains(place)) {
            // A call that cannot have one of the keys is asked about without it.
            if given.iter().any(|all| all.get(place).is_none_or(|one| *one == Carries::No)) {
                continue;
            }
            let covering = covering.get(place).copied().unwrap_or_default();
            let relevant = search.left(covering);
            if relevant.is_empty() {
                continue;
            }
            let resources = match resources.entry(shape.form) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    new.insert(search.resources(shape.target(), &statements, context, languages)?)
                }
            };
            let is_carried = |key: usize| {
                let of_key = carrying.get(key).and_then(|all| all.get(place));
                of_key.is_some_and(|one| *one != Carries::No)
            };
            let carried = search.asked(relevant, is_carried);
            if seen.insert((relevant, resources.is_named.then_some(shape.form), carried))
                && let Some((found, kind)) = search.find(resources, relevant, carried, |one| {
                    judge.of(one).filter(|kind| kinds.contains(kind))
                })?
            {
                let role = subject.role;
                return Ok(Some(Difference::new(kind, role, principal, shape, found, sides, when)));
            }
        }
        Ok(None)
    }
}

/// How the emitted statements' conditions on fixed keys come out.
fn outcomes(subject: &Subject, context: &Context) -> Vec<u8> {
    let is_fixed = |condition: &&Condition| {
        subject.fixed.iter().any(|key| key.eq_ignore_ascii_case(condition.key()))
    };
    let conditions = subject.emitted.iter().flat_map(Statement::conditions).filter(is_fixed);
    let outcome = |condition: &Condition| match condition.holds(context) {
        Truth::No => 0,
        Truth::Unclear(_) => 1,
        Truth::Yes => 2,
    };
    conditions.map(outcome).collect()
}

fn is_resource_tag(key: &str) -> bool {
    key.starts_with("aws:resourcetag/")
}

fn check_variables(role: &str, statement: &Statement, known: &[String]) -> Result<(), VerifyError> {
    let in_conditions = statement.conditions().iter().flat_map(Condition::variables);
    let mut all = statement.resource_variables().chain(in_conditions);
    let is_known = |key: &str| known.iter().any(|one| one.eq_ignore_ascii_case(key));
    match all.find(|key| !is_known(key)) {
        None => Ok(()),
        Some(key) => Err(VerifyError::Variable {
            role: role.to_owned(),
            statement: statement.name(),
            key: key.to_owned(),
        }),
    }
}
