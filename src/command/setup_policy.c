/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setup policy: a directory becomes the policy at once, or not at all. A copy is made beside
 * the one in place, checked, and exchanged with it in a single step; a call that reads the
 * policy has opened either the one or the other.
 */
#include "command/command.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/tree.h"
#include "policy/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] = "policy DIR [--dry-run]";

static const char help[] =
	"usage: hardrun setup policy DIR [--dry-run]\n"
	"\n"
	"Puts the policy in DIR (policy.json; policy.d, seccomp and keys where there are any) in "
	"the\n"
	"place of " HR_CONFDIR
	"'s: copied (links are followed, names that begin with two dots left\n"
	"out, as a mounted ConfigMap wants it), checked as by hardrun check, and exchanged in one\n"
	"step. Of what was there policy.d and seccomp go when DIR does not bring them, the rest\n"
	"stays. The policy before it is kept in " HR_CONFDIR ".previous.\n"
	"\n"
	"  --dry-run   only check, and say whether there is anything to do\n"
	"\n"
	"Exit status: 0 done or nothing to do, 1 mistakes in the policy (nothing was changed),\n"
	"2 usage, 4 a file cannot be read or written.\n";

struct switching {
	const char *source; /* DIR */
	bool dry_run;
	char parent[PATH_MAX];	  /* of HR_CONFDIR */
	char draft[NAME_MAX + 1]; /* a copy in the making */
	char fresh[NAME_MAX + 1]; /* a whole policy: about to be exchanged, or the former one */
	char previous[NAME_MAX + 1];
	const char *name; /* of HR_CONFDIR in parent */
	int from;	  /* DIR */
	int parent_fd;	  /* locked */
	int current;	  /* HR_CONFDIR; -1 for none */
	int copy;
};

/* HR_CONFDIR's parent and the names in it. */
static int split(struct switching *it, struct hr_error *err)
{
	const char *slash = strrchr(HR_CONFDIR, '/');

	snprintf(it->parent, sizeof(it->parent), "%.*s", (int)(slash - HR_CONFDIR), HR_CONFDIR);
	it->name = slash + 1;
	snprintf(it->draft, sizeof(it->draft), ".%s.copy", it->name);
	snprintf(it->fresh, sizeof(it->fresh), ".%s.new", it->name);
	snprintf(it->previous, sizeof(it->previous), "%s.previous", it->name);
	return file_open_trusted(it->parent[0] ? it->parent : "/", true, &it->parent_fd, err);
}

static int open_all(struct switching *it, struct hr_error *err)
{
	hr_autoclose int parent = -1;
	struct stat st;

	it->from = open(it->source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (it->from < 0 && errno == ENOTDIR)
		return hr_fail(err, HR_USAGE,
			       "%s is a file; name the directory that holds policy.json",
			       it->source);
	if (it->from < 0)
		return hr_fail_errno(err, errno, "%s", it->source);
	if (faccessat(it->from, "policy.json", F_OK, 0) < 0)
		return hr_fail(err, HR_USAGE, "%s has no policy.json", it->source);
	if (split(it, err) < 0)
		return -1;
	/* flock wants a descriptor that is no O_PATH. */
	parent = it->parent_fd;
	it->parent_fd = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (it->parent_fd < 0)
		return hr_fail_errno(err, errno, "%s", it->parent);
	if (flock(it->parent_fd, LOCK_EX | LOCK_NB) < 0)
		return hr_fail(err, HR_SYSTEM, "%s is locked: another setup is at work; try again",
			       it->parent);
	it->current =
		openat(it->parent_fd, it->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (it->current < 0 && fstatat(it->parent_fd, it->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return hr_fail(err, HR_DENIED,
			       "%s is not a directory; the policy is switched by exchanging it, "
			       "so make it one",
			       HR_CONFDIR);
	return 0;
}

/* The links of handlers and what setup wrote down are the node's, whatever DIR has by these
 * names: DIR may be the policy of another day. */
static int keep_nodes(const struct switching *it, struct hr_error *err)
{
	static const char *const nodes[] = {"runtimes", "setup.json"};

	for (size_t i = 0; i < hr_count(nodes); i++)
		if (it->current >= 0 &&
		    faccessat(it->current, nodes[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
		    tree_copy_entry(it->current, HR_CONFDIR, nodes[i], it->copy, false, err) < 0)
			return -1;
	if (mkdirat(it->copy, "runtimes", 0755) < 0 && errno != EEXIST)
		return hr_fail_errno(err, errno, "%s/%s/runtimes", it->parent, it->draft);
	return 0;
}

/* Parts of a policy. Of DIR nothing else is taken: it may be a whole checkout. */
static const char *const parts[] = {"policy.json", "policy.d", "seccomp", "keys", NULL};

static int take_dir(const struct switching *it, struct hr_error *err)
{
	for (size_t i = 0; parts[i]; i++)
		if (faccessat(it->from, parts[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
		    tree_copy_entry(it->from, it->source, parts[i], it->copy, true, err) < 0)
			return -1;
	return 0;
}

/* The rest stays: keys, and what is no policy's. Files that profiles and rules are made of do
 * not: what a new policy leaves out is gone. */
static int keep_the_rest(const struct switching *it, struct hr_error *err)
{
	static const char *const replaced[] = {"policy.d", "seccomp"};

	if (it->current < 0)
		return 0;
	if (tree_copy(it->current, HR_CONFDIR, it->copy, false, err) < 0)
		return -1;
	for (size_t i = 0; i < hr_count(replaced); i++)
		if (faccessat(it->from, replaced[i], F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
		    tree_remove(it->copy, replaced[i], err) < 0)
			return -1;
	return 0;
}

static void say_left_out(const struct switching *it)
{
	text_auto struct text names = {0};

	tree_names(it->from, &names);
	for (char *rest = names.data, *name; rest && (name = strsep(&rest, "\n"));)
		if (name[0] && !text_starts(name, "..") && !text_in(name, parts) &&
		    strcmp(name, "runtimes") != 0 && strcmp(name, "setup.json") != 0) {
			char shown[TEXT_SHOWN_SIZE];

			printf("%s/%s: left out, no part of a policy (policy.json, policy.d, "
			       "seccomp, keys)\n",
			       it->source, text_shown_z(name, shown));
		}
}

/* A run that was killed behind the exchange left the former policy by the name of a copy. */
static void save_former(const struct switching *it)
{
	if (faccessat(it->parent_fd, it->previous, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
	    errno == ENOENT)
		renameat2(it->parent_fd, it->fresh, it->parent_fd, it->previous, RENAME_NOREPLACE);
}

static int make_copy(struct switching *it, struct hr_error *err)
{
	save_former(it);
	if (tree_remove(it->parent_fd, it->fresh, err) < 0 ||
	    tree_remove(it->parent_fd, it->draft, err) < 0)
		return -1;
	if (mkdirat(it->parent_fd, it->draft, 0755) < 0)
		return hr_fail_errno(err, errno, "%s/%s", it->parent, it->draft);
	it->copy =
		openat(it->parent_fd, it->draft, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (it->copy < 0)
		return hr_fail_errno(err, errno, "%s/%s", it->parent, it->draft);
	if (keep_nodes(it, err) < 0 || take_dir(it, err) < 0)
		return -1;
	return keep_the_rest(it, err);
}

static int exchange(const struct switching *it, struct hr_error *err)
{
	/* A node that loses its power has the one or the other, not an empty file. */
	if (syncfs(it->copy) < 0)
		return hr_fail_errno(err, errno, "%s/%s", it->parent, it->draft);
	if (renameat2(it->parent_fd, it->draft, it->parent_fd, it->fresh, RENAME_NOREPLACE) < 0)
		return hr_fail_errno(err, errno, "%s/%s", it->parent, it->fresh);
	if (it->current < 0) {
		if (renameat2(it->parent_fd, it->fresh, it->parent_fd, it->name, RENAME_NOREPLACE) <
		    0)
			return hr_fail_errno(err, errno, "%s", HR_CONFDIR);
		return 0;
	}
	/* From here on the former policy is the one that .previous is made of, by the next run if
	 * need be; it is not removed, for a create that opened it a moment ago is still reading. */
	if (tree_remove(it->parent_fd, it->previous, err) < 0)
		return -1;
	if (renameat2(it->parent_fd, it->fresh, it->parent_fd, it->name, RENAME_EXCHANGE) < 0)
		return hr_fail_errno(err, errno, "%s cannot be exchanged%s", HR_CONFDIR,
				     errno == EBUSY ? ": it is a mount point" : "");
	if (renameat2(it->parent_fd, it->fresh, it->parent_fd, it->previous, RENAME_NOREPLACE) < 0)
		return hr_fail_errno(err, errno, "%s.previous", HR_CONFDIR);
	return 0;
}

/* Exit status; -1 with err. */
static int switch_to_copy(struct switching *it, struct hr_error *err)
{
	text_auto struct text mistakes = {0};

	if (command_policy_mistakes(it->copy, it->source, &mistakes, err) < 0)
		return -1;
	if (mistakes.len > 0) {
		printf("%s", mistakes.data);
		hr_fail(err, HR_POLICY, "%s has mistakes; %s stays as it is", it->source,
			HR_CONFDIR);
		return EXIT_REFUSED;
	}
	say_left_out(it);
	if (it->current >= 0 && tree_same(it->copy, it->current)) {
		printf("%s: nothing to do, it is the policy of %s\n", HR_CONFDIR, it->source);
		return EXIT_OK;
	}
	if (it->dry_run) {
		printf("%s: would be replaced by the policy of %s, which is good\n", HR_CONFDIR,
		       it->source);
		return EXIT_OK;
	}
	if (exchange(it, err) < 0)
		return -1;
	printf("%s: the policy of %s\n", HR_CONFDIR, it->source);
	if (it->current >= 0)
		printf("the one before is in %s.previous; take it back with: hardrun setup policy "
		       "%s.previous\n",
		       HR_CONFDIR, HR_CONFDIR);
	return EXIT_OK;
}

static int run(struct switching *it, struct hr_error *err)
{
	int status = -1;

	if (open_all(it, err) == 0) {
		if (make_copy(it, err) == 0)
			status = switch_to_copy(it, err);
		tree_remove(it->parent_fd, it->draft, NULL);
		tree_remove(it->parent_fd, it->fresh, NULL);
	}
	if (status >= 0)
		return status;
	return err->code == HR_USAGE || err->code == HR_DENIED ? EXIT_REFUSED : EXIT_SYSTEM;
}

int command_setup_policy(int argc, char *const argv[], struct hr_error *err)
{
	struct switching it = {.from = -1, .parent_fd = -1, .current = -1, .copy = -1};
	int status;

	for (int i = 1; i < argc; i++) {
		if (command_wants_help(argv[i]))
			return command_help(help);
		if (strcmp(argv[i], "--dry-run") == 0)
			it.dry_run = true;
		else if (argv[i][0] == '-' || it.source)
			return command_usage("setup", argv[i], usage, err);
		else
			it.source = argv[i];
	}
	if (!it.source)
		return command_usage("setup", NULL, usage, err);
	status = run(&it, err);
	hr_cleanup_close(&it.from);
	hr_cleanup_close(&it.parent_fd);
	hr_cleanup_close(&it.current);
	hr_cleanup_close(&it.copy);
	return status;
}
