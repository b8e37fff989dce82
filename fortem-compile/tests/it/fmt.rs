//! `fmt`: the same policies and comments, laid out anew.

use std::fs;

use fortem_compile::format::format;
use fortem_core::{SourceFile, cedar_comments};
use insta::assert_snapshot;
use proptest::prelude::*;

use crate::policies::{some_guard, some_role};
use crate::scratch::{Scratch, text};

/// Comments wherever there can be one, and text that only looks like one.
const CROOKED: &str = r#"// Before.

// A second paragraph.
@id("crooked") // behind an annotation
@doc("a // b; \" // c")permit( // behind a bracket
principal in ?principal, // behind the principal
action in [ // in a list
Fortem::Action::"observe", // behind an entry
// before an entry
Fortem::Action::"operate" // behind the last
// at the end of a list
], resource in ?resource // behind the resource
// before a bracket
) when { // behind when
// alone
context.mfa && // behind an operator
(context.mfa || context has approval && context.approval like "a*\"//") // behind a like
// at the end of a clause
} // between clauses
unless { if context.mfa then false else // behind else
true }
; // behind a policy

// Between policies.
@id("plain") forbid(principal,action,resource,);
// At the end.
"#;

fn formatted(text: &str) -> String {
    format(&SourceFile::new("a.cedar", text)).unwrap_or_else(|problems| panic!("{problems:?}"))
}

#[test]
fn every_comment_is_kept_and_a_second_time_changes_nothing() {
    let text = formatted(CROOKED);
    assert_eq!(cedar_comments(&text).count(), 22);
    assert_eq!(formatted(&text), text);
    assert_snapshot!(text);
}

#[test]
fn text_without_policies_stays_as_it_is() {
    for text in ["", "\n", "// nothing yet\n"] {
        assert_eq!(formatted(text), text);
    }
}

#[test]
fn the_deepest_policy_that_is_taken_is_formatted() {
    let deep = |depth| {
        let (open, close) = ("(".repeat(depth), ")".repeat(depth));
        format!("forbid (principal, action, resource) when {{ {open}context.mfa{close} }};")
    };
    assert!(formatted(&deep(95)).contains("context.mfa"));
    assert!(format(&SourceFile::new("a.cedar", deep(101))).is_err());
}

proptest! {
    #[test]
    fn formatting_twice_is_formatting_once(role in some_role(), guard in some_guard()) {
        let once = formatted(&format!("{role}\n{guard}"));
        prop_assert_eq!(formatted(&once), once);
    }
}

#[test]
fn check_names_what_is_laid_out_in_another_way_and_changes_nothing() {
    let scratch = Scratch::new();
    scratch.policy("roles/crooked.cedar", CROOKED);
    scratch.policy("roles/straight.cedar", &formatted(CROOKED));
    let before = scratch.files("policies");
    let output = scratch.run(&["fmt", "--check", "policies/roles/straight.cedar"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), String::new()));
    let output = scratch.run(&["fmt", "--check"]);
    assert_eq!(output.status.code(), Some(10), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("policies/roles/crooked.cedar\n"));
    assert!(!text(&output.stdout).contains("straight"));
    assert_eq!(scratch.files("policies"), before);
}

#[test]
fn files_are_rewritten_once() {
    let scratch = Scratch::new();
    scratch.policy("roles/crooked.cedar", CROOKED);
    let output = scratch.run(&["fmt", "policies/roles/crooked.cedar"]);
    assert_eq!(text(&output.stdout), "policies/roles/crooked.cedar\n");
    let written = fs::read_to_string(scratch.path("policies/roles/crooked.cedar")).unwrap();
    assert_eq!(written, formatted(CROOKED));
    assert_eq!(scratch.run(&["fmt"]).status.code(), Some(0));
    let output = scratch.run(&["fmt"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), String::new()));
}

#[test]
fn a_file_that_does_not_parse_is_shown_and_none_is_changed() {
    let scratch = Scratch::new();
    scratch.policy("roles/crooked.cedar", CROOKED);
    scratch.policy("roles/broken.cedar", "permit (principal, action resource);\n");
    let before = scratch.files("policies");
    let output = scratch.run(&["fmt"]);
    assert_eq!(output.status.code(), Some(1));
    assert_snapshot!(text(&output.stderr));
    assert_eq!(scratch.files("policies"), before);
}

#[test]
fn nothing_to_format_is_said() {
    let scratch = Scratch::empty();
    for arguments in [&["fmt"][..], &["fmt", "no.cedar"], &["fmt", "--check", "."]] {
        let output = scratch.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    }
}
