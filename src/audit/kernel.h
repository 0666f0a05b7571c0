/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's own audit records of seccomp (type 1326) and of AppArmor and SELinux denials (1400),
 * as they stand in /dev/kmsg, auditd's log or a journal's export.
 */
#ifndef HR_AUDIT_KERNEL_H
#define HR_AUDIT_KERNEL_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum kernel_record_kind { KERNEL_SECCOMP, KERNEL_APPARMOR, KERNEL_SELINUX, KERNEL_RECORD_KINDS };

struct kernel_record {
	enum kernel_record_kind kind;
	int64_t seconds; /* of the epoch */
	int milliseconds;
	uint64_t serial; /* of the audit record: the same in every log that has it */
	pid_t pid;	 /* in the first pid namespace */
	uint32_t uid;
	char comm[32], exe[256]; /* decoded from hexadecimal where the kernel wrote it so */
	char subject[256];	 /* label, "" for none */
	uint32_t arch;		 /* AUDIT_ARCH_..., seccomp only */
	int call;		 /* number of the system call, seccomp only */
	uint32_t code;		 /* what the filter answered (SECCOMP_RET_...), seccomp only */
	bool refused;		 /* false: let through and logged */
	char what[512];		 /* AppArmor, SELinux: operation, name, permissions, in short */
};

/* A line of any of these logs. False for one that is no such record. */
bool kernel_record_parse(const char *line, size_t len, struct kernel_record *ret);

typedef bool (*kernel_record_fn)(const struct kernel_record *record,
				 void *data); /* false: enough */

/* All records of a file; NULL: /var/log/audit/audit.log where it is there, else /dev/kmsg (what is
 * in it now). ret_source: which one. Error: HR_SYSTEM. */
int kernel_records(const char *file, kernel_record_fn seen, void *data, const char **ret_source,
		   struct hr_error *err);

#endif
