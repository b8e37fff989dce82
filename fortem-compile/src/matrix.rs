//! Who may do what where: role × action × environment, for people who review it.
//!
//! The content is what roles and guards mean ([`crate::model`]), as the documents grant it: what the documents leave
//! out is said, and so is what they grant beside, where IAM cannot tell two actions apart. Environments of which the
//! same is to be said share a column; one column is for whatever environment the fleet does not know.

mod build;
mod csv;
mod html;
mod markdown;
mod text;
mod words;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::explain::LeftOut;

pub use self::build::matrix;
pub use self::csv::Csv;
pub use self::html::Html;
pub use self::markdown::Markdown;

/// The whole table; `Display` writes it as text, `serde` as JSON.
#[derive(Debug, Clone, Serialize)]
pub struct Matrix {
    /// The version of this shape.
    pub version: u32,
    /// The AWS tag that names the environment.
    pub tag_key: String,
    /// The date of the service reference, RFC 3339.
    pub service_reference: String,
    /// The columns: environments that are alike, and one for all that the fleet does not know.
    pub columns: Vec<Column>,
    /// The roles, by id.
    pub roles: Vec<RoleMatrix>,
    /// The guards, by id.
    pub guards: Vec<Policy>,
}

/// Environments of which the same is to be said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Their names; none for whatever the fleet does not know.
    pub environments: Vec<String>,
    /// What they are for; none for what the fleet does not know.
    pub tier: Option<&'static str>,
}

/// A policy of the source.
#[derive(Debug, Clone, Serialize)]
pub struct Policy {
    /// The id.
    pub id: String,
    /// What it is for.
    pub doc: String,
    /// Path and line.
    pub location: String,
    /// The text of the policy.
    pub text: String,
}

/// One role.
#[derive(Debug, Clone, Serialize)]
pub struct RoleMatrix {
    /// The policy.
    #[serde(flatten)]
    pub policy: Policy,
    /// How its documents know the environment: `abac`, `literal` and so on.
    pub mode: &'static str,
    /// Who has it where, in words.
    pub assigned: Vec<String>,
    /// The actions of the vocabulary, in their order.
    pub rows: Vec<Row>,
}

/// One action of one role.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// The action.
    pub action: String,
    /// What it does.
    pub doc: String,
    /// A cell for each column.
    pub cells: Vec<Cell>,
    /// API calls of it that are not granted, whatever the cells say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
}

/// Whether those who have a role may do something in an environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Cell {
    /// They may.
    Allowed,
    /// They may if one of the alternatives holds, and no exception does.
    Conditional {
        /// What must hold: all of one of these, a sentence each. Nothing where only the exceptions count.
        when: BTreeSet<Vec<String>>,
        /// Guards, and when they forbid it.
        except: BTreeSet<Exception>,
    },
    /// A guard forbids it.
    Forbidden {
        /// The guards, by id.
        guards: BTreeSet<String>,
    },
    /// The role does not permit it.
    NotGranted,
    /// The role does not permit it, but what it permits is the same call to IAM.
    Merged {
        /// The actions that it permits.
        with: BTreeSet<String>,
        /// What holds of those.
        like: Box<Cell>,
    },
    /// It is granted to nobody.
    Never {
        /// Why.
        reason: String,
    },
}

/// A guard that forbids something under a condition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Exception {
    /// The guard.
    pub guard: String,
    /// When it forbids: all of this.
    pub when: Vec<String>,
}

impl Cell {
    /// The state in a word, for tables and filters.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Conditional { .. } => "conditional",
            Self::Forbidden { .. } => "forbidden",
            Self::NotGranted => "not granted",
            Self::Merged { .. } => "merged",
            Self::Never { .. } => "never",
        }
    }

    /// What there is to add to the state, in words; nothing if it says all.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::Allowed | Self::NotGranted => String::new(),
            Self::Conditional { when, except } => words::conditions(when, except),
            Self::Forbidden { guards } => {
                let guards: Vec<String> = guards.iter().map(|guard| format!("`{guard}`")).collect();
                format!("by {}", guards.join(" and "))
            }
            Self::Merged { with, like } => {
                let with: Vec<String> = with.iter().map(|action| format!("`{action}`")).collect();
                let detail = like.detail();
                let detail = if detail.is_empty() { detail } else { format!(", {detail}") };
                format!("IAM cannot tell it from {}: {}{detail}", with.join(", "), like.state())
            }
            Self::Never { reason } => reason.clone(),
        }
    }
}

impl Column {
    /// The environments in words.
    #[must_use]
    pub fn in_words(&self) -> String {
        if self.environments.is_empty() {
            "any other".to_owned()
        } else {
            self.environments.join(", ")
        }
    }

    /// Whether customers depend on them.
    #[must_use]
    pub fn is_production(&self) -> bool {
        self.tier == Some(fortem_core::Tier::Production.as_str())
    }
}
