/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A user namespace of our own for a container whose engine made none. What the machine can do is
 * found out before the decision (the facts); whether the document can be had is planned before
 * the first control, since others go by it; the control writes it down as the last one.
 */
#ifndef HR_CONTROL_USERNS_H
#define HR_CONTROL_USERNS_H

#include "control/control.h"

#define USERNS_SIZE 65536u /* ids of a container: 0 to 65535 */

enum userns_map {
	USERNS_OFF,
	USERNS_AUTO,	/* where everything that it needs is there */
	USERNS_REQUIRE, /* or not at all */
	USERNS_POD,	/* as the pod's sandbox */
	USERNS_MAPS
};

/* USERNS_MAPS for a word that is none. */
enum userns_map userns_map_find(const char *name);

struct userns_facts {
	enum userns_map map;	  /* as the options have it; for a sandbox "pod" is settled */
	const struct json *rules; /* options of the control; of a sandbox with "pod" those that its
				     containers have */
	const char *missing;	  /* of machine, runtime or pod; NULL: nothing */
	const char *remedy;	  /* may be NULL */
	uint32_t base;	  /* id of the host that is the container's 0; 0: none, as its pod has
			 none */
	const char *join; /* the sandbox's user namespace; NULL: the container gets its own */
	unsigned runc;	  /* 103 for runc 1.3; 0 for another runtime */
	unsigned crun;	  /* 108 for crun 1.8.1; 0 for another runtime */
	/* hardrun's own ids of the host; count 0: none */
	uint64_t pool_first, pool_count;
};

#define USERNS_MOUNTS 1024 /* mounts that are looked at; the control `mounts` refuses more */

struct userns_plan {
	bool map;		     /* it will be mapped */
	bool outside;		     /* in a network namespace that the host owns */
	bool enter;		     /* which we enter ourselves */
	const struct json *findings; /* what is missing, objects: path, value, why, remedy */
	bool idmap[USERNS_MOUNTS];   /* bind mounts that get the container's ids, by index */
};

/*
 * Can the document be mapped, with `profile`? Nothing of it is changed. `mounts`: the control
 * mounts is enforced. False: nothing to plan (not asked for, nobody looked, or the engine made a
 * user namespace).
 */
bool userns_plan(const struct control_in *in, const struct json *profile, bool mounts,
		 struct change *out, struct userns_plan *ret);

/* True if the document lists a user namespace. */
bool userns_listed(const struct json *document);

/* --- userns_engine.c: one that the engine made --- */
void userns_judge_engine(const struct control_in *in, struct change *out);

/* --- userns.c --- */

/* Of an entry of the report; `why` is kept by the caller. */
struct reason userns_because(const struct control_in *in, const char *why);
/* Keep as an annotation what is taken out of the document. */
void userns_note(const struct control_in *in, struct change *out, const char *name,
		 const char *text);

/* --- userns_network.c --- */

/* Path of the network namespace, where the host owns it; NULL otherwise. It is the document's:
 * gone with the next change of that entry. */
const char *userns_network(const struct control_in *in, struct change *out);

#endif
