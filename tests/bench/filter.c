/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What seccomp filters cost, in turns so that all of them see the same machine.
 *
 * usage: filter ROUNDS NAME FILE [NAME FILE]...
 * FILE holds a linux.seccomp object; "-" is no filter at all. Prints for each a line
 *	NAME INSTRUCTIONS BUILD GETPPID OPENAT SOCKET IOCTL UNKNOWN
 * BPF instructions as runc loads them; microseconds of processor time to build them with
 * libseccomp (the least of ROUNDS); then nanoseconds of a call, the least of ROUNDS batches:
 * getppid, openat and close, socket and close, ioctl on descriptor -1, call number 999.
 */
#include "base/cleanup.h"
#include "document.h"
#include "oci.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST	 8	/* filters */
#define BATCH	 2000	/* calls between two looks at the clock */
#define BATCHES	 10	/* of each call and round */
#define FILE_MAX 262144 /* bytes of a linux.seccomp object */

enum call { CALL_GETPPID, CALL_OPENAT, CALL_SOCKET, CALL_IOCTL, CALL_UNKNOWN, CALLS };

/* Shared with the children that measure. */
struct cost {
	size_t len;
	double build, calls[CALLS];
};

struct variant {
	const char *name, *file;
	char text[FILE_MAX];
	struct cost *cost;
};

static double now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void least(double *to, double value)
{
	if (*to == 0 || value < *to)
		*to = value;
}

static void one(enum call call)
{
	int fd = -1;

	switch (call) {
	case CALL_GETPPID:
		syscall(SYS_getppid);
		break;
	case CALL_OPENAT:
		fd = openat(AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC);
		break;
	case CALL_SOCKET:
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		break;
	case CALL_IOCTL:
		ioctl(-1, FIONREAD, NULL);
		break;
	case CALL_UNKNOWN:
		syscall(999);
		break;
	case CALLS:
		break;
	}
	if (fd >= 0)
		close(fd);
}

static int build(const struct variant *variant, struct oci_filter *ret)
{
	json_auto struct json_doc *doc = NULL;
	struct document document;
	struct hr_error err = {0};
	double start;
	int rc;

	if (json_parse(variant->file, variant->text, strlen(variant->text), false, &doc, &err) <
		    0 ||
	    document_read(json_root(doc), &document, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return -1;
	}
	start = now(CLOCK_PROCESS_CPUTIME_ID);
	rc = oci_compile(&document, OCI_RUNC, ret, &err);
	least(&variant->cost->build, (now(CLOCK_PROCESS_CPUTIME_ID) - start) / 1e3);
	document_free(&document);
	if (rc < 0)
		fprintf(stderr, "%s: %s\n", variant->file, err.msg);
	return rc;
}

static void measure_batch(struct cost *cost, enum call call)
{
	double start = now(CLOCK_MONOTONIC);

	for (int i = 0; i < BATCH; i++)
		one(call);
	least(&cost->calls[call], (now(CLOCK_MONOTONIC) - start) / BATCH);
}

/* In a child of its own: a filter is for ever. */
static int measure(const struct variant *variant)
{
	struct oci_filter filter = {0};
	struct sock_fprog program;

	if (strcmp(variant->file, "-") != 0) {
		if (build(variant, &filter) < 0)
			return 1;
		variant->cost->len = filter.len;
		program.len = (unsigned short)filter.len;
		program.filter = filter.program;
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) {
			perror(variant->file);
			return 1;
		}
	}
	for (int batch = 0; batch < BATCHES; batch++)
		for (enum call call = 0; call < CALLS; call++)
			measure_batch(variant->cost, call);
	return 0;
}

static int in_child(const struct variant *variant)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(measure(variant));
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return -1;
	return status == 0 ? 0 : -1;
}

static int load(struct variant *variant)
{
	FILE *stream;

	variant->cost = mmap(NULL, sizeof(*variant->cost), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (variant->cost == MAP_FAILED)
		return -1;
	if (strcmp(variant->file, "-") == 0)
		return 0;
	stream = fopen(variant->file, "re");
	if (!stream) {
		perror(variant->file);
		return -1;
	}
	variant->text[fread(variant->text, 1, FILE_MAX - 1, stream)] = '\0';
	fclose(stream);
	return 0;
}

int main(int argc, char *argv[])
{
	static struct variant variants[MOST];
	size_t count = 0;
	long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 0;

	for (int i = 2; i + 1 < argc && count < MOST; i += 2, count++) {
		variants[count].name = argv[i];
		variants[count].file = argv[i + 1];
		if (load(&variants[count]) < 0)
			return 1;
	}
	if (rounds < 1 || count == 0) {
		fprintf(stderr, "usage: filter ROUNDS NAME FILE [NAME FILE]...\n");
		return 2;
	}
	for (long round = 0; round < rounds; round++)
		for (size_t i = 0; i < count; i++)
			if (in_child(&variants[i]) < 0)
				return 1;
	for (size_t i = 0; i < count; i++) {
		const struct cost *cost = variants[i].cost;

		printf("%s %zu %.0f", variants[i].name, cost->len, cost->build);
		for (enum call call = 0; call < CALLS; call++)
			printf(" %.1f", cost->calls[call]);
		putchar('\n');
	}
	return 0;
}
