/* SPDX-License-Identifier: Apache-2.0 */
#include "side.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "bpf.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMPILE_SECONDS 2 /* of processor time; a thousandth of that is usual */

/* --- ABIs ------------------------------------------------------------------------------ */

const struct abi abis[] = {
#if defined(__x86_64__)
	{"x86_64", SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64, 0},
	{"i386", SCMP_ARCH_X86, AUDIT_ARCH_I386, 0},
	{"x32", SCMP_ARCH_X32, AUDIT_ARCH_X86_64, 0x40000000},
	{"foreign", 0, AUDIT_ARCH_S390X, 0},
#elif defined(__aarch64__)
	{"aarch64", SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64, 0},
	{"arm", SCMP_ARCH_ARM, AUDIT_ARCH_ARM, 0},
	{"foreign", 0, AUDIT_ARCH_S390X, 0},
#else
#error "name the ABIs of this machine"
#endif
};
const size_t abi_count = hr_count(abis);

int abi_number(const struct abi *abi, const char *name)
{
	int nr = abi->token ? seccomp_syscall_resolve_name_arch(abi->token, name) : -1;

	return nr < 0 ? -1 : nr;
}

const char *abi_call(const struct abi *abi, uint32_t nr, char buf[64])
{
	char *name = abi->token ? seccomp_syscall_resolve_num_arch(abi->token, (int)nr) : NULL;

	if (name)
		snprintf(buf, 64, "%s", name);
	else
		snprintf(buf, 64, "number %u", nr);
	free(name);
	return buf;
}

/* --- Compiling, in a child ------------------------------------------------------------- */

/* Leaves the program, or the reason why there is none, in `fd`. */
static _Noreturn void child(const struct document *document, enum oci_runtime runtime, int fd)
{
	struct oci_filter filter = {0};
	struct hr_error err = {0};
	const struct itimerval limit = {.it_value.tv_sec = COMPILE_SECONDS};

	setitimer(ITIMER_PROF, &limit, NULL);
	if (oci_compile(document, runtime, &filter, &err) < 0) {
		if (write(fd, err.msg, strlen(err.msg)) < 0)
			_exit(2);
		_exit(1);
	}
	_exit(write(fd, filter.program, filter.len * sizeof(*filter.program)) < 0 ? 2 : 0);
}

static void take(struct side *side, enum oci_runtime runtime, int fd, int status)
{
	char *why = side->why[runtime];
	struct oci_filter *filter = &side->filters[runtime];
	struct stat st;

	if (WIFSIGNALED(status)) {
		snprintf(why, sizeof(side->why[runtime]), "libseccomp %s",
			 WTERMSIG(status) == SIGPROF ? "does not come back" : "crashes");
		return;
	}
	if (WEXITSTATUS(status) != 0) {
		ssize_t len = pread(fd, why, sizeof(side->why[runtime]) - 1, 0);

		why[len < 0 ? 0 : len] = '\0';
		return;
	}
	if (fstat(fd, &st) < 0)
		return;
	filter->program = calloc(1, (size_t)st.st_size + 1);
	filter->len = (size_t)st.st_size / sizeof(*filter->program);
	side->starts[runtime] = filter->program && pread(fd, filter->program, (size_t)st.st_size,
							 0) == (ssize_t)st.st_size;
}

static void compile(struct side *side, enum oci_runtime runtime)
{
	hr_autoclose int fd = memfd_create("program", MFD_CLOEXEC);
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		child(&side->document, runtime, fd);
	if (fd < 0 || pid < 0 || waitpid(pid, &status, 0) != pid) {
		perror("compiling");
		exit(4);
	}
	take(side, runtime, fd, status);
}

static void find_same(struct side *side, size_t runtime)
{
	const struct oci_filter *own = &side->filters[runtime];

	side->same_as[runtime] = runtime;
	for (size_t i = 0; i < runtime; i++) {
		const struct oci_filter *other = &side->filters[i];

		if (side->starts[i] && side->starts[runtime] && own->len == other->len &&
		    memcmp(own->program, other->program, own->len * sizeof(*own->program)) == 0) {
			side->same_as[runtime] = i;
			return;
		}
	}
}

/* --- Loading --------------------------------------------------------------------------- */

static _Noreturn void give_up(const char *file, const char *why)
{
	fprintf(stderr, "%s: %s\n", file, why);
	exit(2);
}

/* The file may be a whole config.json. */
static const struct json *seccomp_of(const struct json *root)
{
	const struct json *inner = json_path(root, "linux.seccomp");

	return inner ? inner : root;
}

struct side *side_load(const char *file)
{
	struct side *side = calloc(1, sizeof(*side));
	hr_autofree char *text = NULL;
	struct hr_error err = {0};
	size_t len;

	if (!side)
		give_up(file, "out of memory");
	side->file = strdup(file);
	if (file_read_at(AT_FDCWD, file, file, JSON_MAX_BYTES, &text, &len, NULL, &err) < 0 ||
	    json_parse(file, text, len, false, &side->json, &err) < 0)
		give_up(file, err.msg);
	if (document_read(seccomp_of(json_root(side->json)), &side->document, &err) < 0) {
		for (size_t i = 0; i < OCI_RUNTIMES; i++)
			snprintf(side->why[i], sizeof(side->why[i]), "%.200s", err.msg);
		return side;
	}
	for (size_t i = 0; i < OCI_RUNTIMES; i++) {
		/* A runtime that the library has never come back to would wait once more. */
		if (i > 0 && strcmp(side->why[0], "libseccomp does not come back") == 0)
			memcpy(side->why[i], side->why[0], sizeof(side->why[i]));
		else
			compile(side, (enum oci_runtime)i);
		find_same(side, i);
	}
	return side;
}

void side_free(struct side *side)
{
	if (!side)
		return;
	for (size_t i = 0; i < OCI_RUNTIMES; i++)
		oci_free(&side->filters[i]);
	document_free(&side->document);
	json_free(side->json);
	free(side->file);
	free(side);
}

size_t side_first(const struct side *side)
{
	size_t i = 0;

	while (i < OCI_RUNTIMES && !side->starts[i])
		i++;
	return i;
}
