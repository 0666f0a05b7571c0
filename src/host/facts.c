/* SPDX-License-Identifier: Apache-2.0 */
#include "base/child.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "host/runtime.h"
#include "json/edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define PATIENCE_MS    5000 /* a cold disk; runc answers in 5 ms */
#define LONGEST_ANSWER ((size_t)256 * 1024)

static char *environment[] = {(char[]){"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, NULL};

/* Run `RUNTIME word`. A runtime that does not know the word gives 1 and no error. */
static int ask(const struct runtime *runtime, const char *word, char **ret, size_t *ret_len,
	       struct hr_error *err)
{
	hr_autofree char *path = strdup(runtime->path);
	hr_autofree char *argument = strdup(word);
	char *argv[] = {path, argument, NULL};
	int status = 0;

	if (!path || !argument)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (child_capture(runtime->path, argv, environment, PATIENCE_MS, LONGEST_ANSWER, ret,
			  ret_len, &status, err) < 0)
		return -1;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}

static int ask_version(const struct runtime *runtime, struct json_doc *doc, struct hr_error *err)
{
	hr_autofree char *answer = NULL;
	size_t len = 0;

	if (ask(runtime, "--version", &answer, &len, err) != 0)
		return hr_fail(err, HR_POLICY, "runtime %s: --version failed", runtime->path);
	answer[strcspn(answer, "\n")] = '\0';
	for (char *c = answer; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	if (!json_put_string(doc, json_root(doc), "version", answer))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return 0;
}

static int ask_features(const struct runtime *runtime, struct json_doc *doc, struct hr_error *err)
{
	hr_autofree char *answer = NULL;
	json_auto struct json_doc *features = NULL;
	const struct json *list = NULL;
	size_t len = 0;
	int result = ask(runtime, "features", &answer, &len, err);

	if (result < 0)
		return -1;
	if (result == 0) {
		if (json_parse("features", answer, len, false, &features, err) < 0)
			return hr_context(err, "%s", runtime->path);
		list = json_get(json_root(features), "potentiallyUnsafeConfigAnnotations");
	}
	if (!json_put(doc, json_root(doc), "unsafe_annotations",
		      list ? json_clone(doc, list) : json_new_array(doc)))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return 0;
}

/* Name of the cache file: what the program is, so that an upgrade asks anew. */
static int cache_name(const struct runtime *runtime, char ret[96], struct hr_error *err)
{
	struct stat st;

	if (stat(runtime->path, &st) < 0)
		return hr_fail_errno(err, errno, "runtime %s", runtime->path);
	snprintf(ret, 96, "%lx-%lx-%lx.%lx.json", (unsigned long)st.st_dev,
		 (unsigned long)st.st_ino, (unsigned long)st.st_mtim.tv_sec,
		 (unsigned long)st.st_mtim.tv_nsec);
	return 0;
}

static int read_cache(int dirfd, const char *name, struct json_doc **ret)
{
	hr_autofree char *text = NULL;
	struct stat st;
	size_t len;

	if (file_read_at(dirfd, name, name, LONGEST_ANSWER, &text, &len, &st, NULL) < 0 ||
	    !file_is_roots(&st))
		return -1;
	return json_parse(name, text, len, false, ret, NULL);
}

/* Keeping the answer is worth a try and no more. */
static void write_cache(int dirfd, const char *name, struct json_doc *doc)
{
	hr_autofree char *text = NULL;
	size_t len;

	if (json_write(json_root(doc), &text, &len, NULL) == 0)
		file_make_at(dirfd, name, text, len, 0600, NULL);
}

int runtime_facts(const struct runtime *runtime, const char *statedir, struct json_doc **ret,
		  struct hr_error *err)
{
	json_auto struct json_doc *doc = NULL;
	hr_autoclose int dirfd = -1;
	char directory[PATH_MAX], name[96];

	if (cache_name(runtime, name, err) < 0)
		return -1;
	snprintf(directory, sizeof(directory), "%s/runtimes", statedir);
	if (file_make_dirs(directory, 0700, NULL) == 0)
		dirfd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dirfd >= 0 && read_cache(dirfd, name, ret) == 0)
		return 0;
	doc = json_new("runtime");
	if (!doc)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (ask_version(runtime, doc, err) < 0 || ask_features(runtime, doc, err) < 0)
		return -1;
	if (dirfd >= 0)
		write_cache(dirfd, name, doc);
	*ret = hr_steal(doc);
	return 0;
}
