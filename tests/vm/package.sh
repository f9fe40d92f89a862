#!/usr/bin/env bash
# The package on a machine with systemd: made twice, of two versions, checked by lintian, and in a guest installed, used,
# upgraded and removed (package_guest.sh); and the agent's outputs there (outputs_guest.sh). package.sh [PRESET [KERNEL]]
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
preset=${1:-dev} kernel=${2:-6.1}
version=$(sed -n 's/^CMAKE_PROJECT_VERSION:STATIC=//p' "build/$preset/CMakeCache.txt")

# Not in the build directory, which other guests are given meanwhile, nor below /tmp: systemd empties that when it starts.
packages=$(mktemp -d /var/tmp/aspis-packages.XXXXXX)
trap 'rm -rf "$packages"' EXIT
with=()
for one in "$version" "$version.1"; do
  (cd "build/$preset" && cpack -G DEB -B "$packages" -D CPACK_PACKAGE_VERSION="$one") >"$packages/log" 2>&1 || {
    cat "$packages/log" >&2
    exit 1
  }
  with+=(--with "$packages/aspis_$one-1_amd64.deb")
done
# Its warnings are for who uploads to Debian.
lintian --allow-root --fail-on error "$packages"/*_"$version"-1_*.deb

# The outputs are tested in the same boot.
./dev vm --root systemd --preset "$preset" "${with[@]}" --timeout 1200 "$kernel" -- \
  "tests/vm/package_guest.sh $packages; package=\$?; tests/vm/outputs_guest.sh build/$preset/agent/cli/aspis && exit \$package"
