//! A daemon that plays from a script: one connection after the other, each with its answer.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};

use serde_json::{Value, json};

/// What is written on a connection once its call was read.
#[derive(Clone)]
pub enum Answer {
    /// These bytes; each message needs its own NUL byte.
    Bytes(Vec<u8>),
    /// The same, but only when the test says so.
    Gated(Vec<u8>),
    /// The first at once, to a caller that asked for more, and the second when the test says so.
    Slow(Vec<u8>, Vec<u8>),
}

/// The scripted daemon.
pub struct Server {
    /// Where it listens.
    pub socket: PathBuf,
    /// The calls that it got.
    pub calls: Receiver<Value>,
    /// Opens the gate of a gated answer.
    pub gate: Sender<()>,
    /// The folder of the socket, which goes away with the server.
    pub folder: tempfile::TempDir,
}

/// One reply with these parameters.
pub fn reply(parameters: &Value) -> Answer {
    Answer::Bytes(message(&json!({ "parameters": parameters })))
}

/// One error.
pub fn error(name: &str, parameters: Value) -> Answer {
    Answer::Bytes(message(&json!({ "error": name, "parameters": parameters })))
}

/// A message as it goes over the wire.
pub fn message(value: &Value) -> Vec<u8> {
    let mut bytes = value.to_string().into_bytes();
    bytes.push(0);
    bytes
}

/// Starts a daemon that gives these answers.
pub fn serve(script: Vec<Answer>) -> Server {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("control.sock");
    let listener = UnixListener::bind(&socket).expect("binds");
    let (heard, calls) = channel();
    let (gate, gated) = channel();
    std::thread::spawn(move || {
        for answer in script {
            let (mut stream, _) = listener.accept().expect("accepts");
            let mut call = Vec::new();
            BufReader::new(&stream).read_until(0, &mut call).expect("reads");
            call.pop();
            let call: Value = serde_json::from_slice(&call).expect("a call is JSON");
            let more = call["more"] == true;
            // The test may have seen enough and be gone.
            let _ = heard.send(call);
            let bytes = match answer {
                Answer::Bytes(bytes) => bytes,
                Answer::Slow(first, then) => {
                    if more {
                        let _ = stream.write_all(&first);
                    }
                    let _ = gated.recv();
                    then
                }
                Answer::Gated(bytes) => {
                    let _ = gated.recv();
                    bytes
                }
            };
            let _ = stream.write_all(&bytes);
        }
    });
    Server { socket, calls, gate, folder }
}
