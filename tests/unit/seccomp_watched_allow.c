/* SPDX-License-Identifier: Apache-2.0 */
/* The line that would allow a call: what it is, and that it allows that and nothing else. */
#include "seccomp_profiles.h"
#include "unit.h"

#include "seccomp/allow_line.h"
#include "seccomp/watched.h"

#include <ctype.h>
#include <errno.h>

static struct seccomp_filter *lowered(const char *text)
{
	struct seccomp_source *source = parsed(text);
	struct seccomp_filter *filter = NULL;
	struct hr_error err = {0};

	cr_assert_eq(seccomp_lower(source, seccomp_native(), &filter, &err), 0, "%s: %s", text,
		     err.msg);
	seccomp_source_free(source);
	return filter;
}

static const struct {
	const char *base, *call, *line, *note;
	uint64_t args[6];
} rows[] = {
	{"default", "socket", "allow socket where domain is AF_ALG", NULL, {38, 5, 0}},
	{"default", "socket", "allow socket where domain is AF_VSOCK", NULL, {40, 1, 0}},
	{"default", "socket", "allow socket where domain is AF_XDP", "needs CAP_NET_RAW", {44, 3}},
	{"default", "socket", "allow socket where domain is 0x3f", NULL, {63, 3}},
	{"default",
	 "socket",
	 "allow socket where domain is AF_NETLINK and protocol is NETLINK_AUDIT",
	 NULL,
	 {16, 0x80003, 9}},
	{"default",
	 "socket",
	 "allow socket where domain is AF_INET and type & SOCK_TYPE_MASK is SOCK_STREAM and "
	 "protocol is IPPROTO_SCTP",
	 NULL,
	 {2, 0x80801, 132}},
	{"default",
	 "socket",
	 "allow @raw-net",
	 "opens raw and packet sockets of every protocol; needs CAP_NET_RAW",
	 {2, 3, 1}},
	{"default",
	 "socket",
	 "allow @raw-net",
	 "opens raw and packet sockets of every protocol; needs CAP_NET_RAW",
	 {17, 2, 0x300}},
	{"default", "socket", "allow @mptcp", NULL, {10, 0x80001, 262}},
	{"default",
	 "socketpair",
	 "allow socketpair where domain is AF_INET and type & SOCK_TYPE_MASK is SOCK_STREAM and "
	 "protocol is 0",
	 NULL,
	 {2, 1, 0}},
	{"default", "chroot", "allow @chroot", "needs CAP_SYS_CHROOT", {0}},
	{"default",
	 "ptrace",
	 "allow ptrace",
	 "of another user's processes: needs CAP_SYS_PTRACE",
	 {0}},
	{"default", "mount", "allow mount", "needs CAP_SYS_ADMIN", {0}},
	{"default", "keyctl", "allow keyctl", NULL, {0}},
	{"default",
	 "clone",
	 "allow clone where flags & CLONE_NEW_ANY is CLONE_NEWUSER",
	 "opens user namespaces, in which one has every capability",
	 {0x10000011}},
	{"default",
	 "clone",
	 "allow clone where flags & CLONE_NEW_ANY is 0x20020000",
	 "needs CAP_SYS_ADMIN",
	 {0x20020011}},
	{"default",
	 "unshare",
	 "allow unshare where flags is CLONE_NEWUSER",
	 "opens user namespaces, in which one has every capability",
	 {0x10000000}},
	{"default", "unshare", "allow unshare where flags is 0x200", NULL, {0x200}},
	{"default",
	 "setns",
	 "allow setns where type is CLONE_NEWNET",
	 "needs CAP_SYS_ADMIN",
	 {3, 0x40000000}},
	{"default",
	 "ioctl",
	 "allow ioctl where request is TIOCSTI",
	 "TIOCSTI on another's terminal: needs CAP_SYS_ADMIN",
	 {0, 0x5412}},
	{"default",
	 "ioctl",
	 "allow ioctl where request is 0x400454ca",
	 "needs CAP_NET_ADMIN",
	 {3, 0x400454CA}},
	{"default",
	 "prctl",
	 "allow prctl where option is PR_SET_MM",
	 "needs CAP_SYS_RESOURCE",
	 {35, 6}},
	{"default",
	 "personality",
	 "allow personality where persona is ADDR_NO_RANDOMIZE",
	 NULL,
	 {0x40000}},
	{"default",
	 "mknod",
	 "allow mknod where mode & S_IFMT is S_IFCHR",
	 "needs CAP_MKNOD",
	 {0, 020666, 0x103}},
	{"default",
	 "mknodat",
	 "allow mknodat where mode & S_IFMT is S_IFBLK",
	 "needs CAP_MKNOD",
	 {0xFFFFFF9C, 0, 060600, 0x800}},
	{"default",
	 "setsockopt",
	 "allow setsockopt where level is SOL_TCP and option is TCP_ULP",
	 NULL,
	 {3, 6, 31}},
	{"default",
	 "setsockopt",
	 "allow @tcp-keys",
	 "opens TCP_MD5SIG and TCP_AO_ADD_KEY",
	 {3, 6, 14}},
	{"default",
	 "seccomp",
	 "allow seccomp where flags & "
	 "SECCOMP_FILTER_FLAG_NEW_LISTENER|SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV is "
	 "SECCOMP_FILTER_FLAG_NEW_LISTENER",
	 NULL,
	 {1, 9}},
	{"default",
	 "io_uring_setup",
	 "allow @io_uring",
	 "opens io_uring_setup, io_uring_enter, io_uring_register; no filter sees what is done "
	 "through them",
	 {32}},
	{"default", "msgget", "allow @sysvmsg", "opens msgget, msgsnd, msgrcv, msgctl", {0}},
	{"default",
	 "clone3",
	 "allow clone3",
	 "opens new namespaces: no filter sees its flags",
	 {0}},
	{"restricted",
	 "setuid",
	 "allow setuid",
	 "for an identity that it does not have: needs CAP_SETUID",
	 {0}},
	{"static",
	 "socket",
	 "allow socket where domain is AF_NETLINK and protocol is NETLINK_XFRM",
	 NULL,
	 {16, 3, 6}},
	/* Let through, or no call at all: nothing to write. */
	{"default", "getpid", NULL, NULL, {0}},
	{"default", "socket", NULL, NULL, {1, 1, 0}},
	{"default", "frobnicate", NULL, NULL, {0}},
	{"default", "syscall 999", NULL, NULL, {0}},
};

static void check_rows(const void *row, size_t at)
{
	char base[64];
	seccomp_filter_auto struct seccomp_filter *filter = NULL;
	text_auto struct text line = {0};
	const char *note = "unset";

	(void)row;
	snprintf(base, sizeof(base), "include %s\n", rows[at].base);
	filter = lowered(base);
	seccomp_allow_line(filter, rows[at].call, rows[at].args, &line, &note);
	cr_expect_str_eq(line.data ? line.data : "", rows[at].line ? rows[at].line : "");
	cr_expect_str_eq(note ? note : "", rows[at].note ? rows[at].note : "", "%s", line.data);
}
ROWS(seccomp_watched_allow, rows)

/* --- Over everything that a profile refuses ------------------------------------------------ */

struct gains {
	const char *line, *note, *call;
	size_t of_call;
};

/* True if `list` has the name as a word. */
static bool has_word(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = list; at && (at = strstr(at, name)); at += len) {
		bool begins = at == list || !(isalnum((unsigned char)at[-1]) || at[-1] == '_');

		if (begins && !isalnum((unsigned char)at[len]) && at[len] != '_')
			return true;
	}
	return false;
}

static void found(enum seccomp_difference difference, const char *call, void *to)
{
	struct gains *gains = to;

	cr_expect(difference == SECCOMP_GAINED || difference == SECCOMP_WIDER, "%s: %s: %d",
		  gains->line, call, difference);
	if (strcmp(call, gains->call) == 0)
		gains->of_call++;
	else
		cr_expect(has_word(gains->note, call), "%s opens %s and its note is: %s",
			  gains->line, call, gains->note);
}

/* Profiles with one line more, each made and compared once. */
#define WIDER_MAX 4096
static struct {
	char *line;
	struct seccomp_filter *filter;
} known[WIDER_MAX];
static size_t known_count;

static void check_gain(const struct seccomp_filter *filter, const struct seccomp_filter *wider,
		       const char *line, const char *call, const char *note)
{
	struct gains gains = {.line = line, .note = note, .call = call};
	struct hr_error err = {0};

	cr_assert_null(strchr(line, '\n'));
	cr_assert_eq(seccomp_diff(filter, wider, found, &gains, &err), 0);
	cr_expect_eq(gains.of_call, 1, "%s", line);
}

static const struct seccomp_filter *with_line(const char *base, const struct seccomp_filter *filter,
					      const char *line, const char *call, const char *note)
{
	text_auto struct text text = {0};
	size_t at = 0;

	while (at < known_count && strcmp(known[at].line, line) != 0)
		at++;
	if (at < known_count)
		return known[at].filter;
	cr_assert_lt(at, WIDER_MAX);
	text_addf(&text, "include %s\n%s\n", base, line);
	known[at].line = strdup(line);
	known[at].filter = lowered(text.data);
	known_count++;
	check_gain(filter, known[at].filter, line, call, note);
	return known[at].filter;
}

static void forget_lines(void)
{
	while (known_count > 0) {
		free(known[--known_count].line);
		seccomp_filter_free(known[known_count].filter);
	}
}

static void check_line(const char *base, const struct seccomp_filter *filter, const char *call,
		       const uint64_t args[6])
{
	struct seccomp_judgement judgement;
	text_auto struct text line = {0};
	const char *note;

	seccomp_allow_line(filter, call, args, &line, &note);
	cr_assert_not_null(line.data, "%s(%#lx, %#lx, %#lx)", call, args[0], args[1], args[2]);
	seccomp_judge(with_line(base, filter, line.data, call, note), call, args, &judgement);
	cr_expect(judgement.passes, "%s: %s(%#lx, %#lx, %#lx)", line.data, call, args[0], args[1],
		  args[2]);
}

/* Values that rules are about, and what is near. */
static const uint64_t values[] = {
	0,	    1,		2,	    3,		6,	    9,		14,	15,
	16,	    17,		24,	    26,		28,	    31,		35,	38,
	40,	    44,		63,	    64,		100,	    132,	262,	0x80001,
	0x541C,	    0x5412,	0x5423,	    0x541D,	0x8914,	    0x400454CA, 0x80,	0x200,
	0x00020000, 0x02000011, 0x10000011, 0x20020011, 0x7E020000, 010644,	020644, 060644,
	0x40000,    0x59616D61, UINT32_MAX, 1ULL << 32, UINT64_MAX,
};

/* Each value as each of the first three arguments, and all pairs and triples for sockets. */
static size_t check_call(const char *base, const struct seccomp_filter *filter, const char *call)
{
	bool socket = strncmp(call, "socket", 6) == 0;
	size_t inner = socket ? hr_count(values) : 1, checked = 0;
	struct seccomp_judgement judgement;

	for (size_t i = 0; i < 3 * hr_count(values); i++) {
		for (size_t j = 0; j < inner; j++) {
			uint64_t args[6] = {0};

			if (socket)
				args[2] = args[1] = values[j];
			args[i % 3] = values[i / 3];
			seccomp_judge(filter, call, args, &judgement);
			/* One point says as much as another where nothing is asked. */
			if (judgement.passes || (judgement.asked == 0 && i > 0))
				continue;
			check_line(base, filter, call, args);
			checked++;
		}
	}
	return checked;
}

static void check_base(const char *base)
{
	char include[64], name[NAMES_SIZE];
	seccomp_filter_auto struct seccomp_filter *filter = NULL;
	size_t calls = 0;

	snprintf(include, sizeof(include), "include %s\n", base);
	filter = lowered(include);
	for (int nr = 0; nr < NAMES_NUMBERS; nr++)
		if (seccomp_call_name(nr, seccomp_native(), name))
			calls += check_call(base, filter, name) > 0;
	cr_expect_gt(calls, 100, "%s: %zu calls", base, calls);
	forget_lines();
}

Test(seccomp_watched_allow, allows_that_and_what_the_note_says_on_default, .timeout = 300)
{
	check_base("default");
}

Test(seccomp_watched_allow, allows_that_and_what_the_note_says_on_restricted, .timeout = 300)
{
	check_base("restricted");
}

Test(seccomp_watched_allow, allows_that_and_what_the_note_says_on_static, .timeout = 300)
{
	check_base("static");
}

/* Calls that profiles ask about in part, by arguments that have no name. */
Test(seccomp_watched_allow, follows_what_the_profile_asks_about)
{
	static const char base[] = "allow fcntl where arg1 is 1 2 3\nallow prctl where option is 1"
				   "\nallow openat where arg2 & 0x3 is 0\n"
				   "allow kill where arg1 & 0x3 is 1 and arg0 is 7\n";
	static const struct {
		const char *call, *line;
		uint64_t args[6];
	} asked[] = {
		{"fcntl", "allow fcntl where arg1 is 0x407", {3, 0x407}},
		{"openat", "allow openat where arg2 & 0x3 is 1", {0, 0, 0x241}},
		{"kill", "allow kill where arg0 is 8 and arg1 & 0x3 is 3", {8, 15}},
		{"prctl", "allow prctl where option is PR_SET_NAME", {15}},
		{"getpid", "allow getpid", {0}},
	};
	seccomp_filter_auto struct seccomp_filter *filter = lowered(base);

	for (size_t i = 0; i < hr_count(asked); i++) {
		text_auto struct text line = {0};
		const char *note;

		seccomp_allow_line(filter, asked[i].call, asked[i].args, &line, &note);
		cr_expect_str_eq(line.data, asked[i].line);
	}
}

/* Groups open what their notes say; a new call in groups.seccomp is noticed here. */
Test(seccomp_watched_allow, notes_name_all_calls_of_a_group)
{
	static const char *const members[] = {"io_setup", "fanotify_init", "io_uring_setup",
					      "mq_open",  "pkey_alloc",	   "msgget",
					      "semget",	  "shmget",	   "chroot"};

	for (size_t i = 0; i < hr_count(members); i++) {
		const char *group = allow_group(members[i]);
		char text[64];
		seccomp_filter_auto struct seccomp_filter *filter = NULL;
		seccomp_filter_auto struct seccomp_filter *none = lowered("allow read\n");
		struct gains gains = {.call = members[i]};
		struct hr_error err = {0};

		cr_assert_not_null(group, "%s", members[i]);
		snprintf(text, sizeof(text), "allow read %s\n", group);
		filter = lowered(text);
		gains.line = text;
		gains.note = allow_group_note(group);
		cr_assert_eq(seccomp_diff(none, filter, found, &gains, &err), 0);
	}
}
