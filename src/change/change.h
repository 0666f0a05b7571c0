/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only writer of a caller's document. Controls say what they want through it; it
 * applies the mode (enforce changes, audit only reports), and keeps the report: a JSON
 * array of entries {path, action, mode, from, to, control, rule, origin, why, remedy}, of
 * which error text, audit line, record and `explain` are views. Failure (memory) is sticky
 * and asked for once, with change_ok.
 */
#ifndef HR_CHANGE_CHANGE_H
#define HR_CHANGE_CHANGE_H

#include "json/edit.h"

enum change_mode { MODE_ENFORCE, MODE_AUDIT, MODE_OFF, MODES };

const char *change_mode_name(enum change_mode mode);
/* MODES for a name that is none. */
enum change_mode change_mode_find(const char *name);

/* Why an entry is there. All texts are copied. */
struct reason {
	const char *rule;      /* option that decided: "capabilities.allow" */
	const struct json *by; /* its value in the policy: gives the origin; may be NULL */
	const char *why;       /* one clause: what would otherwise be possible */
	const char *remedy;    /* what to change to get what was asked; may be NULL */
};

/* What is done beside the document for a container that gets a user namespace of ours. All texts
 * and values are the change's. */
struct change_map {
	bool wanted;
	const char *root;  /* the root file system, absolute, as the engine has it */
	const char *netns; /* a network namespace that the host owns; NULL: the container's own */
	bool enter;	   /* the runtime is to be started in that one */
	struct json *net;  /* object: settings to be written there */
	struct json *sources; /* array: numbers of the paths of the host that are to be idmapped */
};

struct change {
	struct json_doc *doc;	  /* the document that is changed */
	struct json_doc *notes;	  /* owns report and ceilings */
	struct json *report;	  /* array of entries */
	struct json *ceilings;	  /* object: control -> what exec and update may get */
	const char *profile;	  /* named in messages; NULL for none */
	const char *control;	  /* whose turn it is */
	enum change_mode mode;	  /* of that control */
	const struct json *rules; /* of that control in the profile: gives a ceiling's origin */
	const char *origin;	  /* of a ceiling: where its rules came from at create */
	const char *context;	  /* SELinux context with which the root file system is to be
				     mounted anew; NULL: as it is */
	struct change_map map;
	bool log;	       /* the kernel is to log what the system call filter refuses */
	bool learn;	       /* another process is to answer and record its system calls */
	size_t refusals;       /* what refuses in enforce mode */
	size_t refusals_noted; /* entries of the report, at most 256 that refuse */
	size_t changes_noted;  /* and 256 others */
	size_t unwritten;      /* entries beyond these */
	bool failed;
};

/* `doc` stays the caller's; NULL when only ceilings are wanted of an exec. */
int change_init(struct change *out, struct json_doc *doc, struct hr_error *err);
void change_done(struct change *out);
#define change_auto __attribute__((cleanup(change_done)))

/* HR_SYSTEM when memory ran out on the way. */
int change_ok(const struct change *out, struct hr_error *err);

/* The document for building values that are to be put into it. */
static inline struct json_doc *change_doc(struct change *out)
{
	return out->doc;
}

/*
 * Set the value at a dotted path of plain keys and [N], e.g. "process.noNewPrivileges";
 * objects that are missing on the way are made. `shown` stands for the value in the report
 * (NULL: the value itself, or its size and digest when it is long). No entry and no change
 * when the value is there already.
 */
void change_set(struct change *out, const char *path, struct json *value, const char *shown,
		const struct reason *reason);

/* Put into the list at a dotted path, in front of `before`, one of its elements, or at its end
 * (NULL); a missing list is made. */
void change_insert(struct change *out, const char *path, const struct json *before,
		   struct json *value, const struct reason *reason);
static inline void change_append(struct change *out, const char *path, struct json *value,
				 const struct reason *reason)
{
	change_insert(out, path, NULL, value, reason);
}

/* Remove a member or an element. `path` is for the report. */
void change_drop(struct change *out, const char *path, const struct json *parent,
		 const struct json *child, const struct reason *reason);

/* `value` (may be NULL): what was asked, shown in message and report. */
void change_refuse(struct change *out, const char *path, const char *value,
		   const struct reason *reason);
void change_warn(struct change *out, const char *path, const char *value,
		 const struct reason *reason);

/* The overlay of the root file system is to be mounted anew, all its files with this context. */
void change_context(struct change *out, const char *context);

/* The container gets a user namespace: `map` but for net and sources, which are kept as they are.
 */
void change_map(struct change *out, const struct change_map *map);
/* The path of the host of that number is to have the container's ids. */
void change_map_source(struct change *out, size_t number);
/* A setting of the network namespace to be written there. */
void change_map_setting(struct change *out, const char *key, const char *value);

/* The kernel logs what the filter of this container refuses. */
static inline void change_log(struct change *out)
{
	out->log = out->log || out->mode == MODE_ENFORCE;
}

/* The calls of this container are recorded (line/recorder.h). */
static inline void change_learn(struct change *out)
{
	out->learn = out->learn || out->mode == MODE_ENFORCE;
}

/* What exec and update of this container may get of this control: `value`, an object made
 * in change_notes(), gets "mode" added and is kept in the record. */
void change_ceiling(struct change *out, struct json *value);
static inline struct json_doc *change_notes(struct change *out)
{
	return out->notes;
}

/* Path of a member or element of `parent_path`: "a.b", "a[\"odd key\"]" and "a[3]". */
#define CHANGE_PATH 512
const char *change_key_path(const char *parent_path, const char *key, char buf[CHANGE_PATH]);
const char *change_index_path(const char *parent_path, size_t index, char buf[CHANGE_PATH]);

/* "file:line:column" of a policy value, or "built-in". */
#define CHANGE_ORIGIN 160
const char *change_origin(const struct json *value, char buf[CHANGE_ORIGIN]);

/*
 * The message of a refusal, from the first entry that refuses in enforce mode: field,
 * value, why, rule with origin, remedy, and which other fields are refused. Fills err with
 * HR_DENIED and returns -1; 0 when nothing was refused.
 */
int change_verdict(const struct change *out, struct hr_error *err);

#endif
