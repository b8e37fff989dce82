//! A fleet file of any text is read or refused, and refused with a problem.

#![no_main]

use fortem_core::{Fleet, RoleSlots, Roles, SourceFile};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let slots = RoleSlots { principal: true, resource: true };
    let roles = Roles::from_iter([("developer".to_owned(), slots)]);
    if let Err(problems) = Fleet::parse(&SourceFile::new("fleet.toml", text), &roles) {
        assert!(!problems.as_slice().is_empty());
    }
});
