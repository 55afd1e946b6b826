//! What a person can do next, as a value: who renders it knows the program, the socket, the instance,
//! the unit and the paths that count where it is read.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::{ClientId, ItemKey, RunId};

/// The next step after a failure, a finding or a check.
///
/// Its serialized form is its form on the wire, an object with `code` and the values of the variant:
/// one table instead of two that say the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", tag = "code", rename_all = "snake_case")]
pub enum Advice {
    // Trying again.
    /// Do the same again.
    Retry,
    /// Do the same when the run that is under way has ended; `--wait` of `sync` does.
    WaitForRun,
    /// Do the same when the run that is under way has ended.
    RetryAfterRun,

    // Clients and their items.
    /// List the clients.
    ListClients,
    /// Search the clients; one of them may be meant.
    SearchClients {
        /// The client with the most similar name.
        client_id: Option<ClientId>,
        /// Its name.
        client: Option<String>,
    },
    /// Name the client in full, or by its number.
    NameClientInFull,
    /// Switch auto-sync off to sync by hand, or look at what the next run brings.
    AutoSyncOff {
        /// The client.
        client_id: ClientId,
    },
    /// Switch auto-sync on.
    AutoSyncOn {
        /// The client.
        client_id: ClientId,
    },
    /// List what is pending.
    ListPending {
        /// The client, where it is known.
        client_id: Option<ClientId>,
    },
    /// Read what is pending from Autotask.
    RefreshPending {
        /// The client.
        client_id: ClientId,
    },
    /// List what is pending now: what was held is not so any more.
    ReviewPending {
        /// The client.
        client_id: ClientId,
    },
    /// List what is pending now, and plan again: what was planned is not so any more.
    PlanAgain {
        /// The client.
        client_id: ClientId,
    },
    /// Sync an item of the client that it belongs to.
    SyncItem {
        /// The client.
        client_id: ClientId,
        /// The item.
        key: ItemKey,
    },
    /// Do not leave the item out any more.
    Unignore {
        /// The item.
        key: ItemKey,
    },

    // Contracts.
    /// List the contracts; one of them may be meant.
    ListContracts {
        /// The contract with the same number behind another letter.
        key: Option<ItemKey>,
    },
    /// Show the fields of a contract.
    ShowContract {
        /// The contract.
        key: ItemKey,
    },
    /// Show what a contract was.
    ShowHistory {
        /// The contract.
        key: ItemKey,
    },
    /// Have the contract left out by syncs before it is removed.
    IgnoreBeforeRemoving {
        /// The contract.
        key: ItemKey,
    },
    /// Change the value where it comes from, then sync.
    ChangeInAutotask {
        /// The record of Autotask.
        name: String,
        /// The client.
        client_id: ClientId,
        /// The item.
        key: ItemKey,
    },
    /// Name a contract that was made by hand, and then the item that it becomes.
    AdoptFromLocal,
    /// Have the contract follow Autotask again.
    Relink {
        /// The contract.
        key: ItemKey,
    },
    /// Name the currency.
    NameCurrency,
    /// List the rows that cannot be converted.
    ListQuarantine,

    // Runs and what they held.
    /// List the runs.
    ListRuns,
    /// List what is held, of all clients or of one.
    ListHeld {
        /// The client.
        client_id: Option<ClientId>,
    },
    /// Show what a run held.
    ShowHeld {
        /// The run.
        run_id: RunId,
    },
    /// End the pause of auto-sync.
    Resume,

    // The daemon.
    /// Have the connection, the permissions and the store checked.
    Doctor,
    /// Read the journal of the daemon.
    ReadJournal,
    /// Follow the journal of the daemon.
    FollowJournal,
    /// Compare the versions of client and daemon.
    CompareVersions,
    /// Have the configuration read again.
    Reload,
    /// Restart the daemon, which checks and repairs the store.
    RepairStore,
    /// Restart the daemon, which repairs what can be repaired of the store, and keeps the rest.
    RestartToRepair,
    /// Another daemon uses the store or the socket.
    FindOtherDaemon,
    /// Nothing has to be done, unless it comes again at every start.
    WatchDisk,
    /// Files that repairs moved aside may be deleted.
    DeleteMovedFiles,
    /// Take another file, which `backup` made.
    TakeOtherBackup,
    /// Join the group that may change things.
    JoinGroup {
        /// The group.
        group: String,
        /// Who asked.
        user: String,
    },
    /// Ask somebody who may change things, or have `operators` in the configuration changed.
    AskOperator,

    // The configuration.
    /// Write the configuration.
    WriteConfig {
        /// The file.
        path: String,
    },
    /// Let the daemon read a file.
    AllowReading {
        /// The file.
        path: String,
    },
    /// Let nobody but the owner change a file.
    ForbidWriting {
        /// The file.
        path: String,
    },
    /// Let nobody but the owner read a file.
    ForbidReading {
        /// The file.
        path: String,
    },
    /// Give a file to the user of the daemon.
    OwnFile {
        /// The file.
        path: String,
    },
    /// Write a credential for systemd.
    WriteCredential {
        /// The name of the credential.
        name: String,
    },
    /// Write the file of a credential.
    WriteSecretFile {
        /// The file.
        path: String,
    },
    /// Write a credential again, alone on one line.
    RewriteCredential,
    /// Move the secret out of the configuration.
    MoveSecret,
    /// Words about a value, without a command in them.
    Said {
        /// The words.
        text: String,
    },
    /// Fix a section of the configuration, and check it.
    FixSection {
        /// The section.
        section: String,
    },
    /// Keep the old configuration in use until the new one passes the check.
    CheckConfig,
    /// Keep history for longer.
    KeepHistory,
    /// Have a user-defined field read.
    ReadUserField,
    /// Name the time zone of the MSP.
    NameTimeZone,
    /// Name the currency of a tenant without multi-currency.
    NameTenantCurrency,
    /// Configure a notify command.
    ConfigureNotify,
    /// Try the notify command.
    TestNotify,

    // Autotask.
    /// Replace the secret of the API user.
    ReplaceSecret {
        /// Where it comes from.
        source: SecretSource,
    },
    /// Fix the credentials, which are not tried any more.
    UnblockCredentials {
        /// Where the secret comes from.
        source: SecretSource,
    },
    /// Unlock the account of the API user in Autotask.
    UnlockAccount,
    /// Have credentials that were fixed read again.
    TakeNewCredentials {
        /// Where the secret comes from.
        source: SecretSource,
    },
    /// Fix the name of the API user.
    FixUsername,
    /// Fix the integration code.
    FixIntegrationCode,
    /// Give the API user a security level that may see all contracts.
    GrantPermission,
    /// Activate a module of Autotask, if it is meant to be used.
    ActivateModule,
    /// Check which contracts the API user may see.
    CheckVisibility,
    /// Check the resolution of names.
    CheckDns,
    /// Check the firewall and the proxy.
    CheckFirewall,
    /// Check what answers in place of Autotask.
    CheckProxy,
    /// Check where requests are redirected to, and by whom.
    CheckRedirect,
    /// Check what is between here and Autotask's TLS.
    CheckTls,
    /// It is tried again by itself.
    WaitForRetry,
    /// The same, and Autotask may be down.
    CheckStatusPage,
    /// Wait for the hour to pass, or allow more requests.
    RaiseBudget,
    /// It is tried again by itself; all integrations share the limit.
    WaitForLimit,
    /// Find out which integration asks too much.
    FindHeavyIntegration,
    /// Look for a newer version: Autotask's interface has changed.
    Upgrade,
    /// Have the zone discovered.
    FixZoneUrl,
    /// Install certificate authorities.
    InstallCertificates,
    /// Let this server keep the time.
    SyncClock,

    /// An advice of a newer version, or without a value that this one needs.
    Unknown,
}

impl Serialize for Advice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Advice::serialize(self, serializer)
    }
}

/// What another version wrote is read as [`Advice::Unknown`] where it cannot be read: the failure
/// that it belongs to is told all the same.
impl<'de> Deserialize<'de> for Advice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Advice, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        if value.get("code").is_none_or(|code| !code.is_string()) {
            return Err(D::Error::missing_field("code"));
        }
        Ok(Advice::deserialize(value).unwrap_or(Advice::Unknown))
    }
}

impl Advice {
    /// Words about a value, without a command in them.
    pub fn said(text: impl Into<String>) -> Advice {
        Advice::Said { text: text.into() }
    }
}

/// Where the secret of the API user comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretSource {
    /// A systemd credential, which is read again by a restart only.
    Credential,
    /// A file that the configuration names, which is read again by a reload.
    File,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_a_newer_version_is_read() {
        let newer = r#"{"code":"ask_the_oracle","client_id":7}"#;
        assert_eq!(serde_json::from_str::<Advice>(newer).expect("an advice"), Advice::Unknown);
    }

    #[test]
    fn values_stand_beside_the_code() {
        let key = "S55102".parse().expect("a key");
        let advice = Advice::SyncItem { client_id: ClientId(174), key };
        let wire = serde_json::to_string(&advice).expect("it serializes");
        assert_eq!(wire, r#"{"code":"sync_item","client_id":174,"key":"S55102"}"#);
        assert_eq!(serde_json::from_str::<Advice>(&wire).expect("an advice"), advice);
    }
}
