# The packages, and the machine that they go to.

step "build the package, and that of an older version"
older_source "$work/older"
older=$(build_in "$work/older" deb)
package=$(build_in . deb)

step "lintian finds nothing that is not explained"
lintian --allow-root --fail-on error,warning "$package"

step "unpack a Debian 12 and boot it"
tree bookworm systemd,systemd-sysv,dbus,procps,ca-certificates,libfaketime "$work/debian"
cp "$older" "$package" "$work/debian/root/"
boot "$work/debian"
