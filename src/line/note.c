/* SPDX-License-Identifier: Apache-2.0 */
/* Audit line and record: two views of one decision. */
#include "audit/audit.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "json/edit.h"
#include "line/call.h"

#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

static void put(struct json_doc *doc, struct json *object, const char *key, const char *text)
{
	if (text && text[0])
		json_put_string(doc, object, key, text);
}

static struct json *identity_of(const struct call *call, struct json_doc *doc)
{
	const struct identity *identity = &call->identity;
	struct json *object;

	if (call->record && json_get(json_root(call->record), "identity"))
		return json_clone(doc, json_get(json_root(call->record), "identity"));
	object = json_new_object(doc);
	if (!identity->cri)
		return object;
	put(doc, object, "kind", identity->sandbox ? "sandbox" : "container");
	put(doc, object, "namespace", identity->pod_namespace);
	put(doc, object, "pod", identity->pod);
	put(doc, object, "pod_uid", identity->pod_uid);
	put(doc, object, "sandbox", identity->sandbox_id);
	put(doc, object, "container", identity->container);
	put(doc, object, "image", identity->image);
	return object;
}

static const char *profile_of(const struct call *call)
{
	return call->record ? json_string(json_root(call->record), "profile")
			    : call->selection.profile;
}

/* What both views say. */
static int common(const struct call *call, struct json_doc *doc, struct hr_error *err)
{
	struct json *root = json_root(doc);
	struct json *identity;
	char origin[CHANGE_ORIGIN];
	const char *version = json_string(call->facts ? json_root(call->facts) : NULL, "version");

	put(doc, root, "id", call->request ? call->request->id : NULL);
	put(doc, root, "root", call->request ? call_root(call) : NULL);
	put(doc, root, "bundle", call->bundle);
	put(doc, root, "handler", call->handler);
	put(doc, root, "runtime", call->runtime.path);
	put(doc, root, "runtime_version", version);
	put(doc, root, "profile", profile_of(call));
	put(doc, root, "chosen_by",
	    call->selection.rule ? change_origin(call->selection.rule, origin)
				 : call->selection.why);
	identity = json_put(doc, root, "identity", identity_of(call, doc));
	if (call->change.log)
		json_put(doc, root, "log", json_new_bool(doc, true));
	if (call->change.learn)
		json_put(doc, root, "learn", json_new_bool(doc, true));
	put(doc, root, "input_sha256", call->input_sha256);
	put(doc, root, "output_sha256", call->output_sha256);
	if (!identity)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (call->change.unwritten > 0)
		json_put_int(doc, root, "report_unwritten", (int64_t)call->change.unwritten);
	if (call->change.report &&
	    !json_put(doc, root, "report", json_clone(doc, call->change.report)))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return 0;
}

/* Which ids of the host are the container's. */
static bool put_range(const struct call *call, struct json_doc *doc)
{
	char base[16];

	snprintf(base, sizeof(base), "%u", call->userns.base);
	return !call->change.map.wanted || json_put_string(doc, json_root(doc), "range", base);
}

/* Under which labels, or why under none. */
static void mac_of(const struct call *call, struct json_doc *doc)
{
	static const char *const controls_of[] = {"apparmor", "selinux"};
	struct json *mac = json_new_object(doc);

	for (size_t i = 0; i < hr_count(controls_of); i++) {
		const struct json *ceiling = json_get(call->change.ceilings, controls_of[i]);

		if (ceiling)
			json_put(doc, mac, controls_of[i], json_clone(doc, ceiling));
	}
	if (json_count(mac) > 0)
		json_put(doc, json_root(doc), "mac", mac);
}

bool call_put_image(struct json_doc *doc, const struct json *answer)
{
	struct json *image = json_put(doc, json_root(doc), "image", json_clone(doc, answer));

	if (json_get(image, "snapshot"))
		json_remove(image, json_get(image, "snapshot"));
	return image;
}

/* Which image it is, and by whom it was signed. */
static bool put_image(const struct call *call, struct json_doc *doc)
{
	return !call->image.answer || call_put_image(doc, call->image.answer);
}

static void claims(const struct call *call, struct json_doc *doc, const struct json *names)
{
	const struct json *annotations =
		json_get(call->document ? json_root(call->document) : NULL, "annotations");
	struct json *object = json_new_object(doc);

	json_each(name, names)
		put(doc, object, name->text, json_string(annotations, name->text));
	if (json_count(object) > 0)
		json_put(doc, json_root(doc), "claims", object);
}

static void repeats(struct json_doc *doc, const struct tally *before)
{
	struct json *object;
	char time[AUDIT_TIME];

	if (before->count == 0)
		return;
	object = json_put(doc, json_root(doc), "repeats", json_new_object(doc));
	json_put_int(doc, object, "count", before->count);
	put(doc, object, "since", audit_time(before->since, 0, time));
}

/* The short form for syslog. */
static void to_syslog(const struct call *call, const char *refusal)
{
	char id[TEXT_SHOWN_SIZE], text[HR_ERROR_MSG];

	snprintf(text, sizeof(text), "%s %s profile=%s changes=%zu %s%s",
		 control_line_name(call->line),
		 text_shown_z(call->request && call->request->id ? call->request->id : "-", id),
		 profile_of(call) ? profile_of(call) : "-", json_count(call->change.report),
		 refusal ? "refused: " : "accepted", refusal ? refusal : "");
	audit_syslog(text, refusal != NULL);
}

static void settings_of(const struct call *call, struct policy_audit *ret)
{
	const struct json *saved = json_get(call->record ? json_root(call->record) : NULL, "audit");

	*ret = (struct policy_audit){.file = HR_AUDIT_FILE, .syslog = true};
	if (call->policy)
		policy_audit(call->policy, ret);
	if (!saved)
		return;
	/* exec and update read no policy: where lines go was written down by create. */
	ret->file = json_string(saved, "file");
	ret->syslog = json_true(saved, "syslog");
	ret->required = json_true(saved, "required");
}

int call_audit(const struct call *call, const char *refusal, bool *ret_written,
	       struct hr_error *err)
{
	json_auto struct json_doc *line = json_new("audit");
	struct hr_error local = {0};
	struct policy_audit settings;
	char now[AUDIT_TIME];
	struct json *root;
	bool written;

	if (ret_written)
		*ret_written = false;
	if (!line)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	root = json_root(line);
	settings_of(call, &settings);
	json_put_string(line, root, "time", audit_now(now));
	json_put_string(line, root, "event", control_line_name(call->line));
	json_put_string(line, root, "verdict", refusal ? "refuse" : "accept");
	put(line, root, "message", refusal ? refusal : call->remark);
	claims(call, line, settings.annotations);
	repeats(line, &call->turn.before);
	mac_of(call, line);
	put_range(call, line);
	put_image(call, line);
	if (settings.syslog)
		to_syslog(call, refusal);
	written = common(call, line, &local) == 0 &&
		  (!settings.file || audit_append(settings.file, root, &local) == 0);
	if (ret_written)
		*ret_written = written;
	if (written || !settings.required)
		return 0;
	return hr_fail(err, HR_SYSTEM, "%s, and the policy says audit.required", local.msg);
}

static bool same_member(const struct json *a, const struct json *b, const char *key)
{
	a = json_get(a, key);
	b = json_get(b, key);
	return a && b ? json_same(a, b) : a == b;
}

/* The same was asked in the same place, and treated alike. Entries of exec have the paths of a
 * process document, without "process." in front. */
static bool was_at_create(const struct json *entry, const struct json *report)
{
	static const char *const same[] = {"action", "mode", "from", "control"};
	const char *path = json_string(entry, "path"), *other;

	json_each(old, report) {
		bool equal = (other = json_string(old, "path")) && text_starts(other, "process.") &&
			     strcmp(other + strlen("process."), path ? path : "") == 0;

		for (size_t i = 0; equal && i < hr_count(same); i++)
			equal = same_member(entry, old, same[i]);
		if (equal)
			return true;
	}
	return false;
}

static bool brings_nothing_new(const struct call *call)
{
	const struct json *report;

	if (!call->record || call->change.unwritten > 0)
		return false;
	report = json_get(json_root(call->record), "report");
	json_each(entry, call->change.report)
		if (!was_at_create(entry, report))
			return false;
	return true;
}

/* Engines give a probe /dev/null for its input; a shell that somebody types into is not the
 * same process each time, though its document is. */
static bool reads_nothing(void)
{
	struct stat st;

	return fstat(STDIN_FILENO, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

bool call_is_probe(const struct call *call)
{
	static const char *const usual[] = {"process", "detach", "pid-file", NULL};

	for (size_t i = 0; i < call->request->option_count; i++)
		if (!text_in(call->request->options[i].flag->name, usual))
			return false;
	return request_option(call->request, "process") && reads_nothing() &&
	       !json_true(json_root(call->document), "terminal") && brings_nothing_new(call);
}

bool call_audit_ended(const struct json *record, const struct tally *left)
{
	static const char *const kept[] = {"id",      "root",	 "bundle",  "handler",
					   "runtime", "profile", "identity"};
	json_auto struct json_doc *line = json_new("audit");
	const char *file = json_string(json_get(record, "audit"), "file");
	char now[AUDIT_TIME];

	if (!line)
		return false;
	if (!file)
		return true;
	put(line, json_root(line), "time", audit_now(now));
	put(line, json_root(line), "event", "ended");
	for (size_t i = 0; i < hr_count(kept); i++)
		if (json_get(record, kept[i]))
			json_put(line, json_root(line), kept[i],
				 json_clone(line, json_get(record, kept[i])));
	repeats(line, left);
	return audit_append(file, json_root(line), NULL) == 0;
}

static int add_audit(const struct call *call, struct json_doc *doc)
{
	struct policy_audit settings;
	struct json *audit = json_put(doc, json_root(doc), "audit", json_new_object(doc));

	policy_audit(call->policy, &settings);
	put(doc, audit, "file", settings.file);
	if (!json_put(doc, audit, "syslog", json_new_bool(doc, settings.syslog)) ||
	    !json_put(doc, audit, "required", json_new_bool(doc, settings.required)))
		return -1;
	return 0;
}

int call_record(const struct call *call, struct json_doc **ret, struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new("record");
	struct json *root;

	if (!doc)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	root = json_root(doc);
	if (common(call, doc, err) < 0)
		return -1;
	put(doc, root, "kind", runtime_kind_name(call->runtime.kind));
	put(doc, root, "level", call->level.name);
	if (!put_range(call, doc) || !put_image(call, doc))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (!json_put_int(doc, root, "bundle_dev", (int64_t)call->bundle_stat.st_dev) ||
	    !json_put_int(doc, root, "bundle_ino", (int64_t)call->bundle_stat.st_ino) ||
	    add_audit(call, doc) < 0 ||
	    !json_put(doc, root, "ceilings", json_clone(doc, call->change.ceilings)))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	*ret = hr_steal(doc);
	return 0;
}
