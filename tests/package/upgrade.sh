# Another version, a store of a newer one, and the end.

step "backup and restore, by a user, while it runs"
imported=$(contracts)
inside install -d -o alice /home/alice
expect 0 'verified' as alice lmsyncctl backup /home/alice/backup.jsonl
expect 0 '^600 alice' inside stat -c '%a %U' /home/alice/backup.jsonl
expect 0 '' as alice lmsyncctl contract set A29683353 notes=since
before=$(main_pid)
expect 0 'kept' as alice lmsyncctl restore /home/alice/backup.jsonl --yes
notes() { as alice lmsyncctl contract history A29683353 | grep -q since; }
expect 0 'Acme Dental' as alice lmsyncctl status
if notes; then fail "the change after the backup is still there"; fi
[ "$(contracts)" = "$imported" ] || fail "contracts are lost"
[ "$(main_pid)" = "$before" ] || fail "it is another process"
expect 0 'a backup was restored; the previous store is in /var/lib/lmsyncd/store.replaced-' \
  inside journalctl -b --no-pager -u lmsyncd

step "upgrade: the daemon is another, its data the same"
before=$(main_pid) imported=$(contracts)
expect 0 '0\.0\.9' as alice lmsyncctl version
expect 0 '^0\.0\.9$' inside cat /var/lib/lmsyncd/written-by
# As an earlier unit made it.
inside chmod 660 /run/lmsyncd/control.sock
# Everybody has edited the configuration, and its text in the package is another: once it was a file
# of the package, and now nobody is asked about it.
inside cp -p /etc/lmsyncd/lmsyncd.toml /root/edited.toml
expect 0 '' inside env DEBIAN_FRONTEND=noninteractive sh -c \
  "apt-get install -q -y /root/${package##*/} </dev/null"
expect 0 '' inside cmp /root/edited.toml /etc/lmsyncd/lmsyncd.toml
expect 0 '^ii ' inside dpkg-query -W -f '${db:Status-Abbrev} ${Package}' lmsyncd
if grep -q 'systemctl enable' <<<"$said"; then fail "the steps of a first installation are told again"; fi
until_true 60 "the restart" restarted "$before"
expect 0 '0\.1\.0' as alice lmsyncctl version
expect 0 '^666 lmsyncd lmsyncd$' inside stat -c '%a %U %G' /run/lmsyncd/control.sock
# The package as it is shipped, unlike the older one.
expect 64 'built without the demo; .*cargo run --release -- demo' inside lmsyncd demo --tour
expect 0 '^0\.1\.0$' inside cat /var/lib/lmsyncd/written-by
expect 0 'ledger' inside ls -R /var/lib/lmsyncd/backups
expect 0 '^0\.1\.0' inside dpkg-query -W -f '${Version}' lmsyncd
[ "$(contracts)" = "$imported" ] || fail "contracts are lost"
expect 0 '^640 root lmsyncd$' inside stat -c '%a %U %G' /etc/lmsyncd/lmsyncd.toml

step "a store of a newer format is refused, with the way back"
inside systemctl stop lmsyncd.socket lmsyncd
inside sed -i 's/"format":[0-9]*/"format":99/' /var/lib/lmsyncd/store.json
expect 1 '' inside systemctl start lmsyncd
expect 0 'format 99, which this program is too old to read' inside journalctl -b --no-pager -u lmsyncd
expect 0 'hint: .*backups' inside journalctl -b --no-pager -u lmsyncd
expect 0 '^0$' inside systemctl show -P NRestarts lmsyncd

step "the way back: the older package, and the copy from before the upgrade"
inside apt-get install -q -y --allow-downgrades "/root/${older##*/}" >/dev/null 2>&1
inside sh -ec "$(readme 'Going back after an upgrade' 1 docs/operating.md)"
expect 0 '0\.0\.9' as alice lmsyncctl version
[ "$(contracts)" = "$imported" ] || fail "contracts are lost"
expect 0 'Acme Dental' as alice lmsyncctl status

step "remove: the program goes, the store, the configuration and the secret stay"
inside apt-get remove -q -y lmsyncd >/dev/null 2>&1
expect 4 '' inside systemctl status lmsyncd.service
expect 0 'ledger' inside ls /var/lib/lmsyncd
expect 0 'autotask-secret' inside ls /etc/lmsyncd/credentials
expect 1 '' inside pgrep -u lmsyncd

step "installed again, it goes on where it was"
inside apt-get install -q -y "/root/${package##*/}" >/dev/null 2>&1
inside systemctl start lmsyncd
[ "$(contracts)" = "$imported" ] || fail "contracts are lost"

step "purge: everything goes"
inside apt-get purge -q -y lmsyncd >/dev/null 2>&1
for path in /var/lib/lmsyncd /etc/lmsyncd /usr/bin/lmsyncd /run/lmsyncd/control.sock \
  /etc/systemd/system/multi-user.target.wants/lmsyncd.service; do
  inside test ! -e "$path" -a ! -L "$path" || fail "$path is still there"
done

step "installed where nothing is: the configuration is made, and is no file of the package"
expect 0 'lmsyncd setup' inside apt-get install -q -y "/root/${package##*/}"
expect 0 '^640 root lmsyncd$' inside stat -c '%a %U %G' /etc/lmsyncd/lmsyncd.toml
expect 0 '' inside cmp /usr/share/doc/lmsyncd/lmsyncd.toml.example /etc/lmsyncd/lmsyncd.toml
expect 0 '^$' inside dpkg-query -W -f '${Conffiles}' lmsyncd
inside sed -i 's|^interval = .*|interval = "12h"|' /etc/lmsyncd/lmsyncd.toml
expect 0 '' inside apt-get install -q -y --reinstall "/root/${package##*/}"
expect 0 '^interval = "12h"' inside cat /etc/lmsyncd/lmsyncd.toml
inside apt-get purge -q -y lmsyncd >/dev/null 2>&1
inside test ! -e /etc/lmsyncd || fail "/etc/lmsyncd is still there"
