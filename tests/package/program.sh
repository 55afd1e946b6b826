# The program: its packages, and what it needs in the machine. Sourced by the tests of both packages.

# older_source INTO: the same source as an earlier version, which is what its program says too.
older_source() {
  mkdir -p "$1"
  git ls-files -z | tar --null --files-from=- -cf - | tar -C "$1" -xf -
  sed -i '0,/^version = .*/s//version = "0.0.9"/' "$1/Cargo.toml"
  sed -i '/^name = "lmsyncd"$/{n;s/.*/version = "0.0.9"/}' "$1/Cargo.lock"
}

# build_in FOLDER KIND [--debug]: the .deb or .rpm of the source there; what does not differ between
# debug builds is built once for all of them.
build_in() {
  local target=${CARGO_TARGET_DIR:-$PWD/target} commit
  commit=$(git log -1 --format=%ct)
  rm -f "$1"/target/package/lmsyncd*."$2"
  (cd "$1" && SOURCE_DATE_EPOCH=$commit CARGO_TARGET_DIR=$target packaging/build "${@:3}" "$2" >/dev/null)
  echo "$1"/target/package/lmsyncd*."$2"
}

# at_most BYTES PROGRAM: the packaged program is no bigger.
at_most() {
  local size
  size=$(stat -c %s "target/package/tree/usr/bin/$2")
  echo "   $2: $size bytes"
  [ "$size" -le "$1" ] || fail "$2 has $size bytes, more than $1"
}

# tenant_program TREE: puts a program with the fake tenant there, which no package has. It is the
# debug build that --debug has left.
tenant_program() {
  install -D "${CARGO_TARGET_DIR:-target}/debug/lmsyncd" "$1/usr/local/bin/fake-tenant"
}

# What the unit of the fake tenant is given, as options of systemd-run.
tenant_settings=()

# tenant [FAULT…]: a fake tenant runs in the machine, with these faults.
tenant() {
  inside ip link set lo up 2>/dev/null || true
  inside systemctl stop tenant 2>/dev/null || true
  inside systemd-run -q --unit tenant --collect -p LogNamespace= "${tenant_settings[@]}" \
    /usr/local/bin/fake-tenant demo --serve --port 8080 "${@/#/--fault=}"
  until_true 20 "the tenant" inside bash -c '</dev/tcp/127.0.0.1/8080'
}

# What the fake tenant wants.
username=lmsyncd7demo@BRIGHTWATER.EXAMPLE
integration_code=DEMO0TRACKING0IDENTIFIER000
secret=not-a-secret
discovery=http://127.0.0.1:8080/ATServicesRest/

# Has a configuration of the machine find the fake tenant: /etc/lmsyncd/lmsyncd.toml, or another.
find_tenant() {
  inside sed -i "s|^# discovery-url = .*|discovery-url = \"$discovery\"|" "${1:-/etc/lmsyncd/lmsyncd.toml}"
}

# at_terminal COMMAND [QUESTION ANSWER]...: runs it at a terminal in the machine, and types.
at_terminal() {
  write /root/at_terminal.py <tests/package/at_terminal.py
  inside python3 /root/at_terminal.py "$@"
}

# with_conffile DEB: the same package as it was when the configuration was a file of it that dpkg
# looks after, with another text than today's.
with_conffile() {
  local tree=$work/conffile made=${1%.deb}-conffile.deb
  rm -rf "$tree"
  dpkg-deb -R "$1" "$tree"
  mkdir -p "$tree/etc/lmsyncd"
  { echo "# An earlier text."; cat lmsyncd.toml.example; } >"$tree/etc/lmsyncd/lmsyncd.toml"
  chmod 640 "$tree/etc/lmsyncd/lmsyncd.toml"
  echo /etc/lmsyncd/lmsyncd.toml >"$tree/DEBIAN/conffiles"
  sed -i 's|^configure)$|&\n    chgrp lmsyncd /etc/lmsyncd/lmsyncd.toml \|\| systemd-sysusers lmsyncd.conf; chgrp lmsyncd /etc/lmsyncd/lmsyncd.toml|' \
    "$tree/DEBIAN/postinst"
  dpkg-deb --root-owner-group -b "$tree" "$made" >/dev/null
  echo "$made"
}
