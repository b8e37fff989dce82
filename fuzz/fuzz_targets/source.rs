//! A policy of any text is refused, or compiled to documents that are JSON.

#![no_main]

use fortem_compile::{compile, output};
use fortem_core::{Source, SourceFile};
use libfuzzer_sys::fuzz_target;

const FLEET: &str = include_str!("fleet.toml");

fuzz_target!(|text: &str| {
    let fleet = SourceFile::new("fleet.toml", FLEET);
    let Ok(source) = Source::parse(&fleet, &[SourceFile::new("any.cedar", text)]) else { return };
    let Ok(compiled) = compile(&source, &[]) else { return };
    for (name, document) in output::documents(&compiled) {
        let read: Result<serde_json::Value, _> = serde_json::from_str(&document);
        assert!(read.is_ok(), "{name}");
    }
});
