/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: programs that are asked what they are. Only such as root alone can change. */
#include "base/child.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "command/doctor.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define LONGEST_ANSWER ((size_t)256 * 1024)
#define DPKG	       "/var/lib/dpkg"

static char *environment[] = {(char[]){"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, NULL};

/* NULL in ret for a program that ends with another status than 0. */
static int ask(const char *program, const char *name, const char *word, char **ret, size_t *ret_len,
	       struct hr_error *err)
{
	hr_autofree char *argv0 = strdup(name), *argument = strdup(word), *answer = NULL;
	char *argv[] = {argv0, argument, NULL};
	int status = 0;

	*ret = NULL;
	*ret_len = 0;
	if (!argv0 || !argument)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (child_capture(program, argv, environment, DOCTOR_PATIENCE_MS, LONGEST_ANSWER, &answer,
			  ret_len, &status, err) < 0)
		return -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		*ret = hr_steal(answer);
	return 0;
}

static int keep_version(struct node_runtime *runtime, char *answer, struct hr_error *err)
{
	const char *path = runtime->runtime.path;

	if (!answer)
		return hr_fail(err, HR_POLICY, "%s --version failed", path);
	answer[strcspn(answer, "\n")] = '\0';
	for (char *c = answer; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	snprintf(runtime->version, sizeof(runtime->version), "%s", answer);
	return 0;
}

void node_ask_runtime(struct node_runtime *runtime)
{
	const char *path = runtime->runtime.path, *name = runtime_kind_name(runtime->runtime.kind);
	hr_autofree char *answer = NULL;
	struct json *list;
	struct stat st;
	size_t len;

	if (ask(path, name, "--version", &answer, &len, &runtime->failed) < 0 ||
	    keep_version(runtime, answer, &runtime->failed) < 0 ||
	    ask(path, name, "features", &runtime->features, &runtime->features_len,
		&runtime->failed) < 0)
		return;
	if (stat(path, &st) == 0)
		package_version(DPKG, runtime->runtime.kind, &st, runtime->package);
	runtime->cves = json_new("cves");
	list = runtime->cves ? json_put(runtime->cves, json_root(runtime->cves), "cves",
					json_new_array(runtime->cves))
			     : NULL;
	if (!list || escapes_list(runtime->runtime.kind, runtime->version, runtime->package,
				  runtime->cves, list) < 0)
		hr_fail(&runtime->failed, HR_SYSTEM, "out of memory");
}

static bool can_ask(const char *program, struct stat *ret)
{
	hr_autoclose int fd = -1;

	return program[0] == '/' && file_open_trusted(program, false, &fd, NULL) == 0 &&
	       fstat(fd, ret) == 0 && S_ISREG(ret->st_mode) && (ret->st_mode & 0111);
}

bool node_ask_other(const struct node *node, const char *program)
{
	hr_autofree char *answer = NULL;
	struct stat st;
	size_t len;

	if (!can_ask(program, &st) ||
	    (st.st_dev == node->self_stat.st_dev && st.st_ino == node->self_stat.st_ino))
		return false;
	return ask(program, program, "version", &answer, &len, NULL) < 0 || !answer ||
	       !text_starts(answer, "hardrun ");
}

void node_ask_handler(struct node_handler *handler)
{
	struct stat st;

	if (handler->real->failed.code != HR_OK || !can_ask(handler->program, &st))
		return;
	handler->asked = true;
	ask(handler->program, handler->program, "features", &handler->features,
	    &handler->features_len, &handler->failed);
}
