//! The socket: bound safely, served with a task per connection, bounded in number.

use std::fs::Permissions;
use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, UnixAddr};
use nix::unistd::{Gid, Group};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::bounds::Bounds;
use super::peer::Peer;
use super::roles::Role;
use super::session::{self, Ending, Served};
use crate::advice::Address;
use crate::config::Operator;
use crate::engine::Engine;
use crate::model::{Code, Failure, error_chain};
use crate::protocol::FrameError;

/// How many connections may be between being accepted and having their user looked up; the others
/// wait in the backlog of the socket. Where few files may be open, an eighth of them.
const MAX_COMING: usize = 64;

/// How many are told at a time that they may not use the daemon, or that it is too busy; who comes
/// when there are more is told nothing. Where few files may be open, an eighth of them.
const MAX_TURNED_AWAY: usize = 32;

/// How often at most it is told that no connection can be accepted.
const TELL: Duration = Duration::from_secs(60);

/// How long the daemon waits when it cannot accept a connection, as when too many files are open.
const PAUSE: Duration = Duration::from_millis(100);

/// How often it is looked whether the file of the socket is still there.
const LOOK: Duration = Duration::from_secs(5);

/// How many files a process may have open where that cannot be found out (getrlimit(2)).
const OPEN_FILES: u64 = 1024;

/// Why the socket cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another daemon answers there.
    #[error("another lmsyncd already serves {}", path.display())]
    InUse {
        /// The socket.
        path: PathBuf,
    },
    /// Something that is no socket is in the way; it is left alone.
    #[error("{} exists and is not a socket", path.display())]
    NotASocket {
        /// The path.
        path: PathBuf,
    },
    /// The system refused.
    #[error("cannot serve {}", path.display())]
    Io {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The socket.
#[derive(Debug)]
pub struct Listener {
    listener: UnixListener,
    /// The file of one that was bound here, which goes away with it. One that was passed belongs to
    /// whoever passed it.
    own: Option<PathBuf>,
    /// Whose members may read.
    group: Gid,
    /// Where it is found; none for a socket without a name.
    place: Option<Place>,
}

/// The file of a socket.
#[derive(Debug)]
struct Place {
    path: PathBuf,
    /// Which file it was: its device and number.
    file: Option<(u64, u64)>,
    /// Whether it is known to be gone, and has been told of.
    gone: bool,
}

impl Place {
    fn of(path: &Path) -> Place {
        Place { path: path.to_owned(), file: file_at(path), gone: false }
    }

    fn is_there(&self) -> bool {
        self.file.is_some() && self.file == file_at(&self.path)
    }
}

fn file_at(path: &Path) -> Option<(u64, u64)> {
    let there = std::fs::symlink_metadata(path).ok()?;
    Some((there.dev(), there.ino()))
}

/// Who comes and who goes.
#[derive(Clone)]
struct Door {
    coming: Arc<Semaphore>,
    turned_away: Arc<Semaphore>,
}

impl Door {
    fn of(open_files: usize) -> Door {
        let of = |number: usize| Arc::new(Semaphore::new(number.min(open_files / 8).max(1)));
        Door { coming: of(MAX_COMING), turned_away: of(MAX_TURNED_AWAY) }
    }
}

impl Listener {
    /// Binds the socket. A dead one is replaced, a live one is not.
    ///
    /// Everybody can open the socket, as those of systemd's own services: who may do what follows
    /// from who it is. It belongs to the first group among the operators, whose members may read.
    /// The folder is made 0755, for a closed folder would lock them out.
    pub fn bind(path: &Path, operators: &[Operator]) -> Result<Listener, BindError> {
        let failed = |source| BindError::Io { path: path.to_owned(), source };
        if let Some(folder) = path.parent()
            && !folder.exists()
        {
            std::fs::create_dir_all(folder).map_err(failed)?;
            std::fs::set_permissions(folder, Permissions::from_mode(0o755)).map_err(failed)?;
        }
        remove_dead(path)?;
        let listener = UnixListener::bind(path).map_err(failed)?;
        let mut bound = Listener {
            listener,
            own: Some(path.to_owned()),
            group: Gid::effective(),
            place: Some(Place::of(path)),
        };
        if let Some(group) = socket_group(operators)
            && let Err(error) = nix::unistd::chown(path, None, Some(group))
        {
            tracing::warn!("the group of the socket cannot be changed to {group}: {error}");
        }
        std::fs::set_permissions(path, Permissions::from_mode(0o666)).map_err(failed)?;
        bound.group = group_of(path).map_err(failed)?;
        Ok(bound)
    }

    /// Serves a socket that was bound elsewhere, as by systemd.
    pub fn passed(socket: std::os::unix::net::UnixListener) -> io::Result<Listener> {
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        // Its file may be out of sight here, as in a folder that is this service's own, and all well.
        let place = address.as_pathname().map(Place::of).filter(Place::is_there);
        if let (None, Some(path)) = (&place, address.as_pathname()) {
            tracing::warn!(
                "the file of the socket that was passed, {}, is not there",
                path.display()
            );
        }
        let path = place.as_ref().map(|place| &*place.path);
        let group = path.map_or(Ok(Gid::effective()), group_of)?;
        Ok(Listener { listener: UnixListener::from_std(socket)?, own: None, group, place })
    }

    /// Serves connections until the daemon ends; sessions are tracked in `tasks`.
    ///
    /// `address` is how the daemon is named in commands to type.
    ///
    /// While it stops, what was bound here still answers, and says so. Who connects to a socket
    /// that was passed waits in its backlog instead, for the daemon that comes next.
    ///
    /// Where the file of the socket goes away, as by a tidying script, another one takes its place.
    pub async fn serve(
        mut self,
        engine: Arc<Engine>,
        address: Address,
        tasks: TaskTracker,
        ending: Ending,
    ) {
        let open_files = open_files();
        let bounds = Bounds::of(open_files);
        let mut served = Served { engine, address: Arc::new(address), group: self.group, bounds };
        let until = if self.own.is_some() { &ending.closing } else { &ending.stopping };
        let (door, mut look) = (Door::of(open_files), tokio::time::interval(LOOK));
        let mut told: Option<Instant> = None;
        loop {
            let next =
                async { (door.coming.clone().acquire_owned().await, self.listener.accept().await) };
            let next = async {
                tokio::select! {
                    next = next => Some(next),
                    _ = look.tick() => None,
                }
            };
            let Some(next) = until.run_until_cancelled(next).await else { return };
            let Some((coming, accepted)) = next else {
                self.come_back(&served.engine.settings().control.operators);
                served.group = self.group;
                continue;
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Usually too many open files: who is silent goes.
                    if told.is_none_or(|told| told.elapsed() >= TELL) {
                        tracing::warn!("no connection can be accepted for now: {error}");
                        told = Some(Instant::now());
                    }
                    served.bounds.connections.make_room();
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            let (served, door, ending) = (served.clone(), door.clone(), ending.clone());
            tasks.spawn(async move {
                let admitted = admit(stream, coming.ok(), &served, &door, &ending);
                if let Err(error) = admitted.await {
                    tracing::debug!("a connection ended: {error}");
                }
            });
        }
    }
}

impl Listener {
    /// Makes the file of the socket again where it is gone.
    fn come_back(&mut self, operators: &[Operator]) {
        let Some(place) = self.place.as_mut().filter(|place| !place.is_there()) else { return };
        let path = place.path.clone();
        let told = std::mem::replace(&mut place.gone, true);
        match Listener::bind(&path, operators) {
            Ok(new) => {
                let mut old = std::mem::replace(self, new);
                // Under that name is the new one now.
                old.own = None;
                tracing::warn!("the socket {} was gone, and is served again", path.display());
            }
            Err(error) if !told => {
                let why = error_chain(&error);
                tracing::warn!("the socket {} is gone and not served: {why}", path.display());
            }
            Err(_) => {}
        }
    }
}

/// Serves a connection that was accepted. Who may not use the daemon needs no place: the answer is
/// short.
async fn admit(
    stream: UnixStream,
    coming: Option<OwnedSemaphorePermit>,
    served: &Served,
    door: &Door,
    ending: &Ending,
) -> Result<(), FrameError> {
    let peer = Peer::of(&stream)?;
    let (role, rules) = served.role(&peer).await;
    let connection = match role {
        Role::Stranger => None,
        _ => served.bounds.connections.enter(Served::holder(&peer, role)),
    };
    drop(coming);
    if let Some(connection) = connection {
        return session::serve(stream, (&peer, role), served, ending, &connection).await;
    }
    let Ok(_one) = door.turned_away.try_acquire() else { return Ok(()) };
    if role == Role::Stranger {
        return session::refuse(stream, &peer, &rules, &served.address).await;
    }
    let busy = |_: &_| Failure::new(Code::Busy, "too many connections are at work");
    session::turn_away(stream, &peer, &served.address, busy).await
}

/// How many files this process may have open.
fn open_files() -> usize {
    let limit = getrlimit(Resource::RLIMIT_NOFILE).map_or(OPEN_FILES, |(soft, _)| soft);
    usize::try_from(limit).unwrap_or(usize::MAX)
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(path) = &self.own {
            let _ = std::fs::remove_file(path);
        }
    }
}

fn remove_dead(path: &Path) -> Result<(), BindError> {
    let path = path.to_owned();
    match is_served(&path) {
        Ok(()) => Err(BindError::InUse { path }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused && is_socket(&path) => {
            std::fs::remove_file(&path).map_err(|source| BindError::Io { path, source })
        }
        Err(_) if !is_socket(&path) => Err(BindError::NotASocket { path }),
        Err(source) => Err(BindError::Io { path, source }),
    }
}

/// Connects to a socket, and waits for nobody: one with a full queue is served by somebody who is
/// slow.
fn is_served(path: &Path) -> io::Result<()> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket::socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    match socket::connect(socket.as_raw_fd(), &UnixAddr::new(path)?) {
        Ok(()) | Err(Errno::EAGAIN) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn is_socket(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket())
}

pub(super) fn group_of(path: &Path) -> io::Result<Gid> {
    Ok(Gid::from_raw(std::fs::metadata(path)?.gid()))
}

fn socket_group(operators: &[Operator]) -> Option<Gid> {
    operators.iter().find_map(|operator| match operator {
        Operator::Group(name) => Some(Group::from_name(name).ok()??.gid),
        Operator::User(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_dead_socket_is_replaced_and_a_live_one_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("run/control.sock");
        let first = Listener::bind(&path, &[]).expect("binds");
        assert!(matches!(Listener::bind(&path, &[]), Err(BindError::InUse { .. })));
        drop(first);
        assert!(!path.exists());
        // A daemon that was killed leaves its file behind.
        drop(std::os::unix::net::UnixListener::bind(&path).expect("binds"));
        Listener::bind(&path, &[]).expect("replaces the dead one");
    }

    #[tokio::test]
    async fn one_that_nobody_accepts_from_is_served_and_is_not_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("control.sock");
        let flags = SockFlag::SOCK_CLOEXEC;
        let slow = socket::socket(AddressFamily::Unix, SockType::Stream, flags, None);
        let slow = slow.expect("a socket");
        let address = UnixAddr::new(&path).expect("an address");
        socket::bind(slow.as_raw_fd(), &address).expect("binds");
        socket::listen(&slow, socket::Backlog::new(1).expect("short")).expect("listens");
        let connect = || std::os::unix::net::UnixStream::connect(&path).expect("connects");
        let _waiting = [connect(), connect()];
        assert!(matches!(Listener::bind(&path, &[]), Err(BindError::InUse { .. })));
    }

    #[tokio::test]
    async fn what_is_no_socket_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notes");
        std::fs::write(&path, "mine").expect("writes");
        assert!(matches!(Listener::bind(&path, &[]), Err(BindError::NotASocket { .. })));
        assert_eq!(std::fs::read_to_string(&path).expect("reads"), "mine");
    }
}
