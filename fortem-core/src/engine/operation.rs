//! What can be asked about: each action with each kind of resource it applies to, numbered.

use cedar_policy::{Entities, EntityTypeName, EntityUid};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::request::RequestError;
use crate::near::nearest;
use crate::vocabulary::Vocabulary;

/// The kind of the resource that is an environment itself.
pub(super) const ENVIRONMENT: &str = "Environment";

/// An action on a kind of resource.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) action: SmolStr,
    pub(super) kind: SmolStr,
    pub(super) action_uid: EntityUid,
    pub(super) kind_name: EntityTypeName,
}

impl Operation {
    pub(super) fn is_of_environment(&self) -> bool {
        self.kind == ENVIRONMENT
    }
}

/// The number of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OperationId(pub(super) u16);

/// Every operation of the vocabulary.
#[derive(Debug)]
pub(super) struct Operations {
    list: Vec<Operation>,
    /// By action, the one or two kinds that it applies to.
    actions: FxHashMap<SmolStr, Vec<(SmolStr, OperationId)>>,
    /// The actions and their groups as Cedar entities; without them a guard on a group would be silent.
    pub(super) entities: Entities,
}

impl Operations {
    /// What goes wrong is said in words.
    pub(super) fn of(vocabulary: &Vocabulary) -> Result<Self, String> {
        let mut list: Vec<Operation> = vocabulary
            .schema()
            .request_envs()
            .filter_map(|one| {
                let action = vocabulary.action(one.action().id().unescaped())?;
                Some(Operation {
                    action: action.name().into(),
                    kind: vocabulary.kind(one.resource().basename())?.0.into(),
                    action_uid: one.action().clone(),
                    kind_name: one.resource().clone(),
                })
            })
            .collect();
        list.sort_by(|a, b| (&a.action, &a.kind).cmp(&(&b.action, &b.kind)));
        list.dedup_by(|a, b| (&a.action, &a.kind) == (&b.action, &b.kind));
        // Numbers are of 16 bits, and cells of the table are there for each.
        if list.len() > usize::from(u16::MAX) {
            return Err("the vocabulary has too many actions".to_owned());
        }
        let mut actions: FxHashMap<SmolStr, Vec<_>> = FxHashMap::default();
        for (id, one) in (0..).map(OperationId).zip(&list) {
            actions.entry(one.action.clone()).or_default().push((one.kind.clone(), id));
        }
        let entities = vocabulary.schema().action_entities().map_err(|error| error.to_string())?;
        Ok(Self { list, actions, entities })
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (OperationId, &Operation)> {
        (0..).map(OperationId).zip(&self.list)
    }

    pub(super) fn get(&self, id: OperationId) -> Option<&Operation> {
        self.list.get(usize::from(id.0))
    }

    /// The kinds of resource that an action applies to; none if there is no such action.
    pub(super) fn of_action(
        &self,
        action: &str,
    ) -> impl Iterator<Item = (OperationId, &Operation)> {
        self.all().filter(move |(_, one)| one.action == action)
    }

    /// The operation of those names.
    pub(super) fn find(&self, action: &str, kind: &str) -> Result<OperationId, RequestError> {
        let kinds = self.actions.get(action).ok_or_else(|| self.unknown_action(action))?;
        let found = kinds.iter().find(|(one, _)| *one == kind).map(|(_, id)| *id);
        found.ok_or_else(|| self.not_applicable(action, kind))
    }

    fn not_applicable(&self, action: &str, kind: &str) -> RequestError {
        let mut known = self.list.iter().map(|one| one.kind.as_str());
        if !known.any(|one| one == kind) {
            let near =
                nearest(kind, self.list.iter().map(|one| one.kind.as_str())).map(str::to_owned);
            return RequestError::UnknownKind { name: kind.to_owned(), near };
        }
        RequestError::NotApplicable {
            action: action.to_owned(),
            kind: kind.to_owned(),
            kinds: self.of_action(action).map(|(_, one)| one.kind.to_string()).collect(),
        }
    }

    pub(super) fn unknown_action(&self, name: &str) -> RequestError {
        let near = nearest(name, self.actions.keys().map(SmolStr::as_str)).map(str::to_owned);
        RequestError::UnknownAction { name: name.to_owned(), near }
    }
}
