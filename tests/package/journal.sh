# The journal: each kind of entry, by its field and its MESSAGE_ID, and explained.

# entry ID FIELD=VALUE SUBJECT: an entry is found by both, and `journalctl -x` explains it.
entry() {
  inside journalctl --sync
  expect 0 '^\{.*"MESSAGE_ID":"'"$1"'"' \
    inside journalctl -b --no-pager -o json _SYSTEMD_UNIT=lmsyncd.service MESSAGE_ID="$1" "$2"
  expect 0 "Subject: $3" inside journalctl -b --no-pager -x _SYSTEMD_UNIT=lmsyncd.service MESSAGE_ID="$1"
}

# happened EVENT: there is an entry of that event.
happened() {
  inside journalctl -b --no-pager -o cat _SYSTEMD_UNIT=lmsyncd.service LMSYNC_EVENT="$1" | grep -q .
}

step "what has happened so far is in the journal"
entry 5f0a7a6e1f8e4d3c9d7f0d2b6a1c4e90 LMSYNC_CLIENT_ID=174 'A run for Acme Dental ended'
entry 5f0a7a6e1f8e4d3c9d7f0d2b6a1c4e90 LMSYNC_TRIGGER=manual 'A run for Acme Dental ended'
entry 91d3a5c07e2b4f6d8a4c1b7e5f0d2936 LMSYNC_ACTOR_UID="$(inside id -u alice)" 'Auto-sync was switched for Acme Dental'
entry 3c6e2f9ab1d747e08c5a9d4f7b2e6013 LMSYNC_EVENT=reloaded 'The configuration was reloaded'

step "an index that is lost is rebuilt, and that is told"
imported=$(contracts)
inside systemctl stop lmsyncd.socket lmsyncd.service
inside rm -r /var/lib/lmsyncd/index
inside systemctl start lmsyncd
entry e87b1d0c94f64a2ba5d3c6f7082e1b49 LMSYNC_EVENT=store_repaired 'The store was created, repaired or replaced'
[ "$(contracts)" = "$imported" ] || fail "contracts are lost"

step "a run that fails, and one that a guard holds"
tenant no-rows
expect 6 '' as alice lmsyncctl sync 175 --all --yes
entry 0b9c6f41c5a24d7f8e35a7c1d2f4b683 LMSYNC_CLIENT_ID=175 'A guard held changes of'
tenant no-permission=Contracts
expect 7 '' as alice lmsyncctl sync 175 --all --yes
entry c2d94e7b5f134a0fa86be0f19d3c7a52 LMSYNC_ERROR_CODE=NoPermission 'A run failed'

step "refused credentials, and their end"
tenant wrong-auth
inside systemctl restart lmsyncd
expect 0 '' as alice lmsyncctl auto-sync on 175
until_true 60 "the alert" happened auth_blocked
entry 32aff332cf46443fa967dcd873ab00fd LMSYNC_ERROR_CODE=AuthFailed 'Autotask refuses the credentials'
expect 0 '  systemctl restart lmsyncd.service$' explained default auth_blocked
expect 0 '/etc/lmsyncd/credentials/autotask-secret' explained default auth_blocked
until_true 20 "the notify command" inside grep -q auth_blocked /var/lib/lmsyncd/told.jsonl
tenant
expect 0 '' as alice lmsyncctl doctor
expect 0 '' inside systemctl reload lmsyncd
until_true 90 "the end of the alert" happened recovered
entry a5785dbb5aa042eebf870618760066e5 LMSYNC_EVENT=recovered 'The cause of an alert is gone'

step "a busy hour, a day and two hours later"
# Autotask's clock as ours: where they differ by hours, the daemon does not go on.
later=(LD_PRELOAD="$(inside find /usr/lib -name libfaketime.so.1)" FAKETIME="+26h x60")
tenant_settings=("${later[@]/#/--setenv=}")
tenant busy-hour
tenant_settings=()
write /etc/systemd/system/lmsyncd.service.d/later.conf <<EOT
[Service]
$(printf 'Environment="%s"\n' "${later[@]}")
EOT
inside systemctl daemon-reload
inside systemctl restart lmsyncd
expect 0 '' as alice lmsyncctl doctor
until_true 90 "the alert of the hour" happened budget_low
# What came due while it was down is late an hour after its start, which a minute is here.
until_true 150 "the alert of what is late" happened overdue
entry e2486ebb0bba46bea733aec67b1b2e0b LMSYNC_EVENT=budget_low 'Little of Autotask.s hour is left'
entry 9ab98648e9c446d389313b9d42ccbd85 LMSYNC_EVENT=overdue 'Clients have not been synced for too long'
inside rm /etc/systemd/system/lmsyncd.service.d/later.conf
inside systemctl daemon-reload
tenant
inside systemctl restart lmsyncd

step "no secret stands in it, at trace level"
inside journalctl -b --no-pager -o export -u lmsyncd -u lmsyncd@north >"$work/journal"
grep -q 'Autotask answered' "$work/journal" || fail "nothing was traced"
! grep -qF "$secret" "$work/journal" || fail "the secret is in the journal"
! grep -qF 'DEMO0TRACKING0IDENTIFIER000' "$work/journal" || fail "the integration code is in the journal"
