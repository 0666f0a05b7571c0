/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/text.h"
#include "control/table.h"

#include <stdio.h>
#include <string.h>

#define ALLOWED_MAX 64 /* devices in a policy's list */
#define FULL	    "rwm"

static const struct control_option options[] = {
	{.name = "allow", .type = OPTION_STRINGS},
	{0},
};

/* A character device, and what may be done with it. */
struct device {
	int64_t major, minor;
	char access[4];
};

/* null zero full random urandom tty: the runtimes make these themselves. */
static const struct device six[] = {
	{1, 3, FULL}, {1, 5, FULL}, {1, 7, FULL}, {1, 8, FULL}, {1, 9, FULL}, {5, 0, FULL},
};
/* console and ptmx: what a rule lets be done with them is needed; nodes of them nobody asks for,
 * and c 5:1 is the host's own console under whatever path. */
static const struct device terminals[] = {{5, 1, FULL}, {5, 2, FULL}};

#define ANY_MINOR_MAJOR 136 /* /dev/pts/N of the container's own devpts */

struct allowed {
	struct device list[ALLOWED_MAX];
	size_t count;
};

/* "/dev/NAME" or "/dev/NAME:ACCESS"; false when it is neither. */
static bool read_entry(const char *entry, char path[PATH_MAX], char access[4])
{
	const char *colon = strrchr(entry, ':');
	size_t len = colon ? (size_t)(colon - entry) : strlen(entry);

	if (!text_starts(entry, "/dev/") || len <= strlen("/dev/") || len >= PATH_MAX ||
	    strstr(entry, "/../") || strstr(entry, "//"))
		return false;
	snprintf(path, PATH_MAX, "%.*s", (int)len, entry);
	strcpy(access, FULL);
	if (!colon)
		return !text_ends(path, "/") && !text_ends(path, "/..");
	if (colon[1] == '\0' || strlen(colon + 1) > strlen(FULL) ||
	    strspn(colon + 1, FULL) != strlen(colon + 1))
		return false;
	strcpy(access, colon + 1);
	return true;
}

static int check(const struct policy *policy, const struct json *rules, struct hr_error *err)
{
	const struct json *allow = json_get(rules, "allow");
	char path[PATH_MAX], access[4], shown[TEXT_SHOWN_SIZE];

	(void)policy;
	if (json_count(allow) > ALLOWED_MAX)
		return control_policy_error(allow, err, "devices.allow holds at most %d devices",
					    ALLOWED_MAX);
	json_each(entry, allow)
		if (!read_entry(entry->text, path, access))
			return control_policy_error(entry, err,
						    "devices.allow holds /dev/NAME and "
						    "/dev/NAME:ACCESS with letters of "
						    "rwm, not \"%s\"",
						    text_shown_z(entry->text, shown));
	return 0;
}

/* What the policy's list means on this host; block devices are never given. */
static void find_allowed(const struct control_in *in, struct allowed *ret)
{
	char path[PATH_MAX], type;
	uint32_t major, minor;

	ret->count = 0;
	json_each(entry, json_get(in->rules, "allow")) {
		struct device *device = &ret->list[ret->count];

		if (ret->count == ALLOWED_MAX || !read_entry(entry->text, path, device->access) ||
		    !in->host->device(in->host, path, &type, &major, &minor) || type != 'c')
			continue;
		device->major = major;
		device->minor = minor;
		ret->count++;
	}
}

static const struct device *find(const struct device *list, size_t count, int64_t major,
				 int64_t minor)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].major == major && list[i].minor == minor)
			return &list[i];
	return NULL;
}

/* ---- linux.devices: the nodes ---- */

static bool is_type(const struct json *device, const char *letters)
{
	const char *type = json_string(device, "type");

	return type && strlen(type) == 1 && strchr(letters, type[0]);
}

static bool node_fits(const struct allowed *allowed, const struct json *device)
{
	int64_t major = 0, minor = 0;

	json_int(json_get(device, "major"), &major);
	json_int(json_get(device, "minor"), &minor);
	return is_type(device, "p") || find(six, hr_count(six), major, minor) ||
	       find(allowed->list, allowed->count, major, minor);
}

/* Runtimes read files of the image, such as /etc/passwd, and wait for ever at a pipe. */
static bool is_stray_pipe(const struct json *device)
{
	const char *path = json_string(device, "path");

	return is_type(device, "p") && (!path || !text_starts(path, "/dev/") || text_goes_up(path));
}

static void judge_node(const struct control_in *in, struct change *out, const struct json *list,
		       const struct json *device, const char *path)
{
	const char *name = json_string(device, "path");
	char all[CONTROL_LIST], remedy[CONTROL_LIST + 128];
	struct reason reason = {
		.rule = "devices.allow",
		.by = json_get(in->rules, "allow"),
		.why = "a device of the host beside the six that every container has",
		.remedy = remedy,
	};

	snprintf(remedy, sizeof(remedy),
		 "to keep it, allow the host's own device in a profile: \"devices\": {\"allow\": "
		 "%s}",
		 control_list_with(json_get(in->rules, "allow"), name ? name : "/dev/NAME", all));
	if (is_type(device, "cu")) {
		change_drop(out, path, list, device, &reason);
		return;
	}
	reason.remedy = "remove it from the request; block devices cannot be allowed";
	if (is_stray_pipe(device)) {
		reason.why = "a pipe in place of a file of the image holds the runtime for ever";
		reason.remedy = "place the pipe below /dev";
	} else if (is_type(device, "b")) {
		reason.why = "a block device gives the container a disk of the host";
	} else {
		reason.why = "the type is none of c, u and p";
	}
	change_refuse(out, path, name, &reason);
}

static void judge_nodes(const struct control_in *in, struct change *out,
			const struct allowed *allowed)
{
	const struct json *list = json_path(in->document, "linux.devices");
	char path[CHANGE_PATH];
	size_t index = 0;

	json_each(device, list) {
		change_index_path("linux.devices", index++, path);
		if (!is_type(device, "cup") || !node_fits(allowed, device) || is_stray_pipe(device))
			judge_node(in, out, list, device, path);
	}
}

/* ---- linux.resources.devices: what the cgroup lets through ---- */

/* -1 and a missing number stand for all numbers. */
static bool is_any(const struct json *rule, const char *key)
{
	int64_t number;

	return !json_int(json_get(rule, key), &number) || number < 0;
}

static const char *access_of(const struct json *rule)
{
	const char *access = json_string(rule, "access");

	return access && access[0] ? access : FULL;
}

static bool is_deny_all(const struct json *rule)
{
	const char *type = json_string(rule, "type"), *access = access_of(rule);

	return !json_true(rule, "allow") && (!type || !type[0] || strcmp(type, "a") == 0) &&
	       is_any(rule, "major") && is_any(rule, "minor") && strchr(access, 'r') &&
	       strchr(access, 'w') && strchr(access, 'm');
}

/* The access that an allow rule may have; NULL for none. */
static const char *rule_access(const struct allowed *allowed, const struct json *rule)
{
	const struct device *device;
	int64_t major, minor;

	if (!is_type(rule, "c") || !json_int(json_get(rule, "major"), &major))
		return NULL;
	if (major == ANY_MINOR_MAJOR)
		return FULL;
	if (!json_int(json_get(rule, "minor"), &minor))
		return NULL;
	if (find(six, hr_count(six), major, minor) ||
	    find(terminals, hr_count(terminals), major, minor))
		return FULL;
	device = find(allowed->list, allowed->count, major, minor);
	return device ? device->access : NULL;
}

/* The rule with no letter of access beyond `most`; NULL when none is left. */
static struct json *cut_rule(struct json_doc *doc, const struct json *rule, const char *most)
{
	struct json *copy = json_clone(doc, rule);
	char access[8];
	size_t len = 0;

	if (!copy || (strspn(access_of(rule), most) == strlen(access_of(rule))))
		return copy;
	for (const char *at = most; *at; at++)
		if (strchr(access_of(rule), *at))
			access[len++] = *at;
	access[len] = '\0';
	if (len == 0)
		return NULL;
	json_put_string(doc, copy, "access", access);
	return copy;
}

/* A list that is the deny-all and nothing else. */
static struct json *deny_all(struct json_doc *doc)
{
	struct json *list = json_new_array(doc), *rule = json_append(list, json_new_object(doc));

	json_put(doc, rule, "allow", json_new_bool(doc, false));
	json_put_string(doc, rule, "access", FULL);
	return list;
}

static void judge_rules(const struct control_in *in, struct change *out,
			const struct allowed *allowed)
{
	struct json_doc *doc = change_doc(out);
	struct json *result = deny_all(doc);

	json_each(rule, json_path(in->document, "linux.resources.devices")) {
		const char *most = FULL;
		struct json *copy;

		/* It takes back every rule before it. */
		if (is_deny_all(rule)) {
			result = deny_all(doc);
			continue;
		}
		if (json_true(rule, "allow"))
			most = rule_access(allowed, rule);
		copy = most ? cut_rule(doc, rule, most) : NULL;
		if (copy)
			json_append(result, copy);
	}
	change_set(
		out, "linux.resources.devices", result, NULL,
		&(struct reason){
			.rule = "devices.allow",
			.by = json_get(in->rules, "allow"),
			.why = "without a deny-all in front, and with more than the devices that "
			       "every container has, the host's disks and memory can be opened",
			.remedy = "to open another, allow the host's device in a profile: "
				  "\"devices\": {\"allow\": [\"/dev/NAME\"]} beside the names that "
				  "are there",
		});
}

static void create(const struct control_in *in, struct change *out)
{
	struct allowed allowed;

	find_allowed(in, &allowed);
	judge_nodes(in, out, &allowed);
	judge_rules(in, out, &allowed);
	change_ceiling(out, json_new_object(change_notes(out)));
}

static void refuse_allowed(const struct json *devices, struct change *out)
{
	char path[CHANGE_PATH];
	size_t index = 0;

	json_each(device, devices) {
		change_index_path("devices", index++, path);
		if (!json_true(device, "allow"))
			continue;
		change_refuse(out, path, json_string(device, "type"),
			      &(struct reason){
				      .rule = "devices",
				      .why = "an update may not allow devices that create did not",
				      .remedy = "create the container anew with the device",
			      });
	}
}

static bool allows(const struct json *devices)
{
	json_each(device, devices)
		if (json_true(device, "allow"))
			return true;
	return false;
}

/* containerd repeats its deny-all in front of every update; crun would apply it and take
 * away the container's own /dev/null. */
static void update(const struct control_in *in, struct change *out)
{
	const struct json *devices = json_get(in->document, "devices");

	if (!devices)
		return;
	if (allows(devices))
		refuse_allowed(devices, out);
	else
		change_drop(out, "devices", in->document, devices,
			    &(struct reason){
				    .rule = "devices",
				    .why = "the devices stay as create set them",
			    });
}

const struct control control_devices = {
	.name = "devices",
	.sentence = "Keeps device nodes and the device cgroup to the devices that every container "
		    "has and the listed ones, and an update from allowing more.",
	.options = options,
	.check = check,
	.create = create,
	.update = update,
};
