//! Typed clients of the crates `varlink` and `zlink` get each error as what it is.
//!
//! `varlink-clients SOCKET` calls the daemon at SOCKET with both, and then a socket of its own that
//! answers with every error of every interface.

mod answering;

use std::error::Error;

use answering::Answering;

/// What the crate `varlink` generates.
#[allow(dead_code, nonstandard_style, clippy::all)]
mod of_varlink {
    pub mod contracts {
        include!(concat!(env!("OUT_DIR"), "/org.lmsyncd.Contracts.rs"));
    }
    pub mod daemon {
        include!(concat!(env!("OUT_DIR"), "/org.lmsyncd.Daemon.rs"));
    }
    pub mod sync {
        include!(concat!(env!("OUT_DIR"), "/org.lmsyncd.Sync.rs"));
    }
}

/// What the crate `zlink` generates.
#[allow(dead_code, unused_imports, clippy::all)]
mod of_zlink {
    pub mod contracts {
        include!(concat!(env!("OUT_DIR"), "/zlink.Contracts.rs"));
    }
    pub mod daemon {
        include!(concat!(env!("OUT_DIR"), "/zlink.Daemon.rs"));
    }
    pub mod sync {
        include!(concat!(env!("OUT_DIR"), "/zlink.Sync.rs"));
    }
}

/// The descriptions of the interfaces.
const DESCRIPTIONS: [(&str, &str); 3] = [
    (
        "org.lmsyncd.Contracts",
        include_str!("../../../../src/protocol/org.lmsyncd.Contracts.varlink"),
    ),
    ("org.lmsyncd.Daemon", include_str!("../../../../src/protocol/org.lmsyncd.Daemon.varlink")),
    ("org.lmsyncd.Sync", include_str!("../../../../src/protocol/org.lmsyncd.Sync.varlink")),
];

type Checked = Result<(), Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Checked {
    let socket = std::env::args().nth(1).ok_or("usage: varlink-clients SOCKET")?;
    the_daemon_by_varlink(&socket)?;
    the_daemon_by_zlink(&socket).await?;
    let mut count = 0;
    for (interface, description) in DESCRIPTIONS {
        for error in answering::errors(description) {
            let answering = Answering::with(interface, error)?;
            let of_varlink = by_varlink(interface, &answering.address())?;
            expect(&of_varlink, &format!("{error}(Some("))?;
            let of_zlink = by_zlink(interface, answering.path()).await?;
            expect(&of_zlink, &format!("{error} {{ message: \"no\""))?;
            count += 1;
        }
    }
    println!("{count} errors, each as itself, by both libraries");
    Ok(())
}

/// Fails unless a text begins as expected.
fn expect(text: &str, start: &str) -> Checked {
    if text.starts_with(start) { Ok(()) } else { Err(format!("{text}\nis not {start}").into()) }
}

/// What went wrong, as the client's type shows it.
fn shown<T, E: std::fmt::Debug>(answer: Result<T, E>) -> Result<String, Box<dyn Error>> {
    answer.err().map(|error| format!("{error:?}")).ok_or_else(|| "there was no error".into())
}

/// Calls one method of an interface with the crate `varlink`.
fn by_varlink(interface: &str, address: &str) -> Result<String, Box<dyn Error>> {
    use of_varlink::{contracts, daemon, sync};
    let connection = varlink::Connection::with_address(address)?;
    // What is shown of an error begins with where the generated code made it.
    match interface {
        "org.lmsyncd.Contracts" => {
            use contracts::VarlinkClientInterface as _;
            let answer = contracts::VarlinkClient::new(connection).chain("A1".to_owned()).call();
            shown(answer.map_err(|error| error.0))
        }
        "org.lmsyncd.Daemon" => {
            use daemon::VarlinkClientInterface as _;
            let answer = daemon::VarlinkClient::new(connection).version().call();
            shown(answer.map_err(|error| error.0))
        }
        _ => {
            use sync::VarlinkClientInterface as _;
            let answer = sync::VarlinkClient::new(connection).show_run(1).call();
            shown(answer.map_err(|error| error.0))
        }
    }
}

/// Calls one method of an interface with the crate `zlink`.
async fn by_zlink(interface: &str, path: &str) -> Result<String, Box<dyn Error>> {
    use of_zlink::{contracts::Contracts as _, daemon::Daemon as _, sync::Sync as _};
    let mut connection = zlink::tokio::unix::connect(path).await?;
    match interface {
        "org.lmsyncd.Contracts" => shown(connection.chain("A1").await?),
        "org.lmsyncd.Daemon" => shown(connection.version().await?),
        _ => shown(connection.show_run(1).await?),
    }
}

/// Errors that the daemon really answers, by the crate `varlink`.
fn the_daemon_by_varlink(socket: &str) -> Checked {
    use of_varlink::{contracts, daemon, sync};
    let connection = varlink::Connection::with_address(&format!("unix:{socket}"))?;
    {
        use contracts::VarlinkClientInterface as _;
        let mut client = contracts::VarlinkClient::new(connection.clone());
        let answer = client.list(Some("nobody".to_owned()), None).call();
        expect(&shown(answer.map_err(|error| error.0))?, "NoSuchClient(Some(")?;
        let answer = client.show("S1".to_owned(), None).call();
        expect(&shown(answer.map_err(|error| error.0))?, "NoSuchContract(Some(")?;
    }
    {
        use daemon::VarlinkClientInterface as _;
        let mut client = daemon::VarlinkClient::new(connection.clone());
        let answer = client.status(Some("nobody".to_owned())).call();
        expect(&shown(answer.map_err(|error| error.0))?, "NoSuchClient(Some(")?;
    }
    use sync::VarlinkClientInterface as _;
    let answer = sync::VarlinkClient::new(connection).show_run(1_000_000).call();
    expect(&shown(answer.map_err(|error| error.0))?, "NoSuchRun(Some(")
}

/// The same by the crate `zlink`.
async fn the_daemon_by_zlink(socket: &str) -> Checked {
    use of_zlink::{contracts::Contracts as _, daemon::Daemon as _, sync::Sync as _};
    let mut connection = zlink::tokio::unix::connect(socket).await?;
    expect(&shown(connection.list(Some("nobody"), None).await?)?, "NoSuchClient {")?;
    expect(&shown(connection.show("S1", None).await?)?, "NoSuchContract {")?;
    expect(&shown(connection.status(Some("nobody")).await?)?, "NoSuchClient {")?;
    expect(&shown(connection.show_run(1_000_000).await?)?, "NoSuchRun {")
}
