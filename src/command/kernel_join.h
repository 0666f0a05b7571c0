/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose the kernel's audit records are. A record names a process, and sometimes a label; a process
 * that lives tells its container, what is gone can still be told by ids of the host or an SELinux
 * level that one pod alone has. Containers are those that live, by their records.
 */
#ifndef HR_COMMAND_KERNEL_JOIN_H
#define HR_COMMAND_KERNEL_JOIN_H

#include "audit/kernel.h"
#include "base/text.h"
#include "json/json.h"
#include "seccomp/seccomp.h"

enum kernel_join_by {
	KERNEL_JOIN_NONE,
	KERNEL_JOIN_PROCESS, /* it is the container's first one, or in its cgroup or pid namespace
			      */
	KERNEL_JOIN_RANGE,   /* its user is of the pod's own ids (userns) */
	KERNEL_JOIN_LEVEL,   /* its SELinux level is the pod's */
	KERNEL_JOINS
};

struct kernel_join;

/* Reads all records of STATEDIR and the state of the runtimes. Error: HR_SYSTEM (memory). */
int kernel_join_open(const char *statedir, struct kernel_join **ret, struct hr_error *err);
void kernel_join_free(struct kernel_join *join);
static inline void kernel_join_free_p(struct kernel_join **join)
{
	kernel_join_free(*join);
}
#define kernel_join_auto __attribute__((cleanup(kernel_join_free_p)))

/* True if a container of that id lives. */
bool kernel_join_lives(const struct kernel_join *join, const char *id);

/* When the first of these containers (id NULL: of all) began, in seconds of the epoch; 0 for none.
 * What the kernel wrote before is nobody's. */
int64_t kernel_join_since(const struct kernel_join *join, const char *id);

/*
 * The record (hardrun's) of the container that `record` (the kernel's) is of; NULL for none. Where
 * only the pod can be told, that of `id` if it is of the pod, otherwise of any of its containers.
 * ret_by may be NULL.
 */
const struct json *kernel_join_find(struct kernel_join *join, const struct kernel_record *record,
				    const char *id, enum kernel_join_by *ret_by);

/* How a call that was refused is shown: "chroot", "call 321 of another ABI". */
#define KERNEL_JOIN_CALL 64
const char *kernel_join_call(const struct kernel_record *record, char buf[KERNEL_JOIN_CALL]);

/* The filter that a container (hardrun's record) was made with, from its bundle; NULL where that is
 * not to be had. The caller frees it. */
struct seccomp_filter *kernel_join_filter(const struct json *record);

/* Who refused it, or how: "refused" (with an errno), "killed", "SIGSYS", "AppArmor", "SELinux". */
const char *kernel_join_answer(const struct kernel_record *record, char buf[KERNEL_JOIN_CALL]);

/* The same with the errno, "EPERM", which the record does not have, by the filter (may be NULL). */
const char *kernel_join_errno(const struct kernel_record *record,
			      const struct seccomp_filter *filter, char buf[KERNEL_JOIN_CALL]);

/* The line of a profile that lets the call through: "allow @chroot (needs CAP_SYS_CHROOT)". Nothing
 * for what is no system call, or without the filter. */
void kernel_join_remedy(const struct kernel_record *record, const struct seccomp_filter *filter,
			struct text *to);

#endif
