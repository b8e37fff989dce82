//! One authorization of one action, made by one class of principals: the questions to the solver.

use std::fmt;

use cedar_policy::{Authorizer, Decision, PolicySet, RequestEnv};
use cedar_policy_symcc::Env;
use cedar_policy_symcc::err::Error;

use super::Subject;
use super::call::Authorization;
use super::error::{NotProvable, ProveError, Untranslatable};
use super::holder::Holder;
use super::outcome::{Answer, Counterexample};
use super::request::describe;
use super::rule::{Rule, add};
use super::solver::{Compiled, Solver};
use super::text::entity;
use super::view::View;
use super::{contract, intent};

/// What is asked about.
pub(super) struct Question<'a> {
    pub(super) subject: &'a Subject<'a>,
    pub(super) action: &'a str,
    pub(super) environment: &'a RequestEnv,
    pub(super) on: Authorization<'a>,
    pub(super) holder: &'a Holder,
}

/// Why there is no proof.
#[derive(Debug)]
pub(super) enum Stop {
    Counterexample(Box<Counterexample>),
    NotProvable(NotProvable),
    Failed(ProveError),
}

impl From<NotProvable> for Stop {
    fn from(why: NotProvable) -> Self {
        Self::NotProvable(why)
    }
}

impl From<ProveError> for Stop {
    fn from(error: ProveError) -> Self {
        Self::Failed(error)
    }
}

/// The contract with what is asked about on top.
struct Sides {
    cedar: Compiled,
    iam: Compiled,
    /// What IAM allows that no other action explains.
    unexplained: Compiled,
    /// Any request on a thing of the holder's environment; none if the holder has none.
    at_home: Option<Compiled>,
}

/// Which side allows what the other denies.
#[derive(Debug, Clone, Copy)]
enum Direction {
    Excess,
    Shortfall,
}

impl Question<'_> {
    /// Asks everything there is to ask; answers with the number of queries.
    pub(super) fn ask(&self, solver: &mut Solver) -> Result<usize, Stop> {
        let Subject { source, role, .. } = self.subject;
        let statements = self.statements()?;
        let intended = intent::may_permit(source, role, self.holder, self.action);
        if !intended && !statements.iter().any(Rule::is_permit) {
            // Nobody allows anything.
            return Ok(0);
        }
        let sides = self.sides(&statements)?;
        if let Some(at_home) = &sides.at_home
            && solver.allows_nothing(at_home).map_err(|error| self.stop(error))?
        {
            return Err(NotProvable::Nothing { query: self.to_string() }.into());
        }
        let excess = solver.counterexample(&sides.unexplained, &sides.cedar);
        if let Some(found) = excess.map_err(|error| self.stop(error))? {
            return Err(self.replayed(&found, &sides, Direction::Excess));
        }
        let shortfall = solver.counterexample(&sides.cedar, &sides.iam);
        if let Some(found) = shortfall.map_err(|error| self.stop(error))? {
            return Err(self.replayed(&found, &sides, Direction::Shortfall));
        }
        Ok(2 + usize::from(sides.at_home.is_some()))
    }

    fn sides(&self, statements: &[Rule]) -> Result<Sides, Stop> {
        let Subject { source, role, .. } = self.subject;
        let view = self.view();
        let intended = intent::policies(source, role, self.holder)?;
        let named = intent::environments(&intended);
        let rules = contract::rules(&view, &named).map_err(Untranslatable::in_contract)?;
        let contract = add(PolicySet::new(), &rules)?;
        let iam = add(contract.clone(), statements)?;
        let unexplained = add(iam.clone(), &self.other_actions()?)?;
        let at_home = self.at_home().map(|rule| add(contract, &[rule])).transpose()?;
        let cedar = add(intended, &rules)?;
        Ok(Sides {
            cedar: self.compiled(cedar)?,
            iam: self.compiled(iam)?,
            unexplained: self.compiled(unexplained)?,
            at_home: at_home.map(|set| self.compiled(set)).transpose()?,
        })
    }

    fn view(&self) -> View<'_> {
        let Subject { world, keys, .. } = self.subject;
        View { world, keys, on: self.on, holder: self.holder }
    }

    fn statements(&self) -> Result<Vec<Rule>, NotProvable> {
        let view = self.view();
        let documents = self.subject.documents.iter();
        let statements = documents.flat_map(|(name, document)| {
            document.statements().iter().map(move |statement| (name, statement))
        });
        let rules = statements.map(|(name, statement)| Rule::of_statement(&view, name, statement));
        rules.filter_map(Result::transpose).collect()
    }

    /// A `forbid` for each other action that takes the same authorization and is permitted.
    fn other_actions(&self) -> Result<Vec<Rule>, ProveError> {
        let Subject { source, role, world, .. } = self.subject;
        let others = source.vocabulary().actions().map(fortem_core::Action::name);
        let others =
            others.filter(|other| *other != self.action && self.on.is_taken_by(world, other));
        let rule = |other| {
            let permitted = intent::permits(source, role, self.holder, other)?;
            Ok(Rule::forbid_when(format!("other action: {other}"), &permitted))
        };
        others.map(rule).collect()
    }

    fn at_home(&self) -> Option<Rule> {
        let home = entity("Environment", self.holder.environment()?);
        Some(Rule::permit_when("at home", &format!("resource in {home}")))
    }

    fn compiled(&self, policies: PolicySet) -> Result<Compiled, Stop> {
        let compiled = Compiled::new(policies, self.environment, &self.subject.schema);
        compiled.map_err(|error| self.stop(error))
    }

    fn stop(&self, error: Box<Error>) -> Stop {
        let query = self.to_string();
        match *error {
            Error::SolverUnknown => NotProvable::Unknown { query }.into(),
            _ => ProveError::Solver { query, source: error }.into(),
        }
    }

    /// The solver's counterexample, confirmed by Cedar's authorizer.
    fn replayed(&self, found: &Env, sides: &Sides, direction: Direction) -> Stop {
        let premise = match direction {
            Direction::Excess => &sides.unexplained,
            Direction::Shortfall => &sides.iam,
        };
        let (iam, cedar) = (answer(found, premise), answer(found, &sides.cedar));
        let expected = match direction {
            Direction::Excess => (true, false),
            Direction::Shortfall => (false, true),
        };
        let query = self.to_string();
        if (iam.allows, cedar.allows) != expected {
            return ProveError::NotReplayed { query }.into();
        }
        let request = describe(found, &self.view());
        Stop::Counterexample(Box::new(Counterexample { query, iam, cedar, request }))
    }
}

fn answer(found: &Env, side: &Compiled) -> Answer {
    let response = Authorizer::new().is_authorized(&found.request, &side.policies, &found.entities);
    let mut because: Vec<String> =
        response.diagnostics().reason().map(ToString::to_string).collect();
    because.sort();
    Answer { allows: response.decision() == Decision::Allow, because }
}

impl fmt::Display for Question<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let resource = self.environment.resource();
        write!(f, "`{}` on a {resource}: {} by {}", self.action, self.on, self.holder)
    }
}
