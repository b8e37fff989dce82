//! The engine asks Cedar beside itself: they agree.

use std::sync::{Arc, Mutex};

use proptest::prelude::*;

use super::{authorize, engine, world};

proptest! {
    #[test]
    fn a_paranoid_engine_finds_nothing((policies, fleet, requests) in world()) {
        let differences = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&differences);
        let report = move |one: &fortem_core::engine::Difference| {
            told.lock().unwrap().push(one.clone());
        };
        let plain = engine(&policies, &fleet);
        let paranoid = engine(&policies, &fleet).paranoid(report).unwrap();
        for asked in &requests {
            let (plain, paranoid) = (authorize(&plain, asked), authorize(&paranoid, asked));
            if paranoid.is_ok() {
                prop_assert_eq!(plain, paranoid);
            }
        }
        prop_assert_eq!(&*differences.lock().unwrap(), &Vec::new());
    }
}
