#!/usr/bin/env bash
# The package on a machine with systemd: made twice, of two versions, checked by lintian, and in a guest installed, used,
# upgraded and removed (package_guest.sh).
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
preset=${1:-dev}
packages=build/$preset/packages
rm -rf "$packages"

for version in 0.1.0 0.1.1; do
  (cd "build/$preset" && cpack -G DEB -D CPACK_PACKAGE_VERSION="$version") >"build/$preset/cpack.log" || {
    cat "build/$preset/cpack.log" >&2
    exit 1
  }
done
# Its warnings are for who uploads to Debian.
lintian --allow-root --fail-on error "$packages"/*_0.1.0-1_*.deb

# Not below /tmp: systemd empties that when it starts.
with=()
for package in "$PWD/$packages"/aspis_*.deb; do
  with+=(--with "$package")
done
./dev vm --root systemd --preset "$preset" "${with[@]}" --timeout 900 6.1 -- tests/vm/package_guest.sh "$PWD/$packages"
