/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command lines that engines were seen to use.
 */
#include "grammar_lines.h"

#include <glob.h>
#include <stdio.h>

/* An array of strings without escapes but \" and \\, which is what engines make. */
static void read_argv(const char *path, struct line *line)
{
	hr_autofree char *json = calloc(1, 65536);
	FILE *file = fopen(path, "r");
	char *to = calloc(1, 65536);

	cr_assert(json && to && file, "%s", path);
	cr_assert_gt(fread(json, 1, 65535, file), 0);
	fclose(file);
	*line = (struct line){.text = to};
	for (const char *c = json; (c = strchr(c, '"')); c++) {
		line->argv[line->argc++] = to;
		for (c++; *c != '"'; c++)
			*to++ = *c == '\\' ? *++c : *c;
		*to++ = '\0';
	}
}

/* What the recorded lines, which hold no traps, mean to the eye. */
static const char *after(const struct line *line, const char *flag)
{
	for (int i = 1; i < line->argc; i++) {
		size_t len = strlen(flag);

		if (strcmp(line->argv[i], flag) == 0)
			return line->argv[i + 1];
		if (text_starts(line->argv[i], flag) && line->argv[i][len] == '=')
			return line->argv[i] + len + 1;
	}
	return NULL;
}

static void expect_value(const char *got, const char *expected, const char *path)
{
	cr_expect(expected ? got && strcmp(got, expected) == 0 : !got, "%s: %s", path,
		  got ? got : "(none)");
}

static void expect_recorded(enum runtime_kind kind, const char *path)
{
	static const char *const globals[] = {"--root", "--log", "--log-format"};
	static const char *const options[] = {"--bundle", "--process", "--resources", "--pid-file",
					      "--console-socket"};
	line_auto struct line line;
	request_auto struct request *request = NULL;
	struct hr_error err = {0};
	const char *log;
	bool json, listed = false;

	read_argv(path, &line);
	if (kind == RUNTIME_CRUN && after(&line, "--systemd-cgroup"))
		return; /* of Docker's runtimeArgs, which are runc's: =false is an error in crun */
	cr_assert_eq(grammar_parse(kind, line.argc, line.argv, &request, &err), 0, "%s: %s", path,
		     err.msg);
	for (int i = 1; i < line.argc; i++)
		listed = listed || strcmp(line.argv[i], request->command->name) == 0;
	cr_expect(listed && request->command->class != GRAMMAR_PASS, "%s", path);
	cr_expect_str_eq(request->id, line.argv[line.argc - 1], "%s", path);
	cr_expect_null(request->args, "%s", path);
	for (size_t i = 0; i < hr_count(globals); i++)
		expect_value(request_global(request, globals[i] + 2), after(&line, globals[i]),
			     path);
	for (size_t i = 0; i < hr_count(options); i++)
		expect_value(request_option(request, options[i] + 2), after(&line, options[i]),
			     path);
	grammar_log(kind, line.argc, line.argv, &log, &json);
	expect_value(log, after(&line, "--log"), path);
	cr_expect_eq(json, after(&line, "--log-format") != NULL, "%s", path);
	expect_round_trip(kind, line.argc, line.argv);
}

Test(grammar_recorded, calls)
{
	const char *source = getenv("HR_TEST_SRCDIR");
	text_auto struct text pattern = {0};
	glob_t cases;

	text_addf(&pattern, "%s/tests/calls/cases/*/argv.json", source ? source : ".");
	cr_assert_eq(glob(pattern.data, 0, NULL, &cases), 0, "no recorded calls: HR_TEST_SRCDIR");
	cr_expect_geq(cases.gl_pathc, 297);
	for (size_t i = 0; i < cases.gl_pathc; i++) {
		expect_recorded(RUNTIME_RUNC, cases.gl_pathv[i]);
		expect_recorded(RUNTIME_CRUN, cases.gl_pathv[i]);
	}
	globfree(&cases);
}
