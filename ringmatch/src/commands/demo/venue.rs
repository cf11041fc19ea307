//! The demo's venue: a process of its own, on addresses of its own.
//!
//! It runs this same binary's `serve` on the default config, changed only in
//! where it listens: a group and ports that nobody else has, so that a demo
//! disturbs no venue and two demos do not meet; and in that each session has a
//! key.

use crate::config::Config;
use ringmatch_gateway::net::{EndpointConfig, UdpEndpoint};
use ringmatch_gateway::seal::Key;
use serde_json::Value;
use std::error::Error;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Bytes in a segment: small, so that starting is quick also on a slow disk.
const SEGMENT_BYTES: u64 = 4 << 20;

/// Where the demo's venue is.
pub(super) struct Site {
    directory: TempDir,
    /// The venue's config, as its process reads it.
    pub(super) config: Config,
    path: PathBuf,
}

impl Site {
    /// Chooses addresses, and makes a directory under `parent` that goes with
    /// this value.
    pub(super) fn make(parent: &Path) -> Result<Self, Box<dyn Error>> {
        let directory =
            tempfile::Builder::new().prefix("ringmatch-demo-").tempdir_in(parent).map_err(
                |error| format!("no directory can be made in {}: {error}", parent.display()),
            )?;
        let (orders, market_data) = groups()?;
        let requests = SocketAddrV4::new(Ipv4Addr::LOCALHOST, free_port()?);
        let text = crate::config::DEFAULT
            .replace("239.192.77.1:31001", &orders.to_string())
            .replace("239.192.77.2:31002", &market_data.to_string())
            .replace("127.0.0.1:31003", &requests.to_string())
            .replace("127.0.0.1:31005", "127.0.0.1:0")
            .replace("segment_bytes = 67108864", &format!("segment_bytes = {SEGMENT_BYTES}"));
        // The name is absolute: the venue's process and this one read the same file.
        let keys = directory.path().canonicalize()?.join("venue.keys");
        let text = format!("{text}\n[order_entry]\nkeys = {keys:?}\n");
        write_keys(&keys, &text)?;
        let path = directory.path().join("venue.toml");
        std::fs::write(&path, &text)?;
        let config = Config::parse(&text, "the demo's config")?;
        Ok(Self { directory, config, path })
    }

    /// Where the venue's journal is.
    pub(super) fn data_dir(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Starts the venue, and waits until it takes orders.
    pub(super) fn start(&self) -> Result<VenueProcess, Box<dyn Error>> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve", "--json", "--config"])
            .arg(&self.path)
            .arg("--data-dir")
            .arg(self.data_dir())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().ok_or("the venue has no standard output")?;
        let mut stderr = child.stderr.take().ok_or("the venue has no standard error")?;
        let mut process = VenueProcess { child, ready: Value::Null };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        if line.is_empty() {
            let mut said = String::new();
            stderr.read_to_string(&mut said)?;
            return Err(format!("the venue did not start: {}", said.trim()).into());
        }
        // Somebody must read what it says, or it could not say it.
        std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
        process.ready = serde_json::from_str(&line)?;
        Ok(process)
    }
}

/// A new key for each session of a config.
fn write_keys(path: &Path, config: &str) -> Result<(), Box<dyn Error>> {
    let config = Config::parse(config, "the demo's config")?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    for session in &config.sessions {
        writeln!(file, "{} {}", session.name, Key::random()?.to_hex())?;
    }
    Ok(())
}

/// The venue's process; killed when the value is dropped.
pub(super) struct VenueProcess {
    child: Child,
    /// What it said when it took orders.
    pub(super) ready: Value,
}

impl VenueProcess {
    /// A text of what it said.
    pub(super) fn text(&self, key: &str) -> &str {
        self.ready[key].as_str().unwrap_or("?")
    }

    /// A number of what it said.
    pub(super) fn number(&self, key: &str) -> u64 {
        self.ready[key].as_u64().unwrap_or(0)
    }

    /// Kills it as a crash would: it gets no chance to do anything.
    pub(super) fn kill(mut self) -> Result<(), Box<dyn Error>> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Tells it to stop; whether it said that it did so in order.
    pub(super) fn stop(mut self) -> Result<bool, Box<dyn Error>> {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status()?;
        Ok(self.child.wait()?.success())
    }
}

impl Drop for VenueProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where orders and market data go: two multicast groups if loopback carries
/// multicast, otherwise two addresses of this host.
fn groups() -> Result<(SocketAddrV4, SocketAddrV4), Box<dyn Error>> {
    let pid = std::process::id().to_le_bytes();
    let group = |last| Ipv4Addr::new(239, 192, pid[0], last);
    let groups = [group(pid[1] & 0xfe), group(pid[1] | 1)];
    let (first, second) = (free_port()?, free_port()?);
    let probe = SocketAddrV4::new(groups[0], 0);
    let config = EndpointConfig::new("a probe", probe, Ipv4Addr::LOCALHOST);
    let [orders, market_data] = match UdpEndpoint::open(&config) {
        Ok(_) => groups,
        Err(error) => {
            eprintln!("multicast does not work here, so this goes by unicast: {error}");
            [Ipv4Addr::LOCALHOST; 2]
        }
    };
    Ok((SocketAddrV4::new(orders, first), SocketAddrV4::new(market_data, second)))
}

fn free_port() -> std::io::Result<u16> {
    Ok(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
