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

struct starting {
	struct call *call;
	struct init init;
	sigset_t mask; /* the caller's */
	pid_t child;
	bool ended; /* the child; then: */
	int status; /* as of wait(2) */
};

static void become_runtime(void *data)
{
	const struct starting *it = data;

	sigprocmask(SIG_SETMASK, &it->mask, NULL);
	launch_runtime(&it->call->runtime, it->call->argv, NULL);
}

static bool has_execed(const struct init *init)
{
	struct stat now;

	return program_of(init->pid, &now) &&
	       (now.st_dev != init->program.st_dev || now.st_ino != init->program.st_ino);
}

static bool is_gone(const struct init *init)
{
	return pidfd_send_signal(init->fd, 0, NULL, 0) < 0;
}

static void wait_for_runtime(struct starting *it, bool at_once)
{
	while (!it->ended) {
		pid_t pid = waitpid(it->child, &it->status, at_once ? WNOHANG : 0);

		if (pid == 0 || (pid < 0 && errno != EINTR))
			return;
		it->ended = pid > 0;
	}
}

/*
 * Until it has the labels, or has exec'ed without them, or is gone; or the runtime has failed
 * without starting it. A runtime that waits for the container itself (NOTIFY_SOCKET) is not
 * waited for. ret_execed: it has a label of its own by then.
 */
static enum verify look(struct starting *it, bool *ret_execed, struct hr_error *err)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	enum verify seen = VERIFY_UNSEEN;

	for (int left = PATIENCE_MS; left > 0; left -= it->ended) {
		/* In this order: a label that is read behind the exec is the last one. */
		*ret_execed = has_execed(&it->init);
		*err = (struct hr_error){0};
		seen = verify_labels(it->init.pid, json_root(it->call->record), err);
		if (seen == VERIFY_SAME || *ret_execed || is_gone(&it->init) ||
		    (it->ended && it->status != 0))
			break;
		wait_for_runtime(it, true);
		nanosleep(&pause, NULL);
	}
	return seen;
}

/* Exit status as a shell's. */
static void take_status(struct starting *it)
{
	wait_for_runtime(it, false);
	it->call->status =
		WIFEXITED(it->status) ? WEXITSTATUS(it->status) : 128 + WTERMSIG(it->status);
}

static int kill_both(struct starting *it, struct hr_error *err)
{
	pidfd_send_signal(it->init.fd, SIGKILL, NULL, 0);
	if (!it->ended)
		kill(it->child, SIGKILL);
	wait_for_runtime(it, false);
	if (err->code == HR_OK)
		hr_fail(err, HR_DENIED,
			"the label of the container's first process could not be seen within %d "
			"ms (rules apparmor.verify, selinux.verify)",
			PATIENCE_MS);
	return hr_context(err, "killed");
}

static int check(struct starting *it, struct hr_error *err)
{
	bool execed = false;
	enum verify seen = look(it, &execed, err);

	if (seen == VERIFY_SAME || is_gone(&it->init) ||
	    (!execed && it->ended && it->status != 0)) {
		*err = (struct hr_error){0};
		take_status(it);
		if (seen != VERIFY_SAME && it->call->status == EXIT_OK) {
			it->call->remark = "the container ended before its label could be seen";
			call_audit(it->call, NULL, NULL, NULL);
		}
		return 0;
	}
	return kill_both(it, err);
}

/* A signal to us must not leave a container that nobody looked at. */
static void hold_signals(sigset_t *ret_mask)
{
	sigset_t held;

	sigemptyset(&held);
	sigaddset(&held, SIGHUP);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGTERM);
	sigprocmask(SIG_BLOCK, &held, ret_mask);
}

static int start_and_check(struct starting *it, struct hr_error *err)
{
	int result;

	hold_signals(&it->mask);
	result = child_start(become_runtime, it, &it->child, err);
	if (result == 0)
		result = check(it, err);
	sigprocmask(SIG_SETMASK, &it->mask, NULL);
	return result;
}

int command_start(struct call *call, struct hr_error *err)
{
	struct starting it = {.call = call, .init.fd = -1};
	struct hr_error local = {0};
	int result = -1;

	/* What cannot be read says nothing of a look, and exec refuses it. */
	record_load(call->statedir, call_root(call), call->request->id, &call->record, &local);
	if (!call->record || !verify_wanted(json_root(call->record)))
		return command_pass(call, err);
	call->line = LINE_START;
	if (find_init(call, &it.init, err) == 0)
		result = start_and_check(&it, err);
	else
		hr_context(err, "start, with verify in the container's profile");
	if (it.init.fd >= 0)
		close(it.init.fd);
	/* Another try, as where a runtime is missing, would start it unseen. */
	if (result < 0)
		err->code = HR_DENIED;
	return result;
}
