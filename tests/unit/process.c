/* SPDX-License-Identifier: Apache-2.0 */
/* exec's flags as the process document that the runtimes make of them. */
#include "line/process.h"

#include "base/text.h"
#include "line/launch.h"
#include "load.h"
#include "unit.h"

#include <sys/wait.h>

#define WORDS 40

static const char base_text[] =
	"{\"terminal\":true,\"consoleSize\":{\"height\":1,\"width\":2},\"user\":{\"uid\":5,\"gid\":"
	"6,"
	"\"additionalGids\":[7]},\"args\":[\"init\"],\"env\":[\"A=1\"],\"cwd\":\"/"
	"\",\"capabilities\":{"
	"\"bounding\":[\"CAP_KILL\"]},\"oomScoreAdj\":100,\"noNewPrivileges\":false}";

#define BASE                                                                                   \
	"{\"terminal\":false,\"user\":{\"uid\":5,\"gid\":6,\"additionalGids\":[7]},\"args\":[" \
	"\"sh\"]"
#define REST                                                                                 \
	",\"cwd\":\"/\",\"capabilities\":{\"bounding\":[\"CAP_KILL\"]},\"oomScoreAdj\":100," \
	"\"noNewPrivileges\":false}"

/* The words of exec behind "exec", '|' between. */
static const struct {
	const char *words;
	bool with_base;
	const char *process; /* NULL: refused */
	const char *message;
} forms[] = {
	{"id|sh", true, BASE ",\"env\":[\"A=1\"]" REST, NULL},
	{"id|sh", false, "{\"cwd\":\"/\",\"args\":[\"sh\"],\"terminal\":false}", NULL},
	{"id|sh|-c|echo $X \"y\"", false,
	 "{\"cwd\":\"/\",\"args\":[\"sh\",\"-c\",\"echo $X \\\"y\\\"\"],\"terminal\":false}", NULL},
	{"--tty|id|sh", false, "{\"cwd\":\"/\",\"args\":[\"sh\"],\"terminal\":true}", NULL},
	{"--tty=false|id|sh", false, "{\"cwd\":\"/\",\"args\":[\"sh\"],\"terminal\":false}", NULL},
	{"--env|B=2|-e|C=3|id|sh", true, BASE ",\"env\":[\"A=1\",\"B=2\",\"C=3\"]" REST, NULL},
	{"--env|B=2|id|sh", false,
	 "{\"cwd\":\"/\",\"args\":[\"sh\"],\"terminal\":false,\"env\":[\"B=2\"]}", NULL},
	{"--cwd|/tmp|id|sh", false, "{\"args\":[\"sh\"],\"cwd\":\"/tmp\",\"terminal\":false}",
	 NULL},
	{"--user|1|id|sh", false,
	 "{\"cwd\":\"/\",\"args\":[\"sh\"],\"terminal\":false,\"user\":{\"uid\":1}}", NULL},
	{"--user|1:2|id|sh", false,
	 "{\"cwd\":\"/\",\"args\":[\"sh\"],\"terminal\":false,\"user\":{\"uid\":1,\"gid\":2}}",
	 NULL},
	{"--user|4294967295:0|id|sh", false,
	 "{\"cwd\":\"/"
	 "\",\"args\":[\"sh\"],\"terminal\":false,\"user\":{\"uid\":4294967295,\"gid\":0}}",
	 NULL},
	{"--additional-gids|8|-g|9|id|sh", false,
	 "{\"cwd\":\"/\",\"args\":[\"sh\"],\"terminal\":false,\"user\":{\"additionalGids\":[8,9]}}",
	 NULL},
	{"--apparmor|p|--process-label|l|--no-new-privs|id|sh", false,
	 "{\"cwd\":\"/"
	 "\",\"args\":[\"sh\"],\"apparmorProfile\":\"p\",\"selinuxLabel\":\"l\",\"terminal\":false,"
	 "\"noNewPrivileges\":true}",
	 NULL},
	{"--cap|CAP_KILL|--cap|CAP_CHOWN|id|sh", false,
	 "{\"cwd\":\"/"
	 "\",\"args\":[\"sh\"],\"terminal\":false,\"capabilities\":{\"bounding\":[\"CAP_KILL\","
	 "\"CAP_CHOWN\"],"
	 "\"effective\":[\"CAP_KILL\",\"CAP_CHOWN\"],\"permitted\":[\"CAP_KILL\",\"CAP_CHOWN\"]}}",
	 NULL},
	/* refused */
	{"id", false, NULL, "needs a command"},
	{"--user|root|id|sh", false, NULL, "--user \"root\": must be a number"},
	{"--user||id|sh", false, NULL, "--user \"\""},
	{"--user|1:|id|sh", false, NULL, "--user \"\": must be a number"},
	{"--user|1:x|id|sh", false, NULL, "--user \"x\""},
	{"--user|1:2:3|id|sh", false, NULL, "--user \"2:3\""},
	{"--user|:1|id|sh", false, NULL, "--user"},
	{"--user|-1|id|sh", false, NULL, "--user \"-1\""},
	{"--user|+1|id|sh", false, NULL, "--user"},
	{"--user|0x1|id|sh", false, NULL, "--user \"0x1\""},
	{"--user| 1|id|sh", false, NULL, "--user"},
	{"--user|4294967296|id|sh", false, NULL, "--user \"4294967296\""},
	{"--user|99999999999999999999|id|sh", false, NULL, "--user"},
	{"--additional-gids|x|id|sh", false, NULL, "--additional-gids \"x\""},
	/* JSON has no place for other bytes: Go's decoder would put U+FFFD there */
	{"id|sh|-c|a\xFF"
	 "b",
	 false, NULL, "UTF-8"},
	{"--cwd|/caf\xE9|id|sh", false, NULL, "UTF-8"},
	{"--env|A=\xC0\x80|id|sh", false, NULL, "UTF-8"},
};

static void check_forms(const __typeof__(forms[0]) *row, size_t i)
{
	json_auto struct json_doc *base = NULL, *process = NULL, *wanted = NULL;
	request_auto struct request *request = NULL;
	hr_autofree char *words = strdup(row->words), *text = NULL;
	char *argv[WORDS] = {(char[]){"hardrun"}, (char[]){"exec"}};
	struct hr_error err = {0};
	char *rest = words;
	int argc = 2, result;

	for (char *word; (word = strsep(&rest, "|"));)
		argv[argc++] = word;
	result = grammar_parse(RUNTIME_RUNC, argc, argv, &request, &err);
	if (result == 0) {
		cr_assert_eq(json_parse("b", base_text, strlen(base_text), false, &base, NULL), 0);
		result = process_from_flags(request, row->with_base ? json_root(base) : NULL,
					    &process, &err);
	}
	if (!row->process) {
		cr_expect_eq(result, -1, "row %zu is taken: %s", i, row->words);
		if (result < 0)
			expect_error(result, &err, HR_USAGE, row->message);
		return;
	}
	cr_assert_eq(result, 0, "row %zu: %s", i, err.msg);
	text = load_dump(json_root(process));
	cr_assert_eq(json_parse("w", row->process, strlen(row->process), false, &wanted, NULL), 0);
	cr_expect(json_same(json_root(process), json_root(wanted)), "row %zu: %s", i, text);
}
ROWS(process, forms)

/* Descriptors that are the container's: 3 to 8 are open, 9 is not. */
static const struct {
	const char *preserve, *listen;
	bool activated;
	int kept; /* -1: refused */
	const char *words;
} fds[] = {
	{NULL, NULL, true, 0, NULL},
	{"0", NULL, true, 0, NULL},
	{"3", NULL, true, 3, NULL},
	{NULL, "2", true, 2, NULL},
	{"1", "2", true, 3, NULL}, /* both count, as in runc and crun */
	{"4", "2", true, 6, NULL},
	{"1", "2", false, 1, NULL}, /* of another process */
	{NULL, "x", false, 0, NULL},
	{"", "", true, 0, NULL},
	{"7", NULL, true, -1, "descriptor 9, which is not open"},
	{"6", "1", true, -1, "descriptor 9, which is not open"},
	{"1001", NULL, true, -1, "must be a number from 0 to 1000"},
	{"-1", NULL, true, -1, "must be a number from 0 to 1000"},
	{"x", NULL, true, -1, "must be a number from 0 to 1000"},
	{"3x", NULL, true, -1, "must be a number from 0 to 1000"},
	{" 3", NULL, true, -1, "must be a number from 0 to 1000"},
	{NULL, "x", true, -1, "must be a number from 0 to 1000"},
	{NULL, "-1", true, -1, "must be a number from 0 to 1000"},
	{NULL, "99999999999999999999", true, -1, "must be a number from 0 to 1000"},
};

/* In a child: the numbers are in use by Criterion. Exits with the count, or 100 when it is
 * refused with the words that are wanted, 101 when with others. */
__attribute__((noreturn)) static void ask_in_child(const __typeof__(fds[0]) *row)
{
	struct hr_error err = {0};
	unsigned kept = 77;
	char pid[32];

	snprintf(pid, sizeof(pid), "%d", row->activated ? (int)getpid() : 1);
	setenv("LISTEN_PID", pid, 1);
	if (row->listen)
		setenv("LISTEN_FDS", row->listen, 1);
	else
		unsetenv("LISTEN_FDS");
	for (int fd = 3; fd < 9; fd++)
		dup2(0, fd);
	close(9);
	if (launch_kept_fds(row->preserve, &kept, &err) == 0)
		_exit((int)kept);
	_exit(row->words && err.code == HR_USAGE && strstr(err.msg, row->words) ? 100 : 101);
}

static void check_fds(const __typeof__(fds[0]) *row, size_t i)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		ask_in_child(row);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFEXITED(status));
	cr_expect_eq(WEXITSTATUS(status), row->kept < 0 ? 100 : row->kept, "row %zu: %d", i,
		     WEXITSTATUS(status));
}
ROWS(launch, fds)
