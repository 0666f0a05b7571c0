/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A control is one constant: a name, one sentence, its options, and what it does with a
 * bundle's document (create), an exec's process, and the body of an update. `in` is const;
 * `out` is the only way to alter anything. A refusal is an entry of the report and not a
 * return value, so all of them are collected.
 */
#ifndef HR_CONTROL_CONTROL_H
#define HR_CONTROL_CONTROL_H

#include "change/change.h"
#include "host/host.h"
#include "oci/grammar.h"
#include "oci/identity.h"
#include "policy/policy.h"

enum control_line {
	LINE_CREATE,
	LINE_RUN,
	LINE_RESTORE,
	LINE_EXEC,
	LINE_UPDATE,
	LINE_START, /* no control applies: labels are looked at */
	LINE_OTHER, /* no control applies: what could not be parsed, and what passes through */
	LINES
};

const char *control_line_name(enum control_line line);

struct userns_facts;
struct userns_plan;
struct image_facts;

struct control_in {
	enum control_line line;
	const struct policy *policy; /* create: for files that a profile names */
	const struct json *document; /* config.json; exec: process; update: resources */
	const struct json *rules;    /* create: the control's options in the profile;
					exec, update: the ceiling that create left */
	enum runtime_kind kind;
	const char *root;   /* the runtime's --root */
	const char *bundle; /* create: absolute */
	bool no_pivot;	    /* create: the runtime was told not to use pivot_root(2) */
	const char *id;	    /* the container's; NULL in explain without one */
	const struct identity *identity;
	struct host *host;
	const char *level; /* create: SELinux level of the container's pod; NULL for none */
	bool level_taken;  /* create: the level that is asked is another living pod's */
	const struct userns_facts *userns; /* create: control/userns.h; NULL: nobody looked */
	const struct userns_plan *plan;	   /* create: made of them; NULL for none */
	const struct image_facts *image;   /* create: control/image.h; NULL: nothing is required,
					      and refused where something is */
};

enum option_type {
	OPTION_BOOL,
	OPTION_STRINGS,
	OPTION_NAME,   /* one of `values`; any where these are NULL, letters, digits, ._- */
	OPTION_NUMBER, /* an integer >= 0 */
	OPTION_RANGES, /* list of strings: "N" or "N-M", see control/ranges.h */
	OPTION_OTHER,  /* the control's own check looks at it */
};

struct control_option {
	const char *name; /* NULL ends the list */
	enum option_type type;
	const char *const *values; /* OPTION_NAME: NULL-terminated */
};

struct control {
	const char *name;
	const char *sentence;
	const struct control_option *options; /* besides "mode"; NULL for none */
	/* What the types of options cannot say; may be NULL. HR_POLICY. */
	int (*check)(const struct policy *policy, const struct json *rules, struct hr_error *err);
	void (*create)(const struct control_in *in, struct change *out);
	void (*exec)(const struct control_in *in, struct change *out);	 /* may be NULL */
	void (*update)(const struct control_in *in, struct change *out); /* may be NULL */
};

/* All controls in the order in which they are applied; NULL ends it. */
extern const struct control *const controls[];

/* The policy_check_fn of policy/policy.h: known control, known options, right types. */
int control_check_options(const struct policy *policy, const char *name, const struct json *options,
			  struct hr_error *err);

/*
 * What to write into a profile: the list that is there and `extra` behind it, as JSON, since a
 * list replaces the inherited one: ["a", "b", "extra"]. A list that is too long for a message
 * becomes ["extra", ...the N others].
 */
#define CONTROL_LIST 1024
const char *control_list_with(const struct json *list, const char *extra, char buf[CONTROL_LIST]);

/* Error of a policy value: HR_POLICY with file:line:column. */
int control_policy_error(const struct json *value, struct hr_error *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
