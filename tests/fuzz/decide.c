/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A config.json under the built-in profiles: what is accepted is decided again without a
 * change, and is in nothing wider than what was asked; what is refused is told.
 */
#include "fuzz.h"

#include "fake_host.h"
#include "judge.h"

#define ROOT   "/run/containerd/runc/k8s.io"
#define BUNDLE "/run/containerd/io.containerd.runtime.v2.task/k8s.io/c1"

static const char *const profiles[] = {"default", "restricted", "sandbox"};

static struct policy *builtin(void)
{
	static struct policy *policy; /* one for all inputs */
	struct hr_error err = {0};

	if (!policy)
		must(policy_builtin(control_check_options, &policy, &err) == 0);
	return policy;
}

static struct json_doc *parse(const uint8_t *data, size_t size)
{
	struct json_doc *doc = NULL;

	return json_parse("config.json", (const char *)data, size, false, &doc, NULL) == 0 ? doc
											   : NULL;
}

static void decide(struct judge *judge, const char *profile, struct json_doc *document)
{
	judge_create(judge,
		     &(struct judge_create){.policy = builtin(),
					    .profile = profile,
					    .root = ROOT,
					    .bundle = BUNDLE,
					    .id = "c1",
					    .line = LINE_CREATE},
		     document);
	if (judge->refused)
		must_be_told(&judge->err);
}

/* Every string of the list `small` is in `large`. */
static void must_hold(const struct json *large, const struct json *small)
{
	json_each(item, small)
		if (item->type == JSON_STRING)
			must(json_has_string(large, item->text));
}

static bool lists_type(const struct json *list, const char *type)
{
	json_each(item, list)
		if (json_string(item, "type") && strcmp(json_string(item, "type"), type) == 0)
			return true;
	return false;
}

static bool has_text(const struct json *object, const char *key, const char *text)
{
	const char *value = json_string(object, key);

	return value && strcmp(value, text) == 0;
}

/* What was asked for stays, in its order, and runs no program of another user's rights; what
 * comes after it is a fresh tmpfs below a read-only root. */
static void must_mount_no_more(const struct json *asked, const struct json *given)
{
	const struct json *list = json_get(asked, "mounts");
	const struct json *before = list ? list->first : NULL;

	json_each(mount, json_get(given, "mounts")) {
		must(json_has_string(json_get(mount, "options"), "nosuid"));
		must(!json_has_string(json_get(mount, "options"), "suid"));
		if (before) {
			const char *destination = json_string(before, "destination");

			must(destination && has_text(mount, "destination", destination));
			before = before->next;
			continue;
		}
		must(json_true(json_get(given, "root"), "readonly"));
		must(has_text(mount, "type", "tmpfs") && has_text(mount, "source", "tmpfs"));
		must(json_has_string(json_get(mount, "options"), "nodev"));
		must(json_has_string(json_get(mount, "options"), "noexec"));
	}
	must(!before);
}

static const struct json *limit_of(const struct json *document, const char *type)
{
	json_each(limit, json_path(document, "process.rlimits"))
		if (has_text(limit, "type", type))
			return limit;
	return NULL;
}

/* Limits are not higher than asked for; a new one is that of core files. */
static void must_limit_no_less(const struct json *asked, const struct json *given)
{
	uint64_t before, after;

	json_each(limit, json_path(given, "process.rlimits")) {
		const struct json *old = limit_of(asked, json_string(limit, "type"));

		must(json_uint(json_get(limit, "hard"), &after));
		must(old || (has_text(limit, "type", "RLIMIT_CORE") && after == 0));
		must(!old || !json_uint(json_get(old, "hard"), &before) || after <= before);
	}
}

/* What no built-in profile lets through, and devices that begin with none. */
static void must_be_without(const struct json *given)
{
	static const char *const gone[] = {
		"process.scheduler",  "linux.personality", "linux.timeOffsets",
		"linux.memoryPolicy", "linux.intelRdt",	   "linux.resources.network.priorities",
	};
	const struct json *devices = json_path(given, "linux.resources.devices");
	int64_t adjustment;

	for (size_t i = 0; i < hr_count(gone); i++)
		must(!json_path(given, gone[i]));
	must(json_count(json_path(given, "linux.netDevices")) == 0);
	must(!has_text(json_path(given, "process.ioPriority"), "class", "IOPRIO_CLASS_RT"));
	must(!json_int(json_path(given, "process.oomScoreAdj"), &adjustment) || adjustment >= -998);
	must(devices && devices->first && !json_true(devices->first, "allow"));
	must(!json_get(devices->first, "major") && !json_get(devices->first, "minor"));
	json_each(rule, devices)
		must(!json_true(rule, "allow") || has_text(rule, "type", "c"));
}

static void must_be_narrower(const struct json *asked, const struct json *given)
{
	static const char *const sets[] = {"bounding", "effective", "permitted", "inheritable",
					   "ambient"};
	static const char *const required[] = {"mount", "pid", "ipc", "network", "uts", "cgroup"};
	const struct json *before = json_path(asked, "process.capabilities");
	const struct json *after = json_path(given, "process.capabilities");

	for (size_t i = 0; i < hr_count(sets); i++)
		must_hold(json_get(before, sets[i]), json_get(after, sets[i]));
	must(json_count(json_get(after, "inheritable")) == 0);
	must(json_count(json_get(after, "ambient")) == 0);
	must(!json_get(given, "process") ||
	     json_true(json_get(given, "process"), "noNewPrivileges"));
	for (size_t i = 0; i < hr_count(required); i++)
		must(lists_type(json_path(given, "linux.namespaces"), required[i]));
	must_hold(json_path(given, "linux.maskedPaths"), json_path(asked, "linux.maskedPaths"));
	must_hold(json_path(given, "linux.readonlyPaths"), json_path(asked, "linux.readonlyPaths"));
	must(json_path(given, "linux.seccomp"));
	json_each(annotation, json_get(given, "annotations"))
		must(json_string(json_get(asked, "annotations"), annotation->key));
	/* no hook is run that is not listed, and none is listed */
	json_each(kind, json_get(given, "hooks"))
		must(json_count(kind) == 0);
	must_mount_no_more(asked, given);
	must_limit_no_less(asked, given);
	must_be_without(given);
}

/* The process that was asked for, as an exec under what create left. */
static void check_exec(const struct judge *container, const struct json *asked)
{
	struct json_doc *process = NULL;
	hr_autofree char *text = NULL, *once = NULL, *twice = NULL;
	struct judge exec, again;
	size_t len, once_len, twice_len;

	if (!json_get(asked, "process"))
		return;
	text = must_write(json_get(asked, "process"), &len);
	must(json_parse("process", text, len, false, &process, NULL) == 0);
	judge_ceiling(&exec, LINE_EXEC, container->change.ceilings, NULL, process);
	if (exec.refused) {
		must_be_told(&exec.err);
		judge_done(&exec);
		return;
	}
	once = must_write(json_root(exec.document), &once_len);
	must(json_parse("process", once, once_len, false, &process, NULL) == 0);
	judge_ceiling(&again, LINE_EXEC, container->change.ceilings, NULL, process);
	must(!again.refused && !judge_changed(&again));
	twice = must_write(json_root(again.document), &twice_len);
	must(strcmp(once, twice) == 0);
	must(json_true(json_root(exec.document), "noNewPrivileges"));
	judge_done(&exec);
	judge_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_auto struct json_doc *asked = parse(data, size);
	hr_autofree char *once = NULL, *twice = NULL;
	const char *profile = profiles[size % hr_count(profiles)];
	struct judge judge, again;
	size_t len, again_len;

	if (!asked)
		return 0;
	decide(&judge, profile, parse(data, size));
	if (judge.refused) {
		judge_done(&judge);
		return 0;
	}
	must_be_narrower(json_root(asked), json_root(judge.document));
	once = must_write(json_root(judge.document), &len);
	decide(&again, profile, parse((const uint8_t *)once, len));
	must(!again.refused && !judge_changed(&again));
	twice = must_write(json_root(again.document), &again_len);
	must(strcmp(once, twice) == 0);
	check_exec(&judge, json_root(asked));
	judge_done(&judge);
	judge_done(&again);
	return 0;
}
