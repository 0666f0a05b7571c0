/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filters that libseccomp makes of compiled profiles, as runc and crun ask it to, run
 * in an interpreter: so every architecture is judged on any machine.
 */
#include "seccomp_profiles.h"

#include "seccomp/names.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define KILLED	   1000 /* a verdict besides 0 and errnos */
#define FILTER_MAX 4096 /* the kernel's BPF_MAXINSNS */

struct filter {
	enum seccomp_arch arch;
	uint32_t token; /* SCMP_ARCH_*, which are the kernel's AUDIT_ARCH_* */
	struct sock_filter code[FILTER_MAX];
	size_t len;
};

static const uint32_t tokens[SECCOMP_ARCHES] = {
	[SECCOMP_X86_64] = SCMP_ARCH_X86_64,   [SECCOMP_AARCH64] = SCMP_ARCH_AARCH64,
	[SECCOMP_RISCV64] = SCMP_ARCH_RISCV64, [SECCOMP_PPC64LE] = SCMP_ARCH_PPC64LE,
	[SECCOMP_S390X] = SCMP_ARCH_S390X,
};

static int64_t integer(const struct json *object, const char *key)
{
	int64_t value = 0;

	json_int(json_get(object, key), &value);
	return value;
}

static void add_entry(scmp_filter_ctx context, const struct json *entry)
{
	uint32_t action = SCMP_ACT_ALLOW;
	struct scmp_arg_cmp args[6];
	unsigned count = 0;

	if (strcmp(json_string(entry, "action"), "SCMP_ACT_ERRNO") == 0)
		action = SCMP_ACT_ERRNO((uint16_t)integer(entry, "errnoRet"));
	json_each(arg, json_get(entry, "args"))
		args[count++] =
			(struct scmp_arg_cmp){(unsigned)integer(arg, "index"), SCMP_CMP_MASKED_EQ,
					      (uint64_t)integer(arg, "value"),
					      (uint64_t)integer(arg, "valueTwo")};
	json_each(name, json_get(entry, "names"))
		cr_assert_eq(seccomp_rule_add_array(context, action,
						    seccomp_syscall_resolve_name(name->text), count,
						    args),
			     0, "%s", name->text);
}

/* The library writes a foreign filter in the foreign order of bytes, and, where it uses an
 * action or a distance for the second time, swaps them back: so look which it is. */
static bool swapped(const struct sock_filter *at)
{
	uint32_t action = at->k & SECCOMP_RET_ACTION_FULL;

	if (at->code == (BPF_RET | BPF_K))
		return action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_ERRNO;
	return at->code != (BPF_JMP | BPF_JA) || at->k > FILTER_MAX;
}

static void to_native(struct filter *filter)
{
	if (filter->arch != SECCOMP_S390X)
		return;
	for (size_t i = 0; i < filter->len; i++) {
		struct sock_filter *at = &filter->code[i];

		at->code = __builtin_bswap16(at->code);
		if (swapped(at))
			at->k = __builtin_bswap32(at->k);
	}
}

static struct filter *filter_new(const char *profile, const char *arch)
{
	static struct filter filter;
	json_auto struct json_doc *doc = json_new("t");
	const struct json *object = builtin(doc, profile, arch);
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int fd = memfd_create("filter", MFD_CLOEXEC);
	ssize_t bytes;

	filter.arch = names_arch(arch);
	filter.token = tokens[filter.arch];
	if (filter.token != seccomp_arch_native()) {
		cr_assert_eq(seccomp_arch_remove(context, SCMP_ARCH_NATIVE), 0);
		cr_assert_eq(seccomp_arch_add(context, filter.token), 0);
	}
	json_each(entry, json_get(object, "syscalls"))
		add_entry(context, entry);
	cr_assert_eq(seccomp_export_bpf(context, fd), 0);
	bytes = pread(fd, filter.code, sizeof(filter.code), 0);
	cr_assert_gt(bytes, 0);
	filter.len = (size_t)bytes / sizeof(filter.code[0]);
	close(fd);
	seccomp_release(context);
	to_native(&filter);
	return &filter;
}

struct data {
	uint32_t nr, arch;
	uint64_t args[6];
};

/* A 32-bit word of struct seccomp_data. */
static uint32_t word(const struct filter *filter, const struct data *data, uint32_t offset)
{
	bool high = (offset % 8 != 0) == (filter->arch != SECCOMP_S390X);
	uint64_t arg;

	if (offset == offsetof(struct seccomp_data, nr))
		return data->nr;
	if (offset == offsetof(struct seccomp_data, arch))
		return data->arch;
	cr_assert(offset >= 16 && offset < 64, "load at %u", offset);
	arg = data->args[(offset - 16) / 8];
	return (uint32_t)(high ? arg >> 32 : arg);
}

static bool jumps(const struct sock_filter *at, uint32_t a)
{
	switch (BPF_OP(at->code)) {
	case BPF_JEQ:
		return a == at->k;
	case BPF_JGT:
		return a > at->k;
	case BPF_JGE:
		return a >= at->k;
	default:
		cr_assert_fail("jump %#x", at->code);
		return false;
	}
}

static int answered(uint32_t action)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
		return 0;
	case SECCOMP_RET_ERRNO:
		return (int)(action & SECCOMP_RET_DATA);
	default:
		return KILLED;
	}
}

static int run(const struct filter *filter, const struct data *data)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < filter->len; pc++) {
		const struct sock_filter *at = &filter->code[pc];

		if (at->code == (BPF_LD | BPF_W | BPF_ABS))
			a = word(filter, data, at->k);
		else if (at->code == (BPF_ALU | BPF_AND | BPF_K))
			a &= at->k;
		else if (at->code == (BPF_JMP | BPF_JA))
			pc += at->k;
		else if (BPF_CLASS(at->code) == BPF_JMP)
			pc += jumps(at, a) ? at->jt : at->jf;
		else if (at->code == (BPF_RET | BPF_K))
			return answered(at->k);
		else
			cr_assert_fail("instruction %#x", at->code);
	}
	cr_assert_fail("fell off the end");
	return -1;
}

/* What the filter answers to a call by name; ENOSYS for one that is not there. */
static int filtered(const struct filter *filter, const char *call, const uint64_t args[6])
{
	int nr = seccomp_syscall_resolve_name_arch(filter->token, call);
	struct data data = {.arch = filter->token};

	if (nr < 0)
		return ENOSYS;
	data.nr = (uint32_t)nr;
	memcpy(data.args, args, sizeof(data.args));
	return run(filter, &data);
}

/* Arguments around everything that a rule asks about, with the high half set too. */
static const uint64_t values[] = {
	0,	    1,		2,	    3,		5,	    6,		9,
	10,	    15,		16,	    17,		30,	    33,		38,
	40,	    58,		63,	    64,		132,	    136,	255,
	256,	    262,	0x801,	    0x80801,	0x80002,    0x80003,	0x80006,
	0x541B,	    0x5401,	0x5412,	    0x541C,	0x5423,	    0x541D,	0x8912,
	0x8914,	    0x8946,	0x1FF,	    010644,	020644,	    060644,	0100644,
	0120644,    0140644,	0x00020000, 0x02000011, 0x04000000, 0x08000000, 0x10000011,
	0x20000000, 0x40000000, 0x7E020000, 0x3D0F00,	0x1200011,  0x4111,	0x40045431,
	0x80045430, 0x80086601, 0x53564D41, 0x59616D61, UINT32_MAX,
};

static void compare(const struct filter *filter, const struct json *object, const char *call,
		    const uint64_t args[6])
{
	cr_assert_eq(filtered(filter, call, args), verdict(object, call, args),
		     "%s(%#lx, %#lx, %#lx): filter %d, profile %d", call, args[0], args[1], args[2],
		     filtered(filter, call, args), verdict(object, call, args));
}

static void compare_both(const struct filter *filter, const struct json *object, const char *call,
			 uint64_t a, uint64_t b, uint64_t c)
{
	const uint64_t low[6] = {a, b, c};
	const uint64_t high[6] = {a | 1ULL << 32, b | 1ULL << 63, c | 0xFFFFFFFFULL << 32};

	compare(filter, object, call, low);
	compare(filter, object, call, high);
}

/* Each value as each argument; for sockets all three together. */
static void compare_call(const struct filter *filter, const struct json *object, const char *call)
{
	static const uint64_t types[] = {0, 1, 2, 3, 6, 0x80801};
	size_t pairs = strncmp(call, "socket", 6) == 0 ? hr_count(values) * hr_count(types) : 0;

	for (size_t i = 0; i < hr_count(values); i++) {
		compare_both(filter, object, call, values[i], 0, 0);
		compare_both(filter, object, call, 0, values[i], 0);
		compare_both(filter, object, call, 0, 0, values[i]);
		for (size_t j = 0; j < pairs; j++)
			compare_both(filter, object, call, values[i], types[j % hr_count(types)],
				     values[j / hr_count(types)]);
	}
}

static const char *const conditional[] = {
	"clone", "socket", "socketpair", "prctl", "ioctl", "mknod", "mknodat",
};

/* What libseccomp makes of the rules, where its tree reads them in its own order, is what
 * they say one by one. */
Test(seccomp_filter, answers_as_the_profile_is_written, .timeout = 300)
{
	each_built_in(profile, arch)
	{
		json_auto struct json_doc *doc = json_new("t");
		const struct json *object = builtin(doc, profile, arch);
		const struct filter *filter = filter_new(profile, arch);

		for (size_t i = 0; i < hr_count(conditional); i++)
			if (names_on(conditional[i], filter->arch) &&
			    seccomp_syscall_resolve_name_arch(filter->token, conditional[i]) >= 0)
				compare_call(filter, object, conditional[i]);
	}
}

/* Every number, without arguments: nothing is open that was not listed. */
Test(seccomp_filter, opens_no_other_number)
{
	each_built_in(profile, arch)
	{
		json_auto struct json_doc *doc = json_new("t");
		const struct json *object = builtin(doc, profile, arch);
		const struct filter *filter = filter_new(profile, arch);

		for (uint32_t nr = 0; nr < 2048; nr++) {
			const uint64_t args[6] = {0};
			struct data data = {.nr = nr, .arch = filter->token};
			hr_autofree char *name =
				seccomp_syscall_resolve_num_arch(filter->token, (int)nr);
			int expected = name ? verdict(object, name, args) : ENOSYS;

			/* Multiplexers come with what they carry; 0 is none of it. */
			cr_expect_eq(run(filter, &data), expected, "%s %s: %u %s: %d", profile,
				     arch, nr, name ? name : "", run(filter, &data));
		}
	}
}

Test(seccomp_filter, kills_calls_of_another_architecture)
{
	each_built_in(profile, arch)
	{
		const struct filter *filter = filter_new(profile, arch);

		for (uint32_t nr = 0; nr < 600; nr++) {
			const struct data i386 = {.nr = nr, .arch = AUDIT_ARCH_I386};
			const struct data x32 = {.nr = nr | 0x40000000, .arch = filter->token};
			int answer = run(filter, &x32);

			cr_expect_eq(run(filter, &i386), KILLED, "%s %s: %u", profile, arch, nr);
			cr_expect(answer == KILLED || answer == ENOSYS, "%s %s: %u", profile, arch,
				  nr);
		}
	}
}

/* The kernel takes 4096 instructions, and every one costs time. */
Test(seccomp_filter, stays_short)
{
	each_built_in(profile, arch) cr_expect_lt(filter_new(profile, arch)->len, 850, "%s %s: %zu",
						  profile, arch, filter_new(profile, arch)->len);
}

static const struct {
	const char *call;
	int expected;
	uint64_t args[6];
} probes[] = {
#define ANSWER(call, error, a, b, c) {#call, error, {a, b, c}},
#include "../seccomp/probes.def"
};

/* The vectors of the escape corpus that end here, where calls and numbers are common. */
Test(seccomp_filter, answers_the_known_ways_out)
{
	for (size_t a = 0; a < 3; a++) {
		const struct filter *filter = filter_new("default", arches[a]);

		for (size_t i = 0; i < hr_count(probes); i++) {
			int nr = seccomp_syscall_resolve_name_arch(filter->token, probes[i].call);

			if (nr >= 0)
				cr_expect_eq(filtered(filter, probes[i].call, probes[i].args),
					     probes[i].expected, "%s: %s(%#lx, %#lx, %#lx): %d",
					     arches[a], probes[i].call, probes[i].args[0],
					     probes[i].args[1], probes[i].args[2],
					     filtered(filter, probes[i].call, probes[i].args));
		}
	}
}
