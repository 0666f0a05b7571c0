/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probes of the escape corpus: what can a process do from where it stands? Each is one
 * harmless try, made in a forked child with an alarm.
 *
 * REACHED means that the kernel's own code for the call ran (past the filter, and past the
 * capability where the kernel asks for one first): nothing is left but that code's being
 * free of bugs. It does not mean that anything was broken into.
 *
 * A new probe is one row in a table, and a function where no generic one fits. Its comment
 * says why it changes nothing even with every privilege on a real host.
 */
#ifndef HR_TESTS_ESCAPE_PROBE_H
#define HR_TESTS_ESCAPE_PROBE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdbool.h>
#include <stddef.h>

/* What a probe's function returns: REACHED, the errno that stopped it, or one of these. */
enum {
	REACHED = 0,
	STOPPED_EMPTY = 200, /* there, with nothing in it */
	STOPPED_SET,	     /* a restriction is in place */
	STOPPED_OWN,	     /* what is seen is the container's own */
	STOPPED_ABSENT,	     /* nothing stopped it, but this kernel has no such thing */
};

/*
 * A probe that a hardened container reaches is marked with the reason, one of: intended, it
 * is let through on purpose; known, "CONTROL: ...", it is to be stopped by that control
 * later. Rows without a mark must be refused.
 */
struct probe {
	int vector;	  /* E-number in the corpus */
	const char *name; /* of this probe: no blanks, once in the corpus */
	const char *intended;
	const char *known;
	int (*run)(const struct probe *probe);
	long number;	  /* of a system call, a family: what run() takes */
	long args[6];	  /* of a system call */
	const char *path; /* of a file */
};

/* A table and its length; every file of probes ends with one. */
struct probes {
	const struct probe *rows;
	size_t count;
};

#define PROBES(table, rows) const struct probes table = {rows, sizeof(rows) / sizeof(rows[0])}

extern const struct probes probes_calls, probes_devices, probes_files, probes_host, probes_ioctls,
	probes_machine, probes_namespaces, probes_options, probes_programs, probes_secrets,
	probes_sockets;

/* A descriptor that nobody has, and an address that no process can have: above the user's
 * half, so that every copy from or to it ends in EFAULT. */
#define NO_FD	(-1L)
#define NOWHERE (-1L)

/* Bits that the kernel drops where it takes an int, and a filter that compares all 64 sees. */
#define HIGH_BIT  (1L << 32)
#define SIGN_BITS ((long)0xffffffff00000000)

/* A row, less its braces: one system call; INTENDED or KNOWN may follow. */
#define CALL(number, call, ...) CALL_AS(number, #call, call, __VA_ARGS__)
#define CALL_AS(vector_, name_, call, ...)                                       \
	.vector = vector_, .name = name_, .run = run_call, .number = SYS_##call, \
	.args = {__VA_ARGS__}
#define INTENDED(why) .intended = why
#define KNOWN(why)    .known = why

/* The verdict on a system call's result: REACHED, or the errno of a call that was turned
 * away before its code ran. Any other error is the kernel's opinion of our arguments. */
int answer(long result);

/* Call the system call probe->number with probe->args. */
int run_call(const struct probe *probe);

/* The same for a call whose descriptor is NO_FD: EBADF alone is the kernel's own answer. */
int run_call_no_fd(const struct probe *probe);

/* Open probe->path for writing, and nothing else. */
int try_write(const char *path);

/* How this program says that it was run by one of its probes. */
#define RAN_OPTION "--ran"
#define RAN_STATUS 77

/* What the vectors are, in the words of a table. */
const char *title_of(int vector);

#endif
