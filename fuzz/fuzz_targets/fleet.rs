//! A fleet file of any text is read or refused, and refused with a problem.

#![no_main]

use std::collections::BTreeSet;

use fortem_core::{Fleet, SourceFile};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let roles = BTreeSet::from(["developer".to_owned()]);
    if let Err(problems) = Fleet::parse(&SourceFile::new("fleet.toml", text), &roles) {
        assert!(!problems.as_slice().is_empty());
    }
});
