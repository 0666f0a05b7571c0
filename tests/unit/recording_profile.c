/* SPDX-License-Identifier: Apache-2.0 */
/* The profiles that are made of recordings. */
#include "recording_make.h"
#include "unit.h"

#include <errno.h>

TestSuite(recording_profile, .timeout = 120);

/* --- Profiles -------------------------------------------------------------------------- */

/* What was seen, where the base asks; nothing else. */
Test(recording_profile, arguments)
{
	seccomp_filter_auto struct seccomp_filter *base = base_of("default"), *filter = NULL;
	recording_auto struct recording *recording = new_recording();

	add(recording, base, "socket", 2, 0x80001, 0);
	add(recording, base, "socket", 38, 5, 0);
	add(recording, base, "ioctl", 0, 0xFFFFFFFF80045430, 0);
	add(recording, base, "prctl", 15, 0, 0);
	add(recording, base, "clone", 0x3d0f00, 0, 0);
	add(recording, base, "clone", 0x10000000, 0, 0);
	filter = learned(recording, base, true, NULL, NULL);
	check_within(filter, base);
	cr_expect(passes(filter, "socket", 2, 1, 0));
	cr_expect(passes(filter, "socket", 2, 0x801, 0), "flags of the type are not asked about");
	cr_expect_not(passes(filter, "socket", 10, 1, 0));
	cr_expect_not(passes(filter, "socket", 2, 2, 0));
	cr_expect_not(passes(filter, "socket", 2, 1, 6));
	cr_expect_not(passes(filter, "socket", 1, 1, 0));
	cr_expect_eq(answer(filter, "socket", 38, 5, 0), EAFNOSUPPORT);
	cr_expect(passes(filter, "ioctl", 0, 0x80045430, 0));
	cr_expect_not(passes(filter, "ioctl", 0, 0x5401, 0));
	cr_expect_eq(answer(filter, "ioctl", 0, 0x5412, 0), EPERM);
	cr_expect(passes(filter, "prctl", 15, 0, 0));
	cr_expect_not(passes(filter, "prctl", 4, 0, 0));
	cr_expect(passes(filter, "clone", 0x1200011, 0, 0), "the base's condition");
	cr_expect_eq(answer(filter, "clone", 0x10000000, 0, 0), EPERM);
	cr_expect_eq(answer(filter, "chroot", 0, 0, 0), EPERM);
	cr_expect_eq(answer(filter, "keyctl", 0, 0, 0), ENOSYS);
}

/* Above the values that are kept, it is all that the base lets through. */
Test(recording_profile, more_values)
{
	seccomp_filter_auto struct seccomp_filter *base = base_of("default"), *filter = NULL;
	recording_auto struct recording *recording = new_recording(), *again = NULL;
	hr_autofree char *text = NULL;

	for (uint64_t i = 0; i < RECORDING_VALUES; i++)
		add(recording, base, "setsockopt", 3, 1000 + i, 2);
	add(recording, base, "setsockopt", 3, 1000, 2);
	filter = learned(recording, base, true, NULL, NULL);
	cr_expect_not(passes(filter, "setsockopt", 3, 1, 9), "256 are kept");
	seccomp_filter_free(hr_steal(filter));
	add(recording, base, "setsockopt", 3, 1, 3);
	text = written(recording);
	again = read_back(text);
	filter = learned(again, base, true, NULL, NULL);
	cr_expect(passes(filter, "setsockopt", 3, 1, 9));
	cr_expect_not(passes(filter, "setsockopt", 3, 6, 31));
	check_within(filter, base);
}

/* Another base than the one that it was recorded under. */
Test(recording_profile, other_base)
{
	seccomp_filter_auto struct seccomp_filter *base = base_of("default"), *other = NULL,
						  *filter = NULL;
	recording_auto struct recording *recording = new_recording();

	other = lowered("allow read write where arg0 is 1 2\nallow mkdir\nanswer EPERM rmdir\n");
	add(recording, base, "write", 7, 0, 0);
	add(recording, base, "mkdir", 7, 0, 0);
	add(recording, base, "rmdir", 7, 0, 0);
	filter = learned(recording, other, false, NULL, NULL);
	check_within(filter, other);
	cr_expect(passes(filter, "write", 1, 0, 0), "what was not kept is the base's");
	cr_expect_not(passes(filter, "write", 7, 0, 0));
	cr_expect(passes(filter, "mkdir", 0, 0, 0));
	cr_expect_eq(answer(filter, "rmdir", 0, 0, 0), EPERM);
	cr_expect_not(passes(filter, "openat", 0, 0, 0));
}

/* A base in the form of the runtime-spec, with operators that a source does not have. */
Test(recording_profile, json_base)
{
	static const char text[] =
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\","
		"\"SCMP_ARCH_AARCH64\",\"SCMP_ARCH_RISCV64\",\"SCMP_ARCH_PPC64LE\",\"SCMP_ARCH_"
		"S390X\"],\"syscalls\":[{\"names\":[\"read\",\"execve\"],\"action\":\"SCMP_ACT_"
		"ALLOW\"},{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{"
		"\"index\":0,\"value\":40,\"op\":\"SCMP_CMP_NE\"}]},{\"names\":[\"personality\"],"
		"\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":8,\"op\":\"SCMP_"
		"CMP_EQ\"}]}]}";
	const struct seccomp_host host = {.arch = seccomp_native()};
	seccomp_filter_auto struct seccomp_filter *base = NULL, *filter = NULL;
	recording_auto struct recording *recording = new_recording();
	json_auto struct json_doc *doc = NULL;
	struct hr_error err = {0};

	cr_assert_eq(json_parse("b", text, strlen(text), false, &doc, &err), 0, "%s", err.msg);
	cr_assert_eq(seccomp_read(json_root(doc), &host, &base, &err), 0, "%s", err.msg);
	add(recording, base, "socket", 2, 1, 0);
	add(recording, base, "socket", 40, 1, 0);
	add(recording, base, "personality", 8, 0, 0);
	filter = learned(recording, base, true, NULL, NULL);
	cr_expect(passes(filter, "socket", 2, 1, 0));
	cr_expect_not(passes(filter, "socket", 40, 1, 0));
	cr_expect_not(passes(filter, "socket", 3, 1, 0));
	cr_expect(passes(filter, "personality", 8, 0, 0));
	cr_expect_not(passes(filter, "personality", 0, 0, 0));
}

/* A title cannot become a statement, an unfinished recording says so, reasons are told. */
Test(recording_profile, words)
{
	seccomp_filter_auto struct seccomp_filter *base = base_of("default"), *filter = NULL;
	recording_auto struct recording *recording = new_recording();
	text_auto struct text source = {0}, why = {0};

	recording_say(recording, "image", "x\nallow reboot");
	recording_complete(recording, false);
	add(recording, base, "openat", 0, 0, 0);
	add(recording, base, "chroot", 0, 0, 0);
	filter = learned(recording, base, false, &source, &why);
	cr_expect_not(passes(filter, "reboot", 0, 0, 0));
	cr_expect(strstr(source.data, "NOT complete"), "%s", source.data);
	cr_expect(strstr(source.data, " chroot"), "what was refused is named");
	cr_expect(strstr(why.data, "openat\tmeasured\t1\tprogram\n"), "%s", why.data);
	cr_expect(strstr(why.data, "execve\truntime\t0\t\n"), "%s", why.data);
	cr_expect(strstr(why.data, "brk\tfloor\t0\t\n"), "%s", why.data);
	cr_expect_not(strstr(why.data, "chroot"), "%s", why.data);
}

/* --- Measured applications ------------------------------------------------------------- */

struct sample {
	const char *call;
	uint64_t args[3];
};

static const struct sample samples[] = {
	{"socket", {1, 1, 0}},	   {"socket", {2, 1, 0}},	{"socket", {16, 3, 0}},
	{"ioctl", {0, 0x5401, 0}}, {"ioctl", {0, 0x5413, 0}},	{"prctl", {15, 0, 0}},
	{"clone", {0x11, 0, 0}},   {"setsockopt", {3, 1, 2}},	{"socketpair", {1, 1, 0}},
	{"mknod", {0, 0x1180, 0}}, {"mknodat", {0, 0, 0x1180}}, {"arch_prctl", {0x1002, 0, 0}},
};

static void add_measured(struct recording *recording, const struct seccomp_filter *base,
			 const char *call)
{
	bool sampled = false;

	for (size_t i = 0; i < hr_count(samples); i++) {
		const uint64_t *args = samples[i].args;

		if (strcmp(samples[i].call, call) != 0)
			continue;
		add(recording, base, call, args[0], args[1], args[2]);
		sampled = true;
	}
	if (!sampled)
		add(recording, base, call, 0, 0, 0);
}

static void check_contains(const struct seccomp_filter *filter, const struct seccomp_filter *base,
			   const char *call, const char *run)
{
	bool sampled = false;

	for (size_t i = 0; i < hr_count(samples); i++) {
		const uint64_t *args = samples[i].args;

		if (strcmp(samples[i].call, call) != 0)
			continue;
		sampled = true;
		cr_expect_eq(passes(filter, call, args[0], args[1], args[2]),
			     passes(base, call, args[0], args[1], args[2]), "%s: %s", run, call);
	}
	if (!sampled)
		cr_expect_eq(passes(filter, call, 0, 0, 0), passes(base, call, 0, 0, 0), "%s: %s",
			     run, call);
}

/* A profile has what was measured, stays within the base, and is small: at most `more` calls
 * above what was measured, families and runtime included. */
static void check_run(const struct json *run, const struct seccomp_filter *base, bool exact,
		      size_t more)
{
	recording_auto struct recording *recording = new_recording();
	seccomp_filter_auto struct seccomp_filter *filter = NULL;

	json_each(call, run)
		add_measured(recording, base, call->text);
	filter = learned(recording, base, exact, NULL, NULL);
	check_within(filter, base);
	json_each(call, run)
		check_contains(filter, base, call->text, run->key);
	cr_expect_leq(seccomp_filter_count(filter), json_count(run) + more, "%s: %zu of %zu",
		      run->key, seccomp_filter_count(filter), json_count(run));
}

Test(recording_profile, measured)
{
	json_auto struct json_doc *runs = lists_file("measured.json");
	seccomp_filter_auto struct seccomp_filter *base = base_of("default");

	if (strcmp(seccomp_native(), "x86_64") != 0)
		cr_skip("the runs were traced on x86_64");
	json_each(run, json_root(runs)) {
		check_run(run, base, true, 25);
		check_run(run, base, false, 28);
	}
}

/* Everyday servers stay below 82 calls, where Docker lets 308 through. */
Test(recording_profile, sizes)
{
	static const char *const small[] = {"bookworm/redis", "trixie/redis",	  "bookworm/nginx",
					    "trixie/nginx",   "trixie/memcached", "trixie/caddy",
					    "trixie/etcd",    "trixie/mosquitto", "trixie/musl"};
	json_auto struct json_doc *runs = lists_file("measured.json");
	seccomp_filter_auto struct seccomp_filter *base = base_of("default");

	if (strcmp(seccomp_native(), "x86_64") != 0)
		cr_skip("the runs were traced on x86_64");
	for (size_t i = 0; i < hr_count(small); i++) {
		recording_auto struct recording *recording = new_recording();
		seccomp_filter_auto struct seccomp_filter *filter = NULL;

		json_each(call, json_get(json_root(runs), small[i]))
			add_measured(recording, base, call->text);
		filter = learned(recording, base, false, NULL, NULL);
		cr_expect_leq(seccomp_filter_count(filter), 81, "%s: %zu", small[i],
			      seccomp_filter_count(filter));
	}
}
