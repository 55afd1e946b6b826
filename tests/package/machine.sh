# A small Debian that boots under systemd-nspawn: its tree, its life, and running things in it.
# Sourced by tests/package/run. Nothing here knows lmsyncd.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/lmsyncd-test

# Leaves the whole test, well, with the reason.
skip() {
  echo "tests/package/run: skipped: $*"
  exit 0
}

# need COMMAND PACKAGE: installs what is missing, or skips.
need() {
  command -v "$1" >/dev/null && return
  { apt-get update -q && apt-get install -y -q "$2"; } >/dev/null 2>&1 || true
  command -v "$1" >/dev/null || skip "$1 is missing, and the package $2 cannot be installed"
}

# need_now PACKAGE: installs a package of this machine's own, or skips.
need_now() {
  { apt-get update -q && apt-get install -y -q "$1"; } >/dev/null 2>&1 ||
    skip "the package $1 cannot be installed"
}

# The mirror that this machine uses itself.
mirror() {
  local found
  found=$(awk '/^URIs:/ { print $2; exit }' /etc/apt/sources.list.d/debian.sources 2>/dev/null || true)
  [ -n "$found" ] || found=$(awk '$1 == "deb" && $2 ~ /^http/ { print $2; exit }' /etc/apt/sources.list 2>/dev/null || true)
  [ -n "$found" ] || return 1
  echo "$found"
}

# tree SUITE PACKAGES [INTO]: a Debian, made once and kept in the cache, and unpacked.
tree() {
  local suite=$1 packages=$2 into=${3:-} kept made mirror
  kept=$cache/$suite-$(printf '%s' "$packages" | sha256sum | cut -c1-8).tar
  if [ ! -f "$kept" ]; then
    mirror=$(mirror) || skip "this machine knows no Debian mirror"
    making
    if ! debootstrap --variant=minbase --include="$packages" "$suite" "$made" "$mirror" >"$made.log" 2>&1; then
      tail -n 3 "$made.log"
      rm -rf "$made" "$made.log"
      skip "debootstrap cannot make a Debian $suite from $mirror"
    fi
    keep
  fi
  unpack
}

# tree_with SUITE PACKAGES MORE [INTO]: the same with MORE, which apt installs with what they need. Their
# services are left disabled.
tree_with() {
  local suite=$1 packages=$2 more=$3 into=${4:-} kept made
  kept=$cache/$suite-$(printf '%s' "$packages;$more" | sha256sum | cut -c1-8).tar
  if [ ! -f "$kept" ]; then
    making
    tree "$suite" "$packages" "$made"
    if ! install_in "$made" "$more" >"$made.log" 2>&1; then
      tail -n 3 "$made.log"
      rm -rf "$made" "$made.log"
      skip "apt cannot install into a Debian $suite: $more"
    fi
    keep
  fi
  unpack
}

# Unpacks the tree in $kept, where somebody wants it.
unpack() {
  [ -n "$into" ] || return 0
  mkdir -p "$into"
  tar -C "$into" -xf "$kept"
}

# A folder for a tree that is being made, in $made.
making() {
  mkdir -p "$cache"
  made=$(mktemp -d "$cache/making.XXXXXX")
  # It is the root folder of the tree: everybody in there must be able to enter.
  chmod 755 "$made"
}

# Keeps the tree in $made as $kept.
keep() {
  rm -rf "$made"/var/cache/apt/archives/*.deb "$made"/var/lib/apt/lists/*
  tar -C "$made" -cf "$kept.new" . && mv "$kept.new" "$kept"
  rm -rf "$made" "$made.log"
}

# install_in TREE PACKAGES: has apt install them, with the network of this machine.
install_in() {
  local tree=$1 wanted=$1/etc/systemd/system/multi-user.target.wants
  ls "$wanted" >"$tree.before"
  cp --remove-destination /etc/resolv.conf "$tree/etc/resolv.conf"
  # Not a chroot: some packages want /proc when they are configured.
  systemd-nspawn -q -D "$tree" --register=no --keep-unit --resolv-conf=off --pipe -M "lmsyncd-making-$suite" \
    --setenv=DEBIAN_FRONTEND=noninteractive ${http_proxy:+--setenv=http_proxy="$http_proxy"} sh -ec \
    "apt-get update -q && apt-get install -y -q --no-install-recommends ${2//,/ }" || return
  ls "$wanted" | comm -13 "$tree.before" - | while read -r unit; do rm "$wanted/$unit"; done
  rm "$tree.before"
}

# Where the kernel keeps the control groups by which systemd knows its services, old and new.
cgroups() {
  ls -d /sys/fs/cgroup/{,systemd/,unified/}cgroup.procs 2>/dev/null | xargs -rn 1 dirname
}

# own_cgroup NAME: this shell and the machine that it boots get a control group of their own, since two
# systemds in one take it from each other.
own_cgroup() {
  local root
  for root in $(cgroups); do
    mkdir -p "$root/$1" && echo "$BASHPID" >"$root/$1/cgroup.procs" || fail "there is no control group $root/$1"
  done
}

# remove_cgroup NAME: removes it again, once nothing runs in it.
remove_cgroup() {
  local root
  for root in $(cgroups); do
    [ ! -d "$root/$1" ] || find "$root/$1" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
}

# boot TREE NAME: starts it, with loopback as its only network, and waits until it is up.
boot() {
  systemd-nspawn -q -D "$1" --boot --register=no --keep-unit --private-network -M "$2" \
    >"$1.console" 2>&1 </dev/null &
  machine=$!
  # Its PID 1 is a child of systemd-nspawn, but not the first that it has.
  until pid1=$(pgrep -P "$machine" -x systemd | head -n 1) && [ -n "$pid1" ] &&
    inside test -S /run/dbus/system_bus_socket 2>/dev/null; do
    runs || { tail -n 5 "$1.console" && skip "systemd-nspawn cannot boot here"; }
    [ "$SECONDS" -lt "$((step_began + 120))" ] || fail "the machine does not come up, see $1.console"
    moment
  done
  # `degraded` is up too: some units of a full Debian have nothing to do in here.
  inside timeout 60 systemctl is-system-running --wait >/dev/null 2>&1 || true
}

# Whether the machine runs; one that has ended stays a child until it is waited for.
runs() {
  [ -n "${machine:-}" ] && [ -r "/proc/$machine/stat" ] && ! grep -q '^[0-9]* ([^)]*) Z' "/proc/$machine/stat"
}

# A short while, between two looks.
moment() {
  read -rt 0.2 <> <(:) || true
}

# Ends the machine, if it runs.
power_off() {
  runs || return 0
  kill -RTMIN+4 "$pid1" 2>/dev/null || true
  for _ in $(seq 100); do
    runs || return 0
    moment
  done
  kill -KILL "$machine"
}

# Runs a command as root in the machine.
inside() {
  nsenter -t "$pid1" -m -u -i -n -p -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 TERM=dumb "$@"
}

# as USER COMMAND: runs it as that user, with the groups that a login gives.
as() {
  local user=$1
  shift
  inside runuser -u "$user" -- "$@"
}

# Writes standard input to a file in the machine.
write() {
  inside sh -c "mkdir -p \"\$(dirname '$1')\" && cat >'$1'"
}

step_began=$SECONDS
# Names what is tried next.
step() {
  [ -z "${step_name:-}" ] || printf '   (%s s)\n' "$((SECONDS - step_began))"
  step_name=$1 step_began=$SECONDS
  printf -- '-- %s\n' "$1"
}

fail() {
  printf 'FAILED: %s: %s\n' "${step_name:-}" "$*" >&2
  exit 1
}

# expect STATUS WORDS COMMAND…: the command ends with that status and says these words, a regular
# expression. What it said is in $said.
expect() {
  local status=$1 words=$2 got=0
  shift 2
  said=$("$@" 2>&1) || got=$?
  [ "$got" = "$status" ] || fail "\`$*\` ended with $got, not with $status: $said"
  grep -qE -- "$words" <<<"$said" || fail "\`$*\` did not say /$words/: $(tail -n 12 <<<"$said")"
}

# until_true SECONDS WHAT COMMAND…: repeats a look until it succeeds.
until_true() {
  local limit=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$limit" ] || fail "waited in vain for $what"
    moment
  done
}

# readme HEADING NUMBER [FILE]: the commands of a block of README.md, or of that file, one a line: of
# those that are marked as sh below this heading, of whatever level, that one, counted from 1.
readme() {
  local found file=${3:-README.md}
  found=$(awk -v heading="$1" -v wanted="$2" '
    /^##/ { title = $0; sub(/^#+ /, "", title); inside = (title == heading) }
    inside && /^ *```sh$/ { number++; block = 1; next }
    block && /^ *```$/ { block = 0 }
    block && number == wanted { sub(/^ +/, ""); print }
  ' "$file")
  [ -n "$found" ] || fail "$file has no block $2 below $1"
  printf '%s\n' "$found"
}
