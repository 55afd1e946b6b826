#!/usr/bin/env bash
# A counter in a file of OpenMetrics text is read by node_exporter's textfile collector as a metric
# without a type, and its help is lost. Nothing reports that: the scrape answers 200 and
# node_textfile_scrape_error is 0.
#
# In OpenMetrics the family is `app_runs` and its sample `app_runs_total`; the collector parses the
# older text format, where both must have the same name. What it then exposes, seen with
# prometheus-node-exporter 1.5.0-1+b6 of Debian 12:
#
#     # HELP app_runs_total Metric read from textfiles/app.prom
#     # TYPE app_runs_total untyped
#     app_runs_total{result="ok"} 3
#     node_textfile_scrape_error 0
#
# A file that says `# TYPE app_runs_total counter` keeps type and help. Exits with 1 if that changes.
set -euo pipefail

version=1.5.0-1+b6
port=19151
place=$(mktemp -d)
exporter=
clean() {
  [ -z "$exporter" ] || kill "$exporter" 2>/dev/null || true
  rm -rf "$place"
}
trap clean EXIT
cd "$place"

apt-get download "prometheus-node-exporter=$version" >/dev/null 2>&1
dpkg -x prometheus-node-exporter_*.deb program
mkdir textfiles
cat > textfiles/app.prom <<'TEXT'
# TYPE app_runs counter
# HELP app_runs Runs since the start.
app_runs_total{result="ok"} 3
# EOF
TEXT
program/usr/bin/prometheus-node-exporter --web.listen-address=127.0.0.1:$port \
  --collector.disable-defaults --collector.textfile --collector.textfile.directory=textfiles \
  >log 2>&1 &
exporter=$!

scrape() { curl --silent --fail --retry 20 --retry-connrefused --retry-delay 1 "http://127.0.0.1:$port/metrics"; }
holds() {
  if ! grep -qxF "$1" answer; then
    echo "changed: no line: $1"
    grep app_ answer || true
    exit 1
  fi
}

scrape > answer
holds '# TYPE app_runs_total untyped'
holds '# HELP app_runs_total Metric read from textfiles/app.prom'
holds 'node_textfile_scrape_error 0'

printf '%s\n' '# HELP app_runs_total Runs since the start.' '# TYPE app_runs_total counter' \
  'app_runs_total{result="ok"} 3' > textfiles/app.prom
scrape > answer
holds '# TYPE app_runs_total counter'
holds '# HELP app_runs_total Runs since the start.'
echo "as described"
