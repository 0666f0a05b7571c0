/* SPDX-License-Identifier: Apache-2.0 */
#include "grammar_lines.h"
#include "grammar_rows.h"

#include <criterion/parameterized.h>

static void expect_row(const struct row *row, size_t i)
{
	line_auto struct line line;
	text_auto struct text got = {0};

	line_split(row->line, &line);
	outcome(row->kind, &line, &got);
	if (row->expected[0] == '!')
		cr_expect(got.data[0] == '!' && strstr(got.data, row->expected + 1),
			  "row %zu: %s: %s", i, row->line, got.data);
	else
		cr_expect_str_eq(got.data, row->expected, "row %zu: %s: %s", i, row->line,
				 got.data);
}

#define ROWS(name)                                                       \
	ParameterizedTestParameters(grammar, name##_rows)                \
	{                                                                \
		static size_t all[hr_count(name)];                       \
                                                                         \
		for (size_t i = 0; i < hr_count(name); i++)              \
			all[i] = i;                                      \
		return cr_make_param_array(size_t, all, hr_count(name)); \
	}                                                                \
	ParameterizedTest(size_t *i, grammar, name##_rows)               \
	{                                                                \
		expect_row(&name[*i], *i);                               \
	}

ROWS(written)
ROWS(refused)
ROWS(passed)

/* Engines turn these words into a verdict of their own. */
Test(grammar, words_of_messages)
{
	static const char *const traps[] = {"no such file",   "permission denied", "not found",
					    "does not exist", "no such process",   NULL};

	for (size_t i = 0; i < hr_count(refused); i++) {
		line_auto struct line line;
		text_auto struct text got = {0};

		line_split(refused[i].line, &line);
		outcome(refused[i].kind, &line, &got);
		for (size_t t = 0; traps[t]; t++)
			cr_expect_null(strstr(got.data, traps[t]), "%s", got.data);
		cr_expect_null(strstr(got.data, "secret=S"));
	}
}

Test(grammar, round_trip)
{
	for (size_t i = 0; i < hr_count(written); i++) {
		line_auto struct line line;

		line_split(written[i].line, &line);
		expect_round_trip(written[i].kind, line.argc, line.argv);
	}
}

Test(grammar, lookups)
{
	line_auto struct line line;
	request_auto struct request *request = NULL;
	struct hr_error err = {0};

	line_split("--log a --debug --log b exec -e A -t -d=false -e B -e C id sh -c x", &line);
	cr_assert_eq(grammar_parse(RUNC, line.argc, line.argv, &request, &err), 0, "%s", err.msg);
	cr_expect_str_eq(request_global(request, "log"), "b");
	cr_expect_str_eq(request_global(request, "debug"), "true");
	cr_expect_null(request_global(request, "root"));
	cr_expect_null(request_global(request, "tty"));
	cr_expect_str_eq(request_option(request, "tty"), "true");
	cr_expect_null(request_option(request, "detach"));
	cr_expect_null(request_option(request, "log"));
	cr_expect_str_eq(request_option_at(request, "env", 0), "A");
	cr_expect_str_eq(request_option_at(request, "env", 2), "C");
	cr_expect_null(request_option_at(request, "env", 3));
	cr_expect_null(request_option_at(request, "cap", 0));
	cr_expect_eq(request->arg_count, 3);
	cr_expect_str_eq(request->args[1], "-c");
	cr_expect_null(request->args[3]);
}

Test(grammar, write)
{
	static const char *const without[] = {"process", "env", NULL};
	static const char *const extra[] = {"--process", "/proc/self/fd/9", NULL};
	line_auto struct line line;
	request_auto struct request *request = NULL;
	hr_autofree char **words = NULL;
	text_auto struct text got = {0};
	struct hr_error err = {0};

	line_split("--root=R exec -p P -e A -e B -d id sh", &line);
	cr_assert_eq(grammar_parse(RUNC, line.argc, line.argv, &request, &err), 0, "%s", err.msg);
	words = grammar_write(request, "runc", without, extra, false);
	cr_assert_not_null(words);
	cr_expect_str_eq(words[0], "runc");
	add_words(&got, words);
	cr_expect_str_eq(got.data, "--root R exec --detach --process /proc/self/fd/9 id");
}

Test(grammar, too_many_flags)
{
	for (size_t n = 510; n <= 600; n += n < 514 ? 1 : 86) {
		line_auto struct line line;
		text_auto struct text text = {0}, got = {0};

		text_adds(&text, "--debug exec");
		for (size_t i = 0; i < n; i++)
			text_adds(&text, " -e A");
		text_adds(&text, " id sh");
		line_split(text.data, &line);
		outcome(RUNC, &line, &got);
		cr_expect_eq(got.data[0] == '!', n > 511, "%zu: %.80s", n, got.data);
	}
}

/* The end of a container is never blocked. */
Test(grammar, too_many_flags_pass)
{
	line_auto struct line line;
	text_auto struct text text = {0}, got = {0};

	for (size_t i = 0; i < 600; i++)
		text_adds(&text, "--debug ");
	text_adds(&text, "kill --all id");
	line_split(text.data, &line);
	outcome(RUNC, &line, &got);
	cr_expect_str_eq(got.data, "pass kill id");
}

/* A long cluster of short options is many options in one word. */
Test(grammar, too_long_cluster)
{
	line_auto struct line line;
	text_auto struct text text = {0}, got = {0};

	text_adds(&text, "run -");
	for (size_t i = 0; i < 600; i++)
		text_adds(&text, "d");
	text_adds(&text, " id");
	line_split(text.data, &line);
	outcome(CRUN, &line, &got);
	cr_expect(text_starts(got.data, "!crun run: more than 512 flags"), "%s", got.data);
}

Test(grammar, log_of_a_line)
{
	static const struct {
		enum runtime_kind kind;
		const char *line, *log;
		bool json;
	} rows[] = {
		{RUNC, "--log F --log-format json create id", "F", true},
		{RUNC, "--log-format=json --log=F create --odd", "F", true},
		{RUNC, "--debug --systemd-cgroup=false --root R --log F odd", "F", false},
		{RUNC, "--log A --log B --log-format json --log-format text create", "B", false},
		{RUNC, "--debug=xyz --log F create", "F", false},
		{RUNC, "--odd=1 --log F create", "F", false},
		{RUNC, "--log F --odd --log G create", "F", false},
		{RUNC, "--odd --log F create", NULL, false},
		{RUNC, "create --log F", NULL, false},
		{RUNC, "--root --log F", NULL, false},
		{RUNC, "--log= create", NULL, false},
		{RUNC, "--log", NULL, false},
		{RUNC, "", NULL, false},
		{RUNC, "--log a:b create id", "a:b", false},
		{CRUN, "--log file:/f --log-format json create", "/f", true},
		{CRUN, "--log=syslog:x create", NULL, false},
		{CRUN, "--log=/f create", "/f", false},
		{RUNSC, "-log F -log-format=json-k8s create", "F", false},
	};

	for (size_t i = 0; i < hr_count(rows); i++) {
		line_auto struct line line;
		const char *log = "unset";
		bool json = !rows[i].json;

		line_split(rows[i].line, &line);
		grammar_log(rows[i].kind, line.argc, line.argv, &log, &json);
		cr_expect_eq(json, rows[i].json, "%s", rows[i].line);
		cr_expect(rows[i].log ? log && strcmp(log, rows[i].log) == 0 : !log, "%s",
			  rows[i].line);
	}
}

/* Every flag once, a name is in a table once, and no command is listed twice. */
static void expect_sound_flags(const struct grammar_flag *flags, const char *where)
{
	for (const struct grammar_flag *a = flags; a->name; a++) {
		cr_expect(a->refuse || !a->safe, "%s: %s", where, a->name);
		for (const struct grammar_flag *b = a + 1; b->name; b++) {
			cr_expect_str_neq(a->name, b->name, "%s", where);
			cr_expect(!b->alias || strcmp(a->name, b->alias) != 0, "%s", where);
			cr_expect(!a->alias || strcmp(a->alias, b->name) != 0, "%s", where);
			cr_expect(!a->alias || !b->alias || strcmp(a->alias, b->alias) != 0, "%s",
				  where);
		}
	}
}

Test(grammar, tables_are_sound)
{
	static const struct grammar *const all[] = {&grammar_runc, &grammar_crun, &grammar_runsc};

	for (size_t i = 0; i < hr_count(all); i++) {
		expect_sound_flags(all[i]->global, "global");
		for (const struct grammar_command *c = all[i]->commands; c->name; c++) {
			cr_expect(c->flags || c->class == GRAMMAR_PASS, "%s", c->name);
			cr_expect(!c->has_id || c->flags, "%s", c->name);
			if (c->flags)
				expect_sound_flags(c->flags, c->name);
			for (const struct grammar_command *d = c + 1; d->name; d++)
				cr_expect_str_neq(c->name, d->name);
		}
	}
}
