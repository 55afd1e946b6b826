# The packages, and the machine that they go to.

step "build the package, and one that counts as older"
packaging/build --debug --version 0.0.9-1 deb >/dev/null
packaging/build --debug deb >/dev/null
older=target/package/lmsyncd_0.0.9-1_amd64.deb
package=$(echo target/package/lmsyncd_0.1.0-*_amd64.deb)

step "lintian finds nothing that is not explained"
lintian --allow-root --fail-on error,warning "$package"

step "unpack a Debian 12 and boot it"
tree bookworm systemd,systemd-sysv,dbus,procps,ca-certificates,libfaketime "$work/debian"
cp "$older" "$package" "$work/debian/root/"
boot "$work/debian"
