/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of levels share: claims, creates and containers of a runtime's root of theirs.
 */
#ifndef HR_TESTS_LEVELS_H
#define HR_TESTS_LEVELS_H

#include "json/edit.h"
#include "state/level.h"
#include "state/record.h"
#include "unit.h"

#include <dirent.h>
#include <sys/wait.h>

static char statedir[PATH_MAX], root[PATH_MAX];

static inline void start(void)
{
	need_root();
	scratch_make();
	make_dir("root", 0700, 0, 0);
	snprintf(statedir, sizeof(statedir), "%s", in_scratch("state/hardrun"));
	snprintf(root, sizeof(root), "%s", in_scratch("root"));
}

static inline int claim(const char *id, const char *sandbox, const char *asked, struct level *ret,
			struct hr_error *err)
{
	*ret = (struct level){0};
	return level_claim(statedir, root, id, sandbox, asked, false, ret, err);
}

static inline void claim_ok(const char *id, const char *sandbox, const char *asked,
			    char ret[LEVEL_SIZE])
{
	struct hr_error err = {0};
	struct level level;

	cr_assert_ok(claim(id, sandbox, asked, &level, &err), err);
	cr_assert_not(level.taken, "%s of %s", level.name, id);
	cr_assert(level_sound(level.name), "%s", level.name);
	snprintf(ret, LEVEL_SIZE, "%s", level.name);
}

static inline bool is_taken(const char *id, const char *asked)
{
	struct hr_error err = {0};
	struct level level;

	cr_assert_ok(claim(id, NULL, asked, &level, &err), err);
	return level.taken;
}

/* A record as create writes it; `level` may be NULL. */
static inline int put_record(const char *id, const char *level, struct hr_error *err)
{
	json_auto struct json_doc *record = json_new("record");

	json_put_string(record, json_root(record), "id", id);
	if (level)
		json_put_string(record, json_root(record), "level", level);
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

/* In a process that ends: claim, reserve and commit; with `runs`, the container is there. */
static inline void create(const char *id, const char *sandbox, const char *asked, bool runs,
			  char ret[LEVEL_SIZE])
{
	int ends[2], status;
	pid_t pid;

	cr_assert_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		struct level level;

		_exit(claim(id, sandbox, asked, &level, NULL) < 0 || level.taken ||
		      put_record(id, level.name, NULL) < 0 ||
		      write(ends[1], level.name, sizeof(level.name)) != sizeof(level.name));
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0, "create %s: %d", id, status);
	cr_assert_eq(read(ends[0], ret, LEVEL_SIZE), LEVEL_SIZE);
	close(ends[0]);
	close(ends[1]);
	if (runs)
		run_container(id);
}

static inline unsigned count_files(const char *folder)
{
	DIR *dir = opendir(in_scratch(folder));
	unsigned found = 0;

	for (const struct dirent *entry; dir && (entry = readdir(dir));)
		found += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
			 strcmp(entry->d_name, ".lock") != 0;
	if (dir)
		closedir(dir);
	return found;
}

#define LEVELS "state/hardrun/levels"

static inline const char *file_of(const char *level)
{
	char name[64];

	snprintf(name, sizeof(name), LEVELS "/%s.json", level);
	return in_scratch(name);
}

static inline void put_slot(const char *level, const char *text)
{
	char name[64];

	snprintf(name, sizeof(name), LEVELS "/%s.json", level);
	make_file(name, text);
	cr_assert_eq(chmod(in_scratch(name), 0600), 0);
}

static inline void make_levels(void)
{
	make_dir("state", 0755, 0, 0);
	make_dir("state/hardrun", 0755, 0, 0);
	make_dir(LEVELS, 0700, 0, 0);
}

#endif
