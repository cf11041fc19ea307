//! The demo's screen: order books and a trade tape from market data.
//!
//! On a terminal the books are redrawn in place a few times a second, under
//! what has been said so far; anywhere else a plain line now and then tells the
//! same. The books come from the venue's market-data stream and nothing else,
//! read by a thread of this process that stays joined over the crash.

use super::super::venue_args::feed_config;
use super::venue::Site;
use crossterm::{cursor, queue, terminal};
use ringmatch_engine::command::Side;
use ringmatch_engine::{Price, Symbol};
use ringmatch_gateway::client::Start;
use ringmatch_gateway::market::{Applied, DisplayedLevel, MarketBook, MarketFeed};
use std::collections::VecDeque;
use std::error::Error;
use std::io::{IsTerminal, Write, stdout};
use std::time::{Duration, Instant};

/// Levels of each side that are shown.
const DEPTH: usize = 6;
/// Trades that are shown.
const TAPE: usize = 6;
/// Pause between two drawings on a terminal, and between two lines elsewhere.
const REDRAW: (Duration, Duration) = (Duration::from_millis(150), Duration::from_millis(1000));
/// How long market data may take to be complete at the end.
const PATIENCE: Duration = Duration::from_secs(5);

/// See the [module](self).
pub(super) struct Screen {
    feed: Option<MarketFeed>,
    book: MarketBook,
    tape: VecDeque<(Symbol, Price, u32)>,
    trades: u64,
    shares: u64,
    is_terminal: bool,
    drawn_lines: u16,
    drawn_at: Option<Instant>,
}

impl Screen {
    pub(super) fn new() -> Self {
        Self {
            feed: None,
            book: MarketBook::default(),
            tape: VecDeque::new(),
            trades: 0,
            shares: 0,
            is_terminal: stdout().is_terminal(),
            drawn_lines: 0,
            drawn_at: None,
        }
    }

    /// Prints a line that stays.
    pub(super) fn say(&mut self, line: &str) {
        self.erase();
        println!("{line}");
    }

    /// Joins the venue's market data, from its first message on.
    pub(super) fn follow(&mut self, site: &Site) -> Result<(), Box<dyn Error>> {
        let config = feed_config(&site.config, Start::At(1));
        self.feed = Some(MarketFeed::join(config, PATIENCE)?);
        Ok(())
    }

    /// Shows the market until then.
    pub(super) fn watch_until(&mut self, end: Instant) -> Result<(), Box<dyn Error>> {
        while Instant::now() < end {
            self.read(Duration::from_millis(10))?;
            self.draw_if_due()?;
        }
        Ok(())
    }

    /// Takes what market data is there, waiting a little for the first of it.
    fn read(&mut self, timeout: Duration) -> Result<bool, Box<dyn Error>> {
        let Some(feed) = &mut self.feed else { return Ok(false) };
        let mut next = feed.receive(timeout)?;
        let any = next.is_some();
        while let Some((_, message)) = next {
            let applied = self.book.apply(&message);
            if let Applied::Trade { stock_locate, price, shares, .. } = applied {
                let symbol = self.book.symbol(stock_locate).unwrap_or_default();
                self.tape.push_front((symbol, price, shares));
                self.tape.truncate(TAPE);
                self.trades += 1;
                self.shares += u64::from(shares);
            }
            next = feed.receive(Duration::ZERO)?;
        }
        Ok(any)
    }

    /// Takes market data until nothing more comes, and gives the book.
    pub(super) fn catch_up(&mut self) -> Result<MarketBook, Box<dyn Error>> {
        let end = Instant::now() + PATIENCE;
        // Heartbeats come at least once a second and tell of what is missing.
        let mut quiet_since = Instant::now();
        while quiet_since.elapsed() < Duration::from_millis(1_200) && Instant::now() < end {
            if self.read(Duration::from_millis(50))? {
                quiet_since = Instant::now();
            }
        }
        self.erase();
        Ok(self.book.clone())
    }

    fn draw_if_due(&mut self) -> Result<(), Box<dyn Error>> {
        let pause = if self.is_terminal { REDRAW.0 } else { REDRAW.1 };
        if self.drawn_at.is_some_and(|drawn| drawn.elapsed() < pause) {
            return Ok(());
        }
        self.drawn_at = Some(Instant::now());
        if self.is_terminal {
            self.draw()?;
        } else {
            println!("{}", self.line());
        }
        Ok(())
    }

    /// The market in one line.
    fn line(&self) -> String {
        let mut line = format!("{} trades of {} shares;", self.trades, self.shares);
        for (number, symbol) in self.book.instruments() {
            let best = |side| {
                let levels = self.book.levels(number, side);
                levels
                    .first()
                    .map_or("-".into(), |level| format!("{} x {}", level.price, level.total()))
            };
            line += &format!("  {symbol} {} / {}", best(Side::Buy), best(Side::Sell));
        }
        line
    }

    /// The market in a block that the next drawing overwrites.
    fn draw(&mut self) -> Result<(), Box<dyn Error>> {
        self.erase();
        let mut lines = vec![String::new(), self.headings()];
        let books: Vec<(Vec<DisplayedLevel>, Vec<DisplayedLevel>)> = self
            .book
            .instruments()
            .map(|(number, _)| {
                (self.book.levels(number, Side::Buy), self.book.levels(number, Side::Sell))
            })
            .collect();
        for row in 0..DEPTH {
            let mut line = String::new();
            for (bids, asks) in &books {
                line += &format!("  {} {}   ", bid(bids.get(row)), ask(asks.get(row)));
            }
            lines.push(line);
        }
        lines.push(String::new());
        lines
            .push(format!("  {} trades of {} shares, the last of them:", self.trades, self.shares));
        for row in 0..TAPE {
            lines.push(self.tape.get(row).map_or(String::new(), |(symbol, price, shares)| {
                format!("  {symbol:<8} {shares:>5} at {price}")
            }));
        }
        let mut out = stdout().lock();
        for line in &lines {
            writeln!(out, "{line}")?;
        }
        out.flush()?;
        self.drawn_lines = u16::try_from(lines.len()).unwrap_or(0);
        Ok(())
    }

    fn headings(&self) -> String {
        let mut line = String::new();
        for (_, symbol) in self.book.instruments() {
            line += &format!("  {symbol:<9} bid {:<14}ask   ", "");
        }
        line
    }

    /// Takes the last drawing away.
    fn erase(&mut self) {
        if self.drawn_lines > 0 {
            let mut out = stdout().lock();
            let up = cursor::MoveToPreviousLine(self.drawn_lines);
            let clear = terminal::Clear(terminal::ClearType::FromCursorDown);
            // A terminal that takes no more output takes no drawing either.
            let _ = queue!(out, up, clear).and_then(|()| out.flush());
            self.drawn_lines = 0;
        }
    }
}

fn bid(level: Option<&DisplayedLevel>) -> String {
    level.map_or(" ".repeat(15), |level| format!("{:>6} {:>8}", level.total(), level.price))
}

fn ask(level: Option<&DisplayedLevel>) -> String {
    level.map_or(" ".repeat(15), |level| format!("{:<8} {:<6}", level.price, level.total()))
}
