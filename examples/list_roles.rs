//! Reads a policies directory and prints who has which role where.
//!
//! `cargo run -p fortem-core --example list_roles -- policies`

use std::error::Error;
use std::io::{Write, stdout};

use fortem_core::{Assignee, Source};

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1).unwrap_or_else(|| "policies".to_owned());
    let source = Source::load(directory)?;
    let mut out = stdout().lock();
    for role in source.roles() {
        writeln!(out, "{}: {}", role.id(), role.doc())?;
        let assignments = source.fleet().assignments().iter();
        for assignment in assignments.filter(|assignment| assignment.role() == role.id()) {
            let who = match assignment.assignee() {
                Some(Assignee::Team(team)) => format!("team {team}"),
                Some(Assignee::User(user)) => user.clone(),
                None => "everybody".to_owned(),
            };
            let places: Vec<&str> = assignment.environments().collect();
            let places =
                if places.is_empty() { "every environment".to_owned() } else { places.join(", ") };
            writeln!(out, "  {who} in {places}")?;
        }
    }
    Ok(())
}
