//! Reading a venue's market data: the feed, the book it tells of, and the
//! snapshot with which a late joiner begins.

mod book;
mod feed;
mod snapshot;

pub use book::{Applied, DisplayedLevel, DisplayedOrder, MarketBook};
pub use feed::{FeedConfig, FeedError, MarketFeed};
pub use snapshot::{Snapshot, SnapshotError};
