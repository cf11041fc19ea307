//! ITCH 5.0: the 23 messages of the market data stream.
//!
//! One message is one MoldUDP64 block. Every message starts with the stock
//! locate (the day-local number of the instrument, 0 for none), a tracking
//! number that is the venue's own, and the time in 6 bytes. Prices have 4
//! bytes here, unlike in OUCH 5.0. Quantities of executions and cancels are
//! increments; that of a replace is the new total. A message has exactly its
//! length: one byte more or less is refused.

use super::table::{message, messages};
use super::{
    Alpha, Field, ItchPrice, Layout, Letter, LevelPrice, Nanos48, Nanos64, Tail, WireError,
    WireField,
};

impl ItchMessage {
    /// Length of the longest message in bytes (Net Order Imbalance Indicator).
    pub const MAX_LEN: usize = NetOrderImbalance::LEN;

    /// Reads one message, which `bytes` holds and nothing else.
    ///
    /// # Errors
    /// An unknown type letter, or a length that is not the message's.
    #[inline]
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let (message, rest) = Self::decode_fixed(bytes)?;
        if !rest.is_empty() {
            let (expected, found) = (message.fixed_len(), bytes.len());
            return Err(WireError::Length { letter: Letter(bytes[0]), expected, found });
        }
        Ok(message)
    }

    /// Writes the message and returns its length, at most [`Self::MAX_LEN`].
    ///
    /// # Panics
    /// If `out` is shorter than the message.
    #[inline]
    pub fn encode(&self, out: &mut [u8]) -> usize {
        self.encode_fixed(out)
    }
}

messages! {
    /// One message of the market data stream (ITCH 5.0).
    pub enum ItchMessage;
    common {
        stock_locate: u16 = "Stock Locate", "day-local instrument number; 0 = not instrument specific";
        tracking_number: u16 = "Tracking Number", "venue internal";
        timestamp: Nanos48 = "Timestamp", "ns since midnight";
    }
    SystemEvent 'S' "System Event" Nothing {
        event_code: Letter = "Event Code", "O start of messages, S start of system hours, Q start of market hours, M end of market hours, E end of system hours, C end of messages";
    }
    StockDirectory 'R' "Stock Directory" Nothing {
        stock: Alpha<8> = "Stock", "symbol, space padded right";
        market_category: Letter = "Market Category", "Q/G/S Nasdaq tiers; N NYSE, A NYSE American, P Arca, M NYSE Texas, Z BATS Z, V IEX, space n/a";
        financial_status_indicator: Letter = "Financial Status Indicator", "D E Q S G H J K C N or space";
        round_lot_size: u32 = "Round Lot Size", "shares per round lot";
        round_lots_only: Letter = "Round Lots Only", "Y / N";
        issue_classification: Letter = "Issue Classification", "A B C F I L N O P Q R S T U V W";
        issue_sub_type: Alpha<2> = "Issue Sub-Type", "two-letter code, e.g. `Z ` not applicable";
        authenticity: Letter = "Authenticity", "P live, T test";
        short_sale_threshold_indicator: Letter = "Short Sale Threshold Indicator", "Y / N / space";
        ipo_flag: Letter = "IPO Flag", "Y / N / Z (2026) / space";
        luld_reference_price_tier: Letter = "LULD Reference Price Tier", "1 / 2 / space";
        etp_flag: Letter = "ETP Flag", "Y / N / space";
        etp_leverage_factor: u32 = "ETP Leverage Factor", "integer part of leverage";
        inverse_indicator: Letter = "Inverse Indicator", "Y / N";
    }
    StockTradingAction 'H' "Stock Trading Action" Nothing {
        stock: Alpha<8> = "Stock", "symbol, space padded right";
        trading_state: Letter = "Trading State", "H halted, P paused, Q quotation only, T trading";
        reserved: Letter = "Reserved", "reserved";
        reason: Alpha<4> = "Reason", "reason code, space padded";
    }
    RegShoRestriction 'Y' "Reg SHO Restriction" Nothing {
        stock: Alpha<8> = "Stock", "symbol, space padded right";
        reg_sho_action: Letter = "Reg SHO Action", "0 none, 1 restriction (intraday drop), 2 remains in effect";
    }
    MarketParticipantPosition 'L' "Market Participant Position" Nothing {
        mpid: Alpha<4> = "MPID", "participant";
        stock: Alpha<8> = "Stock", "symbol, space padded right";
        primary_market_maker: Letter = "Primary Market Maker", "Y / N";
        market_maker_mode: Letter = "Market Maker Mode", "N P S R L";
        market_participant_state: Letter = "Market Participant State", "A E W S D";
    }
    MwcbDeclineLevel 'V' "MWCB Decline Level" Nothing {
        level_1: LevelPrice = "Level 1", "8 implied decimals";
        level_2: LevelPrice = "Level 2", "second decline level";
        level_3: LevelPrice = "Level 3", "third decline level";
    }
    MwcbStatus 'W' "MWCB Status" Nothing {
        breached_level: Letter = "Breached Level", "1 / 2 / 3";
    }
    IpoQuotingPeriodUpdate 'K' "IPO Quoting Period Update" Nothing {
        stock: Alpha<8> = "Stock", "symbol, space padded right";
        ipo_quotation_release_time: u32 = "IPO Quotation Release Time", "SECONDS since midnight; 0 if cancelled";
        ipo_quotation_release_qualifier: Letter = "IPO Quotation Release Qualifier", "A anticipated, C cancelled/postponed";
        ipo_price: ItchPrice = "IPO Price", "offering price";
    }
    LuldAuctionCollar 'J' "LULD Auction Collar" Nothing {
        stock: Alpha<8> = "Stock", "symbol, space padded right";
        auction_collar_reference_price: ItchPrice = "Auction Collar Reference Price", "reference of the collar";
        upper_auction_collar_price: ItchPrice = "Upper Auction Collar Price", "upper bound";
        lower_auction_collar_price: ItchPrice = "Lower Auction Collar Price", "lower bound";
        auction_collar_extension: u32 = "Auction Collar Extension", "number of extensions";
    }
    OperationalHalt 'h' "Operational Halt" Nothing {
        stock: Alpha<8> = "Stock", "symbol, space padded right";
        market_code: Letter = "Market Code", "Q Nasdaq, B BX/Texas, X PSX";
        operational_halt_action: Letter = "Operational Halt Action", "H halted, T lifted";
    }
    AddOrder 'A' "Add Order - no MPID" Nothing {
        order_reference_number: u64 = "Order Reference Number", "day-unique order id";
        side: Letter = "Buy/Sell Indicator", "B buy, S sell";
        shares: u32 = "Shares", "displayed quantity added";
        stock: Alpha<8> = "Stock", "symbol, space padded right";
        price: ItchPrice = "Price", "display price";
    }
    AddOrderAttributed 'F' "Add Order - MPID attribution" Nothing {
        order_reference_number: u64 = "Order Reference Number", "day-unique order id";
        side: Letter = "Buy/Sell Indicator", "B buy, S sell";
        shares: u32 = "Shares", "displayed quantity added";
        stock: Alpha<8> = "Stock", "symbol, space padded right";
        price: ItchPrice = "Price", "display price";
        attribution: Alpha<4> = "Attribution", "MPID";
    }
    OrderExecuted 'E' "Order Executed" Nothing {
        order_reference_number: u64 = "Order Reference Number", "day-unique order id";
        executed_shares: u32 = "Executed Shares", "incremental";
        match_number: u64 = "Match Number", "day-unique execution id";
    }
    OrderExecutedWithPrice 'C' "Order Executed With Price" Nothing {
        order_reference_number: u64 = "Order Reference Number", "day-unique order id";
        executed_shares: u32 = "Executed Shares", "incremental";
        match_number: u64 = "Match Number", "day-unique execution id";
        printable: Letter = "Printable", "Y / N (N: do not count in volume)";
        execution_price: ItchPrice = "Execution Price", "differs from display price";
    }
    OrderCancel 'X' "Order Cancel" Nothing {
        order_reference_number: u64 = "Order Reference Number", "day-unique order id";
        cancelled_shares: u32 = "Cancelled Shares", "shares REMOVED (incremental), order stays";
    }
    OrderDelete 'D' "Order Delete" Nothing {
        order_reference_number: u64 = "Order Reference Number", "day-unique order id";
    }
    OrderReplace 'U' "Order Replace" Nothing {
        original_order_reference_number: u64 = "Original Order Reference Number", "dies";
        new_order_reference_number: u64 = "New Order Reference Number", "use from now on";
        shares: u32 = "Shares", "new TOTAL displayed quantity";
        price: ItchPrice = "Price", "new display price";
    }
    Trade 'P' "Trade (non-cross)" Nothing {
        order_reference_number: u64 = "Order Reference Number", "always 0 since 2010";
        side: Letter = "Buy/Sell Indicator", "always B since 2014";
        shares: u32 = "Shares", "shares";
        stock: Alpha<8> = "Stock", "symbol, space padded right";
        price: ItchPrice = "Price", "match price";
        match_number: u64 = "Match Number", "day-unique execution id";
    }
    CrossTrade 'Q' "Cross Trade" Nothing {
        shares: u64 = "Shares", "8 bytes wide here";
        stock: Alpha<8> = "Stock", "symbol, space padded right";
        cross_price: ItchPrice = "Cross Price", "price of the cross";
        match_number: u64 = "Match Number", "day-unique execution id";
        cross_type: Letter = "Cross Type", "O opening, C closing, H halt/IPO";
    }
    BrokenTrade 'B' "Broken Trade" Nothing {
        match_number: u64 = "Match Number", "day-unique execution id";
    }
    NetOrderImbalance 'I' "Net Order Imbalance Indicator" Nothing {
        paired_shares: u64 = "Paired Shares", "shares that match at the reference price";
        imbalance_shares: u64 = "Imbalance Shares", "shares that do not";
        imbalance_direction: Letter = "Imbalance Direction", "B S N O P";
        stock: Alpha<8> = "Stock", "symbol, space padded right";
        far_price: ItchPrice = "Far Price", "clearing price of cross orders only";
        near_price: ItchPrice = "Near Price", "clearing price of cross and continuous orders";
        current_reference_price: ItchPrice = "Current Reference Price", "price the imbalance is reckoned at";
        cross_type: Letter = "Cross Type", "O C H A";
        price_variation_indicator: Letter = "Price Variation Indicator", "L 1-9 A B C or space";
    }
    RetailInterest 'N' "Retail Price Improvement Indicator" Nothing {
        stock: Alpha<8> = "Stock", "symbol, space padded right";
        interest_flag: Letter = "Interest Flag", "B S A N";
    }
    DirectListing 'O' "Direct Listing with Capital Raise" Nothing {
        stock: Alpha<8> = "Stock", "symbol, space padded right";
        open_eligibility_status: Letter = "Open Eligibility Status", "Y / N";
        minimum_allowable_price: ItchPrice = "Minimum Allowable Price", "lowest price";
        maximum_allowable_price: ItchPrice = "Maximum Allowable Price", "highest price";
        near_execution_price: ItchPrice = "Near Execution Price", "near execution price";
        near_execution_time: Nanos64 = "Near Execution Time", "8 bytes wide here";
        lower_price_range_collar: ItchPrice = "Lower Price Range Collar", "lower bound";
        upper_price_range_collar: ItchPrice = "Upper Price Range Collar", "upper bound";
    }
}
