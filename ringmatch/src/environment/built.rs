//! What this program was built from and with.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What this program was built from and with; the build script found out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Built {
    /// The program's version.
    pub version: String,
    /// The commit, and whether files had been modified since; `None` when it
    /// was not built in a repository.
    pub commit: Option<String>,
    /// `release`, or `debug`, whose figures mean nothing.
    pub build: String,
    /// The compiler and its version.
    pub compiler: Option<String>,
    /// What it was built for.
    pub target: Option<String>,
    /// How it was optimised, and flags to the compiler.
    pub flags: Option<String>,
}

impl Built {
    /// This program.
    #[must_use]
    pub fn this() -> Self {
        let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: known(env!("RINGMATCH_COMMIT")),
            build: if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned(),
            compiler: known(env!("RINGMATCH_COMPILER")),
            target: known(env!("RINGMATCH_TARGET")),
            flags: known(env!("RINGMATCH_FLAGS")),
        }
    }
}

impl fmt::Display for Built {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, build, commit, compiler, flags, .. } = self;
        let known = |value: &Option<String>| value.clone().unwrap_or_else(|| "unknown".into());
        let (commit, compiler, flags) = (known(commit), known(compiler), known(flags));
        write!(f, "ringmatch {version}, commit {commit}, {build} build, {compiler}, {flags}")
    }
}
