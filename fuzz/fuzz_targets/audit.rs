//! A file of any bytes is opened as a log or refused; what is opened and verified holds lines as they are written.

#![no_main]

use fortem_core::audit::{AuditLog, Entry, Filter, JsonLines};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(entry) = Entry::from_line(text)
    {
        assert_eq!(entry.to_line(), text);
    }
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("log.jsonl");
    std::fs::write(&path, bytes).expect("a file");
    let Ok(store) = JsonLines::open(&path) else { return };
    let log = AuditLog::new(store);
    let kept = std::fs::read(&path).expect("the file");
    assert!(bytes.starts_with(&kept) && !bytes[kept.len()..].contains(&b'\n'));
    if log.verify().is_ok() {
        assert!(log.records(&Filter::new()).all(|record| record.is_ok()));
    }
});
