/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to report: what is kept of a log while it is read. Memory is bounded whatever is in
 * the log: so many pods, rules, buckets of time; what has no room is only counted. Strings are
 * kept as they are in the log (cut where they are long): every way out escapes them.
 */
#ifndef HR_COMMAND_REPORT_H
#define HR_COMMAND_REPORT_H

#include "base/text.h"
#include "json/json.h"

/* ---- tables: entries by key, in the order of their coming (report_table.c) ---- */

struct report_table {
	void *tree;	 /* search(3), by key */
	void **all;	 /* entries; each begins with its key, a char * */
	size_t len;	 /* of all */
	size_t most;	 /* entries that there may be */
	uint64_t others; /* times that something had no room */
	bool failed;	 /* memory is gone */
};

/* The entry of that key; a new one has `size` bytes of zeroes behind the key. NULL: full. */
void *report_table_get(struct report_table *table, const char *key, size_t size);

void report_table_free(struct report_table *table);

/* ---- what is counted ---- */

enum report_count {
	COUNT_ACCEPTED,
	COUNT_REFUSED,
	COUNT_WOULD_REFUSE, /* accepted in mode audit, refused in mode enforce */
	COUNT_WOULD_CHANGE, /* left as asked in mode audit, changed in mode enforce */
	COUNT_WARNED,
	REPORT_COUNTS
};

/* A container, a namespace or a profile, and how many of its calls there were. */
struct report_row {
	char *key;
	const char *name;			  /* of a namespace or profile */
	const char *space, *pod, *container, *id; /* of a container; "" where not known */
	bool sandbox;
	uint64_t count[REPORT_COUNTS];
	int64_t last, last_refused; /* seconds of the epoch, 0 for never */
};

enum report_kind {
	FOUND_REFUSED,
	FOUND_WOULD_REFUSE,
	FOUND_WOULD_CHANGE,
	FOUND_WARNED,
	FOUND_KERNEL, /* what the kernel refused a running container */
	REPORT_KINDS
};

#define REPORT_WHO 12

/* What was said of one field by one rule. */
struct report_finding {
	char *key;
	enum report_kind kind;
	const char *control, *rule, *path, *why, *remedy, *origin;
	uint64_t count; /* calls */
	uint64_t line;	/* the last one that was counted */
	int64_t first, last;
	const struct report_row *who[REPORT_WHO];
	uint64_t who_count[REPORT_WHO];
	size_t who_len;
	uint64_t who_others; /* calls of those that have no room */
};

enum report_event {
	EVENT_CREATE,
	EVENT_RUN,
	EVENT_RESTORE,
	EVENT_EXEC,
	EVENT_UPDATE,
	EVENT_START,
	EVENT_OTHER,
	REPORT_EVENTS
};

extern const char *const report_event_names[REPORT_EVENTS];

/* ---- time ---- */

#define TREND_MOST 96

/* Calls by time. The width grows when there is no room: each width is a multiple of the one
 * before, so that nothing is counted in the wrong place. */
struct report_trend {
	int64_t width; /* seconds */
	int64_t first; /* number of the first bucket: its time divided by width */
	size_t len;
	uint64_t accepted[TREND_MOST], refused[TREND_MOST];
};

void report_trend_add(struct report_trend *trend, int64_t time, bool refused);

/* "hour", "3 hours", "day", ... */
void report_trend_width(const struct report_trend *trend, struct text *to);

/* RFC 3339, or the beginning of it down to the day; without a zone UTC. False if it is none. */
bool report_time(const char *text, int64_t *ret);

/* The same, or an age before `now`: 90m, 12h, 7d, 2w. */
bool report_time_or_age(const char *text, int64_t now, int64_t *ret);

#define REPORT_TIME 32
/* "2026-11-23 03:10" */
const char *report_minute(int64_t time, char buf[REPORT_TIME]);

/* ---- the report ---- */

#define REPORT_LATEST 8

struct report_latest {
	int64_t time;
	enum report_event event;
	const struct report_row *who; /* NULL: no room */
	char message[1536], profile[64], image[256];
};

struct report_log {
	const char *file;
	uint64_t lines, others;
};

#define REPORT_LOGS 32

struct report {
	int64_t since, until; /* INT64_MIN, INT64_MAX: not asked */
	int64_t now;
	struct report_log logs[REPORT_LOGS];
	size_t logs_len;
	uint64_t lines;	  /* that were counted */
	uint64_t outside; /* before since or from until on */
	uint64_t undated;
	int64_t first, last;
	uint64_t events[REPORT_EVENTS][2]; /* accepted, refused */
	uint64_t repeats;		   /* execs without a line of their own */
	struct json_doc *strings;	   /* owns all copies */
	bool failed;			   /* memory is gone */
	struct report_table findings;
	struct report_table containers, namespaces, profiles;
	struct report_trend trend;
	struct report_latest latest[REPORT_LATEST]; /* refusals, the last one first */
	size_t latest_len;
	const char *kernel_source;     /* NULL: nobody looked */
	char kernel_why[HR_ERROR_MSG]; /* why it could not be read */
	uint64_t kernel_records, kernel_joined;
};

/* Error: HR_SYSTEM. */
int report_init(struct report *report, struct hr_error *err);
void report_free(struct report *report);

/* True if memory was gone at some time: the numbers are not to be used. */
bool report_failed(const struct report *report);

/* A copy of at most REPORT_LONGEST bytes, whole characters, owned by the report; "" for NULL. */
#define REPORT_LONGEST ((size_t)1536)
const char *report_copy(struct report *report, const char *text);

/* Count a line of the log: an audit_line_fn, data is the report. */
bool report_line(const struct json *line, void *data);

/* The container of this name, made when it is not there. NULL: no room. */
struct report_row *report_container(struct report *report, const char *space, const char *pod,
				    const char *container, const char *id, bool sandbox);

/* A finding in it, and for whom; `who` may be NULL. Texts are copied, NULL is ""; of those that
 * differ from one to the next (why, remedy, origin) the first ones. Without a control it is told
 * apart from others by `why`. */
struct report_finding *report_find(struct report *report, const struct report_finding *what,
				   int64_t time, const struct report_row *who);

/* Read the kernel's records (NULL: where they usually are) and join them. Never fails: a log that
 * cannot be read is a sentence in the report. */
void report_kernel(struct report *report, const char *file);

/* Findings of a kind, most frequent first; the caller frees the list, which is NULL when empty or
 * when memory is gone. */
const struct report_finding **report_sorted(const struct report *report, enum report_kind kind,
					    size_t *ret_len);
/* Rows that have any of `what`, most of them first, then by name. */
const struct report_row **report_rows(const struct report_table *table, enum report_count what,
				      size_t *ret_len);

uint64_t report_total(const struct report *report, bool refused);

/* ---- ways out ---- */

/* A name from outside, whole, as text_shown() writes it. */
void report_show(struct text *to, const char *name);
/* A sentence: printable ASCII as it is, all else as \xNN. */
void report_say(struct text *to, const char *sentence);
/* namespace/pod/container, or the id. */
void report_show_row(struct text *to, const struct report_row *row);
/* 1234567 as 1,234,567. */
void report_number(struct text *to, uint64_t number);

void report_text(const struct report *report, struct text *to);
int report_json(const struct report *report, struct text *to, struct hr_error *err);
void report_html(const struct report *report, struct text *to);

#endif
