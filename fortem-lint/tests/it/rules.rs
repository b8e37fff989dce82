//! Each rule on its cases: `tests/rules/ID/` holds what it fires on (`fires…`), what it must not fire on though it
//! looks alike (`near-miss…`), and what it no longer fires on once the advice is followed (`fixed…`). A case is a file,
//! or a folder for a snapshot or several files; `fleet.toml` with roles in Cedar beside the cases is the source of all
//! of them, and in the folder of a case `fortem-lint.toml` holds its ignores and `today.txt` its day.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use fortem_compile::reference::Reference;
use fortem_core::Source as FleetSource;
use fortem_lint::audit::Audit;
use fortem_lint::check::{Report, Selection};
use fortem_lint::environments::Environments;
use fortem_lint::finding::Persona;
use fortem_lint::ignore::{FILE, Ignores};
use fortem_lint::source::Source;
use fortem_lint::{date, input, rules};
use jiff::civil::Date;

/// The day of the cases that do not name one.
const DAY: Date = jiff::civil::date(2026, 10, 1);

fn folder(id: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules").join(id)
}

/// The cases of a rule whose names begin with a word, sorted.
fn cases(id: &str, word: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder(id)) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    let begins = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(word);
    let mut paths: Vec<PathBuf> = paths.filter(begins).collect();
    paths.sort();
    paths
}

fn check_case(id: &str, case: &Path) -> Report {
    let (entries, problems) = input::entries(&[case.to_owned()]);
    assert!(problems.is_empty(), "{problems:?}");
    let read = input::read_all(&entries);
    let organization = read.organization.as_ref();
    let fleet = folder(id).join("fleet.toml");
    let environments = if fleet.exists() {
        Environments::of_source(&FleetSource::load(folder(id)).unwrap()).unwrap()
    } else {
        Environments::inferred(read.units.iter().chain(organization.map(|one| &one.unit)))
    };
    let ignores = fs::read_to_string(case.join(FILE)).ok().map(|text| {
        Ignores::read(Source::new(FILE, text)).map_err(|(_, mistakes)| mistakes).unwrap()
    });
    // Whether an ignore is needed, the other rules tell.
    let select = if ignores.is_some() { Vec::new() } else { vec![id.to_owned()] };
    let today = fs::read_to_string(case.join("today.txt")).ok();
    let selection = Selection { select, persona: Some(Persona::Auditor), ..Selection::default() };
    let audit = Audit {
        environments: &environments,
        organization,
        reference: Reference::builtin().unwrap(),
        selection: &selection,
        today: today.map_or(DAY, |day| date::day(day.trim()).unwrap()),
        ignores: ignores.as_ref(),
        baseline: None,
    };
    let mut report = audit.run(&read.units, Vec::new(), Vec::new());
    report.findings.retain(|one| one.rule == id);
    report
}

#[test]
fn every_rule_fires_on_its_cases() {
    for rule in rules::all() {
        let id = rule.meta().id;
        let cases = cases(id, "fires");
        assert!(!cases.is_empty(), "{id} has no case that fires");
        for case in cases {
            let report = check_case(id, &case);
            assert!(!report.findings.is_empty(), "{id} does not fire on {}", case.display());
        }
    }
}

#[test]
fn no_rule_fires_on_what_only_looks_alike_or_is_mended() {
    for rule in rules::all() {
        let id = rule.meta().id;
        for word in ["near-miss", "fixed"] {
            let cases = cases(id, word);
            assert!(!cases.is_empty(), "{id} has no case `{word}`");
            for case in cases {
                let found = check_case(id, &case).findings;
                assert!(found.is_empty(), "{id} fires on {}: {}", case.display(), found[0].message);
            }
        }
    }
}

#[test]
fn every_case_belongs_to_a_rule() {
    let folders = fs::read_dir(folder("")).unwrap();
    for entry in folders {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(rules::find(&name).is_some(), "there is no rule {name}");
    }
}

#[test]
fn ids_and_names_are_given_once_and_in_order() {
    let ids: Vec<_> = rules::all().iter().map(|rule| rule.meta().id).collect();
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(ids, sorted);
    let mut names: Vec<_> = rules::all().iter().map(|rule| rule.meta().name).collect();
    names.sort_unstable();
    let many = names.len();
    names.dedup();
    assert_eq!(names.len(), many);
}

/// What people read of each rule's cases.
#[test]
fn findings_say_what_is_wrong() {
    for rule in rules::all() {
        let id = rule.meta().id;
        let mut text = String::new();
        for case in cases(id, "fires") {
            writeln!(text, "# {}", case.file_name().unwrap().to_str().unwrap()).unwrap();
            for finding in check_case(id, &case).findings {
                let position = finding.position;
                writeln!(
                    text,
                    "{} ({}) {}:{} {}\n  {}",
                    finding.severity,
                    finding.confidence.as_str(),
                    position.line,
                    position.column,
                    finding.pointer,
                    finding.message
                )
                .unwrap();
                for fact in finding.evidence {
                    writeln!(text, "  - {fact}").unwrap();
                }
            }
        }
        insta::with_settings!({ snapshot_path => "../snapshots/rules", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(id, text);
        });
    }
}
