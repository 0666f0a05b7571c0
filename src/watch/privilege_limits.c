/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities that are asked for because of a resource limit. */
#include "watch/privilege.h"

#include "watch/proc.h"

#include <linux/ioprio.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

/* /proc/PID/limits has a line for each resource in the order of their numbers, in columns. */
static bool limit_of(const struct privilege *who, unsigned resource, struct rlimit *ret)
{
	enum { SOFT = 26, HARD = 47, LINE = 68 };
	char text[4096];
	const char *line = text;

	if (!proc_read(who->process->pid, "limits", text, sizeof(text)))
		return false;
	for (unsigned i = 0; i <= resource && line; i++) {
		line = strchr(line, '\n');
		line += line != NULL;
	}
	if (!line || strlen(line) < LINE)
		return false;
	ret->rlim_cur = line[SOFT] == 'u' ? RLIM_INFINITY : strtoull(line + SOFT, NULL, 10);
	ret->rlim_max = line[HARD] == 'u' ? RLIM_INFINITY : strtoull(line + HARD, NULL, 10);
	return true;
}

/* Only a hard limit above the present one is asked for. */
bool asks_limit(const struct privilege *who)
{
	bool old = !strcmp(who->name, "setrlimit");
	unsigned resource = (unsigned)who->call->args[old ? 0 : 1];
	uint64_t address = who->call->args[old ? 1 : 2];
	struct rlimit wanted, now;

	if (!old && privilege_int(who, 0) != 0)
		return false;
	return address && resource < RLIM_NLIMITS &&
	       watch_bytes(who->call, address, &wanted, sizeof(wanted)) == sizeof(wanted) &&
	       limit_of(who, resource, &now) && wanted.rlim_max > now.rlim_max;
}

/* Number 19 of stat(5), behind a name that may hold anything. */
static int nice_of(const struct privilege *who)
{
	char text[1024];
	const char *at = proc_read(who->call->thread, "stat", text, sizeof(text))
				 ? strrchr(text, ')')
				 : NULL;

	for (int field = 2; at && field < 19; field++) {
		at = strchr(at, ' ');
		at += at != NULL;
	}
	return at ? (int)strtol(at, NULL, 10) : -20;
}

static bool asks_niceness(const struct privilege *who, int nice)
{
	struct rlimit limit;

	nice = nice < -20 ? -20 : nice;
	return nice < nice_of(who) &&
	       (!limit_of(who, RLIMIT_NICE, &limit) || (rlim_t)(20 - nice) > limit.rlim_cur);
}

bool asks_nice(const struct privilege *who)
{
	return privilege_int(who, 0) == PRIO_PROCESS && privilege_int(who, 1) == 0 &&
	       asks_niceness(who, privilege_int(who, 2));
}

bool asks_scheduler(const struct privilege *who)
{
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
	} attr = {0};
	bool whole = !strcmp(who->name, "sched_setattr");
	uint32_t policy = (uint32_t)who->call->args[1] & ~(uint32_t)SCHED_RESET_ON_FORK;
	struct rlimit limit;

	if (whole && watch_bytes(who->call, who->call->args[1], &attr, sizeof(attr)) < sizeof(attr))
		return false;
	policy = whole ? attr.policy : policy;
	if (whole && policy == SCHED_OTHER && privilege_int(who, 0) == 0)
		return asks_niceness(who, attr.nice);
	if (policy == SCHED_FIFO || policy == SCHED_RR)
		return !limit_of(who, RLIMIT_RTPRIO, &limit) || limit.rlim_cur == 0;
	return policy == 6; /* SCHED_DEADLINE */
}

bool asks_ioprio(const struct privilege *who)
{
	return IOPRIO_PRIO_CLASS((uint32_t)who->call->args[2]) == IOPRIO_CLASS_RT;
}

/* Of /proc/PID/status, in bytes. */
static uint64_t memory(const struct privilege *who, const char *key)
{
	char status[PROC_STATUS];
	const char *field = NULL;

	if (proc_read(who->process->pid, "status", status, sizeof(status)))
		field = proc_field(status, key);
	return field ? strtoull(field, NULL, 10) * 1024 : 0;
}

bool asks_mlock(const struct privilege *who)
{
	struct rlimit limit;

	return limit_of(who, RLIMIT_MEMLOCK, &limit) && limit.rlim_cur != RLIM_INFINITY &&
	       (who->call->args[1] > limit.rlim_cur ||
		memory(who, "VmLck") + who->call->args[1] > limit.rlim_cur);
}

bool asks_mlockall(const struct privilege *who)
{
	struct rlimit limit;

	return limit_of(who, RLIMIT_MEMLOCK, &limit) && limit.rlim_cur != RLIM_INFINITY &&
	       (limit.rlim_cur == 0 ||
		((privilege_int(who, 0) & MCL_CURRENT) && memory(who, "VmSize") > limit.rlim_cur));
}
