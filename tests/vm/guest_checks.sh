# What a script in a guest says of what it finds; sourced. `failed` is 1 once anything was not as expected.
# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
failed=0

say() { printf '== %s (%s s)\n' "$*" "$SECONDS"; }

# is WHAT EXPECTED FOUND
is() {
  if [[ $3 == "$2" ]]; then
    echo "ok: $1"
  else
    printf 'FAILED: %s\n  expected: %s\n  found:    %s\n' "$1" "$2" "$3"
    # shellcheck disable=SC2034
    failed=1
  fi
}

# soon COMMAND…: it succeeds within three minutes. Emulated, and beside other guests, an agent starts in half a minute or more.
soon() {
  local end=$((SECONDS + 180))
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 0.5
  done
}
