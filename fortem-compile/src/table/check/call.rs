//! An API call and what ties it to an environment.

use std::ops::Range;

use fortem_core::Problem;

use super::{Ground, condition};
use crate::arn;
use crate::reference::{Action, ArnPattern, Carries};
use crate::statement::uses;
use crate::table::escalation::Escalation;
use crate::table::rows::Row;
use crate::table::{Call, Channel, Kind, Table, holds};

const TAG_KEYS: &str = "aws:TagKeys";

/// The rows that a row stands for.
pub(in crate::table) fn checked(
    ground: &Ground,
    table: &Table,
    row: &Row<Call>,
) -> Result<Vec<Call>, Vec<Problem>> {
    let call = &row.value;
    let mut problems = ground.actions(row, &call.actions);
    let mut rows = vec![call.clone()];
    match ground.api(row, &call.api) {
        Err(problem) => problems.push(problem),
        Ok(_) if !row.has("channels") => match as_built_in(ground, row) {
            Ok(found) => rows = found,
            Err(problem) => problems.push(problem),
        },
        Ok(action) => problems.extend(Checker { ground, table, row, call, action }.problems()),
    }
    if problems.is_empty() {
        problems.extend(rows.iter().flat_map(|one| entities(ground, table, row, one)));
    }
    if problems.is_empty() { Ok(rows) } else { Err(problems) }
}

/// The built-in rows of an API action for other actions of the vocabulary.
fn as_built_in(ground: &Ground, row: &Row<Call>) -> Result<Vec<Call>, Problem> {
    let call = &row.value;
    let problem = |message: String, span: Range<usize>, label: &str| {
        ground.problem("fortem::lowering::row", message, span, label)
    };
    if let Some(key) =
        ["kinds", "entity", "where", "schedule", "unseen"].into_iter().find(|key| row.has(key))
    {
        let message = format!("`{key}` without `channels`");
        let label = "a row without channels takes what is built in, as it is";
        return Err(problem(message, row.at(key), label));
    }
    let schedule = ground.source.fleet().schedule().as_str();
    let rows = Table::builtin().calls.iter().filter(|one| {
        one.api == call.api && !one.supporting && holds(one.schedule.as_deref(), schedule)
    });
    let (actions, supporting) = (&call.actions, call.supporting);
    let rows = rows.map(|one| Call { actions: actions.clone(), supporting, ..one.clone() });
    let rows: Vec<Call> = rows.collect();
    if rows.is_empty() {
        let message = format!("`{}` is not built in as what an action is", call.api);
        return Err(problem(message, row.at("api"), "expected `kinds` and `channels` in this row"));
    }
    Ok(rows)
}

/// What a call is on is what its action is done to, so that conditions on the resource are asked of it.
fn entities(ground: &Ground, table: &Table, row: &Row<Call>, call: &Call) -> Vec<Problem> {
    let kinds = call.kinds.iter().filter_map(|name| table.kind(name));
    let kinds = kinds.map(|kind| (kind.name.as_str(), kind.entity.as_deref()));
    let without = call.kinds.is_empty().then_some((call.api.as_str(), call.entity.as_deref()));
    let about: Vec<_> = kinds.chain(without).collect();
    let mut problems = Vec::new();
    let actions = call.actions.iter().filter_map(|name| ground.source.vocabulary().action(name));
    for action in actions.filter(|_| !call.supporting) {
        let is_of = |entity: Option<&str>| {
            entity.is_some_and(|of| action.kinds().iter().any(|one| one == of))
        };
        for (what, _) in about.iter().filter(|(_, entity)| !is_of(*entity)) {
            let types = action.kinds().join("`, `");
            let message = format!("`{what}` is not what `{}` is done to", action.name());
            let label = format!("expected `entity` to be one of `{types}`");
            let span = row.item("kinds", what);
            let problem = ground.problem("fortem::lowering::entity", message, span, label);
            problems.push(problem.help(
                "a call that only serves the action is on something else: `supporting = true`",
            ));
        }
    }
    problems
}

struct Checker<'c, 'a> {
    ground: &'c Ground<'a>,
    table: &'c Table,
    row: &'c Row<'c, Call>,
    call: &'c Call,
    action: &'a Action,
}

impl Checker<'_, '_> {
    fn problems(&self) -> Vec<Problem> {
        if let Some(escalation) =
            Escalation::of(&self.call.api).filter(|one| !one.is_bound(self.call))
        {
            return vec![self.ground.escalation(self.row, &self.call.api, escalation)];
        }
        let mut problems: Vec<Problem> = self.kinds();
        problems.extend(self.ground.schedule(self.row, self.call.schedule.as_deref()));
        problems.extend(self.ground.entity(self.row, self.call.entity.as_deref()));
        if !problems.is_empty() {
            return problems;
        }
        problems.extend(self.redefined());
        let types = uses(self.action, &self.arns());
        if types.is_empty() {
            let label = "expected `kinds`: the call has resources";
            problems.push(self.problem(
                "no resource of the call is meant".to_owned(),
                "kinds",
                label,
            ));
        }
        problems.extend(self.channels(&types));
        problems.extend(self.tags_set(&types));
        problems.extend(self.creates(&types));
        problems.extend(condition::problems(self.ground, self.table, self.row, &types));
        problems
    }

    fn problem(&self, message: String, key: &str, label: impl Into<String>) -> Problem {
        self.ground.problem("fortem::lowering::row", message, self.row.at(key), label)
    }

    /// Each kind is there, and the call is authorized on it.
    fn kinds(&self) -> Vec<Problem> {
        let names = || self.table.kinds.iter().map(|kind| kind.name.as_str());
        let problem = |name: &String| {
            let span = self.row.item("kinds", name);
            let Some(kind) = self.table.kind(name) else {
                return Some(self.ground.unknown("kind", name, span, names()));
            };
            if !uses(self.action, &[self.all(kind)]).is_empty() {
                return None;
            }
            let message = format!("`{}` is not authorized on `{name}`", self.call.api);
            let types = self.action.resource_types().iter().map(|of| format!("`{}`", of.name()));
            let types: Vec<String> = types.collect();
            let label = match types.as_slice() {
                [] => "it has no resource: leave `kinds` empty".to_owned(),
                some => format!("its resource types are {}", some.join(", ")),
            };
            Some(self.ground.problem("fortem::lowering::kind", message, span, label))
        };
        self.call.kinds.iter().filter_map(problem).collect()
    }

    fn named(&self) -> impl Iterator<Item = &Kind> {
        self.call.kinds.iter().filter_map(|name| self.table.kind(name))
    }

    fn all(&self, kind: &Kind) -> ArnPattern {
        ArnPattern::new(&arn::any(self.ground.source.fleet(), kind))
    }

    fn arns(&self) -> Vec<ArnPattern> {
        if self.call.kinds.is_empty() {
            return vec![ArnPattern::new("*")];
        }
        self.named().map(|kind| self.all(kind)).collect()
    }

    /// What is built in cannot be had by other channels or with fewer conditions. What has to be bound is bound by the
    /// row itself, as the built-in rows of it are.
    fn redefined(&self) -> Option<Problem> {
        if Escalation::of(&self.call.api).is_some() {
            return None;
        }
        let builtin = Table::builtin().calls.iter().filter(|one| one.api == self.call.api);
        let mut same =
            builtin.filter(|one| one.kinds.is_empty() || !one.kinds.is_disjoint(&self.call.kinds));
        same.next()?;
        let message = format!("`{}` is built in", self.call.api);
        let code = "fortem::lowering::redefined";
        let problem = self.ground.problem(code, message, self.row.at("api"), "a second row of it");
        Some(
            problem.help(
                "leave `kinds`, `channels` and `where` out to take the call as it is built in",
            ),
        )
    }

    fn channels(&self, types: &[Option<&str>]) -> Vec<Problem> {
        let call = self.call;
        let mut problems: Vec<Problem> =
            call.channels.iter().filter_map(|channel| self.channel(*channel, types)).collect();
        if call.channels.iter().all(|channel| *channel == Channel::RequestTag) {
            let message = format!("nothing ties `{}` to an environment", call.api);
            let label = "expected `resource-tag`, `cluster` or `name` in this row";
            problems.push(self.problem(message, "channels", label).help(
                "the tag that a call sets is what the caller says; a call that nothing ties is a `[[blind]]` row",
            ));
        } else if self.is_out_of_cluster(types) {
            let message = format!("`{}` is not tied to a cluster", call.api);
            let label = "expected `cluster`: AWS says in which cluster the call is made";
            problems.push(self.problem(message, "channels", label));
        }
        problems
    }

    fn channel(&self, channel: Channel, types: &[Option<&str>]) -> Option<Problem> {
        let span = self.row.item("channels", &channel.word());
        let fleet = self.ground.source.fleet();
        let key = match channel {
            Channel::ResourceTag => self.ground.tag("Resource"),
            Channel::RequestTag => self.ground.tag("Request"),
            Channel::Cluster => "ecs:cluster".to_owned(),
            Channel::Name => {
                let mut kinds = self.named().peekable();
                let named = |kind: &Kind| !arn::own(fleet, kind, fleet.names(), "x").is_empty();
                let is_named = kinds.peek().is_some() && kinds.all(named);
                let message = "the fleet has no names for what the call is on".to_owned();
                let code = "fortem::lowering::channel";
                let label = "no ARN holds the environment's name";
                return (!is_named).then(|| self.ground.problem(code, message, span, label));
            }
        };
        let why = self.ground.carried(&self.call.api, types, &key).err()?;
        let message = format!("`{}` does not carry `{key}`", self.call.api);
        Some(self.ground.problem("fortem::lowering::channel", message, span, why))
    }

    /// Whether ECS tells the cluster of the call, and the row does not go by it.
    fn is_out_of_cluster(&self, types: &[Option<&str>]) -> bool {
        let call = self.call;
        let reference = self.ground.reference;
        let mut types = types.iter();
        let is_told =
            types.any(|of| reference.carries(&call.api, *of, "ecs:cluster") == Carries::Yes);
        let by_arn = call.channels.contains(&Channel::Name)
            && self.named().all(|kind| kind.own.iter().all(|own| own.contains("{cluster}")));
        is_told && !call.channels.contains(&Channel::Cluster) && !by_arn
    }

    /// A call that can set tags sets the environment's and known others, or none.
    fn tags_set(&self, types: &[Option<&str>]) -> Option<Problem> {
        self.ground.carried(&self.call.api, types, TAG_KEYS).ok()?;
        let has = |operator: &str, is_closed: &dyn Fn(&crate::table::Where) -> bool| {
            let mut all = self.call.conditions.iter();
            all.any(|one| one.key == TAG_KEYS && one.operator == operator && is_closed(one))
        };
        let sets = self.call.channels.contains(&Channel::RequestTag);
        let (is_closed, help) = if sets {
            let closed =
                has("ForAllValues:StringEquals", &|one| one.tag_keys && one.values.is_empty());
            (
                closed,
                "operator = \"ForAllValues:StringEquals\", key = \"aws:TagKeys\", tag_keys = true",
            )
        } else {
            let none = has("Null", &|one| one.values.iter().eq(["true"]));
            (none, "operator = \"Null\", key = \"aws:TagKeys\", values = [\"true\"]")
        };
        (!is_closed).then(|| {
            let message = format!("`{}` could set any tag", self.call.api);
            self.problem(message, "api", "the call takes tags")
                .help(format!("add a condition: [[call.where]] {help}"))
        })
    }

    /// A guard may deny what has no tag, and what is being made has none yet.
    fn creates(&self, types: &[Option<&str>]) -> Option<Problem> {
        let has = |channel| self.call.channels.contains(&channel);
        if !has(Channel::RequestTag) || has(Channel::ResourceTag) {
            return None;
        }
        self.ground.carried(&self.call.api, types, &self.ground.tag("Resource")).ok()?;
        let message = format!("`{}` makes what has no tag yet", self.call.api);
        let label = "expected `resource-tag` as well: by the service reference the call shows one";
        let problem = self.problem(message, "channels", label);
        Some(problem.help("a guard that goes by tags would deny the call; leave it to whoever sets environments up"))
    }
}
