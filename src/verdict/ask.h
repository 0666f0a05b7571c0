/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client of hardrun-image: which image is it, and may it run? Whatever becomes of the question,
 * there is an answer, and only one that says so, of a verifier that ended well, accepts. The answer
 * is described in docs/ARCHITECTURE.md, "Verdicts"; no member of it is but what stands there, and
 * its texts are short and printable.
 */
#ifndef HR_VERDICT_ASK_H
#define HR_VERDICT_ASK_H

#include "json/edit.h"

enum verdict_source {
	VERDICT_CONTAINERD, /* a container of containerd: ns, id, socket */
	VERDICT_LAYOUT,	    /* dir is an OCI layout: tag, digest, name */
	VERDICT_UMOCI,	    /* dir is umoci.json of a bundle: name */
	VERDICT_DESCRIPTOR, /* digest, name */
	VERDICT_KEYS,	    /* nothing but whether the keys can be read */
	VERDICT_SOURCES
};

struct verdict_question {
	enum verdict_source source;
	const struct json *require; /* as policy_images gives it */
	unsigned timeout_ms;	    /* for all of it */

	const char *ns, *id;		 /* of containerd */
	const char *socket;		 /* path of containerd's */
	int dir;			 /* of a layout; of umoci umoci.json itself; -1: none */
	const char *tag, *digest, *name; /* NULL: none */

	int program; /* hardrun-image, opened; -1: the one beside us */
	int store;   /* its directory; -1: HR_STOREDIR */
	int signal;  /* sent to it as soon as it runs, to see what comes of it; 0: none */
};

#define VERDICT_QUESTION_NONE                         \
	{                                             \
		.dir = -1, .program = -1, .store = -1 \
	}

/* "containerd", "layout": as in request and answer. */
const char *verdict_source_name(enum verdict_source source);

/* Error: HR_SYSTEM, only when memory is gone. *ret is freed with json_free. */
int verdict_ask(const struct verdict_question *question, struct json_doc **ret,
		struct hr_error *err);

bool verdict_accepted(const struct json *answer);

/* An answer of our own: a refusal. Error: HR_SYSTEM. */
int verdict_refusal(const char *code, const char *why, const char *remedy, struct json_doc **ret,
		    struct hr_error *err);

/* --- Steps of it ------------------------------------------------------------------------------ */

/* hardrun-image in the directory of our own executable, root's along the whole path; to be
 * executed by its descriptor. Error: HR_SYSTEM (there is none), HR_UNTRUSTED. */
int verdict_program(int *ret, struct hr_error *err);

/*
 * Connect to the socket `path`, which must be root's, in directories that are root's alone, and be
 * listened on by root. Error: HR_SYSTEM, HR_UNTRUSTED.
 */
int verdict_connect(const char *path, unsigned timeout_ms, int *ret, struct hr_error *err);

/* Read, check and clean what hardrun-image wrote. Error: HR_SPEC for what is no answer to a
 * question about this source, HR_SYSTEM. */
int verdict_read(const char *text, size_t len, enum verdict_source source, struct json_doc **ret,
		 struct hr_error *err);

#endif
