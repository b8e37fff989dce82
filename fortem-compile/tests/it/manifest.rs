//! `manifest.json`, against the files that it describes.

use std::fs;

use fortem_core::Digest;
use serde_json::Value;

use crate::scratch::{Scratch, text};

fn manifest(scratch: &Scratch, out: &str) -> Value {
    let text = fs::read_to_string(scratch.path(out).join("manifest.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn digests_are_those_of_the_files() {
    let scratch = Scratch::new();
    scratch.run(&[]);
    let manifest = manifest(&scratch, "out");
    let mut listed = 0;
    for (list, folder) in [("sources", "."), ("documents", "out"), ("other_files", "out")] {
        for entry in manifest[list].as_array().unwrap() {
            let path = scratch.path(folder).join(entry["file"].as_str().unwrap());
            let digest = Digest::of(&fs::read(&path).unwrap());
            assert_eq!(entry["sha256"], digest.to_string(), "{}", path.display());
            listed += 1;
        }
    }
    // All but the vocabulary, which is built in, and the manifest itself.
    let files = scratch.files("policies").len() + scratch.files("out").len();
    assert_eq!(listed, files - 2);
}

#[test]
fn each_statement_is_tied_to_where_it_comes_from() {
    let scratch = Scratch::new();
    scratch.run(&[]);
    let manifest = manifest(&scratch, "out");
    // The other documents are no policies of statements.
    let policies = manifest["documents"].as_array().unwrap().iter();
    for entry in policies.filter(|one| one["kind"] == "identity" || one["kind"] == "boundary") {
        let path = scratch.path("out").join(entry["file"].as_str().unwrap());
        let document: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let sids = |list: &Value, name: &str| -> Vec<String> {
            let all = list.as_array().unwrap().iter();
            all.map(|one| one[name].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(sids(&entry["statements"], "sid"), sids(&document["Statement"], "Sid"));
        for statement in entry["statements"].as_array().unwrap() {
            let from = statement["from"].as_array().unwrap();
            assert!(!from.is_empty(), "{statement}");
            for origin in from.iter().filter(|origin| origin["location"].is_string()) {
                let (path, line) = origin["location"].as_str().unwrap().rsplit_once(':').unwrap();
                let cedar = fs::read_to_string(scratch.path(path)).unwrap();
                let line = cedar.lines().nth(line.parse::<usize>().unwrap() - 1).unwrap();
                let id = format!("@id({})", origin["policy"]);
                assert_eq!(line, id, "{path}");
            }
        }
    }
}

/// Neither the machine nor the way in which the directory is named shows in the output.
#[test]
fn the_output_is_the_same_wherever_the_policies_lie() {
    let scratch = Scratch::new();
    let absolute = scratch.path("policies").display().to_string();
    scratch.run(&["--out", "plain"]);
    scratch.run(&["--out", "absolute", "--policies", &absolute]);
    scratch.run(&["--out", "dotted", "--policies", "./policies/"]);
    let texts = |name| scratch.files(name).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
    assert_eq!(texts("absolute"), texts("plain"));
    assert_eq!(texts("dotted"), texts("plain"));
}

#[test]
fn a_build_of_some_roles_says_so() {
    let scratch = Scratch::new();
    let output = scratch.run(&["--role", "operator", "--role", "exec"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(manifest(&scratch, "out")["only_roles"], serde_json::json!(["exec", "operator"]));
}
