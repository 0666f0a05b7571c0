/* SPDX-License-Identifier: Apache-2.0 */
/* check: policies, seccomp sources, and profiles in the form of the runtime-spec. */
#include "command/command.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "json/edit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECKED_MAX ((size_t)1024 * 1024) /* bytes of a file */
#define LINES_MAX   65536		  /* findings that are shown of one */

enum kind { KIND_POLICY, KIND_SOURCE, KIND_PROFILE, KIND_BUNDLE };

/* Of one file. */
struct checked {
	struct text findings; /* lines: a mistake each */
	struct text notes;    /* lines */
	struct text about;    /* what it is, when it is good */
	int status;
};

static void remark_wish(const struct json *rule, void *to)
{
	char origin[CHANGE_ORIGIN];

	text_addf(to,
		  "%s: note: this rule does not enforce: any pod author may name any handler and "
		  "bring any annotation; add a condition on namespace, pod, container or image\n",
		  change_origin(rule, origin));
}

static void remark_finding(const char *finding, void *to)
{
	text_addf(to, "%s (note)\n", finding);
}

/* What the lint finds in a JSON profile that the policy names. */
static void remark_profile(const struct policy *policy, const struct json *name, struct text *to)
{
	policy_file_auto struct policy_file file = {0};
	seccomp_filter_auto struct seccomp_filter *filter = NULL;
	json_auto struct json_doc *doc = NULL;
	const struct seccomp_host host = {.arch = seccomp_native(), .docker = true, .kernel = ""};
	size_t len;

	if (!name || seccomp_builtin(name->text, &len) ||
	    policy_seccomp_file(policy, name->text, &file, NULL) < 0 || !file.json ||
	    json_parse(file.shown, file.text, file.len, false, &doc, NULL) < 0 ||
	    seccomp_read(json_root(doc), &host, &filter, NULL) < 0)
		return;
	seccomp_lint(json_root(doc), filter, &host, remark_finding, to);
}

static void failed(struct checked *ret, const struct hr_error *err)
{
	text_addf(&ret->findings, "%s\n", err->msg);
	ret->status = err->code == HR_POLICY ? EXIT_REFUSED : command_exit(err);
}

static void check_policy(const char *file, struct checked *ret)
{
	policy_auto struct policy *policy = NULL;
	struct hr_error err = {0};

	if (policy_load_file(file, control_check_options, &policy, &err) < 0) {
		failed(ret, &err);
		return;
	}
	policy_each_wish(policy, remark_wish, &ret->notes);
	json_each(profile, policy_profiles(policy))
		remark_profile(policy, json_path(profile, "seccomp.profile"), &ret->notes);
}

static void check_source(const char *file, struct checked *ret)
{
	static const char *const arches[] = {"x86_64", "aarch64", "riscv64", "ppc64le", "s390x"};

	for (size_t i = 0; i < hr_count(arches); i++) {
		seccomp_filter_auto struct seccomp_filter *filter = NULL;
		struct hr_error err = {0};

		if (command_profile(file, arches[i], NULL, &filter, &err) < 0) {
			failed(ret, &err);
			return;
		}
		text_addf(&ret->about, "%s%zu on %s",
			  i ? ", " : ": system calls: ", seccomp_filter_count(filter), arches[i]);
	}
}

/* "file:LINE:COLUMN: ..." as one number. */
static unsigned long place_of(const char *finding)
{
	const char *end = strstr(finding, ": "), *column = end, *line;
	unsigned long at;

	while (column && column > finding && column[-1] != ':')
		column--;
	if (!column || column == finding)
		return 0;
	line = column - 1;
	while (line > finding && line[-1] != ':')
		line--;
	at = strtoul(line, NULL, 10) << 20;
	return at + strtoul(column, NULL, 10);
}

static int by_place(const void *a, const void *b)
{
	unsigned long x = place_of(*(char *const *)a), y = place_of(*(char *const *)b);

	return x < y ? -1 : x > y;
}

/* The lint goes from the whole to entries to calls: people read from top to bottom. */
static void sort_lines(struct text *lines)
{
	static char *found[LINES_MAX];
	char *rest = lines->data, *line;
	struct text sorted = {0};
	size_t count = 0;

	while (rest && count < LINES_MAX && (line = strsep(&rest, "\n")))
		if (line[0])
			found[count++] = line;
	qsort(found, count, sizeof(found[0]), by_place);
	for (size_t i = 0; i < count; i++)
		text_addf(&sorted, "%s\n", found[i]);
	text_free(lines);
	*lines = sorted;
}

static void check_profile(const char *file, struct checked *ret)
{
	seccomp_filter_auto struct seccomp_filter *filter = NULL;
	struct hr_error err = {0};

	if (command_profile(file, seccomp_native(), &ret->findings, &filter, &err) < 0) {
		failed(ret, &err);
		return;
	}
	sort_lines(&ret->findings);
	text_addf(&ret->about, ": system calls: %zu on %s", seccomp_filter_count(filter),
		  seccomp_native());
	ret->status = ret->findings.len > 0 ? EXIT_REFUSED : EXIT_OK;
}

/* What the file is, by its name and by what it begins with and holds. JSON that cannot be read
 * is taken for a policy, whose reader says where it goes wrong. */
static enum kind kind_of(const char *file, const char *text, size_t len)
{
	json_auto struct json_doc *doc = NULL;
	const struct json *root;

	if (text_ends(file, ".seccomp"))
		return KIND_SOURCE;
	if (json_parse(file, text, len, true, &doc, NULL) < 0)
		return command_is_json(text) || text_ends(file, ".json") ? KIND_POLICY
									 : KIND_SOURCE;
	root = json_root(doc);
	if (json_get(root, "defaultAction") || json_get(root, "syscalls"))
		return KIND_PROFILE;
	return json_get(root, "ociVersion") ? KIND_BUNDLE : KIND_POLICY;
}

static void check_file(const char *file, struct checked *ret)
{
	hr_autofree char *text = NULL;
	struct hr_error err = {0};
	size_t len;

	if (file_read_at(AT_FDCWD, file, file, CHECKED_MAX, &text, &len, NULL, &err) < 0) {
		err.code = HR_SYSTEM;
		failed(ret, &err);
		return;
	}
	switch (kind_of(file, text, len)) {
	case KIND_POLICY:
		check_policy(file, ret);
		return;
	case KIND_SOURCE:
		check_source(file, ret);
		return;
	case KIND_PROFILE:
		check_profile(file, ret);
		return;
	case KIND_BUNDLE:
		break;
	}
	text_addf(&ret->findings,
		  "%s: a bundle's document and no policy; hardrun explain --bundle DIR shows what "
		  "becomes of it\n",
		  file);
	ret->status = EXIT_REFUSED;
}

static void print(const char *file, const struct checked *checked)
{
	if (checked->findings.len > 0)
		printf("%s", checked->findings.data);
	else
		printf("%s: good%s\n", file, checked->about.len ? checked->about.data : "");
	if (checked->notes.len > 0)
		printf("%s", checked->notes.data);
}

/* Lines as a list of strings. */
static struct json *lines(struct json_doc *doc, struct text *text)
{
	struct json *list = json_new_array(doc);
	char *rest = text->data, *line;

	while (rest && (line = strsep(&rest, "\n")))
		if (line[0])
			json_append(list, json_new_string(doc, line));
	return list;
}

static int print_json(const char *file, struct checked *checked, struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new("check");
	hr_autofree char *text = NULL;
	struct json *root;
	size_t len;

	if (!doc)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	root = json_root(doc);
	if (!json_put_string(doc, root, "file", file) ||
	    !json_put(doc, root, "findings", lines(doc, &checked->findings)) ||
	    !json_put(doc, root, "notes", lines(doc, &checked->notes)))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (json_write(root, &text, &len, err) < 0)
		return -1;
	puts(text);
	return 0;
}

int command_check(int argc, char *const argv[], struct hr_error *err)
{
	bool json = argc > 2 && strcmp(argv[2], "--json") == 0;
	int status = EXIT_OK, first = json ? 3 : 2;

	if (first >= argc || argv[first][0] == '-')
		return command_usage("check", first < argc ? argv[first] : NULL, "[--json] FILE...",
				     err);
	for (int i = first; i < argc; i++) {
		struct checked checked = {0};

		check_file(argv[i], &checked);
		if (!json)
			print(argv[i], &checked);
		else if (print_json(argv[i], &checked, err) < 0)
			checked.status = EXIT_SYSTEM;
		status = checked.status > status ? checked.status : status;
		text_free(&checked.findings);
		text_free(&checked.notes);
		text_free(&checked.about);
	}
	return status;
}
