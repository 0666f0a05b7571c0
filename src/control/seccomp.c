/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/seccomp.h"
#include "base/text.h"
#include "control/table.h"

#include <stdio.h>
#include <string.h>

#define FIELD "linux.seccomp"

static const char *const profiles[] = {"default", "restricted", NULL};

static const struct control_option options[] = {
	{.name = "profile", .type = OPTION_NAME, .values = profiles},
	{0},
};

/* Compile the built-in profile; NULL with out->failed. */
static struct json *build(struct change *out, const char *name, size_t *ret_count)
{
	struct seccomp_source *source = NULL;
	struct json *filter = NULL;
	size_t len;
	const char *text = seccomp_builtin(name, &len);

	if (text && seccomp_parse(name, text, len, &source, NULL) == 0 &&
	    seccomp_compile(source, seccomp_native(), change_doc(out), &filter, NULL) == 0)
		*ret_count = seccomp_count(source, seccomp_native());
	seccomp_source_free(source);
	return filter;
}

static void insert(const struct control_in *in, struct change *out)
{
	const struct json *by = json_get(in->rules, "profile");
	const char *name = by ? by->text : "default";
	char shown[128];
	size_t count = 0;
	struct json *filter = build(out, name, &count);

	snprintf(shown, sizeof(shown), "built-in profile %s: %zu system calls of %s", name, count,
		 seccomp_native());
	change_set(out, FIELD, filter, shown,
		   &(struct reason){
			   .rule = "seccomp.profile",
			   .by = by,
			   .why = "without a filter every system call of the kernel can be reached",
		   });
}

static void refuse(struct change *out, const char *path, const char *value, const char *why,
		   const char *remedy)
{
	change_refuse(out, path, value,
		      &(struct reason){.rule = "seccomp", .why = why, .remedy = remedy});
}

static void judge_action(struct change *out, const char *path, const char *action)
{
	static const char *const plain[] = {
		"SCMP_ACT_KILL",  "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP",
		"SCMP_ACT_ERRNO", "SCMP_ACT_LOG",	   "SCMP_ACT_ALLOW",	   NULL,
	};

	if (action && text_in(action, plain))
		return;
	if (action &&
	    (strcmp(action, "SCMP_ACT_NOTIFY") == 0 || strcmp(action, "SCMP_ACT_TRACE") == 0))
		refuse(out, path, action, "hands the decision on a system call to another process",
		       "use SCMP_ACT_ERRNO");
	else
		refuse(out, path, action, "not an action of the runtime-spec",
		       "use SCMP_ACT_ERRNO or SCMP_ACT_ALLOW");
}

static void judge_callers(const struct json *filter, struct change *out)
{
	static const char *const listener[] = {"listenerPath", "listenerMetadata", NULL};
	char path[CHANGE_PATH], entry[CHANGE_PATH];
	size_t index = 0;

	for (size_t i = 0; listener[i]; i++)
		if (json_get(filter, listener[i]))
			refuse(out, change_key_path(FIELD, listener[i], path),
			       json_string(filter, listener[i]),
			       "hands a descriptor that answers system calls to a socket",
			       "remove it");
	judge_action(out, FIELD ".defaultAction", json_string(filter, "defaultAction"));
	json_each(rule, json_get(filter, "syscalls")) {
		change_index_path(FIELD ".syscalls", index++, entry);
		judge_action(out, change_key_path(entry, "action", path),
			     json_string(rule, "action"));
	}
}

/* crun turns missing flags into SPEC_ALLOW, which switches off a mitigation for the
 * container, and retries without any when the kernel refuses one; runc 1.1 refuses lists
 * that are not empty. */
static void force_flags(struct change *out)
{
	change_set(
		out, FIELD ".flags", json_new_array(change_doc(out)), NULL,
		&(struct reason){
			.rule = "seccomp",
			.why = "flags weaken the filter, and crun adds one where none are listed",
		});
}

static void create(const struct control_in *in, struct change *out)
{
	const struct json *filter = json_path(in->document, FIELD);
	const char *action = json_string(filter, "defaultAction");

	if (!filter) {
		insert(in, out);
		return;
	}
	judge_callers(filter, out);
	force_flags(out);
	change_warn(out, FIELD, action,
		    &(struct reason){
			    .rule = "seccomp.profile",
			    .by = json_get(in->rules, "profile"),
			    .why = "the caller's own profile is kept and is not met with ours",
			    .remedy = "to get hardrun's, let the engine bring none (Unconfined, "
				      "seccomp=unconfined)",
		    });
}

const struct control control_seccomp = {
	.name = "seccomp",
	.sentence = "Gives a default-deny system call filter to every container that brings none.",
	.options = options,
	.create = create,
};
