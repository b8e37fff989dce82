//! A schema of any text is added to the vocabulary or refused, and what is added can be decided about.

#![no_main]

use fortem_core::engine::Engine;
use fortem_core::{Source, SourceFile};
use libfuzzer_sys::fuzz_target;

const FLEET: &str = include_str!("fleet.toml");

fuzz_target!(|text: &str| {
    let fleet = SourceFile::new("fleet.toml", FLEET);
    match Source::parse(&fleet, &[SourceFile::new("any.cedarschema", text)]) {
        Ok(source) => assert!(Engine::of(&source).is_ok()),
        Err(problems) => assert!(!problems.as_slice().is_empty()),
    }
});
