/* SPDX-License-Identifier: Apache-2.0 */
/*
 * start, for a container whose profile says "verify": the runtime is a child, and before we
 * end, its container's first process is looked at. It cannot be done earlier: until its last
 * exec that process has the runtime's label, and the one that it will get cannot be read.
 * Without such a record start is passed through.
 */
#include "command/command.h"

#include "base/child.h"
#include "line/launch.h"
#include "line/verify.h"
#include "state/record.h"
#include "state/sweep.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 5000 /* a container whose share of CPU is a thousandth is slow to exec */

struct init {
	pid_t pid;
	int fd; /* a pidfd: what is killed is what was looked at */
	struct stat program;
};

static bool program_of(pid_t pid, struct stat *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	return stat(path, ret) == 0;
}

/* The process that waits for start, and what it runs by then: the runtime. */
static int find_init(const struct call *call, struct init *ret, struct hr_error *err)
{
	const char *root = call_root(call), *id = call->request->id;
	uint64_t start;

	if (runtime_state_init(call->runtime.kind, root, id, &ret->pid, &start, err) < 0)
		return -1;
	ret->fd = pidfd_open(ret->pid, 0);
	if (ret->fd < 0 || (uint64_t)sweep_start_time(ret->pid) != start ||
	    !program_of(ret->pid, &ret->program))
		return hr_fail(err, HR_SYSTEM, "the container's first process is gone");
	return 0;
}

static void become_runtime(void *data)
{
	const struct call *call = data;

	launch_runtime(&call->runtime, call->argv, NULL);
}

/* Exit status as a shell's. */
static int run_start(struct call *call, struct hr_error *err)
{
	int status;

	if (child_run(become_runtime, call, &status, err) < 0)
		return hr_context(err, "start");
	call->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return 0;
}

static bool has_execed(const struct init *init)
{
	struct stat now;

	return program_of(init->pid, &now) &&
	       (now.st_dev != init->program.st_dev || now.st_ino != init->program.st_ino);
}

/* Until it has the labels, or has exec'ed without them, or is gone. */
static enum verify look(const struct call *call, const struct init *init, struct hr_error *err)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	enum verify seen = VERIFY_UNSEEN;
	bool execed = false;

	for (int waited = 0; waited < PATIENCE_MS && !execed; waited++) {
		/* In this order: a label that is read behind the exec is the last one. */
		execed = has_execed(init);
		*err = (struct hr_error){0};
		seen = verify_labels(init->pid, json_root(call->record), err);
		if (seen == VERIFY_SAME)
			return seen;
		if (pidfd_send_signal(init->fd, 0, NULL, 0) < 0)
			return VERIFY_UNSEEN;
		if (!execed)
			nanosleep(&pause, NULL);
	}
	return seen;
}

static void ended_unseen(struct call *call, struct hr_error *err)
{
	*err = (struct hr_error){0};
	call->remark = "the container ended before its label could be seen";
	call_audit(call, NULL, NULL, NULL);
	call->status = EXIT_OK;
}

static int check(struct call *call, const struct init *init, struct hr_error *err)
{
	if (look(call, init, err) == VERIFY_SAME) {
		call->status = EXIT_OK;
		return 0;
	}
	if (pidfd_send_signal(init->fd, SIGKILL, NULL, 0) < 0 && errno == ESRCH) {
		ended_unseen(call, err);
		return 0;
	}
	if (err->code == HR_OK)
		hr_fail(err, HR_DENIED,
			"the label of the container's first process could not be seen within %d "
			"ms (rules apparmor.verify, selinux.verify)",
			PATIENCE_MS);
	return hr_context(err, "killed");
}

int command_start(struct call *call, struct hr_error *err)
{
	struct hr_error local = {0};
	struct init init = {.fd = -1};
	int result;

	record_load(call->statedir, call_root(call), call->request->id, &call->record, &local);
	if (!call->record || !verify_wanted(json_root(call->record)) ||
	    find_init(call, &init, &local) < 0) {
		if (init.fd >= 0)
			close(init.fd);
		return command_pass(call, err);
	}
	call->line = LINE_START;
	result = run_start(call, err);
	if (result == 0 && call->status == EXIT_OK)
		result = check(call, &init, err);
	close(init.fd);
	return result;
}
