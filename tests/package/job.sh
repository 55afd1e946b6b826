# The job, by people.

step "a user of the group does the whole job"
while read -r command <&3; do
  # Where no terminal is, nobody can be asked.
  [[ $command != *--all ]] || command+=' --yes'
  expect 0 '' as alice sh -ec "$command"
done 3< <(readme 'The first import' 1)
grep -q 'Acme Dental' <<<"$said" || fail "the last command does not show the client: $said"
expect 6 'auto-sync' as alice lmsyncctl sync acme --all --yes
contracts() { as alice lmsyncctl contract list --json | grep -o '"key":"[^"]*"' | sort; }
[ "$(contracts | wc -l)" -ge 2 ] || fail "nothing was imported"

step "a user outside it is refused"
expect 4 'group lmsyncd' as bob lmsyncctl status
expect 4 'group lmsyncd' as bob lmsyncctl auto-sync off acme

step "hardened as it is, it runs a notify command and writes metrics for another user"
inside sed -i \
  -e 's|^# command = .*|command = ["/bin/sh", "-c", "cat >>/var/lib/lmsyncd/told.jsonl"]|' \
  -e 's|^# textfile = .*|textfile = "/var/lib/metrics/lmsyncd.prom"|' /etc/lmsyncd/lmsyncd.toml
# The line that the unit's comment tells of.
inside install -d -o lmsyncd /var/lib/metrics
write /etc/systemd/system/lmsyncd.service.d/metrics.conf <<<$'[Service]\nReadWritePaths=/var/lib/metrics'
inside systemctl daemon-reload
inside systemctl restart lmsyncd
until_true 20 "the metrics" as bob grep -q '^lmsyncd_' /var/lib/metrics/lmsyncd.prom

step "a member who is no operator looks, and changes nothing"
inside cp -p /etc/lmsyncd/lmsyncd.toml /root/good.toml
inside sed -i 's|^operators = .*|operators = ["root"]|' /etc/lmsyncd/lmsyncd.toml
expect 0 'control.operators' inside lmsyncctl reload
expect 0 'Acme Dental' as alice lmsyncctl status
expect 4 'may read but not change' as alice lmsyncctl auto-sync off acme
inside cp -p /root/good.toml /etc/lmsyncd/lmsyncd.toml
inside systemctl reload lmsyncd

step "the status line of systemctl says how it stands"
line='Status: "1 client on auto-sync, next run .*[0-9]{2}:[0-9]{2}, [0-9]+ of 2,000 requests this hour"'
stands() { inside systemctl status lmsyncd | grep -qE "$line"; }
until_true 40 "a line of status" stands

step "varlinkctl of a Debian 13 describes the socket and calls a method"
tree trixie systemd "$work/root/mnt/trixie"
inside mkdir -p /mnt/trixie/run/lmsyncd
inside mount --bind /run/lmsyncd /mnt/trixie/run/lmsyncd
inside mount --bind /proc /mnt/trixie/proc
socket=/run/lmsyncd/control.sock
varlinkctl() { inside chroot /mnt/trixie varlinkctl "$@"; }
expect 0 'org.lmsyncd.Sync' varlinkctl info $socket
expect 0 'method Pending' varlinkctl introspect $socket org.lmsyncd.Sync
expect 0 'Acme Dental' varlinkctl call $socket org.lmsyncd.Daemon.Status '{"client":"174"}'
expect 0 '"result"' varlinkctl call --more $socket org.lmsyncd.Sync.Sync '{"client":"175","all":true}'
inside umount /mnt/trixie/run/lmsyncd /mnt/trixie/proc
