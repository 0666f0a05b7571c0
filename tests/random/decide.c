/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide [--facts FILE] [--containers FILE] [--policy FILE] PROFILE TURN... <CALLS
 *     A line of CALLS is a call and a document, a tab between them: {"line": "create"|"run"|
 *     "restore"|"exec"|"update", "root", "bundle", "id", "container": N, "image": what
 *     hardrun-image said (judge.h)}. For each the line
 *     itself is written, an object for PROFILE, and for every second line one for a TURN, the
 *     profiles that take turns: {"profile", "verdict": "accept"|"refuse"|
 *     "error", "message", "twice": whether the result decided again stays as it is,
 *     "report": [...], "out": the document or null}.
 *     exec and update are judged under what the Nth line of --containers (from 0, creates)
 *     left; FILE of --facts describes the machine (tests/lib/fake_host.h).
 * decide --fields
 *     Every field that the program knows, a line each: create, exec or update, and its path;
 *     and "control" with the name of every control.
 */
#include "base/cleanup.h"
#include "json/edit.h"
#include "judge.h"
#include "load.h"
#include "oci/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROFILES   4
#define CONTAINERS 16

struct run {
	struct policy *policy;
	struct json_doc *facts;
	const char *profiles[PROFILES];
	size_t profile_count;
	struct judge containers[PROFILES][CONTAINERS];
	size_t container_count;
};

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "decide: %s: %s\n", what, why);
	exit(99);
}

static struct json_doc *parse(const char *text, size_t len, struct hr_error *err)
{
	struct json_doc *doc = NULL;

	return json_parse("config.json", text, len, false, &doc, err) == 0 ? doc : NULL;
}

static enum control_line line_of(const struct json *call)
{
	const char *name = json_string(call, "line");

	for (int line = 0; name && line < LINES; line++)
		if (strcmp(control_line_name((enum control_line)line), name) == 0)
			return (enum control_line)line;
	fail("line", name ? name : "(none)");
	return LINE_OTHER;
}

static const struct json *facts_of(const struct run *run)
{
	return run->facts ? json_root(run->facts) : NULL;
}

static const struct json *ceilings_of(const struct run *run, const struct json *call,
				      size_t profile)
{
	uint64_t number;

	if (!json_uint(json_get(call, "container"), &number) || number >= run->container_count)
		fail("container", "no such line in --containers");
	return run->containers[profile][number].change.ceilings;
}

static void judge(const struct run *run, const struct json *call, size_t profile,
		  struct json_doc *document, struct judge *ret)
{
	enum control_line line = line_of(call);

	if (line == LINE_EXEC || line == LINE_UPDATE)
		judge_ceiling(ret, line, ceilings_of(run, call, profile), facts_of(run), document);
	else
		judge_create(ret,
			     &(struct judge_create){.policy = run->policy,
						    .profile = run->profiles[profile],
						    .root = json_string(call, "root"),
						    .bundle = json_string(call, "bundle"),
						    .id = json_string(call, "id"),
						    .line = line,
						    .facts = facts_of(run),
						    .image = json_get(call, "image")},
			     document);
}

/*
 * What came out, decided again as if it had been asked for. What was changed for a user namespace
 * is taken out first and so is told again, but the document is the same.
 */
static bool stable(const struct run *run, const struct json *call, size_t profile, const char *once)
{
	json_auto struct json_doc *before = parse(once, strlen(once), NULL);
	struct json_doc *document = parse(once, strlen(once), NULL);
	struct judge again;
	bool mapped, same;

	if (!before || !document) {
		json_free(document);
		return false;
	}
	mapped = json_get(json_get(json_root(before), "annotations"), "hardrun.root");
	judge(run, call, profile, document, &again);
	same = !again.refused && (mapped || !judge_changed(&again)) &&
	       json_same(json_root(before), json_root(again.document));
	judge_done(&again);
	return same;
}

static void print_string(const char *text)
{
	json_auto struct json_doc *doc = json_new("message");
	hr_autofree char *dumped = NULL;

	if (!doc)
		fail("message", "memory");
	dumped = load_dump(json_put_string(doc, json_root(doc), "message", text));
	fputs(dumped, stdout);
}

static void print(const struct run *run, const struct json *call, size_t profile,
		  const struct judge *result)
{
	hr_autofree char *report = load_dump(result->change.report);
	hr_autofree char *out = NULL;
	const char *verdict = !result->refused		      ? "accept"
			      : result->err.code == HR_DENIED ? "refuse"
							      : "error";

	if (!result->refused)
		out = load_dump(json_root(result->document));
	printf("{\"profile\":\"%s\",\"verdict\":\"%s\",\"message\":", run->profiles[profile],
	       verdict);
	print_string(result->refused ? result->err.msg : "");
	printf(",\"twice\":%s,\"report\":%s,\"out\":%s}\n",
	       out && stable(run, call, profile, out) ? "true" : "false", report,
	       out ? out : "null");
}

static void print_unread(const char *profile, const struct hr_error *err)
{
	printf("{\"profile\":\"%s\",\"verdict\":\"error\",\"message\":", profile);
	print_string(err->msg);
	printf(",\"twice\":false,\"report\":[],\"out\":null}\n");
}

/* Split a line at its first tab, parse the call; the document is left to be parsed. */
static struct json_doc *split(char *line, size_t *len, char **ret_text)
{
	struct hr_error err = {0};
	char *tab = memchr(line, '\t', *len);
	struct json_doc *call;

	if (!tab)
		fail("input", "a line without a tab");
	call = parse(line, (size_t)(tab - line), &err);
	if (!call)
		fail("call", err.msg);
	*ret_text = tab + 1;
	*len -= (size_t)(tab + 1 - line);
	return call;
}

static void decide_under(const struct run *run, const struct json *call, size_t profile,
			 const char *text, size_t len)
{
	struct hr_error err = {0};
	struct json_doc *document = parse(text, len, &err);
	struct judge result;

	if (!document) {
		print_unread(run->profiles[profile], &err);
		return;
	}
	judge(run, call, profile, document, &result);
	print(run, call, profile, &result);
	judge_done(&result);
}

static void decide(const struct run *run, char *line, size_t len, size_t number)
{
	char *text;
	json_auto struct json_doc *call = split(line, &len, &text);

	decide_under(run, json_root(call), 0, text, len);
	if (run->profile_count > 1 && number % 2 == 0)
		decide_under(run, json_root(call), 1 + number / 2 % (run->profile_count - 1), text,
			     len);
}

/* A line without its newline; false at the end. */
static bool next_line(FILE *file, char **line, size_t *room, size_t *ret_len)
{
	ssize_t got = getline(line, room, file);

	if (got < 0)
		return false;
	if (got > 0 && (*line)[got - 1] == '\n')
		(*line)[--got] = '\0';
	*ret_len = (size_t)got;
	return true;
}

static void load_containers(struct run *run, const char *path)
{
	FILE *file = fopen(path, "re");
	hr_autofree char *line = NULL;
	size_t room = 0, len;

	if (!file)
		fail(path, "cannot be opened");
	while (run->container_count < CONTAINERS && next_line(file, &line, &room, &len)) {
		char *text;
		json_auto struct json_doc *call = split(line, &len, &text);

		for (size_t i = 0; i < run->profile_count; i++) {
			struct hr_error err = {0};
			struct json_doc *document = parse(text, len, &err);

			if (!document)
				fail(path, err.msg);
			judge(run, json_root(call), i, document,
			      &run->containers[i][run->container_count]);
		}
		run->container_count++;
	}
	fclose(file);
}

static void print_field(const char *command, const struct schema_field *field, const char *path)
{
	char below[512];

	if (path[0])
		printf("%s %s\n", command, path);
	if (field->type == SCHEMA_LIST || field->type == SCHEMA_MAP) {
		snprintf(below, sizeof(below), "%s%s", path,
			 field->type == SCHEMA_LIST ? "[]" : "{}");
		print_field(command, field->item, below);
	}
	for (const struct schema_field *f = field->fields; f && f->key; f++) {
		snprintf(below, sizeof(below), "%s%s%s", path, path[0] ? "." : "", f->key);
		print_field(command, f, below);
	}
}

static int print_fields(void)
{
	print_field("create", &schema_spec, "");
	print_field("exec", &schema_process, "");
	print_field("update", &schema_resources, "");
	for (size_t i = 0; controls[i]; i++)
		printf("control %s\n", controls[i]->name);
	return 0;
}

static void start(struct run *run, int argc, char **argv)
{
	const char *containers = NULL, *policy = NULL;
	struct hr_error err = {0};
	int i = 1;

	for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
		if (strcmp(argv[i], "--facts") == 0)
			run->facts = load_json(argv[i + 1][0] == '/' ? "" : ".", argv[i + 1]);
		else if (strcmp(argv[i], "--containers") == 0)
			containers = argv[i + 1];
		else if (strcmp(argv[i], "--policy") == 0)
			policy = argv[i + 1];
		else
			fail(argv[i], "unknown option");
	}
	for (; i < argc && run->profile_count < PROFILES; i++)
		run->profiles[run->profile_count++] = argv[i];
	if (run->profile_count == 0)
		fail("usage",
		     "decide [--facts FILE] [--containers FILE] [--policy FILE] PROFILE TURN...");
	if ((policy ? policy_load_file(policy, control_check_options, &run->policy, &err)
		    : policy_builtin(control_check_options, &run->policy, &err)) < 0)
		fail("policy", err.msg);
	if (containers)
		load_containers(run, containers);
}

static void done(struct run *run)
{
	for (size_t i = 0; i < run->profile_count; i++)
		for (size_t j = 0; j < run->container_count; j++)
			judge_done(&run->containers[i][j]);
	json_free(run->facts);
	policy_free(run->policy);
}

int main(int argc, char **argv)
{
	static struct run run;
	hr_autofree char *line = NULL;
	size_t room = 0, len, number = 0;

	if (argc == 2 && strcmp(argv[1], "--fields") == 0)
		return print_fields();
	start(&run, argc, argv);
	while (next_line(stdin, &line, &room, &len)) {
		fwrite(line, 1, len, stdout);
		putchar('\n');
		decide(&run, line, len, number++);
	}
	done(&run);
	return fflush(stdout) == 0 ? 0 : 99;
}
