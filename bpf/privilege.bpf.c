// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Use of privilege, and reaching into other processes. These hooks run after the kernel's own
 * check: a capability that the task lacks never gets here.
 */
#include "lib/hook.bpf.h"

#define CAP_OPT_NOAUDIT 2 /* include/linux/security.h: asked in passing, not to use it */
#define MOUNT_TEXT_MAX 256

static __always_inline struct scratch *privilege_begin(__u16 kind)
{
	return tracked_begin(kind, sizeof(struct aspis_privilege_event));
}

static __always_inline void privilege_number(__u16 kind, __u32 number)
{
	struct scratch *scratch = privilege_begin(kind);

	if (!scratch)
		return;
	EVENT(scratch, aspis_privilege_event)->number = number;
	event_send(scratch);
}

WATCH_HOOK(capable)
{
	if (!(ctx[3] & CAP_OPT_NOAUDIT))
		privilege_number(ASPIS_PRIV_CAPABLE, ctx[2]);
}

WATCH_HOOK(bpf)
{
	privilege_number(ASPIS_PRIV_BPF, ctx[0]);
}

WATCH_HOOK(userns_create)
{
	privilege_number(ASPIS_PRIV_USERNS, 0);
}

static __always_inline void privilege_target(__u16 kind, struct task_struct *target, __u32 number)
{
	struct scratch *scratch;
	struct aspis_privilege_event *event;
	struct task_struct *self = bpf_get_current_task_btf();

	if (target->tgid == self->tgid)
		return;
	scratch = privilege_begin(kind);
	if (!scratch)
		return;
	event = EVENT(scratch, aspis_privilege_event);
	event->target_pid = target->tgid;
	event->target_start = target->group_leader->start_boottime;
	event->number = number;
	event_send(scratch);
}

WATCH_HOOK(ptrace_access_check)
{
	privilege_target(ASPIS_PRIV_PTRACE, ARGUMENT(struct task_struct, 0), ctx[1]);
}

WATCH_HOOK(task_kill)
{
	privilege_target(ASPIS_PRIV_KILL, ARGUMENT(struct task_struct, 0), ctx[2]);
}

WATCH_HOOK(task_fix_setuid)
{
	struct cred *new = (void *)ctx[0], *old = (void *)ctx[1];
	struct scratch *scratch = privilege_begin(ASPIS_PRIV_SETUID);
	struct aspis_privilege_event *event;

	if (!scratch)
		return;
	event = EVENT(scratch, aspis_privilege_event);
	event->old_id[0] = old->uid.val;
	event->old_id[1] = old->euid.val;
	event->old_id[2] = old->suid.val;
	event->new_id[0] = new->uid.val;
	event->new_id[1] = new->euid.val;
	event->new_id[2] = new->suid.val;
	event_send(scratch);
}

/* Appends a string of the kernel with its NUL, an empty one for NULL. */
static __always_inline void mount_text(
	struct scratch *scratch, struct aspis_privilege_event *event, const char *text)
{
	__u32 used = scratch->used & (RECORD_MAX - 1);
	long len = 0;

	if (text)
		len = bpf_probe_read_kernel_str(&scratch->record[used], MOUNT_TEXT_MAX, text);
	if (len <= 0) {
		scratch->record[used] = 0;
		len = 1;
	}
	if (len > MOUNT_TEXT_MAX)
		return;
	scratch->used = used + len;
	event->text_len += len;
}

WATCH_HOOK(sb_mount)
{
	struct path *path = ARGUMENT(struct path, 1);
	struct scratch *scratch = privilege_begin(ASPIS_PRIV_MOUNT);
	struct aspis_privilege_event *event;

	if (!scratch)
		return;
	event = EVENT(scratch, aspis_privilege_event);
	event->flags = ctx[3];
	path_emit(scratch, path, &event->path);
	mount_text(scratch, event, (const char *)ctx[2]);
	mount_text(scratch, event, (const char *)ctx[0]);
	event_send(scratch);
}

static __always_inline void mount_path(__u16 kind, struct path *path, __u64 flags)
{
	struct scratch *scratch = privilege_begin(kind);
	struct aspis_privilege_event *event;

	if (!scratch)
		return;
	event = EVENT(scratch, aspis_privilege_event);
	event->flags = flags;
	path_emit(scratch, path, &event->path);
	event_send(scratch);
}

WATCH_HOOK(move_mount)
{
	mount_path(ASPIS_PRIV_MOUNT, ARGUMENT(struct path, 1), 0);
}

WATCH_HOOK(sb_pivotroot)
{
	mount_path(ASPIS_PRIV_MOUNT, ARGUMENT(struct path, 1), 0);
}

WATCH_HOOK(sb_umount)
{
	struct vfsmount *mnt = ARGUMENT(struct vfsmount, 0);
	struct scratch *scratch = privilege_begin(ASPIS_PRIV_UMOUNT);
	struct aspis_privilege_event *event;

	if (!scratch)
		return;
	event = EVENT(scratch, aspis_privilege_event);
	event->flags = ctx[1];
	path_walk(scratch, mnt, &ctx[0], mnt->mnt_root);
	path_finish(scratch, &event->path);
	event_send(scratch);
}

WATCH_HOOK(kernel_read_file)
{
	struct file *file = ARGUMENT(struct file, 0);
	struct scratch *scratch = privilege_begin(ASPIS_PRIV_MODULE);
	struct aspis_privilege_event *event;

	if (!scratch)
		return;
	event = EVENT(scratch, aspis_privilege_event);
	event->number = ctx[1];
	if (file)
		path_emit_file(scratch, file, &event->path);
	event_send(scratch);
}

WATCH_HOOK(kernel_load_data)
{
	privilege_number(ASPIS_PRIV_MODULE, ctx[0]);
}
