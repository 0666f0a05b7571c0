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
enum { REACHED = 0, STOPPED_EMPTY = 200, STOPPED_SET };

struct probe {
	int vector;	  /* E-number in the corpus */
	const char *name; /* of this probe: a system call, a file */
	bool intended;	  /* hardrun lets it through on purpose */
	int (*run)(const struct probe *probe);
	long number;	  /* of a system call, a family, a protocol: what run() takes */
	long args[6];	  /* of a system call */
	const char *path; /* of a file */
};

/* A table and its length; every file of probes ends with one. */
struct probes {
	const struct probe *rows;
	size_t count;
};

extern const struct probes probes_calls, probes_files, probes_processes, probes_sockets;

/* A descriptor that nobody has, and an address that no process can have: above the user's
 * half, so that every copy from or to it ends in EFAULT. */
#define NO_FD	(-1L)
#define NOWHERE (-1L)

/* The verdict on a system call's result: REACHED, or the errno of a call that was turned
 * away before its code ran. Any other error is the kernel's opinion of our arguments. */
int answer(long result);

/* Call the system call probe->number with probe->args. */
int run_call(const struct probe *probe);

#endif
