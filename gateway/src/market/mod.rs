//! Reading a venue's market data: the feed, and the book it tells of.

mod book;
mod feed;

pub use book::{Applied, DisplayedLevel, DisplayedOrder, MarketBook};
pub use feed::{FeedConfig, FeedError, MarketFeed};
