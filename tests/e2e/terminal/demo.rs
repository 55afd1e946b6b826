//! `lmsyncd demo`: the tour, and the tenant alone.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use crate::support::Told;
use serde_json::Value;

#[test]
fn the_tour_does_the_whole_job() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lmsyncd"));
    let output = command.args(["demo", "--tour"]).stdin(Stdio::null()).output().expect("it runs");
    let told = Told::of(&["demo", "--tour"], output);
    told.expect(
        0,
        &[
            "2 created",
            "exit status 6",
            "323.40",
            "+69.30 USD per month",
            "1 vanished",
            "renews A29683601",
            "1,215.00",
            "706.50 USD per month",
            "never to change anything",
        ],
    );
}

#[test]
fn a_fault_that_does_not_exist_is_named_with_those_that_do() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lmsyncd"));
    let output = command.args(["demo", "--serve", "--fault", "flood"]).output().expect("it runs");
    Told::of(&[], output).expect(64, &["flood", "no-permission"]);
}

#[test]
fn the_tenant_alone_says_where_it_is_and_answers_there() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lmsyncd"));
    command.args(["demo", "--serve", "--clients", "3", "--seed", "7"]).stdout(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    let told: Value = serde_json::from_str(&line).expect("one line of JSON");
    let url = told["url"].as_str().expect("a url");
    assert!(url.ends_with("/ATServicesRest/"));
    for name in ["username", "secret", "integration_code"] {
        assert!(told[name].is_string(), "{name}");
    }
    let address = url.trim_start_matches("http://").split('/').next().expect("an address");
    let mut stream = TcpStream::connect(address).expect("connects");
    let request =
        "GET /ATServicesRest/versioninformation HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.contains("apiVersions"), "{answer}");
    let pid = nix::unistd::Pid::from_raw(child.id().try_into().expect("a pid"));
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).expect("sent");
    assert!(child.wait().expect("it ends").success());
}
