//! Whether output has colours.

use std::env::var_os;

/// When output has colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Colour {
    /// On a terminal, unless `NO_COLOR` is set; elsewhere if `CLICOLOR_FORCE` is.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Colour {
    /// Whether colours are wanted: the flag beats `NO_COLOR`, that beats `CLICOLOR_FORCE`, and that the terminal.
    pub(super) fn is_wanted(self, is_terminal: bool) -> bool {
        let is_set = |name| var_os(name).is_some_and(|value| !value.is_empty());
        let is_forced =
            || var_os("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0");
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => !is_set("NO_COLOR") && (is_forced() || is_terminal),
        }
    }
}
