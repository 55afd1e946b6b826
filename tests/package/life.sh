# What happens to a service.

main_pid() { inside systemctl show -P MainPID lmsyncd; }

# restarted FROM: another process has taken over from that one, and is ready.
restarted() {
  local now
  now=$(main_pid)
  [ "$now" != 0 ] && [ "$now" != "$1" ] && inside systemctl is-active -q lmsyncd
}

step "a client that connects during a restart waits, and is answered"
before=$(main_pid)
inside systemctl --no-block restart lmsyncd
for _ in $(seq 20); do
  expect 0 'Acme Dental' as alice lmsyncctl status
done
until_true 60 "the restart" restarted "$before"

step "kill -9: it comes back, and who asks meanwhile waits"
before=$(main_pid) imported=$(contracts)
inside kill -9 "$before"
expect 0 'Acme Dental' as alice lmsyncctl status
restarted "$before" || fail "the same process answered"
[ "$(contracts)" = "$imported" ] || fail "contracts are lost"

step "starved of its loop, it is killed by the watchdog and comes back"
write /etc/systemd/system/lmsyncd.service.d/watchdog.conf <<<$'[Service]\nWatchdogSec=3'
inside systemctl daemon-reload
inside systemctl restart lmsyncd
before=$(main_pid)
# Fed it lives on: longer than the limit without a restart.
inside sleep 5
[ "$(main_pid)" = "$before" ] || fail "it was restarted although it lives"
inside kill -STOP "$before"
until_true 60 "the watchdog" restarted "$before"
expect 0 'Watchdog timeout' inside journalctl -b --no-pager _PID=1 UNIT=lmsyncd.service
inside rm /etc/systemd/system/lmsyncd.service.d/watchdog.conf
inside systemctl daemon-reload

step "reload: a good file is taken, key by key"
inside sed -i 's|^interval = .*|interval = "12h"|; s|^history = .*|history = "500d"|' /etc/lmsyncd/lmsyncd.toml
expect 0 'sync.interval.*24h.*12h' as alice lmsyncctl reload
inside sed -i 's|^# path = .*|path = "/var/lib/lmsyncd/elsewhere"|' /etc/lmsyncd/lmsyncd.toml
expect 0 'store.path.*(restart)' as alice lmsyncctl reload
inside cp -p /root/good.toml /etc/lmsyncd/lmsyncd.toml
expect 0 '' inside systemctl reload lmsyncd

step "reload: a bad file changes nothing, and systemctl says that it failed"
inside sed -i 's|^interval = .*|intervall = "6h"|' /etc/lmsyncd/lmsyncd.toml
expect 1 'lmsyncd.toml.*intervall' as alice lmsyncctl reload
expect 1 'failed' inside systemctl reload lmsyncd
expect 0 active inside systemctl is-active lmsyncd
expect 0 'intervall' inside journalctl -b --no-pager -u lmsyncd
inside kill -HUP "$(main_pid)"
kept_old() { inside journalctl -b --no-pager -u lmsyncd | grep -q 'the configuration is unchanged'; }
until_true 20 "the answer to SIGHUP" kept_old
inside cp -p /root/good.toml /etc/lmsyncd/lmsyncd.toml

step "a configuration that cannot be used is not tried again and again"
inside sed -i 's|^interval = .*|interval = "soon"|' /etc/lmsyncd/lmsyncd.toml
expect 1 '' inside systemctl restart lmsyncd
expect 0 '^78$' inside systemctl show -P ExecMainStatus lmsyncd
expect 0 '^0$' inside systemctl show -P NRestarts lmsyncd

step "whoever asks it meanwhile is told why, however many ask, and the socket stays"
asks() { # asks NUMBER: so many at once, each told.
  local answers
  answers=$(inside sh -c "for i in \$(seq $1); do lmsyncctl check & done; wait")
  [ "$(grep -c '^LMSYNCD CRITICAL - lmsyncd does not start: .*interval' <<<"$answers")" = "$1" ] ||
    fail "not each of $1 was told: $answers"
}
for number in 1 40 1 1 1 1 1 1 1 1 1 1 1 1 40; do asks "$number"; done
expect 1 'lmsyncd does not start: .*interval.* at line' as alice lmsyncctl status
expect 4 'may not use lmsyncd' as bob lmsyncctl status
expect 0 active inside systemctl is-active lmsyncd.socket
ended() { [ "$(inside systemctl show -P ExecMainStatus lmsyncd)" = 78 ] && inside systemctl is-failed -q lmsyncd; }
until_true 20 "its end" ended
inside cp -p /root/good.toml /etc/lmsyncd/lmsyncd.toml
# Nobody resets anything: the next question starts it.
expect 0 'Acme Dental' as alice lmsyncctl status

step "the secret may lie encrypted on the disk"
inside systemd-creds encrypt --with-key=host --name=autotask-secret \
  /etc/lmsyncd/credentials/autotask-secret /etc/lmsyncd/credentials/autotask-secret.cred 2>/dev/null
write /etc/systemd/system/lmsyncd.service.d/secret.conf <<'EOT'
[Service]
LoadCredential=
LoadCredentialEncrypted=autotask-secret:/etc/lmsyncd/credentials/autotask-secret.cred
EOT
inside systemctl daemon-reload
inside systemctl restart lmsyncd
expect 0 '' as alice lmsyncctl doctor
inside rm /etc/systemd/system/lmsyncd.service.d/secret.conf
inside systemctl daemon-reload
inside systemctl restart lmsyncd

step "another tenant on the same server"
# Off a terminal, from a program that knows the secret.
set_up() {
  inside sh -ec "printf %s $secret | lmsyncd setup north --username $username \
    --integration-code $integration_code --secret-stdin --discovery-url $discovery $*"
}
expect 0 'lmsyncd@north runs' set_up --enable
expect 0 '^640 root lmsyncd$' inside stat -c '%a %U %G' /etc/lmsyncd/north.toml
expect 0 '^700 root root$' inside stat -c '%a %U %G' /etc/lmsyncd/credentials/north
expect 0 'trying one login' set_up
expect 64 'the secret in /etc/lmsyncd/credentials/north/autotask-secret would be replaced' \
  inside sh -ec 'echo another | lmsyncd setup north --secret-stdin --no-login'
expect 0 enabled inside systemctl is-enabled lmsyncd@north.socket
expect 0 '' as alice lmsyncctl --instance north sync acme --all --yes
expect 0 'A29683353' as alice lmsyncctl --instance north contract list
expect 0 '' inside systemctl reload lmsyncd@north
inside journalctl --sync
explained() { inside journalctl -b --no-pager -x LMSYNC_INSTANCE="$1" LMSYNC_EVENT="$2"; }
expect 0 '  lmsyncctl --instance north run show 1$' explained north run_changed
expect 0 'The instance north reloaded its configuration' explained north reloaded
expect 0 '  lmsyncctl run show 1$' explained default run_changed
expect 0 'index' inside ls /var/lib/lmsyncd/north
inside systemctl disable --now lmsyncd@north.service lmsyncd@north.socket
