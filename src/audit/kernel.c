/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logs are read from their beginning to where they ended when they were opened, so that neither a
 * pipe nor a log that grows can keep us. /dev/kmsg gives a record with each read(2), EAGAIN behind
 * the last one, and EPIPE for what was overwritten in the meantime.
 */
#include "audit/kernel_fields.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define AUDITD_LOG   "/var/log/audit/audit.log"
#define KMSG	     "/dev/kmsg"
#define LONGEST	     ((size_t)64 * 1024) /* auditd's lines and the kernel's have at most 9 KiB */
#define MOST_KMSG    (1U << 20)		 /* messages: more than fit into the kernel's buffer */
#define MICROSECONDS 1000000

/* An entry of `journalctl -o export`: a field a line, a blank line behind the last one. */
struct entry {
	bool in_it;
	bool trusted; /* the journal says that the kernel sent it */
	bool found;
	uint64_t time, source_time, serial; /* microseconds; 0: not said */
	struct kernel_record record;
};

struct reader {
	kernel_record_fn seen;
	void *data;
	bool enough;
	struct entry entry;
	char line[LONGEST];
	size_t len;
	bool too_long;
};

/* ---- lines --------------------------------------------------------------------------------- */

static void end_entry(struct reader *reader)
{
	struct entry *entry = &reader->entry;
	struct kernel_record *record = &entry->record;
	uint64_t time = entry->source_time ? entry->source_time : entry->time;

	if (entry->found && entry->trusted) {
		if (record->seconds == 0 && time > 0) {
			record->seconds = (int64_t)(time / MICROSECONDS);
			record->milliseconds = (int)(time % MICROSECONDS / 1000);
		}
		if (record->serial == 0)
			record->serial = entry->serial;
		reader->enough = !reader->seen(record, reader->data);
	}
	*entry = (struct entry){0};
}

static bool take_value(struct rest *rest, const char *name, uint64_t *ret)
{
	uint64_t value;

	if (!rest_take(rest, name))
		return false;
	if (rest_number(rest, &value) && rest_left(rest) == 0)
		*ret = value;
	return true;
}

static void take_export(struct reader *reader, struct rest rest)
{
	struct entry *entry = &reader->entry;

	if (take_value(&rest, "__REALTIME_TIMESTAMP=", &entry->time) ||
	    take_value(&rest, "_SOURCE_REALTIME_TIMESTAMP=", &entry->source_time) ||
	    take_value(&rest, "_AUDIT_ID=", &entry->serial))
		return;
	if (rest_take(&rest, "_TRANSPORT=")) {
		entry->trusted = (rest_take(&rest, "kernel") || rest_take(&rest, "audit")) &&
				 rest_left(&rest) == 0;
		return;
	}
	if (!entry->found && rest_left(&rest) > 8 && memcmp(rest.at, "MESSAGE=", 8) == 0)
		entry->found = kernel_record_parse(rest.at, rest_left(&rest), &entry->record);
}

static void take_line(struct reader *reader, const char *line, size_t len)
{
	static const char cursor[] = "__CURSOR=";
	struct kernel_record record;

	if (len >= sizeof(cursor) - 1 && memcmp(line, cursor, sizeof(cursor) - 1) == 0) {
		end_entry(reader);
		reader->entry.in_it = true;
	} else if (reader->entry.in_it && len == 0) {
		end_entry(reader);
	} else if (reader->entry.in_it) {
		take_export(reader, (struct rest){line, line + len});
	} else if (kernel_record_parse(line, len, &record)) {
		reader->enough = !reader->seen(&record, reader->data);
	}
}

/* Lines that are longer than any record are left out. */
static void take_bytes(struct reader *reader, const char *bytes, size_t len)
{
	while (len > 0 && !reader->enough) {
		const char *end = memchr(bytes, '\n', len);
		size_t part = end ? (size_t)(end - bytes) : len;

		if (part > sizeof(reader->line) - reader->len)
			reader->too_long = true;
		if (!reader->too_long)
			memcpy(reader->line + reader->len, bytes, part);
		reader->len = reader->too_long ? 0 : reader->len + part;
		if (!end)
			return;
		if (!reader->too_long)
			take_line(reader, reader->line, reader->len);
		reader->len = 0;
		reader->too_long = false;
		bytes += part + 1;
		len -= part + 1;
	}
}

static void end_lines(struct reader *reader)
{
	if (reader->len > 0 && !reader->enough)
		take_line(reader, reader->line, reader->len);
	if (!reader->enough)
		end_entry(reader);
}

/* ---- files --------------------------------------------------------------------------------- */

static int read_file(struct reader *reader, int fd, off_t size, const char *shown,
		     struct hr_error *err)
{
	hr_autofree char *buffer = malloc(LONGEST);
	off_t done = 0;

	if (!buffer)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	while (done < size && !reader->enough) {
		size_t want = size - done < (off_t)LONGEST ? (size_t)(size - done) : LONGEST;
		ssize_t got = read(fd, buffer, want);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return hr_fail_errno(err, errno, "%s", shown);
		if (got == 0)
			break; /* it was cut */
		if (done == 0 && got > 2 && memcmp(buffer, "\x1f\x8b", 2) == 0)
			return hr_fail(err, HR_SYSTEM,
				       "%s: compressed; gunzip a copy of it and name that", shown);
		take_bytes(reader, buffer, (size_t)got);
		done += got;
	}
	end_lines(reader);
	return 0;
}

/* Continued lines " KEY=value" and the newline are part of what a read gives. */
static int read_kmsg(struct reader *reader, int fd, const char *shown, struct hr_error *err)
{
	for (unsigned i = 0; i < MOST_KMSG && !reader->enough; i++) {
		ssize_t got = read(fd, reader->line, sizeof(reader->line));
		const char *end;

		if (got < 0 && (errno == EPIPE || errno == EINTR || errno == EINVAL))
			continue;
		if (got < 0 && errno != EAGAIN)
			return hr_fail_errno(err, errno, "%s", shown);
		if (got <= 0)
			break;
		end = memchr(reader->line, '\n', (size_t)got);
		take_line(reader, reader->line, end ? (size_t)(end - reader->line) : (size_t)got);
	}
	return 0;
}

static int read_log(struct reader *reader, const char *file, struct hr_error *err)
{
	hr_autoclose int fd = open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	char shown[TEXT_SHOWN_SIZE];
	struct stat st;

	text_shown_z(file, shown);
	if (fd < 0 || fstat(fd, &st) < 0)
		return hr_fail_errno(err, errno, "%s", shown);
	if (S_ISREG(st.st_mode))
		return read_file(reader, fd, st.st_size, shown, err);
	if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 11))
		return read_kmsg(reader, fd, shown, err);
	return hr_fail(err, HR_SYSTEM, "%s: neither a log nor " KMSG, shown);
}

int kernel_records(const char *file, kernel_record_fn seen, void *data, const char **ret_source,
		   struct hr_error *err)
{
	hr_autofree struct reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	reader->seen = seen;
	reader->data = data;
	if (!file)
		file = access(AUDITD_LOG, F_OK) == 0 ? AUDITD_LOG : KMSG;
	*ret_source = file;
	return read_log(reader, file, err);
}
