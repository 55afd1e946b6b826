# The packages, and the machine that they go to.

# older_source INTO: the same source as an earlier version, which is what its program says too.
older_source() {
  mkdir -p "$1"
  git ls-files -z | tar --null --files-from=- -cf - | tar -C "$1" -xf -
  sed -i '0,/^version = .*/s//version = "0.0.9"/' "$1/Cargo.toml"
  sed -i '/^name = "lmsyncd"$/{n;s/.*/version = "0.0.9"/}' "$1/Cargo.lock"
}

# build_in FOLDER: the .deb of the source there. What does not differ is built once for both.
build_in() {
  local target=${CARGO_TARGET_DIR:-$PWD/target}
  rm -f "$1"/target/package/*.deb
  (cd "$1" && CARGO_TARGET_DIR=$target packaging/build --debug deb >/dev/null)
  echo "$1"/target/package/lmsyncd_*_amd64.deb
}

step "build the package, and that of an older version"
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
older_source "$work/older"
older=$(build_in "$work/older")
package=$(build_in .)

step "lintian finds nothing that is not explained"
lintian --allow-root --fail-on error,warning "$package"

step "unpack a Debian 12 and boot it"
tree bookworm systemd,systemd-sysv,dbus,procps,ca-certificates,libfaketime "$work/debian"
cp "$older" "$package" "$work/debian/root/"
boot "$work/debian"
