#!/usr/bin/env bash
# Of two files in node_exporter's textfile folder, samples of the second are dropped in two cases, and
# a scrape does not show it: it answers 200, and node_textfile_scrape_error is 0.
#
#   1. Both files have a sample with the same name and labels, as two instances of one program write
#      them.
#   2. The labels differ, but the help texts of the family do, too, as two versions of a program may
#      have them. Then the second file's sample is lost although nothing else has its labels.
#
# Only the exporter's log has a line for each. Seen with prometheus-node-exporter 1.5.0-1+b6 of
# Debian 12:
#
#     app_up{tenant="north"} 1                                  (that of the second file is missing)
#     node_textfile_scrape_error 0
#     level=error ... was collected before with the same name and label values
#     level=error ... has help "Whether it runs." but should have "Is it up?"
#
# Exits with 1 if that changes.
set -euo pipefail

version=1.5.0-1+b6
port=19152
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
write() { # FILE HELP LABELS VALUE
  printf '# HELP app_up %s\n# TYPE app_up gauge\napp_up{%s} %s\n' "$2" "$3" "$4" > "textfiles/$1"
}
program/usr/bin/prometheus-node-exporter --web.listen-address=127.0.0.1:$port \
  --collector.disable-defaults --collector.textfile --collector.textfile.directory=textfiles \
  >log 2>&1 &
exporter=$!

expect() { # LOST: the sample that is missing; SAYS: words of the log
  curl --silent --fail --retry 20 --retry-connrefused --retry-delay 1 \
    "http://127.0.0.1:$port/metrics" > answer
  if ! grep -qxF 'app_up{tenant="north"} 1' answer || grep -qF "$1" answer \
    || ! grep -qxF 'node_textfile_scrape_error 0' answer || ! grep -qF "$2" log; then
    echo "changed:"
    grep -h app_up answer log || true
    exit 1
  fi
}

write a.prom 'Is it up?' 'tenant="north"' 1
write b.prom 'Is it up?' 'tenant="north"' 0
expect 'app_up{tenant="north"} 0' 'was collected before with the same name and label values'

write b.prom 'Whether it runs.' 'tenant="south"' 0
expect 'app_up{tenant="south"}' 'has help \"Whether it runs.\" but should have \"Is it up?\"'

# With the same help and other labels both are there.
write b.prom 'Is it up?' 'tenant="south"' 0
curl --silent --fail "http://127.0.0.1:$port/metrics" | grep -qxF 'app_up{tenant="south"} 0'
echo "as described"
