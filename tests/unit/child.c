/* SPDX-License-Identifier: Apache-2.0 */
#include "base/child.h"

#include "unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

static char *environment[] = {(char[]){"HR_X=1"}, (char[]){"PATH=/usr/bin:/bin"}, NULL};

static struct {
	char *text;
	size_t len;
	int status;
	struct hr_error err;
	double seconds;
} got;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int capture(const char *script, int timeout_ms, size_t max)
{
	char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, strdup(script), NULL};
	double begun = now();
	int result;

	memset(&got, 0, sizeof(got));
	result = child_capture("/bin/sh", argv, environment, timeout_ms, max, &got.text, &got.len,
			       &got.status, &got.err);
	got.seconds = now() - begun;
	free(argv[2]);
	return result;
}

static void end(void)
{
	free(got.text);
	/* No child is left behind. */
	cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1);
}

TestSuite(child, .fini = end, .timeout = 30);

static const struct {
	const char *script, *output;
	int exit; /* -SIGNAL */
} scripts[] = {
	{"echo out; echo err >&2", "out\n", 0},
	{":", "", 0},
	{"exit 7", "", 7},
	{"echo x; exit 1", "x\n", 1},
	{"kill -9 $$", "", -9},
	{"cat", "", 0}, /* no standard input */
	{"echo \"$HR_X-$HOME-$USER\"", "1--\n", 0},
	{"for i in 1 2 3; do echo $i; sleep 0.05; done", "1\n2\n3\n", 0},
};

static void check_scripts(const __typeof__(scripts[0]) *row, size_t i)
{
	cr_assert_eq(capture(row->script, 5000, 1000), 0, "row %zu: %s", i, got.err.msg);
	cr_expect_str_eq(got.text, row->output, "row %zu: %s", i, got.text);
	cr_expect_eq(got.len, strlen(row->output));
	if (row->exit >= 0)
		cr_expect(WIFEXITED(got.status) && WEXITSTATUS(got.status) == row->exit);
	else
		cr_expect(WIFSIGNALED(got.status) && WTERMSIG(got.status) == -row->exit);
	end();
}
ROWS(child_scripts, scripts)

Test(child, no_program)
{
	char *argv[] = {(char[]){"x"}, NULL};

	memset(&got, 0, sizeof(got));
	cr_assert_eq(child_capture("/nowhere/x", argv, environment, 1000, 10, &got.text, &got.len,
				   &got.status, &got.err),
		     0);
	cr_expect(WIFEXITED(got.status) && WEXITSTATUS(got.status) == 127);
	cr_expect_eq(got.len, 0);
}

Test(child, output_limit)
{
	cr_expect_eq(capture("printf 1234567890", 5000, 10), 0);
	free(got.text);
	expect_error(capture("printf 12345678901", 5000, 10), &got.err, HR_SYSTEM,
		     "/bin/sh: more than 10 bytes");
	expect_error(capture("yes", 5000, 100000), &got.err, HR_SYSTEM, "more than 100000 bytes");
}

Test(child, deadline)
{
	expect_error(capture("sleep 20", 300, 10), &got.err, HR_SYSTEM, "no answer within 300 ms");
	cr_expect_lt(got.seconds, 5);
	expect_error(capture("while :; do printf .; sleep 0.02; done", 300, 1000), &got.err,
		     HR_SYSTEM, "no answer within 300 ms");
	cr_expect_lt(got.seconds, 5);
}

/* The deadline holds for its end as well, not for its output alone. */
Test(child, deadline_without_output)
{
	capture("exec >&- 2>&-; sleep 8", 300, 10);
	cr_expect_lt(got.seconds, 5, "waited %.1f s", got.seconds);
}

/* Its own children hold the pipe: we do not wait for them. */
Test(child, deadline_with_grandchildren)
{
	expect_error(capture("sleep 8 & exit 0", 300, 10), &got.err, HR_SYSTEM,
		     "no answer within 300 ms");
	cr_expect_lt(got.seconds, 5);
}
