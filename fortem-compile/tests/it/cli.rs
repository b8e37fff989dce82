//! What every command line has: completions and manual pages.

use std::fs;

use crate::scratch::{Scratch, text};

#[test]
fn every_shell_gets_its_completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = Scratch::empty().run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert!(text(&output.stdout).contains("fortem-compile"), "{shell}");
    }
    assert_eq!(Scratch::empty().run(&["completions", "cmd"]).status.code(), Some(2));
}

#[test]
fn every_command_has_a_manual_page() {
    let scratch = Scratch::empty();
    let output = scratch.run(&["man", "."]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let page = fs::read_to_string(scratch.path("fortem-compile-fmt.1")).unwrap();
    assert!(page.contains("names the files that would be changed"), "{page}");
    assert!(scratch.path("fortem-compile.1").exists());
    assert_eq!(scratch.run(&["man", "nowhere"]).status.code(), Some(1));
}
