/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a container from reservation to its end. Needs root: records are root's. */
#include "state/record.h"

#include "json/edit.h"
#include "load.h"
#include "state/sweep.h"
#include "unit.h"

#include <dirent.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>

static char statedir[PATH_MAX], root[PATH_MAX];

static void start(void)
{
	need_root();
	scratch_make();
	make_dir("root", 0700, 0, 0);
	snprintf(statedir, sizeof(statedir), "%s", in_scratch("state/hardrun"));
	snprintf(root, sizeof(root), "%s", in_scratch("root"));
}

TestSuite(record, .init = start, .fini = scratch_drop, .timeout = 60);

static struct json_doc *new_record(const char *id)
{
	struct json_doc *record = json_new("record");

	cr_assert_not_null(record);
	json_put_string(record, json_root(record), "id", id);
	json_put_string(record, json_root(record), "root", root);
	json_put_string(record, json_root(record), "profile", "web");
	return record;
}

static int reserve(const char *id, struct hr_error *err)
{
	json_auto struct json_doc *record = new_record(id);

	return record_reserve(statedir, root, id, record, NULL, err);
}

/* As create does it: reserve and commit in a process that ends. */
static void create(const char *id)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		json_auto struct json_doc *record = new_record(id);

		_exit(record_reserve(statedir, root, id, record, NULL, NULL) < 0 ||
		      record_commit(statedir, root, id, record, NULL) < 0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0);
}

static char *profile_of(const char *id)
{
	json_auto struct json_doc *record = NULL;
	const char *profile;

	record_load(statedir, root, id, &record, NULL);
	profile = record ? json_string(json_root(record), "profile") : NULL;
	return profile ? strdup(profile) : NULL;
}

static unsigned count_records(void)
{
	int fd = record_open(statedir);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	unsigned found = 0;

	for (const struct dirent *entry; dir && (entry = readdir(dir));)
		found += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return found;
}

/* The one record file there is. */
static void only_record(char ret[2 * PATH_MAX])
{
	DIR *dir = fdopendir(record_open(statedir));

	ret[0] = '\0';
	for (const struct dirent *entry; (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			snprintf(ret, 2 * PATH_MAX, "%s/records/%s", statedir, entry->d_name);
	closedir(dir);
	cr_assert(ret[0]);
}

/* Make all records look as if written `seconds` ago. */
static void age_records(time_t seconds)
{
	struct timespec times[2] = {{.tv_sec = time(NULL) - seconds}};
	int fd = record_open(statedir);
	DIR *dir = fdopendir(dup(fd));

	times[1] = times[0];
	for (const struct dirent *entry; (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			utimensat(fd, entry->d_name, times, 0);
	closedir(dir);
	close(fd);
}

Test(record, life)
{
	json_auto struct json_doc *record = new_record("c1"), *loaded = NULL;
	struct hr_error err = {0};
	struct stat st;
	char path[2 * PATH_MAX];
	int64_t pid, begun, version;

	cr_expect_eq(record_open(statedir), -1);
	cr_assert_ok(record_reserve(statedir, root, "c1", record, NULL, &err), err);
	record_load(statedir, root, "c1", &loaded, NULL);
	cr_expect_null(loaded, "a reservation is no record yet");
	cr_assert_ok(record_commit(statedir, root, "c1", record, &err), err);
	record_load(statedir, root, "c1", &loaded, NULL);
	cr_assert_not_null(loaded);
	cr_expect_str_eq(json_string(json_root(loaded), "state"), "committed");
	cr_expect_str_eq(json_string(json_root(loaded), "profile"), "web");
	cr_expect(json_int(json_path(json_root(loaded), "creator.pid"), &pid) && pid == getpid());
	cr_expect(json_int(json_path(json_root(loaded), "creator.start"), &begun) && begun > 0);
	cr_expect(json_int(json_get(json_root(loaded), "version"), &version) && version == 1);
	only_record(path);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode, S_IFREG | 0600);
	cr_assert_eq(stat(in_scratch("state/hardrun/records"), &st), 0);
	cr_expect_eq(st.st_mode, S_IFDIR | 0700);
	cr_expect_eq(count_records(), 1);
	record_withdraw(statedir, root, "c1");
	cr_expect_eq(count_records(), 0);
	record_withdraw(statedir, root, "c1");
}

/* The name: sha256(realpath(root) NUL id). */
Test(record, file_name)
{
	char path[2 * PATH_MAX], wanted[2 * PATH_MAX];
	hr_autofree char *known = NULL;

	snprintf(root, sizeof(root), "/proc/sys/hr"); /* not there: stays as it is */
	cr_assert_eq(reserve("c1", NULL), 0);
	only_record(path);
	/* printf '/proc/sys/hr\0c1' | sha256sum */
	snprintf(wanted, sizeof(wanted),
		 "%s/records/830dad5f8f0ef55be54d0de9704809dc8e4ac0ab4114d918e3271a52e4a38ff4.json",
		 statedir);
	cr_expect_str_eq(path, wanted);
}

/* Spellings of one root are one; another root and another id are others. */
static const struct {
	const char *root, *id;
	bool same;
} keys[] = {
	{"root", "c1", true},	{"root/", "c1", true},	   {"root//", "c1", true},
	{"./root", "c1", true}, {"link", "c1", true},	   {"link/../root", "c1", true},
	{"root", "c2", false},	{"root", "C1", false},	   {"root2", "c1", false},
	{"root/c1", "", false}, {"root/sub", "c1", false}, {"gone", "c1", false},
};

static void check_keys(const __typeof__(keys[0]) *row, size_t i)
{
	json_auto struct json_doc *loaded = NULL;
	char other[PATH_MAX * 2];

	start();
	make_dir("root2", 0700, 0, 0);
	make_link("link", "root");
	create("c1");
	snprintf(other, sizeof(other), "%s/%s", scratch, row->root);
	record_load(statedir, other, row->id, &loaded, NULL);
	cr_expect_eq(loaded != NULL, row->same, "row %zu: %s %s", i, row->root, row->id);
	scratch_drop();
}
ROWS(record_keys, keys)

/* A root that the runtime makes later has the same name before and after. */
Test(record, root_is_made_later)
{
	hr_autofree char *profile = NULL;

	make_link("link", "root");
	snprintf(root, sizeof(root), "%s", in_scratch("link/k8s.io/deep/"));
	create("c1");
	make_dir("root/k8s.io", 0700, 0, 0);
	make_dir("root/k8s.io/deep", 0700, 0, 0);
	profile = profile_of("c1");
	cr_expect_str_eq(profile, "web");
}

/* A living id is never touched: the runtime has it, or its creator lives. */
Test(record, alive_in_the_runtime)
{
	struct hr_error err = {0};
	hr_autofree char *profile = NULL;

	create("c1");
	make_dir("root/c1", 0700, 0, 0);
	expect_error(reserve("c1", &err), &err, HR_DENIED, "container id \"c1\" is in use");
	profile = profile_of("c1");
	cr_expect_str_eq(profile, "web");
	remove(in_scratch("root/c1"));
	cr_expect_eq(reserve("c1", NULL), 0);
}

/* Without any record of ours: made by the runtime itself. */
Test(record, alive_without_record)
{
	struct hr_error err = {0};

	make_dir("root/c1", 0700, 0, 0);
	expect_error(reserve("c1", &err), &err, HR_DENIED, "in use");
	cr_expect_eq(count_records(), 0);
}

/* runsc keeps ROOT/ID_sandbox:SANDBOX.state, and no directory (host/container.c). */
Test(record, alive_in_runsc)
{
	struct hr_error err = {0};

	create("c1");
	make_file("root/c1_sandbox:pod1.state", "{}");
	cr_expect(sweep_alive(root, "c1", NULL), "a container of runsc is taken for dead");
	expect_error(reserve("c1", &err), &err, HR_DENIED, "in use");
}

Test(record, creator_lives)
{
	struct hr_error err = {0};
	int ends[2];
	pid_t pid;
	char byte;

	cr_assert_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		if (reserve("c1", NULL) == 0 && write(ends[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	cr_assert_eq(read(ends[0], &byte, 1), 1);
	expect_error(reserve("c1", &err), &err, HR_DENIED, "in use");
	kill(pid, SIGKILL);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	cr_expect_eq(reserve("c1", NULL), 0);
}

/* What is not root's, or cannot be read, is no record; it stands in nobody's way. */
static const struct {
	const char *content; /* NULL: as it was */
	uid_t uid;
	mode_t mode;
} unsound[] = {
	{NULL, 1000, 0600},
	{NULL, 0, 0602},
	{NULL, 0, 0666},
	{"", 0, 0600},
	{"{\"state\":\"committed\"", 0, 0600},
	{"[]", 0, 0600},
	{"{}", 0, 0600},
	{"{\"state\":7}", 0, 0600},
	{"{\"state\":\"preparing\"}", 0, 0600},
	{"{\"state\":\"committed\",\"state\":\"committed\"}", 0, 0600},
};

static void check_unsound(const __typeof__(unsound[0]) *row, size_t i)
{
	hr_autofree char *profile = NULL, *again = NULL;
	char path[2 * PATH_MAX];

	start();
	create("c1");
	only_record(path);
	if (row->content) {
		hr_autoclose int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

		cr_assert_eq(write(fd, row->content, strlen(row->content)),
			     (ssize_t)strlen(row->content));
	}
	cr_assert_eq(chown(path, row->uid, 0), 0);
	cr_assert_eq(chmod(path, row->mode), 0);
	profile = profile_of("c1");
	cr_expect_null(profile, "row %zu is believed", i);
	create("c1");
	again = profile_of("c1");
	cr_expect_str_eq(again, "web");
	scratch_drop();
}
ROWS(record_unsound, unsound)

Test(record, link_in_its_place)
{
	hr_autofree char *profile = NULL;
	char path[PATH_MAX * 2], moved[PATH_MAX * 2];

	create("c1");
	only_record(path);
	snprintf(moved, sizeof(moved), "%s", in_scratch("moved"));
	cr_assert_eq(rename(path, moved), 0);
	cr_assert_eq(symlink(moved, path), 0);
	profile = profile_of("c1");
	cr_expect_null(profile);
}

Test(record, state_directory_cannot_be_made)
{
	struct hr_error err = {0};

	make_file("state", "a file");
	expect_error(reserve("c1", &err), &err, HR_SYSTEM, "make directory");
	record_withdraw(statedir, root, "c1");
}

/* What was written can be read: a report of many entries is no reason to forget a ceiling. */
Test(record, large)
{
	json_auto struct json_doc *record = new_record("c1"), *loaded = NULL;
	hr_autofree char *filler = malloc((size_t)5 << 20);
	struct hr_error err = {0};

	cr_assert_not_null(filler);
	memset(filler, 'f', (size_t)5 << 20);
	filler[((size_t)5 << 20) - 1] = '\0';
	json_put_string(record, json_root(record), "report", filler);
	if (record_reserve(statedir, root, "c1", record, NULL, &err) < 0)
		return; /* refused: fine as well */
	cr_assert_ok(record_commit(statedir, root, "c1", record, &err), err);
	record_load(statedir, root, "c1", &loaded, NULL);
	cr_expect_not_null(loaded, "written, and never read again");
}

/* The lock is the kernel's: gone with its holder. */
Test(record, lock_of_a_killed_process)
{
	hr_autoclose int dirfd = -1;
	pid_t pid;
	int ends[2];
	char byte;

	create("c1");
	dirfd = record_open(statedir);
	cr_assert_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		int fd = openat(dirfd, ".lock", O_RDWR | O_CLOEXEC);

		if (flock(fd, LOCK_EX) == 0 && write(ends[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	cr_assert_eq(read(ends[0], &byte, 1), 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cr_expect_eq(reserve("c2", NULL), 0);
}

/* Of many creates for one id at once, one gets it. */
Test(record, one_of_many)
{
	unsigned won = 0;
	int ends[2], gate[2];
	char byte;

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(pipe(gate), 0);
	for (unsigned i = 0; i < 16; i++) {
		if (fork() != 0)
			continue;
		close(gate[1]);
		byte = reserve("c1", NULL) == 0 ? '1' : '0';
		if (write(ends[1], &byte, 1) != 1)
			_exit(1);
		/* live until all have tried */
		_exit(read(gate[0], &byte, 1) == 0 ? 0 : 1);
	}
	for (unsigned i = 0; i < 16; i++) {
		cr_assert_eq(read(ends[0], &byte, 1), 1);
		won += byte == '1';
	}
	cr_expect_eq(won, 1, "%u", won);
	close(gate[1]);
	while (wait(NULL) > 0)
		;
}

/* Many creates at once for ids of their own: no record is lost. */
Test(record, many_at_once)
{
	for (unsigned i = 0; i < 60; i++) {
		char id[16];

		snprintf(id, sizeof(id), "c%u", i);
		if (fork() == 0) {
			json_auto struct json_doc *record = new_record(id);

			_exit(record_reserve(statedir, root, id, record, NULL, NULL) < 0 ||
			      record_commit(statedir, root, id, record, NULL) < 0);
		}
	}
	for (int status; wait(&status) > 0;)
		cr_expect_eq(status, 0);
	cr_expect_eq(count_records(), 60);
}

/* A create sweeps eight of what is dead for longer than the grace. */
Test(record, reserve_sweeps)
{
	char id[16];

	for (unsigned i = 0; i < 20; i++) {
		snprintf(id, sizeof(id), "dead%u", i);
		create(id);
	}
	cr_expect_eq(count_records(), 20, "what is young stays");
	age_records(RECORD_GRACE + 5);
	create("new");
	cr_expect(count_records() >= 20 + 1 - RECORD_SWEPT, "more than eight: %u", count_records());
	for (unsigned i = 0; i < 100; i++) {
		snprintf(id, sizeof(id), "new%u", i);
		create(id);
		if (count_records() == i + 2)
			break;
	}
	cr_expect(count_records() < 90, "dead records stay: %u", count_records());
}
