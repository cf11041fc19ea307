//! OUCH 5.0, venue to client: the seventeen answers.
//!
//! Every answer carries the venue's time and, but for system events, the
//! client's `UserRefNum`. Several letters mean something else than in the
//! inbound direction, so the direction has to be known from the stream. The
//! messages that had no appendage before 2024 get one only when there is an
//! option to send.

use crate::wire::table::{message, messages};
use crate::wire::{Alpha, Field, Layout, Letter, Nanos64, OuchPrice, Tail, WireError, WireField};

messages! {
    /// One answer of the venue (OUCH 5.0, outbound).
    pub enum Outbound;
    common {}
    SystemEvent 'S' "System Event" Nothing {
        timestamp: Nanos64 = "Timestamp", "ns since midnight";
        event_code: Letter = "Event Code", "S start of day, E end of day";
    }
    OrderAccepted 'A' "Order Accepted" Always {
        timestamp: Nanos64 = "Timestamp", "ns since midnight";
        user_ref_num: u32 = "UserRefNum", "client transaction number";
        side: Letter = "Side", "B buy, S sell, T sell short, E sell short exempt";
        quantity: u32 = "Quantity", "shares";
        symbol: Alpha<8> = "Symbol", "symbol, space padded right";
        price: OuchPrice = "Price", "8-byte price, 4 implied decimals";
        time_in_force: Letter = "Time In Force", "0 day, 3 IOC, 5 GTX, 6 GTT, E after hours";
        display: Letter = "Display", "Y visible, N hidden, A attributable (outbound also Z conformant)";
        order_reference_number: u64 = "Order Reference Number", "venue order id, as used on ITCH unless a SecondaryOrdRefNum is given";
        capacity: Letter = "Capacity", "A agency, P principal, R riskless, O other";
        intermarket_sweep_eligibility: Letter = "InterMarket Sweep Eligibility", "Y / N";
        cross_type: Letter = "CrossType", "N continuous, O opening, C closing, H halt/IPO, S supplemental, R retail, E extended life, A after-hours close";
        order_state: Letter = "Order State", "L live, D dead";
        cl_ord_id: Alpha<14> = "ClOrdID", "client text id, not checked for uniqueness";
    }
    OrderReplaced 'U' "Order Replaced" Always {
        timestamp: Nanos64 = "Timestamp", "ns since midnight";
        orig_user_ref_num: u32 = "OrigUserRefNum", "number of the order replaced";
        user_ref_num: u32 = "UserRefNum", "client transaction number";
        side: Letter = "Side", "B buy, S sell, T sell short, E sell short exempt";
        quantity: u32 = "Quantity", "shares now outstanding";
        symbol: Alpha<8> = "Symbol", "symbol, space padded right";
        price: OuchPrice = "Price", "8-byte price, 4 implied decimals";
        time_in_force: Letter = "Time In Force", "0 day, 3 IOC, 5 GTX, 6 GTT, E after hours";
        display: Letter = "Display", "Y visible, N hidden, A attributable (outbound also Z conformant)";
        order_reference_number: u64 = "Order Reference Number", "venue order id, as used on ITCH unless a SecondaryOrdRefNum is given";
        capacity: Letter = "Capacity", "A agency, P principal, R riskless, O other";
        intermarket_sweep_eligibility: Letter = "InterMarket Sweep Eligibility", "Y / N";
        cross_type: Letter = "CrossType", "N continuous, O opening, C closing, H halt/IPO, S supplemental, R retail, E extended life, A after-hours close";
        order_state: Letter = "Order State", "L live, D dead";
        cl_ord_id: Alpha<14> = "ClOrdID", "client text id, not checked for uniqueness";
    }
    OrderCanceled 'C' "Order Canceled" Optional {
        timestamp: Nanos64 = "Timestamp", "ns since midnight";
        user_ref_num: u32 = "UserRefNum", "client transaction number";
        quantity: u32 = "Quantity", "decremented now (incremental)";
        reason: Letter = "Reason", "cancel reason code";
    }
    AiqCanceled 'D' "AIQ Canceled" Optional {
        timestamp: Nanos64 = "Timestamp", "ns since midnight";
        user_ref_num: u32 = "UserRefNum", "client transaction number";
        decrement_shares: u32 = "Decrement Shares", "incremental";
        reason: Letter = "Reason", "always Q";
        quantity_prevented_from_trading: u32 = "Quantity Prevented From Trading", "shares";
        execution_price: OuchPrice = "Execution Price", "price it would have traded at";
        liquidity_flag: Letter = "Liquidity Flag", "A added, R removed, ...";
        aiq_strategy: Letter = "AIQ Strategy", "O cancel oldest, W newest, D decrement both, Y without details; private: B cancel both";
    }
    OrderExecuted 'E' "Order Executed" Always {
        timestamp: Nanos64 = "Timestamp", "ns since midnight";
        user_ref_num: u32 = "UserRefNum", "client transaction number";
        quantity: u32 = "Quantity", "incremental";
        price: OuchPrice = "Price", "8-byte price, 4 implied decimals";
        liquidity_flag: Letter = "Liquidity Flag", "A added, R removed, ...";
        match_number: u64 = "Match Number", "same on both sides";
    }
    BrokenTrade 'B' "Broken Trade" Optional {
        timestamp: Nanos64 = "Timestamp", "ns since midnight";
        user_ref_num: u32 = "UserRefNum", "client transaction number";
        match_number: u64 = "Match Number", "day-unique execution id";
        reason: Letter = "Reason", "E C S X";
        cl_ord_id: Alpha<14> = "ClOrdID", "client text id, not checked for uniqueness";
    }
    OrderRejected 'J' "Rejected" Optional {
        timestamp: Nanos64 = "Timestamp", "ns since midnight";
        user_ref_num: u32 = "UserRefNum", "client transaction number";
        reason: u16 = "Reason", "reject reason code";
        cl_ord_id: Alpha<14> = "ClOrdID", "client text id, not checked for uniqueness";
    }
    CancelPending 'P' "Cancel Pending" Optional {
        timestamp: Nanos64 = "Timestamp", "ns since midnight";
        user_ref_num: u32 = "UserRefNum", "client transaction number";
    }
    CancelReject 'I' "Cancel Reject" Optional {
        timestamp: Nanos64 = "Timestamp", "ns since midnight";
        user_ref_num: u32 = "UserRefNum", "client transaction number";
    }
    OrderPriorityUpdate 'T' "Order Priority Update" Optional {
        timestamp: Nanos64 = "Timestamp", "ns since midnight";
        user_ref_num: u32 = "UserRefNum", "client transaction number";
        price: OuchPrice = "Price", "8-byte price, 4 implied decimals";
        display: Letter = "Display", "Y visible, N hidden, A attributable (outbound also Z conformant)";
        order_reference_number: u64 = "Order Reference Number", "venue order id, as used on ITCH unless a SecondaryOrdRefNum is given";
    }
    OrderModified 'M' "Order Modified" Optional {
        timestamp: Nanos64 = "Timestamp", "ns since midnight";
        user_ref_num: u32 = "UserRefNum", "client transaction number";
        side: Letter = "Side", "B buy, S sell, T sell short, E sell short exempt";
        quantity: u32 = "Quantity", "shares outstanding";
    }
    OrderRestated 'R' "Order Restated" Always {
        timestamp: Nanos64 = "Timestamp", "ns since midnight";
        user_ref_num: u32 = "UserRefNum", "client transaction number";
        reason: Letter = "Reason", "R refresh of display, P display price update; private: T stop order triggered";
    }
    MassCancelResponse 'X' "Mass Cancel Response" Always {
        timestamp: Nanos64 = "Timestamp", "ns since midnight";
        user_ref_num: u32 = "UserRefNum", "client transaction number";
        firm: Alpha<4> = "Firm", "firm id";
        symbol: Alpha<8> = "Symbol", "symbol, space padded right";
    }
    DisableOrderEntryResponse 'G' "Disable Order Entry Response" Always {
        timestamp: Nanos64 = "Timestamp", "ns since midnight";
        user_ref_num: u32 = "UserRefNum", "client transaction number";
        firm: Alpha<4> = "Firm", "firm id";
    }
    EnableOrderEntryResponse 'K' "Enable Order Entry Response" Always {
        timestamp: Nanos64 = "Timestamp", "ns since midnight";
        user_ref_num: u32 = "UserRefNum", "client transaction number";
        firm: Alpha<4> = "Firm", "firm id";
    }
    AccountQueryResponse 'Q' "Account Query Response" Optional {
        timestamp: Nanos64 = "Timestamp", "ns since midnight";
        next_user_ref_num: u32 = "NextUserRefNum", "next number the port will accept";
    }
}
