/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/read.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define CHUNK ((size_t)256 * 1024)

struct reader {
	audit_line_fn seen;
	void *data;
	struct audit_read *counts;
	struct text begun; /* the part of a line that earlier chunks had */
	bool skips;	   /* the line is longer than JSON_MAX_BYTES */
	bool enough;
};

static bool is_ours(const struct json *line)
{
	return line->type == JSON_OBJECT && json_string(line, "time") && json_string(line, "event");
}

static void one_line(struct reader *reader, const char *bytes, size_t len)
{
	json_auto struct json_doc *doc = NULL;

	if (len == 0)
		return;
	if (json_parse("line", bytes, len, false, &doc, NULL) < 0 || !is_ours(json_root(doc))) {
		reader->counts->others++;
		return;
	}
	reader->counts->lines++;
	reader->enough = !reader->seen(json_root(doc), reader->data);
}

/* Keep the begin of a line for the next chunk, as long as it can still be one of ours. */
static int keep(struct reader *reader, const char *bytes, size_t len, struct hr_error *err)
{
	if (reader->skips || reader->begun.len + len > JSON_MAX_BYTES) {
		reader->skips = true;
		reader->begun.len = 0;
		return 0;
	}
	text_add(&reader->begun, bytes, len);
	return reader->begun.failed ? hr_fail(err, HR_SYSTEM, "out of memory") : 0;
}

static int end_line(struct reader *reader, const char *bytes, size_t len, struct hr_error *err)
{
	if (reader->begun.len == 0 && !reader->skips) {
		one_line(reader, bytes, len);
		return 0;
	}
	if (keep(reader, bytes, len, err) < 0)
		return -1;
	if (reader->skips)
		reader->counts->others++;
	else
		one_line(reader, reader->begun.data, reader->begun.len);
	reader->begun.len = 0;
	reader->skips = false;
	return 0;
}

static int chunk(struct reader *reader, const char *bytes, size_t len, struct hr_error *err)
{
	const char *end;

	for (; !reader->enough && (end = memchr(bytes, '\n', len)); bytes = end + 1) {
		size_t line = (size_t)(end - bytes);

		if (end_line(reader, bytes, line, err) < 0)
			return -1;
		len -= line + 1;
	}
	return reader->enough || len == 0 ? 0 : keep(reader, bytes, len, err);
}

/* A log that is written to while it is read ends where it ended at first. */
static int read_all(struct reader *reader, int fd, const char *shown, struct hr_error *err)
{
	hr_autofree char *buffer = malloc(CHUNK);
	off_t left = -1, done = 0;
	struct stat st;

	if (!buffer)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		left = st.st_size > lseek(fd, 0, SEEK_CUR) ? st.st_size - lseek(fd, 0, SEEK_CUR)
							   : 0;
	while (left != 0 && !reader->enough) {
		size_t want = left > 0 && left < (off_t)CHUNK ? (size_t)left : CHUNK;
		ssize_t got = read(fd, buffer, want);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return hr_fail_errno(err, errno, "%s", shown);
		if (got == 0)
			break;
		if (done == 0 && got > 1 && memcmp(buffer, "\x1f\x8b", 2) == 0)
			return hr_fail(err, HR_SYSTEM,
				       "%s is compressed; give it as: zcat FILE | hardrun report "
				       "--file -",
				       shown);
		if (chunk(reader, buffer, (size_t)got, err) < 0)
			return -1;
		done += got;
		left -= left > 0 ? got : 0;
	}
	return reader->enough ? 0 : end_line(reader, "", 0, err);
}

int audit_read(const char *file, audit_line_fn seen, void *data, struct audit_read *ret,
	       struct hr_error *err)
{
	bool input = strcmp(file, "-") == 0;
	hr_autoclose int opened = input ? -1 : open(file, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	struct reader reader = {.seen = seen, .data = data, .counts = ret};
	char shown[TEXT_SHOWN_SIZE];
	int rc;

	*ret = (struct audit_read){0};
	if (!input && opened < 0)
		return hr_fail_errno(err, errno, "audit log %s", text_shown_z(file, shown));
	rc = read_all(&reader, input ? STDIN_FILENO : opened,
		      input ? "standard input" : text_shown_z(file, shown), err);
	text_free(&reader.begun);
	return rc;
}
