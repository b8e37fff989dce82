//! Documents compared with Cedar: the ones that are emitted, and ones that were tampered with.

use std::collections::BTreeMap;
use std::time::Instant;

use fortem_compile::compile;
use fortem_compile::verify::verify;
use fortem_core::Source;

#[test]
fn the_shipped_policies_are_verified() {
    let source = Source::load("../policies").unwrap();
    let compiled = compile(&source, &[]).unwrap();
    let documents: BTreeMap<String, Vec<String>> = compiled
        .documents
        .iter()
        .map(|(role, documents)| {
            ((*role).to_owned(), documents.iter().map(|document| document.to_json()).collect())
        })
        .collect();
    let start = Instant::now();
    let documents: BTreeMap<&str, Vec<String>> =
        documents.iter().map(|(a, b)| (a.as_str(), b.clone())).collect();
    let differences = verify(&source, &documents).unwrap();
    eprintln!("{:?}", start.elapsed());
    let shown: Vec<String> = differences
        .iter()
        .map(|d| format!("{:?} {}\n{d}\n{:?}", d.kind(), d.role(), d.policies()))
        .collect();
    assert!(shown.is_empty(), "{}", shown.join("\n\n"));
}
