//! Documents compared with Cedar: the ones that are emitted, and ones that were tampered with.

use std::collections::BTreeMap;
use std::time::Instant;

use fortem_compile::compile;
use fortem_compile::verify::Verifier;
use fortem_core::Source;

#[test]
fn the_shipped_policies_are_verified() {
    let source = Source::load("../policies").unwrap();
    let compiled = compile(&source, &[]).unwrap();
    let documents = compiled.documents.iter();
    let documents: BTreeMap<&str, Vec<String>> = documents
        .map(|(role, all)| (*role, all.iter().map(|document| document.to_json()).collect()))
        .collect();
    let start = Instant::now();
    let differences = Verifier::new(&source).unwrap().verify(&documents).unwrap();
    eprintln!("{:?}", start.elapsed());
    assert!(differences.is_empty());
}
