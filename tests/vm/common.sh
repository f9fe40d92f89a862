# shellcheck shell=bash
# What the scripts of the VM harness share: messages, the cache, the host's own package mirror.
# SPDX-License-Identifier: Apache-2.0

vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

say() { printf 'vm: %s\n' "$*" >&2; }
die() {
  printf 'vm: %s\n' "$*" >&2
  exit 125 # "the harness failed", distinct from what a command in a guest usually answers
}

cache_dir() { echo "${ASPIS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/aspis}"; }

need() { # need PROGRAM PACKAGE
  command -v "$1" >/dev/null || die "$1 is missing: run ./dev setup (Debian package $2)"
}

# cached NAME MAKER ARGUMENTS…: the path of the cache entry NAME, made by "MAKER TEMPORARY_DIRECTORY ARGUMENTS…" when absent.
# The entry appears by a rename once the maker has succeeded, so a half-made one is never used; the lock makes others wait
# instead of making it twice.
cached() {
  local cache entry temporary name=$1 maker=$2
  shift 2
  cache=$(cache_dir)
  entry=$cache/$name
  if [[ ! -d $entry ]]; then
    mkdir -p "$cache/lock"
    (
      flock 9
      [[ ! -d $entry ]] || exit 0
      temporary=$(mktemp -d "$cache/making.XXXXXX")
      chmod 755 "$temporary"
      # A bash of its own: inside "if", this one would ignore `set -e` in everything the maker calls.
      # shellcheck disable=SC2016
      if ! bash -euo pipefail -c 'source "$0/common.sh"; source "$0/images.sh"; "$@"' \
        "$vm_dir" "$maker" "$temporary" "$@" >&2 9>&-; then
        rm -rf --one-file-system "$temporary"
        die "cannot make $name (free space in $cache: $(df -h --output=avail "$cache" | tail -1 | tr -d ' '))"
      fi
      mv "$temporary" "$entry"
      # The same thing by an older recipe; a guest that still runs keeps its open files.
      find "$cache" -maxdepth 1 -name "${name%-*}-*" ! -name "$name" -exec rm -rf {} +
    ) 9>"$cache/lock/${name//\//_}" || exit 125
  fi
  echo "$entry"
}

hash_of() { cat "$@" | sha256sum | cut -c1-12; }

host_release() { # bookworm, trixie, …
  # shellcheck source=/dev/null
  (. /etc/os-release && echo "${VERSION_CODENAME:?}")
}

# mirror_of SUITE: where this host gets its Debian packages from; the public address only when its apt sources say nothing.
mirror_of() {
  local own kind=debian
  [[ $1 == *-security ]] && kind=debian-security
  # The variables are apt's own, not the shell's.
  # shellcheck disable=SC2016
  own=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
    awk -v release="$(host_release)" -v kind="$kind" '
      $3 != "main" { next }
      kind == "debian" && $2 == release { print $1; exit }
      kind == "debian-security" && $2 == release "-security" { print $1; exit }')
  own=${own%/}
  echo "${own:-http://deb.debian.org/$kind}"
}

source_lines() { # source_lines SUITE…: lines for an apt sources list
  local suite keyring=/usr/share/keyrings/debian-archive-keyring.gpg options=
  [[ -r $keyring ]] && options="[signed-by=$keyring] "
  for suite in "$@"; do
    echo "deb $options$(mirror_of "$suite") $suite main"
  done
}
