/* SPDX-License-Identifier: Apache-2.0 */
/* The watched form of a filter, what the judge says, and the names of calls. */
#include "seccomp_profiles.h"
#include "unit.h"

#include "seccomp/names.h"
#include "seccomp/recording.h"

#include <errno.h>
#include <linux/audit.h>
#include <sys/syscall.h>

#define SOCKET "/run/hardrun/try/1/seccomp"

static struct seccomp_filter *lowered(const char *text, const char *arch)
{
	struct seccomp_source *source = parsed(text);
	struct seccomp_filter *filter = NULL;
	struct hr_error err = {0};

	cr_assert_eq(seccomp_lower(source, arch, &filter, &err), 0, "%s: %s", text, err.msg);
	seccomp_source_free(source);
	return filter;
}

static const struct json *written(const struct seccomp_filter *filter, const char *arch,
				  enum seccomp_watch watch, const char *const *also,
				  struct json_doc *doc)
{
	struct json *object = NULL;
	struct hr_error err = {0};

	cr_assert_eq(seccomp_write_watched(filter, arch, watch, also, SOCKET, doc, &object, &err),
		     0, "%s", err.msg);
	return object;
}

/* The entry of calls that are handed over; there is one, without conditions. */
static const struct json *notified(const struct json *object)
{
	const struct json *found = NULL;

	json_each(entry, json_get(object, "syscalls")) {
		if (strcmp(json_string(entry, "action"), "SCMP_ACT_NOTIFY") != 0)
			continue;
		cr_expect_null(found, "one entry for all");
		cr_expect_eq(json_count(entry), 2, "names and action alone");
		found = json_get(entry, "names");
	}
	return found;
}

static bool is_notified(const struct json *object, const char *call)
{
	return json_has_string(notified(object), call);
}

Test(seccomp_watched, has_the_frame_of_every_filter_and_the_socket)
{
	json_auto struct json_doc *doc = json_new("t");
	seccomp_filter_auto struct seccomp_filter *filter = lowered("include default", "x86_64");
	const struct json *object = written(filter, "x86_64", SECCOMP_WATCH_REFUSED, NULL, doc);
	int64_t error = 0;

	cr_expect_str_eq(json_string(object, "defaultAction"), "SCMP_ACT_ERRNO");
	cr_expect(json_int(json_get(object, "defaultErrnoRet"), &error) && error == ENOSYS);
	cr_expect_eq(json_count(json_get(object, "architectures")), 1);
	cr_expect(json_has_string(json_get(object, "architectures"), "SCMP_ARCH_X86_64"));
	cr_expect_eq(json_count(json_get(object, "flags")), 0);
	cr_expect_not_null(json_get(object, "flags"));
	cr_expect_str_eq(json_string(object, "listenerPath"), SOCKET);
}

/* Every call that is refused, for some arguments or all, on every architecture and profile. */
Test(seccomp_watched, hands_over_every_call_that_is_refused)
{
	each_built_in(profile, arch)
	{
		json_auto struct json_doc *doc = json_new("t");
		seccomp_filter_auto struct seccomp_filter *filter = NULL;
		const struct json *object, *plain = builtin(doc, profile, arch);
		char text[64], name[NAMES_SIZE];
		size_t refused = 0;

		snprintf(text, sizeof(text), "include %s", profile);
		filter = lowered(text, arch);
		object = written(filter, arch, SECCOMP_WATCH_REFUSED, NULL, doc);
		for (int nr = 0; nr < NAMES_NUMBERS; nr++) {
			bool open, watched;

			if (!names_numbered(nr, names_arch(arch), name))
				continue;
			open = reachable(plain, name) && rules_for(plain, name) == 1;
			/* One rule that has conditions is a refusal for all others. */
			json_each(entry, json_get(plain, "syscalls"))
				if (json_get(entry, "args") &&
				    json_has_string(json_get(entry, "names"), name))
					open = false;
			watched = is_notified(object, name);
			/* What returns from signals is never handed over. */
			open |= strcmp(name, "sigreturn") == 0;
			cr_expect_eq(watched, !open, "%s %s: %s", profile, arch, name);
			cr_expect_eq(rules_for(object, name), watched || reachable(plain, name),
				     "%s %s: %s", profile, arch, name);
			refused += watched;
		}
		cr_expect_gt(refused, 90, "%s %s: %zu", profile, arch, refused);
	}
}

Test(seccomp_watched, watches_what_is_asked_about_arguments_whole)
{
	static const char *const calls[] = {"clone",   "ioctl",	     "prctl",	   "socket",
					    "mknod",   "setsockopt", "socketpair", "seccomp",
					    "mknodat", "arch_prctl", "mount",	   "clone3"};
	json_auto struct json_doc *doc = json_new("t");
	seccomp_filter_auto struct seccomp_filter *filter = lowered("include default", "x86_64");
	const struct json *object = written(filter, "x86_64", SECCOMP_WATCH_REFUSED, NULL, doc);

	for (size_t i = 0; i < hr_count(calls); i++)
		cr_expect(is_notified(object, calls[i]) && rules_for(object, calls[i]) == 1, "%s",
			  calls[i]);
	cr_expect_not(is_notified(object, "openat"));
	cr_expect_not(is_notified(object, "getpid"));
}

Test(seccomp_watched, watches_what_is_named_besides)
{
	static const char *const also[] = {"openat",	   "chown",	 "write",
					   "rt_sigreturn", "frobnicate", NULL};
	json_auto struct json_doc *doc = json_new("t");
	seccomp_filter_auto struct seccomp_filter *filter = lowered("include default", "x86_64");
	const struct json *object = written(filter, "x86_64", SECCOMP_WATCH_REFUSED, also, doc);

	cr_expect(is_notified(object, "openat") && rules_for(object, "openat") == 1);
	cr_expect(is_notified(object, "chown"));
	cr_expect_not(is_notified(object, "write"));
	cr_expect(reachable(object, "write"));
	cr_expect_not(is_notified(object, "rt_sigreturn"));
	cr_expect_not(is_notified(object, "frobnicate"));
}

/* Not even where the filter refuses it, or asks about it: what it says stays. */
Test(seccomp_watched, never_hands_write_over)
{
	static const char *const sources[] = {"allow read", "answer EPERM write",
					      "allow write where arg0 is 1 2"};

	for (size_t i = 0; i < hr_count(sources); i++) {
		json_auto struct json_doc *doc = json_new("t");
		seccomp_filter_auto struct seccomp_filter *filter = lowered(sources[i], "x86_64");
		const struct json *plain = compiled(doc, sources[i], "x86_64");
		const struct json *object = written(filter, "x86_64", SECCOMP_WATCH_ALL, NULL, doc);
		const uint64_t one[6] = {1}, three[6] = {3};

		cr_expect_not(is_notified(object, "write"), "%s", sources[i]);
		cr_expect_eq(verdict(object, "write", one), verdict(plain, "write", one), "%s",
			     sources[i]);
		cr_expect_eq(verdict(object, "write", three), verdict(plain, "write", three), "%s",
			     sources[i]);
	}
}

Test(seccomp_watched, watches_all_but_the_floor)
{
	json_auto struct json_doc *doc = json_new("t");
	seccomp_filter_auto struct seccomp_filter *filter = lowered("include default", "x86_64");
	const struct json *object = written(filter, "x86_64", SECCOMP_WATCH_ALL, NULL, doc);
	char name[NAMES_SIZE];

	for (int nr = 0; nr < NAMES_NUMBERS; nr++) {
		if (!names_numbered(nr, SECCOMP_X86_64, name))
			continue;
		if (strcmp(name, "write") == 0 || strcmp(name, "rt_sigreturn") == 0 ||
		    strcmp(name, "restart_syscall") == 0)
			continue;
		cr_expect_eq(is_notified(object, name), !text_in(name, seccomp_floor), "%s", name);
	}
	for (size_t i = 0; seccomp_floor[i]; i++)
		cr_expect(reachable(object, seccomp_floor[i]) ||
				  !reachable(builtin(doc, "default", "x86_64"), seccomp_floor[i]),
			  "%s", seccomp_floor[i]);
}

/* A floor that the filter refuses is seen all the same. */
Test(seccomp_watched, watches_the_floor_where_it_is_refused)
{
	json_auto struct json_doc *doc = json_new("t");
	seccomp_filter_auto struct seccomp_filter *filter = lowered("allow write", "x86_64");

	cr_expect(is_notified(written(filter, "x86_64", SECCOMP_WATCH_ALL, NULL, doc), "read"));
}

/* --- The judge; against compiled filters: tests/seccomp/judge.c ------------------------- */

static const struct {
	const char *call;
	bool passes;
	unsigned error, asked;
	uint64_t args[6];
} judged[] = {
	{"getpid", true, 0, 0, {0}},
	{"mount", false, EPERM, 0, {0}},
	{"clone3", false, ENOSYS, 0, {0}},
	{"frobnicate", false, ENOSYS, 0, {0}},
	{"socket", true, 0, 7, {1, 1, 0}},
	{"socket", false, EAFNOSUPPORT, 7, {38, 5, 0}},
	{"socket", false, EPERM, 7, {2, 3, 1}},
	{"socket", false, EPROTONOSUPPORT, 7, {2, 0x80001, 132}},
	/* An int by its low half. */
	{"socket", true, 0, 7, {0x500000001, 1, 0}},
	{"clone", true, 0, 1, {0x3D0F00}},
	{"clone", false, EPERM, 1, {0x10000011}},
	{"ioctl", true, 0, 2, {0, 0x5401}},
	{"ioctl", true, 0, 2, {0, 0xFFFFFFFF80045430}},
	{"ioctl", false, EPERM, 2, {0, 0x5412}},
	{"ioctl", false, ENOSYS, 2, {0, 0xDEAD}},
	{"setsockopt", false, ENOPROTOOPT, 6, {3, 6, 31}},
	{"setsockopt", true, 0, 6, {3, 1, 31}},
};

static void check_judged(const void *row, size_t at)
{
	seccomp_filter_auto struct seccomp_filter *filter =
		lowered("include default", seccomp_native());
	struct seccomp_judgement judgement;

	(void)row;
	seccomp_judge(filter, judged[at].call, judged[at].args, &judgement);
	cr_expect_eq(judgement.passes, judged[at].passes, "%s", judged[at].call);
	cr_expect_not(judgement.kills);
	cr_expect_eq(judgement.error, judged[at].error, "%s: %u", judged[at].call, judgement.error);
	cr_expect_eq(judgement.asked, judged[at].asked, "%s: %#x", judged[at].call,
		     judgement.asked);
}
ROWS(seccomp_watched, judged)

Test(seccomp_watched, says_where_a_filter_kills)
{
	static const char text[] =
		"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38, \"syscalls\": ["
		"{\"names\": [\"uname\"], \"action\": \"SCMP_ACT_KILL_PROCESS\"},"
		"{\"names\": [\"times\"], \"action\": \"SCMP_ACT_TRAP\"},"
		"{\"names\": [\"sysinfo\"], \"action\": \"SCMP_ACT_LOG\"}]}";
	const struct seccomp_host host = {.arch = seccomp_native()};
	const uint64_t args[6] = {0};
	json_auto struct json_doc *doc = NULL, *to = json_new("t");
	seccomp_filter_auto struct seccomp_filter *filter = NULL;
	struct seccomp_judgement judgement;
	struct hr_error err = {0};

	cr_assert_ok(json_parse("t", text, strlen(text), false, &doc, &err), err);
	cr_assert_ok(seccomp_read(json_root(doc), &host, &filter, &err), err);
	seccomp_judge(filter, "uname", args, &judgement);
	cr_expect(judgement.kills && !judgement.passes);
	seccomp_judge(filter, "times", args, &judgement);
	cr_expect(judgement.kills && !judgement.passes);
	seccomp_judge(filter, "sysinfo", args, &judgement);
	cr_expect(!judgement.kills && judgement.passes && judgement.error == 0);
	cr_expect(is_notified(written(filter, seccomp_native(), SECCOMP_WATCH_REFUSED, NULL, to),
			      "uname"));
	cr_expect_not(is_notified(
		written(filter, seccomp_native(), SECCOMP_WATCH_REFUSED, NULL, to), "sysinfo"));
}

/* Of a filter that was read: of rules that hold for the same arguments. */
Test(seccomp_watched, takes_the_strictest_of_the_rules_that_hold)
{
	static const char text[] =
		"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38, \"syscalls\": ["
		"{\"names\": [\"kill\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": ["
		"{\"index\": 0, \"value\": 9, \"op\": \"SCMP_CMP_LT\"}]},"
		"{\"names\": [\"kill\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 13, "
		"\"args\": ["
		"{\"index\": 1, \"value\": 9, \"op\": \"SCMP_CMP_EQ\"}]}]}";
	static const struct {
		uint64_t args[6];
		unsigned error;
	} points[] = {{{8, 8}, 0}, {{8, 9}, EACCES}, {{9, 9}, EACCES}, {{9, 8}, ENOSYS}};
	const struct seccomp_host host = {.arch = seccomp_native()};
	json_auto struct json_doc *doc = NULL;
	seccomp_filter_auto struct seccomp_filter *filter = NULL;
	struct hr_error err = {0};

	cr_assert_ok(json_parse("t", text, strlen(text), false, &doc, &err), err);
	cr_assert_ok(seccomp_read(json_root(doc), &host, &filter, &err), err);
	for (size_t i = 0; i < hr_count(points); i++) {
		struct seccomp_judgement judgement;

		seccomp_judge(filter, "kill", points[i].args, &judgement);
		cr_expect_eq(judgement.error, points[i].error, "%zu: %u", i, judgement.error);
		cr_expect_eq(judgement.passes, points[i].error == 0);
		cr_expect_eq(judgement.asked, 3);
	}
}

/* --- Names -------------------------------------------------------------------------------- */

Test(seccomp_watched, knows_calls_by_number)
{
	char name[NAMES_SIZE];

	cr_expect_str_eq(seccomp_call_name(SYS_socket, seccomp_native(), name), "socket");
	cr_expect_str_eq(seccomp_call_name(165, "x86_64", name), "mount");
	cr_expect_str_eq(seccomp_call_name(40, "aarch64", name), "mount");
	cr_expect_null(seccomp_call_name(1023, "x86_64", name));
	cr_expect_null(seccomp_call_name(-1, "x86_64", name));
	cr_expect_null(seccomp_call_name(-101, "s390x", name));
	cr_expect_null(seccomp_call_name(0, "mips", name));
	cr_expect_null(seccomp_call_name(0x40000000, "x86_64", name));
}

Test(seccomp_watched, knows_architectures_as_the_kernel_counts_them)
{
	cr_expect_eq(seccomp_audit_arch("x86_64"), AUDIT_ARCH_X86_64);
	cr_expect_eq(seccomp_audit_arch("aarch64"), AUDIT_ARCH_AARCH64);
	cr_expect_eq(seccomp_audit_arch("riscv64"), AUDIT_ARCH_RISCV64);
	cr_expect_eq(seccomp_audit_arch("ppc64le"), AUDIT_ARCH_PPC64LE);
	cr_expect_eq(seccomp_audit_arch("s390x"), AUDIT_ARCH_S390X);
	cr_expect_eq(seccomp_audit_arch("mips"), 0);
}
