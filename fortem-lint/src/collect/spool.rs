//! Lists that are written to disk as they are read, in whatever order, and put in order at the end.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom, Write};

use serde::Serialize;
use tempfile::SpooledTempFile;

/// Lists of a file of a snapshot in the making. What is large lies on disk; only the keys of elements are held.
#[derive(Debug)]
pub(super) struct Spool {
    lists: BTreeMap<&'static str, Vec<Element>>,
    file: SpooledTempFile,
    length: u64,
}

/// Where an element of a list lies.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Element {
    key: Box<str>,
    start: u64,
    length: usize,
}

/// So much is held before it goes to disk, in bytes.
const HELD: usize = 64 << 10;

impl Spool {
    pub(super) fn new() -> Self {
        Self { lists: BTreeMap::new(), file: SpooledTempFile::new(HELD), length: 0 }
    }

    /// Says that a list was read, though it may be empty.
    pub(super) fn declare(&mut self, list: &'static str) {
        self.lists.entry(list).or_default();
    }

    /// Takes back that a list was read, if it has no elements.
    pub(super) fn forget_if_empty(&mut self, list: &'static str) {
        if self.lists.get(list).is_some_and(Vec::is_empty) {
            self.lists.remove(list);
        }
    }

    /// Whether a list has an element of a key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.lists.values().flatten().any(|element| &*element.key == key)
    }

    /// Adds an element, which its key tells from the others of the list.
    pub(super) fn push(
        &mut self,
        list: &'static str,
        key: &str,
        element: &impl Serialize,
    ) -> io::Result<()> {
        let text = serde_json::to_vec(element)?;
        self.file.write_all(&text)?;
        let element = Element { key: key.into(), start: self.length, length: text.len() };
        self.length += text.len() as u64;
        self.lists.entry(list).or_default().push(element);
        Ok(())
    }

    /// Writes one JSON object: the members of `head`, then the lists, each sorted by key. Of elements with the same key,
    /// which pages may repeat, the last one stays.
    pub(super) fn write(mut self, head: &[(&str, &str)], mut to: impl Write) -> io::Result<()> {
        write!(to, "{{")?;
        let mut comma = "";
        for (name, value) in head {
            write!(to, "{comma}\n  {}: {}", json(name)?, json(value)?)?;
            comma = ",";
        }
        let mut text = Vec::new();
        for (name, mut elements) in std::mem::take(&mut self.lists) {
            write!(to, "{comma}\n  {}: [", json(name)?)?;
            comma = ",";
            elements.sort_unstable();
            let mut elements = elements.into_iter().peekable();
            let mut between = "";
            while let Some(element) = elements.next() {
                if elements.peek().is_some_and(|next| next.key == element.key) {
                    continue;
                }
                text.resize(element.length, 0);
                self.file.seek(SeekFrom::Start(element.start))?;
                self.file.read_exact(&mut text)?;
                write!(to, "{between}\n    ")?;
                to.write_all(&text)?;
                between = ",";
            }
            write!(to, "{}]", if between.is_empty() { "" } else { "\n  " })?;
        }
        writeln!(to, "\n}}")
    }
}

fn json(text: &str) -> io::Result<String> {
    Ok(serde_json::to_string(text)?)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Spool;

    fn written(spool: Spool) -> String {
        let mut text = Vec::new();
        spool.write(&[("account", "111122223333")], &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn elements_are_sorted_and_the_last_of_a_key_stays() {
        let mut spool = Spool::new();
        spool.declare("empty");
        for (key, value) in [("b", 1), ("a", 2), ("b", 3)] {
            spool.push("many", key, &json!({ "key": key, "value": value })).unwrap();
        }
        let value: Value = serde_json::from_str(&written(spool)).unwrap();
        let many = json!([{"key": "a", "value": 2}, {"key": "b", "value": 3}]);
        assert_eq!(value, json!({"account": "111122223333", "empty": [], "many": many}));
    }

    #[test]
    fn what_goes_to_disk_comes_back() {
        let mut spool = Spool::new();
        let long = "x".repeat(1000);
        for at in 0..200 {
            spool.push("many", &format!("{:03}", 199 - at), &json!([at, long])).unwrap();
        }
        let value: Value = serde_json::from_str(&written(spool)).unwrap();
        let many = value["many"].as_array().unwrap();
        assert_eq!(many.len(), 200);
        assert!(many.iter().enumerate().all(|(at, one)| one[0] == 199 - at));
    }
}
