/* SPDX-License-Identifier: Apache-2.0 */
/* check: policies, seccomp sources, and profiles in the form of the runtime-spec. */
#include "command/check.h"
#include "command/command.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "json/edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static void remark(const struct json *at, const char *text, void *to)
{
	char origin[CHANGE_ORIGIN];

	text_addf(to, "%s: note: %s\n", change_origin(at, origin), text);
}

static void remark_finding(const char *finding, void *to)
{
	text_addf(to, "%s (note)\n", finding);
}

/* A filter that refuses umask lets exec's processes run with another mask than asked: crun
 * calls it behind the filter and does not look at the answer. */
static void remark_umask(const struct json *name, const struct seccomp_filter *filter,
			 struct text *to)
{
	text_auto struct text answer = {0}, text = {0};

	seccomp_describe(filter, "umask", NULL, &answer);
	if (answer.failed || (answer.len > 0 && strcmp(answer.data, "allowed") == 0))
		return;
	text_addf(&text,
		  "seccomp profile %s refuses umask, which crun calls behind the filter: "
		  "processes of exec get the engine's umask; let umask through",
		  name->text);
	if (!text.failed)
		remark(name, text.data, to);
}

static int read_filter(const struct policy_file *file, struct json_doc **ret_doc,
		       const struct seccomp_host *host, struct seccomp_filter **ret)
{
	struct seccomp_source *source = NULL;
	int rc;

	if (file->json)
		return json_parse(file->shown, file->text, file->len, false, ret_doc, NULL) < 0
			       ? -1
			       : seccomp_read(json_root(*ret_doc), host, ret, NULL);
	if (seccomp_parse(file->shown, file->text, file->len, &source, NULL) < 0)
		return -1;
	rc = seccomp_lower(source, host->arch, ret, NULL);
	seccomp_source_free(source);
	return rc;
}

/* What the lint finds in a JSON profile that the policy names, and what any lacks. */
static void remark_profile(const struct policy *policy, const struct json *name, struct text *to)
{
	policy_file_auto struct policy_file file = {0};
	seccomp_filter_auto struct seccomp_filter *filter = NULL;
	json_auto struct json_doc *doc = NULL;
	const struct seccomp_host host = {.arch = seccomp_native(), .docker = true, .kernel = ""};
	size_t len;

	if (!name || seccomp_builtin(name->text, &len) ||
	    policy_seccomp_file(policy, name->text, &file, NULL) < 0 ||
	    read_filter(&file, &doc, &host, &filter) < 0)
		return;
	remark_umask(name, filter, to);
	if (doc)
		seccomp_lint(json_root(doc), filter, &host, remark_finding, to);
}

static void failed(struct checked *ret, const struct hr_error *err)
{
	text_addf(&ret->findings, "%s\n", err->msg);
	ret->status = err->code == HR_POLICY ? EXIT_REFUSED : command_exit(err);
}

/* A line "file:LINE:COLUMN: ...", by its parts. */
struct found {
	const char *line;
	size_t file;	  /* bytes of its name */
	unsigned long at; /* LINE and COLUMN as one number; 0: none */
};

static struct found found_at(const char *line)
{
	const char *end = strstr(line, ": "), *column = end, *number;
	struct found found = {.line = line, .file = end ? (size_t)(end - line) : 0};

	while (column && column > line && column[-1] != ':')
		column--;
	if (!column || column == line)
		return found;
	number = column - 1;
	while (number > line && number[-1] != ':')
		number--;
	if (number == line)
		return found;
	found.file = (size_t)(number - line) - 1;
	found.at = (strtoul(number, NULL, 10) << 20) + strtoul(column, NULL, 10);
	return found;
}

/* By file, by place, and then as they came (they are pieces of one text). */
static int by_place(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	size_t both = x->file < y->file ? x->file : y->file;
	int order = strncmp(x->line, y->line, both);

	if (order != 0 || x->file != y->file)
		return order != 0 ? order : x->file < y->file ? -1 : 1;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

/* What a profile inherits is found once more there. */
static bool said_before(const struct found *all, size_t i)
{
	for (size_t j = i; j > 0 && all[j - 1].at == all[i].at; j--)
		if (strcmp(all[j - 1].line, all[i].line) == 0)
			return true;
	return false;
}

/* People read from top to bottom. */
static void sort_lines(struct text *lines)
{
	static struct found found[LINES_MAX];
	char *rest = lines->data, *line;
	struct text sorted = {0};
	size_t count = 0;

	while (rest && count < LINES_MAX && (line = strsep(&rest, "\n")))
		if (line[0])
			found[count++] = found_at(line);
	qsort(found, count, sizeof(found[0]), by_place);
	for (size_t i = 0; i < count; i++)
		if (!said_before(found, i))
			text_addf(&sorted, "%s\n", found[i].line);
	text_free(lines);
	*lines = sorted;
}

static void keep_finding(const char *finding, void *to)
{
	text_addf(to, "%s\n", finding);
}

/* The policy of a directory (fd >= 0), or of one file. */
static void check_policy(int fd, const char *path, struct checked *ret)
{
	policy_auto struct policy *policy = NULL;
	struct hr_error err = {0};

	if (policy_check(fd, path, control_check_options, keep_finding, &ret->findings, &policy,
			 &err) < 0)
		failed(ret, &err);
	sort_lines(&ret->findings);
	if (!policy) {
		ret->status = ret->status ? ret->status : EXIT_REFUSED;
		return;
	}
	if (check_verifier(policy, fd < 0, fd < 0 ? &ret->notes : &ret->findings) && fd >= 0)
		ret->status = EXIT_REFUSED;
	policy_remarks(policy, remark, &ret->notes);
	json_each(profile, policy_profiles(policy))
		remark_profile(policy, json_path(profile, "seccomp.profile"), &ret->notes);
	sort_lines(&ret->notes);
}

int command_policy_mistakes(int dirfd, const char *path, struct text *ret, struct hr_error *err)
{
	struct checked checked = {0};

	check_policy(dirfd, path, &checked);
	text_free(&checked.notes);
	text_free(&checked.about);
	*ret = checked.findings;
	return checked.findings.failed ? hr_fail(err, HR_SYSTEM, "out of memory") : 0;
}

/* What create would load. */
static void check_directory(struct checked *ret)
{
	hr_autoclose int fd = -1;
	struct hr_error err = {0};

	if (faccessat(AT_FDCWD, HR_CONFDIR, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT) {
		text_adds(&ret->about,
			  ": it is not there, so the built-in profiles alone are used");
		return;
	}
	if (file_open_trusted(HR_CONFDIR, true, &fd, &err) < 0) {
		failed(ret, &err);
		return;
	}
	check_policy(fd, HR_CONFDIR, ret);
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
		check_policy(-1, file, ret);
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

static const char help[] =
	"usage: hardrun check [--json] [FILE...]\n"
	"\n"
	"Each FILE is a policy, a seccomp source (its name ends in .seccomp), or a seccomp "
	"profile\n"
	"in the form of the runtime-spec or of Docker. A policy is read with the seccomp profiles\n"
	"beside it that it names. Without FILE: " HR_CONFDIR " as create would load it, with the\n"
	"owners and modes of all files.\n"
	"\n"
	"  --json   an object a file: file, findings, notes\n"
	"\n"
	"Exit status: 0 good (notes are no mistakes), 1 mistakes, 2 usage, 4 a file cannot be "
	"read.\n";

/* Of a file, or with NULL of the directory of the policy. */
static int check_one(const char *file, bool json, struct hr_error *err)
{
	struct checked checked = {0};
	int status;

	if (file)
		check_file(file, &checked);
	else
		check_directory(&checked);
	if (!json)
		print(file ? file : HR_CONFDIR, &checked);
	else if (print_json(file ? file : HR_CONFDIR, &checked, err) < 0)
		checked.status = EXIT_SYSTEM;
	status = checked.status;
	text_free(&checked.findings);
	text_free(&checked.notes);
	text_free(&checked.about);
	return status;
}

int command_check(int argc, char *const argv[], struct hr_error *err)
{
	bool json = argc > 2 && strcmp(argv[2], "--json") == 0;
	int status = EXIT_OK, first = json ? 3 : 2;

	if (first < argc && command_wants_help(argv[first]))
		return command_help(help);
	if (first < argc && argv[first][0] == '-')
		return command_usage("check", argv[first], "[--json] [FILE...]", err);
	if (first >= argc)
		return check_one(NULL, json, err);
	for (int i = first; i < argc; i++) {
		int of_one = check_one(argv[i], json, err);

		status = of_one > status ? of_one : status;
	}
	return status;
}
