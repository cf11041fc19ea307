//! A network that loses, doubles, delays and reorders, by seed.
//!
//! Sockets are addresses; what is sent to an address waits there until its time
//! has come, at most as much of it as a socket's buffer holds. It also says
//! now and then that it has no room, as a socket does.

use super::clock::Time;
use ringmatch_gateway::net::Datagrams;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

/// Datagrams that wait at one address.
const SOCKET_BUFFER: usize = 64;
/// The longest way, in ns; with the shortest of a tenth of it, what is sent
/// together arrives in any order.
const DELAY_NS: u64 = 2_000_000;

/// The network; clones are the same one.
#[derive(Clone)]
pub struct Network {
    state: Arc<Mutex<State>>,
    time: Time,
}

struct State {
    random: fastrand::Rng,
    loss: f64,
    doubling: f64,
    /// How often it has no room.
    refusal: f64,
    /// Whether nothing gets through.
    severed: bool,
    serial: u64,
    /// By address, then by time of arrival.
    queues: BTreeMap<SocketAddr, BTreeMap<(u64, u64), Datagram>>,
    carried: u64,
}

struct Datagram {
    from: SocketAddr,
    bytes: Vec<u8>,
}

impl Network {
    /// A network that loses and doubles up to three in ten, each.
    pub fn new(mut random: fastrand::Rng, time: Time) -> Self {
        let (loss, doubling) = (0.3 * random.f64(), 0.3 * random.f64());
        Self::with(random, [loss, doubling, 1.0 / 256.0], time)
    }

    /// A network that carries everything once, until it is severed.
    pub fn quiet(time: Time) -> Self {
        Self::with(fastrand::Rng::with_seed(0), [0.0; 3], time)
    }

    fn with(random: fastrand::Rng, [loss, doubling, refusal]: [f64; 3], time: Time) -> Self {
        let (severed, serial, queues, carried) = (false, 0, BTreeMap::new(), 0);
        let state = State { random, loss, doubling, refusal, severed, serial, queues, carried };
        Self { state: Arc::new(Mutex::new(state)), time }
    }

    /// From now on nothing gets through, what is on its way included.
    pub fn sever(&self) {
        let mut state = self.state();
        state.severed = true;
        state.queues.clear();
    }

    /// It carries again.
    pub fn mend(&self) {
        self.state().severed = false;
    }

    /// A socket at this address.
    pub fn socket(&self, address: SocketAddr) -> Socket {
        Socket { network: self.clone(), address }
    }

    /// What waits at an address, or is on its way to it, is lost, and so is
    /// what is on its way from it: whoever was there is gone for long.
    pub fn forget(&self, address: SocketAddr) {
        let mut state = self.state();
        state.queues.remove(&address);
        for queue in state.queues.values_mut() {
            queue.retain(|_, datagram| datagram.from != address);
        }
    }

    /// What has arrived at an address is lost, as with the process that had
    /// the socket; what is on its way is not.
    pub fn close(&self, address: SocketAddr) {
        let now = self.time.now();
        if let Some(queue) = self.state().queues.get_mut(&address) {
            queue.retain(|(arrival, _), _| *arrival > now);
        }
    }

    /// Datagrams sent so far.
    pub fn carried(&self) -> u64 {
        self.state().carried
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

/// A socket of a [`Network`].
pub struct Socket {
    network: Network,
    pub address: SocketAddr,
}

impl Datagrams for Socket {
    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Option<(usize, SocketAddr)>> {
        let now = self.network.time.now();
        let mut state = self.network.state();
        let Some(queue) = state.queues.get_mut(&self.address) else { return Ok(None) };
        let arrived = queue.first_entry().filter(|first| first.key().0 <= now);
        Ok(arrived.map(|first| {
            let Datagram { from, bytes } = first.remove();
            buffer[..bytes.len()].copy_from_slice(&bytes);
            (bytes.len(), from)
        }))
    }

    fn send(&mut self, datagram: &[u8], to: SocketAddr) -> io::Result<bool> {
        let now = self.network.time.now();
        let mut state = self.network.state();
        state.carried += 1;
        if state.random.f64() < state.refusal {
            return Ok(false);
        }
        let copies = 1 + usize::from(state.random.f64() < state.doubling);
        for _ in 0..copies {
            let arrival = now + state.random.u64(DELAY_NS / 10..=DELAY_NS);
            let is_lost = state.random.f64() < state.loss || state.severed;
            state.serial += 1;
            let key = (arrival, state.serial);
            let queue = state.queues.entry(to).or_default();
            if !is_lost && queue.len() < SOCKET_BUFFER {
                queue.insert(key, Datagram { from: self.address, bytes: datagram.to_vec() });
            }
        }
        Ok(true)
    }
}
