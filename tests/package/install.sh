# README's installation, step by step.

step "install: nothing starts, and the three steps are told"
# The older package takes the place of the one in README.
command=$(readme 'On the server' 2)
# README leaves version and architecture open, as a pattern of the shell.
# shellcheck disable=SC2053
[[ ${package##*/} == ${command##*/} ]] || fail "README installs another package: $command"
expect 0 'systemctl enable --now lmsyncd' inside sh -ec "cd /root; ${command/.\/*/./${older##*/}}"
expect 1 disabled inside systemctl is-enabled lmsyncd.service
expect 3 inactive inside systemctl is-active lmsyncd.service
expect 3 inactive inside systemctl is-active lmsyncd.socket
expect 0 '^640 root lmsyncd$' inside stat -c '%a %U %G' /etc/lmsyncd/lmsyncd.toml
expect 0 '^700 root root$' inside stat -c '%a %U %G' /etc/lmsyncd/credentials
expect 0 '^ /etc/lmsyncd/lmsyncd.toml' inside dpkg-query -W -f '${Conffiles}' lmsyncd

step "one who starts it too early is told what is missing"
expect 78 'still the placeholder' inside lmsyncd check-config
expect 1 'Assertion failed' inside systemctl start lmsyncd
expect 3 'AssertPathExistsGlob=/etc/lmsyncd/credentials/autotask-secret' inside systemctl status lmsyncd
inside systemctl stop lmsyncd.socket

step "a fake tenant in the machine"
tenant

step "configure: the user, the integration code, the secret"
configure
secret=not-a-secret
inside sh -ec "$(readme 'On the server' 3)" <<<"$secret"
expect 0 'is usable' inside sh -ec "$(readme 'On the server' 4)"

step "start it, with everything logged"
write /etc/systemd/system/lmsyncd.service.d/trace.conf <<<$'[Service]\nEnvironment=LMSYNCD_LOG=trace'
inside systemctl daemon-reload
inside useradd alice
inside useradd bob
inside sh -ec "$(readme 'On the server' 5)"
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
