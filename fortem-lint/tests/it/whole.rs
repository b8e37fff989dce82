//! What holds of a whole run: the same input gives the same bytes, and what the compiler emits is clean.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use fortem_compile::{compile, output};
use fortem_core::Source;
use serde_json::{Value, json};

fn project(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    root.join(path).to_string_lossy().into_owned()
}

fn check(threads: &str, arguments: &[&str]) -> (Option<i32>, Vec<u8>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fortem-lint"));
    command.env("RAYON_NUM_THREADS", threads).arg("check").args(arguments);
    let output = command.output().unwrap();
    (output.status.code(), output.stdout)
}

#[test]
fn the_same_input_gives_the_same_bytes_however_many_threads_there_are() {
    let inputs = ["fortem-lint/tests/inputs", "fortem-lint/tests/rules/FL105"].map(project);
    for format in
        ["text", "json", "jsonl", "sarif", "html", "md", "csv", "junit", "github", "ocsf", "soc2"]
    {
        let mut arguments = vec!["--date", "2026-11-24", "--today", "2026-11-24", "--no-ignores"];
        arguments.extend(["--persona", "auditor", "--format", format]);
        arguments.extend(inputs.iter().map(String::as_str));
        let alone = check("1", &arguments);
        assert!(alone.1.len() > 1000, "{format}: {} bytes", alone.1.len());
        assert!(alone == check("4", &arguments), "{format} differs");
    }
}

/// A copy of the shipped policies with some texts of the fleet file replaced.
fn variant(folder: &Path, replaced: &[(&str, &str)]) {
    let shipped = PathBuf::from(project("policies"));
    for kind in ["roles", "guards"] {
        fs::create_dir(folder.join(kind)).unwrap();
        for entry in fs::read_dir(shipped.join(kind)).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, folder.join(kind).join(path.file_name().unwrap())).unwrap();
        }
    }
    let fleet = fs::read_to_string(shipped.join("fleet.toml")).unwrap();
    let fleet = replaced.iter().fold(fleet, |fleet, (old, new)| {
        assert!(fleet.contains(old), "{old}");
        fleet.replace(old, new)
    });
    fs::write(folder.join("fleet.toml"), fleet).unwrap();
}

/// The authorization details of an account in which each emitted policy is attached to a role of the environment.
fn account(tag_key: &str, documents: &[(String, Value)]) -> Value {
    let arn = |name: &str| format!("arn:aws:iam::111122223333:policy/{name}");
    let policies = documents.iter().map(|(name, document)| {
        json!({"PolicyName": name, "Arn": arn(name), "DefaultVersionId": "v1",
            "PolicyVersionList": [{"Document": document, "VersionId": "v1", "IsDefaultVersion": true}]})
    });
    let roles = documents.iter().map(|(name, _)| {
        json!({"Path": "/", "RoleName": format!("{name}-staging"),
            "Arn": format!("arn:aws:iam::111122223333:role/{name}-staging"),
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
                "Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/sso"},
                "Action": "sts:AssumeRoleWithSAML",
                "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}}]},
            "RolePolicyList": [], "AttachedManagedPolicies": [{"PolicyName": name, "PolicyArn": arn(name)}],
            "Tags": [{"Key": tag_key, "Value": "staging"}]})
    });
    json!({"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": roles.collect::<Vec<_>>(),
        "Policies": policies.collect::<Vec<_>>()})
}

#[test]
fn what_the_compiler_emits_is_clean() {
    let key = "tag_key = \"Environment\"";
    let variants: [(&str, &[(&str, &str)]); 5] = [
        ("Environment", &[]),
        ("acme:environment", &[(key, "tag_key = \"acme:environment\"")]),
        ("deployment-env", &[(key, "tag_key = \"deployment-env\"")]),
        ("Environment", &[(key, "tag_key = \"Environment\"\npartition = \"aws-cn\"")]),
        ("Environment", &[("schedule = \"eventbridge-rule\"", "schedule = \"scheduler-group\"")]),
    ];
    for (tag_key, replaced) in variants {
        let folder = tempfile::tempdir().unwrap();
        let (policies, emitted) = (folder.path().join("policies"), folder.path().join("emitted"));
        fs::create_dir(&policies).unwrap();
        fs::create_dir(&emitted).unwrap();
        variant(&policies, replaced);
        let mut documents = Vec::new();
        for (path, text) in
            output::documents(&compile(&Source::load(&policies).unwrap(), &[]).unwrap())
        {
            let name = path.rsplit('/').next().unwrap().replace(".json", "");
            documents.push((name, serde_json::from_str(&text).unwrap()));
            fs::write(emitted.join(path.replace('/', "-")), text).unwrap();
        }
        let dump = folder.path().join("account.json");
        fs::write(&dump, account(tag_key, &documents).to_string()).unwrap();
        let fleet = policies.to_string_lossy();
        for path in [emitted.to_string_lossy(), dump.to_string_lossy()] {
            for arguments in [vec![], vec!["--fleet", &fleet], vec!["--source", &fleet]] {
                let mut arguments = [arguments, vec!["--min-severity", "medium"]].concat();
                arguments.push(&path);
                let (code, said) = check("2", &arguments);
                assert_eq!(code, Some(0), "{replaced:?}: {}", String::from_utf8_lossy(&said));
            }
        }
    }
}

#[test]
fn a_leak_that_the_fleet_accepts_is_a_remark() {
    let folder = tempfile::tempdir().unwrap();
    let accepted = "[accept_leaks]\n\"ecs:ListClusters\" = \"names are no secret\"\n\n[[environment]]\nname = \"dev\"";
    let alone = "accounts = [\"444455556666\"]";
    variant(
        folder.path(),
        &[("[[environment]]\nname = \"dev\"", accepted), (alone, "accounts = [\"111122223333\"]")],
    );
    let policies = folder.path().to_string_lossy();
    let documents =
        output::documents(&compile(&Source::load(folder.path()).unwrap(), &[]).unwrap());
    let (_, text) = documents.iter().find(|(path, _)| path.ends_with("log-viewer.json")).unwrap();
    let path = folder.path().join("emitted.json");
    fs::write(&path, text).unwrap();
    let path = path.to_string_lossy();
    let (code, _) = check("1", &[&path, "--min-severity", "medium"]);
    assert_eq!(code, Some(13));
    let (code, said) = check("1", &["--fleet", &policies, &path, "--format", "json"]);
    assert_eq!(code, Some(0));
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains("names are no secret"), "{said}");
}
