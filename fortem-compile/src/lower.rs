//! Roles and guards to IAM statements, one document's worth a role.
//!
//! The slot `?resource` of a role is the policy variable `${aws:PrincipalTag/…}`: the environment of
//! a call, seen through every channel that the lowering table names, must be the principal's.

mod coverage;
mod grant;
mod guard;
mod integrity;
mod supporting;

use std::collections::BTreeSet;

use fortem_core::{Fleet, Source};

use crate::arn;
use crate::model::{Model, Role};
use crate::reference::Reference;
use crate::statement::{Conditions, Statement, StatementError};
use crate::table::{Channel, Table, Where};

/// What lowering needs to know beside the policies.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// Environments and names.
    pub fleet: &'a Fleet,
    /// The lowering table.
    pub table: &'a Table,
    /// The service reference.
    pub reference: &'a Reference,
}

impl<'a> World<'a> {
    /// The built-in tables with the fleet of a source.
    #[must_use]
    pub fn new(source: &'a Source, table: &'a Table, reference: &'a Reference) -> Self {
        Self { fleet: source.fleet(), table, reference }
    }

    /// `aws:PrincipalTag/…`, `aws:ResourceTag/…` or `aws:RequestTag/…` of the environment.
    pub(crate) fn tag(&self, of: &str) -> String {
        format!("aws:{of}Tag/{}", self.fleet.tag_key())
    }

    /// The policy variable that stands for the principal's environment.
    fn slot(&self) -> String {
        format!("${{{}}}", self.tag("Principal"))
    }

    pub(crate) fn schedule(&self) -> &'static str {
        self.fleet.schedule().as_str()
    }

    /// The condition that a channel shows the principal's environment; the name channel is in the
    /// resource and needs none.
    fn shows(&self, channel: Channel) -> Option<(String, String, BTreeSet<String>)> {
        let slot = || BTreeSet::from([self.slot()]);
        match channel {
            Channel::ResourceTag => Some(("StringEquals".into(), self.tag("Resource"), slot())),
            Channel::RequestTag => Some(("StringEquals".into(), self.tag("Request"), slot())),
            Channel::Cluster => {
                let names = self.fleet.names();
                let clusters = arn::clusters(self.fleet, self.table, names, &self.slot());
                Some(("ArnLike".into(), "ecs:cluster".into(), clusters))
            }
            Channel::Name => None,
        }
    }

    fn conditions(&self, rows: &[Where]) -> Conditions {
        let condition = |row: &Where| {
            let key = (row.operator.clone(), row.key.clone());
            (key, self.values(row))
        };
        rows.iter().map(condition).collect()
    }

    fn values(&self, row: &Where) -> BTreeSet<String> {
        let mut values = row.values.clone();
        if let Some(kind) = row.own.as_deref().and_then(|kind| self.table.kind(kind)) {
            values.extend(arn::own(self.fleet, kind, self.fleet.names(), &self.slot()));
        }
        if row.tag_key || row.tag_keys {
            values.insert(self.fleet.tag_key().to_owned());
        }
        if row.tag_keys {
            values.extend(self.fleet.task_tags().iter().cloned());
        }
        values
    }
}

/// The condition on a second factor, if one is asked for. On an absent key the operator decides for
/// "no second factor".
fn mfa(wanted: Option<bool>) -> Conditions {
    let Some(wanted) = wanted else {
        return Conditions::new();
    };
    let operator = if wanted { "Bool" } else { "BoolIfExists" };
    let key = (operator.to_owned(), "aws:MultiFactorAuthPresent".to_owned());
    Conditions::from([(key, BTreeSet::from([wanted.to_string()]))])
}

/// The statements of one role: grants, then guards, then integrity guards, none merged yet.
///
/// # Errors
///
/// [`StatementError`] if the lowering table claims what the service reference does not know.
pub fn lower(world: &World, model: &Model, role: &Role) -> Result<Vec<Statement>, StatementError> {
    let mut drafts = grant::drafts(world, &model.guards, role);
    let granted = grant::Granted::of(&drafts);
    for guard in &model.guards {
        drafts.extend(guard::drafts(world, guard, role, &granted));
    }
    drafts.extend(integrity::drafts(world));
    drafts.extend(integrity::empty_tag(world, &model.guards, &granted));
    drafts.into_iter().map(|draft| Statement::new(world.reference, draft)).collect()
}
