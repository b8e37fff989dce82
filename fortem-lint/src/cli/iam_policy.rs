//! `fortem-lint iam-policy`.

use std::io::{Write, stdout};

use anyhow::{Context, Result};
use clap::Args;

use crate::collect::permissions;
use crate::exit::Exit;

#[derive(Debug, Args)]
pub(super) struct IamPolicy {
    /// Also what reading a whole Organization takes, for the account that starts it; needs `--role-name`.
    #[arg(long, requires = "role_name")]
    organization: bool,

    /// The role that is entered in other accounts.
    #[arg(long, value_name = "NAME", requires = "organization")]
    role_name: Option<String>,
}

impl IamPolicy {
    pub(super) fn run(&self) -> Result<Exit> {
        let text = serde_json::to_string_pretty(&permissions::policy(self.role_name.as_deref()))?;
        writeln!(stdout(), "{text}").context("cannot write the policy")?;
        Ok(Exit::Clean)
    }
}
