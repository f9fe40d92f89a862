/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel types that Aspis reads, with only the fields it reads. CO-RE relocates them against
 * the running kernel's BTF, so that no vmlinux.h is needed to build. Members of anonymous unions in
 * the kernel are written flat: libbpf looks inside anonymous members.
 */
#ifndef ASPIS_KERNEL_BPF_H
#define ASPIS_KERNEL_BPF_H

#define __VMLINUX_H__ /* tells bpf_tracing.h that pt_regs is the kernel's own */

#include <linux/types.h>
#include <linux/bpf.h>

#ifndef NULL
#define NULL ((void *)0)
#endif
typedef _Bool bool;
#define true 1
#define false 0
typedef int pid_t;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pt_regs {
	unsigned long r15, r14, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, sp;
};

struct hlist_bl_node {
	struct hlist_bl_node **pprev;
};

struct qstr {
	__u32 len;
	const unsigned char *name;
};

struct super_block {
	__u32 s_dev;
	unsigned long s_flags;
	unsigned long s_magic;
};

typedef struct {
	__u32 val;
} kuid_t;

typedef struct {
	__u32 val;
} kgid_t;

struct inode {
	__u16 i_mode;
	kuid_t i_uid;
	struct super_block *i_sb;
	unsigned long i_ino;
};

struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct ns_common {
	unsigned int inum;
};

struct mnt_namespace {
	struct ns_common ns;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct mnt_namespace *mnt_ns;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	unsigned int f_flags;
	unsigned int f_mode;
	void *private_data;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct fs_struct {
	struct path root, pwd;
};

struct vm_area_struct {
	struct file *vm_file;
};

struct mm_struct {
	unsigned long arg_start, arg_end;
	struct file *exe_file;
};

struct cred {
	kuid_t uid, suid, euid, fsuid;
	kgid_t gid;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
};

struct kernfs_node {
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live;
};

struct thread_info {
	__u32 status;
};

struct thread_struct {
	unsigned long fsbase;
};

struct task_struct {
	struct thread_info thread_info;
	struct thread_struct thread;
	unsigned in_execve : 1;
	__u64 self_exec_id;
	unsigned long atomic_flags;
	struct mm_struct *mm;
	int exit_code;
	pid_t pid;
	pid_t tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	__u64 start_boottime;
	const struct cred *cred;
	char comm[16];
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct css_set *cgroups;
};

struct bpf_map {
	__u32 id;
};

struct bpf_prog_aux {
	__u32 id;
};

struct bpf_prog {
	struct bpf_prog_aux *aux;
};

struct rlimit {
	unsigned long rlim_cur, rlim_max;
};

struct linux_binprm {
	struct file *file;
	const char *filename; /* as execve got it */
	const char *interp;   /* the same, or of a script its interpreter */
};

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};

struct sock_common {
	__u16 skc_family;
	__u32 skc_daddr;
	__u32 skc_rcv_saddr;
	__u16 skc_dport;
	__u16 skc_num;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_type;
	__u16 sk_protocol;
};

struct socket {
	short type;
	struct sock *sk;
};

struct sockaddr_un {
	char sun_path[108];
};

struct unix_address {
	int len;
	struct sockaddr_un name[];
};

struct unix_sock {
	struct unix_address *addr;
	struct path path;
	struct sock *peer;
};

struct msghdr {
	void *msg_name;
	int msg_namelen;
	unsigned int msg_flags;
};

struct kernel_siginfo;
struct user_namespace;

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

/* bpf/walk.bpf.c. Set before load: the kernel has bpf_rdonly_cast, from 6.2 on. Before it, there is
 * no trust, and no cast either. */
extern const volatile bool has_rdonly_cast;

/* bpf/walk.bpf.c. Returns `pointer`, which the verifier then takes for one to the type `btf_id`. */
__hidden void *without_trust(const void *pointer, __u32 btf_id);

/*
 * The same typed pointer without the verifier's trust: good for loads, not for helpers. From 6.3 on
 * the verifier searches all types of the kernel up to four times for each pointer that is loaded
 * through a trusted one (btf_nested_type_is_trusted), which was two thirds of the time that loading
 * took.
 */
#define untrusted(pointer)                                                                         \
	((typeof(pointer))without_trust(pointer, bpf_core_type_id_kernel(typeof(*(pointer)))))

/* Argument `n` of a hook or tracepoint: a pointer to `type`. */
#define ARGUMENT(type, n) untrusted((type *)ctx[n])

#endif
