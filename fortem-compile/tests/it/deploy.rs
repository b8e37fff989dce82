//! The Terraform module and the CloudFormation templates: what they say is what the documents say.

mod cloudformation;
mod terraform;

use fortem_compile::compile;
use fortem_compile::deploy::{Format, files};
use fortem_compile::output::{Artifact, OutputFile};
use fortem_compile::target::{Target, targets};
use fortem_core::{Source, SourceFile};
use serde_json::Value;

/// Cedar of the sample over another fleet.
fn sample_over(fleet: &str) -> Source {
    let cedar = ["roles/developer", "roles/log-viewer", "guards/never-prod"];
    let cedar = cedar.map(|name| {
        let path = format!("../policies/{name}.cedar");
        SourceFile::new(&path, std::fs::read_to_string(&path).unwrap())
    });
    Source::parse(&SourceFile::new("fleet.toml", fleet), &cedar).unwrap()
}

/// Letters that mean something in Terraform's templates, in JSON or in CloudFormation's, wherever the fleet file
/// takes them.
const ODD: &str = r#"
tag_key = "team:stage/+=@-"

[[environment]]
name = "dev"
tier = "nonproduction"
aliases = ['d"ev"', 'd%v', "d\\v", "dév ~ <b>&"]

[[environment]]
name = "prod"
tier = "production"
aliases = ['pr"od%%', "p!Ref"]

[[team]]
name = "payments"

[[assignment]]
role = "developer"
team = "payments"
environments = ["dev", "prod"]
"#;

/// The files of what the tools make, in one format.
fn in_format(source: &Source, format: Format) -> Vec<OutputFile> {
    let compiled = compile(source, &[]).unwrap();
    let planned = [Target::Identity, Target::Boundary, Target::Scp, Target::TagPolicy];
    let targets = targets(source, &compiled, &planned).unwrap();
    files(source, &targets.artifacts, &[format]).unwrap()
}

/// The documents as they are written on their own, by path.
fn documents(source: &Source) -> Vec<(String, Value)> {
    let files = in_format(source, Format::Json).into_iter();
    files.map(|(path, text)| (path, serde_json::from_str(&text).unwrap())).collect()
}

fn is_of_organization(path: &str) -> bool {
    path.starts_with("scp/") || path.starts_with("tag-policy/")
}

/// The sample with a document for each environment.
fn literal() -> Source {
    let fleet = std::fs::read_to_string("../policies/fleet.toml").unwrap();
    let (before, _) = fleet.split_once("[[assignment]]\nrole = \"exec\"").unwrap();
    sample_over(&format!("mode = \"literal\"\n{before}"))
}

fn refused(fleet: &str, format: Format) -> String {
    let source = sample_over(fleet);
    let compiled = compile(&source, &[]).unwrap();
    let targets = targets(&source, &compiled, &[Target::Identity]).unwrap();
    let problems = files(&source, &targets.artifacts, &[format]).unwrap_err();
    let lines = problems.as_slice().iter().map(|one| format!("{}: {one}", one.code()));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn names_that_iam_does_not_take_are_refused() {
    let long = "e".repeat(50);
    let fleet = format!(
        "[[environment]]\nname = \"{long}\"\ntier = \"nonproduction\"\n[[team]]\nname = \"a\"\n\
         [[assignment]]\nrole = \"developer\"\nteam = \"a\"\nenvironments = [\"{long}\"]\n"
    );
    assert_eq!(
        refused(&fleet, Format::Terraform),
        format!(
            "fortem::deploy::long_name: `fortem-developer-{long}` is longer than the 64 characters of the name of a \
             role"
        )
    );
}

/// What tools are not given is a file all the same.
#[test]
fn no_document_is_left_out_of_a_format() {
    let source = Source::load("../policies").unwrap();
    let compiled = compile(&source, &["developer".to_owned()]).unwrap();
    let targets = targets(&source, &compiled, &Target::ALL).unwrap();
    let files = files(&source, &targets.artifacts, &[Format::Terraform]).unwrap();
    let paths: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
    for kind in ["config", "elasticache", "permission-set", "terraform"] {
        assert!(paths.iter().any(|path| path.starts_with(kind)), "{kind} in {paths:?}");
    }
    assert!(!paths.iter().any(|path| path.starts_with("identity")), "{paths:?}");
}

/// In `literal` mode the second document of `staging` would be the first of an environment `staging-2`.
#[test]
fn two_documents_of_one_path_are_refused() {
    let artifact = || Artifact {
        file: "identity/developer/staging-2.json".to_owned(),
        text: "{}".to_owned(),
        role: Some("developer"),
        environment: Some("staging"),
        size: None,
        statements: Vec::new(),
    };
    let source = Source::load("../policies").unwrap();
    let problems = files(&source, &[artifact(), artifact()], &[Format::Json]).unwrap_err();
    assert_eq!(problems.as_slice()[0].code(), "fortem::output::same_file");
    assert!(files(&source, &[artifact()], &[Format::Json]).is_ok());
}
