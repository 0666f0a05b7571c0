/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: the kernel and its switches. */
#include "base/cleanup.h"
#include "base/file.h"
#include "command/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define SYSCTL_FILE "/etc/sysctl.d/60-hardrun.conf"

/* ---- looking --------------------------------------------------------------------------- */

static void read_value(const char *path, char *ret, size_t room)
{
	hr_autoclose int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, ret, room - 1);

	ret[len > 0 ? len : 0] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
}

void node_read_kernel(struct node_kernel *ret)
{
#define VALUE(path, field) read_value(path, ret->field, sizeof(ret->field))
	VALUE("/proc/sys/kernel/osrelease", release);
	VALUE("/proc/sys/fs/protected_symlinks", protected_symlinks);
	VALUE("/proc/sys/fs/protected_hardlinks", protected_hardlinks);
	VALUE("/proc/sys/kernel/core_pattern", core_pattern);
	VALUE("/proc/sys/kernel/unprivileged_bpf_disabled", bpf);
	VALUE("/proc/sys/kernel/yama/ptrace_scope", ptrace);
	VALUE("/proc/sys/user/max_user_namespaces", userns);
	VALUE("/proc/sys/kernel/seccomp/actions_avail", seccomp);
	VALUE("/proc/sys/kernel/seccomp/actions_logged", seccomp_logged);
	VALUE("/sys/kernel/security/lsm", lsm);
#undef VALUE
}

/* ---- checks ---------------------------------------------------------------------------- */

static void check_release(const struct node_kernel *kernel, struct findings *to)
{
	struct finding *finding;

	if (doctor_compare(kernel->release, 5, 12, 0) >= 0)
		return;
	finding = doctor_find(to, "kernel.version", SEVERITY_ERROR, NULL, 0);
	text_addf(&finding->subject, "kernel ");
	doctor_show(&finding->subject, kernel->release);
	text_adds(&finding->evidence,
		  "older than Linux 5.12, which has mount_setattr(2): containers with host "
		  "directories are refused");
	text_adds(&finding->remedy, "Install a kernel of Linux 5.12 or later and boot it");
}

static void check_seccomp(const struct node_kernel *kernel, struct findings *to)
{
	struct finding *finding;

	if (strstr(kernel->seccomp, "errno"))
		return;
	finding = doctor_find(to, "kernel.seccomp", SEVERITY_ERROR,
			      "/proc/sys/kernel/seccomp/actions_avail", 0);
	text_adds(&finding->subject, "seccomp");
	text_adds(&finding->evidence, "actions_avail is \"");
	doctor_show(&finding->evidence, kernel->seccomp);
	text_adds(&finding->evidence,
		  "\" and lacks errno: the kernel has no seccomp filters, and every container "
		  "with one fails");
	text_adds(&finding->remedy, "Boot a kernel with CONFIG_SECCOMP and CONFIG_SECCOMP_FILTER; "
				    "distributions' kernels have them");
}

/* A switch that has a value now and one that is kept over the next start. */
static void remedy_sysctl(struct text *to, const char *name, const char *value)
{
	text_addf(to, "sysctl -w %s=%s && mkdir -p /etc/sysctl.d && echo '%s = %s' >> " SYSCTL_FILE,
		  name, value, name, value);
}

static const struct {
	const char *id, *name, *path;
	size_t offset;	   /* in struct node_kernel */
	const char *wrong; /* value */
	const char *wanted;
	const char *why;
} switches[] = {
	{"kernel.protected-symlinks", "fs.protected_symlinks", "/proc/sys/fs/protected_symlinks",
	 offsetof(struct node_kernel, protected_symlinks), "0", "1",
	 "links that others make in /tmp are followed by root's programs"},
	{"kernel.protected-hardlinks", "fs.protected_hardlinks", "/proc/sys/fs/protected_hardlinks",
	 offsetof(struct node_kernel, protected_hardlinks), "0", "1",
	 "anybody can make further names of files that are not theirs, setuid programs among them"},
	{"kernel.unprivileged-bpf", "kernel.unprivileged_bpf_disabled",
	 "/proc/sys/kernel/unprivileged_bpf_disabled", offsetof(struct node_kernel, bpf), "0", "2",
	 "bpf(2) without privilege has been the way into the kernel more than once"},
};

static void check_switches(const struct node_kernel *kernel, struct findings *to)
{
	for (size_t i = 0; i < hr_count(switches); i++) {
		const char *value = (const char *)kernel + switches[i].offset;
		struct finding *finding;

		if (strcmp(value, switches[i].wrong) != 0)
			continue;
		finding = doctor_find(to, switches[i].id, SEVERITY_WARNING, switches[i].path, 0);
		text_adds(&finding->subject, switches[i].name);
		text_addf(&finding->evidence, "is %s, wanted: %s; %s", value, switches[i].wanted,
			  switches[i].why);
		remedy_sysctl(&finding->remedy, switches[i].name, switches[i].wanted);
	}
}

/* The kernel runs it as root, outside of every container (core(5)). */
static void check_core_pattern(const struct node_kernel *kernel, struct findings *to)
{
	char program[sizeof(kernel->core_pattern)];
	hr_autoclose int fd = -1;
	struct hr_error err = {0};
	struct finding *finding;
	struct stat st;

	if (kernel->core_pattern[0] != '|')
		return;
	snprintf(program, sizeof(program), "%.*s", (int)strcspn(kernel->core_pattern + 1, " \t"),
		 kernel->core_pattern + 1);
	if (program[0] == '/' && file_open_trusted(program, false, &fd, &err) == 0 &&
	    fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111))
		return;
	finding = doctor_find(to, "kernel.core-pattern", SEVERITY_WARNING,
			      "/proc/sys/kernel/core_pattern", 0);
	text_adds(&finding->subject, "kernel.core_pattern");
	text_adds(&finding->evidence, "hands core dumps of every process, in containers too, to ");
	doctor_show(&finding->evidence, program);
	text_addf(&finding->evidence, " as root: %s",
		  err.code != HR_OK ? err.msg : "it is no program by an absolute path");
	remedy_sysctl(&finding->remedy, "kernel.core_pattern", "core");
}

void check_kernel(const struct node *node, struct findings *to)
{
	check_release(&node->kernel, to);
	check_seccomp(&node->kernel, to);
	check_switches(&node->kernel, to);
	check_core_pattern(&node->kernel, to);
}

/* ---- notes ----------------------------------------------------------------------------- */

static void note_ptrace(const struct node_kernel *kernel, struct findings *to)
{
	struct finding *finding;

	if (kernel->ptrace[0] != '\0' && strcmp(kernel->ptrace, "0") != 0)
		return;
	finding = doctor_find(to, "kernel.ptrace", SEVERITY_NOTE, NULL, 0);
	text_adds(&finding->subject, "kernel.yama.ptrace_scope");
	text_addf(&finding->evidence, "%s: a process may trace every other of its user",
		  kernel->ptrace[0] ? "is 0" : "is not there (no Yama in this kernel)");
	if (kernel->ptrace[0])
		remedy_sysctl(&finding->remedy, "kernel.yama.ptrace_scope", "1");
	else
		text_adds(&finding->remedy,
			  "Where it is wanted: a kernel with CONFIG_SECURITY_YAMA");
}

static void note_userns(const struct node_kernel *kernel, struct findings *to)
{
	struct finding *finding;

	if (kernel->userns[0] != '\0' && strcmp(kernel->userns, "0") != 0)
		return;
	finding = doctor_find(to, "kernel.user-namespaces", SEVERITY_NOTE, NULL, 0);
	text_adds(&finding->subject, "user namespaces");
	text_addf(&finding->evidence,
		  "user.max_user_namespaces %s: pods with hostUsers: false cannot start",
		  kernel->userns[0] ? "is 0" : "is not there");
	text_adds(&finding->remedy, "Where such pods are wanted: sysctl -w "
				    "user.max_user_namespaces=65536");
}

void check_kernel_notes(const struct node *node, struct findings *to)
{
	note_ptrace(&node->kernel, to);
	note_userns(&node->kernel, to);
}
