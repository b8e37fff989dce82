//! Credentials that people left in what is read: none is kept or shown.

use std::sync::LazyLock;

use serde_json::json;

use crate::double::{Double, Lint, MANAGEMENT, Manifest, Proxy, REGION, Snapshot};
use crate::sandbox::Said;

static SECRETS: LazyLock<(Double, Manifest)> = LazyLock::new(|| {
    let double = Double::start();
    let manifest = double.seed("secrets", &[]);
    (double, manifest)
});

/// The caller's own.
const KEY: &str = "wJalrXUtnFEMI-own-secret-of-the-caller";
const TOKEN: &str = "own-token-of-the-caller";

fn audited(arguments: &[&str]) -> (Said, Snapshot, Proxy) {
    let proxy = Proxy::start(&SECRETS.0, &["--realistic"]);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("snapshot");
    let said = Lint::new(proxy.endpoint())
        .args(["audit", "--regions", REGION, "--persona", "auditor", "--out"])
        .args([&out])
        .args(arguments)
        .env("AWS_SECRET_ACCESS_KEY", Some(KEY))
        .env("AWS_SESSION_TOKEN", Some(TOKEN))
        .run();
    (said, Snapshot::read(&out), proxy)
}

#[test]
fn none_is_kept_or_shown() {
    let planted = &SECRETS.1.secrets;
    assert_eq!(planted.len(), 11);
    for format in ["text", "json", "sarif", "html", "md"] {
        let (said, snapshot, _) = audited(&["--format", format]);
        assert!(!said.out.is_empty(), "{said:?}");
        let texts = snapshot.texts.iter().map(|(name, text)| (&**name, text));
        let shown = [("what was printed", &said.out), ("what was said", &said.err)];
        for (place, text) in texts.chain(shown) {
            for secret in planted.iter().map(String::as_str).chain([KEY, TOKEN]) {
                assert!(!text.contains(secret), "{secret} is in {place} ({format})");
            }
        }
    }
}

#[test]
fn that_there_is_one_is_found() {
    let (said, snapshot, _) = audited(&["--format", "json", "--select", "FL608"]);
    let found = said.json()["findings"].as_array().unwrap().len();
    assert!(found > 0, "{said:?}");
    let inventory = snapshot.file(&format!("{MANAGEMENT}/{REGION}.json"));
    let container = &inventory["taskDefinitions"][0]["containerDefinitions"][0];
    let names: Vec<&str> = container["environment"]
        .as_array()
        .unwrap()
        .iter()
        .map(|variable| variable["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["DB_PASSWORD", "GREETING"], "names are kept: {container}");
}

#[test]
fn none_is_shown_when_services_fail() {
    let (proxy, folder) = (Proxy::start(&SECRETS.0, &[]), tempfile::tempdir().unwrap());
    for fault in ["truncate", "garbage"] {
        proxy.faults(&json!([{"service": "ecs", "op": "Describe*", "fault": fault}]));
        let out = folder.path().join(fault);
        let said = Lint::new(proxy.endpoint())
            .args(["collect", "--regions", REGION, "--out"])
            .args([&out])
            .run();
        assert_eq!(said.code, 3, "{said:?}");
        let snapshot = Snapshot::read(&out);
        for text in snapshot.texts.values().chain([&said.out, &said.err]) {
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
}
