//! A policy as the engine keeps it, and what of it Cedar must be asked when a request comes.

use std::collections::BTreeSet;
use std::sync::Arc;

use cedar_policy::{EntityId, EntityTypeName, EntityUid, PolicySet, pst};
use smol_str::SmolStr;

use super::circumstance::{Circumstance, Looks};
use super::loosen::{self, Reach};
use crate::fleet::RoleSlots;

/// What Cedar is asked when a request is made.
#[derive(Debug)]
pub(super) struct Condition {
    /// The one policy without its scope, which is settled, but for a resource that it names.
    pub(super) policy: PolicySet,
    pub(super) looks_at: BTreeSet<Circumstance>,
    /// The clauses, as Cedar text.
    pub(super) text: Arc<str>,
    pub(super) needs_principal: bool,
    pub(super) needs_resource: bool,
    pub(super) needs_actions: bool,
    /// The entities that it names.
    pub(super) names: Vec<EntityUid>,
}

/// A policy.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) id: SmolStr,
    pub(super) doc: SmolStr,
    pub(super) effect: pst::Effect,
    pub(super) is_role: bool,
    pub(super) template: pst::Template,
    pub(super) reach: Reach,
    pub(super) condition: Option<Condition>,
}

fn uid(name: &pst::EntityUID) -> Result<EntityUid, String> {
    let kind: EntityTypeName = name.ty.to_string().parse().map_err(|_| name.to_string())?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(&name.eid)))
}

impl Rule {
    /// A policy, and what it looks at.
    pub(super) fn new(template: pst::Template) -> Result<(Self, Looks), String> {
        let looks = Looks::of(&template);
        if looks.unknown > 0 {
            return Err(format!(
                "`{}` has an expression of a kind that is not known",
                template.id.0
            ));
        }
        let condition = if looks.at.is_empty() {
            None
        } else {
            Some(Condition {
                policy: loosen::conditions_only(&template)?,
                looks_at: looks.at.clone(),
                text: template
                    .clauses()
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(" ")
                    .into(),
                needs_principal: looks.at_principal,
                needs_resource: looks.at_resource,
                needs_actions: looks.at_action,
                names: looks.names.iter().map(uid).collect::<Result<_, _>>()?,
            })
        };
        let rule = Self {
            id: template.id.0.clone(),
            doc: template.annotations.get("doc").cloned().unwrap_or_default(),
            effect: template.effect,
            is_role: !template.is_static(),
            reach: Reach::of(&template.principal),
            condition,
            template,
        };
        Ok((rule, looks))
    }

    /// The policy for the table: without conditions where these depend on the request.
    pub(super) fn for_table(&self, environment: &pst::EntityType) -> Result<PolicySet, String> {
        match &self.condition {
            Some(_) => loosen::scope_only(&self.template, environment),
            None => loosen::for_those_found(&self.template, environment),
        }
    }

    /// What an assignment of the policy has to name.
    pub(super) fn slots(&self) -> RoleSlots {
        RoleSlots {
            principal: self.template.principal.has_slot(),
            resource: self.template.resource.has_slot(),
        }
    }

    pub(super) fn is_forbid(&self) -> bool {
        self.effect == pst::Effect::Forbid
    }
}
