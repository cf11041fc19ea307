//! Pictures of measurements: on a terminal, as SVG, and as one HTML page.
//!
//! A [`Chart`] is lines over a horizontal axis; times go up, on a logarithmic
//! axis, because what matters lies decades apart. Terminal and SVG draw the
//! same chart. The page has no other file beside it and fetches nothing.

mod chart;
mod page;
mod svg;
mod terminal;

pub use chart::{Chart, Horizontal, Line};
pub use page::{Pictures, page};
pub use svg::svg;
pub use terminal::terminal;
