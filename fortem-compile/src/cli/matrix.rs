//! `fortem-compile matrix`: who may do what where.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use fortem_compile::compile_by;
use fortem_compile::matrix::{Csv, Html, Markdown, matrix};
use fortem_core::Problems;

use super::build;
use super::input::Input;
use super::output::Output;

/// The arguments of `matrix`.
#[derive(Debug, Args)]
pub(super) struct Matrix {
    #[command(flatten)]
    input: Input,
    /// Only this role; may be given several times.
    #[arg(long = "role", value_name = "NAME")]
    roles: Vec<String>,
    /// The format of the table.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// A table for each role.
    Text,
    /// The same for a repository or wiki.
    Markdown,
    /// A line for each role, action and environment.
    Csv,
    /// One page for a browser, with nothing outside it.
    Html,
    /// For machines.
    Json,
}

impl Matrix {
    pub(super) fn run(&self) -> Result<ExitCode, Problems> {
        let (source, reference) = (self.input.source()?, self.input.reference()?);
        let compiled = compile_by(&source, &reference, &self.roles).map_err(build::explain)?;
        let table = matrix(&source, &compiled);
        let text = match self.format {
            Format::Text => table.to_string(),
            Format::Markdown => Markdown(&table).to_string(),
            Format::Csv => Csv(&table).to_string(),
            Format::Html => Html(&table).to_string(),
            Format::Json => super::json(&table)?,
        };
        self.output.write(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}
