#!/usr/bin/env bash
# What bash's completion answers to lines that are typed.
# SPDX-License-Identifier: Apache-2.0
# Not -e: shells that people type in have it not, and compgen fails where it finds nothing.
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
# shellcheck source=/dev/null
source deploy/completion/aspis.bash
# Only inside of a completion there is something that it could set.
# shellcheck disable=SC2317
compopt() { :; }
failed=0

# answers EXPECTED WORD…: the last word is the one that is being typed.
answers() {
  local expected=$1
  shift
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
  _aspis
  [[ ${COMPREPLY[*]} == "$expected" ]] && return
  printf '%s\n  expected: %s\n  found:    %s\n' "$*" "$expected" "${COMPREPLY[*]}"
  failed=1
}

answers 'policy' aspis po
answers 'mode' aspis policy m
answers '--socket' aspis policy mode --so
answers 'complain' aspis policy mode profile com
answers 'denied all none' aspis run --stacks ''
answers 'all' aspis run --stacks = a
answers 'README.md' aspis run --to READ
answers 'README.md' aspis run -- cat READ
answers 'docs' aspis policy check --base doc
answers '' aspis tail --pid ''
exit "$failed"
