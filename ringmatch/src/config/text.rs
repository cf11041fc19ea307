//! Values of a config that are written as text.
//!
//! Prices, names and choices have a text form of their own, which is the same
//! here as on the command line. What does not read is refused with the words of
//! the type that could not read it; TOML's reader adds line and key.

use ringmatch_engine::Alpha;
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::str::FromStr;

/// Reads a name: what fits the field, and is not blank.
pub(super) fn named<'de, D, const N: usize>(deserializer: D) -> Result<Alpha<N>, D::Error>
where
    D: Deserializer<'de>,
{
    let name: Alpha<N> = parsed(deserializer)?;
    if name.is_blank() { Err(serde::de::Error::custom("must not be blank")) } else { Ok(name) }
}

/// Reads a value that has a text form of its own.
pub(super) fn parsed<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}
