/* SPDX-License-Identifier: Apache-2.0 */
/* A trial as its supervisor sees it: answers, signals, the end. */
#include "command/trial.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "command/trial_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LAST_MS	   2000 /* that the kernel may take to tell that all listeners are over */
#define STATUS_MAX 4096
#define LOG_MAX	   65536

static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

struct supervisor {
	struct trial_child child;
	struct trial_place place;
	struct supervise supervise;
	struct seccomp_filter *filter;
	pid_t pid;   /* the runtime */
	pid_t first; /* the container's first process; 0: not known yet */
	int pidfd, signalfd, guard;
	int ended_by; /* a signal by which we ended it; 0: none */
	unsigned asked_to_end;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* --- What supervise asks of us ---------------------------------------------------------------- */

static const struct seccomp_filter *filter_of(void *data, struct hr_error *err)
{
	struct supervisor *self = data;
	const struct seccomp_host surroundings = {.arch = seccomp_native()};
	hr_autoclose int fd = open(self->place.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	json_auto struct json_doc *doc = NULL;
	hr_autofree char *text = NULL;
	size_t len;

	if (!self->filter &&
	    file_read_at(fd, "filter.json", "the filter", JSON_MAX_BYTES, &text, &len, NULL, err) ==
		    0 &&
	    json_parse("the filter", text, len, false, &doc, err) == 0)
		(void)seccomp_read(json_root(doc), &surroundings, &self->filter, err);
	return self->filter;
}

static void seen(const struct supervise_seen *seen, void *data)
{
	struct supervisor *self = data;

	self->child.trial->seen(seen, self->child.trial->data);
}

static void undone(void *data)
{
	struct supervisor *self = data;

	if (self->child.trial->undone)
		self->child.trial->undone(self->child.trial->data);
}

static void came(const struct watch_hello *hello, void *data)
{
	struct supervisor *self = data;

	if (!self->first)
		self->first = hello->pid;
}

/* --- Signals ---------------------------------------------------------------------------------- */

/* Process 1 of a pid namespace is not ended by a signal that it does nothing about: a command
 * that a shell's user could end must be one here as well. */
static bool has_own_way(pid_t pid, int signal)
{
	char path[64], text[STATUS_MAX + 1];
	unsigned long long caught = 0, ignored = 0;
	hr_autoclose int fd = -1;
	const char *line;
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, text, STATUS_MAX);
	if (got <= 0)
		return true;
	text[got] = '\0';
	line = strstr(text, "\nSigCgt:");
	if (line)
		caught = strtoull(line + 8, NULL, 16);
	line = strstr(text, "\nSigIgn:");
	if (line)
		ignored = strtoull(line + 8, NULL, 16);
	return (caught | ignored) & (1ULL << (signal - 1));
}

static void end_by(struct supervisor *self, int signal)
{
	self->ended_by = signal;
	kill(self->first ? self->first : self->pid, SIGKILL);
}

/* What the terminal sends goes to the runtime as well, which hands it on; what somebody sends us
 * does not. */
static void take_signal(struct supervisor *self)
{
	struct signalfd_siginfo info;
	int signal;

	if (read(self->signalfd, &info, sizeof(info)) != sizeof(info))
		return;
	signal = (int)info.ssi_signo;
	if (info.ssi_code != SI_KERNEL)
		kill(self->pid, signal);
	if ((signal == SIGINT || signal == SIGTERM) && ++self->asked_to_end > 1)
		end_by(self, signal);
	else if (self->first && !has_own_way(self->first, signal))
		end_by(self, signal);
}

/* --- The run ---------------------------------------------------------------------------------- */

static int block_signals(struct supervisor *self, struct hr_error *err)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < hr_count(signals); i++)
		sigaddset(&set, signals[i]);
	if (sigprocmask(SIG_BLOCK, &set, &self->child.mask) < 0)
		return hr_fail_errno(err, errno, "sigprocmask");
	self->signalfd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return self->signalfd < 0 ? hr_fail_errno(err, errno, "signalfd") : 0;
}

static int start(struct supervisor *self, struct hr_error *err)
{
	if (block_signals(self, err) < 0 ||
	    trial_guard_start(&self->place, &self->child.runtime, &self->guard, err) < 0 ||
	    watch_listen(self->place.socket, &self->supervise.socket, err) < 0 ||
	    trial_child_start(&self->child, &self->pid, err) < 0)
		return -1;
	self->pidfd = (int)syscall(SYS_pidfd_open, self->pid, 0);
	return self->pidfd < 0 ? hr_fail_errno(err, errno, "pidfd_open") : 0;
}

/* Until the runtime has ended. */
static int serve(struct supervisor *self, struct hr_error *err)
{
	for (;;) {
		struct pollfd others[] = {{.fd = self->pidfd, .events = POLLIN},
					  {.fd = self->signalfd, .events = POLLIN}};

		if (supervise_step(&self->supervise, others, hr_count(others), -1, err) < 0)
			return -1;
		if (others[1].revents)
			take_signal(self);
		if (others[0].revents)
			return 0;
	}
}

/* What waits still: processes that the end of the first one has not reached yet. */
static void serve_last(struct supervisor *self)
{
	uint64_t until = now_ms() + LAST_MS;
	struct hr_error ignored = {0};

	while (self->supervise.came_once && !supervise_over(&self->supervise) && now_ms() < until)
		if (supervise_step(&self->supervise, NULL, 0, 20, &ignored) < 0)
			break;
}

/* --- The end ---------------------------------------------------------------------------------- */

/* Its own words are what there is to tell a program that is not there from a runtime that fails. */
static int failure(const struct supervisor *self, const char *log)
{
	/* As runc and crun begin or go on with them. */
	static const char *const missing[] = {"executable file ", "such file or dir", NULL};
	static const char *const unfit[] = {"ermission den", "xec format error", NULL};

	(void)self;
	for (size_t i = 0; missing[i]; i++)
		if (strstr(log, missing[i]))
			return 127;
	for (size_t i = 0; unfit[i]; i++)
		if (strstr(log, unfit[i]))
			return 126;
	return TRIAL_FAILED;
}

static void read_log(const struct supervisor *self, char **ret)
{
	char path[PATH_MAX];
	hr_autoclose int fd = -1;
	struct hr_error ignored = {0};
	size_t len;

	trial_child_log(&self->place, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		(void)file_read_fd(fd, "log", LOG_MAX, ret, &len, &ignored);
}

/* Exit status of the command, as a shell would have it. */
static int status_of(const struct supervisor *self, int status)
{
	hr_autofree char *log = NULL;

	if (self->ended_by)
		return 128 + self->ended_by;
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	if (WEXITSTATUS(status) == 0)
		return 0;
	read_log(self, &log);
	if (log && strstr(log, "\"level\":\"error\""))
		return failure(self, log);
	return WEXITSTATUS(status);
}

static int finish(struct supervisor *self, int status, struct trial_result *ret,
		  struct hr_error *err)
{
	int result;

	serve_last(self);
	result = trial_child_said(&self->place, ret, err);
	ret->started = self->supervise.came_once || !ret->watched;
	ret->status = result < 0 ? TRIAL_FAILED : status_of(self, status);
	return result;
}

static int run(struct supervisor *self, struct trial_result *ret, struct hr_error *err)
{
	uint64_t began;
	int status = 0;

	if (start(self, err) < 0)
		return -1;
	began = now_ms();
	if (serve(self, err) < 0)
		return -1;
	while (waitpid(self->pid, &status, 0) < 0 && errno == EINTR)
		;
	self->pid = 0;
	ret->milliseconds = now_ms() - began;
	return finish(self, status, ret, err);
}

static void done(struct supervisor *self)
{
	if (self->pid > 0) {
		kill(self->pid, SIGKILL);
		(void)waitpid(self->pid, NULL, 0);
	}
	supervise_done(&self->supervise);
	seccomp_filter_free(self->filter);
	hr_cleanup_close(&self->supervise.socket);
	hr_cleanup_close(&self->pidfd);
	hr_cleanup_close(&self->signalfd);
	trial_end(&self->place, &self->child.runtime);
	if (self->guard >= 0)
		trial_guard_dismiss(self->guard);
	sigprocmask(SIG_SETMASK, &self->child.mask, NULL);
}

int trial_run(const struct trial *trial, struct trial_result *ret, struct hr_error *err)
{
	struct supervisor self = {
		.child = {.trial = trial},
		.supervise = {.socket = -1,
			      .filter = filter_of,
			      .seen = seen,
			      .undone = undone,
			      .came = came},
		.pidfd = -1,
		.signalfd = -1,
		.guard = -1,
	};
	int result;

	*ret = (struct trial_result){.status = TRIAL_FAILED};
	self.supervise.data = &self;
	self.child.place = &self.place;
	if (runtime_find(HR_CONFDIR, trial->handler ? trial->handler : "hardrun",
			 &self.child.runtime, err) < 0 ||
	    runtime_trust(&self.child.runtime, err) < 0 || trial_place_make(&self.place, err) < 0)
		return -1;
	sigprocmask(SIG_SETMASK, NULL, &self.child.mask);
	result = trial_policy_prepare(trial, &self.place, err) < 0 ||
				 trial_place_bundle(trial, &self.place, err) < 0
			 ? -1
			 : run(&self, ret, err);
	done(&self);
	return result;
}
