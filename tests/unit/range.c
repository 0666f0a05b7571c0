/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of ids: one for each pod, while it lives, the least recently used first. Needs root: the
 * files are root's. */
#include "ranges.h"

TestSuite(range, .init = start, .fini = scratch_drop, .timeout = 120);

/* ---- claims ---------------------------------------------------------------------------- */

Test(range, life)
{
	struct range proposed;
	struct stat st;
	uint32_t base;

	range_propose(statedir, &whole, &proposed);
	cr_expect_eq(proposed.base, FIRST);
	cr_expect_not(proposed.taken);
	cr_expect_neq(access(in_scratch("state"), F_OK), 0, "propose touches nothing");
	base = claim_of(&whole, "c1");
	cr_expect_eq(base, FIRST);
	cr_assert_eq(stat(file_of(base), &st), 0, "%s", file_of(base));
	cr_expect_eq(st.st_mode, S_IFREG | 0600);
	cr_assert_eq(stat(in_scratch(ORDER), &st), 0);
	cr_expect_eq(st.st_mode, S_IFREG | 0600);
	cr_assert_eq(stat(in_scratch(RANGES), &st), 0);
	cr_expect_eq(st.st_mode, S_IFDIR | 0700);
	range_propose(statedir, &whole, &proposed);
	cr_expect_eq(proposed.base, nth(1));
	cr_expect_eq(claim_of(&whole, "c2"), nth(1));
	withdraw("c1", base);
	cr_expect_not(has_file(base), "an empty file goes");
	cr_expect_eq(count_slots(), 1);
	cr_expect_eq(claim_of(&whole, "c3"), nth(2), "never used before");
}

static const uint32_t strange[] = {0, 1, 65535, FIRST + 1, 4294901760U, 4294967295U};

/* Not its own, none at all: nothing happens. */
Test(range, withdraws_its_own)
{
	uint32_t base = claim_of(&whole, "c1");

	withdraw("c2", base);
	withdraw("c1", nth(1));
	for (size_t i = 0; i < hr_count(strange); i++)
		withdraw("c1", strange[i]);
	range_withdraw(in_scratch("nowhere"), root, "c1", base);
	range_withdraw(statedir, in_scratch("root2"), "c1", base);
	cr_expect(has_file(base));
	withdraw("c1", base);
	cr_expect_not(has_file(base));
}

/* Pools that no subid file gives: nothing is handed out of them. */
static const struct subid_pool pools[] = {
	{0, 1},		{0, 70000},	  {1, 1},	    {65535, 1},	    {FIRST, 0},
	{FIRST, 65536}, {4294901760U, 1}, {4294836224U, 2}, {65536, 65535}, {65536, UINT32_MAX}};

static void check_pools(const struct subid_pool *row, size_t i)
{
	struct hr_error err = {0};
	struct range range = {.base = 7};

	start();
	expect_error(range_claim(statedir, root, "c1", NULL, row, &range, &err), &err, HR_POLICY,
		     "no slots");
	cr_expect_eq(range.base, 7, "row %zu", i);
	cr_expect_eq(count_slots(), 0, "row %zu", i);
	range_propose(statedir, row, &range);
	cr_expect_eq(range.base, 0, "row %zu", i);
	scratch_drop();
}
ROWS(range_pools, pools)

/* The last slot of all that may be used. */
Test(range, the_last_one)
{
	static const struct subid_pool last = {4294836224U, 1};

	cr_expect_eq(claim_of(&last, "c1"), 4294836224U);
	withdraw("c1", 4294836224U);
	cr_expect_eq(count_slots(), 0);
}

/* ---- the pod's ------------------------------------------------------------------------- */

/* Its containers have what its sandbox's record names, until the last of them is gone. */
Test(range, shared_by_a_pod)
{
	uint32_t pod = create("pod", NULL, &small, true);

	create("x", NULL, &small, true);
	cr_expect_eq(create("a", "pod", NULL, true), pod);
	cr_expect_eq(create("b", "pod", NULL, true), pod);
	end_container("pod");
	end_container("a");
	claim_of(&small, "y");
	claim_of(&small, "z");
	cr_expect(has_file(pod), "b lives");
	end_container("b");
	cr_expect_eq(claim_of(&small, "w"), pod);
}

static void put_records(const char *text)
{
	DIR *dir = fdopendir(record_open(statedir));
	char path[NAME_MAX + 64];

	for (const struct dirent *entry; (entry = readdir(dir));) {
		snprintf(path, sizeof(path), "state/hardrun/records/%s", entry->d_name);
		if (entry->d_name[0] == '.')
			continue;
		if (text)
			make_file(path, text);
		else
			cr_assert_eq(unlink(in_scratch(path)), 0);
	}
	closedir(dir);
}

/* A record without a range, or with what hardrun never wrote: none is joined. */
static const char *const records[] = {
	NULL,
	"{}",
	"[]",
	"{\"range\":null}",
	"{\"range\":1879048192}",
	"{\"range\":\"\"}",
	"{\"range\":\"0\"}",
	"{\"range\":\"65535\"}",
	"{\"range\":\"01879048192\"}",
	"{\"range\":\"1879048193\"}",
	"{\"range\":\"4294901760\"}",
	"{\"range\":\"4294967296\"}",
	"{\"range\":\"6174015488\"}",
	"{\"range\":\"+1879048192\"}",
	"{\"range\":\"1879048192 \"}",
	"{\"range\":\"../ranges/1879048192\"}",
	"{\"range\":\"18446744075588599808\"}",
};

static void check_records(const char *const *row, size_t i)
{
	start();
	create("pod", NULL, &small, true);
	put_records(*row);
	cr_expect_eq(join_of("a", "pod"), 0, "row %zu", i);
	cr_expect_eq(count_slots(), 1, "row %zu", i);
	scratch_drop();
}
ROWS(range_records, records)

Test(range, record_that_cannot_be_read)
{
	struct hr_error err = {0};
	struct range range = {.base = 7};

	create("pod", NULL, &small, true);
	put_records("{");
	expect_error(range_claim(statedir, root, "a", "pod", NULL, &range, &err), &err,
		     HR_UNTRUSTED, "the pod's range of ids: the container's record cannot be read");
	cr_expect_eq(range.base, 7);
}

Test(range, sandbox_without_a_range)
{
	cr_expect_eq(create("pod", "nobody", NULL, true), 0);
	cr_expect_eq(join_of("a", "pod"), 0);
	cr_expect_eq(count_slots(), 0);
}

/* All of the pod has ended, its record stays, and another pod has its range by now. */
Test(range, range_of_a_dead_sandbox)
{
	static const struct subid_pool one = {FIRST, 1};
	struct hr_error err = {0};
	struct range range;

	cr_assert_eq(create("pod", NULL, &one, false), FIRST);
	cr_expect_eq(create("x", NULL, &one, true), FIRST);
	cr_assert_ok(range_claim(statedir, root, "a", "pod", NULL, &range, &err), err);
	cr_expect_eq(range.base, 0);
	cr_expect(range.taken);
}

/* Spellings of one root are one pod; of other roots the same id is another. */
Test(range, roots)
{
	struct hr_error err = {0};
	struct range range;
	uint32_t pod = create("pod", NULL, &small, true);

	make_link("link", "root");
	cr_assert_ok(range_claim(statedir, in_scratch("link/"), "a", "pod", NULL, &range, &err),
		     err);
	cr_expect_eq(range.base, pod);
	make_dir("root2", 0700, 0, 0);
	cr_assert_ok(range_claim(statedir, in_scratch("root2"), "a", "pod", NULL, &range, &err),
		     err);
	cr_expect_eq(range.base, 0);
}

/* ---- order ----------------------------------------------------------------------------- */

/* One pod after another: each slot has its turn before one comes again. */
Test(range, cycles)
{
	for (unsigned i = 0; i < 40; i++) {
		uint32_t base = create("c", NULL, &small, true);

		end_container("c");
		cr_expect_eq(base, nth(i % 4), "turn %u: %u", i, base);
	}
	cr_expect_leq(count_slots(), 1, "what has ended is swept");
}

/* What counts is when a slot became free: the one that was longest in use comes last. */
Test(range, order_of_release)
{
	cr_assert_eq(claim_of(&small, "a"), nth(0));
	cr_assert_eq(claim_of(&small, "b"), nth(1));
	cr_assert_eq(claim_of(&small, "c"), nth(2));
	withdraw("b", nth(1));
	withdraw("a", nth(0));
	cr_expect_eq(claim_of(&small, "d"), nth(3), "never used");
	cr_expect_eq(claim_of(&small, "e"), nth(1));
	withdraw("c", nth(2));
	cr_expect_eq(claim_of(&small, "f"), nth(0));
	cr_expect_eq(claim_of(&small, "g"), nth(2));
}

/* Found free by a record that goes: that is a use too. */
Test(range, order_by_records)
{
	hr_autoclose int records_dir = -1;

	create("a", NULL, &small, true);
	claim_of(&small, "b");
	withdraw("b", nth(1));
	end_container("a");
	records_dir = record_open(statedir);
	sweep_some(records_dir, 8, 0, NULL);
	cr_expect_eq(count_slots(), 0, "the slot goes with the record");
	claim_of(&small, "c");
	claim_of(&small, "d");
	cr_expect_eq(claim_of(&small, "e"), nth(1));
	cr_expect_eq(claim_of(&small, "f"), nth(0));
}

/* The same id again: what its old record names is free. */
Test(range, id_again)
{
	uint32_t old = create("c1", NULL, &small, true);

	end_container("c1");
	cr_expect(has_file(old));
	cr_expect_eq(put_record("c1", 0, NULL), 0);
	cr_expect_not(has_file(old));
}

/* ---- another pool ---------------------------------------------------------------------- */

/* A pod keeps its range when the administrator gives others; nobody gets one that is in use. */
Test(range, pool_changes)
{
	static const struct subid_pool other = {FIRST + SUBID_SLOT, 4}, far = {65536, 2};
	uint32_t a, b;

	create("x", NULL, &small, true);
	a = create("a", NULL, &small, true);
	b = create("b", NULL, &small, true);
	cr_expect_eq(claim_of(&other, "c"), nth(3));
	cr_expect_eq(claim_of(&other, "d"), nth(4));
	cr_expect_eq(claim_of(&far, "e"), 65536);
	cr_expect_eq(create("a2", "a", NULL, true), a, "outside of the pool of now");
	end_container("a");
	end_container("a2");
	end_container("b");
	claim_of(&far, "f");
	cr_expect_not(has_file(a), "swept, of whatever pool");
	cr_expect_not(has_file(b));
	cr_expect_eq(claim_of(&other, "g"), a);
}

/* ---- who counts ------------------------------------------------------------------------ */

Test(range, creator_dies)
{
	static const struct subid_pool one = {FIRST, 1};

	create("c1", NULL, &one, false);
	cr_expect_eq(claim_of(&one, "c2"), FIRST);
}

/* The id is a living container's: the create is refused, and costs that container nothing. */
Test(range, id_in_use)
{
	uint32_t base = create("c1", NULL, &small, true);

	for (unsigned turn = 0; turn < 6; turn++) {
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			uint32_t mine = claim_of(&small, "c1");

			if (mine == base || put_record("c1", mine, NULL) == 0)
				_exit(1);
			if (turn % 2)
				withdraw("c1", mine);
			_exit(0);
		}
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		cr_assert_eq(status, 0, "turn %u", turn);
	}
	cr_expect(has_file(base));
	for (unsigned i = 1; i < 4; i++)
		cr_expect_neq(claim_of(&small, "x"), base);
}

/* ---- many at once ---------------------------------------------------------------------- */

#define MOST 256

/* Processes that claim `each` at the same time, and live until all have theirs. */
static void claim_many(unsigned processes, unsigned each)
{
	static const struct subid_pool pool = {FIRST, MOST};
	int ends[2], gate[2], status;
	bool seen[MOST] = {0};
	struct range range;
	char byte, id[32];

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(pipe(gate), 0);
	for (unsigned i = 0; i < processes; i++) {
		if (fork() != 0)
			continue;
		close(gate[1]);
		for (unsigned n = 0; n < each; n++) {
			range = (struct range){0};
			snprintf(id, sizeof(id), "p%u-%u", i, n);
			range_claim(statedir, root, id, NULL, &pool, &range, NULL);
			if (write(ends[1], &range, sizeof(range)) != (ssize_t)sizeof(range))
				_exit(1);
		}
		_exit(read(gate[0], &byte, 1) == 0 ? 0 : 1);
	}
	close(ends[1]);
	for (unsigned i = 0; i < processes * each; i++) {
		uint32_t slot;

		cr_assert_eq(read(ends[0], &range, sizeof(range)), (ssize_t)sizeof(range));
		cr_assert(range.base >= FIRST && !range.taken, "a claim failed: %u", range.base);
		slot = (range.base - FIRST) / SUBID_SLOT;
		cr_assert_lt(slot, MOST);
		cr_expect_not(seen[slot], "%u twice", range.base);
		seen[slot] = true;
	}
	close(gate[1]);
	while (wait(&status) > 0)
		cr_expect_eq(status, 0);
	close(ends[0]);
	close(gate[0]);
}

Test(range, eight_at_once)
{
	claim_many(8, 1);
	claim_many(8, 32);
}

Test(range, sixty_four_at_once)
{
	claim_many(64, 1);
	claim_many(64, 4);
}
