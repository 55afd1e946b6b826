//! Everything that the dialog shows: plain data, without a terminal and without a socket.

use crate::ctl::app::error::CtlError;
use crate::ctl::output::screen::Screen;
use crate::model::text;
use crate::protocol::daemon::ClientStatus;
use crate::protocol::sync::{Item, PendingReply, Progress, Reject, Run, Switch, SyncReply};

use super::list::state::List;

/// The smallest screen that the dialog can be used on, in columns and lines.
pub const LEAST_SIZE: (u16, u16) = (40, 10);

/// What the daemon is to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Read what is pending.
    Preview,
    /// Import these items, exactly these.
    Sync(Vec<String>),
    /// Turn auto-sync on or off.
    Switch(bool),
    /// Close the dialog.
    Leave,
}

/// What the daemon said.
#[derive(Debug)]
pub enum Reply {
    /// How the client stands.
    Status(Box<ClientStatus>),
    /// How far a reading or a run is.
    Progress(Progress),
    /// What is pending, and the names of agreements that are not.
    Preview(Result<Box<Preview>, CtlError>),
    /// What a run did.
    Synced(Result<Box<SyncReply>, CtlError>),
    /// How the switch stands.
    Switched(Result<Switch, CtlError>),
}

/// What is pending.
#[derive(Debug, Default)]
pub struct Preview {
    /// The daemon's answer.
    pub pending: PendingReply,
    /// The names of agreements that are not pending though additions of theirs are, by key.
    pub names: std::collections::BTreeMap<String, String>,
}

/// Something that the daemon is doing for the dialog.
#[derive(Debug, Default)]
pub struct Busy {
    /// How far it is, where that was told.
    pub progress: Option<Progress>,
    /// How many ticks of the spinner have passed.
    pub ticks: u64,
}

/// A question that is answered with yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Whether auto-sync is to be turned on (true) or off.
    Switch(bool),
    /// Whether to leave although something is ticked.
    Leave,
}

/// What the keyboard is on.
#[derive(Debug)]
pub enum Face {
    /// Nothing but waiting for what is pending.
    Reading(Busy),
    /// The list.
    List,
    /// The button below the list.
    Button,
    /// The text that rows must hold.
    Filter,
    /// The differences of the row that the list is on, scrolled by so many lines.
    Diff(usize),
    /// The keys, scrolled by so many lines.
    Help(usize),
    /// A question.
    Asking(Question),
    /// Waiting for a run of so many items.
    Syncing(usize, Busy),
    /// Waiting for the switch to be turned.
    Switching(bool, Busy),
    /// What a run did.
    Result(Box<Outcome>),
    /// What went wrong; `Ending::failed` has it.
    Failed(Effect),
}

/// What a run did, as it is shown.
#[derive(Debug)]
pub struct Outcome {
    /// The run.
    pub run: Run,
    /// What it did, item by item.
    pub items: Vec<Item>,
    /// Rows that could not be converted.
    pub rejects: Vec<Reject>,
    /// The lines on the screen, made for its width.
    pub lines: Vec<String>,
    /// By how many lines they are scrolled.
    pub top: usize,
}

/// What is told when the dialog is closed.
#[derive(Debug, Default)]
pub struct Ending {
    /// The runs, in their order.
    pub runs: Vec<Run>,
    /// How the switch stands, if it was turned.
    pub switch: Option<Switch>,
    /// What went wrong last and was not made good.
    pub failed: Option<CtlError>,
    /// Whether a run was left to go on without the dialog.
    pub under_way: bool,
}

/// The dialog.
#[derive(Debug)]
pub struct State {
    /// The client as it was typed.
    pub client: String,
    /// How times are told, whether there are colours, and what the program is called.
    pub screen: Screen,
    /// The columns and lines of the terminal.
    pub size: (u16, u16),
    /// How the client stands, once that is known.
    pub status: Option<ClientStatus>,
    /// What is pending, once that is known.
    pub list: Option<List>,
    /// What the keyboard is on.
    pub face: Face,
    /// A word about the last key, until the next one.
    pub note: Option<String>,
    /// What is told at the end.
    pub ending: Ending,
}

impl State {
    /// The dialog of a client before anything is known of it.
    pub fn new(client: String, screen: Screen, size: (u16, u16)) -> State {
        State {
            client,
            screen,
            size,
            status: None,
            list: None,
            face: Face::Reading(Busy::default()),
            note: None,
            ending: Ending::default(),
        }
    }

    /// Whether auto-sync is on, so that nothing can be chosen.
    pub fn read_only(&self) -> bool {
        self.status.as_ref().is_some_and(|status| status.auto_sync)
    }

    /// Whether the dialog waits for the daemon, and its spinner turns.
    pub fn is_busy(&self) -> bool {
        matches!(self.face, Face::Reading(_) | Face::Syncing(..) | Face::Switching(..))
    }

    /// What the daemon is doing for the dialog, to be changed.
    pub fn busy_mut(&mut self) -> Option<&mut Busy> {
        match &mut self.face {
            Face::Reading(busy) | Face::Syncing(_, busy) | Face::Switching(_, busy) => Some(busy),
            _ => None,
        }
    }

    /// Whether the screen is too small to show anything.
    pub fn is_too_small(&self) -> bool {
        self.size.0 < LEAST_SIZE.0 || self.size.1 < LEAST_SIZE.1
    }

    /// The client's name and id, or what was typed until they are known.
    pub fn who(&self) -> String {
        match &self.status {
            Some(status) => text::client(&status.name, status.id),
            None => self.client.clone(),
        }
    }
}
