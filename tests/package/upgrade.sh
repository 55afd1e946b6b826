# Another version, a store of a newer one, and the end.

step "upgrade: the daemon is another, its data the same"
before=$(main_pid) imported=$(contracts)
expect 0 '' inside dpkg -i "/root/${package##*/}"
grep -q 'systemctl enable' <<<"$said" && fail "the steps of a first installation are told again"
until_true 60 "the restart" restarted "$before"
expect 0 '^0\.1\.0' inside dpkg-query -W -f '${Version}' lmsyncd
[ "$(contracts)" = "$imported" ] || fail "contracts are lost"
expect 0 '^640 root lmsyncd$' inside stat -c '%a %U %G' /etc/lmsyncd/lmsyncd.toml

step "a store of a newer format is refused, with the way back"
inside systemctl stop lmsyncd.socket lmsyncd.service
inside cp -p /var/lib/lmsyncd/store.json /root/store.json
inside sed -i 's/"format":1/"format":2/' /var/lib/lmsyncd/store.json
expect 1 '' inside systemctl start lmsyncd
expect 0 'format 2, which this program is too old to read' inside journalctl -b --no-pager -u lmsyncd
expect 0 'backups' inside journalctl -b --no-pager -u lmsyncd
expect 0 '^0$' inside systemctl show -P NRestarts lmsyncd
inside cp -p /root/store.json /var/lib/lmsyncd/store.json
inside systemctl reset-failed lmsyncd.service lmsyncd.socket
inside systemctl start lmsyncd
[ "$(contracts)" = "$imported" ] || fail "contracts are lost"

step "remove: the program goes, the store, the configuration and the secret stay"
inside dpkg -r lmsyncd >/dev/null 2>&1
expect 4 '' inside systemctl status lmsyncd.service
expect 0 'ledger' inside ls /var/lib/lmsyncd
expect 0 'autotask-secret' inside ls /etc/lmsyncd/credentials
expect 1 '' inside pgrep -x lmsyncd

step "installed again, it goes on where it was"
inside dpkg -i "/root/${package##*/}" >/dev/null
inside systemctl start lmsyncd
[ "$(contracts)" = "$imported" ] || fail "contracts are lost"

step "purge: everything goes"
inside dpkg --purge lmsyncd >/dev/null 2>&1
for path in /var/lib/lmsyncd /etc/lmsyncd /usr/bin/lmsyncd /run/lmsyncd/control.sock \
  /etc/systemd/system/multi-user.target.wants/lmsyncd.service; do
  inside test ! -e "$path" -a ! -L "$path" || fail "$path is still there"
done
