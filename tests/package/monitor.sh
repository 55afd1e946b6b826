# Monitoring, with the programs that do it: NRPE, Icinga, Prometheus with node_exporter, and mail. The
# examples of the package are used as they are; only addresses, and Icinga's intervals, are changed.

examples=/usr/share/doc/lmsyncd/examples
config=/etc/lmsyncd/lmsyncd.toml

step "the monitor's account may look, and no more"
expect 0 'lmsyncd-view' inside getent group lmsyncd-view
expect 3 'LMSYNCD UNKNOWN - nagios may not use lmsyncd' as nagios lmsyncctl check
inside usermod -aG lmsyncd-view nagios
expect 0 '^LMSYNCD OK - ' as nagios lmsyncctl check
expect 4 'may only look' as nagios lmsyncctl pending acme
expect 4 'may read but not change' as nagios lmsyncctl auto-sync off acme

step "two tenants, two metrics files in node_exporter's folder"
expect 0 '^755 root root$' inside stat -c '%a %U %G' /var/lib/prometheus/node-exporter
inside sed -i 's|^textfile = .*|textfile = "/var/lib/prometheus/node-exporter/lmsyncd.prom"|' $config
inside sh -ec "$(readme 'Alerts and monitoring' 1 docs/operating.md)"
inside cp -p $config /etc/lmsyncd/north.toml
inside sed -i 's|lmsyncd.prom|lmsyncd-north.prom|; s|^command = .*|# command = [""]|' /etc/lmsyncd/north.toml
inside install -D -m 0644 $examples/prometheus-textfile.conf \
  /etc/systemd/system/lmsyncd@.service.d/textfile.conf
inside systemctl daemon-reload
inside systemctl enable -q --now lmsyncd@north
expect 0 '' as alice lmsyncctl --instance north sync acme --all --yes
inside systemctl start prometheus-node-exporter
scraped() { inside curl -sS http://127.0.0.1:9100/metrics; }
both() { [ "$(scraped | grep -cE '^lmsyncd_runs_total\{result="ok",tenant="(default|north)"\} ')" = 2 ]; }
until_true 90 "the metrics of both" both
expect 0 '^# TYPE lmsyncd_runs_total counter$' scraped
expect 0 '^# HELP lmsyncd_runs_total Runs since the start, by result\.' scraped
expect 0 '^node_textfile_scrape_error 0$' scraped

step "promtool and the strict parser of OpenMetrics find nothing to say"
expect 0 '^$' inside sh -c 'promtool check metrics </var/lib/prometheus/node-exporter/lmsyncd.prom'
expect 0 '^$' inside sh -c 'lmsyncctl --instance north metrics --prometheus | promtool check metrics'
python3 -m venv "$work/venv" || { need_now python3-venv && python3 -m venv "$work/venv"; }
"$work/venv/bin/pip" install --quiet --disable-pip-version-check prometheus_client==0.22.1
as alice lmsyncctl metrics >"$work/metrics"
strict='
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as families
found = {family.name: family for family in families(open(sys.argv[1]).read())}
assert found["lmsyncd_runs"].type == "counter" and found["lmsyncd_runs"].documentation, found
assert all(s.labels["tenant"] == "default" for f in found.values() for s in f.samples), found
print(len(found), "families")'
expect 0 '[0-9]{2} families' "$work/venv/bin/python" -c "$strict" "$work/metrics"

step "Prometheus takes the rules, and each alert comes when it should"
expect 0 'SUCCESS: [0-9]+ rules found' inside promtool check rules $examples/prometheus-rules.yml
write /root/prometheus-rules-test.yml <tests/package/prometheus-rules-test.yml
expect 0 'SUCCESS' inside promtool test rules /root/prometheus-rules-test.yml
write /etc/prometheus/prometheus.yml <<EOT
global: { scrape_interval: 5s, evaluation_interval: 5s }
rule_files: [ $examples/prometheus-rules.yml ]
scrape_configs: [ { job_name: node, static_configs: [ { targets: [ "127.0.0.1:9100" ] } ] } ]
EOT
inside systemctl start prometheus
query() { inside promtool query instant http://127.0.0.1:9090 "$1" | grep -qE -- "$2"; }
until_true 60 "both tenants" query 'count(count by (tenant) (lmsyncd_clients))' '=> 2 '

step "NRPE and Icinga run the check"
inside install -m 0644 $examples/nrpe.cfg /etc/nagios/nrpe.d/lmsyncd.cfg
inside systemctl restart nagios-nrpe-server
nrpe() { inside /usr/lib/nagios/plugins/check_nrpe -H 127.0.0.1 -c check_lmsyncd -t 15; }
until_true 20 "the NRPE server" nrpe
expect 0 '^LMSYNCD OK - .*\| clients=' nrpe
inside install -m 0644 $examples/icinga2.conf /etc/icinga2/conf.d/lmsyncd.conf
inside sed -i 's|_interval = .*|_interval = 10s|' /etc/icinga2/conf.d/lmsyncd.conf
inside icinga2 feature enable perfdata >/dev/null
expect 0 'Finished validating' inside icinga2 daemon -C
inside systemctl start icinga2
icinga() { # icinga STATE: Icinga has seen the service in this state.
  inside sh -c 'cat /var/spool/icinga2/tmp/service-perfdata /var/spool/icinga2/perfdata/service-perfdata* 2>/dev/null' |
    grep -q "SERVICEDESC::lmsyncd.*SERVICEPERFDATA::clients=.*SERVICESTATE::$1"
}
until_true 120 "Icinga's check" icinga OK

step "a daemon that hangs, or is not there, is CRITICAL in time"
inside kill -STOP "$(main_pid)"
expect 2 'LMSYNCD CRITICAL - .* does not answer: nothing for 8s' nrpe
inside kill -CONT "$(main_pid)"
expect 0 'LMSYNCD OK' nrpe
inside systemctl stop lmsyncd.socket lmsyncd
expect 2 'LMSYNCD CRITICAL - lmsyncd cannot be reached' nrpe
inside systemctl start lmsyncd

step "postfix's sendmail cannot work in the unit: doctor says so, and the alert waits"
write /usr/local/bin/lmsyncd-mail <<'EOT'
#!/bin/sh
{ printf 'Subject: lmsyncd\n\n'; cat; } | /usr/sbin/sendmail root
EOT
inside chmod 755 /usr/local/bin/lmsyncd-mail
inside sed -i \
  -e 's|^command = .*|command = ["/usr/local/bin/lmsyncd-mail"]|' \
  -e 's|^timeout = .*|timeout = "3s"|' $config
expect 0 '' inside systemctl reload lmsyncd
expect 0 'notify command: .*/postdrop.*set-group-ID' as alice lmsyncctl doctor
# Not wrong credentials: two failed logins an hour are allowed, and the journal's test needs them.
tenant no-permission=Contracts
runs_now() {
  expect 0 '' as alice lmsyncctl auto-sync off acme
  expect 0 '' as alice lmsyncctl auto-sync on acme
}
runs_now
waits() { inside journalctl -b --no-pager -o cat -u lmsyncd | grep -qE 'notification waits: .*lmsyncd-mail.*; next try in'; }
until_true 90 "the command that fails" waits

step "mail by msmtp: the alert that waited arrives, and all four say the same"
inside systemd-run -q --unit smtp --collect \
  python3 -u -m aiosmtpd -n -l 127.0.0.1:2525 -c aiosmtpd.handlers.Debugging stdout
mailed() { inside journalctl -b --no-pager -o cat -u smtp | grep -q "Subject: lmsyncd (default): $1"; }
inside sh -ec "$(readme 'Alerts and monitoring' 1)"
inside sed -i -e 's|^server=.*|server=127.0.0.1|' -e 's|^port=.*|port=2525|' /usr/local/bin/lmsyncd-mail
inside sed -i 's|^timeout = .*|timeout = "30s"|' $config
inside systemctl restart lmsyncd
until_true 60 "the mail" mailed run_failed
expect 2 'LMSYNCD CRITICAL - .*blocked: ' nrpe
until_true 120 "Icinga's check" icinga CRITICAL
until_true 120 "the alert of Prometheus" \
  query 'ALERTS{alertname="LmsyncdClientsUnwell",health="blocked"}' 'tenant="default"'

step "mail by curl: the end of the alert"
inside install -m 0755 $examples/mail-curl /usr/local/bin/lmsyncd-mail
inside sed -i 's|^server=.*|server=smtp://127.0.0.1:2525|' /usr/local/bin/lmsyncd-mail
tenant
runs_now
until_true 90 "the mail" mailed recovered
if as alice lmsyncctl doctor | grep -q 'set-group-ID'; then fail "doctor warns of curl"; fi

step "a webhook by curl: README's line, with another host"
write /root/hook.py <<'EOT'
import http.server

class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        print(self.rfile.read(int(self.headers["Content-Length"])).decode(), flush=True)
        self.send_response(204)
        self.end_headers()

http.server.HTTPServer(("127.0.0.1", 8099), Hook).serve_forever()
EOT
inside systemd-run -q --unit hook --collect python3 -u /root/hook.py
line=$(sed -n 's|https://hooks.example/|http://127.0.0.1:8099/|; /^command = .*curl/p' README.md)
inside sed -i "s|^command = .*|$line|" $config
expect 0 '' inside systemctl reload lmsyncd
notified() { as alice lmsyncctl notify test run_held; }
until_true 30 "the server of the webhook" notified
expect 0 '"name":"run_held"' inside journalctl -b --no-pager -o cat -u hook

step "as it was before"
inside systemctl stop prometheus prometheus-node-exporter icinga2 nagios-nrpe-server smtp hook
inside systemctl disable -q --now lmsyncd@north.service lmsyncd@north.socket
inside rm -rf /etc/lmsyncd/north.toml /etc/systemd/system/lmsyncd@.service.d
inside cp -p /root/good.toml $config
inside systemctl daemon-reload
expect 0 '' inside systemctl reload lmsyncd
