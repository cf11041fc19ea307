//! What is done once all pieces of an image are there.
//!
//! Orders were put side by side as they came, each with the name of its queue and
//! of the order that it stands behind: here they are tied to each other, which
//! shows whether queues are lines. Then the whole is looked at: books that trade
//! are not crossed, the timer is not too late, and what sessions with limits have
//! open is counted.

use super::ImageError;
use super::restoring::{require, unsound};
use crate::book::Loose;
use crate::command::{Phase, Side};
use crate::exchange::Exchange;
use crate::types::Nanos;

/// Ties all orders to those that they stand behind; the sum of their hashes.
pub(super) fn tie(exchange: &mut Exchange, queues: u32) -> Result<u64, ImageError> {
    let (mut hashes, mut doubtful) = (0_u64, Vec::new());
    let orders = exchange.books.len();
    for first in (0..orders).step_by(Exchange::AHEAD) {
        let upto = orders.min(first + Exchange::AHEAD as u32);
        exchange.look_beside(&exchange.books.orders.used_places()[first as usize..upto as usize]);
        for index in first..upto {
            let loose = |(id, why): Loose| unsound("order", id, why);
            if exchange.books.tie(index).map_err(loose)? {
                doubtful.push(exchange.books.orders[index].level);
            }
            let hash = exchange.hash_resting(&exchange.books.orders[index]);
            hashes = hashes.wrapping_add(hash);
        }
    }
    for queue in 0..queues {
        require(exchange.books.is_closed(queue), "queue", queue, "has not the last order it says")?;
    }
    let are_lines = exchange.books.are_lines(&mut doubtful);
    require(are_lines, "queues", queues, "have orders that stand in a circle")?;
    Ok(hashes)
}

/// A book that trades is not crossed.
pub(super) fn check_books(exchange: &Exchange) -> Result<(), ImageError> {
    let trading = exchange.instruments.iter().filter(|listed| listed.phase == Phase::Continuous);
    for listed in trading {
        let best = |side| exchange.books.best_price(listed.id, side);
        let is_crossed = best(Side::Buy).zip(best(Side::Sell)).is_some_and(|(bid, ask)| bid >= ask);
        require(!is_crossed, "book of instrument", listed.id.0, "is crossed")?;
    }
    Ok(())
}

/// The timer is never later than the first thing that is due.
pub(super) fn check_timer(exchange: &Exchange) -> Result<(), ImageError> {
    let instruments = exchange.instruments.iter();
    let dues = instruments.flat_map(|listed| [listed.auction_ends, listed.figures_due]);
    let expiry = exchange.books.first_to_expire().map(|(due, _)| due);
    let first = dues.filter(|&due| due > Nanos(0)).chain(expiry).min();
    let in_time = first.is_none_or(|first| exchange.timer.is_some_and(|timer| timer <= first));
    let timer = exchange.timer.unwrap_or_default().0;
    require(in_time, "timer", timer, "is too late for what is due")
}

/// Counts the open orders of the sessions that have limits.
pub(super) fn count_open(exchange: &mut Exchange) {
    if exchange.sessions.iter().all(|session| !session.is_counted) {
        return;
    }
    let mut indices = std::mem::take(&mut exchange.chosen);
    indices.extend(exchange.books.orders.iter().map(|(index, _)| index));
    for &index in &indices {
        let order = exchange.books.orders[index];
        if exchange.known_session(order.session).is_counted {
            let instrument = exchange.books.instrument(&order);
            exchange.count(index, instrument);
        }
    }
    indices.clear();
    exchange.chosen = indices;
}
