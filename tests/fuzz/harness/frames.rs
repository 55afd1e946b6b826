//! What somebody sends to the socket, as an operator: each call is answered or the connection ends,
//! and the daemon answers the next one.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lmsyncd::advice::Address;
use lmsyncd::control::{Ending, Listener};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio_util::task::TaskTracker;

use crate::support::test_daemon::{TestDaemon, noon, stories};

/// How many inputs one daemon takes.
const INPUTS: usize = 5_000;

/// How long replies are waited for: some calls wait for others, or are never answered.
const PATIENCE: Duration = Duration::from_millis(50);

/// How long the reply to a call is waited for that is always answered.
const CERTAIN: Duration = Duration::from_secs(30);

struct World {
    socket: PathBuf,
    taken: usize,
    _daemon: TestDaemon,
    _runtime: Runtime,
    _folder: TempDir,
}

thread_local! {
    static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
}

/// Sends the input, reads what comes, and then asks for the version.
pub fn run(input: &[u8]) {
    WORLD.with_borrow_mut(|world| {
        world.take_if(|world| world.taken == INPUTS);
        let world = world.get_or_insert_with(World::new);
        world.taken += 1;
        let replies = exchange(&world.socket, input, PATIENCE, usize::MAX);
        let text = String::from_utf8_lossy(&replies);
        assert!(!text.contains(".Internal\""), "a fault of the program: {text}");
        let version = b"{\"method\":\"org.lmsyncd.Daemon.Version\"}\0";
        let reply = exchange(&world.socket, version, CERTAIN, 1);
        assert!(reply.starts_with(b"{\"parameters\""), "{}", String::from_utf8_lossy(&reply));
    });
}

/// What comes back, until `most` replies are there, the connection ends, or nothing comes.
fn exchange(socket: &Path, sent: &[u8], patience: Duration, most: usize) -> Vec<u8> {
    let mut stream = UnixStream::connect(socket).expect("the daemon listens");
    stream.set_read_timeout(Some(patience)).expect("a timeout");
    stream.set_write_timeout(Some(patience)).expect("a timeout");
    // The daemon may have ended the connection before all was sent.
    let _ = stream.write_all(sent);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let (mut replies, mut piece) = (Vec::new(), [0; 4096]);
    while replies.iter().filter(|byte| **byte == 0).count() < most {
        match stream.read(&mut piece) {
            Ok(length) if length > 0 => replies.extend_from_slice(&piece[..length]),
            _ => break,
        }
    }
    replies
}

impl World {
    fn new() -> World {
        let builder = &mut Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().expect("a runtime");
        let (folder, tenant) = (TempDir::new().expect("a folder"), stories());
        let socket = folder.path().join("socket");
        let daemon = runtime.block_on(async {
            let daemon = TestDaemon::start(folder.path(), &tenant, noon());
            let listener = Listener::bind(&socket, &[]).expect("it binds");
            let (engine, address) = (Arc::clone(&daemon.engine), Address::of_instance(None));
            tokio::spawn(listener.serve(engine, address, TaskTracker::new(), Ending::default()));
            daemon
        });
        World { socket, taken: 0, _daemon: daemon, _runtime: runtime, _folder: folder }
    }
}
