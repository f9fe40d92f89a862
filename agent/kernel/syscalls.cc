// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/syscalls.h"

#include <asm/unistd_64.h>

#include <array>

namespace aspis {
namespace {

constexpr std::uint32_t kFchmodat2 = 452;  // since 6.6, younger than Debian 12's headers

constexpr std::array kPrograms = std::to_array<SyscallProgram>({
    {__NR_open, "sys__open"},
    {__NR_openat, "sys__open"},
    {__NR_openat2, "sys__open"},
    {__NR_creat, "sys__open"},
    {__NR_open_by_handle_at, "sys__open"},
    {__NR_mknod, "sys__file"},
    {__NR_mknodat, "sys__file"},
    {__NR_mkdir, "sys__file"},
    {__NR_mkdirat, "sys__file"},
    {__NR_rmdir, "sys__file"},
    {__NR_unlink, "sys__file"},
    {__NR_unlinkat, "sys__file"},
    {__NR_rename, "sys__file"},
    {__NR_renameat, "sys__file"},
    {__NR_renameat2, "sys__file"},
    {__NR_link, "sys__file"},
    {__NR_linkat, "sys__file"},
    {__NR_symlink, "sys__file"},
    {__NR_symlinkat, "sys__file"},
    {__NR_chmod, "sys__file"},
    {__NR_fchmod, "sys__file"},
    {__NR_fchmodat, "sys__file"},
    {kFchmodat2, "sys__file"},
    {__NR_chown, "sys__file"},
    {__NR_lchown, "sys__file"},
    {__NR_fchown, "sys__file"},
    {__NR_fchownat, "sys__file"},
    {__NR_truncate, "sys__file"},
    {__NR_ftruncate, "sys__file"},
    {__NR_mmap, "sys__map"},
    {__NR_mprotect, "sys__map"},
    {__NR_socket, "sys__socket"},
    {__NR_bind, "sys__address"},
    {__NR_connect, "sys__address"},
    {__NR_sendto, "sys__address"},
    {__NR_sendmsg, "sys__address"},
    {__NR_listen, "sys__listen"},
    {__NR_accept, "sys__listen"},
    {__NR_accept4, "sys__listen"},
    {__NR_kill, "sys__target"},
    {__NR_tkill, "sys__target"},
    {__NR_tgkill, "sys__target"},
    {__NR_ptrace, "sys__target"},
    {__NR_process_vm_readv, "sys__target"},
    {__NR_process_vm_writev, "sys__target"},
    {__NR_setuid, "sys__setuid"},
    {__NR_setreuid, "sys__setuid"},
    {__NR_setresuid, "sys__setuid"},
    {__NR_mount, "sys__mount"},
    {__NR_umount2, "sys__mount"},
    {__NR_move_mount, "sys__mount"},
    {__NR_pivot_root, "sys__mount"},
    {__NR_bpf, "sys__privilege"},
    {__NR_init_module, "sys__privilege"},
    {__NR_finit_module, "sys__privilege"},
    {__NR_unshare, "sys__privilege"},
    {__NR_io_uring_setup, "sys__ring"},
});

}  // namespace

std::span<const SyscallProgram> syscall_programs() {
  return kPrograms;
}

}  // namespace aspis
