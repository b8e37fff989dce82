//! Who can do something in an environment: by which statements, under which conditions, and by which way.
//!
//! A principal can make a call directly, by running something as a role that it hands over to a service, or by assuming
//! roles one after the other, the last of which can. Ways beside the direct one are looked for where that is missing or
//! under conditions.

use std::collections::BTreeSet;

use fortem_compile::reference::Reference;
use rayon::prelude::*;
use serde::Serialize;

use crate::catalogue::Call as Number;
use crate::environments::{Environment, Environments};
use crate::facts::matrix::conditions;
use crate::facts::passing::PASSED;
use crate::facts::{Chain, Facts, Reached, Subject, Target, Trusting, unread};
use crate::input::NotAssessed;
use crate::organization::Organization;
use crate::shown::{Call, Spot};
use crate::unit::Unit;

/// What is never looked at.
pub const LIMITS: &[&str] = &[
    "session policies, policies of resources, resource control policies and VPC endpoint policies",
    "roles of other accounts, and chains of more than four roles",
    "environment tags that sessions bring along",
    "what exists and runs as a role already, and policies that no principal has",
];

/// The question.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// The environment that the resources belong to, by name and tag.
    pub environment: &'q Environment,
    /// The API actions, as AWS writes them.
    pub actions: &'q [&'static str],
}

/// Who can do something in an environment.
#[derive(Debug, Clone, Default, Serialize)]
pub struct WhoCan {
    /// The environment.
    pub environment: String,
    /// The API actions that were asked about.
    pub actions: Vec<String>,
    /// Each way in which a principal can make a call, by principal and action.
    pub ways: Vec<Way>,
    /// How many principals were asked about.
    pub asked: usize,
    /// What could not be read.
    pub not_assessed: Vec<NotAssessed>,
    /// What is not looked at.
    pub limits: Vec<String>,
}

/// A way in which a principal can make a call.
#[derive(Debug, Clone, Serialize)]
pub struct Way {
    /// The account, if known.
    pub account: Option<String>,
    /// The ARN of the principal.
    pub principal: String,
    /// The API action.
    pub action: String,
    /// How it comes to it.
    pub by: By,
    /// What else must hold, such as a second factor: condition keys that neither the caller sends nor the environment
    /// decides, with a value that does.
    pub conditions: Vec<String>,
    /// The call that is allowed on the way: the action itself, `iam:PassRole`, or none for a chain of roles.
    pub call: Option<Call>,
    /// The statement that allows it, or lets the last role be assumed.
    pub spot: Spot,
}

/// How a principal comes to a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "way", rename_all = "kebab-case")]
pub enum By {
    /// Its own policies allow it.
    Directly,
    /// Something runs as a role that can.
    PassingRole {
        /// The role's ARN.
        role: String,
        /// What runs as it.
        runs: String,
        /// The calls with which it is started.
        with: Vec<String>,
    },
    /// It assumes roles, the last of which can.
    Assuming {
        /// Their ARNs, in the order in which they are assumed.
        roles: Vec<String>,
    },
}

impl std::fmt::Display for By {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Directly => f.write_str("directly"),
            Self::PassingRole { role, runs, with } => {
                write!(f, "as `{role}`, which {runs} may run as, by `{}`", with.join("` and `"))
            }
            Self::Assuming { roles } => write!(f, "by assuming `{}`", roles.join("`, then `")),
        }
    }
}

impl WhoCan {
    /// Whether something that should have been looked at was not.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.not_assessed.iter().any(|one| one.incomplete)
    }
}

/// Answers for the principals of some units.
#[must_use]
pub fn who_can(
    units: &[Unit],
    organization: Option<&Organization>,
    environments: &Environments,
    question: Question<'_>,
    reference: &'static Reference,
) -> WhoCan {
    let mut answer = WhoCan {
        environment: question.environment.name.clone(),
        actions: question.actions.iter().map(|one| (*one).to_owned()).collect(),
        limits: LIMITS.iter().map(|one| (*one).to_owned()).collect(),
        ..WhoCan::default()
    };
    if organization.is_none() {
        answer.limits.push("service control policies: the inputs hold no Organization".to_owned());
    }
    for unit in units {
        let facts = Facts::of(unit, environments, organization, reference);
        let people = facts.subjects.iter().filter(|one| one.principal().is_some());
        answer.asked += people.clone().count();
        answer.not_assessed.extend(people.flat_map(|one| unread(one, &facts)));
        let trusting = Trusting::of(&facts);
        for action in question.actions {
            if let Some(call) = facts.catalogue.call(action) {
                let asked = Asked { facts: &facts, trusting: &trusting, action, call };
                answer.ways.extend(asked.ways(question.environment));
            }
        }
    }
    if answer.asked == 0 {
        answer.not_assessed.push(NotAssessed {
            what: "the account".to_owned(),
            why: "is not looked at: the inputs hold no users and roles".to_owned(),
            incomplete: true,
        });
    }
    let key = |way: &Way| (way.account.clone(), way.principal.clone());
    answer.ways.sort_by_key(key);
    answer
}

/// One action asked about in one account.
struct Asked<'a, 'u> {
    facts: &'a Facts<'u>,
    trusting: &'a Trusting<'a, 'u>,
    action: &'static str,
    call: Number,
}

impl<'u> Asked<'_, 'u> {
    fn ways(&self, environment: &Environment) -> Vec<Way> {
        let subjects: Vec<&Subject<'u>> =
            self.facts.subjects.iter().filter(|one| one.principal().is_some()).collect();
        let direct: Vec<Vec<Way>> =
            subjects.par_iter().map(|one| self.directly(one, environment)).collect();
        let mut able = arns(&subjects, |at| direct.get(at).is_some_and(|ways| !ways.is_empty()));
        let is_free = |at: usize| {
            let ways = direct.get(at).into_iter().flatten();
            ways.into_iter().any(|way| way.conditions.is_empty())
        };
        let bound: Vec<(usize, &Subject<'u>)> =
            subjects.iter().copied().enumerate().filter(|(at, _)| !is_free(*at)).collect();
        let passing: Vec<Option<Way>> =
            bound.par_iter().map(|(_, one)| self.by_passing(one, &able)).collect();
        let of_passing = bound.iter().zip(&passing).filter(|(_, way)| way.is_some());
        able.extend(of_passing.filter_map(|((_, one), _)| arn(one)));
        let assuming: Vec<Option<Way>> =
            bound.par_iter().map(|(_, one)| self.by_assuming(one, &able)).collect();
        direct.into_iter().flatten().chain(passing.into_iter().chain(assuming).flatten()).collect()
    }

    /// Each statement that allows the call on a resource of the environment.
    fn directly(&self, subject: &Subject<'u>, environment: &Environment) -> Vec<Way> {
        let reach = |(policy, statement)| {
            environment.spellings().find_map(|name| {
                let target = Target::tagged(name);
                subject.reach_through(self.facts, self.call, &target, policy, statement)
            })
        };
        let reached = subject.grants(self.call).filter_map(reach);
        reached.filter_map(|one| self.way(subject, By::Directly, &one)).collect()
    }

    /// Something that runs as a role that can.
    fn by_passing(&self, subject: &Subject<'u>, able: &BTreeSet<&'u str>) -> Option<Way> {
        let pass = self.facts.catalogue.call("iam:PassRole");
        let pass = pass.filter(|call| subject.may_call(*call))?;
        let wanted = |role: &Subject<'u>, _: bool| arn(role).is_some_and(|arn| able.contains(arn));
        PASSED.iter().find_map(|path| {
            let passed = path.role(pass, subject, self.facts, &wanted)?;
            let with = path.calls(subject, self.facts)?;
            let by = By::PassingRole {
                role: arn(passed.role)?.to_owned(),
                runs: path.what.to_owned(),
                with: ["iam:PassRole"].into_iter().chain(with).map(str::to_owned).collect(),
            };
            self.way(subject, by, &passed.reached)
        })
    }

    /// Roles to assume, the last of which can.
    fn by_assuming(&self, subject: &Subject<'u>, able: &BTreeSet<&'u str>) -> Option<Way> {
        let wanted = |role: &Subject<'u>, _: bool| arn(role).is_some_and(|arn| able.contains(arn));
        let (chain, _) = Chain::to(subject, self.facts, self.trusting, &wanted)?;
        let (policy, statement) = chain.last;
        let in_words = |one: &fortem_compile::iam::Condition| {
            format!("{} {}: {}", one.operator(), one.key(), one.values().join(", "))
        };
        Some(Way {
            account: self.facts.unit.account.clone(),
            principal: arn(subject)?.to_owned(),
            action: self.action.to_owned(),
            by: By::Assuming { roles: chain.roles.iter().map(|one| (*one).to_owned()).collect() },
            conditions: statement.conditions().iter().map(in_words).collect(),
            call: None,
            spot: Spot::of(self.facts, policy, statement),
        })
    }

    fn way(&self, subject: &Subject<'u>, by: By, reached: &Reached<'_>) -> Option<Way> {
        let told = conditions(reached, self.facts.environments);
        let mut told: Vec<String> =
            told.map(|(key, values)| format!("{key} = {}", values.as_slice().join(", "))).collect();
        if reached.is_doubtful {
            told.push("a point that AWS's documentation leaves open".to_owned());
        }
        Some(Way {
            account: self.facts.unit.account.clone(),
            principal: arn(subject)?.to_owned(),
            action: self.action.to_owned(),
            by,
            conditions: told,
            call: Some(Call::of_request(&reached.request)),
            spot: Spot::of(self.facts, reached.policy, reached.statement),
        })
    }
}

fn arn<'u>(subject: &Subject<'u>) -> Option<&'u str> {
    subject.principal().map(|one| one.arn.as_str())
}

fn arns<'u>(subjects: &[&Subject<'u>], is_wanted: impl Fn(usize) -> bool) -> BTreeSet<&'u str> {
    let numbered = subjects.iter().enumerate().filter(|(at, _)| is_wanted(*at));
    numbered.filter_map(|(_, one)| arn(one)).collect()
}
