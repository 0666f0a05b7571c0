/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Children, the only ones of this program: one whose output is wanted, one that becomes another
 * program, one that works for us where we do not want to go ourselves, one that only is there.
 * None of them outlives us but the last, child_leave's. The first kind is in child_answer.c.
 */
#ifndef HR_BASE_CHILD_H
#define HR_BASE_CHILD_H

#include "base/error.h"

#include <stddef.h>
#include <sys/types.h>

/*
 * Run `path` with argv and envp, no standard input, standard error thrown away, and
 * collect at most `max` bytes of its output. Killed after `timeout_ms`, and when we die.
 * ret_status: as of wait(2). Error: HR_SYSTEM, also for the deadline and for more output.
 */
int child_capture(const char *path, char *const argv[], char *const envp[], int timeout_ms,
		  size_t max, char **ret, size_t *ret_len, int *ret_status, struct hr_error *err);

enum child_outcome {
	CHILD_ENDED,	/* what it wrote is all of it */
	CHILD_LATE,	/* killed at the deadline */
	CHILD_TOO_MUCH, /* killed, it wrote more than was allowed */
	CHILD_OUTCOMES
};

#define CHILD_FDS_MAX 8

struct child_program {
	int fd; /* the program; O_PATH is enough. No script: the descriptor is gone by then */
	char *const *argv;
	const int *fds; /* become its 3, 4, ...; -1: /dev/null */
	size_t fd_count;
	size_t answer; /* number of the one that is the pipe on which it answers */
	int signal;    /* sent to it at once; 0: none */
};

struct child_answer {
	enum child_outcome outcome;
	int status; /* as of wait(2); of one that was killed it says nothing */
	char *text; /* NUL-terminated; the caller frees it */
	size_t len;
};

/*
 * Start a program by its descriptor, with these descriptors and /dev/null on 0, 1 and 2, all others
 * closed, without environment; collect at most `max` bytes of its answer. Killed after
 * `timeout_ms`, and when we die. Error: HR_SYSTEM, only when it could not be started.
 */
int child_answer(const struct child_program *program, int timeout_ms, size_t max,
		 struct child_answer *ret, struct hr_error *err);

/* Become a program by its descriptor, without environment; descriptors stay. Returns only when that
 * failed: HR_SYSTEM. */
int child_become(int fd, char *const argv[], struct hr_error *err);

/*
 * Call `become(data)`, which is to exec, in a child that is killed when we die. A child whose
 * `become` returns ends with status 126. Error: HR_SYSTEM.
 */
int child_start(void (*become)(void *data), void *data, pid_t *ret, struct hr_error *err);

/*
 * Call `work(data, ret, err)` in a child, with new namespaces of the kinds `flags` (CLONE_NEWNS,
 * ...; 0: in ours), and wait for it. Descriptors are shared: what it opens and leaves open is ours
 * under the same number. Its memory, credentials, working directory, root and namespaces are its
 * own, but for *ret (which may be NULL) and *err. It is killed when we die.
 *
 * Result, *ret and *err are those of `work`; HR_SYSTEM when there is no child to be had or it died.
 */
int child_work(unsigned long flags, int (*work)(void *data, int *ret, struct hr_error *err),
	       void *data, int *ret, struct hr_error *err);

/*
 * A child that is there and does nothing, with new namespaces of the kinds `flags`, after it has
 * called `enter(data)` (NULL: nothing), which returns 0 or an errno. To be ended with child_end;
 * it is killed when we die. Error: HR_SYSTEM.
 */
int child_hold(unsigned long flags, int (*enter)(void *data), void *data, pid_t *ret,
	       struct hr_error *err);
void child_end(pid_t pid);

#define CHILD_KEPT_MAX 8

/*
 * Call `work(data)` in a process that outlives us, of whom it has nothing: its own session,
 * working directory /, /dev/null on 0, 1 and 2, no signal blocked, and of the
 * descriptors the `count` (at most CHILD_KEPT_MAX) of `kept`, which must be above 2 and keep their
 * numbers. It ends when `work` returns. Nobody waits for it: it is the next subreaper's. Error:
 * HR_SYSTEM.
 */
int child_leave(void (*work)(void *data), void *data, const int *kept, size_t count,
		struct hr_error *err);

#endif
