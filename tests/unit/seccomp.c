/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp sources: what the parser refuses, and what the built-in profiles let through. */
#include "seccomp_profiles.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "load.h"
#include "seccomp/names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* --- The parser ---------------------------------------------------------------------- */

struct refused {
	const char *text;
	const char *message; /* from its beginning */
};

static const struct refused refused[] = {
	{"allow raed", "t:1:7: raed is no system call; did you mean read?"},
	{"allow read\n\twrite\n\trnname\n", "t:3:2: rnname is no system call; did you mean "},
	{"allow frobnicate_it", "t:1:7: frobnicate_it is no system call; correct it"},
	{"allow \x01\xFF", "t:1:7: \\x01\\xFF is no system call"},
	{"allow", "t:1:1: allow names no system call"},
	{"  allow read", "t:1:3: an indented line goes on with a statement"},
	{"# only\n\tread", "t:2:2: an indented line"},
	{"permit read", "t:1:1: permit begins no statement; write allow,"},
	{"allow read read", "t:1:12: read is allowed in line 1 already, without conditions"},
	{"allow read\nanswer EPERM read", "t:2:14: read is allowed in line 1 already"},
	{"answer EPERM mount\nallow mount", "t:2:7: mount is answered in line 1 already"},
	{"allow prctl where option is 1\nallow prctl",
	 "t:2:7: prctl is allowed in line 1 already, with conditions that this line would undo"},
	{"allow prctl\nallow prctl where option is 1", "t:2:7: prctl is allowed in line 1"},
	{"answer", "t:1:1: answer what? Write answer EPERM CALL..."},
	{"answer EWHAT read", "t:1:8: EWHAT is no error that can be answered"},
	{"answer ENOSYS read", "t:1:8: ENOSYS is the answer to all that is not listed"},
	{"answer EPERM", "t:1:1: answer names no system call"},
	{"answer EPERM rseq_slice_yield", "t:1:14: rseq_slice_yield is too young"},
	{"remove read", "t:1:8: nothing was said about read so far"},
	{"remove", "t:1:1: remove names no system call"},
	{"allow prctl\nremove prctl where option is 1", "t:2:14: remove takes no conditions"},
	{"group memlock mlock", "t:1:7: a group needs a name with @"},
	{"group", "t:1:1: a group needs a name with @"},
	{"group @a", "t:1:1: group names no system call"},
	{"group @aio mlock", "t:1:7: there is a group @aio already"},
	{"group @a prctl where option is 1\nallow @a where option is 2",
	 "t:2:7: @a has conditions of its own; leave where out"},
	{"group @a prctl where option is 1\ngroup @b @a", "t:2:10: @a has conditions"},
	{"allow @raw-net where domain is 2", "t:1:7: @raw-net has conditions of its own"},
	{"allow @b", "t:1:7: no group @b above this line; write group @b CALL..."},
	{"allow @default", "t:1:7: @default is a profile and no group; write include default"},
	{"include", "t:1:1: include what?"},
	{"include nothing", "t:1:9: nothing is no built-in profile; write include default"},
	{"include default restricted", "t:1:17: include takes one name"},
	{"allow read\ninclude default", "t:2:1: include comes first"},
	{"allow[x86_64 read", "t:1:14: the ] in front of read is missing"},
	{"allow[x86_64", "t:1:7: the list of architectures has no ]"},
	{"allow[] read", "t:1:7: no architecture is left"},
	{"allow[mips] read", "t:1:7: mips is no architecture of ours"},
	{"remove[x86_64] read", "t:1:7: remove is for all architectures"},
	{"allow prctl where", "t:1:13: an argument is missing behind where"},
	{"allow prctl where option", "t:1:19: option is or has what?"},
	{"allow prctl where option is", "t:1:26: is names no value"},
	{"allow prctl where option has", "t:1:26: has names no flag"},
	{"allow prctl where option over 3", "t:1:26: expected is VALUE... here, & MASK"},
	{"allow prctl where what is 3",
	 "t:1:19: what is no argument of prctl; it has option, arg0 to arg5"},
	{"allow prctl where option is PR_NOTHING", "t:1:29: PR_NOTHING is no value for option"},
	{"allow prctl where option is AF_UNIX", "t:1:29: AF_UNIX is no value for option"},
	{"allow prctl where option is 0x100000000", "t:1:29: 0x100000000 is no value"},
	{"allow prctl where option is -1", "t:1:29: -1 is no value"},
	{"allow prctl where option is 9..3", "t:1:29: 9..3 ends before it begins"},
	{"allow prctl where option is 3..", "t:1:29: 3.. is no value"},
	{"allow prctl where option & 7 is 8", "t:1:33: 8 has bits that the mask takes away"},
	{"allow prctl where option & 7 has 1", "t:1:30: expected is VALUE... here"},
	{"allow prctl where option &", "t:1:26: & has no mask behind it"},
	{"allow prctl where option & 7", "t:1:28: a mask needs is VALUE..."},
	{"allow clone where flags has CLONE_NEW_ANY", "t:1:29: has takes flags of a single bit"},
	{"allow clone where flags has 0", "t:1:29: has takes flags of a single bit"},
	{"allow prctl where option is 1 and", "t:1:19: an argument is missing behind and"},
	{"allow prctl where option is 1 and arg0 is 2",
	 "t:1:35: arg0 is asked about twice; runtimes take either for enough"},
	{"allow mknod ioctl where mode is 0", "t:1:13: ioctl has no argument mode"},
	{"allow mknod mknodat where mode is 0 and arg2 is 0",
	 "t:1:13: arg2 is asked about twice in mknodat; give it a line of its own"},
	{"allow clone where flags is 0 and arg1 is 0", "t:1:34: arg1 is asked about twice"},
	{"allow prctl where option & 0 is 0", "t:1:30: this is true of every value"},
	{"allow prctl where option is 0..0xFFFFFFFF", "t:1:26: this is true of every value"},
	{"allow prctl where option is 0..0x7FFFFFFF 0x80000000..0xFFFFFFFF",
	 "t:1:26: this is true of every value"},
};

Test(seccomp, refuses_what_it_does_not_understand)
{
	for (size_t i = 0; i < hr_count(refused); i++) {
		struct seccomp_source *source = NULL;
		struct hr_error err = {0};

		cr_expect_eq(seccomp_parse("t", refused[i].text, strlen(refused[i].text), &source,
					   &err),
			     -1, "%s", refused[i].text);
		cr_expect_eq(err.code, HR_POLICY, "%s", refused[i].text);
		cr_expect(text_starts(err.msg, refused[i].message), "%s: %s", refused[i].text,
			  err.msg);
		seccomp_source_free(source);
	}
}

/* Sound line by line, but runtimes would not read the rules as they are written. */
static const struct refused clashing[] = {
	{"allow socket where domain is 1\nallow socket where domain is 1",
	 "t:2:7: socket: line 1 and this: they have the same condition; keep one"},
	{"allow socket where domain is 1 2\nanswer EPERM socket where domain is 2..9",
	 "t:2:14: socket: line 1 and this: both can hold for the same arguments"},
	{"allow socket where domain is 1\nallow socket where domain is 1 and type is 1",
	 "t:2:7: socket: line 1 and this: one's condition is a part of the other's"},
	{"allow socket where domain is 1 and type is 1\n"
	 "answer EPERM socket where domain is 1 and protocol is 1",
	 "t:2:14: socket: line 1 and this: both can hold"},
	{"allow socket where domain is 2 and type is 1\n"
	 "allow socket where domain & 2 is 2 and type is 1",
	 "t:2:7: socket: line 1 and this: one's condition is a part"},
	{"allow socket where domain is 1\nanswer EACCES socket where type is 1",
	 "t:2:15: socket: line 1 and this: both can hold"},
};

Test(seccomp, refuses_rules_that_a_runtime_would_read_otherwise)
{
	for (size_t i = 0; i < hr_count(clashing); i++) {
		json_auto struct json_doc *doc = json_new("t");
		struct seccomp_source *source = NULL;
		struct json *object = NULL;
		struct hr_error err = {0};
		int rc = seccomp_parse("t", clashing[i].text, strlen(clashing[i].text), &source,
				       &err);

		if (rc == 0)
			rc = filter_compile(source, "x86_64", doc, &object, &err);
		cr_expect_eq(rc, -1, "%s", clashing[i].text);
		cr_expect(text_starts(err.msg, clashing[i].message), "%s: %s", clashing[i].text,
			  err.msg);
		seccomp_source_free(source);
	}
}

Test(seccomp, names_an_architecture_it_does_not_know)
{
	json_auto struct json_doc *doc = json_new("t");
	struct seccomp_source *source = parsed("allow read");
	struct hr_error err = {0};
	struct json *object;

	cr_expect_eq(filter_compile(source, "vax", doc, &object, &err), -1);
	cr_expect_str_eq(err.msg, "t: no seccomp profile for architecture vax");
	cr_expect_eq(filter_count(source, "vax"), 0);
	seccomp_source_free(source);
}

Test(seccomp, refuses_a_text_that_is_too_long)
{
	struct seccomp_source *source;
	struct hr_error err = {0};

	cr_expect_eq(seccomp_parse("t", "", (size_t)1 << 20, &source, &err), -1);
	cr_expect(text_starts(err.msg, "t: longer than 262144 bytes"), "%s", err.msg);
}

/* Every text that is cut somewhere is either read or refused with a message. */
Test(seccomp, survives_a_source_cut_anywhere)
{
	size_t len;
	const char *text = seccomp_builtin("default", &len);

	for (size_t cut = 0; cut < len; cut += 7) {
		hr_autofree char *copy = malloc(cut + 1);
		struct seccomp_source *source = NULL;
		struct hr_error err = {0};

		memcpy(copy, text, cut);
		if (seccomp_parse("t", copy, cut, &source, &err) < 0)
			cr_expect(text_starts(err.msg, "t:"), "cut at %zu: %s", cut, err.msg);
		seccomp_source_free(source);
	}
}

struct same {
	const char *a, *b;
};

/* Two ways to say one thing. */
static const struct same same[] = {
	{"allow read write", "allow read # both\n\n# and\n\twrite\r\n"},
	{"group @g read write\nallow @g close", "allow read write close"},
	{"allow prctl where option is 0 1 2 3", "allow prctl where option is 0..3"},
	{"allow prctl where option is 3 1 2 0 1..2", "allow prctl where option & 0xFFFFFFFC is 0"},
	{"allow mknod mknodat where mode & S_IFMT is S_IFREG",
	 "allow mknod where arg1 & 0xF000 is 0x8000\nallow mknodat where arg2 & 0170000 is 32768"},
	{"allow prctl where option is PR_SET_NAME\nremove prctl\nallow prctl", "allow prctl"},
	{"allow[not x86_64] read\nallow[x86_64] write", "allow[x86_64] write"},
	{"allow socket where type is 2 and domain is 1",
	 "allow socket where domain is 1 and type is 2"},
	{"allow clone where flags & CLONE_NEWNS|CLONE_NEWUSER is 0",
	 "allow clone where flags & 0x10020000 is 0"},
	{"allow clone where flags has CLONE_NEWNS",
	 "allow clone where flags & CLONE_NEWNS is CLONE_NEWNS"},
};

Test(seccomp, reads_what_means_the_same_alike)
{
	for (size_t i = 0; i < hr_count(same); i++) {
		json_auto struct json_doc *doc = json_new("t");
		const struct json *a = compiled(doc, same[i].a, "x86_64");
		const struct json *b = compiled(doc, same[i].b, "x86_64");
		hr_autofree char *left = load_dump(a), *right = load_dump(b);

		cr_expect_str_eq(left, right);
	}
}

Test(seccomp, lets_an_including_file_go_before_what_was_included)
{
	json_auto struct json_doc *doc = json_new("t");
	const struct json *object = compiled(doc,
					     "include default\n"
					     "allow ioctl where request is TIOCSTI 0x1234\n"
					     "answer EPERM read\n"
					     "answer EACCES prctl where option is PR_SET_NAME\n"
					     "allow @raw-net chroot\n"
					     "remove write mount @memlock\n",
					     "x86_64");

	cr_expect_eq(verdict(object, "ioctl", (uint64_t[6]){0, 0x1234}), 0);
	cr_expect_eq(verdict(object, "ioctl", (uint64_t[6]){0, 0x5412}), 0);
	cr_expect_eq(verdict(object, "ioctl", (uint64_t[6]){0, 0x5401}), 0);
	cr_expect_eq(verdict(object, "ioctl", (uint64_t[6]){0, 0x541C}), EPERM);
	cr_expect_eq(verdict(object, "ioctl", (uint64_t[6]){0, 0x9999}), ENOSYS);
	cr_expect_eq(verdict(object, "prctl", (uint64_t[6]){15}), EACCES);
	cr_expect_eq(verdict(object, "prctl", (uint64_t[6]){16}), 0);
	cr_expect_eq(verdict(object, "socket", (uint64_t[6]){17, 3, 0x300}), 0);
	cr_expect_eq(verdict(object, "socket", (uint64_t[6]){2, 3, 1}), 0);
	cr_expect_eq(verdict(object, "socket", (uint64_t[6]){2, 1, 6}), 0);
	cr_expect_eq(verdict(object, "socket", (uint64_t[6]){40, 1, 0}), EAFNOSUPPORT);
	cr_expect_eq(verdict(object, "setsockopt", (uint64_t[6]){3, 6, 31}), ENOPROTOOPT);
	cr_expect_eq(verdict(object, "setsockopt", (uint64_t[6]){3, 1, 31}), 0);
	cr_expect_eq(verdict(object, "setsockopt", (uint64_t[6]){3, 6, 1}), 0);
	cr_expect_eq(verdict(object, "chroot", (uint64_t[6]){0}), 0);
	cr_expect_eq(verdict(object, "read", (uint64_t[6]){0}), EPERM);
	cr_expect_eq(verdict(object, "write", (uint64_t[6]){0}), ENOSYS);
	cr_expect_eq(verdict(object, "mount", (uint64_t[6]){0}), ENOSYS);
	cr_expect_eq(verdict(object, "mlockall", (uint64_t[6]){0}), ENOSYS);
	cr_expect_eq(verdict(object, "close", (uint64_t[6]){0}), 0);
}

/* Lists of values are cut into blocks and folded: the meaning must stay. */
Test(seccomp, folds_values_without_changing_their_meaning)
{
	uint32_t seed = 4711;

	for (int round = 0; round < 300; round++) {
		json_auto struct json_doc *doc = json_new("t");
		text_auto struct text source = {0};
		bool member[600] = {false};
		const struct json *object;

		text_adds(&source, "allow prctl where option is");
		for (int word = 0; word < 1 + round % 40; word++) {
			uint32_t first, last;

			seed = seed * 1664525 + 1013904223;
			first = seed >> 8 & 511;
			last = first + (seed >> 20 & (round % 3 ? 0 : 63));
			text_addf(&source, " %u..%u", first, last);
			for (uint32_t value = first; value <= last; value++)
				member[value] = true;
		}
		object = compiled(doc, source.data, "x86_64");
		for (uint32_t value = 0; value < hr_count(member); value++)
			cr_assert_eq(verdict(object, "prctl", (uint64_t[6]){value}),
				     member[value] ? 0 : ENOSYS, "%s: %u", source.data, value);
	}
}

/* --- The built-in profiles ------------------------------------------------------------ */

/* On s390x clone takes its flags second; ppc64le has other ioctl numbers. */
Test(seccomp, minds_the_differences_between_architectures)
{
	json_auto struct json_doc *doc = json_new("t");
	const struct json *s390x = builtin(doc, "default", "s390x");
	const struct json *power = builtin(doc, "default", "ppc64le");
	const struct json *x86 = builtin(doc, "default", "x86_64");
	const uint64_t user = 0x10000000;

	cr_expect_eq(verdict(x86, "clone", (uint64_t[6]){user, 0}), EPERM);
	cr_expect_eq(verdict(x86, "clone", (uint64_t[6]){0, user}), 0);
	cr_expect_eq(verdict(s390x, "clone", (uint64_t[6]){0, user}), EPERM);
	cr_expect_eq(verdict(s390x, "clone", (uint64_t[6]){user, 0}), 0);
	cr_expect_eq(verdict(x86, "ioctl", (uint64_t[6]){0, 0x5401}), 0);
	cr_expect_eq(verdict(power, "ioctl", (uint64_t[6]){0, 0x5401}), ENOSYS);
	cr_expect_eq(verdict(power, "ioctl", (uint64_t[6]){0, 0x402C7413}), 0);
	cr_expect_eq(verdict(power, "ioctl", (uint64_t[6]){0, 0x5412}), EPERM);
	cr_expect_eq(verdict(power, "socket", (uint64_t[6]){40}), 0);
}

struct bound {
	const char *profile, *arch;
	size_t most;
};

static const struct bound bounds[] = {
	{"default", "x86_64", 250},
	{"restricted", "x86_64", 200},
	{"default", "aarch64", 210},
	{"restricted", "aarch64", 175},
};

/* The library may be too old for some; with the newest the bound must hold too. */
Test(seccomp, lets_no_more_calls_through_than_it_promises)
{
	json_auto struct json_doc *lists = lists_file("reachable.json");

	cr_assert_not_null(lists);
	for (size_t i = 0; i < hr_count(bounds); i++) {
		struct seccomp_source *source = builtin_source(bounds[i].profile);
		const struct json *list =
			json_get(json_get(json_root(lists), bounds[i].profile), bounds[i].arch);

		cr_expect_leq(filter_count(source, bounds[i].arch), bounds[i].most);
		cr_expect_leq(json_count(list), bounds[i].most);
		cr_expect_geq(json_count(list), filter_count(source, bounds[i].arch));
		seccomp_source_free(source);
	}
}

/* Those for one application are worth having only if they are narrow. */
Test(seccomp, keeps_the_ready_profiles_narrow)
{
	size_t seen = 0;
	const char *name;

	for (size_t i = 0; (name = seccomp_builtin_name(i)); i++) {
		struct seccomp_source *source;

		if (strcmp(name, "default") == 0 || strcmp(name, "restricted") == 0)
			continue;
		source = builtin_source(name);
		for (size_t a = 0; a < hr_count(arches); a++) {
			size_t count = filter_count(source, arches[a]);

			cr_expect(count > 20 && count <= 110, "%s on %s: %zu", name, arches[a],
				  count);
		}
		seccomp_source_free(source);
		seen++;
	}
	cr_expect_eq(seen, 8);
}

static void not_wider(enum seccomp_difference difference, const char *call, void *to)
{
	cr_expect(difference == SECCOMP_LOST || difference == SECCOMP_NARROWER ||
			  difference == SECCOMP_ANSWER,
		  "%s: %s", (const char *)to, call);
}

/* Whoever takes a narrower profile must not get more than default of anything. */
Test(seccomp, keeps_every_profile_within_default)
{
	seccomp_filter_auto struct seccomp_filter *whole = NULL;
	struct seccomp_source *source = builtin_source("default");
	struct hr_error err = {0};
	const char *name;

	cr_assert_eq(seccomp_lower(source, "x86_64", &whole, &err), 0);
	seccomp_source_free(source);
	for (size_t i = 0; (name = seccomp_builtin_name(i)); i++) {
		seccomp_filter_auto struct seccomp_filter *filter = NULL;
		text_auto struct text umask = {0};
		char copy[40];

		source = builtin_source(name);
		cr_assert_eq(seccomp_lower(source, "x86_64", &filter, &err), 0);
		snprintf(copy, sizeof(copy), "%s", name);
		cr_expect_eq(seccomp_diff(whole, filter, not_wider, copy, &err), 0);
		/* crun calls it behind the filter, and does not look at the answer. */
		seccomp_describe(filter, "umask", NULL, &umask);
		cr_expect_str_eq(umask.data, "allowed", "%s", name);
		seccomp_source_free(source);
	}
}

/* The reviewed lists: nothing more, nothing less. */
Test(seccomp, lets_through_what_was_reviewed)
{
	json_auto struct json_doc *lists = lists_file("reachable.json");

	each_built_in(profile, arch)
	{
		json_auto struct json_doc *doc = json_new("t");
		const struct json *object = builtin(doc, profile, arch);
		const struct json *list = json_get(json_get(json_root(lists), profile), arch);
		struct seccomp_source *source = builtin_source(profile);
		size_t known = 0;

		cr_assert_not_null(list, "%s %s", profile, arch);
		json_each(name, list) {
			bool there = names_on(name->text, names_arch(arch));

			known += there;
			cr_expect(there || names_recent(name->text), "%s %s: %s", profile, arch,
				  name->text);
			cr_expect_eq(reachable(object, name->text), there, "%s %s: %s", profile,
				     arch, name->text);
		}
		cr_expect_eq(known, filter_count(source, arch), "%s %s", profile, arch);
		seccomp_source_free(source);
	}
}

Test(seccomp, keeps_restricted_within_default)
{
	for (size_t a = 0; a < hr_count(arches); a++) {
		json_auto struct json_doc *doc = json_new("t");
		const struct json *wide = builtin(doc, "default", arches[a]);
		const struct json *narrow = builtin(doc, "restricted", arches[a]);

		json_each(entry, json_get(narrow, "syscalls"))
			if (strcmp(json_string(entry, "action"), "SCMP_ACT_ALLOW") == 0)
				json_each(name, json_get(entry, "names"))
					cr_expect(reachable(wide, name->text), "%s", name->text);
	}
}

/* Calls that were seen in a run and are refused on purpose; each program has another way. */
static const char *const refused_on_purpose[] = {
	"chroot", "clone3", "get_mempolicy", "io_uring_setup", "io_uring_enter", "keyctl", NULL,
};

Test(seccomp, lets_through_what_measured_services_call)
{
	json_auto struct json_doc *doc = json_new("t");
	json_auto struct json_doc *runs = lists_file("measured.json");
	const struct json *object = builtin(doc, "default", "x86_64");
	size_t count = 0;

	cr_assert_not_null(runs);
	json_each(run, json_root(runs)) {
		json_each(name, run) {
			bool refused_one = text_in(name->text, refused_on_purpose);
			bool nameless =
				names_recent(name->text) && !names_on(name->text, SECCOMP_X86_64);

			cr_expect_eq(reachable(object, name->text), !refused_one && !nameless,
				     "%s: %s", run->key, name->text);
		}
		count++;
	}
	cr_expect_eq(count, 85);
}

/* base/embed.sh, byte for byte. */
Test(seccomp, holds_the_files_as_they_are)
{
	for (size_t i = 0; i < hr_count(profiles); i++) {
		text_auto struct text file = {0};
		hr_autofree char *text = NULL;
		size_t len = 0;
		const char *embedded = seccomp_builtin(profiles[i], &len);

		text_addf(&file, "profiles/seccomp/%s.seccomp", profiles[i]);
		text = load_text(load_srcdir(), file.data);
		cr_assert_not_null(text, "%s", file.data);
		cr_expect_str_eq(embedded, text);
		cr_expect_eq(len, strlen(text));
	}
	cr_expect_null(seccomp_builtin("other", &(size_t){0}));
}

/* The shape that all runtimes read alike. */
Test(seccomp, writes_only_what_runtimes_read_alike)
{
	each_built_in(profile, arch)
	{
		json_auto struct json_doc *doc = json_new("t");
		const struct json *object = builtin(doc, profile, arch);
		text_auto struct text wrong = {0};

		check_shape(object, arch, &wrong);
		cr_expect_eq(wrong.len, 0, "%s %s: %s", profile, arch, wrong.data);
	}
}
