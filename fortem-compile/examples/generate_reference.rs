//! Prints `data/service-reference.json` made anew from the complete service reference.

use std::error::Error;
use std::io::Write;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: generate_reference ACTIONS_JSON")?;
    let complete = std::fs::read_to_string(path)?;
    let text = fortem_compile::reference::generate::generate(&complete)?;
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}
