/* SPDX-License-Identifier: Apache-2.0 */
/* What a document's own filter says beside its rules. */
#include "base/text.h"
#include "control/seccomp.h"

bool seccomp_asked_ours(const struct json *filter)
{
	const char *listener = json_string(filter, "listenerPath");

	return listener && !text_goes_up(listener) &&
	       (text_starts(listener, HR_STATEDIR "/learn/") ||
		text_starts(listener, HR_STATEDIR "/try/"));
}

static void refuse(struct change *out, const char *path, const char *value, const char *why,
		   const char *remedy)
{
	change_refuse(out, path, value,
		      &(struct reason){.rule = "seccomp", .why = why, .remedy = remedy});
}

void seccomp_asked_listener(const struct json *filter, struct change *out)
{
	static const char *const listener[] = {"listenerPath", "listenerMetadata", NULL};
	char path[CHANGE_PATH];

	for (size_t i = 0; listener[i]; i++)
		if (json_get(filter, listener[i]))
			refuse(out, change_key_path(SECCOMP_FIELD, listener[i], path),
			       json_string(filter, listener[i]),
			       "hands a descriptor that answers system calls to a socket",
			       "remove it");
}

/* What hands the decision to another process becomes a refusal then:
 * as the default it would refuse all that is not listed, and the container could not even
 * start. */
static bool judge_action(struct change *out, const char *path, const char *action, bool whole)
{
	static const char *const plain[] = {
		"SCMP_ACT_KILL",  "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP",
		"SCMP_ACT_ERRNO", "SCMP_ACT_LOG",	   "SCMP_ACT_ALLOW",	   NULL,
	};
	static const char *const handing[] = {"SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE", NULL};

	if (action && text_in(action, plain))
		return true;
	if (!action || !text_in(action, handing)) {
		refuse(out, path, action, "not an action of the runtime-spec",
		       "use SCMP_ACT_ERRNO or SCMP_ACT_ALLOW");
		return false;
	}
	if (whole) {
		refuse(out, path, action, "hands every decision to another process",
		       "use SCMP_ACT_ERRNO");
		return false;
	}
	change_warn(out, path, action,
		    &(struct reason){.rule = "seccomp",
				     .why = "hands the decision on a system call to another "
					    "process, so these are answered ENOSYS",
				     .remedy = "use SCMP_ACT_ERRNO or SCMP_ACT_ALLOW"});
	return true;
}

bool seccomp_asked_actions(const struct json *filter, struct change *out)
{
	char path[CHANGE_PATH], entry[CHANGE_PATH];
	bool good = judge_action(out, SECCOMP_FIELD ".defaultAction",
				 json_string(filter, "defaultAction"), true);
	size_t index = 0;

	json_each(rule, json_get(filter, "syscalls")) {
		change_index_path(SECCOMP_FIELD ".syscalls", index++, entry);
		good &= judge_action(out, change_key_path(entry, "action", path),
				     json_string(rule, "action"), false);
	}
	return good;
}

/* An administrator may have allowed run.oci.* for something else. */
void seccomp_asked_annotations(const struct json *document, struct change *out)
{
	static const char *const steering[] = {"run.oci.seccomp_bpf_data",
					       "run.oci.seccomp.receiver",
					       "run.oci.seccomp.plugins", NULL};
	const struct json *annotations = json_get(document, "annotations");
	char path[CHANGE_PATH];

	for (size_t i = 0; steering[i]; i++) {
		const struct json *found = json_get(annotations, steering[i]);

		if (found)
			change_drop(out, change_key_path("annotations", steering[i], path),
				    annotations, found,
				    &(struct reason){.rule = "seccomp",
						     .why = "replaces the filter, or hands it to "
							    "another process"});
	}
}
