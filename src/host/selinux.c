/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions go to the kernel's security server (/sys/fs/selinux), which knows the loaded
 * policy with its constraints: what it would allow, whether it enforces at this moment or not.
 */
#include "host/lsm.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <fcntl.h>
#include <selinux/selinux.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void context_free(char **context)
{
	freecon(*context);
}
#define context_auto __attribute__((cleanup(context_free)))

static bool file_holds(const char *path, const char *text)
{
	hr_autofree char *content = NULL;
	size_t len;

	return file_read_at(AT_FDCWD, path, path, 65536, &content, &len, NULL, NULL) == 0 &&
	       memmem(content, len, text, strlen(text)) != NULL;
}

/* The library says no as well where selinuxfs is not mounted, or not writable, here. The kernel
 * has that file system only when it was booted with SELinux; and a process a context, with its
 * colons, only once a policy was loaded. */
static bool is_hidden(void)
{
	return file_holds("/proc/self/attr/current", ":") &&
	       file_holds("/proc/filesystems", "selinuxfs");
}

enum host_lsm lsm_selinux(void)
{
	if (is_selinux_enabled() != 1)
		return is_hidden() ? HOST_LSM_HIDDEN : HOST_LSM_ABSENT;
	return security_getenforce() == 1 ? HOST_LSM_ON : HOST_LSM_PERMISSIVE;
}

bool lsm_selinux_levels(void)
{
	return is_selinux_mls_enabled() == 1;
}

bool lsm_selinux_known(const char *context)
{
	return security_check_context_raw(context) == 0;
}

/* A permission that the policy has no name for is none that it could refuse. */
static bool allows(const char *from, const char *to, const char *class_name, const char *permission)
{
	security_class_t class = string_to_security_class(class_name);
	access_vector_t vector = class ? string_to_av_perm(class, permission) : 0;
	struct av_decision decision;

	if (vector == 0)
		return true;
	return security_compute_av_raw(from, to, class, vector, &decision) == 0 &&
	       (decision.allowed & vector) == vector;
}

bool lsm_selinux_enforced(const char *context)
{
	struct av_decision decision;

	return security_compute_av_raw(context, context, string_to_security_class("process"), 1,
				       &decision) == 0 &&
	       !(decision.flags & SELINUX_AVD_FLAGS_PERMISSIVE);
}

/* The domain in which a program will run that we become. */
static char *domain_of(const char *program)
{
	context_auto char *own = NULL, *file = NULL;
	char *domain = NULL;

	if (getcon_raw(&own) < 0 || getfilecon_raw(program, &file) < 0 ||
	    security_compute_create_raw(own, file, string_to_security_class("process"), &domain) <
		    0)
		return NULL;
	return domain;
}

bool lsm_selinux_starts(const char *runtime, const char *context, bool no_new_privs)
{
	context_auto char *domain = domain_of(runtime);

	return domain && allows(domain, context, "process", "transition") &&
	       (!no_new_privs || allows(domain, context, "process2", "nnp_transition"));
}

bool lsm_selinux_runs(const char *context, const char *path)
{
	context_auto char *file = NULL;

	return getfilecon_raw(path, &file) >= 0 && allows(context, file, "file", "entrypoint") &&
	       allows(context, file, "file", "execute");
}

bool lsm_selinux_maps(const char *context, const char *path)
{
	context_auto char *file = NULL;

	return getfilecon_raw(path, &file) >= 0 && allows(context, file, "file", "read") &&
	       allows(context, file, "file", "execute");
}

bool lsm_selinux_reads(const char *context, const char *path)
{
	context_auto char *file = NULL;
	struct stat st;

	if (stat(path, &st) < 0 || getfilecon_raw(path, &file) < 0)
		return false;
	if (S_ISDIR(st.st_mode))
		return allows(context, file, "dir", "search");
	return !S_ISREG(st.st_mode) || allows(context, file, "file", "read");
}

bool lsm_selinux_of(pid_t pid, char ret[LSM_LABEL])
{
	context_auto char *context = NULL;
	int len;

	if (getpidcon_raw(pid, &context) < 0)
		return false;
	len = snprintf(ret, LSM_LABEL, "%s", context);
	return len >= 0 && len < LSM_LABEL;
}
