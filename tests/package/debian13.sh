# The same installation, job, life and journal on a Debian 13, whose systemd is newer. Left out, and said so,
# where its tree cannot be made.

step "unpack a Debian 13 and boot it"
power_off
# Not below `if`, which would have it go on after a failure.
made=$(tree trixie systemd,systemd-sysv,dbus,procps,ca-certificates,python3,libfaketime "$work/trixie" >&2 && echo made)
if [ "$made" = made ]; then
  cp "$older" "$package" "$work/trixie/root/"
  tenant_program "$work/trixie"
  boot "$work/trixie"
  expect 0 '^13' inside cat /etc/debian_version
  # job.sh looks into a tree below this one.
  mkdir -p "$work/debian" && rm -rf "$work/debian" && ln -s trixie "$work/debian"
  for part in install job life journal; do
    # shellcheck source=/dev/null
    . "tests/package/$part.sh"
  done
else
  echo "   left out: there is no tree of a Debian 13"
fi
