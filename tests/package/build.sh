# The packages, and the machine that they go to.

step "build the package, and that of an older version"
older_source "$work/older"
older=$(with_conffile "$(build_in "$work/older" deb --debug)")
package=$(build_in . deb)

step "the programs are small: 12.5 and 4.6 MB at most"
at_most 12500000 lmsyncd
at_most 4600000 lmsyncctl

step "lintian finds nothing that is not explained"
lintian --allow-root --fail-on error,warning "$package"

step "unpack a Debian 12 and boot it"
monitors=nagios-nrpe-server,nagios-nrpe-plugin,icinga2-bin,icinga2-common
monitors+=,prometheus,prometheus-node-exporter,msmtp,curl,jq,postfix,python3
tree_with bookworm systemd,systemd-sysv,dbus,procps,ca-certificates,libfaketime $monitors "$work/debian"
cp "$older" "$package" "$work/debian/root/"
tenant_program "$work/debian"
boot "$work/debian"
