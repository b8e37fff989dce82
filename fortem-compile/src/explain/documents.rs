//! The documents of somebody, read back, and calls that they allow or deny.

use fortem_core::Problem;

use super::{Call, Deciding, ExplainError, Somebody};
use crate::Identity;
use crate::domain::{Applying, Bits, Fixed, Found, Languages, Search, Shape, Shapes, Variables};
use crate::iam::{Condition, Context, Document, Effect, Statement};
use crate::lower::{Binding, slot_key};
use crate::output::origins;
use crate::reference::{Carries, ResourceType};

/// The statements of somebody's documents, guards, which each document repeats, once.
pub(super) struct Documents {
    pub(super) statements: Vec<(Statement, Deciding)>,
    /// The keys that somebody brings to a call.
    pub(super) context: Context,
    /// Those, and the keys of other environments' tags that somebody lacks.
    own_keys: Vec<String>,
}

impl Documents {
    pub(super) fn of(somebody: &Somebody<'_>) -> Result<Self, ExplainError> {
        let Somebody { source, compiled, role, environment } = *somebody;
        let id = role.policy.id();
        let for_one = Identity { role: id, environment };
        let identity =
            if compiled.documents.contains_key(&for_one) { for_one } else { Identity::of(id) };
        let written = compiled.documents.get(&identity).map(Vec::as_slice).unwrap_or_default();
        let mut statements: Vec<(Statement, Deciding)> = Vec::new();
        for (index, document) in written.iter().enumerate() {
            let file = identity.file(index);
            let read = Document::parse(&document.to_json()).map_err(|error| {
                let message = format!("`{file}` cannot be read back: {error}");
                fortem_core::Problems::from(Problem::new("fortem::fault", message))
            })?;
            for (read, made) in read.statements().iter().zip(document.statements()) {
                if statements.iter().any(|(known, _)| known.says_the_same_as(read)) {
                    continue;
                }
                let deciding = Deciding {
                    effect: made.effect(),
                    sid: made.sid().to_owned(),
                    file: file.clone(),
                    from: origins(source, made),
                };
                statements.push((read.clone(), deciding));
            }
        }
        let world = compiled.world();
        let own_keys = match Binding::of(world.fleet, role, identity) {
            Binding::Tag => vec![world.tag("Principal")],
            Binding::Slots(count) => (1..=count).map(|slot| slot_key(world.fleet, slot)).collect(),
            Binding::To(_) | Binding::Named => Vec::new(),
        };
        let mut context = Context::default();
        if let Some((key, environment)) = own_keys.first().zip(environment) {
            context.insert(key, environment);
        }
        Ok(Self { statements, context, own_keys })
    }

    fn read(&self) -> Vec<&Statement> {
        self.statements.iter().map(|(statement, _)| statement).collect()
    }

    /// The statements with these numbers and of an effect.
    pub(super) fn deciding(&self, applying: Bits, effect: Effect) -> Vec<Deciding> {
        let numbered = self.statements.iter().enumerate();
        let own = numbered.filter(|(number, (_, deciding))| {
            applying.contains(*number) && deciding.effect == effect
        });
        own.map(|(_, (_, deciding))| deciding.clone()).collect()
    }
}

/// Everything that the documents tell apart about the calls of somebody.
pub(super) struct Calls<'d> {
    documents: &'d Documents,
    statements: Vec<&'d Statement>,
    shapes: &'d Shapes<'d>,
    languages: Languages,
    searches: Vec<(Fixed, Search)>,
    allows: Bits,
    denies: Bits,
}

/// A call, and the statements that decide about it.
pub(super) struct Witness {
    pub(super) call: Call,
    pub(super) allowing: Vec<Deciding>,
    pub(super) denying: Vec<Deciding>,
}

impl<'d> Calls<'d> {
    pub(super) fn of(
        somebody: &Somebody<'_>,
        documents: &'d Documents,
        shapes: &'d Shapes<'d>,
    ) -> Result<Self, ExplainError> {
        let world = somebody.compiled.world();
        let statements = documents.read();
        let mut languages = Languages::new(world.fleet.partition().as_str());
        let variables = Variables::of(&statements, &[], shapes);
        let (context, own_keys) = (&documents.context, &documents.own_keys);
        let keys: Vec<String> = variables.keys().iter().chain(own_keys).cloned().collect();
        let mut searches = Vec::new();
        for fixed in variables.fixed(context, own_keys, &mut languages)? {
            let search =
                Search::new(&statements, &fixed.context, &keys, world.reference, &mut languages)?;
            searches.push((fixed, search));
        }
        let of_effect = |effect| {
            let numbered = statements.iter().enumerate();
            numbered.filter(|(_, one)| one.effect() == effect).map(|(number, _)| number).collect()
        };
        let (allows, denies) = (of_effect(Effect::Allow), of_effect(Effect::Deny));
        Ok(Self { documents, statements, shapes, languages, searches, allows, denies })
    }

    /// A call of an API action on a type of resource that is allowed under every reading.
    pub(super) fn allowed(&mut self, api: &str, kind: Option<&str>) -> Asked {
        let (allows, denies) = (self.allows, self.denies);
        self.first(api, kind, |one| one.surely.meets(allows) && !one.perhaps.meets(denies))
    }

    /// A call that some statement allows and another one denies.
    pub(super) fn denied(&mut self, api: &str, kind: Option<&str>) -> Asked {
        let (allows, denies) = (self.allows, self.denies);
        self.first(api, kind, |one| one.surely.meets(allows) && one.surely.meets(denies))
    }

    fn first(&mut self, api: &str, kind: Option<&str>, judge: impl Fn(Applying) -> bool) -> Asked {
        let Self { documents, statements, shapes, languages, searches, .. } = self;
        let is_asked = |shape: &Shape| {
            shape.action.name() == api && shape.kind.map(ResourceType::name) == kind
        };
        let Some((place, shape)) = shapes.iter().find(|(_, shape)| is_asked(shape)) else {
            return Ok(None);
        };
        let has =
            |key: &str| shapes.carrying(key).get(place).is_some_and(|one| *one != Carries::No);
        let lower = api.to_ascii_lowercase();
        let numbered = statements.iter().enumerate();
        let covering: Bits = numbered
            .filter(|(_, one)| one.covers_action(&lower))
            .map(|(number, _)| number)
            .collect();
        for (fixed, search) in searches {
            let mut given = fixed.context.iter();
            if !given.all(|(key, _)| has(key)) {
                continue;
            }
            let context = &fixed.context;
            let resources = search.resources(shape.target(), statements, context, languages)?;
            let relevant = search.left(covering);
            let keys: Vec<&str> = search.keys().collect();
            let carried = search.asked(relevant, |key| keys.get(key).is_some_and(|key| has(key)));
            let found =
                search.find(&resources, relevant, carried, |one| judge(one).then_some(()))?;
            if let Some((found, ())) = found {
                return Ok(Some(documents.witness(api, fixed, found)));
            }
        }
        Ok(None)
    }
}

type Asked = Result<Option<Witness>, ExplainError>;

impl Documents {
    /// A key as the statements write it.
    pub(super) fn spelling(&self, key: &str) -> String {
        let conditions = self.statements.iter().flat_map(|(one, _)| one.conditions());
        let own = self.own_keys.iter().map(String::as_str);
        let mut written = conditions.map(Condition::key).chain(own);
        written.find(|one| one.eq_ignore_ascii_case(key)).unwrap_or(key).to_owned()
    }

    fn witness(&self, api: &str, fixed: &Fixed, found: Found) -> Witness {
        let given = fixed.context.iter();
        let given = given.map(|(key, values)| (self.spelling(key), values.as_slice().to_vec()));
        let own = found.keys.into_iter().map(|(key, values)| (key, values.as_slice().to_vec()));
        Witness {
            call: Call {
                api: api.to_owned(),
                resource: found.resource,
                keys: given.chain(own).collect(),
            },
            allowing: self.deciding(found.applying.perhaps, Effect::Allow),
            denying: self.deciding(found.applying.perhaps, Effect::Deny),
        }
    }
}
