//! The exchange, tested through its one interface: commands in, events out.

// What the tests stand on.
mod audit; // what must hold of any run, read from the events alone
mod facts; // the words for events in the tables
mod flow; // random command flow that finds the corners
mod lockstep; // the exchange, the model and the audit, one command at a time
mod model; // the exchange as its specification says it, naively
mod table; // `check(commands, events)`, and the words for commands

// Tables of commands and the events they cause.
mod bug_classes; // the mistakes that matching engines are found to make
mod cancel; // canceling and reducing
mod hidden; // orders that nobody sees
mod immediate; // immediate-or-cancel, fill-or-kill, market
mod limits; // what happens at every bound
mod rejects; // each reason, and which comes first
mod replace; // every outcome of a replacement
mod sessions; // exactly once, and who is told what
mod time_priority; // who trades first, and at what price
mod trading_state; // halted and trading

// Properties of any flow of commands.
mod fingerprints; // the digest and the state hash
mod properties; // the exchange against the model
