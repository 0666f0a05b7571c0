/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: the list of findings, and what many checks need. */
#include "base/cleanup.h"
#include "base/file.h"
#include "command/doctor.h"

#include <stdlib.h>
#include <string.h>

#define MAX_LINKS 40

static bool make_room(struct findings *findings)
{
	size_t room = findings->room ? findings->room * 2 : 32;
	struct finding *all;

	if (findings->len < findings->room)
		return true;
	all = reallocarray(findings->all, room, sizeof(*all));
	if (!all)
		return false;
	findings->all = all;
	findings->room = room;
	return true;
}

static void finding_free(struct finding *finding)
{
	text_free(&finding->file);
	text_free(&finding->subject);
	text_free(&finding->evidence);
	text_free(&finding->remedy);
}

struct finding *doctor_find(struct findings *to, const char *id, enum severity severity,
			    const char *file, unsigned line)
{
	struct finding *finding = &to->spare;

	finding_free(finding);
	if (make_room(to))
		finding = &to->all[to->len++];
	else
		to->failed = true;
	*finding = (struct finding){.id = id, .severity = severity, .line = line};
	if (file)
		text_adds(&finding->file, file);
	return finding;
}

void findings_free(struct findings *findings)
{
	for (size_t i = 0; i < findings->len; i++)
		finding_free(&findings->all[i]);
	finding_free(&findings->spare);
	free(findings->all);
}

void doctor_word(struct text *to, const char *value)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._-/:@%+,";

	if (value[0] && value[strspn(value, plain)] == '\0') {
		text_adds(to, value);
		return;
	}
	/* As bash(1) reads it: no byte reaches a terminal as it is. */
	text_adds(to, "$'");
	for (const char *c = value; *c; c++)
		if (*c > ' ' && *c <= '~' && !strchr("'\\", *c))
			text_add(to, c, 1);
		else
			text_addf(to, "\\x%02x", (unsigned char)*c);
	text_adds(to, "'");
}

void doctor_show(struct text *to, const char *value)
{
	char shown[TEXT_SHOWN_SIZE];

	text_adds(to, text_shown_z(value, shown));
}

void doctor_clean(struct text *text)
{
	struct text clean = {0};

	for (size_t i = 0; i < text->len; i++)
		if (text->data[i] >= ' ' && text->data[i] <= '~')
			text_add(&clean, text->data + i, 1);
		else
			text_addf(&clean, "\\x%02X", (unsigned char)text->data[i]);
	text_free(text);
	*text = clean;
}

void findings_clean(struct findings *findings)
{
	for (size_t i = 0; i < findings->len; i++) {
		doctor_clean(&findings->all[i].file);
		doctor_clean(&findings->all[i].subject);
		doctor_clean(&findings->all[i].evidence);
		doctor_clean(&findings->all[i].remedy);
	}
}

/* ---- who can change a file ------------------------------------------------------------- */

struct loose {
	char path[PATH_MAX]; /* of the component */
	struct stat st;
};

static bool is_sticky(const struct stat *st)
{
	return S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) && st->st_uid == 0;
}

/* Takes the first name off `left`; false at the end. */
static bool take_name(char *left, char name[NAME_MAX + 1])
{
	size_t skip = strspn(left, "/"), len = strcspn(left + skip, "/");

	if (len == 0 || len > NAME_MAX)
		return false;
	memcpy(name, left + skip, len);
	name[len] = '\0';
	memmove(left, left + skip + len, strlen(left + skip + len) + 1);
	return true;
}

static void step(const char *name, char at[PATH_MAX])
{
	size_t len = strlen(at);
	char *slash = strrchr(at, '/');

	if (strcmp(name, ".") == 0)
		return;
	if (strcmp(name, "..") == 0) {
		if (slash)
			*slash = '\0';
	} else if (len + strlen(name) + 2 < PATH_MAX) {
		snprintf(at + len, PATH_MAX - len, "/%s", name);
	}
}

/* Puts a link's target before what is left, and goes back to where it is read from. */
static bool follow_link(char at[PATH_MAX], char left[PATH_MAX])
{
	char target[PATH_MAX], joined[PATH_MAX];
	ssize_t len = readlink(at, target, sizeof(target) - 1);
	int used;

	if (len <= 0)
		return false;
	target[len] = '\0';
	used = snprintf(joined, sizeof(joined), "%s/%s", target, left);
	if (used < 0 || (size_t)used >= sizeof(joined))
		return false;
	memcpy(left, joined, (size_t)used + 1);
	if (target[0] == '/')
		at[0] = '\0';
	else
		*strrchr(at, '/') = '\0';
	return true;
}

/* The rules of file_open_trusted, which gives a verdict and no path. */
static bool find_loose(const char *path, struct loose *ret)
{
	char left[PATH_MAX], name[NAME_MAX + 1];
	unsigned links = 0;
	bool sticky = false;

	ret->path[0] = '\0';
	if (path[0] != '/' || strlen(path) >= sizeof(left))
		return false;
	memcpy(left, path, strlen(path) + 1);
	while (take_name(left, name)) {
		step(name, ret->path);
		if (lstat(ret->path[0] ? ret->path : "/", &ret->st) < 0)
			return false;
		if ((sticky && ret->st.st_uid != 0) ||
		    (!file_is_roots(&ret->st) && !is_sticky(&ret->st)))
			return true;
		sticky = is_sticky(&ret->st) && !file_is_roots(&ret->st);
		if (S_ISLNK(ret->st.st_mode) &&
		    (++links > MAX_LINKS || !follow_link(ret->path, left)))
			return false;
	}
	return sticky;
}

static bool is_known(const struct findings *findings, const char *id, const char *file)
{
	for (size_t i = 0; i < findings->len; i++)
		if (strcmp(findings->all[i].id, id) == 0 && findings->all[i].file.data &&
		    strcmp(findings->all[i].file.data, file) == 0)
			return true;
	return false;
}

static void remedy_loose(const struct loose *loose, struct text *to)
{
	if (loose->st.st_uid != 0) {
		text_adds(to, "chown -h root: ");
		doctor_word(to, loose->path);
	}
	if (S_ISLNK(loose->st.st_mode) || !(loose->st.st_mode & (S_IWGRP | S_IWOTH)))
		return;
	text_adds(to, to->len ? " && chmod go-w " : "chmod go-w ");
	doctor_word(to, loose->path);
}

bool doctor_trust(struct findings *to, enum severity severity, const char *path, const char *what)
{
	struct loose loose;
	struct finding *finding;

	if (!find_loose(path, &loose))
		return false;
	if (is_known(to, "file.trust", loose.path))
		return true;
	finding = doctor_find(to, "file.trust", severity, loose.path, 0);
	doctor_show(&finding->subject, loose.path);
	text_addf(&finding->evidence,
		  "owner %u, mode %04o: others than root can change %s; wanted: owner 0, writable "
		  "by root alone",
		  (unsigned)loose.st.st_uid, (unsigned)loose.st.st_mode & 07777, what);
	remedy_loose(&loose, &finding->remedy);
	return true;
}

/* ---- versions -------------------------------------------------------------------------- */

bool doctor_version(const char *text, unsigned ret[3])
{
	const char *at = text + strcspn(text, "0123456789");
	unsigned count = 0;

	memset(ret, 0, 3 * sizeof(*ret));
	while (count < 3 && *at >= '0' && *at <= '9') {
		char *end;

		ret[count++] = (unsigned)strtoul(at, &end, 10);
		if (*end != '.')
			break;
		at = end + 1;
	}
	return count >= 2;
}

int doctor_compare(const char *text, unsigned major, unsigned minor, unsigned patch)
{
	const unsigned other[3] = {major, minor, patch};
	unsigned own[3];

	if (!doctor_version(text, own))
		return 0;
	for (int i = 0; i < 3; i++)
		if (own[i] != other[i])
			return own[i] < other[i] ? -1 : 1;
	return 0;
}
