/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/proc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* mountinfo writes blank, tab, newline and backslash as \ooo. */
static void plain(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] && from[3]) {
			*to++ = (char)(((from[1] - '0') << 6) | ((from[2] - '0') << 3) |
				       (from[3] - '0'));
			from += 3;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
}

static void put(char *ret, size_t room, const char *text)
{
	snprintf(ret, room, "%s", text ? text : "");
	plain(ret);
}

/* ID PARENT MAJOR:MINOR ROOT WHERE OPTIONS [TAGS...] - TYPE SOURCE OPTIONS */
static void take(char *line, struct proc_mount *ret)
{
	char *rest = strstr(line, " - "), *field = NULL, *save = NULL;
	char *type, *options;

	if (rest) {
		*rest = '\0';
		rest += 3;
	}
	for (int i = 0; i < 6; i++) {
		field = strtok_r(i ? NULL : line, " ", &save);
		if (i == 3)
			put(ret->root, sizeof(ret->root), field);
		if (i == 4)
			put(ret->where, sizeof(ret->where), field);
	}
	type = rest ? strtok_r(rest, " ", &save) : NULL;
	put(ret->type, sizeof(ret->type), type);
	(void)(type && strtok_r(NULL, " ", &save));
	options = type ? strtok_r(NULL, " ", &save) : NULL;
	snprintf(ret->options, sizeof(ret->options), "%s,%s", field ? field : "",
		 options ? options : "");
}

bool proc_mount_id(int fd, unsigned long *ret)
{
	static const char head[] = "mnt_id:";
	char path[PROC_PATH], info[512];
	const char *mount;

	snprintf(path, sizeof(path), "fdinfo/%d", fd);
	mount = proc_read(getpid(), path, info, sizeof(info)) ? strstr(info, head) : NULL;
	if (mount)
		*ret = strtoul(mount + strlen(head), NULL, 10);
	return mount;
}

bool proc_mount(pid_t pid, unsigned long id, struct proc_mount *ret)
{
	char path[PROC_PATH];
	char *line = NULL;
	size_t room = 0;
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (!found && getline(&line, &room, file) > 0) {
		found = strtoul(line, NULL, 10) == id;
		line[strcspn(line, "\n")] = '\0';
		if (found && ret)
			take(line, ret);
	}
	free(line);
	fclose(file);
	return found;
}
