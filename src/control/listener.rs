//! The socket: bound safely, served with a task per connection, bounded in number.

use std::fs::Permissions;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::unistd::{Gid, Group};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Mutex, Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::peer::Peer;
use super::roles::Role;
use super::session::{self, Ending, Served};
use crate::advice::Address;
use crate::config::Operator;
use crate::engine::Engine;
use crate::protocol::FrameError;

/// How many connections are served at a time. A person has one or two, a monitor one.
const MAX_CONNECTIONS: usize = 64;

/// How many connections may be between being accepted and having a place; the others wait in the
/// backlog of the socket.
const MAX_WAITING: usize = 256;

/// How many are told at a time that they may not use the daemon; who comes when there are more is
/// told nothing.
const MAX_STRANGERS: usize = 32;

/// How long a connection waits for a place before the one that is silent for longest is closed.
/// Calls are answered faster than that, so that a crowd of callers closes nobody.
const CROWDED: Duration = Duration::from_secs(1);

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
}

/// Where connections wait, and what they wait for.
#[derive(Clone)]
struct Places {
    waiting: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    /// Held by the one that gets the next place.
    line: Arc<Mutex<()>>,
    places: Arc<Semaphore>,
    /// Told when somebody waits for a place: the one that is silent for longest makes room.
    crowded: Arc<Notify>,
}

impl Places {
    fn new() -> Places {
        let of = |number| Arc::new(Semaphore::new(number));
        Places {
            waiting: of(MAX_WAITING),
            strangers: of(MAX_STRANGERS),
            line: Arc::default(),
            places: of(MAX_CONNECTIONS),
            crowded: Arc::default(),
        }
    }

    /// Waits in line for a place.
    async fn place(&self) -> Option<OwnedSemaphorePermit> {
        let _first = self.line.lock().await;
        place(&self.places, &self.crowded).await
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
        let mut bound = Listener { listener, own: Some(path.to_owned()), group: Gid::effective() };
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
        let group = address.as_pathname().map_or(Ok(Gid::effective()), group_of)?;
        Ok(Listener { listener: UnixListener::from_std(socket)?, own: None, group })
    }

    /// Serves connections until the daemon ends; sessions are tracked in `tasks`.
    ///
    /// `address` is how the daemon is named in commands to type.
    ///
    /// While it stops, what was bound here still answers, and says so. Who connects to a socket
    /// that was passed waits in its backlog instead, for the daemon that comes next.
    pub async fn serve(
        self,
        engine: Arc<Engine>,
        address: Address,
        tasks: TaskTracker,
        ending: Ending,
    ) {
        let served = Served { engine, address: Arc::new(address), group: self.group };
        let until = if self.own.is_some() { &ending.closing } else { &ending.stopping };
        let places = Places::new();
        loop {
            let next =
                async { (places.waiting.clone().acquire_owned().await, self.accept().await) };
            let Some((waiting, stream)) = until.run_until_cancelled(next).await else { return };
            let (served, places) = (served.clone(), places.clone());
            let (ending, until) = (ending.clone(), until.clone());
            tasks.spawn(async move {
                let admitted = admit(stream, waiting.ok(), &served, &places, (&ending, &until));
                if let Err(error) = admitted.await {
                    tracing::debug!("a connection ended: {error}");
                }
            });
        }
    }

    async fn accept(&self) -> UnixStream {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => return stream,
                Err(error) => {
                    // Usually too many open files; others go away and free some.
                    tracing::warn!("a connection could not be accepted: {error}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

/// Serves a connection that was accepted as soon as it has a place. Who may not use the daemon needs
/// none: the answer is short.
async fn admit(
    stream: UnixStream,
    waiting: Option<OwnedSemaphorePermit>,
    served: &Served,
    places: &Places,
    (ending, until): (&Ending, &CancellationToken),
) -> Result<(), FrameError> {
    let peer = Peer::of(&stream)?;
    let (role, rules) = served.role(&peer).await;
    if role == Role::Stranger {
        drop(waiting);
        let Ok(_one) = places.strangers.try_acquire() else { return Ok(()) };
        return session::refuse(stream, &peer, &rules, &served.address).await;
    }
    // One for whom there is a place is served also while the daemon stops: its call is told so.
    let place = tokio::select! {
        biased;
        place = places.place() => place,
        () = until.cancelled() => return Ok(()),
    };
    let Some(_place) = place else { return Ok(()) };
    drop(waiting);
    session::serve(stream, &peer, served, ending, &places.crowded).await
}

/// Waits for a place, and lets the connection that is silent for longest go if none comes free.
async fn place(places: &Arc<Semaphore>, crowded: &Notify) -> Option<OwnedSemaphorePermit> {
    loop {
        match timeout(CROWDED, Arc::clone(places).acquire_owned()).await {
            // Only a semaphore that was closed gives none, which this one never is.
            Ok(place) => return place.ok(),
            Err(_) => crowded.notify_one(),
        }
    }
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
    match std::os::unix::net::UnixStream::connect(&path) {
        Ok(_) => Err(BindError::InUse { path }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused && is_socket(&path) => {
            std::fs::remove_file(&path).map_err(|source| BindError::Io { path, source })
        }
        Err(_) if !is_socket(&path) => Err(BindError::NotASocket { path }),
        Err(source) => Err(BindError::Io { path, source }),
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
    async fn what_is_no_socket_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notes");
        std::fs::write(&path, "mine").expect("writes");
        assert!(matches!(Listener::bind(&path, &[]), Err(BindError::NotASocket { .. })));
        assert_eq!(std::fs::read_to_string(&path).expect("reads"), "mine");
    }
}
