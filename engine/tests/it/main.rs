//! The exchange, tested through its one interface: commands in, events out.

// What the tests stand on.
mod audit; // what must hold of any run, read from the events alone
mod facts; // the words for events in the tables
mod flow; // random command flow that finds the corners
mod history; // a flow, played; and the shortest that fails
mod lockstep; // the exchange, the model and the audit, one command at a time
mod model; // the exchange as its specification says it, naively
mod table; // `check(commands, events)`, and the words for commands

// Tables of commands and the events they cause.
mod auctions; // the uncross, its figures, orders for an auction only
mod bug_classes; // the mistakes that matching engines are found to make
mod busts; // executions that are declared void
mod cancel; // canceling and reducing
mod collars; // how far from the last a trade may be
mod expiry; // orders whose time runs out
mod hidden; // orders that nobody sees
mod iceberg; // orders of which a part is seen
mod immediate; // immediate-or-cancel, fill-or-kill, market, market-to-limit
mod limits; // what happens at every bound
mod mass_cancel; // many orders at once, and the kill switch
mod minimum; // so much at once, or nothing
mod modify; // size and marking, in place
mod pegs; // orders that follow the market
mod phases; // the phases of the day
mod positions; // shares, money and fees
mod post_only; // orders that only add
mod rejects; // each reason, and which comes first
mod replace; // every outcome of a replacement
mod self_trade; // two orders of one firm
mod session_limits; // what a session may do
mod sessions; // exactly once, and who is told what
mod stops; // orders that wait for a price
mod tick_tables; // tick sizes that depend on the price
mod time_priority; // who trades first, and at what price

// Properties of any flow of commands.
mod census; // orders counted piece by piece
mod fingerprints; // the digest and the state hash
mod images; // taken, restored, and gone on from
mod properties; // the exchange against the model
