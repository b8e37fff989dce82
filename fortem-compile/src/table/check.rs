//! What a team's own rows owe to vocabulary, service reference and the built-in table.

pub(super) mod blind;
pub(super) mod call;
mod condition;
pub(super) mod kind;

use std::collections::BTreeSet;
use std::ops::Range;

use fortem_core::{Problem, ScheduleKind, Source, SourceFile, nearest};

use super::escalation::Escalation;
use super::rows::Row;
use super::{Names, Table};
use crate::reference::{Action, Carries, Reference};

/// What rows are checked against, and the file they stand in.
pub(super) struct Ground<'a> {
    pub(super) file: &'a SourceFile,
    pub(super) source: &'a Source,
    pub(super) reference: &'a Reference,
}

impl<'a> Ground<'a> {
    fn problem(
        &self,
        code: &'static str,
        message: String,
        span: Range<usize>,
        label: impl Into<String>,
    ) -> Problem {
        Problem::new(code, message).at(self.file, span, label)
    }

    /// A name that is none of those there are.
    fn unknown<'n>(
        &self,
        what: &str,
        name: &str,
        span: Range<usize>,
        known: impl IntoIterator<Item = &'n str>,
    ) -> Problem {
        let known: Vec<&str> = known.into_iter().collect();
        let label = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => format!("there is no {what}"),
            None if known.len() <= 12 => format!("expected one of `{}`", known.join("`, `")),
            None => format!("there is no such {what}"),
        };
        self.problem(
            "fortem::lowering::unknown_name",
            format!("unknown {what} `{name}`"),
            span,
            label,
        )
    }

    /// The actions of a row are in the vocabulary, and not there only to be refused.
    fn actions<T>(&self, row: &Row<T>, actions: &Names) -> Vec<Problem> {
        if actions.is_empty() {
            let message = "a row for no action".to_owned();
            let label = "expected the name of an action";
            return vec![self.problem("fortem::lowering::row", message, row.at("actions"), label)];
        }
        let vocabulary = self.source.vocabulary();
        let never = &Table::builtin().never;
        let problem = |action: &String| {
            let span = row.item("actions", action);
            if let Some(never) = never.iter().find(|never| never.action == *action) {
                let message = format!("`{action}` is never granted");
                let code = "fortem::lowering::never_granted";
                return Some(self.problem(code, message, span, never.reason.clone()));
            }
            let known = vocabulary.actions().map(fortem_core::Action::name);
            let is_known = vocabulary.action(action).is_some();
            (!is_known).then(|| {
                self.unknown("action", action, span, known).help(
                    "actions of your own are declared in a `.cedarschema` file beside fleet.toml",
                )
            })
        };
        actions.iter().filter_map(problem).collect()
    }

    /// The API action of a row, as the service reference spells it.
    fn api<T>(&self, row: &Row<T>, api: &str) -> Result<&'a Action, Problem> {
        if let Some(action) = self.reference.action(api).filter(|action| action.name() == api) {
            return Ok(action);
        }
        let service = api.split(':').next().unwrap_or_default();
        self.service(row, "api", service)?;
        let known = self.reference.actions(service).map(Action::name);
        Err(self.unknown("API action", api, row.at("api"), known))
    }

    fn service<T>(&self, row: &Row<T>, key: &str, service: &str) -> Result<(), Problem> {
        if self.reference.has_service(service) {
            return Ok(());
        }
        let message = format!("the service reference has no service `{service}`");
        let code = "fortem::lowering::unknown_service";
        Err(self.problem(code, message, row.at(key), "not in the reference").help(
            "name AWS's file on it with --service-reference, \
             https://servicereference.us-east-1.amazonaws.com/v1/SERVICE/SERVICE.json",
        ))
    }

    fn schedule<T>(&self, row: &Row<T>, schedule: Option<&str>) -> Option<Problem> {
        let known = [ScheduleKind::EventBridgeRule, ScheduleKind::SchedulerGroup];
        let known = known.map(ScheduleKind::as_str);
        let unknown = schedule.filter(|one| !known.contains(one))?;
        Some(self.unknown("way to schedule", unknown, row.at("schedule"), known))
    }

    /// A type of the vocabulary that something is done to.
    fn entity<T>(&self, row: &Row<T>, entity: Option<&str>) -> Option<Problem> {
        let types = self.source.vocabulary().actions().flat_map(fortem_core::Action::kinds);
        let known: BTreeSet<&str> = types.map(String::as_str).collect();
        let unknown = entity.filter(|one| !known.contains(one))?;
        Some(self.unknown("type of the vocabulary", unknown, row.at("entity"), known))
    }

    fn escalation<T>(&self, row: &Row<T>, api: &str, escalation: &Escalation) -> Problem {
        let message = format!("`{api}` cannot be granted so");
        let code = "fortem::lowering::escalation";
        self.problem(code, message, row.at("api"), escalation.reason.as_str())
            .help(escalation.help())
    }

    /// `aws:ResourceTag/…` or `aws:RequestTag/…` of the environment.
    fn tag(&self, of: &str) -> String {
        format!("aws:{of}Tag/{}", self.source.fleet().tag_key())
    }

    /// Whether AWS is known to fill a key in for a call on all of some types; if not, why.
    fn carried(&self, api: &str, types: &[Option<&str>], key: &str) -> Result<(), String> {
        for of in types {
            match self.reference.carries(api, *of, key) {
                Carries::Yes => {}
                Carries::Doubtful(why) => return Err(format!("not to be relied on: {why}")),
                Carries::No => {
                    let on = of.map(|of| format!(" on `{of}`")).unwrap_or_default();
                    return Err(format!("AWS does not fill it in for this call{on}"));
                }
            }
        }
        Ok(())
    }
}
