/* SPDX-License-Identifier: Apache-2.0 */
#include "base/child.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "host/escapes.h"
#include "host/runtime.h"
#include "json/edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define PATIENCE_MS    5000 /* a cold disk; runc answers in 5 ms */
#define LONGEST_ANSWER ((size_t)256 * 1024)
#define DPKG	       "/var/lib/dpkg"

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

/* crun's features say nothing of this; it has known the flag since 0.9, and hands a listener to a
 * socket by a process of its own since 1.6. */
static bool is_crun_1_6(const char *version)
{
	static const char before[] = "crun version ";
	unsigned long major, minor;
	char *end;

	if (!version || !text_starts(version, before))
		return false;
	version += strlen(before);
	major = strtoul(version, &end, 10);
	if (end == version || *end != '.')
		return false;
	version = end + 1;
	minor = strtoul(version, &end, 10);
	return end > version && (major > 1 || (major == 1 && minor >= 6));
}

/* `features` may be NULL. */
static int add_seccomp(const struct runtime *runtime, const struct json *features,
		       struct json_doc *doc, struct hr_error *err)
{
	static const struct {
		const char *list, *name;
	} known[] = {{"supportedFlags", "SECCOMP_FILTER_FLAG_LOG"}, {"actions", "SCMP_ACT_NOTIFY"}};
	const struct json *said = json_path(features, "linux.seccomp");
	bool crun = runtime->kind == RUNTIME_CRUN &&
		    is_crun_1_6(json_string(json_root(doc), "version"));
	struct json *list = json_put(doc, json_root(doc), "seccomp", json_new_array(doc));

	for (size_t i = 0; list && i < hr_count(known); i++) {
		bool can = runtime->kind == RUNTIME_RUNC &&
			   json_has_string(json_get(said, known[i].list), known[i].name);

		if ((can || crun) && !json_append(list, json_new_string(doc, known[i].name)))
			list = NULL;
	}
	return list ? 0 : hr_fail(err, HR_SYSTEM, "out of memory");
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
	return add_seccomp(runtime, features ? json_root(features) : NULL, doc, err);
}

/* Name of the cache file: what the program is, so that an upgrade asks anew. */
static void cache_name(const struct stat *program, char ret[96])
{
	snprintf(ret, 96, "%lx-%lx-%lx.%lx.json", (unsigned long)program->st_dev,
		 (unsigned long)program->st_ino, (unsigned long)program->st_mtim.tv_sec,
		 (unsigned long)program->st_mtim.tv_nsec);
}

/* One that an older hardrun kept says less, and is asked for anew. */
static int read_cache(int dirfd, const char *name, struct json_doc **ret)
{
	hr_autofree char *text = NULL;
	json_auto struct json_doc *doc = NULL;
	struct stat st;
	size_t len;

	if (file_read_at(dirfd, name, name, LONGEST_ANSWER, &text, &len, &st, NULL) < 0 ||
	    !file_is_roots(&st) || json_parse(name, text, len, false, &doc, NULL) < 0 ||
	    json_root(doc)->type != JSON_OBJECT || !json_get(json_root(doc), "seccomp"))
		return -1;
	*ret = hr_steal(doc);
	return 0;
}

/* Keeping the answer is worth a try and no more; made anew instead of replaced, so that a
 * killed process leaves no temporary file here. */
static void write_cache(int dirfd, const char *name, struct json_doc *doc)
{
	hr_autofree char *text = NULL;
	size_t len;

	if (json_write(json_root(doc), &text, &len, NULL) < 0)
		return;
	unlinkat(dirfd, name, 0);
	file_make_at(dirfd, name, text, len, 0600, NULL);
}

static int ask_all(const struct runtime *runtime, struct json_doc **ret, struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new("runtime");

	if (!doc)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (ask_version(runtime, doc, err) < 0 || ask_features(runtime, doc, err) < 0)
		return -1;
	*ret = hr_steal(doc);
	return 0;
}

/*
 * The package's version. dpkg puts the program in place before it writes down the version, so
 * the answer is good only until its status file is written again; an answer that an older
 * hardrun kept has none. 1: looked up anew.
 */
static int add_package(const struct runtime *runtime, const struct stat *program,
		       struct json_doc *doc, struct hr_error *err)
{
	const char *seen = json_string(json_root(doc), "package_seen");
	char version[PACKAGE_VERSION_SIZE], now[64] = "";
	struct stat st;

	if (stat(DPKG "/status", &st) == 0)
		snprintf(now, sizeof(now), "%lx.%lx", (unsigned long)st.st_mtim.tv_sec,
			 (unsigned long)st.st_mtim.tv_nsec);
	if (seen && strcmp(seen, now) == 0 && json_string(json_root(doc), "package"))
		return 0;
	package_version(DPKG, runtime->kind, program, version);
	if (!json_put_string(doc, json_root(doc), "package", version) ||
	    !json_put_string(doc, json_root(doc), "package_seen", now))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return 1;
}

/* Not kept: a newer hardrun knows of more. */
static int add_escapes(const struct runtime *runtime, struct json_doc *doc, struct hr_error *err)
{
	const char *version = json_string(json_root(doc), "version");
	struct json *list = json_put(doc, json_root(doc), "cves", json_new_array(doc));

	if (!list || escapes_list(runtime->kind, version ? version : "",
				  json_string(json_root(doc), "package"), doc, list) < 0)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return 0;
}

int runtime_facts(const struct runtime *runtime, const char *statedir, struct json_doc **ret,
		  struct hr_error *err)
{
	json_auto struct json_doc *doc = NULL;
	hr_autoclose int dirfd = -1;
	char directory[PATH_MAX], name[96];
	struct stat program;
	bool cached;
	int looked;

	if (stat(runtime->path, &program) < 0)
		return hr_fail_errno(err, errno, "runtime %s", runtime->path);
	cache_name(&program, name);
	snprintf(directory, sizeof(directory), "%s/runtimes", statedir);
	if (file_make_dirs(directory, 0700, NULL) == 0)
		dirfd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cached = dirfd >= 0 && read_cache(dirfd, name, &doc) == 0;
	if (!cached && ask_all(runtime, &doc, err) < 0)
		return -1;
	looked = add_package(runtime, &program, doc, err);
	if (looked < 0)
		return -1;
	if (dirfd >= 0 && (!cached || looked > 0))
		write_cache(dirfd, name, doc);
	if (add_escapes(runtime, doc, err) < 0)
		return -1;
	*ret = hr_steal(doc);
	return 0;
}
