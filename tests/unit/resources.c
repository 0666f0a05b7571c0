/* SPDX-License-Identifier: Apache-2.0 */
/* update's flags as the resources document that the runtimes make of them, and back. */
#include "line/resources.h"

#include "load.h"
#include "unit.h"

#define WORDS 16

static char room[512];

static struct request *parse(enum runtime_kind kind, const char *words)
{
	static char *argv[WORDS];
	struct request *request = NULL;
	struct hr_error err = {0};
	char *save = NULL;
	int argc = 0;

	snprintf(room, sizeof(room), "hardrun|update|%s|id", words);
	for (char *word = strtok_r(room, "|", &save); word && argc + 1 < WORDS;
	     word = strtok_r(NULL, "|", &save))
		argv[argc++] = word;
	argv[argc] = NULL;
	cr_assert_ok(grammar_parse(kind, argc, argv, &request, &err), err);
	return request;
}

/* '|' between words. */
static const struct {
	enum runtime_kind kind;
	const char *words;
	const char *document; /* NULL: not understood */
} forms[] = {
	{RUNTIME_RUNC, "--cpuset-cpus|0-3", "{}"},
	{RUNTIME_RUNC, "--pids-limit|5", "{\"pids\":{\"limit\":5}}"},
	{RUNTIME_RUNC, "--pids-limit|5|--pids-limit|6", "{\"pids\":{\"limit\":6}}"},
	{RUNTIME_RUNC, "--pids-limit=-1", "{\"pids\":{\"limit\":-1}}"},
	{RUNTIME_RUNC, "--pids-limit|0", "{\"pids\":{\"limit\":0}}"},
	{RUNTIME_RUNC, "--pids-limit|010", NULL},
	{RUNTIME_RUNC, "--pids-limit|0x10", NULL},
	{RUNTIME_RUNC, "--pids-limit|1_000", NULL},
	{RUNTIME_RUNC, "--pids-limit|9223372036854775808", NULL},
	{RUNTIME_RUNC, "--memory|512m|--kernel-memory|1k",
	 "{\"memory\":{\"limit\":536870912,\"kernel\":1024}}"},
	{RUNTIME_RUNC, "--memory|1.5 GiB", "{\"memory\":{\"limit\":1610612736}}"},
	{RUNTIME_RUNC, "--memory|2KB", "{\"memory\":{\"limit\":2048}}"},
	{RUNTIME_RUNC, "--memory|7b", "{\"memory\":{\"limit\":7}}"},
	{RUNTIME_RUNC, "--memory=-1", "{\"memory\":{\"limit\":-1}}"},
	{RUNTIME_RUNC, "--memory=-2k", NULL},
	{RUNTIME_RUNC, "--memory|9000000p", NULL},
	{RUNTIME_RUNC, "--memory|1e3", NULL},
	{RUNTIME_RUNC, "--memory|0x10", NULL},
	{RUNTIME_RUNC, "--memory|1.2.3", NULL},
	{RUNTIME_RUNC, "--memory|nan", NULL},
	{RUNTIME_RUNC, "--memory|12kk", NULL},
	{RUNTIME_CRUN, "--memory|512m", NULL},
	{RUNTIME_CRUN, "--cpu-rt-period|1|--cpu-rt-runtime|2|--cpu-quota|3",
	 "{\"cpu\":{\"quota\":3,\"realtimeRuntime\":2,\"realtimePeriod\":1}}"},
	{RUNTIME_CRUN, "--kernel-memory-tcp|9", "{\"memory\":{\"kernelTCP\":9}}"},
	/* crun pastes it into JSON */
	{RUNTIME_CRUN, "--cpu-share|1},\"devices\":[{\"allow\":true}],\"x\":{\"y\":1", NULL},
	{RUNTIME_CRUN, "--blkio-weight|1 ", NULL},
};

static void check_forms(const __typeof__(forms[0]) *row, size_t i)
{
	request_auto struct request *request = parse(row->kind, row->words);
	json_auto struct json_doc *doc = NULL;
	hr_autofree char *got = NULL;
	struct hr_error err = {0};

	if (!row->document) {
		expect_error(resources_from_flags(request, &doc, &err), &err, HR_USAGE,
			     "must be a decimal number");
		return;
	}
	cr_assert_ok(resources_from_flags(request, &doc, &err), err);
	got = load_dump(json_root(doc));
	cr_expect_str_eq(got, row->document, "row %zu: %s", i, got);
}
ROWS(resources, forms)

static const struct {
	const char *words, *document, *result;
} backs[] = {
	{"--pids-limit|5|--memory|1k", "{\"pids\":{\"limit\":5},\"memory\":{\"limit\":1024}}",
	 "runc update --pids-limit 5 --memory 1k id"},
	{"--pids-limit|5000|--memory|1k", "{\"pids\":{\"limit\":9},\"memory\":{\"limit\":1024}}",
	 "runc update --memory 1k --pids-limit=9 id"},
	{"--pids-limit|5|--cpu-rt-period|7|--cpuset-cpus|0", "{\"pids\":{\"limit\":5},\"cpu\":{}}",
	 "runc update --pids-limit 5 --cpuset-cpus 0 id"},
	{"--kernel-memory|5", "{}", "runc update id"},
};

static void check_backs(const __typeof__(backs[0]) *row, size_t i)
{
	request_auto struct request *request = parse(RUNTIME_RUNC, row->words);
	json_auto struct json_doc *doc = NULL;
	hr_autofree char **argv = NULL;
	struct resources_flags flags;
	struct hr_error err = {0};
	char got[512] = "";

	cr_assert_ok(json_parse("resources", row->document, strlen(row->document), false, &doc,
				&err),
		     err);
	resources_to_flags(request, json_root(doc), &flags);
	argv = grammar_write(request, "runc", flags.without, flags.extra, false);
	for (size_t word = 0; argv[word]; word++) {
		strcat(got, word ? " " : "");
		strcat(got, argv[word]);
	}
	cr_expect_str_eq(got, row->result, "row %zu: %s", i, got);
}
ROWS(resources, backs)
