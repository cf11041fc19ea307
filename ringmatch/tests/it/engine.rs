//! A venue in a child process, on loopback addresses of its own.
//!
//! Each test gets a group and ports that no other has, so tests run side by
//! side. The process is killed when the value is dropped, whatever happened.

use ringmatch_engine::SessionName;
use ringmatch_gateway::client::{Client, ClientConfig, Start};
use ringmatch_gateway::market::{FeedConfig, MarketFeed};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The binary under test.
pub const BINARY: &str = env!("CARGO_BIN_EXE_ringmatch");

/// How long anything may take that should take no time at all.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What a venue of a test is like, and where it is.
#[derive(Clone, Debug)]
pub struct Site {
    pub orders: SocketAddrV4,
    pub market_data: SocketAddrV4,
    pub requests: SocketAddrV4,
    pub durability: &'static str,
    pub layout: &'static str,
    /// The table `[snapshots]`, or nothing for the usual one.
    pub snapshots: &'static str,
    pub sessions: Vec<String>,
    /// Further sections of the config.
    pub more: String,
}

impl Site {
    /// A venue with these sessions that takes orders from a multicast group.
    pub fn multicast(sessions: &[&str]) -> Self {
        static GROUP: AtomicU8 = AtomicU8::new(1);
        let group = GROUP.fetch_add(1, Ordering::Relaxed);
        let pid = std::process::id().to_le_bytes();
        let address = |last| {
            SocketAddrV4::new(Ipv4Addr::new(239, 200 + pid[1] % 50, pid[0], last), free_port())
        };
        Self {
            orders: address(group.wrapping_mul(2)),
            market_data: address(group.wrapping_mul(2) + 1),
            requests: SocketAddrV4::new(Ipv4Addr::LOCALHOST, free_port()),
            durability: "fsync",
            layout: "auto",
            snapshots: "",
            sessions: sessions.iter().map(|&name| name.to_owned()).collect(),
            more: String::new(),
        }
    }

    /// The same, but it takes orders at an address of its host.
    pub fn unicast(sessions: &[&str]) -> Self {
        let orders = SocketAddrV4::new(Ipv4Addr::LOCALHOST, free_port());
        Self { orders, ..Self::multicast(sessions) }
    }

    /// Its config file: one instrument of a record, two others, small segments.
    pub fn config(&self) -> String {
        let Self { orders, market_data, requests, durability, layout, snapshots, .. } = self;
        let mut text = format!(
            "[venue]\nname = \"TESTVENUE\"\n\
             [network]\ninterface = \"127.0.0.1\"\norders = \"{orders}\"\n\
             market_data = \"{market_data}\"\nrequests = \"{requests}\"\n\
             [journal]\ndurability = \"{durability}\"\nsegment_bytes = 1048576\n\
             {snapshots}\n[threads]\nlayout = \"{layout}\"\nwait = \"backoff\"\npin = []\n\
             [limits]\norders = 65536\nlevels_per_side = 4096\ninstruments = 8\nsessions = 16\n\
             special_orders = 4096\nrecent_trades = 1024\n"
        );
        text += &self.more;
        for symbol in ["AAPL", "MSFT", "NVDA"] {
            text += &format!(
                "[[instrument]]\nsymbol = \"{symbol}\"\ntick_size = \"0.01\"\n\
                 lot_size = 1\nmax_quantity = 999999\n"
            );
        }
        for session in &self.sessions {
            text += &format!("[[session]]\nname = \"{session}\"\nfirm = \"TEST\"\n");
        }
        text
    }

    /// Writes the config file into a directory.
    pub fn write_config(&self, directory: &Path) -> PathBuf {
        let path = directory.join("venue.toml");
        std::fs::write(&path, self.config()).unwrap();
        path
    }

    /// How a session's client connects.
    pub fn client(&self, session: &str, start: Start) -> ClientConfig {
        let session: SessionName = session.parse().unwrap();
        let Self { orders, requests, .. } = *self;
        let interface = Ipv4Addr::LOCALHOST;
        ClientConfig { start, ..ClientConfig::new(session, orders, requests, interface) }
    }

    /// A connected client.
    pub fn connect(&self, session: &str, start: Start) -> Client {
        Client::connect(self.client(session, start), PATIENCE).unwrap()
    }

    /// A reader of its market data.
    pub fn feed(&self, start: Start) -> MarketFeed {
        let config = FeedConfig {
            venue: "TESTVENUE".parse().unwrap(),
            market_data: self.market_data,
            requests: self.requests,
            interface: Ipv4Addr::LOCALHOST,
            start,
        };
        MarketFeed::join(config, PATIENCE).unwrap()
    }
}

/// A port that nobody has now.
pub fn free_port() -> u16 {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// A running engine.
pub struct Engine {
    child: Child,
    /// What it said when it was ready.
    pub ready: Value,
    said: Arc<Mutex<String>>,
    listener: Option<std::thread::JoinHandle<()>>,
}

impl Engine {
    /// Starts an engine and waits until it takes orders.
    pub fn start(config: &Path, data_dir: &Path) -> Self {
        Self::try_start(config, data_dir).unwrap_or_else(|error| panic!("no engine: {error}"))
    }

    /// Starts an engine; what it said if it did not come to take orders.
    pub fn try_start(config: &Path, data_dir: &Path) -> Result<Self, String> {
        let mut child = Command::new(BINARY)
            .args(["serve", "--json", "--config"])
            .arg(config)
            .arg("--data-dir")
            .arg(data_dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let mut stderr = child.stderr.take().unwrap();
        if line.is_empty() {
            let mut said = String::new();
            stderr.read_to_string(&mut said).unwrap();
            child.wait().unwrap();
            return Err(said);
        }
        // Somebody must read what it says, or it could not say it.
        let said = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&said);
        let listener = std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                heard.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        let listener = Some(listener);
        Ok(Self { child, ready: serde_json::from_str(&line).unwrap(), said, listener })
    }

    /// What it has said on standard error so far.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The digest it started with.
    pub fn digest(&self) -> &str {
        self.ready["digest"].as_str().unwrap()
    }

    /// Whether its process is there.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// What it has said until it ended by itself, and its exit code.
    pub fn end(mut self) -> (String, Option<i32>) {
        let code = self.child.wait().unwrap().code();
        if let Some(listener) = self.listener.take() {
            listener.join().unwrap();
        }
        (self.said(), code)
    }

    /// Kills it as a crash would (SIGKILL), and waits until it is gone.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Tells it to stop in order (SIGTERM); its exit code.
    pub fn stop(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command of the binary; its standard output and exit code.
pub fn run(args: &[&str]) -> (String, Option<i32>) {
    let output = Command::new(BINARY).args(args).stdin(Stdio::null()).output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code())
}

/// Runs a command with `--json`; the object on its last line.
pub fn run_json(args: &[&str]) -> Value {
    let (stdout, _) = run(&[args, &["--json"]].concat());
    let line = stdout.lines().last().unwrap_or_else(|| panic!("{args:?} printed nothing"));
    serde_json::from_str(line).unwrap()
}
