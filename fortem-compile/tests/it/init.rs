//! `init`: a fleet that builds at once.

use std::fs;
use std::path::Path;

use fortem_compile::{format, scaffold};
use fortem_core::SourceFile;
use insta::assert_snapshot;

use crate::scratch::{Scratch, text};

#[test]
fn an_empty_directory_builds_after_init() {
    let scratch = Scratch::empty();
    let output = scratch.run(&["init", "."]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_snapshot!(text(&output.stdout));
    let output = scratch.run(&["build"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for role in ["developer", "exec", "log-viewer", "operator"] {
        assert!(scratch.path(&format!("out/identity/{role}.json")).exists(), "{role}");
    }
}

/// What the workflow and the hooks of the scaffold run is there, and passes once the output is built.
#[test]
fn the_commands_of_the_scaffold_pass_after_a_build() {
    let scratch = Scratch::empty();
    scratch.run(&["init", "."]);
    scratch.run(&["build"]);
    let mut commands = 0;
    for (_, template) in scaffold::files() {
        for line in template.lines() {
            let command = line.split_once(": fortem-compile ").map(|(_, arguments)| arguments);
            let Some(arguments) = command else { continue };
            let arguments: Vec<&str> = arguments.split_whitespace().collect();
            let output = scratch.run(&arguments);
            assert_eq!(output.status.code(), Some(0), "{line}: {}", text(&output.stderr));
            commands += 1;
        }
    }
    assert_eq!(commands, 4);
}

#[test]
fn a_directory_that_is_not_there_is_made() {
    let scratch = Scratch::empty();
    let output = scratch.run(&["init", "a/fleet"]);
    assert!(text(&output.stdout).ends_with("now: cd a/fleet && fortem-compile build\n"));
    let output = scratch.run(&["--policies", "a/fleet/policies"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[test]
fn nothing_that_is_there_is_overwritten() {
    let scratch = Scratch::empty();
    scratch.run(&["init", "."]);
    fs::write(scratch.path("policies/fleet.toml"), "mine").unwrap();
    fs::remove_file(scratch.path("policies/roles/exec.cedar")).unwrap();
    let before = scratch.files("");
    let output = scratch.run(&["init", "."]);
    assert_eq!(output.status.code(), Some(1));
    assert_snapshot!(text(&output.stderr));
    assert_eq!(scratch.files(""), before);
}

#[test]
fn what_cannot_be_written_leaves_no_file() {
    let scratch = Scratch::empty();
    // A file where the last folder of the scaffold has to be.
    fs::create_dir(scratch.path("policies")).unwrap();
    fs::write(scratch.path("policies/roles"), "").unwrap();
    let before = scratch.files("");
    let output = scratch.run(&["init", "."]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("cannot write"), "{}", text(&output.stderr));
    assert_eq!(scratch.files(""), before);
}

/// The templates lie in this crate so that it can be published; the policies among them are the
/// shipped ones.
#[test]
fn the_scaffold_has_every_shipped_policy_laid_out() {
    let mut shipped = Vec::new();
    for folder in ["guards", "roles"] {
        for entry in fs::read_dir(Path::new("../policies").join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let file =
                SourceFile::read(&Path::new("../policies").join(folder).join(&name)).unwrap();
            shipped.push((format!("policies/{folder}/{name}"), format::format(&file).unwrap()));
        }
    }
    shipped.sort();
    let is_policy = |path: &str| path.starts_with("policies/guards/") || path.contains("/roles/");
    let scaffold = scaffold::files().filter(|(path, _)| is_policy(path));
    let scaffold: Vec<_> =
        scaffold.map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
    assert_eq!(scaffold, shipped);
}

#[test]
fn every_template_is_part_of_the_scaffold() {
    let mut templates = Vec::new();
    list(Path::new("templates"), &mut templates);
    let scaffold = scaffold::files().map(|(path, _)| path.to_owned());
    let mut scaffold: Vec<String> =
        scaffold.filter(|path| path != "policies/fortem.cedarschema").collect();
    templates.sort();
    scaffold.sort();
    assert_eq!(templates, scaffold);
}

fn list(directory: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        match entry.path() {
            path if path.is_dir() => list(&path, files),
            path => files.push(path.strip_prefix("templates").unwrap().display().to_string()),
        }
    }
}
