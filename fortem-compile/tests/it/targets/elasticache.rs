//! The users of caches, on a server.
//!
//! Set `FORTEM_REDIS` to the command `redis-server`, of version 7 or later.

use std::env;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use fortem_compile::compile;
use fortem_compile::target::{Target, targets};
use serde_json::Value;

use super::{sample, source, text};

/// A server on this machine that ends with the test.
struct Server {
    process: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().and_then(|()| self.process.wait()).expect("the server ends");
    }
}

impl Server {
    fn start(program: &OsStr) -> Self {
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let mut command = Command::new(program);
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1"]);
        command.args(["--save", "", "--appendonly", "no"]).stdout(Stdio::null());
        let server = Self { process: command.spawn().unwrap(), port };
        for _ in 0..100 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return server;
            }
            sleep(Duration::from_millis(50));
        }
        panic!("the server does not answer");
    }

    /// The first line of the answer to the last of some commands.
    fn ask(&self, commands: &[&str]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let mut answers = BufReader::new(stream.try_clone().unwrap());
        let mut answer = String::new();
        for command in commands {
            stream.write_all(format!("{command}\r\n").as_bytes()).unwrap();
            answer.clear();
            answers.read_line(&mut answer).unwrap();
        }
        answer.trim_end().to_owned()
    }
}

#[test]
fn a_user_deletes_the_keys_of_its_environment_and_no_others() {
    let Some(program) = env::var_os("FORTEM_REDIS").filter(|path| !path.is_empty()) else {
        return;
    };
    let source = sample("");
    let compiled = compile(&source, &[]).unwrap();
    let written = targets(&source, &compiled, &[Target::Elasticache]).unwrap();
    let server = Server::start(&program);
    for environment in ["dev", "staging", "qa"] {
        let user: Value =
            serde_json::from_str(text(&written, &format!("elasticache/{environment}.json")))
                .unwrap();
        let (id, access) =
            (user["UserId"].as_str().unwrap(), user["AccessString"].as_str().unwrap());
        let set = server.ask(&[&format!("ACL SETUSER {id} {access} >secret")]);
        assert_eq!(set, "+OK", "{access}");
    }
    let fill =
        ["SET staging:a 1", "SET staging:b 1", "SET staging-2:a 1", "SET prod:a 1", "SET dev:a 1"];
    assert_eq!(server.ask(&fill), "+OK");

    let as_staging = |command: &str| server.ask(&["AUTH staging-flush secret", command]);
    assert_eq!(as_staging("UNLINK staging:a"), ":1");
    assert_eq!(as_staging("DEL staging:b"), ":1");
    assert_eq!(as_staging("SCAN 0 MATCH staging:*"), "*2");
    assert_eq!(as_staging("PING"), "+PONG");
    let refused = [
        "UNLINK prod:a",
        "UNLINK dev:a",
        "UNLINK staging-2:a",
        "UNLINK staging:a prod:a",
        "DEL prod:a",
        "FLUSHDB",
        "FLUSHALL",
        "KEYS *",
        "RANDOMKEY",
        "SWAPDB 0 1",
        "EVAL return(1) 0",
        "SCRIPT LOAD return(1)",
        "FUNCTION LIST",
        "GET staging:a",
        "SET staging:a 1",
        "RENAME staging:a staging:c",
        "DUMP staging:a",
        "CONFIG GET *",
        "ACL LIST",
        "MONITOR",
        "SHUTDOWN",
        "PUBLISH staging:a 1",
        "SUBSCRIBE staging:a",
        "CLUSTER NODES",
        "CLIENT KILL 1",
        "SELECT 1",
        "MIGRATE 127.0.0.1 1 staging:a 0 1",
    ];
    for command in refused {
        let answer = as_staging(command);
        assert!(answer.starts_with("-NOPERM"), "{command}: {answer}");
    }
    // Everybody else's keys are still there.
    assert_eq!(server.ask(&["EXISTS prod:a dev:a staging-2:a"]), ":3");
    // A server without a cluster refuses these for another reason.
    assert!(as_staging("CLUSTER SLOTS").contains("cluster support disabled"));
}

#[test]
fn there_is_a_user_where_somebody_may_connect() {
    let files = |settings: &str| -> Vec<String> {
        let source = sample(settings);
        let compiled = compile(&source, &[]).unwrap();
        let written = targets(&source, &compiled, &[Target::Elasticache]).unwrap();
        written.artifacts.iter().map(|one| one.file.clone()).collect()
    };
    let files_of_sample =
        ["elasticache/dev.json", "elasticache/qa.json", "elasticache/staging.json"];
    assert_eq!(files(""), files_of_sample);
    // A guard forbids whatever is done in production, so nobody can sign in there.
    let in_prod =
        "[[assignment]]\nrole = \"developer\"\nuser = \"alice\"\nenvironments = [\"prod\"]\n";
    assert_eq!(files(in_prod), files_of_sample);
}

#[test]
fn a_user_that_elasticache_would_not_take_is_left_out() {
    for users in
        ["[]", "[\"{environment}_*\"]", "[\"a-user-whose-name-is-so-very-long-{environment}-*\"]"]
    {
        let named = |fleet: String| {
            fleet.replace("cache_users = [\"{environment}-*\"]", &format!("cache_users = {users}"))
        };
        let source = source(named, &[]);
        let compiled = compile(&source, &[]).unwrap();
        let written = targets(&source, &compiled, &[Target::Elasticache]).unwrap();
        assert!(written.artifacts.is_empty(), "{users}");
        assert!(written.left_out[0].help.contains("cache_users"));
    }
}
