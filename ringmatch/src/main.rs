//! The `ringmatch` binary; see [`ringmatch::commands`].
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    ringmatch::commands::run()
}
