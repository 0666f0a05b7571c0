/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answering the calls of a watched container: listeners come over a socket, each call is judged
 * by the filter that the container would have had, somebody is told, and the caller gets the
 * filter's answer. One container, several listeners: each exec brings its own.
 */
#ifndef HR_LINE_SUPERVISE_H
#define HR_LINE_SUPERVISE_H

#include "seccomp/watched.h"
#include "watch/process.h"
#include "watch/watch.h"

#define SUPERVISE_LISTENERS 256 /* more wait until one has ended */
#define SUPERVISE_PEERS	    64	/* runtimes that have connected and not sent yet */
#define SUPERVISE_OTHERS    16

struct supervise_seen {
	const struct watch_call *call;
	const char *name; /* "socket"; "syscall 999" for a number without one,
			     "syscall 999 of another ABI" */
	const struct seccomp_judgement *judgement;
	const struct watch_process *process; /* all zero, name "?" when it is gone */
	const struct seccomp_filter *filter;
	pid_t first; /* watch_hello.pid of the listener that it came by */
};

struct supervise {
	int socket; /* of watch_listen; the caller's */
	/* The filter; asked for once, when the first listener has come. NULL: error is in err. */
	const struct seccomp_filter *(*filter)(void *data, struct hr_error *err);
	/* Before the answer: the caller still waits. */
	void (*seen)(const struct supervise_seen *seen, void *data);
	/* The call that was seen last got no answer: a signal came, or its caller has gone. May be
	 * NULL. */
	void (*undone)(void *data);
	/* A listener has come; may be NULL. */
	void (*came)(const struct watch_hello *hello, void *data);
	void *data;

	/* the module's own; zero at the start */
	const struct seccomp_filter *known;
	struct {
		int fd;
		pid_t first;
	} listeners[SUPERVISE_LISTENERS];
	size_t count; /* of listeners that are alive */
	struct watch_peer peers[SUPERVISE_PEERS];
	size_t peer_count;
	bool came_once;
	size_t lost; /* listeners that could not be taken or read: their calls got ENOSYS unseen */
};

/*
 * Wait at most `timeout_ms` (-1: for ever) for what there is to do, and do it; `others` (with
 * `others_count` <= SUPERVISE_OTHERS; e.g. a pidfd, a signalfd) are polled as well, revents as of
 * poll(2), and end the wait. A call of another ABI than the machine's is refused with ENOSYS. Each
 * call is answered, whatever happens. Error: HR_SYSTEM.
 */
struct pollfd;
int supervise_step(struct supervise *supervise, struct pollfd *others, size_t others_count,
		   int timeout_ms, struct hr_error *err);

/* True when there was a listener and none is left. */
bool supervise_over(const struct supervise *supervise);

void supervise_done(struct supervise *supervise);

#endif
