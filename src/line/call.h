/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call of hardrun in a runtime's place: which runtime, what was asked of it, which
 * container and bundle. Filled in step by step; one place frees it.
 */
#ifndef HR_LINE_CALL_H
#define HR_LINE_CALL_H

#include "control/control.h"
#include "control/image.h"
#include "control/userns.h"
#include "host/runtime.h"
#include "policy/policy.h"
#include "state/level.h"
#include "state/range.h"
#include "state/tally.h"

#include <sys/stat.h>

struct call;

/* A create of hardrun's own (try, learn) goes the way of every other, but for two steps. */
struct call_trial {
	/* In place of call_select. */
	int (*select)(struct call *call, void *data, struct hr_error *err);
	/* All is decided and accepted, and nothing done yet. */
	int (*decided)(struct call *call, void *data, struct hr_error *err);
	void *data;
};

struct call {
	const char *confdir;  /* HR_CONFDIR */
	const char *statedir; /* HR_STATEDIR */
	const char *handler;  /* the name we were called by */
	int argc;
	char *const *argv;
	struct runtime runtime;
	struct request *request;
	enum control_line line;

	unsigned kept_fds;     /* descriptors from 3 on that are the container's */
	char bundle[PATH_MAX]; /* absolute */
	int bundle_fd;
	struct stat bundle_stat;
	struct stat document_stat;
	char input_sha256[65]; /* of the document as it was read */
	char output_sha256[65];

	struct json_doc *document; /* config.json, process document, resources */
	struct json_doc *facts;	   /* what the runtime says of itself */
	struct policy *policy;
	const struct json *profile; /* merged, borrowed from policy */
	struct selection selection;
	struct identity identity;
	struct host_real *host;
	struct json_doc *record; /* exec, update: what create left, or NULL */
	struct level level;	 /* create: SELinux level that was claimed; "" for none */
	struct userns_facts userns;
	char userns_join[64]; /* what userns.join and userns.missing point to */
	char userns_missing[HR_ERROR_MSG];
	bool userns_known;	       /* somebody looked */
	bool was_mapped;	       /* the bundle had a user namespace of ours the last time */
	struct range range;	       /* create: ids that were claimed; base 0 for none */
	int userns_fd;		       /* a user namespace with these ids; -1 for none */
	struct image_facts image;      /* require NULL: nothing is required */
	struct json_doc *image_answer; /* owns what image.answer is */
	char image_root[PATH_MAX];     /* create: the root directory that is the image's */
	struct tally_turn turn;	       /* exec: the same ones before, of which there is no line */
	struct change change;
	const struct call_trial *trial; /* NULL: none */
	bool recorded;			/* create: a recorder was started */
	const char *remark; /* for the audit line of what was not refused; NULL for none */
	int status;	    /* >= 0: all was done, and this is to be our exit status */
};

void call_init(struct call *call, const char *handler, int argc, char *const argv[]);
void call_done(struct call *call);

/* The runtime's root: --root, or its default. */
const char *call_root(const struct call *call);

/* Open the bundle (--bundle or the current directory); every component of its path must be
 * root's. HR_UNTRUSTED, HR_SYSTEM. */
int call_open_bundle(struct call *call, const char *bundle, struct hr_error *err);

/* Read and parse BUNDLE/config.json, which must be root's and no link. */
int call_read_config(struct call *call, struct hr_error *err);

/* Load the policy, read the identity out of the document, choose the profile. */
int call_select(struct call *call, struct hr_error *err);

/* The built-in `default` profile, whatever the policy says. */
int call_select_default(struct call *call, struct hr_error *err);

/* Ask runtime and machine what the controls need to know. */
int call_look(struct call *call, struct hr_error *err);

/*
 * Claim an SELinux level for the container's pod where the kernel and the profile have a use for
 * one. `claim` false: only what would be tried first (explain). Error: HR_SYSTEM, HR_UNTRUSTED.
 */
int call_level(struct call *call, bool claim, struct hr_error *err);

/* Take back what call_level claimed; for a create that fails. */
void call_level_withdraw(struct call *call);

/*
 * Find out whether the container can have a user namespace of ours where its profile asks for one,
 * and claim ids for it; `claim` false: only what would be tried first (explain). What is missing
 * is no error but a fact (call->userns.missing). Error: HR_POLICY, HR_SYSTEM.
 */
int call_userns(struct call *call, bool claim, struct hr_error *err);

/* Take back what call_userns claimed: for a create that fails, or whose container is not mapped. */
void call_userns_withdraw(struct call *call);

/* Where root.path of a document that was not decided yet leads. Error: HR_SPEC, HR_SYSTEM. */
int call_root_path(const struct call *call, char ret[PATH_MAX], struct hr_error *err);

/*
 * Where the profile requires signed images: ask hardrun-image about the container's, and compare
 * what is mounted on its root directory. Whatever is amiss is in call->image and no error. `look`
 * false: there is no bundle to look at. Error: HR_SYSTEM.
 */
int call_image(struct call *call, bool look, struct hr_error *err);

/* The member "image" of records, audit lines and reports: an answer without its snapshot. */
bool call_put_image(struct json_doc *doc, const struct json *answer);

/* Is it still the snapshot of the image that was accepted? Error: HR_DENIED, as of a control. */
int call_image_recheck(const struct call *call, struct hr_error *err);

/* exec into a container with a user namespace of ours, right before its runtime: pipes become its
 * user's, and where runc cannot, its network namespace is entered. Error: HR_SYSTEM, HR_SPEC. */
int call_userns_exec(const struct call *call, struct hr_error *err);

/* What the controls see of this call. */
void call_control_in(const struct call *call, struct control_in *ret);

/* Apply the controls to the call's document; the report is in call->change. */
int call_decide(struct call *call, const struct json *ceilings, struct hr_error *err);

/*
 * Write the audit line of what was decided. `verdict`: NULL for "accept", otherwise the
 * message of the refusal. ret_written (may be NULL): it is in the log. Error (audit.required
 * only): HR_SYSTEM.
 */
int call_audit(const struct call *call, const char *refusal, bool *ret_written,
	       struct hr_error *err);

/*
 * True for an exec as a probe's: nobody types into it, and it brings nothing new, because all
 * that was changed in its document was changed in the container's own at create, in the same
 * way (engines build the one from the other). Counted instead of written each time.
 */
bool call_is_probe(const struct call *call);

/* A line for the last execs of a container that is gone (sweep_ended_fn). */
bool call_audit_ended(const struct json *record, const struct tally *left);

/* The record of this call, for record_reserve. */
int call_record(const struct call *call, struct json_doc **ret, struct hr_error *err);

#endif
