//! The proxy between the command and the double.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

use serde::Deserialize;
use serde_json::Value;

use super::{Double, python};

/// A proxy that is stopped when it is dropped; see `tests/double/proxy` for its arguments and rules.
pub(crate) struct Proxy(python::Server);

/// What went through a proxy.
#[derive(Debug, Deserialize)]
pub(crate) struct Stats {
    /// Calls by `service:Operation`.
    pub(crate) calls: BTreeMap<String, u64>,
    /// Faults by `service:Operation:fault`.
    pub(crate) faults: BTreeMap<String, u64>,
    pub(crate) most_in_flight: u64,
}

impl Stats {
    /// How many faults of a kind were met, by whatever operation.
    pub(crate) fn met(&self, fault: &str) -> u64 {
        let of_kind = self.faults.iter().filter(|(name, _)| name.ends_with(&format!(":{fault}")));
        of_kind.map(|(_, times)| times).sum()
    }
}

impl Proxy {
    pub(crate) fn start(double: &Double, arguments: &[&str]) -> Self {
        let upstream = ["--upstream", double.endpoint()];
        Self(python::Server::start("proxy", &[&upstream, arguments].concat()))
    }

    pub(crate) fn endpoint(&self) -> &str {
        self.0.endpoint()
    }

    /// Replaces the rules.
    pub(crate) fn faults(&self, rules: &Value) {
        self.ask("POST /_proxy/faults", &rules.to_string());
    }

    pub(crate) fn stats(&self) -> Stats {
        serde_json::from_str(&self.ask("GET /_proxy/stats", "")).unwrap()
    }

    fn ask(&self, request: &str, body: &str) -> String {
        let address = self.endpoint().trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).unwrap();
        let length = body.len();
        let head =
            format!("{request} HTTP/1.1\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        body.to_owned()
    }
}
