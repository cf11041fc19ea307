//! OUCH 5.0, client to venue: the eight requests.
//!
//! `UserRefNum` numbers a client's transactions: it must rise, and a number at
//! or below the last one is a retransmission. The mass cancel and the order
//! entry switches came with revision 1.05. Cancel, modify and account query
//! had no appendage before 2024, so theirs may be missing altogether.

use crate::wire::table::{message, messages};
use crate::wire::{Alpha, Field, Layout, Letter, OuchPrice, Tail, WireError, WireField};

messages! {
    /// One request of a client (OUCH 5.0, inbound).
    pub enum Inbound;
    common {}
    EnterOrder 'O' "Enter Order" Always {
        user_ref_num: u32 = "UserRefNum", "client transaction number";
        side: Letter = "Side", "B buy, S sell, T sell short, E sell short exempt";
        quantity: u32 = "Quantity", "shares";
        symbol: Alpha<8> = "Symbol", "symbol, space padded right";
        price: OuchPrice = "Price", "8-byte price, 4 implied decimals";
        time_in_force: Letter = "Time In Force", "0 day, 3 IOC, 5 GTX, 6 GTT, E after hours";
        display: Letter = "Display", "Y visible, N hidden, A attributable (outbound also Z conformant)";
        capacity: Letter = "Capacity", "A agency, P principal, R riskless, O other";
        intermarket_sweep_eligibility: Letter = "InterMarket Sweep Eligibility", "Y / N";
        cross_type: Letter = "CrossType", "N continuous, O opening, C closing, H halt/IPO, S supplemental, R retail, E extended life, A after-hours close";
        cl_ord_id: Alpha<14> = "ClOrdID", "client text id, not checked for uniqueness";
    }
    ReplaceOrder 'U' "Replace Order Request" Always {
        orig_user_ref_num: u32 = "OrigUserRefNum", "order being replaced";
        user_ref_num: u32 = "UserRefNum", "new number for the replacement";
        quantity: u32 = "Quantity", "total liable for the whole chain, executions included";
        price: OuchPrice = "Price", "8-byte price, 4 implied decimals";
        time_in_force: Letter = "Time In Force", "0 day, 3 IOC, 5 GTX, 6 GTT, E after hours";
        display: Letter = "Display", "Y visible, N hidden, A attributable (outbound also Z conformant)";
        intermarket_sweep_eligibility: Letter = "InterMarket Sweep Eligibility", "Y / N";
        cl_ord_id: Alpha<14> = "ClOrdID", "client text id, not checked for uniqueness";
    }
    CancelOrder 'X' "Cancel Order Request" Optional {
        user_ref_num: u32 = "UserRefNum", "client transaction number";
        quantity: u32 = "Quantity", "new intended order size; 0 = cancel all open";
    }
    ModifyOrder 'M' "Modify Order Request" Optional {
        user_ref_num: u32 = "UserRefNum", "client transaction number";
        side: Letter = "Side", "B buy, S sell, T sell short, E sell short exempt";
        quantity: u32 = "Quantity", "new intended order size";
    }
    MassCancel 'C' "Mass Cancel Request" Always {
        user_ref_num: u32 = "UserRefNum", "client transaction number";
        firm: Alpha<4> = "Firm", "firm id";
        symbol: Alpha<8> = "Symbol", "blank = all symbols";
    }
    DisableOrderEntry 'D' "Disable Order Entry Request" Always {
        user_ref_num: u32 = "UserRefNum", "client transaction number";
        firm: Alpha<4> = "Firm", "firm id";
    }
    EnableOrderEntry 'E' "Enable Order Entry Request" Always {
        user_ref_num: u32 = "UserRefNum", "client transaction number";
        firm: Alpha<4> = "Firm", "firm id";
    }
    AccountQuery 'Q' "Account Query Request" Optional {}
}
