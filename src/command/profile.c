/* SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define PROFILE_MAX ((size_t)1024 * 1024) /* bytes of a file */

static void keep_finding(const char *finding, void *to)
{
	text_addf(to, "%s\n", finding);
}

static int read_json(const char *name, const char *text, size_t len, const char *arch,
		     struct text *findings, struct seccomp_filter **ret, struct hr_error *err)
{
	json_auto struct json_doc *doc = NULL;
	struct utsname machine = {0};
	const struct seccomp_host host = {.arch = arch, .docker = true, .kernel = machine.release};

	uname(&machine);
	if (json_parse(name, text, len, false, &doc, err) < 0) {
		if (err->code == HR_SPEC)
			err->code = HR_POLICY;
		return -1;
	}
	if (seccomp_read(json_root(doc), &host, ret, err) < 0)
		return -1;
	if (findings)
		seccomp_lint(json_root(doc), *ret, &host, keep_finding, findings);
	return 0;
}

static int read_source(const char *name, const char *text, size_t len, const char *arch,
		       struct seccomp_filter **ret, struct hr_error *err)
{
	struct seccomp_source *source = NULL;
	int rc;

	if (seccomp_parse(name, text, len, &source, err) < 0)
		return -1;
	rc = seccomp_lower(source, arch, ret, err);
	seccomp_source_free(source);
	return rc;
}

int command_filter(const char *name, const char *text, size_t len, bool json,
		   struct seccomp_filter **ret, struct hr_error *err)
{
	return json ? read_json(name, text, len, seccomp_native(), NULL, ret, err)
		    : read_source(name, text, len, seccomp_native(), ret, err);
}

bool command_is_policy(const char *text, size_t len)
{
	json_auto struct json_doc *doc = NULL;
	const struct json *root;

	if (json_parse("file", text, len, true, &doc, NULL) < 0)
		return strstr(text, "\"version\"") && !strstr(text, "\"defaultAction\"");
	root = json_root(doc);
	return root->type == JSON_OBJECT && !json_get(root, "defaultAction") &&
	       !json_get(root, "syscalls");
}

bool command_is_json(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '{';
}

/* A name that is neither a file nor built in. */
static int unknown(const char *word, struct hr_error *err)
{
	text_auto struct text names = {0};
	char shown[TEXT_SHOWN_SIZE];
	const char *name;

	for (size_t i = 0; (name = seccomp_builtin_name(i)); i++)
		text_addf(&names, "%s%s", i ? ", " : "", name);
	return hr_fail(err, HR_SYSTEM, "%s: neither a file nor a built-in profile (%s)",
		       text_shown_z(word, shown), names.failed ? "" : names.data);
}

int command_profile(const char *word, const char *arch, struct text *findings,
		    struct seccomp_filter **ret, struct hr_error *err)
{
	hr_autofree char *text = NULL;
	size_t len;
	const char *builtin = seccomp_builtin(word, &len);

	if (builtin)
		return read_source(word, builtin, len, arch, ret, err);
	if (access(word, F_OK) < 0 && errno == ENOENT)
		return unknown(word, err);
	if (file_read_at(AT_FDCWD, word, word, PROFILE_MAX, &text, &len, NULL, err) < 0) {
		err->code = HR_SYSTEM;
		return -1;
	}
	return command_is_json(text) && !text_ends(word, ".seccomp")
		       ? read_json(word, text, len, arch, findings, ret, err)
		       : read_source(word, text, len, arch, ret, err);
}
