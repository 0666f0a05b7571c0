/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls of a container that wait for our answer: seccomp's user notification
 * (seccomp_unotify(2), Linux 5.5 for letting a call go on). A runtime hands the listener over
 * a socket, as the runtime-spec's listenerPath says; whoever holds it gets each call whose
 * answer in the filter is NOTIFY, and the caller waits. When the last holder of a listener is
 * gone, the kernel answers ENOSYS.
 */
#ifndef HR_WATCH_WATCH_H
#define HR_WATCH_WATCH_H

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define WATCH_ARGS 6

struct watch_call {
	uint64_t id;   /* of the notification */
	pid_t thread;  /* who calls; in our pid namespace, 0 where it cannot be seen */
	uint32_t arch; /* AUDIT_ARCH_... */
	int number;    /* of the call on that architecture */
	uint64_t args[WATCH_ARGS];
};

/* What a runtime says when it hands a listener over. */
#define WATCH_ID 256
struct watch_hello {
	int listener; /* the caller's to close; non-blocking, close-on-exec */
	pid_t pid;    /* the process that loaded the filter: the container's first, or an exec's */
	char id[WATCH_ID]; /* of the container */
};

/*
 * A listening socket at `path` (absolute, at most 107 bytes; its directory must be root's),
 * mode 0600, non-blocking, close-on-exec. One that is there already is replaced. Error: HR_SYSTEM.
 */
int watch_listen(const char *path, int *ret_fd, struct hr_error *err);

/*
 * A runtime that has connected and has not said everything yet: crun connects when the container
 * is created and sends when it is started, so nobody waits for it but poll(2).
 */
#define WATCH_FDS   16		  /* descriptors of one message */
#define WATCH_HELLO (1024 * 1024) /* bytes of one message: it holds the annotations */
struct watch_peer {
	int connection; /* non-blocking */
	int fds[WATCH_FDS];
	size_t fd_count;
	struct text message; /* what has come of it */
};

/* Take one connection. Error: HR_SYSTEM, HR_UNTRUSTED (the peer is not root). */
int watch_accept(int socket, struct watch_peer *ret, struct hr_error *err);

/*
 * Read what has come of its message (the runtime-spec's "container process state", JSON, with the
 * listener as "seccompFd" in `fds`): 1 and *ret when it is whole, 0 when more has to come. Error:
 * HR_SYSTEM, HR_UNTRUSTED (it is not as the runtime-spec says).
 */
int watch_hear(struct watch_peer *peer, struct watch_hello *ret, struct hr_error *err);
void watch_peer_free(struct watch_peer *peer);

enum watch_got {
	WATCH_CALL,    /* ret is filled */
	WATCH_NOTHING, /* the caller is gone, or was interrupted, in the meantime */
	WATCH_OVER,    /* no process has the filter any more */
	WATCH_GOTS
};

/* The next call that waits. Error (HR_SYSTEM): returns -1. */
int watch_receive(int listener, struct watch_call *ret, struct hr_error *err);

/* Let it go on as if there was no filter / answer it with an errno (1..4095). False when the
 * caller is gone, which is no error. */
bool watch_pass(int listener, const struct watch_call *call);
bool watch_refuse(int listener, const struct watch_call *call, unsigned error);

/* True if the caller still waits: what was read of its memory and of /proc before is its. */
bool watch_waits(int listener, const struct watch_call *call);

#endif
