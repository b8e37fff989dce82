//! Who documents are for.

use std::fmt;

/// Those who have a role: in whatever environment, or in one where documents are written an environment each.
///
/// ```
/// use fortem_compile::Identity;
///
/// let everywhere = Identity::of("developer");
/// assert_eq!(everywhere.file(0), "identity/developer.json");
/// assert_eq!(everywhere.file(1), "identity/developer-2.json");
/// let staging = Identity { role: "developer", environment: Some("staging") };
/// assert_eq!(staging.file(0), "identity/developer/staging.json");
/// assert_eq!(staging.to_string(), "developer in staging");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity<'a> {
    /// The role's id.
    pub role: &'a str,
    /// The one environment the documents are for.
    pub environment: Option<&'a str>,
}

impl<'a> Identity<'a> {
    /// Whoever has the role, wherever.
    #[must_use]
    pub fn of(role: &'a str) -> Self {
        Self { role, environment: None }
    }

    /// The role, and the environment behind a separator.
    #[must_use]
    pub fn name(&self, separator: &str) -> String {
        match self.environment {
            None => self.role.to_owned(),
            Some(environment) => format!("{}{separator}{environment}", self.role),
        }
    }

    /// The file of a document, counted from 0, below the output directory.
    #[must_use]
    pub fn file(&self, index: usize) -> String {
        let name = self.name("/");
        match index {
            0 => format!("identity/{name}.json"),
            _ => format!("identity/{name}-{}.json", index + 1),
        }
    }
}

impl fmt::Display for Identity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name(" in "))
    }
}
