# shellcheck shell=bash
# Makes what a guest boots from: kernel, initramfs, modules disk, root disk, disk with the checkout. Sourced after common.sh.
# SPDX-License-Identifier: Apache-2.0
: "${vm_dir:?source common.sh first}"

# ext4_image DIRECTORY IMAGE FREE_MB
ext4_image() {
  local size
  # A directory of many small files takes more in ext4 than du says: a fifth and one block a file on top.
  size=$(($(du -sm --apparent-size "$1" | cut -f1) * 12 / 10 + $(find "$1" | wc -l) / 200 + 16 + $3))
  truncate -s "${size}M" "$2"
  PATH=$PATH:/usr/sbin:/sbin mke2fs -q -t ext4 -O ^has_journal -E root_owner=0:0,lazy_itable_init=1 -m 0 -d "$1" "$2"
}

# --- Kernels: stock Debian cloud kernels, the newest of their series ------------------------------------------------

kernel_suites() {
  case $1 in
    6.1 | 6.12) echo bookworm bookworm-security ;;
    6.18) echo trixie-backports ;;
    7.2) echo trixie-backports sid ;;
    *) die "unknown kernel $1: 6.1, 6.12, 6.18 or 7.2" ;;
  esac
}

# scratch_apt DIRECTORY COMMAND…: apt with package lists of its own, so that the host's are neither needed nor changed.
scratch_apt() {
  local dir=$1 command=$2
  shift 2
  "$command" -o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::Lists="$dir/lists" \
    -o Dir::Cache::pkgcache="" -o Dir::Cache::srcpkgcache="" -o Dir::Cache::archives="$dir/archives" \
    -o Dir::State::status=/dev/null -o APT::Sandbox::User=root -o Acquire::Languages=none "$@"
}

make_kernel() { # make_kernel DIRECTORY SERIES
  local out=$1 series=$2 apt names image abi version part packages=()
  apt=$out/apt
  mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$out/tree"
  # shellcheck disable=SC2046 # a list of words on purpose
  source_lines $(kernel_suites "$series") >"$apt/sources.list"
  say "kernel $series: looking for the newest in $(kernel_suites "$series")"
  scratch_apt "$apt" apt-get -qq update || die "cannot read the package lists: is the mirror in /etc/apt/sources.list* reachable?"
  names=$(scratch_apt "$apt" apt-cache pkgnames linux-)
  image=$(grep -E "^linux-image-${series//./\\.}\.[0-9]+(-[0-9]+|\+deb[0-9]+)-cloud-amd64\$" <<<"$names" | sort -V | tail -1) ||
    die "no linux-image-$series.*-cloud-amd64 in $(kernel_suites "$series"): the mirror no longer has this series"
  abi=${image#linux-image-}
  # Newer packages split the kernel; whichever of these exist for this version belong to it.
  for part in image binary modules base; do
    grep -qxF "linux-$part-$abi" <<<"$names" && packages+=("linux-$part-$abi")
  done
  say "kernel $series: fetching ${packages[*]}"
  (cd "$apt/archives" && scratch_apt "$apt" apt-get -qq download "${packages[@]}") || die "cannot download ${packages[*]}"
  for part in "$apt"/archives/*.deb; do
    dpkg -x "$part" "$out/tree"
  done
  if [[ -d $out/tree/usr/lib/modules ]]; then # usr-merged packages
    mv "$out/tree/usr/lib" "$out/lib"
  else
    mv "$out/tree/lib" "$out/lib"
  fi
  version=$(ls "$out/lib/modules")
  mkdir -p "$out/tree/boot"
  find "$out/tree/boot" "$out/lib/modules" -name 'vmlinuz*' -exec cp {} "$out/vmlinuz" \;
  [[ -s $out/vmlinuz ]] || die "no vmlinuz in ${packages[*]}"
  echo "$version" >"$out/version"
  PATH=$PATH:/usr/sbin:/sbin depmod -b "$out" "$version"
  make_initramfs "$out" "$version"
  ext4_image "$out/lib/modules/$version" "$out/modules.img" 1
  rm -rf "$apt" "$out/tree" "${out:?}/lib"
}

make_initramfs() { # make_initramfs KERNEL_DIRECTORY VERSION
  local out=$1 version=$2 tree=$1/initramfs module path name
  mkdir -p "$tree/bin" "$tree/modules"
  cp "$(command -v busybox)" "$tree/bin/busybox"
  cp "$vm_dir/initramfs_init" "$tree/init"
  : >"$tree/modules/order"
  for module in virtio_pci virtio_blk virtio_console ext4 overlay; do
    # Prints "insmod PATH" for the module and what it needs, in order; "builtin NAME" when there is nothing to load.
    while read -r _ path _; do
      [[ $path == /* ]] || continue
      name=$(basename "$path")
      name=${name%%.ko*}.ko
      grep -qxF "$name" "$tree/modules/order" && continue
      case $path in
        *.xz) xz -dc "$path" ;;
        *.zst) zstd -dc "$path" ;;
        *) cat "$path" ;;
      esac >"$tree/modules/$name"
      echo "$name" >>"$tree/modules/order"
    done < <(PATH=$PATH:/usr/sbin:/sbin modprobe -d "$out" -S "$version" --show-depends "$module")
  done
  (cd "$tree" && find . | cpio --quiet -o -H newc -R 0:0 >"$out/initramfs.cpio")
  rm -rf "$tree"
}

kernel() { # the cache entry of a kernel: vmlinuz, initramfs.cpio, modules.img, version
  local recipe
  kernel_suites "$1" >/dev/null
  recipe=$(hash_of "$vm_dir/initramfs_init" <(declare -f make_kernel make_initramfs kernel_suites ext4_image))
  cached "kernel-$1-$recipe" make_kernel "$1"
}

# --- Root: the host's own release, so that what is built here runs there; or sid ------------------------------------

root_packages() {
  echo apparmor bpftool ca-certificates ffmpeg gunicorn iproute2 kmod mount procps python3 python3-apparmor python3-flask python3-gunicorn python3-yaml tmux util-linux
  # The libraries carry their ABI in the name and so differ between releases: ask the -dev packages the build used.
  apt-cache depends libbpf-dev libelf-dev libfmt-dev libspdlog-dev zlib1g-dev |
    sed -nE 's/^ *Depends: ((libbpf|libelf|libfmt|libspdlog|zlib)[0-9][0-9.a-z]*)$/\1/p' | sort -u
  echo libstdc++6
}

make_root() { # make_root DIRECTORY RELEASE PACKAGE…
  local out=$1 release=$2 suites=("$2")
  shift 2
  say "root: installing $release with $# packages"
  [[ $release == sid ]] || suites+=("$release-updates" "$release-security")
  source_lines "${suites[@]}" >"$out/sources.list"
  # A mirror may be behind: what it has of sid is then older than its own limit.
  # shellcheck disable=SC2016 # $1 is the hook's
  mmdebstrap --quiet --variant=minbase --include="$(tr ' ' , <<<"$*")" --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Check-Valid-Until "false"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook='chroot "$1" systemctl disable rsyslog.service auditd.service 2>/dev/null || true' \
    "$release" "$out/root" "$out/sources.list" || die "mmdebstrap failed, its message is above (run as root; otherwise it needs the package uidmap and user namespaces)"
  ext4_image "$out/root" "$out/root.img" 1500
  rm -rf --one-file-system "$out/root" "$out/sources.list"
}

# For interpreters that no release has yet; the libraries are for an Aspis that is linked to them.
sid_packages() {
  echo ca-certificates libbpf1 libelf1t64 mount procps python3.13 python3.14 python3.15 util-linux
}

# A whole system, for what packages do: services, users, and dpkg's own work. It has what a minimal server has, and no Aspis.
systemd_packages() {
  echo ca-certificates kmod mount procps python3 systemd systemd-sysv util-linux
  # tests/vm/outputs_guest.sh: they receive; only there they are started (make_root disables them)
  echo auditd rsyslog
  # tests/vm/cluster.sh: a pod, and an alert from the rule to the receiver
  echo catatonit crun dbus podman prometheus prometheus-alertmanager
  # tests/vm/containers_guest.sh: another runtime
  echo containerd runc
}

root() { # root host|sid|systemd: the cache entry
  local release packages recipe name
  case $1 in
    host) release=$(host_release) && mapfile -t packages < <(root_packages | tr ' ' '\n') ;;
    sid) release=sid && mapfile -t packages < <(sid_packages | tr ' ' '\n') ;;
    systemd) release=$(host_release) && mapfile -t packages < <(systemd_packages | tr ' ' '\n') ;;
    *) die "unknown root $1: host, sid or systemd" ;;
  esac
  recipe=$(hash_of <(echo "${packages[@]}" "$release") <(declare -f make_root ext4_image))
  name=$release
  [[ $1 != systemd ]] || name=systemd # not the release: the cache keeps one of each name
  cached "root-$name-$recipe" make_root "$release" "${packages[@]}"
}

# --- Debian's AppArmor: its profiles, and its compiler with the libraries that it runs with --------------------------

make_policy_packages() { # make_policy_packages DIRECTORY SUITE
  local out=$1 suite=$2 apt package profile
  apt=$out/apt
  mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$out/tree"
  source_lines "$suite" >"$apt/sources.list"
  scratch_apt "$apt" apt-get -qq update || die "cannot read the package lists of $suite"
  say "fetching AppArmor of $suite"
  (cd "$apt/archives" && scratch_apt "$apt" apt-get -qq download apparmor apparmor-profiles apparmor-profiles-extra \
    libc6 libstdc++6 libgcc-s1) || die "cannot download AppArmor of $suite"
  for package in "$apt"/archives/*.deb; do
    dpkg -x "$package" "$out/tree"
  done
  # The packages make these when they are configured, empty.
  grep -rhoE 'include <local/[^>]*' "$out/tree/etc/apparmor.d" | sed 's/.*<//' | sort -u | while read -r profile; do
    : >>"$out/tree/etc/apparmor.d/$profile"
  done
  rm -rf "$apt"
}

policy_packages() { # the cache entry of a suite's AppArmor: a directory tree
  cached "apparmor-$1-$(hash_of <(declare -f make_policy_packages))" make_policy_packages "$1"
}

# --- The newest kubectl, to check manifests with: it is linked to nothing but the C library ---------------------------

make_kubectl() { # make_kubectl DIRECTORY
  local out=$1 apt=$1/apt
  mkdir -p "$apt/lists/partial" "$apt/archives/partial"
  source_lines sid >"$apt/sources.list"
  scratch_apt "$apt" apt-get -qq update || die "cannot read the package lists of sid"
  (cd "$apt/archives" && scratch_apt "$apt" apt-get -qq download kubectl) || die "cannot download kubectl of sid"
  dpkg -x "$apt"/archives/kubectl_*.deb "$out"
  rm -rf "$apt"
}

kubectl_of_sid() { # the cache entry: usr/bin/kubectl
  cached "kubectl-$(hash_of <(declare -f make_kubectl))" make_kubectl
}

# --- The checkout: sources and stripped executables, as a disk that is mounted at the same path --------------------

# source_image SOURCE_DIRECTORY PRESET: the image's path. Remade only when something in it changed.
source_image() {
  local source=$1 preset=$2 place state file list image relative
  place=$(cache_dir)/checkout-$(hash_of <(echo "$source $preset"))
  mkdir -p "$place/stripped"
  (
    flock 9
    list=$place/list
    (cd "$source" && git ls-files -z --cached --others --exclude-standard | sort -zu) >"$list"
    if [[ -d $source/build/$preset ]]; then
      (cd "$source" && find "build/$preset" -name CMakeFiles -prune -o -type f \
        \( -perm -u+x -o -name '*.bpf.o' -o -name '*.so*' -o -name '*.guests' \) -print0 | sort -z) >"$place/built"
    else
      : >"$place/built"
    fi
    state=$(cd "$source" && {
      cat "$list" "$place/built"
      xargs -0 -r stat -c '%n %s %Y %f' -- 2>/dev/null < <(cat "$list" "$place/built")
    } | sha256sum | cut -c1-12) || true
    image=$place/$state.img
    if [[ ! -e $image ]]; then
      # Debug information is most of an executable and of no use in the guest; symbols stay.
      while IFS= read -r -d '' relative; do
        file=$place/stripped/$relative
        [[ $file -nt $source/$relative ]] && continue
        mkdir -p "$(dirname "$file")"
        objcopy --strip-debug "$source/$relative" "$file" 2>/dev/null || cp -p "$source/$relative" "$file"
      done <"$place/built"
      rm -rf "$place/tree"
      mkdir "$place/tree"
      # Files may vanish under our hands while people work in the checkout: that is no error.
      tar -C "$source" --ignore-failed-read --null -T "$list" -cf - 2>/dev/null | tar -C "$place/tree" -xf -
      tar -C "$place/stripped" --ignore-failed-read --null -T "$place/built" -cf - 2>/dev/null | tar -C "$place/tree" -xf -
      ext4_image "$place/tree" "$place/new.img" 256
      rm -rf "$place/tree"
      find "$place" -maxdepth 1 -name '*.img' ! -name new.img -delete # a guest that still runs keeps its open file
      mv "$place/new.img" "$image"
    fi
    echo "$image"
  ) 9>"$place/lock"
}
