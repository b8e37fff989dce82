//! What holds of a whole run: the same input gives the same bytes, and what the compiler emits is clean.

use std::fs;
use std::path::Path;
use std::process::Command;

use fortem_compile::{compile, output};
use fortem_core::Source;

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

#[test]
fn what_the_compiler_emits_is_clean() {
    let source = Source::load(Path::new(&project("policies"))).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, document) in output::documents(&compile(&source, &[]).unwrap()) {
        fs::write(folder.path().join(name.replace('/', "-")), document).unwrap();
    }
    let (emitted, fleet) = (folder.path().to_string_lossy(), project("policies"));
    for arguments in [vec![], vec!["--fleet", &fleet]] {
        let mut arguments = [arguments, vec!["--min-severity", "medium"]].concat();
        arguments.push(&emitted);
        let (code, said) = check("2", &arguments);
        assert_eq!(code, Some(0), "{}", String::from_utf8_lossy(&said));
    }
}
