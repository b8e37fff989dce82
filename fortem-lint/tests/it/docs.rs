//! The pages of the rules are what the rules say. `FORTEM_WRITE_DOCS=1` writes them anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use fortem_lint::rules::{self, page};

#[test]
fn pages_of_rules_are_fresh() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules");
    let mut pages: BTreeMap<String, String> = BTreeMap::new();
    pages.insert("README.md".to_owned(), page::index(rules::all()));
    for rule in rules::all() {
        pages.insert(format!("{}.md", rule.meta().id), page::markdown(rule.meta()));
    }
    if std::env::var_os("FORTEM_WRITE_DOCS").is_some() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for (name, page) in &pages {
            fs::write(folder.join(name), page).unwrap();
        }
    }
    let advice = "FORTEM_WRITE_DOCS=1 cargo test -p fortem-lint docs:: writes it anew";
    for (name, page) in &pages {
        let written = fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert!(written.replace("\r\n", "\n") == *page, "docs/rules/{name} is stale: {advice}");
    }
    for entry in fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(pages.contains_key(&name), "docs/rules/{name} belongs to no rule: {advice}");
    }
}
