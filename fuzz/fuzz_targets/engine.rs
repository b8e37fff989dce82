//! Policies of any text are refused, or decided by as Cedar does.

#![no_main]

use std::collections::BTreeSet;
use std::time::SystemTime;

use cedar_policy::PolicySet;
use fortem_core::engine::{Engine, Request, Resource, Session};
use fortem_core::{Assignee, Fleet, Roles, SourceFile};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // Deeper texts are refused before Cedar parses them, by whatever reads policies from files.
    if text.bytes().filter(|byte| b"([{!-|&".contains(byte)).count() > 100 {
        return;
    }
    let Ok(policies) = text.parse::<PolicySet>() else { return };
    let roles: BTreeSet<String> =
        policies.templates().map(|one| AsRef::<str>::as_ref(one.id()).to_owned()).collect();
    let file = SourceFile::new("fleet.toml", include_str!("engine.toml"));
    let Ok(fleet) = Fleet::parse(&file, &Roles::of(&policies)) else { return };
    let Ok(engine) = Engine::new(&policies, &fleet) else { return };
    for role in &roles {
        // Those that do not name what the role has slots for are refused.
        let (alice, payments) = ("alice".to_owned(), "payments".to_owned());
        _ = engine.assign(role, Assignee::User(alice.clone()), "dev");
        _ = engine.assign(role, Assignee::Team(payments), "staging");
        _ = engine.assign(role, Assignee::User(alice), None);
        _ = engine.assign(role, None, "prod");
    }
    let engine = engine.paranoid(|difference| panic!("{difference:?}")).expect("the whole");
    for environment in ["dev", "staging", "prod"] {
        for (action, kind) in [("restartService", "Service"), ("execCommand", "Task")] {
            let resource = Resource::new(kind, "one").within(environment);
            let session = Session::at(SystemTime::UNIX_EPOCH).mfa(true);
            let request = Request::new("alice", action, resource, session);
            drop(engine.authorize(&request).expect("an answer").explain());
        }
    }
});
