/* SPDX-License-Identifier: Apache-2.0 */
#include "host/mountinfo.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BYTES ((size_t)64 * 1024 * 1024)

static bool octal(char c)
{
	return c >= '0' && c <= '7';
}

void mountinfo_unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && octal(from[1]) && octal(from[2]) && octal(from[3])) {
			*to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* TYPE SOURCE SUPER: the source may be empty. */
static void parse_tail(char *tail, struct mount_entry *ret)
{
	char *source;

	ret->type = strsep(&tail, " ");
	source = tail ? strsep(&tail, " ") : NULL;
	if (source)
		mountinfo_unescape(source);
	ret->source = source ? source : "";
	ret->super = tail ? tail : "";
}

/* ID PARENT DEV ROOT POINT OPTIONS [TAG...] - TYPE SOURCE SUPER */
static bool parse_line(char *line, struct mount_entry *ret)
{
	char *words[6], *save = NULL, *tail = strstr(line, " - ");
	char *end;

	if (!tail)
		return false;
	*tail = '\0';
	for (size_t i = 0; i < hr_count(words); i++) {
		words[i] = strtok_r(i == 0 ? line : NULL, " ", &save);
		if (!words[i])
			return false;
	}
	ret->id = strtoull(words[0], &end, 10);
	ret->dev = words[2];
	ret->root = words[3];
	ret->point = words[4];
	ret->options = words[5];
	ret->tags = save ? save : "";
	mountinfo_unescape(words[3]);
	mountinfo_unescape(words[4]);
	parse_tail(tail + 3, ret);
	return *end == '\0' && ret->type[0];
}

static size_t count_lines(const char *text)
{
	size_t count = 1;

	for (; (text = strchr(text, '\n')); text++)
		count++;
	return count;
}

int mountinfo_parse(char *text, struct mountinfo *ret, struct hr_error *err)
{
	char *rest = text, *line;

	*ret = (struct mountinfo){
		.text = text,
		.entries = calloc(count_lines(text), sizeof(*ret->entries)),
	};
	if (!ret->entries)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	while ((line = strsep(&rest, "\n"))) {
		if (line[0] == '\0')
			continue;
		if (!parse_line(line, &ret->entries[ret->count]))
			return hr_fail(err, HR_SYSTEM, "mountinfo: a line of unknown form");
		ret->count++;
	}
	return 0;
}

int mountinfo_read(struct mountinfo *ret, struct hr_error *err)
{
	hr_autoclose int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	char *text;
	size_t len;

	*ret = (struct mountinfo){0};
	if (fd < 0)
		return hr_fail_errno(err, errno, "mountinfo");
	if (file_read_fd(fd, "mountinfo", MOST_BYTES, &text, &len, err) < 0)
		return -1;
	return mountinfo_parse(text, ret, err);
}

void mountinfo_done(struct mountinfo *info)
{
	free(info->entries);
	free(info->text);
	*info = (struct mountinfo){0};
}

const struct mount_entry *mountinfo_find(const struct mountinfo *info, uint64_t id)
{
	/* The last one: a mount table that is read while it changes may list one twice. */
	for (size_t i = info->count; i > 0; i--)
		if (info->entries[i - 1].id == id)
			return &info->entries[i - 1];
	return NULL;
}
