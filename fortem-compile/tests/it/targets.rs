//! The documents around the identity policies.

mod boundary;
mod config;
mod elasticache;
mod large;
mod permission_set;
mod scp;
mod trust;
mod witness;

use std::fs;
use std::path::Path;

use fortem_compile::iam::{Document, DocumentKind, Request, Values};
use fortem_compile::target::{Target, Targets, targets};
use fortem_compile::{Compiled, compile};
use fortem_core::{Source, SourceFile};
use insta::assert_snapshot;
use serde_json::Value;

/// What a fleet file says of all that a target may ask for.
const ORGANIZATION: &str = "
[organization]
platform_roles = [\"arn:aws:iam::*:role/platform-admin\"]
fargate_only = true
saml_provider = \"corp\"
oidc_issuer = \"https://idp.example.com/realm\"
oidc_audience = \"fortem\"
broker = \"arn:aws:iam::111122223333:role/broker\"
identity_center_attribute = \"${path:enterprise.department}\"
";

/// The shipped policies with some settings more.
fn sample(settings: &str) -> Source {
    source(|fleet| fleet + settings, &[])
}

/// The shipped policies with another fleet file, and more policies.
fn source(change: impl Fn(String) -> String, more: &[&str]) -> Source {
    let fleet = fs::read_to_string("../policies/fleet.toml").unwrap();
    let fleet = SourceFile::new("policies/fleet.toml", change(fleet));
    let mut cedar: Vec<SourceFile> = Vec::new();
    for folder in ["guards", "roles"] {
        let files = fs::read_dir(Path::new("../policies").join(folder)).unwrap();
        let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        paths.sort();
        cedar.extend(paths.iter().map(|path| {
            SourceFile::new(path.display().to_string(), fs::read_to_string(path).unwrap())
        }));
    }
    let more = more.iter().enumerate();
    cedar.extend(more.map(|(at, text)| SourceFile::new(format!("more-{at}.cedar"), *text)));
    Source::parse(&fleet, &cedar).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// The text of one file of some targets.
fn text<'t>(targets: &'t Targets, file: &str) -> &'t str {
    let found = targets.artifacts.iter().find(|one| one.file == file);
    &found.unwrap_or_else(|| panic!("{file} is not written: {:?}", targets.left_out)).text
}

fn read(targets: &Targets, file: &str, kind: DocumentKind) -> Document {
    parse(text(targets, file), kind)
}

/// The document, of which AWS refuses nothing and about which there is nothing to remark.
fn parse(text: &str, kind: DocumentKind) -> Document {
    let (document, errors, remarks) = Document::read(text, kind).into_parts();
    assert!(errors.is_empty() && remarks.is_empty(), "{text}: {errors:?} {remarks:?}");
    document
}

/// One authorization with some condition keys; a key with `|` in its value has several.
fn request(action: &str, resource: &str, context: &[(&str, &str)]) -> Request {
    let mut request = Request::new(action, resource);
    for (key, value) in context {
        let multivalued = ["aws:TagKeys", "ecs:capacity-provider", "ecs:compute-compatibility"];
        let values = if multivalued.contains(key) {
            Values::Many(value.split('|').map(str::to_owned).collect())
        } else {
            Values::from(*value)
        };
        request.context_mut().insert(key, values);
    }
    request
}

/// Each document with one statement or one condition less, and what was taken away.
fn with_a_part_less(text: &str) -> Vec<(String, String)> {
    let whole: Value = serde_json::from_str(text).unwrap();
    let mut all = Vec::new();
    for (index, statement) in whole["Statement"].as_array().unwrap().iter().enumerate() {
        let sid = statement["Sid"].as_str().unwrap();
        let mut changed = whole.clone();
        changed["Statement"].as_array_mut().unwrap().remove(index);
        all.push((format!("{sid}: all of it"), changed.to_string()));
        for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
            for key in keys.as_object().unwrap().keys() {
                let mut changed = whole.clone();
                let keys = &mut changed["Statement"][index]["Condition"][operator];
                keys.as_object_mut().unwrap().remove(key);
                all.push((format!("{sid}: {operator} {key}"), changed.to_string()));
            }
        }
    }
    all
}

/// The file of a target, indented where it is written without white space.
fn readable(targets: &Targets, target: Target) -> String {
    let of_kind = targets.artifacts.iter().filter(|one| one.kind() == target.as_str());
    let texts = of_kind.map(|one| {
        let text = match serde_json::from_str::<Value>(&one.text) {
            Ok(json) => format!("{json:#}"),
            Err(_) => one.text.clone(),
        };
        format!("--- {}\n{}\n", one.file, text.trim_end())
    });
    let left_out = targets.left_out.iter().filter(|one| one.target == target);
    let left_out =
        left_out.map(|one| format!("--- {} is not written\n{}\n{}\n", one.file, one.why, one.help));
    texts.chain(left_out).collect()
}

#[test]
fn what_people_read() {
    let source = sample(ORGANIZATION);
    let compiled = compile(&source, &[]).unwrap();
    let all = targets(&source, &compiled, &Target::ALL).unwrap();
    // The sample of the command's tests has the others.
    assert_snapshot!("scp", readable(&all, Target::Scp));
    assert_snapshot!("trust", readable(&all, Target::Trust));
}

#[test]
fn only_the_targets_asked_for_are_written() {
    let source = sample(ORGANIZATION);
    let compiled = compile(&source, &[]).unwrap();
    for target in Target::ALL {
        let some = targets(&source, &compiled, &[target]).unwrap();
        assert!(!some.artifacts.is_empty(), "{target}");
        assert!(some.artifacts.iter().all(|one| one.kind() == target.as_str()));
    }
}

#[test]
fn without_settings_nothing_is_written_that_needs_them() {
    let source = sample("");
    let compiled = compile(&source, &[]).unwrap();
    let all = targets(&source, &compiled, &Target::ALL).unwrap();
    let kinds: Vec<_> = all.artifacts.iter().map(|one| one.kind().to_owned()).collect();
    assert!(!kinds.contains(&"scp".to_owned()) && !kinds.contains(&"trust".to_owned()));
    let left_out: Vec<_> = all.left_out.iter().map(|one| one.file.as_str()).collect();
    assert_eq!(left_out, ["scp/", "trust/", "permission-set/attributes.json"]);
}

#[test]
fn what_holds_for_everybody_is_not_made_of_some_roles() {
    let source = sample(ORGANIZATION);
    let compiled: Compiled = compile(&source, &["exec".to_owned()]).unwrap();
    let some = targets(&source, &compiled, &[Target::Scp]).unwrap();
    assert!(some.artifacts.is_empty());
    assert_eq!(some.left_out[0].help, "compile without --role");
}
