/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/process.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "watch/proc.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

bool proc_read(pid_t pid, const char *name, char *ret, size_t room)
{
	char path[PROC_PATH];
	size_t len = 0;
	ssize_t got = -1;
	hr_autoclose int fd = -1;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	while (len < room - 1 && (got = read(fd, ret + len, room - 1 - len)) > 0)
		len += (size_t)got;
	ret[len] = '\0';
	return got >= 0 || len == room - 1;
}

const char *proc_field(const char *status, const char *key)
{
	size_t len = strlen(key);

	for (const char *line = status; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, len) && line[len] == ':')
			return line + len + 1 + strspn(line + len + 1, " \t");
	}
	return NULL;
}

bool proc_numbers(const char *text, size_t count, unsigned long *ret, const char **ret_rest)
{
	const char *at = text ? text : "";

	for (size_t i = 0; i < count; i++) {
		char *end;

		ret[i] = strtoul(at, &end, 10);
		if (end == at)
			return false;
		at = end;
	}
	if (ret_rest)
		*ret_rest = at;
	return true;
}

/* A name as it may stand in a report. */
static void show_name(const char *name, char ret[WATCH_NAME])
{
	size_t at = 0;

	for (const char *c = name; *c && *c != '\n' && at + 5 < WATCH_NAME; c++) {
		if (isalnum((unsigned char)*c) || strchr("/._:@=+-[]", *c))
			ret[at++] = *c;
		else
			at += (size_t)snprintf(ret + at, 5, "\\x%02X", (unsigned char)*c);
	}
	ret[at] = '\0';
}

/* runc's first process is "runc:[2:INIT]", its copy of itself "exe" or the number of a descriptor
 * (after execveat), crun's has the runtime's name. */
static bool named_as_runtime(const char *comm)
{
	size_t digits = strspn(comm, "0123456789");

	return text_starts(comm, "runc") || text_starts(comm, "crun") || !strcmp(comm, "exe") ||
	       (digits && !comm[digits]);
}

/* The program that runs is on a mount that the process can see. A runtime's is not: it is the
 * host's file, or a memfd. */
static bool program_is_mounted(pid_t pid)
{
	char path[PROC_PATH];
	hr_autoclose int fd = -1;
	unsigned long id;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	fd = open(path, O_PATH | O_CLOEXEC);
	return fd < 0 || !proc_mount_id(fd, &id) || proc_mount(pid, id, NULL);
}

/* Real, effective, saved, file system. */
static void read_ids(const char *status, struct watch_process *ret)
{
	const char *capabilities = proc_field(status, "CapEff");
	unsigned long ids[4];

	if (proc_numbers(proc_field(status, "Uid"), hr_count(ids), ids, NULL)) {
		ret->uid = (uid_t)ids[1];
		ret->fsuid = (uid_t)ids[3];
	}
	if (proc_numbers(proc_field(status, "Gid"), hr_count(ids), ids, NULL)) {
		ret->gid = (gid_t)ids[1];
		ret->fsgid = (gid_t)ids[3];
	}
	if (capabilities)
		ret->capabilities = strtoull(capabilities, NULL, 16);
}

bool watch_process(const struct watch_call *call, struct watch_process *ret)
{
	char status[PROC_STATUS], comm[32] = "";
	const char *group;

	*ret = (struct watch_process){.name = "?"};
	if (call->thread <= 0 || !proc_read(call->thread, "status", status, sizeof(status)))
		return false;
	group = proc_field(status, "Tgid");
	ret->pid = group ? (pid_t)strtol(group, NULL, 10) : call->thread;
	read_ids(status, ret);
	if (!proc_read(ret->pid, "comm", comm, sizeof(comm)))
		return false;
	comm[strcspn(comm, "\n")] = '\0';
	show_name(comm, ret->name);
	ret->runtime = named_as_runtime(comm) && !program_is_mounted(ret->pid);
	return true;
}

size_t watch_bytes(const struct watch_call *call, uint64_t address, void *ret, size_t len)
{
	struct iovec here = {.iov_base = ret, .iov_len = len};
	struct iovec there = {.iov_base = (void *)(uintptr_t)address, .iov_len = len};
	ssize_t got;

	if (call->thread <= 0)
		return 0;
	got = process_vm_readv(call->thread, &here, 1, &there, 1, 0);
	return got > 0 ? (size_t)got : 0;
}

bool watch_string(const struct watch_call *call, uint64_t address, char *ret, size_t room)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), len = 0;

	/* One page at a time: the one behind the string may not be there. */
	while (len < room) {
		size_t part = page - (size_t)((address + len) % page), got;

		if (part > room - len)
			part = room - len;
		got = watch_bytes(call, address + len, ret + len, part);
		if (got && memchr(ret + len, '\0', got))
			return true;
		if (got < part)
			return false;
		len += got;
	}
	return false;
}
