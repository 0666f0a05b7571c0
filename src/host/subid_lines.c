/* SPDX-License-Identifier: Apache-2.0 */
#include "host/subid_lines.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_FILE ((size_t)64 * 1024 * 1024)

static const char *const names[IDS_FILES] = {"subuid", "subgid", "passwd", "group"};

const char *ids_name(enum ids_file file)
{
	return names[file];
}

/* ---- a line ---------------------------------------------------------------------------- */

/* Plain decimal: 010 is eight to shadow-utils and ten to others. */
static bool read_number(const char *text, size_t len, uint64_t *ret)
{
	uint64_t value = 0;

	if (len == 0 || (len > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned digit = (unsigned char)text[i] - (unsigned)'0';

		if (digit > 9 || value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*ret = value;
	return true;
}

/* The field number `n` from 0, of which there must be `fields` at least; false for less. */
static bool field(const struct ids_line *line, unsigned n, const char **ret, size_t *ret_len)
{
	const char *at = line->text, *end = line->text + line->len, *colon;

	for (; n > 0; n--) {
		colon = memchr(at, ':', (size_t)(end - at));
		if (!colon)
			return false;
		at = colon + 1;
	}
	colon = memchr(at, ':', (size_t)(end - at));
	*ret = at;
	*ret_len = (size_t)((colon ? colon : end) - at);
	return true;
}

static bool number_at(const struct ids_line *line, unsigned n, uint64_t *ret)
{
	const char *text;
	size_t len;

	return field(line, n, &text, &len) && read_number(text, len, ret);
}

static bool has_field(const struct ids_line *line, unsigned n)
{
	const char *text;
	size_t len;

	return field(line, n, &text, &len);
}

/* Blank lines and comments are nobody's; shadow-utils takes "#x:1:2" for a line of a user #x,
 * which there cannot be. In passwd and group a name that begins with + or - stands for others of
 * a network service (nsswitch.conf(5), compat). */
static bool says_nothing(const struct ids_line *line)
{
	size_t blanks = 0;

	while (blanks < line->len && (line->text[blanks] == ' ' || line->text[blanks] == '\t'))
		blanks++;
	if (blanks == line->len || line->text[blanks] == '#')
		return true;
	return line->file >= IDS_PASSWD && (line->text[0] == '+' || line->text[0] == '-');
}

/* ---- a file ---------------------------------------------------------------------------- */

static int keep(struct ids *ids, const struct ids_line *line, uint64_t first, uint64_t count,
		struct hr_error *err)
{
	if (ids->len == ids->room) {
		size_t room = ids->room ? 2 * ids->room : 128;
		struct ids_line *grown = reallocarray(ids->lines, room, sizeof(*grown));

		if (!grown)
			return hr_fail(err, HR_SYSTEM, "out of memory");
		ids->lines = grown;
		ids->room = room;
	}
	ids->lines[ids->len] = *line;
	ids->lines[ids->len].first = first;
	ids->lines[ids->len++].end = count > UINT64_MAX - first ? UINT64_MAX : first + count;
	return 0;
}

static int refuse_line(const struct ids *ids, const struct ids_line *line,
		       struct subid_wrong *wrong, struct hr_error *err)
{
	static const char *const forms[IDS_FILES] = {"NAME:FIRST:COUNT", "NAME:FIRST:COUNT",
						     "NAME:PASSWORD:UID:GID:...",
						     "NAME:PASSWORD:GID:MEMBERS"};
	char shown[TEXT_SHOWN_SIZE];

	snprintf(wrong->file, sizeof(wrong->file), "%s/%s", ids->etc, names[line->file]);
	wrong->line = line->number;
	text_addf(&wrong->remedy,
		  "Edit %s, line %u: write %s, numbers in plain decimal, or remove it", wrong->file,
		  line->number, forms[line->file]);
	return hr_fail(
		err, HR_POLICY,
		"%s:%u: \"%s\" cannot be read as %s, and may be about ids of user " SUBID_USER,
		wrong->file, line->number, text_shown(line->text, line->len, shown),
		forms[line->file]);
}

static int read_line(struct ids *ids, struct ids_line *line, struct subid_wrong *wrong,
		     struct hr_error *err)
{
	uint64_t a, b = 1;
	const char *name;

	if (says_nothing(line))
		return 0;
	field(line, 0, &name, &line->owner_len);
	if (line->owner_len == 0)
		return refuse_line(ids, line, wrong, err);
	switch (line->file) {
	case IDS_SUBUID:
	case IDS_SUBGID:
		if (!number_at(line, 1, &a) || !number_at(line, 2, &b) || has_field(line, 3))
			return refuse_line(ids, line, wrong, err);
		return keep(ids, line, a, b, err);
	case IDS_PASSWD:
		if (!number_at(line, 2, &a) || !number_at(line, 3, &b))
			return refuse_line(ids, line, wrong, err);
		return keep(ids, line, a, 1, err) < 0 ? -1 : keep(ids, line, b, 1, err);
	case IDS_GROUP:
		if (!number_at(line, 2, &a))
			return refuse_line(ids, line, wrong, err);
		return keep(ids, line, a, 1, err);
	case IDS_FILES:
		break;
	}
	return 0;
}

/* A file that others can change is not what the administrator said. */
static int load(struct ids *ids, enum ids_file file, size_t *ret_len, struct hr_error *err)
{
	hr_autoclose int place = -1, fd = -1;
	struct hr_error local = {0};
	char path[PATH_MAX], again[64];
	struct stat st;

	*ret_len = 0;
	snprintf(path, sizeof(path), "%s/%s", ids->etc, names[file]);
	errno = 0;
	if (file_open_trusted(path, false, &place, &local) < 0)
		return local.code == HR_SYSTEM && errno == ENOENT
			       ? 0
			       : hr_fail(err, local.code, "%s", local.msg);
	if (fstat(place, &st) < 0 || !S_ISREG(st.st_mode))
		return hr_fail(err, HR_UNTRUSTED, "%s: is not a regular file", path);
	snprintf(again, sizeof(again), "/proc/self/fd/%d", place);
	fd = open(again, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return hr_fail_errno(err, errno, "%s", path);
	return file_read_fd(fd, path, LONGEST_FILE, &ids->texts[file], ret_len, err);
}

static int read_file(struct ids *ids, enum ids_file file, struct subid_wrong *wrong,
		     struct hr_error *err)
{
	struct ids_line line = {.file = file};
	size_t left;

	if (load(ids, file, &left, err) < 0)
		return -1;
	line.text = ids->texts[file];
	ids->cut[file] = left > 0 && line.text[left - 1] != '\n';
	while (left > 0) {
		const char *newline = memchr(line.text, '\n', left);

		line.len = newline ? (size_t)(newline - line.text) : left;
		line.number++;
		if (read_line(ids, &line, wrong, err) < 0)
			return -1;
		left -= line.len + (newline ? 1 : 0);
		line.text += line.len + (newline ? 1 : 0);
	}
	return 0;
}

int ids_read(const char *etc, struct ids *ret, struct subid_wrong *wrong, struct hr_error *err)
{
	*ret = (struct ids){.etc = etc};
	for (enum ids_file file = 0; file < IDS_FILES; file++)
		if (read_file(ret, file, wrong, err) < 0)
			return -1;
	return 0;
}

void ids_free(struct ids *ids)
{
	for (enum ids_file file = 0; file < IDS_FILES; file++)
		free(ids->texts[file]);
	free(ids->lines);
	*ids = (struct ids){0};
}

/* ---- questions ------------------------------------------------------------------------- */

static bool is_named(const struct ids_line *line, const char *user)
{
	return line->owner_len == strlen(user) && memcmp(line->text, user, line->owner_len) == 0;
}

struct ids_user ids_user(const struct ids *ids, const char *name)
{
	struct ids_user user = {.name = name};

	for (size_t i = 0; i < ids->len && !user.numbered; i++)
		user.numbered = ids->lines[i].file == IDS_PASSWD &&
				is_named(&ids->lines[i], name) &&
				number_at(&ids->lines[i], 2, &user.uid);
	return user;
}

bool ids_owned(const struct ids_line *line, const struct ids_user *user)
{
	size_t zeros = 0;
	uint64_t owner;

	if (line->file != IDS_SUBUID && line->file != IDS_SUBGID)
		return false;
	while (zeros + 1 < line->owner_len && line->text[zeros] == '0')
		zeros++;
	return is_named(line, user->name) ||
	       (user->numbered &&
		read_number(line->text + zeros, line->owner_len - zeros, &owner) &&
		owner == user->uid);
}

static int by_first(const void *a, const void *b)
{
	const struct ids_line *left = a, *right = b;

	return (left->first > right->first) - (left->first < right->first);
}

/* Whole slots in [from, to). */
static void widen(struct subid_pool *widest, uint64_t from, uint64_t to)
{
	uint64_t first = (from + SUBID_SLOT - 1) / SUBID_SLOT, end = to / SUBID_SLOT;

	if (end > first && end - first > widest->slots)
		*widest = (struct subid_pool){(uint32_t)(first * SUBID_SLOT),
					      (uint32_t)(end - first)};
}

struct subid_pool ids_gap(struct ids *ids, uint32_t low, uint32_t high, const struct ids_user *but)
{
	struct subid_pool widest = {0};
	uint64_t from = low;

	if (ids->len > 0)
		qsort(ids->lines, ids->len, sizeof(*ids->lines), by_first);
	for (size_t i = 0; i < ids->len && ids->lines[i].first < high; i++) {
		const struct ids_line *line = &ids->lines[i];

		if (but && ids_owned(line, but))
			continue;
		widen(&widest, from, line->first);
		if (line->end > from)
			from = line->end;
	}
	if (from < high)
		widen(&widest, from, high);
	return widest;
}
