//! What the dialog asks the daemon. It runs on a thread of its own, one for each question.

use std::collections::{BTreeMap, BTreeSet};

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::sync::wait::Wait;
use crate::ctl::connection::Client;
use crate::protocol::contracts::List;
use crate::protocol::daemon::Status;
use crate::protocol::sync::{Pending, PendingReply, Progress, SetAutoSync, Sync, SyncReply};

use super::list::rows;
use super::state::{Effect, Preview, Reply};

/// How the dialog's client is asked for.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The daemon.
    pub daemon: Client,
    /// The client as it was typed.
    pub client: String,
    /// What a sync does while another run is under way.
    pub wait: Wait,
}

impl Caller {
    /// Carries an effect out, and tells of every reply.
    pub fn perform(&self, effect: Effect, tell: impl Fn(Reply)) {
        match effect {
            Effect::Preview => {
                let preview = self.preview(&tell);
                tell(Reply::Preview(preview.map(Box::new)));
            }
            Effect::Sync(keys) => {
                let synced = self.sync(keys, &tell);
                // The time of the last sync stands at the bottom. Where that cannot be asked now,
                // the next look tells it.
                let _ = self.stand(&tell);
                tell(Reply::Synced(synced.map(Box::new)));
            }
            Effect::Switch(on) => tell(Reply::Switched(self.switch(on))),
            Effect::Leave => {}
        }
    }

    fn stand(&self, tell: &impl Fn(Reply)) -> Result<(), CtlError> {
        let status = self.daemon.call(&Status { client: Some(self.client.clone()) })?;
        if let Some(status) = status.reply.clients.into_iter().next() {
            tell(Reply::Status(Box::new(status)));
        }
        Ok(())
    }

    fn preview(&self, tell: &impl Fn(Reply)) -> Result<Preview, CtlError> {
        self.stand(tell)?;
        let asked =
            Pending { client: Some(self.client.clone()), all: Some(true), ..Pending::default() };
        let progress = |progress: &Progress| tell(Reply::Progress(progress.clone()));
        let pending = self.daemon.call_telling(&asked, progress)?.reply;
        // The run that auto-sync may have made meanwhile is seen in how the client stands.
        self.stand(tell)?;
        let names = self.names(&pending).unwrap_or_default();
        Ok(Preview { pending, names })
    }

    /// The stored names of agreements that are not pending themselves: a courtesy.
    fn names(&self, pending: &PendingReply) -> Result<BTreeMap<String, String>, CtlError> {
        let items = pending.items.as_deref().unwrap_or_default();
        let keys: BTreeSet<String> = rows::unnamed(items).into_iter().collect();
        if keys.is_empty() {
            return Ok(BTreeMap::new());
        }
        let asked = List { client: Some(self.client.clone()), ..List::default() };
        let stored = self.daemon.call(&asked)?.reply.contracts.into_iter();
        let wanted = stored.filter(|contract| keys.contains(&contract.key));
        Ok(wanted.map(|contract| (contract.key, contract.name)).collect())
    }

    fn sync(&self, keys: Vec<String>, tell: &impl Fn(Reply)) -> Result<SyncReply, CtlError> {
        let asked = Sync { client: self.client.clone(), keys: Some(keys), ..Sync::default() };
        let asked = self.wait.on(asked);
        let progress = |progress: &Progress| tell(Reply::Progress(progress.clone()));
        Ok(self.wait.client(&self.daemon).call_telling(&asked, progress)?.reply)
    }

    fn switch(&self, on: bool) -> Result<crate::protocol::sync::Switch, CtlError> {
        let clients = Some(vec![self.client.clone()]);
        let asked = SetAutoSync { on, clients, ..SetAutoSync::default() };
        let switches = self.daemon.call(&asked)?.reply.clients;
        let none = || CtlError::Nonsense("the switch was changed for no client".to_owned());
        switches.into_iter().next().ok_or_else(none)
    }
}
