/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of ranges share: claims, creates and containers of a runtime's root of theirs.
 */
#ifndef HR_TESTS_RANGES_H
#define HR_TESTS_RANGES_H

#include "json/edit.h"
#include "state/range.h"
#include "state/record.h"
#include "unit.h"

#include <dirent.h>
#include <sys/wait.h>

#define RANGES "state/hardrun/ranges"
#define ORDER  RANGES "/order"
#define FIRST  1879048192U

static char statedir[PATH_MAX], root[PATH_MAX];
static const struct subid_pool whole = {FIRST, 4094}, small = {FIRST, 4};

static inline void start(void)
{
	need_root();
	scratch_make();
	make_dir("root", 0700, 0, 0);
	snprintf(statedir, sizeof(statedir), "%s", in_scratch("state/hardrun"));
	snprintf(root, sizeof(root), "%s", in_scratch("root"));
}

/* The first id of the pool's slot. */
static inline uint32_t nth(unsigned slot)
{
	return FIRST + slot * SUBID_SLOT;
}

static inline uint32_t claim_of(const struct subid_pool *pool, const char *id)
{
	struct hr_error err = {0};
	struct range range = {0};

	cr_assert_ok(range_claim(statedir, root, id, NULL, pool, &range, &err), err);
	cr_assert_not(range.taken);
	cr_assert(range.base >= pool->first && range.base % SUBID_SLOT == 0 &&
			  range.base < pool->first + pool->slots * SUBID_SLOT,
		  "%u of %s", range.base, id);
	return range.base;
}

static inline uint32_t join_of(const char *id, const char *sandbox)
{
	struct hr_error err = {0};
	struct range range = {.base = 7};

	cr_assert_ok(range_claim(statedir, root, id, sandbox, NULL, &range, &err), err);
	return range.base;
}

static inline void withdraw(const char *id, uint32_t base)
{
	range_withdraw(statedir, root, id, base);
}

/* A record as create writes it; base 0 for a container without a range. */
static inline int put_record(const char *id, uint32_t base, struct hr_error *err)
{
	json_auto struct json_doc *record = json_new("record");
	char text[16];

	snprintf(text, sizeof(text), "%u", base);
	json_put_string(record, json_root(record), "id", id);
	if (base != 0)
		json_put_string(record, json_root(record), "range", text);
	if (record_reserve(statedir, root, id, record, NULL, err) < 0)
		return -1;
	return record_commit(statedir, root, id, record, err);
}

static inline void run_container(const char *id)
{
	char path[64];

	snprintf(path, sizeof(path), "root/%s", id);
	make_dir(path, 0700, 0, 0);
}

static inline void end_container(const char *id)
{
	char path[64];

	snprintf(path, sizeof(path), "root/%s", id);
	cr_assert_eq(rmdir(in_scratch(path)), 0);
}

/* In a process that ends: claim (join with `sandbox`), reserve and commit; with `runs`, the
 * container is there. */
static inline uint32_t create(const char *id, const char *sandbox, const struct subid_pool *pool,
			      bool runs)
{
	int ends[2], status;
	uint32_t base = 0;
	pid_t pid;

	cr_assert_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		struct range range;

		_exit(range_claim(statedir, root, id, sandbox, pool, &range, NULL) < 0 ||
		      put_record(id, range.base, NULL) < 0 ||
		      write(ends[1], &range.base, sizeof(range.base)) !=
			      (ssize_t)sizeof(range.base));
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0, "create %s: %d", id, status);
	cr_assert_eq(read(ends[0], &base, sizeof(base)), (ssize_t)sizeof(base));
	close(ends[0]);
	close(ends[1]);
	if (runs)
		run_container(id);
	return base;
}

/* Files of slots, and what is left of some. */
static inline unsigned count_slots(void)
{
	DIR *dir = opendir(in_scratch(RANGES));
	unsigned found = 0;

	for (const struct dirent *entry; dir && (entry = readdir(dir));)
		found += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
			 strcmp(entry->d_name, "order") != 0;
	if (dir)
		closedir(dir);
	return found;
}

static inline const char *file_of(uint32_t base)
{
	char name[64];

	snprintf(name, sizeof(name), RANGES "/%u.json", base);
	return in_scratch(name);
}

static inline bool has_file(uint32_t base)
{
	return access(file_of(base), F_OK) == 0;
}

static inline void make_ranges(void)
{
	make_dir("state", 0755, 0, 0);
	make_dir("state/hardrun", 0755, 0, 0);
	make_dir(RANGES, 0700, 0, 0);
}

static inline void put_slot(uint32_t base, const char *text)
{
	char name[64];

	snprintf(name, sizeof(name), RANGES "/%u.json", base);
	make_file(name, text);
	cr_assert_eq(chmod(in_scratch(name), 0600), 0);
}

#endif
