#!/usr/bin/env bash
# ./dev vm: runs a command in a guest with a stock Debian kernel; its output and exit status come back.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source-path=SCRIPTDIR
source "${vm_dir:?}/images.sh"
source_dir=$(cd "$vm_dir/../.." && pwd)

usage() {
  cat <<'END'
usage: ./dev vm [OPTION…] KERNEL -- COMMAND [ARGUMENT…]
       ./dev vm [OPTION…] --all  -- COMMAND [ARGUMENT…]

Runs COMMAND as root in a fresh guest: KERNEL is 6.1, 6.12, 6.18 or 7.2; --all runs all four, one after the other.
A single argument is given to bash -c, so that '…; …' works. The checkout with its built programs is at the same path
as on the host, and the working directory is kept if it is inside it. Nothing the guest writes is kept.
Variables named ASPIS_* and GTEST_* are passed on.

  --backend lsm|nolsm  with BPF among the security modules (default), or without, as Ubuntu boots
  --root NAME          the guest's Debian: host, this host's release (default); sid, for the newest interpreters; systemd, this
                       host's release with systemd as its first process, as a machine that packages are installed on
  --icount             deterministic: one guest instruction is one nanosecond, one processor
  --memory MB          default 3072
  --timeout SECONDS    default 600; the exit status is then 124 (125: the guest did not boot or panicked)
  --preset NAME        whose build directory the guest gets; default dev
  --with PATH          copy this file or directory to the same path in the guest; may be repeated
  --append TEXT        more for the kernel's command line
END
}

wrong() {
  printf 'vm: %s\n\n' "$*" >&2
  usage >&2
  exit 2
}

kernels=() backend=lsm root=host accel='' memory=3072 timeout=600 preset=dev with=() append=''
while (($#)); do
  case $1 in
    --backend | --root | --memory | --timeout | --preset | --with | --append) (($# > 1)) || wrong "$1 needs a value" ;;&
    --all) kernels=(6.1 6.12 6.18 7.2) ;;
    --icount) accel=icount ;;
    --backend) backend=$2 && shift ;;
    --root) root=$2 && shift ;;
    --memory) memory=$2 && shift ;;
    --timeout) timeout=$2 && shift ;;
    --preset) preset=$2 && shift ;;
    --with) with+=("$(realpath -s "$2")") && shift ;;
    --append) append=" $2" && shift ;;
    -h | --help) usage && exit 0 ;;
    --) shift && break ;;
    -*) wrong "unknown option $1" ;;
    *) kernels+=("$1") ;;
  esac
  shift
done
((${#kernels[@]})) || wrong "which kernel?"
(($#)) || wrong "no command after --"
case $backend in
  lsm) modules=landlock,lockdown,yama,apparmor,bpf ;;
  nolsm) modules=landlock,lockdown,yama,apparmor ;;
  *) wrong "unknown backend $backend: lsm or nolsm" ;;
esac

need qemu-system-x86_64 qemu-system-x86
need mmdebstrap mmdebstrap
need busybox busybox-static
need cpio cpio
need xz xz-utils
PATH=$PATH:/usr/sbin:/sbin
need mke2fs e2fsprogs
need depmod kmod

run_dir=$(mktemp -d "${TMPDIR:-/tmp}/aspis-vm.XXXXXX")
runner=''
# The runner ends its guest when it is ended itself.
trap '[[ -z $runner ]] || kill "$runner" 2>/dev/null || true; rm -rf "$run_dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# boot ARGUMENT…: boot.py in the background, so that a signal to this script is not held up until the guest ends.
boot() {
  local status=0
  python3 "$vm_dir/boot.py" "$@" </dev/null &
  runner=$!
  wait "$runner" || status=$?
  runner=''
  return "$status"
}

# Can this host run a guest on KVM? /dev/kvm may open, and even create machines, where no guest ever reaches user space: try.
kvm_works() {
  local vmlinuz=$1 answer
  [[ -w /dev/kvm ]] || return 1
  answer=$(cache_dir)/kvm-trial-$(uname -r)-$(hash_of <(qemu-system-x86_64 --version))
  if [[ ! -e $answer ]]; then
    say "trying KVM, at most 20 s, once"
    mkdir -p "$run_dir/trial/bin"
    cp "$(command -v busybox)" "$run_dir/trial/bin/"
    printf '#!/bin/busybox sh\necho aspis-user-space\n/bin/busybox poweroff -f\n' >"$run_dir/trial/init"
    chmod +x "$run_dir/trial/init"
    (cd "$run_dir/trial" && find . | cpio --quiet -o -H newc -R 0:0) >"$run_dir/trial.cpio"
    if boot --kernel "$vmlinuz" --initrd "$run_dir/trial.cpio" --append "console=ttyS0 quiet panic=-1" --accel kvm \
      --memory 512 --timeout 20 --console "$run_dir/trial.console" --marker aspis-user-space 2>/dev/null; then
      echo yes >"$answer"
    else
      echo no >"$answer"
    fi
    say "KVM: $(<"$answer")"
  fi
  [[ $(<"$answer") == yes ]]
}

# What to run goes into a second archive behind the initramfs: the kernel unpacks both.
make_job() { # make_job KERNEL_DIRECTORY COMMAND…
  local kernel_dir=$1 job=$run_dir/job/job directory=$source_dir name path
  shift
  rm -rf "$run_dir/job"
  mkdir -p "$job"
  [[ $PWD/ == "$source_dir"/* ]] && directory=$PWD
  printf 'SOURCE_DIR=%q\nKERNEL_VERSION=%q\nROOT=%q\n' "$source_dir" "$(<"$kernel_dir/version")" "$root" >"$job/settings"
  cp "$vm_dir/guest_init" "$job/guest_init"
  {
    echo '#!/bin/bash'
    # shellcheck disable=SC2031 # names the user set, not ours
    for name in "${!ASPIS_@}" "${!GTEST_@}"; do
      [[ $name == ASPIS_CACHE ]] || printf 'export %s=%q\n' "$name" "${!name}"
    done
    printf 'export ASPIS_VM_BACKEND=%q\n' "$backend"
    printf 'cd %q 2>/dev/null || cd %q\n' "$directory" "$source_dir"
    if (($# == 1)); then
      printf 'exec bash -c %q\n' "$1"
    else
      printf 'exec'
      printf ' %q' "$@"
      echo
    fi
  } >"$job/command"
  chmod +x "$job/command"
  for path in "${with[@]}"; do
    mkdir -p "$run_dir/job/with"
    tar -C / -cf - "${path#/}" | tar -C "$run_dir/job/with" -xf - || die "cannot copy $path"
  done
  (cd "$run_dir/job" && find . | cpio --quiet -o -H newc -R 0:0) | cat "$kernel_dir/initramfs.cpio" - >"$run_dir/initrd.cpio"
}

run_on() { # run_on KERNEL COMMAND…
  local series=$1 kernel_dir root_dir source_disk how=$accel console
  shift
  kernel_dir=$(kernel "$series") || exit
  root_dir=$(root "$root") || exit
  source_disk=$(source_image "$source_dir" "$preset") || die "cannot make the disk with the checkout"
  if [[ -z $how ]]; then
    how=tcg
    if kvm_works "$kernel_dir/vmlinuz"; then how=kvm; fi
  fi
  make_job "$kernel_dir" "$@" || die "cannot write to $run_dir"
  console=$(cache_dir)/console-$series.$$
  local status=0
  # no_timer_check: emulated, a timer's interrupt may come later than the kernel waits for it before it panics.
  boot --kernel "$kernel_dir/vmlinuz" --initrd "$run_dir/initrd.cpio" --console "$console" --accel "$how" \
    --append "console=ttyS0 quiet panic=-1 no_timer_check mitigations=off lsm=$modules$append" \
    --memory "$memory" --timeout "$timeout" \
    --disk "root=$root_dir/root.img" --disk "modules=$kernel_dir/modules.img" --disk "source=$source_disk" || status=$?
  # Kept for a look when the harness failed.
  if ((status != 124 && status != 125)); then rm -f "$console"; fi
  return "$status"
}

status=0
for series in "${kernels[@]}"; do
  ((${#kernels[@]} == 1)) || say "== kernel $series"
  one=0
  run_on "$series" "$@" || one=$?
  if ((one)); then
    ((${#kernels[@]} == 1)) || say "kernel $series: exit status $one"
    ((status)) || status=$one
  fi
done
exit "$status"
