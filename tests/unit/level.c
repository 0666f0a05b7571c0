/* SPDX-License-Identifier: Apache-2.0 */
/* SELinux levels: one for each pod, while it lives. Needs root: the files are root's. */
#include "levels.h"

TestSuite(level, .init = start, .fini = scratch_drop, .timeout = 120);

/* ---- names ----------------------------------------------------------------------------- */

static const struct {
	const char *text;
	bool sound;
} names[] = {
	{"s0:c0,c1", true},
	{"s0:c3,c900", true},
	{"s0:c1022,c1023", true},
	{"s0:c0,c1023", true},
	{"s0:c900,c3", false},
	{"s0:c3,c3", false},
	{"s0:c03,c9", false},
	{"s0:c3,c09", false},
	{"s0:c00,c1", false},
	{"s0:c3,c1024", false},
	{"s0:c3", false},
	{"s0", false},
	{"", false},
	{"s0:", false},
	{"s0:c", false},
	{"s0:c3,", false},
	{"s0:c3,c", false},
	{"s0:c3,c4,c5", false},
	{"s0:c3.c9", false},
	{"s1:c3,c9", false},
	{"s0-s0:c3,c9", false},
	{"s0:c3,c9 ", false},
	{" s0:c3,c9", false},
	{"s0:c3, c9", false},
	{"s0:c+3,c9", false},
	{"s0:c-3,c9", false},
	{"s0:c 3,c9", false},
	{"s0:C3,C9", false},
	{"s0:c3,c9-s0", false},
	{"s0:c3;c9", false},
	{"s0:c0x3,c9", false},
	{"s0:c3,c9/../x", false},
	{"s0:c99999999999999999999,c9", false},
	{"s0:c3,c18446744073709551620", false},
	{"s0:c3,c4294967300", false},
};

static void check_names(const __typeof__(names[0]) *row, size_t i)
{
	cr_expect_eq(level_sound(row->text), row->sound, "row %zu: \"%s\"", i, row->text);
}
ROWS(level_names, names)

static unsigned number_of(const char *name)
{
	unsigned a = 0, b = 0;

	cr_assert_eq(sscanf(name, "s0:c%u,c%u", &a, &b), 2, "%s", name);
	return a * LEVEL_CATEGORIES + b;
}

/* A pod's order has every level once, whatever the pod. */
Test(level, order)
{
	static bool seen[LEVEL_CATEGORIES * LEVEL_CATEGORIES];
	char name[LEVEL_SIZE], pod[16];

	for (unsigned p = 0; p < 3; p++) {
		memset(seen, 0, sizeof(seen));
		snprintf(pod, sizeof(pod), "pod%u", p);
		for (unsigned n = 0; n < LEVEL_COUNT; n += p == 0 ? 1 : 3) {
			level_nth("/run/runc", pod, n, name);
			if (!level_sound(name) || seen[number_of(name)])
				cr_assert_fail("%s: %u: %s", pod, n, name);
			seen[number_of(name)] = true;
		}
	}
}

/* ---- claims ---------------------------------------------------------------------------- */

Test(level, life)
{
	char level[LEVEL_SIZE], again[LEVEL_SIZE];
	struct level proposed;
	struct stat st;

	level_propose(root, "c1", NULL, &proposed);
	cr_expect_not(proposed.taken);
	cr_expect_neq(access(in_scratch("state"), F_OK), 0, "propose touches nothing");
	claim_ok("c1", NULL, NULL, level);
	cr_expect_str_eq(level, proposed.name);
	cr_assert_eq(stat(file_of(level), &st), 0, "%s", file_of(level));
	cr_expect_eq(st.st_mode, S_IFREG | 0600);
	cr_assert_eq(stat(in_scratch(LEVELS), &st), 0);
	cr_expect_eq(st.st_mode, S_IFDIR | 0700);
	cr_expect(is_taken("c2", level));
	cr_expect_not(is_taken("c1", level), "one's own");
	cr_expect_eq(count_files(LEVELS), 1);
	level_withdraw(statedir, root, "c1", level);
	cr_expect_eq(count_files(LEVELS), 0, "an empty file goes");
	cr_expect_not(is_taken("c2", level));
	claim_ok("c1", NULL, NULL, again);
	cr_expect_str_neq(level, again, "its first choice is another's now");
	level_withdraw(statedir, root, "c1", "../../x");
	level_withdraw(in_scratch("nowhere"), root, "c1", level);
}

/* Spellings of one root are one pod; other roots and ids are others. */
static const struct {
	const char *root, *id, *sandbox;
	bool same;
} pods[] = {
	{"root", "c1", NULL, true},   {"root/", "c1", NULL, true}, {"link", "c1", NULL, true},
	{"root", "c2", "c1", true},   {"root", "c1", "c1", true},  {"link/", "c2", "c1", true},
	{"root", "c2", NULL, false},  {"root", "c1", "c2", false}, {"root2", "c1", NULL, false},
	{"root2", "c2", "c1", false},
};

static void check_pods(const __typeof__(pods[0]) *row, size_t i)
{
	struct hr_error err = {0};
	char level[LEVEL_SIZE], other[PATH_MAX * 2];
	struct level asked = {0}, free = {0};

	start();
	make_link("link", "root");
	claim_ok("c1", NULL, NULL, level);
	snprintf(other, sizeof(other), "%s/%s", scratch, row->root);
	cr_assert_ok(level_claim(statedir, other, row->id, row->sandbox, NULL, false, &free, &err),
		     err);
	cr_expect_eq(strcmp(free.name, level) == 0, row->same, "row %zu: %s", i, free.name);
	cr_assert_ok(level_claim(statedir, other, row->id, row->sandbox, level, false, &asked,
				 &err),
		     err);
	cr_expect_eq(asked.taken, !row->same, "row %zu", i);
	scratch_drop();
}
ROWS(level_pods, pods)

/* A container has its pod's level, wherever that came from, until the last of them is gone. */
Test(level, shared_by_a_pod)
{
	char pod[LEVEL_SIZE], a[LEVEL_SIZE], b[LEVEL_SIZE];

	create("pod", NULL, "s0:c7,c8", true, pod);
	cr_expect_str_eq(pod, "s0:c7,c8");
	create("a", "pod", NULL, true, a);
	create("b", "pod", NULL, true, b);
	cr_expect_str_eq(a, pod);
	cr_expect_str_eq(b, pod);
	end_container("pod");
	end_container("a");
	cr_expect(is_taken("x", pod), "b lives");
	end_container("b");
	cr_expect_not(is_taken("x", pod));
}

/* A process takes back what it said, and of that what it names. */
Test(level, withdraws_one_of_two)
{
	char pod[LEVEL_SIZE], a[LEVEL_SIZE];

	claim_ok("pod", NULL, NULL, pod);
	claim_ok("a", "pod", NULL, a);
	cr_expect_str_eq(a, pod);
	level_withdraw(statedir, root, "pod", pod);
	cr_expect(is_taken("x", pod));
	level_withdraw(statedir, root, "a", pod);
	cr_expect_not(is_taken("x", pod));
}

/* The sandbox's record stays, and its level is another pod's meanwhile. */
Test(level, level_of_a_dead_sandbox)
{
	char pod[LEVEL_SIZE], x[LEVEL_SIZE], a[LEVEL_SIZE];

	create("pod", NULL, NULL, false, pod);
	create("x", NULL, pod, true, x);
	create("a", "pod", NULL, true, a);
	cr_expect_str_neq(a, pod);
}

Test(level, shared_between_pods)
{
	char level[LEVEL_SIZE];
	struct hr_error err = {0};
	struct level second = {0};

	create("c1", NULL, "s0:c1,c2", true, level);
	cr_assert_ok(level_claim(statedir, root, "c2", NULL, level, true, &second, &err), err);
	cr_expect_str_eq(second.name, level);
	cr_expect(second.taken);
	end_container("c1");
	cr_expect(is_taken("c3", level), "the second has it as well");
	level_withdraw(statedir, root, "c2", level);
	cr_expect_not(is_taken("c3", level));
}

Test(level, asked_is_not_sound)
{
	struct hr_error err = {0};
	struct level level = {.name = "as it was"};

	expect_error(level_claim(statedir, root, "c1", NULL, "s0:c2,c1", false, &level, &err), &err,
		     HR_SPEC, "is no level of two");
	cr_expect_str_eq(level.name, "as it was");
	cr_expect_neq(access(in_scratch("state"), F_OK), 0);
}

/* ---- who counts ------------------------------------------------------------------------ */

/* Dead at once, without a word of anybody's. */
Test(level, creator_dies)
{
	char level[LEVEL_SIZE];

	create("c1", NULL, NULL, false, level);
	cr_expect_not(is_taken("c2", level));
}

/* The id is a living container's: the create will be refused, and changes nothing of it. */
static const struct {
	const char *asked;
	bool withdrawn; /* otherwise killed before it could */
} again[] = {{NULL, true}, {NULL, false}, {"s0:c1,c2", true}, {"s0:c1,c2", false}};

static void check_again(const __typeof__(again[0]) *row, size_t i)
{
	char level[LEVEL_SIZE];
	int status;
	pid_t pid;

	start();
	create("c1", NULL, "s0:c7,c8", true, level);
	for (unsigned turn = 0; turn < 3; turn++) {
		pid = fork();
		if (pid == 0) {
			struct level mine;

			if (claim("c1", NULL, row->asked, &mine, NULL) < 0 ||
			    put_record("c1", mine.name, NULL) == 0)
				_exit(1);
			if (row->withdrawn)
				level_withdraw(statedir, root, "c1", mine.name);
			_exit(0);
		}
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		cr_assert_eq(status, 0);
	}
	cr_expect(is_taken("x", level), "row %zu: its own level", i);
	cr_expect_not(is_taken("x", "s0:c1,c2"), "row %zu: what was refused", i);
	end_container("c1");
	cr_expect_not(is_taken("y", level), "row %zu: afterwards", i);
	scratch_drop();
}
ROWS(level_again, again)

/* Refused creates of a living container's own level leave one holder, not a list. */
Test(level, killed_creates_do_not_pile_up)
{
	hr_autofree char *text = NULL;
	char level[LEVEL_SIZE], name[64];
	unsigned holders = 0;

	create("c1", NULL, NULL, true, level);
	for (unsigned i = 0; i < 20; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			struct level mine;

			_exit(claim("c1", NULL, NULL, &mine, NULL) < 0);
		}
		waitpid(pid, NULL, 0);
	}
	snprintf(name, sizeof(name), LEVELS "/%s.json", level);
	text = text_of(name);
	cr_assert_not_null(text);
	for (const char *at = text; (at = strstr(at, "\"pid\"")); at++)
		holders++;
	cr_expect_leq(holders, 2, "%s", text);
}

/* The same id with another level: the old one is free, and its file goes with the old record. */
Test(level, id_again)
{
	char old[LEVEL_SIZE], new[LEVEL_SIZE];

	create("c1", NULL, "s0:c7,c8", true, old);
	end_container("c1");
	cr_expect_eq(access(file_of(old), F_OK), 0);
	cr_expect_eq(put_record("c1", NULL, NULL), 0);
	cr_expect_eq(access(file_of(old), F_OK), -1);
	record_withdraw(statedir, root, "c1");
	create("c1", NULL, "s0:c1,c2", true, new);
	cr_expect_not(is_taken("x", old));
	cr_expect(is_taken("y", new));
}

/* What is not the case any more is swept with the record, and by later claims. */
Test(level, swept_with_the_record)
{
	hr_autoclose int records = -1;
	char level[LEVEL_SIZE];

	create("dead", NULL, "s0:c7,c8", true, level);
	create("lives", NULL, "s0:c1,c2", true, level);
	end_container("dead");
	cr_expect_eq(count_files("state/hardrun/records"), 2);
	make_file(LEVELS "/.hardrun.1.leftover", "x");
	records = record_open(statedir);
	sweep_some(records, 8, 0, NULL);
	cr_expect_eq(count_files("state/hardrun/records"), 1);
	cr_expect_eq(access(file_of("s0:c7,c8"), F_OK), -1);
	cr_expect_eq(access(file_of("s0:c1,c2"), F_OK), 0);
	is_taken("x", "s0:c1,c2");
	cr_expect_eq(count_files(LEVELS), 1, "a leftover goes with any claim");
}

Test(level, swept_without_a_record)
{
	char name[LEVEL_SIZE];

	for (unsigned i = 0; i < 40; i++)
		if (fork() == 0) {
			struct level level;
			char id[16];

			snprintf(id, sizeof(id), "c%u", i);
			_exit(claim(id, NULL, NULL, &level, NULL) < 0);
		}
	for (int status; wait(&status) > 0;)
		cr_expect_eq(status, 0);
	for (unsigned i = 0; i < 400 && count_files(LEVELS) > 1; i++)
		if (fork() == 0) {
			struct level level;

			_exit(claim("x", NULL, "s0:c1,c2", &level, NULL) < 0);
		} else {
			wait(NULL);
		}
	cr_expect_leq(count_files(LEVELS), 1, "%u stay", count_files(LEVELS));
	claim_ok("c0", NULL, NULL, name);
}

/* ---- many at once ---------------------------------------------------------------------- */

#define CLAIMERS 64
#define CLAIMS	 1000

/* A thousand claims of 64 processes; half of the pods ask for one of few levels first, so that
 * they meet. What each holds in the end is no other's. */
static void claim_many(unsigned process, int out)
{
	for (unsigned n = process; n < CLAIMS; n += CLAIMERS) {
		struct level level = {.taken = true};
		char id[16], asked[LEVEL_SIZE];

		snprintf(id, sizeof(id), "pod%u", n);
		snprintf(asked, sizeof(asked), "s0:c1,c%u", 2 + n / 8);
		if (n % 2 && claim(id, NULL, asked, &level, NULL) < 0)
			level.name[0] = '\0';
		else if (level.taken && claim(id, NULL, NULL, &level, NULL) < 0)
			level.name[0] = '\0';
		if (write(out, level.name, sizeof(level.name)) != sizeof(level.name))
			_exit(1);
	}
}

Test(level, no_two_of_many)
{
	static bool seen[LEVEL_CATEGORIES * LEVEL_CATEGORIES];
	int ends[2], gate[2], status;
	char name[LEVEL_SIZE], byte;

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(pipe(gate), 0);
	for (unsigned i = 0; i < CLAIMERS; i++) {
		if (fork() != 0)
			continue;
		close(gate[1]);
		claim_many(i, ends[1]);
		_exit(read(gate[0], &byte, 1) == 0 ? 0 : 1); /* all live until all have theirs */
	}
	close(ends[1]);
	for (unsigned i = 0; i < CLAIMS; i++) {
		cr_assert_eq(read(ends[0], name, sizeof(name)), (ssize_t)sizeof(name), "%u", i);
		cr_assert(level_sound(name), "a claim failed: \"%s\"", name);
		cr_expect_not(seen[number_of(name)], "%s twice", name);
		seen[number_of(name)] = true;
	}
	close(gate[1]);
	while (wait(&status) > 0)
		cr_expect_eq(status, 0);
}
