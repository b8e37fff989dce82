//! What was granted by which line of Cedar, what was not and why: for people and for machines.

mod asked;
mod markdown;

use std::collections::{BTreeMap, BTreeSet};

use fortem_core::{Assignee, Environment, NamePattern, Source};
use serde::Serialize;

pub use self::asked::{AskedReport, HiddenReport};
use crate::Identity;
use crate::arn;
use crate::compile::Compiled;
use crate::emit::Document;
use crate::lower::World;
use crate::model::Role;
use crate::output::{Artifact, shown};
use crate::quota::Quotas;
use crate::statement::{ApiActions, Effect, Origin, Statement};
use crate::table::{Call, Channel, Table, holds};
use crate::target::{LeftOut, Targets};

/// The whole report; `Display` writes it as Markdown, `serde` as JSON.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The version of this shape.
    pub version: u32,
    /// The date of the service reference, RFC 3339.
    pub service_reference: String,
    /// The AWS tag that names the environment.
    pub tag_key: String,
    /// How the fleet schedules.
    pub schedule: String,
    /// The roles, by id.
    pub roles: Vec<RoleReport>,
    /// Actions that IAM cannot tell apart.
    pub merged: Vec<MergedReport>,
    /// Condition keys that policies ask about.
    pub asked: Vec<AskedReport>,
    /// Name patterns that a name unknown to the fleet could reach into.
    pub open_patterns: Vec<String>,
    /// The documents that AWS sets a limit to, by path.
    pub sizes: Vec<SizeReport>,
    /// The documents that are not written.
    pub left_out: Vec<LeftOutReport>,
}

/// One role.
#[derive(Debug, Serialize)]
pub struct RoleReport {
    /// The id.
    pub role: String,
    /// What it is for.
    pub doc: String,
    /// Path and line of its policy.
    pub location: String,
    /// Its files.
    pub documents: Vec<DocumentReport>,
    /// What it grants.
    pub grants: Vec<GrantReport>,
    /// Actions of the vocabulary that it does not grant.
    pub not_permitted: Vec<String>,
    /// Calls that are left out because AWS does not show what decides about them.
    pub hidden: Vec<HiddenReport>,
    /// API actions that are left out, or accepted, because nothing ties them to an environment.
    pub tag_blind: Vec<BlindReport>,
    /// Its guards, from Cedar.
    pub guards: Vec<StatementReport>,
    /// Its guards that no policy asked for.
    pub integrity: Vec<StatementReport>,
    /// Who is to have it, and what they get.
    pub assignments: Vec<AssignmentReport>,
}

/// One file.
#[derive(Debug, Serialize)]
pub struct DocumentReport {
    /// Path below the output directory.
    pub file: String,
    /// Size, white space not counted.
    pub characters: usize,
    /// The quota for it.
    pub limit: usize,
}

/// One action of the vocabulary.
#[derive(Debug, Serialize)]
pub struct GrantReport {
    /// The action.
    pub action: String,
    /// What it does.
    pub doc: String,
    /// The API actions it takes.
    pub calls: Vec<CallReport>,
}

/// One API action.
#[derive(Debug, Serialize)]
pub struct CallReport {
    /// The API action.
    pub api: String,
    /// The kinds of resource it is authorized on.
    pub kinds: Vec<String>,
    /// What ties it to the environment.
    pub channels: Vec<&'static str>,
    /// The statements that allow it.
    pub statements: Vec<String>,
    /// What IAM cannot see of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unseen: Option<String>,
}

/// One tag-blind API action.
#[derive(Debug, Serialize)]
pub struct BlindReport {
    /// The API action.
    pub api: String,
    /// The actions that would use it.
    pub actions: BTreeSet<String>,
    /// What for.
    pub purpose: String,
    /// What it shows of other environments.
    pub shows: String,
    /// The reason given in the fleet file for granting it all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
}

/// One Deny.
#[derive(Debug, Serialize)]
pub struct StatementReport {
    /// The statement id.
    pub sid: String,
    /// The policy and its place, or what it prevents.
    pub origin: String,
}

/// One environment of an assignment.
#[derive(Debug, Serialize)]
pub struct AssignmentReport {
    /// Team or user.
    pub assignee: String,
    /// The environment: the value of the principal's tag.
    pub environment: String,
    /// The accounts the environment is in.
    pub accounts: Vec<String>,
    /// Path and line.
    pub location: String,
    /// Actions of the role that a guard forbids there, with the guard's id.
    pub forbidden: BTreeMap<String, String>,
}

/// Actions that IAM cannot tell apart.
#[derive(Debug, Serialize)]
pub struct MergedReport {
    /// The API actions they all are.
    pub apis: BTreeSet<String>,
    /// The actions.
    pub actions: BTreeSet<String>,
    /// The reason given in the fleet file for granting one with the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
}

/// How large a document is.
#[derive(Debug, Serialize)]
pub struct SizeReport {
    /// Path below the output directory.
    pub file: String,
    /// Characters, counted as the quota counts them.
    pub characters: usize,
    /// The quota.
    pub limit: usize,
    /// What is left of it.
    pub headroom: usize,
    /// The quota until the account asks for more, where the document is larger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs_raise_from: Option<usize>,
}

/// A document that is not written.
#[derive(Debug, Serialize)]
pub struct LeftOutReport {
    /// What it would be.
    pub target: &'static str,
    /// Its path below the output directory, or the folder of all that are missing.
    pub file: String,
    /// Why there is none.
    pub why: String,
    /// What would give one.
    pub help: String,
}

/// Reports on what was compiled from a source, and on what was written of it.
#[must_use]
pub fn report(source: &Source, compiled: &Compiled, targets: &Targets) -> Report {
    let fleet = source.fleet();
    let accepted = |apis: &BTreeSet<String>| {
        let one = fleet.accepted_merges().iter().find(|one| apis.contains(one.name()));
        one.map(|one| one.reason().to_owned())
    };
    let merged = compiled.classes.iter().map(|class| MergedReport {
        apis: class.apis.clone(),
        actions: class.actions.clone(),
        accepted: accepted(&class.apis),
    });
    let roles = compiled.model.roles.iter();
    let reports = roles.filter_map(|role| {
        let own = compiled.documents.iter().filter(|(one, _)| one.role == role.policy.id());
        let documents: Vec<_> = own.map(|(one, all)| (*one, all.as_slice())).collect();
        let reporter = RoleReporter { source, compiled, role, documents };
        compiled.left_out.contains_key(role.policy.id()).then(|| reporter.report())
    });
    Report {
        version: 1,
        service_reference: compiled.world().reference.date().to_owned(),
        tag_key: fleet.tag_key().to_owned(),
        schedule: fleet.schedule().as_str().to_owned(),
        roles: reports.collect(),
        merged: merged.collect(),
        asked: asked::asked(compiled),
        open_patterns: open_patterns(&compiled.world()),
        sizes: targets.artifacts.iter().filter_map(size).collect(),
        left_out: targets.left_out.iter().map(left_out).collect(),
    }
}

fn size(artifact: &Artifact) -> Option<SizeReport> {
    let size = artifact.size?;
    Some(SizeReport {
        file: artifact.file.clone(),
        characters: size.characters,
        limit: size.limit,
        headroom: size.headroom(),
        needs_raise_from: size.default.filter(|_| size.needs_raise()),
    })
}

fn left_out(one: &LeftOut) -> LeftOutReport {
    LeftOutReport {
        target: one.target.as_str(),
        file: one.file.clone(),
        why: one.why.clone(),
        help: one.help.clone(),
    }
}

fn open_patterns(world: &World) -> Vec<String> {
    let names = world.fleet.names();
    let lists = [&names.task_definitions, &names.caches, &names.cache_users, &names.schedules];
    let open = lists.into_iter().flatten().filter(|pattern| !pattern.is_closed());
    let open = open.map(|pattern| pattern.as_str().to_owned());
    let kinds = world.table.kinds.iter().filter(|kind| Table::builtin().kind(&kind.name).is_none());
    let own = kinds.flat_map(|kind| arn::own(world.fleet, kind, names, "{environment}"));
    let is_open = |arn: &String| !NamePattern::new(arn::resource(arn)).is_closed();
    let all: BTreeSet<String> = open.chain(own.filter(is_open)).collect();
    all.into_iter().collect()
}

struct RoleReporter<'a> {
    source: &'a Source,
    compiled: &'a Compiled<'a>,
    role: &'a Role<'a>,
    documents: Vec<(Identity<'a>, &'a [Document])>,
}

impl RoleReporter<'_> {
    fn report(&self) -> RoleReport {
        let policy = self.role.policy;
        let vocabulary = self.source.vocabulary().actions();
        let (permitted, not_permitted): (Vec<_>, Vec<_>) =
            vocabulary.partition(|action| self.role.actions.contains(action.name()));
        RoleReport {
            role: policy.id().to_owned(),
            doc: policy.doc().to_owned(),
            location: shown(self.source, &policy.location()),
            documents: self.document_reports(),
            grants: permitted.iter().map(|action| self.grant(action)).collect(),
            not_permitted: not_permitted.iter().map(|action| action.name().to_owned()).collect(),
            hidden: asked::hidden(self.compiled, policy.id()),
            tag_blind: self.tag_blind(),
            guards: self.denies(|origin| match origin {
                Origin::Policy { id, location } => {
                    Some(format!("{id}, {}", shown(self.source, location)))
                }
                Origin::Integrity { .. } => None,
            }),
            integrity: self.denies(|origin| match origin {
                Origin::Integrity { why } => Some(why.clone()),
                Origin::Policy { .. } => None,
            }),
            assignments: self.assignments(),
        }
    }

    fn document_reports(&self) -> Vec<DocumentReport> {
        let report = |identity: Identity, index: usize, document: &Document| DocumentReport {
            file: identity.file(index),
            characters: document.characters(),
            limit: Quotas::builtin().managed_policy.limit,
        };
        let all = self.documents.iter().flat_map(|(identity, documents)| {
            let numbered = documents.iter().enumerate();
            numbered.map(move |(index, document)| report(*identity, index, document))
        });
        all.collect()
    }

    fn schedule(&self) -> &'static str {
        self.source.fleet().schedule().as_str()
    }

    fn grant(&self, action: &fortem_core::Action) -> GrantReport {
        let calls = self.compiled.world().table.calls_of(action.name(), self.schedule());
        GrantReport {
            action: action.name().to_owned(),
            doc: action.doc().to_owned(),
            calls: calls.into_iter().map(|call| self.call(call)).collect(),
        }
    }

    fn call(&self, call: &Call) -> CallReport {
        CallReport {
            api: call.api.clone(),
            kinds: call.kinds.iter().cloned().collect(),
            channels: call.channels.iter().copied().map(Channel::as_str).collect(),
            statements: self.allowing(&call.api),
            unseen: call.unseen.clone(),
        }
    }

    fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.documents.iter().flat_map(|(_, all)| *all).flat_map(Document::statements)
    }

    fn allowing(&self, api: &str) -> Vec<String> {
        let allows = self.statements().filter(|statement| {
            let names = match statement.actions() {
                ApiActions::These(apis) => apis.contains(api),
                ApiActions::AllBut(_) => false,
            };
            names && statement.effect() == Effect::Allow
        });
        let names: BTreeSet<&str> = allows.map(Statement::sid).collect();
        names.into_iter().map(str::to_owned).collect()
    }

    fn tag_blind(&self) -> Vec<BlindReport> {
        let fleet = self.source.fleet();
        let rows = self.compiled.world().table.blind.iter().filter(|row| {
            let wanted = row.actions.iter().any(|a| self.role.actions.contains(a.as_str()));
            wanted && holds(row.schedule.as_deref(), self.schedule())
        });
        let accepted = |api: &str| {
            let one = fleet.accepted_leaks().iter().find(|one| one.name() == api);
            one.map(|one| one.reason().to_owned())
        };
        rows.map(|row| BlindReport {
            api: row.api.clone(),
            actions: row.actions.clone(),
            purpose: row.purpose.clone(),
            shows: row.shows.clone(),
            accepted: accepted(&row.api),
        })
        .collect()
    }

    /// Every Deny whose origin is of one sort, once although each document repeats it.
    fn denies(&self, words: impl Fn(&Origin) -> Option<String>) -> Vec<StatementReport> {
        let denies = self.statements().filter(|statement| statement.effect() == Effect::Deny);
        let pairs = denies.flat_map(|statement| {
            let origins = statement.origins().iter().filter_map(&words);
            origins.map(|origin| (statement.sid().to_owned(), origin))
        });
        let unique: BTreeMap<String, String> = pairs.collect();
        unique.into_iter().map(|(sid, origin)| StatementReport { sid, origin }).collect()
    }

    fn assignments(&self) -> Vec<AssignmentReport> {
        let fleet = self.source.fleet();
        let mine = fleet.assignments().iter().filter(|one| one.role() == self.role.policy.id());
        let pairs = mine.flat_map(|one| one.environments().map(move |name| (one, name)));
        let report = |(one, name): (&fortem_core::Assignment, &str)| {
            let environment = fleet.environment(name)?;
            let assignee = match one.assignee() {
                Some(Assignee::Team(team)) => format!("team {team}"),
                Some(Assignee::User(user)) => user.clone(),
                None => "everybody".to_owned(),
            };
            Some(AssignmentReport {
                assignee,
                environment: name.to_owned(),
                accounts: environment.accounts().to_vec(),
                location: format!("{}:{}", shown(self.source, fleet.file().path()), one.line()),
                forbidden: self.forbidden(environment),
            })
        };
        pairs.filter_map(report).collect()
    }

    fn forbidden(&self, environment: &Environment) -> BTreeMap<String, String> {
        let guard_of = |action: &str| {
            let mut guards = self.compiled.model.guards.iter();
            guards.find(|guard| guard.forbids(action, environment))
        };
        let pairs = self.role.actions.iter().filter_map(|action| {
            let guard = guard_of(action)?;
            Some(((*action).to_owned(), guard.policy.id().to_owned()))
        });
        pairs.collect()
    }
}
