# The packages.

step "build the package, and that of an older version"
older_source "$work/older"
older=$(with_conffile "$(build_in "$work/older" deb --debug)")
package=$(build_in . deb)

step "the programs are small: 12.5 and 4.6 MB at most"
at_most 12500000 lmsyncd
at_most 4600000 lmsyncctl

step "the copyright file names the licence of whatever is linked"
# Where a library offers a choice, the Expat licence and the Apache License are enough.
cargo tree --locked --target x86_64-unknown-linux-gnu --edges normal,no-proc-macro \
  --no-default-features --prefix none --format '{l}|{p}' | sed 's/ (\*)$//' | sort -u |
  while IFS='|' read -r licences library; do
    case $licences in *MIT*OR* | *OR*MIT* | MIT | Apache-2.0 | */MIT | MIT/* | *Apache-2.0\ OR*) continue ;; esac
    for licence in ${licences//AND/}; do
      [ "$licence" = Apache-2.0 ] || grep -q "^License: $licence$" packaging/deb/copyright ||
        fail "packaging/deb/copyright lacks $licence, of $library"
    done
  done

step "lintian finds nothing that is not explained"
lintian --allow-root --fail-on error,warning "$package"
