//! A decision of the table takes nothing from the heap.

use std::time::SystemTime;

use fortem_core::engine::{Engine, Request, Resource, Session};

fn allocations(ask: impl FnOnce() -> bool) -> u64 {
    let mut answer = None;
    let counted = allocation_counter::measure(|| answer = Some(ask()));
    assert_eq!(answer, Some(true));
    counted.count_total
}

/// The request is made from strings that are put together at run time, as a frontend has them.
#[test]
fn a_decision_of_the_table_allocates_nothing() {
    let engine = Engine::load("../policies").unwrap();
    let names = ["alice", "restartService", "orders-api", "staging"].map(String::from);
    let [user, action, id, environment] = &names;
    let ask = |environment: &str| {
        let service = Resource::new("Service", id).within(environment);
        let request = Request::new(user, action, service, Session::at(SystemTime::now()));
        engine.authorize(&request).unwrap().is_allowed()
    };
    assert!(ask(environment)); // what is made once in a process is made
    assert_eq!(allocations(|| ask(environment)), 0);
    assert_eq!(allocations(|| !ask("production")), 0);

    let tags = [("Name", id.as_str()), ("Environment", environment.as_str())];
    let tagged = Resource::new("Service", id).tagged(&tags);
    let request = Request::new(user, action, tagged, Session::at(SystemTime::now()));
    assert_eq!(allocations(|| engine.authorize(&request).unwrap().is_allowed()), 0);
}

/// The counter counts: asking Cedar allocates.
#[test]
fn a_decision_of_cedar_allocates() {
    let engine = Engine::load("../policies").unwrap();
    let task = Resource::new("Task", "4f3a").within("staging");
    let session = Session::at(SystemTime::now()).mfa(true);
    let request = Request::new("carol", "execCommand", task, session);
    assert!(allocations(|| engine.authorize(&request).unwrap().is_allowed()) > 0);
}
