# One Debian, from its boot to the package's end. Sourced for $suite, with a $work of its own.

step "unpack a Debian $suite and boot it"
tree_with "$suite" "$system" "$monitors" "$work/root"
cp "$older" "$package" "$work/root/root/"
tenant_program "$work/root"
boot "$work/root" "lmsyncd-$suite"
expect 0 "^VERSION_CODENAME=$suite" inside cat /etc/os-release

for part in install job life monitor journal upgrade; do
  # shellcheck source=/dev/null
  . "tests/package/$part.sh"
done
power_off
printf '   (%s s)\n' "$((SECONDS - step_began))"
