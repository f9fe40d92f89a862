/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Out of the registers at a site (abi/python_site.h): the address of the event's name, and the
 * arguments, into scratch.call. Variable arguments are fetched as the System V ABI for x86-64
 * passes them (section 3.5.7), in the order of the letters of Py_BuildValue().
 */
#ifndef ASPIS_SITE_BPF_H
#define ASPIS_SITE_BPF_H

#include "python.bpf.h"
#include "../abi/python_site.h"

/* Sites by the cookie that the agent attaches each with. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ASPIS_SITES_MAX);
	__type(key, __u32);
	__type(value, struct aspis_python_site);
} python_sites SEC(".maps") __weak;

/* The same rows: what has been seen there. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ASPIS_SITES_MAX);
	__type(key, __u32);
	__type(value, struct aspis_site_seen);
} python_seen SEC(".maps") __weak;

/* Atomic for the reason that count() is. */
static __always_inline void count_seen(const __u32 *row)
{
	struct aspis_site_seen *seen = bpf_map_lookup_elem(&python_seen, row);

	if (seen)
		__sync_fetch_and_add(&seen->events, 1);
}

/* Layouts by aspis_python_site.layout. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct aspis_python_layout);
} python_layouts SEC(".maps") __weak;

/*
 * A register by its place in struct pt_regs (arch/x86/include/asm/ptrace.h). A program may read its
 * context at constant offsets only; one load for each keeps the compiler from making a variable of
 * them.
 */
#define REGISTER_CASE(place)                                                                       \
	case place:                                                                                \
		asm volatile("%0 = *(u64 *)(%1 + " #place ")" : "=r"(value) : "r"(regs));          \
		break;

static __always_inline __u64 register_value(const struct pt_regs *regs, __u32 place)
{
	__u64 value = 0;

	switch (place) {
		REGISTER_CASE(0)
		REGISTER_CASE(8)
		REGISTER_CASE(16)
		REGISTER_CASE(24)
		REGISTER_CASE(32)
		REGISTER_CASE(40)
		REGISTER_CASE(48)
		REGISTER_CASE(56)
		REGISTER_CASE(64)
		REGISTER_CASE(72)
		REGISTER_CASE(80)
		REGISTER_CASE(88)
		REGISTER_CASE(96)
		REGISTER_CASE(104)
		REGISTER_CASE(112)
		REGISTER_CASE(152)
	}
	return value;
}

static __always_inline __u64 operand_value(
	const struct pt_regs *regs, const struct aspis_operand *operand)
{
	__u64 value = 0;

	if (operand->form == ASPIS_OPERAND_CONSTANT)
		return operand->offset;
	if (operand->form == ASPIS_OPERAND_NONE)
		return 0;
	value = register_value(regs, operand->regs);
	if (operand->form == ASPIS_OPERAND_MEMORY) {
		__u64 address = value + operand->offset;

		value = 0;
		read_user(&value, sizeof(value), address);
	}
	return value;
}

/*
 * Address of the event's name, in UTF-8 with a NUL; 0: not to be had. `layout` may be null. An
 * event of sys.audit() has its name in a str, of which only those of ASCII are found.
 */
static __always_inline __u64 site_name(const struct pt_regs *regs,
	const struct aspis_python_site *site, const struct aspis_python_layout *layout)
{
	__u64 object = 0;
	__u32 state = 0;

	switch (site->form) {
	case ASPIS_SITE_CALL:
	case ASPIS_SITE_INNER:
		return regs->si;
	case ASPIS_SITE_ENTRY:
		return regs->di;
	case ASPIS_SITE_USDT:
		return operand_value(regs, &site->name);
	case ASPIS_SITE_SYS_AUDIT:
		if (!layout || !read_user(&object, sizeof(object), regs->si) ||
			!read_user(&state, sizeof(state), object + layout->str_state) ||
			!(state & layout->str_ascii_mask) || !(state & layout->str_compact_mask))
			return 0;
		return object + layout->str_ascii_data;
	}
	return 0;
}

#define TUPLE_HEAD 128 /* bytes, power of two; the items begin in its first half */

/* The pointers at `items` become arguments. */
static __always_inline void arguments_are(struct scratch *scratch, __u64 items, __u64 count)
{
	struct audit_call *call = &scratch->call;

	call->count = count > 0xffff ? 0xffff : count;
	for (int i = 0; i < ASPIS_AUDIT_ARGS_MAX; i++) {
		struct argument *argument = &call->argument[i];

		if (i >= count)
			break;
		argument->kind = ARGUMENT_OBJECT;
		argument->value = 0;
		read_user(&argument->value, sizeof(argument->value), items + 8 * i);
	}
}

/*
 * The items of a tuple become arguments: out of one read, if it is a short one.
 */
static __noinline void tuple_arguments(
	struct scratch *scratch, const struct aspis_python_layout *layout, __u64 tuple)
{
	__u16 at = layout->tuple_items & (TUPLE_HEAD / 2 - 8);
	__u64 head[TUPLE_HEAD / 8], size = 0;

	if (!tuple)
		return;
	if (bpf_probe_read_user(head, sizeof(head), (const void *)tuple)) {
		if (read_user(&size, sizeof(size), tuple + layout->ob_size))
			arguments_are(scratch, tuple + layout->tuple_items, size);
		return;
	}
	size = *(__u64 *)((char *)head + (layout->ob_size & (TUPLE_HEAD / 2 - 8)));
	if (at != layout->tuple_items || size > ASPIS_AUDIT_ARGS_MAX) {
		arguments_are(scratch, tuple + layout->tuple_items, size);
		return;
	}
	scratch->call.count = size;
	for (int i = 0; i < ASPIS_AUDIT_ARGS_MAX; i++) {
		scratch->call.argument[i].kind = ARGUMENT_OBJECT;
		scratch->call.argument[i].value = *(__u64 *)((char *)head + at + 8 * i);
	}
}

/* The next variable argument: the rest of the registers first. */
static __always_inline __u64 next_slot(struct audit_call *call)
{
	__u32 slot = call->taken++;
	__u64 value = 0;

	if (slot < 6)
		return call->registers[slot & 7];
	read_user(&value, sizeof(value), call->overflow + 8 * (slot - 6));
	return value;
}

static __always_inline __u32 kind_of_letter(char letter)
{
	switch (letter) {
	case 'O':
	case 'S':
	case 'U':
	case 'N':
		return ARGUMENT_OBJECT;
	case 's':
	case 'z':
		return ARGUMENT_STR;
	case 'y':
		return ARGUMENT_BYTES;
	case 'u':
		return ARGUMENT_WIDE;
	case 'i':
	case 'h':
	case 'b':
	case 'n':
	case 'l':
	case 'L':
		return ARGUMENT_SIGNED;
	case 'I':
	case 'H':
	case 'B':
	case 'k':
	case 'K':
		return ARGUMENT_UNSIGNED;
	case 'C':
		return ARGUMENT_CHARACTER;
	}
	return ARGUMENT_UNKNOWN;
}

/* One letter of the format. */
static long format_step(__u32 index, void *data)
{
	struct audit_call *call = *(struct audit_call **)data;
	char letter;
	__u32 kind, at;
	__u64 value;

	if (!call)
		return 1;
	letter = call->format[index & (FORMAT_MAX - 1)];
	if (!letter)
		return 1;
	if (letter == '(' || letter == ')' || letter == ' ' || letter == ',')
		return 0;
	if (letter == '#') { /* Py_ssize_t, of the text before it */
		at = (call->count - 1) & (ASPIS_AUDIT_ARGS_MAX - 1);
		call->argument[at].length = next_slot(call);
		return 0;
	}
	kind = kind_of_letter(letter);
	at = call->count++;
	if (at >= ASPIS_AUDIT_ARGS_MAX)
		return 0;
	at &= ASPIS_AUDIT_ARGS_MAX - 1;
	value = kind == ARGUMENT_UNKNOWN ? 0 : next_slot(call);
	if (letter == 'i' || letter == 'h' || letter == 'b')
		value = (__s64)(__s32)value;
	else if (letter == 'I' || letter == 'H' || letter == 'B')
		value = (__u32)value;
	call->argument[at].kind = kind;
	call->argument[at].value = value;
	call->argument[at].length = -1;
	return 0;
}

/* If `object` is a tuple, its items are the arguments (Py_BuildValue of "O"). */
static __always_inline void take_tuple(
	struct scratch *scratch, const struct aspis_python_layout *layout, __u64 object)
{
	__u64 type = 0, flags = 0, size = 0;

	if (read_user(&type, sizeof(type), object + layout->ob_type) &&
		read_user(&flags, sizeof(flags), type + layout->type_flags) &&
		flags & ASPIS_PYTHON_TUPLE &&
		read_user(&size, sizeof(size), object + layout->ob_size))
		arguments_are(scratch, object + layout->tuple_items, size);
}

/* va_list of the System V ABI. */
struct variable_arguments {
	__u32 gp_offset, fp_offset;
	__u64 overflow, registers;
};

static __always_inline void varargs_arguments(
	struct scratch *scratch, __u64 format, const struct aspis_python_layout *layout)
{
	struct audit_call *call = &scratch->call;
	char *text = call->format;

	call->format[0] = 0;
	if (!format)
		return;
	if (bpf_probe_read_user_str(text, FORMAT_MAX, (const void *)format) < 0 &&
		fetch_user(format))
		bpf_probe_read_user_str(text, FORMAT_MAX, (const void *)format);
	bpf_loop(FORMAT_MAX, format_step, &call, 0);
	if (text[0] == 'O' && !text[1])
		take_tuple(scratch, layout, call->argument[0].value);
}

/* Fills scratch.call with the arguments, all of them counted, the first ones to be read. */
static __always_inline void site_arguments(const struct pt_regs *regs, struct scratch *scratch,
	const struct aspis_python_site *site, const struct aspis_python_layout *layout)
{
	struct audit_call *call = &scratch->call;
	struct variable_arguments list = {};
	__u64 format;

	call->count = 0;
	switch (site->form) {
	case ASPIS_SITE_USDT:
		tuple_arguments(scratch, layout, operand_value(regs, &site->tuple));
		return;
	case ASPIS_SITE_SYS_AUDIT:
		if ((__s64)regs->dx > 1)
			arguments_are(scratch, regs->si + 8, regs->dx - 1);
		return;
	case ASPIS_SITE_CALL:
		if (!read_user(&list, sizeof(list), regs->cx))
			return;
		call->taken = list.gp_offset / 8;
		call->overflow = list.overflow;
		bpf_probe_read_user(
			call->registers, sizeof(call->registers), (const void *)list.registers);
		varargs_arguments(scratch, regs->dx, layout);
		return;
	case ASPIS_SITE_ENTRY:
	case ASPIS_SITE_INNER:
		format = regs->si;
		KEEP(format); /* two loads of the context must not become one at either place */
		call->taken = 2;
		call->registers[2] = regs->dx;
		call->registers[3] = regs->cx;
		call->registers[4] = regs->r8;
		call->registers[5] = regs->r9;
		call->overflow = regs->sp + site->offset;
		if (site->form == ASPIS_SITE_INNER)
			format = call->registers[call->taken++];
		varargs_arguments(scratch, format, layout);
		return;
	}
}

#endif
