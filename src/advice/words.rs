//! The words of each advice.

use super::Address;
use crate::config::{CREDENTIAL_INTEGRATION_CODE, CREDENTIAL_SECRET};
use crate::model::{Advice, ClientId, SecretSource};

impl Address {
    /// What the advice says; none for one that this version does not know.
    #[expect(clippy::too_many_lines, reason = "one table, as long as there are advices")]
    pub fn words(&self, advice: &Advice) -> Option<String> {
        let ctl = &self.program;
        let client =
            |id: &Option<ClientId>| id.map_or_else(|| "CLIENT".to_owned(), |id| id.to_string());
        let words = match advice {
            Advice::Retry => "try again".to_owned(),
            Advice::WaitForRun => "add --wait to sync when that run has ended".to_owned(),
            Advice::RetryAfterRun => "try again when that run has ended".to_owned(),

            Advice::ListClients => format!("{ctl} client list"),
            Advice::SearchClients { client_id, client } => {
                let list = format!(
                    "{ctl} client list --search TEXT, or --all for companies without agreements"
                );
                match (client, client_id) {
                    (Some(name), Some(id)) => {
                        format!("did you mean `{name}` ({id})? Otherwise: {list}")
                    }
                    _ => list,
                }
            }
            Advice::NameClientInFull => "give the full name, or the company id".to_owned(),
            Advice::AutoSyncOff { client_id: id } => format!(
                "{ctl} pending {id} shows what the next run will import; to sync manually: {ctl} \
                 auto-sync off {id}"
            ),
            Advice::AutoSyncOn { client_id: id } => format!("{ctl} auto-sync on {id}"),
            Advice::ListPending { client_id } => {
                format!("{ctl} pending {} lists the items", client(client_id))
            }
            Advice::RefreshPending { client_id: id } => {
                format!("run without --cached: {ctl} pending {id}")
            }
            Advice::ReviewPending { client_id: id } => {
                format!("{ctl} pending {id} shows the present state; the next run compares again")
            }
            Advice::PlanAgain { client_id: id } => format!(
                "`{ctl} pending {id}` shows the present state, `{ctl} plan {id} --all -o FILE` makes a \
                 new plan"
            ),
            Advice::SyncItem { client_id: id, key } => format!("{ctl} sync {id} {key}"),
            Advice::Unignore { key } => format!("{ctl} unignore {key}"),

            Advice::ListContracts { key: Some(key) } => {
                format!("did you mean {key}? Otherwise: {ctl} contract list")
            }
            Advice::ListContracts { key: None } => format!("{ctl} contract list"),
            Advice::ShowContract { key } => format!("{ctl} contract show {key} lists the fields"),
            Advice::ShowHistory { key } => format!("{ctl} contract history {key}"),
            Advice::IgnoreBeforeRemoving { key } => format!("{ctl} ignore {key}, then remove it"),
            Advice::ChangeInAutotask { name, client_id: id, key } => {
                format!("change {name} in Autotask, then: {ctl} sync {id} {key}")
            }
            Advice::AdoptFromLocal => format!("{ctl} contract adopt L12 A29683353"),
            Advice::Relink { key } => format!("{ctl} contract relink {key}"),
            Advice::NameCurrency => "add currency=USD, or another code of ISO 4217".to_owned(),
            Advice::ListQuarantine => format!("{ctl} quarantine list"),

            Advice::ListRuns => format!("{ctl} run list"),
            Advice::ListHeld { client_id: Some(id) } => format!("{ctl} held {id}"),
            Advice::ListHeld { client_id: None } => format!("{ctl} held lists what is held"),
            Advice::ShowHeld { run_id } => format!("{ctl} held show {run_id}"),
            Advice::Resume => format!("{ctl} resume"),

            Advice::Doctor => format!("{ctl} doctor"),
            Advice::ReadJournal => self.journal("-u"),
            Advice::FollowJournal => format!("{} shows the same", self.journal("-fu")),
            Advice::CompareVersions => {
                format!("lmsyncctl and lmsyncd may be of different versions: run `{ctl} version`")
            }
            Advice::Reload => format!("{ctl} reload"),
            Advice::RepairStore => format!("{ctl} doctor, and {}", self.journal("-u")),
            Advice::RestartToRepair => {
                format!("{}: repairs what can be repaired and keeps the rest", self.restart())
            }
            Advice::FindOtherDaemon => format!(
                "one store and one socket serve one daemon: {}",
                self.unit.as_ref().map_or_else(
                    || "find the other one with `systemctl list-units 'lmsyncd*'`".to_owned(),
                    |unit| format!("systemctl status {unit}")
                )
            ),
            Advice::WatchDisk => {
                "nothing to do, unless this happens at every start: then check the disk".to_owned()
            }
            Advice::DeleteMovedFiles => {
                "delete them once you know that nothing is missing".to_owned()
            }
            Advice::TakeOtherBackup => {
                format!("nothing was changed; use another file written by `{ctl} backup`")
            }
            Advice::JoinGroup { group, user } => {
                format!("sudo usermod -aG {group} {user}, then log in again")
            }
            Advice::AskOperator => {
                format!("ask an operator, or add a name to `operators` in {}", self.config())
            }

            Advice::WriteConfig { path } => match &self.unit {
                Some(_) => format!("`{}`, as root, asks for what it needs", self.setup()),
                None => format!(
                    "copy lmsyncd.toml.example to {path} and fill in [autotask]; `lmsyncd demo` \
                     needs no configuration"
                ),
            },
            Advice::AllowReading { path } => format!("chgrp lmsyncd {path} && chmod g+r {path}"),
            Advice::ForbidWriting { path } => format!("chmod go-w {path}"),
            Advice::ForbidReading { path } => format!("chmod 600 {path}"),
            Advice::OwnFile { path } => format!("chown lmsyncd {path}"),
            Advice::WriteCredential { name } if name == CREDENTIAL_INTEGRATION_CODE => {
                format!("set `integration-code` in [autotask] of {}", self.config())
            }
            Advice::WriteCredential { name } => match &self.credentials {
                Some(_) => format!(
                    "`{}` asks for it; by hand: systemd-ask-password -n 'Secret:' | install -D -m \
                     600 /dev/stdin {}",
                    self.setup(),
                    self.credential(name)
                ),
                None => format!(
                    "set `secret-file` in [autotask], or give the unit {} (LoadCredential=)",
                    self.credential(name)
                ),
            },
            Advice::WriteSecretFile { path } => format!("install -m 600 /dev/stdin {path}"),
            Advice::RewriteCredential => {
                "write the value again, alone on one line, into its file".to_owned()
            }
            Advice::MoveSecret => format!(
                "put the secret into {} (root, mode 0600), or set secret-file to a file that holds \
                 the secret",
                self.credential(CREDENTIAL_SECRET)
            ),
            Advice::Said { text } => text.clone(),
            Advice::FixSection { section } => {
                format!("fix the section [{section}] and run `{}`", self.check_config())
            }
            Advice::CheckConfig => {
                format!(
                    "the old configuration stays in use; `{}` checks the new",
                    self.check_config()
                )
            }
            Advice::KeepHistory => {
                format!("`store.history` in {} sets how long history is kept", self.config())
            }
            Advice::ReadUserField => {
                format!("`user-defined` in {} lists the fields that are read", self.config())
            }
            Advice::NameTimeZone => format!(
                "set `time-zone` in [autotask], such as time-zone = \"Europe/Berlin\", then run \
                 `{ctl} reload`"
            ),
            Advice::NameTenantCurrency => format!(
                "set `currency` in [autotask], such as currency = \"AUD\", then run `{ctl} \
                 reload`"
            ),

            Advice::ConfigureNotify => {
                format!("set `command` in [notify] of {}, then run `{ctl} reload`", self.config())
            }
            Advice::TestNotify => format!("{ctl} notify test tries it"),

            Advice::ReplaceSecret { source } => format!(
                "usually the secret is wrong: give the API user a new secret, {}; a wrong \
                 integration-code, or a user whose security level is not \"API User (system)\", \
                 looks the same; too many attempts lock the account, so run `{ctl} doctor` once \
                 after the fix",
                self.replace_secret(*source)
            ),
            Advice::UnblockCredentials { source } => format!(
                "too many attempts lock the account; fix the credentials: for a new secret, {}; \
                 for another setting, change it and run `{ctl} reload`, which tries at once; if the \
                 account was fixed in Autotask itself, `{ctl} doctor` tries, once an hour",
                self.replace_secret(*source)
            ),
            Advice::UnlockAccount => format!(
                "unlock the API user in Autotask (Admin > Resources/Users), and find out who logs \
                 in with a wrong secret; then run `{ctl} doctor`, which tries once an hour"
            ),
            Advice::TakeNewCredentials { source: SecretSource::Credential } => {
                format!("{} when they are fixed", self.restart())
            }
            Advice::TakeNewCredentials { source: SecretSource::File } => {
                format!("{ctl} reload when they are fixed")
            }
            Advice::FixUsername => format!(
                "username is the API user's \"Username (Key)\", not an e-mail address: compare it \
                 with Admin > Resources/Users in Autotask, then run `{ctl} doctor`"
            ),
            Advice::FixIntegrationCode => format!(
                "integration-code is the API Tracking Identifier on the API user's page, under \
                 \"Custom (Internal Integration)\"; fix it and run `{ctl} doctor`"
            ),
            Advice::GrantPermission => format!(
                "give the API user the security level \"API User (system)\", or a copy of it that \
                 may see contracts of every line of business, then run `{ctl} doctor`"
            ),
            Advice::ActivateModule => format!(
                "nothing to do if the tenant does not use it; otherwise activate the module in \
                 Autotask, then run `{ctl} doctor`"
            ),
            Advice::CheckVisibility => "if the tenant has agreements, the API user's security \
                                        level hides them: check its contract visibility and its \
                                        lines of business"
                .to_owned(),
            Advice::CheckDns => format!(
                "check DNS on this server, and zone-url and discovery-url in {}",
                self.config()
            ),
            Advice::CheckFirewall => format!(
                "check the firewall, the proxy, and zone-url and discovery-url in {}",
                self.config()
            ),
            Advice::CheckProxy => format!(
                "a proxy, a firewall or a login page of the network answered: allow this server to \
                 reach Autotask, or set `proxy` in [autotask] of {}; auto-sync retries automatically",
                self.config()
            ),
            Advice::CheckRedirect => format!(
                "if the host is not Autotask's, a proxy or a login page of the network answered: \
                 allow this server to reach Autotask, or set `proxy`; if it is, remove `zone-url` \
                 from {} to have the zone discovered",
                self.config()
            ),
            Advice::CheckTls => "behind a proxy that opens TLS, set ca-file; some zones were seen \
                                 to renegotiate TLS, which rustls refuses: a build with native TLS \
                                 helps there"
                .to_owned(),
            Advice::WaitForRetry => {
                format!(
                    "auto-sync retries automatically, a manual sync does not; if the error \
                     persists, run `{ctl} doctor`"
                )
            }
            Advice::CheckStatusPage => format!(
                "auto-sync retries automatically, a manual sync does not; if the error persists, run \
                 `{ctl} doctor` and check Autotask's status page"
            ),
            Advice::RaiseBudget => format!(
                "wait for the hour to end, or raise max-requests-per-hour; `{ctl} status` shows \
                 the usage"
            ),
            Advice::WaitForLimit => format!(
                "auto-sync retries automatically, a manual sync does not; all integrations of the \
                 tenant share the limit, and `{ctl} doctor` shows how much is used"
            ),
            Advice::FindHeavyIntegration => {
                "find out which integration makes so many requests; Autotask now delays every call"
                    .to_owned()
            }
            Advice::Upgrade => format!(
                "Autotask's interface has changed: look for a newer lmsyncd, and report it with \
                 the output of `{ctl} doctor`"
            ),
            Advice::FixZoneUrl => format!(
                "zone-url or discovery-url is not that of an Autotask REST API: remove it from {} \
                 to have the zone discovered, then run `{ctl} doctor`",
                self.config()
            ),
            Advice::InstallCertificates => {
                "apt-get install ca-certificates, or name a PEM file as ca-file in [autotask]"
                    .to_owned()
            }
            Advice::SyncClock => "synchronize the clock of this server: `timedatectl set-ntp \
                                  true`"
                .to_owned(),

            Advice::Unknown => return None,
        };
        Some(words)
    }

    /// What reads the journal of the daemon.
    pub fn journal(&self, option: &str) -> String {
        match &self.unit {
            Some(unit) => format!("journalctl {option} {unit}"),
            None => format!("journalctl {option} 'lmsyncd*'"),
        }
    }

    /// What restarts the daemon.
    fn restart(&self) -> String {
        match &self.unit {
            Some(unit) => format!("systemctl restart {unit}"),
            None => "restart the daemon".to_owned(),
        }
    }

    /// What asks for the credentials of the daemon, and writes its files.
    pub fn setup(&self) -> String {
        match self.unit.as_deref().and_then(|unit| unit.split_once('@')) {
            Some((_, name)) => format!("lmsyncd setup {name}"),
            None => "lmsyncd setup".to_owned(),
        }
    }

    /// The configuration of the daemon.
    fn config(&self) -> String {
        match &self.config {
            Some(path) => path.display().to_string(),
            None => "the daemon's configuration".to_owned(),
        }
    }

    fn check_config(&self) -> String {
        match &self.config {
            Some(path) => format!("lmsyncd check-config --config {}", path.display()),
            None => "lmsyncd check-config --config FILE".to_owned(),
        }
    }

    /// The file of a credential.
    fn credential(&self, name: &str) -> String {
        match &self.credentials {
            Some(folder) => folder.join(name).display().to_string(),
            None => format!("the systemd credential {name}"),
        }
    }

    /// What puts another secret in the place of the one in use: a credential is read by a start
    /// only.
    fn replace_secret(&self, source: SecretSource) -> String {
        match source {
            SecretSource::Credential => format!(
                "put the secret into {}, then {}",
                self.credential(CREDENTIAL_SECRET),
                self.restart()
            ),
            SecretSource::File => {
                format!("put the secret into the secret-file, then {} reload", self.program)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(instance: Option<&str>, advice: &Advice) -> String {
        Address::of_instance(instance).words(advice).expect("words")
    }

    #[test]
    fn commands_units_and_paths_are_those_of_the_instance() {
        let off = Advice::AutoSyncOff { client_id: ClientId(174) };
        assert!(of(None, &off).ends_with("to sync manually: lmsyncctl auto-sync off 174"));
        let told = of(Some("north"), &off);
        assert!(told.ends_with("lmsyncctl --instance north auto-sync off 174"), "{told}");
        let secret = Advice::ReplaceSecret { source: SecretSource::Credential };
        let told = of(Some("north"), &secret);
        let put = "/etc/lmsyncd/credentials/north/autotask-secret, then \
                   systemctl restart lmsyncd@north";
        assert!(told.contains(put), "{told}");
        let file = of(Some("north"), &Advice::ReplaceSecret { source: SecretSource::File });
        assert!(file.contains("then lmsyncctl --instance north reload"), "{file}");
        assert_eq!(of(Some("north"), &Advice::ReadJournal), "journalctl -u lmsyncd@north");
    }

    #[test]
    fn of_a_daemon_that_is_no_unit_nothing_is_made_up() {
        let address =
            Address::of_socket("/srv/x.sock".as_ref(), "lmsyncctl --socket /srv/x.sock".to_owned());
        let told = address.words(&Advice::RepairStore).expect("words");
        assert!(
            told.starts_with("lmsyncctl --socket /srv/x.sock doctor, and journalctl"),
            "{told}"
        );
        let secret = Advice::ReplaceSecret { source: SecretSource::Credential };
        let told = address.words(&secret).expect("words");
        assert!(told.contains("the systemd credential autotask-secret"), "{told}");
    }
}
