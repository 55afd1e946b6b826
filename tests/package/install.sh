# README's installation, step by step.

step "install: nothing starts, and the three steps are told"
# The older package takes the place of the one in README.
command=$(readme 'On the server' 2)
# README leaves version and architecture open, as a pattern of the shell.
# shellcheck disable=SC2053
[[ ${package##*/} == ${command##*/} ]] || fail "README installs another package: $command"
expect 0 'lmsyncd setup' inside sh -ec "cd /root; ${command/.\/*/./${older##*/}}"
expect 1 disabled inside systemctl is-enabled lmsyncd.service
expect 3 'inactive|failed' inside systemctl is-active lmsyncd.service
expect 3 inactive inside systemctl is-active lmsyncd.socket
expect 0 '^640 root lmsyncd$' inside stat -c '%a %U %G' /etc/lmsyncd/lmsyncd.toml
expect 0 '^700 root root$' inside stat -c '%a %U %G' /etc/lmsyncd/credentials
# As it was once: dpkg looks after the configuration.
expect 0 '^ /etc/lmsyncd/lmsyncd.toml' inside dpkg-query -W -f '${Conffiles}' lmsyncd

step "one who starts it too early is told what is missing"
inside systemctl start lmsyncd.socket
expect 78 'still the placeholder' inside lmsyncd check-config
grep -q 'no secret is configured' <<<"$said" || fail "the secret is not missed: $said"
grep -q 'install -D -m 600 /dev/stdin /etc/lmsyncd/credentials/autotask-secret' <<<"$said" || fail "$said"
expect 1 '' inside systemctl start lmsyncd
expect 3 'status=78|Status: .*placeholder' inside systemctl status lmsyncd
expect 2 '^LMSYNCD CRITICAL - lmsyncd does not start: .*placeholder' inside lmsyncctl check
expect 0 active inside systemctl is-active lmsyncd.socket
inside systemctl stop lmsyncd.socket

step "a fake tenant in the machine"
tenant
find_tenant

step "setup at a terminal, as README has it: a secret that is refused leaves nothing behind"
setup=$(readme 'On the server' 3)
asked=('Username (Key)' "$username" 'Integration code' "$integration_code" 'Password (Secret)!')
expect 77 'nothing was written: Autotask refused' at_terminal "$setup" "${asked[@]}" mistyped
if grep -q mistyped <<<"$said"; then fail "the secret is shown: $said"; fi
inside test ! -e /etc/lmsyncd/credentials/autotask-secret || fail "the secret is written"
expect 78 'still the placeholder' inside lmsyncd check-config

step "setup with the right one: files, owners, modes, and what may be seen"
expect 0 '[0-9]+ agreements are visible' at_terminal "$setup" "${asked[@]}" "$secret" 'Enable and start lmsyncd now' n
if grep -q "$secret" <<<"$said"; then fail "the secret is shown: $said"; fi
expect 0 '^600 root root$' inside stat -c '%a %U %G' /etc/lmsyncd/credentials/autotask-secret
expect 0 '^640 root lmsyncd$' inside stat -c '%a %U %G' /etc/lmsyncd/lmsyncd.toml
expect 0 'is usable' inside lmsyncd check-config
expect 3 'inactive|failed' inside systemctl is-active lmsyncd.service

step "root sees every problem at once, as the unit and the daemon's user would meet them"
inside cp -p /etc/lmsyncd/lmsyncd.toml /root/set-up.toml
inside mv /etc/lmsyncd/credentials/autotask-secret /etc/lmsyncd/credentials/autotask-secret.txt
inside install -d -m 700 /root/closed
inside sed -i \
  -e 's|^# ca-file = .*|ca-file = "/root/closed/ca.pem"|' \
  -e 's|^# command = .*|command = ["/root/closed/mail"]|' \
  -e 's|^# textfile = .*|textfile = "/root/lmsyncd.prom"|' /etc/lmsyncd/lmsyncd.toml
expect 78 'no secret is configured: /etc/lmsyncd/credentials/autotask-secret does not exist, but .*secret.txt does' \
  inside lmsyncd check-config
for words in '`ca-file` in \[autotask\]' '`command` in \[notify\]' '`textfile` in \[metrics\].*the daemon.s user'; do
  grep -qE "$words" <<<"$said" || fail "/$words/ is not in: $said"
done
expect 1 '' inside systemctl start lmsyncd
expect 0 'no secret is configured' inside journalctl -b --no-pager -u lmsyncd
expect 0 'hint: .*/etc/lmsyncd/credentials/autotask-secret' inside journalctl -b --no-pager -u lmsyncd
inside mv /etc/lmsyncd/credentials/autotask-secret.txt /etc/lmsyncd/credentials/autotask-secret.cred
expect 78 'no drop-in of lmsyncd.service loads /etc/lmsyncd/credentials/autotask-secret.cred' \
  inside lmsyncd check-config
inside rm /etc/lmsyncd/credentials/autotask-secret.cred
inside cp -p /root/set-up.toml /etc/lmsyncd/lmsyncd.toml

step "by hand, as docs/operating.md has it: the secret is not shown either"
expect 0 '' at_terminal "$(readme 'By hand' 1 docs/operating.md)" 'Secret!' "$secret"
if grep -q "$secret" <<<"$said"; then fail "the secret is shown: $said"; fi
expect 0 '^600 root root$' inside stat -c '%a %U %G' /etc/lmsyncd/credentials/autotask-secret
expect 0 'is usable' inside sh -ec "$(readme 'By hand' 2 docs/operating.md)"

step "start it, with everything logged"
write /etc/systemd/system/lmsyncd.service.d/trace.conf <<<$'[Service]\nEnvironment=LMSYNCD_LOG=trace'
inside systemctl daemon-reload
inside useradd alice
inside useradd bob
inside sh -ec "$(readme 'By hand' 3 docs/operating.md)"
inside sh -ec "$(readme 'On the server' 4)"
expect 0 active inside systemctl is-active lmsyncd.service
expect 0 active inside systemctl is-active lmsyncd.socket
expect 0 enabled inside systemctl is-enabled lmsyncd.socket
expect 0 '^700 lmsyncd lmsyncd$' inside stat -c '%a %U %G' /var/lib/lmsyncd
expect 0 '^755 ' inside stat -c '%a %U %G' /run/lmsyncd
expect 0 '^666 lmsyncd lmsyncd$' inside stat -c '%a %U %G' /run/lmsyncd/control.sock
expect 0 '0 clients on auto-sync, 0 of 2,000 requests this hour' inside systemctl status lmsyncd

step "hardened: at most 1.5 for the loaded unit"
expect 0 'exposure level' inside systemd-analyze security --no-pager lmsyncd.service
score=$(sed -n 's/.*exposure level for lmsyncd.service: \([0-9.]*\).*/\1/p' <<<"$said")
awk -v score="$score" 'BEGIN { exit !(score != "" && score <= 1.5) }' || fail "it scores $score"
echo "   systemd-analyze security: $score"
expect 0 '^[1-9][0-9]+$' inside systemctl show -P MemoryMax lmsyncd.service
