//! Who speaks for a session: the venue's side of a login.
//!
//! A session with a key is spoken for by one login at a time. The venue offers
//! a number that no earlier login had, in this run or in any other; the first
//! sealed packet that carries it proves that its sender has the key now, takes
//! the session over, and ends the login before it. So a recorded packet cannot
//! log in, and what a dead client left in the network cannot be taken for its
//! successor's. Within a login the packets count up: an old one may bring late
//! what it carries, but says nothing about where its sender is, or that it
//! lives.
//!
//! [`Logins`] is what the ends for orders and for requests share: the intake
//! writes who is logged in, the outlet reads it.

use crate::seal::{Key, Purpose, Seal, Stamp, Unsealed};
use crate::wire::mold::SessionName;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What became of datagrams of sessions that have keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SealCounters {
    /// Datagrams without a seal.
    pub unsealed: u64,
    /// Datagrams whose seal is another key's, or was made for something else.
    pub broken: u64,
    /// Datagrams of no login, of an earlier one, or of another run.
    pub other_login: u64,
    /// Datagrams that had come before and say nothing new.
    pub replayed: u64,
}

/// The keys of a venue's sessions, and who is logged in.
#[derive(Clone, Debug, Default)]
pub struct Logins {
    accounts: Arc<[Account]>,
    /// The number of the next login that is offered to anybody.
    next: Arc<AtomicU64>,
}

/// One session with a key.
#[derive(Debug)]
struct Account {
    session: SessionName,
    seal: Seal,
    instance: AtomicU64,
    login: AtomicU64,
}

/// A login: a client's number for itself, and the venue's for the login.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) instance: u64,
    /// Zero if nobody is logged in.
    pub(crate) number: u64,
}

impl Login {
    /// The login that a packet says it is of.
    pub(crate) fn of(stamp: Stamp) -> Self {
        Self { instance: stamp.instance, number: stamp.login }
    }

    /// A stamp for the packet with this number.
    pub(crate) fn stamp(self, packet: u64) -> Stamp {
        Stamp { instance: self.instance, login: self.number, packet }
    }
}

impl Logins {
    /// Sessions with keys, into none of which anybody has logged in. A session
    /// that is not among them needs none. The logins that are offered are
    /// numbered from `first`, which must be drawn at random at each start: then
    /// no packet of an earlier run is of a login of this one.
    pub fn new(keys: impl IntoIterator<Item = (SessionName, Key)>, first: u64) -> Self {
        let account = |(session, key): (SessionName, Key)| Account {
            session,
            seal: Seal::new(&key),
            instance: AtomicU64::new(0),
            login: AtomicU64::new(0),
        };
        let accounts = keys.into_iter().map(account).collect();
        Self { accounts, next: Arc::new(AtomicU64::new(first)) }
    }

    /// The number of a login that nobody was offered yet; zero is nobody's.
    fn draw(&self) -> u64 {
        match self.next.fetch_add(1, Ordering::Relaxed) {
            0 => self.draw(),
            drawn => drawn,
        }
    }

    /// A session's account, if it has a key.
    pub(crate) fn account(&self, session: SessionName) -> Option<AccountId> {
        self.accounts.iter().position(|account| account.session == session).map(AccountId)
    }

    /// Its seal.
    pub(crate) fn seal(&self, account: AccountId) -> &Seal {
        &self.accounts[account.0].seal
    }

    /// A packet of old responses for whoever is logged in to a session now,
    /// sealed into `sealed`; as it is, if the session has no key. Its number is
    /// zero: it brings late what it carries, and says nothing else.
    pub fn seal_late<'a>(
        &self,
        session: SessionName,
        packet: &'a [u8],
        sealed: &'a mut Vec<u8>,
    ) -> &'a [u8] {
        let Some(account) = self.account(session) else { return packet };
        let stamp = self.current(account).stamp(0);
        self.seal(account).close(Purpose::Responses, stamp, packet, sealed);
        sealed
    }

    /// Who is logged in. Whoever reads while another logs in may see a login
    /// that nobody has, and refuses a packet that comes again.
    pub(crate) fn current(&self, account: AccountId) -> Login {
        let Account { instance, login, .. } = &self.accounts[account.0];
        let number = login.load(Ordering::Acquire);
        Login { instance: instance.load(Ordering::Relaxed), number }
    }

    fn log_in(&self, account: AccountId, to: Login) {
        let Account { instance, login, .. } = &self.accounts[account.0];
        instance.store(to.instance, Ordering::Relaxed);
        login.store(to.number, Ordering::Release);
    }
}

/// Which account of [`Logins`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AccountId(usize);

/// What a datagram of a session with a key turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admitted<'a> {
    /// A packet of the login; `fresh` if none after it has come before.
    Packet {
        /// Without its trailer.
        packet: &'a [u8],
        /// Whether it may say where its sender is.
        fresh: bool,
        /// Whether it begins the login.
        begins: bool,
    },
    /// Somebody with the key who is not logged in: to be answered with this.
    Challenge(Stamp),
    /// Nothing; it is counted.
    Refused,
}

/// The venue's end of one session's logins.
#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) account: AccountId,
    /// The number of the next login.
    offered: u64,
    /// The highest packet number of the login.
    heard: u64,
    /// Answers given in the login.
    answers: u64,
}

impl Gate {
    /// A session's gate, if it has a key; nobody has come through yet.
    pub(crate) fn new(logins: &Logins, session: SessionName) -> Option<Self> {
        let account = logins.account(session)?;
        Some(Self { account, offered: logins.draw(), heard: 0, answers: 0 })
    }

    /// Looks at a datagram.
    pub(crate) fn admit<'a>(
        &mut self,
        datagram: &'a [u8],
        logins: &Logins,
        counters: &mut SealCounters,
    ) -> Admitted<'a> {
        let (packet, stamp) = match logins.seal(self.account).open(Purpose::Orders, datagram) {
            Ok(opened) => opened,
            Err(unsealed) => return refuse(unsealed, counters),
        };
        let begins = stamp.login == self.offered;
        if begins {
            self.offered = logins.draw();
            self.heard = 0;
            self.answers = 0;
            logins.log_in(self.account, Login::of(stamp));
        } else if Login::of(stamp) != logins.current(self.account) || stamp.login == 0 {
            counters.other_login += u64::from(stamp.login != 0);
            return Admitted::Challenge(Stamp { login: self.offered, ..stamp });
        }
        let fresh = stamp.packet > self.heard;
        self.heard = self.heard.max(stamp.packet);
        Admitted::Packet { packet, fresh, begins }
    }

    /// The stamp of the next answer.
    pub(crate) fn answer(&mut self, logins: &Logins) -> Stamp {
        self.answers += 1;
        logins.current(self.account).stamp(self.answers)
    }
}

fn refuse(unsealed: Unsealed, counters: &mut SealCounters) -> Admitted<'static> {
    match unsealed {
        Unsealed::Missing => counters.unsealed += 1,
        Unsealed::Broken => counters.broken += 1,
    }
    Admitted::Refused
}
