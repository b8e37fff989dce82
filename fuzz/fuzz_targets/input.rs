//! Any text is an input or is named as none; what is read is judged, and every report of it can be written.

#![no_main]

use fortem_compile::reference::Reference;
use fortem_lint::check::{Selection, check};
use fortem_lint::environments::Environments;
use fortem_lint::finding::Persona;
use fortem_lint::input;
use fortem_lint::report::{self, Format, Style};
use libfuzzer_sys::fuzz_target;

const FORMATS: [Format; 6] =
    [Format::Text, Format::Json, Format::Sarif, Format::Html, Format::Md, Format::Soc2];

fuzz_target!(|text: &str| {
    let reading = input::of_text("input.json", text.to_owned(), true);
    assert!(
        !reading.units.is_empty()
            || reading.organization.is_some()
            || !reading.not_assessed.is_empty()
    );
    let Ok(reference) = Reference::builtin() else { return };
    let environments = Environments::inferred(&reading.units);
    let organization = reading.organization.as_ref();
    let selection =
        Selection { persona: Some(Persona::Auditor), access: true, ..Selection::default() };
    let mut report = check(&reading.units, &environments, organization, reference, &selection);
    report.inputs.push(reading.input);
    for format in FORMATS {
        let written = report::write(&report, format, Style::default(), &mut Vec::new());
        assert!(written.is_ok());
    }
});
