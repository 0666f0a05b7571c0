/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines of subuid(5), subgid(5), passwd(5) and group(5) that say whose an id of the host is.
 * Each file is read once.
 * Private to src/host/subid*.c.
 */
#ifndef HR_HOST_SUBID_LINES_H
#define HR_HOST_SUBID_LINES_H

#include "host/subid.h"

#include <stdbool.h>

enum ids_file { IDS_SUBUID, IDS_SUBGID, IDS_PASSWD, IDS_GROUP, IDS_FILES };

/* A line, or one of the two ids of a line of passwd. Bytes are of the file's text. */
struct ids_line {
	enum ids_file file;
	unsigned number;
	uint64_t first, end; /* of ids, 2^64 - 1 at most */
	const char *text;
	size_t len;	  /* of the line */
	size_t owner_len; /* of its name, with which it begins */
};

struct ids {
	const char *etc;
	char *texts[IDS_FILES];
	bool cut[IDS_FILES]; /* the last line has no newline */
	struct ids_line *lines;
	size_t len, room;
};

/* Read all four; one that is not there has no lines. ret is to be freed whatever happens.
 * Error: as subid_judge, which it is a part of. */
int ids_read(const char *etc, struct ids *ret, struct subid_wrong *wrong, struct hr_error *err);
void ids_free(struct ids *ids);
#define ids_auto __attribute__((cleanup(ids_free)))

const char *ids_name(enum ids_file file);

struct ids_user {
	const char *name;
	bool numbered; /* passwd has him */
	uint64_t uid;
};
struct ids_user ids_user(const struct ids *ids, const char *name);

/* True if the line of subuid or subgid is the user's, by name or number. */
bool ids_owned(const struct ids_line *line, const struct ids_user *user);

/* The widest run of slots from `low` on and before `high` that no line touches, but for those of
 * `but`, which may be NULL. Sorts the lines. */
struct subid_pool ids_gap(struct ids *ids, uint32_t low, uint32_t high, const struct ids_user *but);

#endif
