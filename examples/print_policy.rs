//! Compiles one role and prints its documents, as a deployment tool would.
//!
//! `cargo run -p fortem-compile --example print_policy -- policies developer`

use std::error::Error;
use std::io::{Write, stdout};

use fortem_core::Source;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().unwrap_or_else(|| "policies".to_owned());
    let role = arguments.next().unwrap_or_else(|| "developer".to_owned());
    let source = Source::load(directory)?;
    let compiled = fortem_compile::compile(&source, &[role])?;
    for document in compiled.documents.values().flatten() {
        stdout().write_all(document.to_json().as_bytes())?;
    }
    Ok(())
}
