/* SPDX-License-Identifier: Apache-2.0 */
#include "change/unmap.h"

#include "host/host.h"
#include "json/edit.h"

#include <string.h>

static struct json *object_at(struct json *parent, const char *key, enum json_type type)
{
	struct json *child =
		parent && parent->type == JSON_OBJECT ? json_get_mut(parent, key) : NULL;

	return child && child->type == type ? child : NULL;
}

static void remove_members(struct json *object, const char *const keys[])
{
	for (size_t i = 0; keys[i]; i++) {
		const struct json *member = object ? json_get(object, keys[i]) : NULL;

		if (member)
			json_remove(object, member);
	}
}

static void remove_user_namespace(struct json *list)
{
	for (struct json *entry = list ? list->first : NULL, *next; entry; entry = next) {
		const char *type = json_string(entry, "type");

		next = entry->next;
		if (type && strcmp(type, "user") == 0)
			json_remove(list, entry);
	}
}

static bool restore_sysfs(struct json_doc *doc, struct json *mount)
{
	const char *source = json_string(mount, "source");
	struct json *options = json_get_mut(mount, "options");

	if (!source || strcmp(source, HOST_STAGE_SYSFS) != 0)
		return true;
	for (struct json *option = options ? options->first : NULL, *next; option; option = next) {
		next = option->next;
		if (option->type == JSON_STRING && strcmp(option->text, "bind") == 0)
			json_remove(options, option);
	}
	return json_put_string(doc, mount, "type", "sysfs") &&
	       json_put_string(doc, mount, "source", "sysfs");
}

/* An object of the document, made where it is missing. */
static struct json *object_in(struct json_doc *doc, struct json *parent, const char *key,
			      enum json_type type)
{
	struct json *child = object_at(parent, key, type);

	if (child || json_get(parent, key))
		return child;
	return json_put(doc, parent, key,
			type == JSON_ARRAY ? json_new_array(doc) : json_new_object(doc));
}

static bool restore_settings(struct json_doc *doc, const char *note)
{
	json_auto struct json_doc *kept = NULL;
	struct json *parent = object_in(doc, json_root(doc), "linux", JSON_OBJECT);
	struct json *settings = object_in(doc, parent, "sysctl", JSON_OBJECT);

	if (!settings || json_parse(HOST_SYSCTL_NOTE, note, strlen(note), false, &kept, NULL) < 0)
		return false;
	json_each(one, json_root(kept))
		if (one->type == JSON_STRING && !json_get(settings, one->key) &&
		    !json_put_string(doc, settings, one->key, one->text))
			return false;
	return true;
}

static bool restore_network(struct json_doc *doc, const char *path)
{
	struct json *parent = object_in(doc, json_root(doc), "linux", JSON_OBJECT);
	struct json *list = object_in(doc, parent, "namespaces", JSON_ARRAY);
	struct json *entry = json_append(list, json_new_object(doc));

	return json_put_string(doc, entry, "type", "network") &&
	       json_put_string(doc, entry, "path", path);
}

#define RANGE 65536 /* ids are given in ranges of so many */

static bool is_our_mapping(const struct json *list)
{
	const struct json *entry = list ? list->first : NULL;
	uint64_t inside, outside, size;

	return json_count(list) == 1 && json_uint(json_get(entry, "containerID"), &inside) &&
	       json_uint(json_get(entry, "hostID"), &outside) &&
	       json_uint(json_get(entry, "size"), &size) && inside == 0 && outside != 0 &&
	       outside % RANGE == 0 && size == RANGE;
}

/* What is taken away is what we have written, and nobody else's wish. */
static bool is_ours(const struct json *linux_part)
{
	json_each(entry, json_get(linux_part, "namespaces")) {
		const char *type = json_string(entry, "type"), *path = json_string(entry, "path");

		if (!type || strcmp(type, "user") != 0)
			continue;
		return path ? strncmp(path, "/proc/", strlen("/proc/")) == 0
			    : is_our_mapping(json_get(linux_part, "uidMappings")) &&
				       is_our_mapping(json_get(linux_part, "gidMappings"));
	}
	return false;
}

int change_unmap(struct json_doc *doc, bool *ret_was, struct hr_error *err)
{
	static const char *const mappings[] = {"uidMappings", "gidMappings", NULL};
	static const char *const notes[] = {HOST_ROOT_NOTE, HOST_SYSCTL_NOTE, HOST_NETWORK_NOTE,
					    NULL};
	struct json *root = object_at(json_root(doc), "root", JSON_OBJECT);
	struct json *linux_part = object_at(json_root(doc), "linux", JSON_OBJECT);
	struct json *mounts = object_at(json_root(doc), "mounts", JSON_ARRAY);
	struct json *annotations = object_at(json_root(doc), "annotations", JSON_OBJECT);
	const char *path = root ? json_string(root, "path") : NULL;
	const char *before = json_string(annotations, HOST_ROOT_NOTE);
	const char *settings = json_string(annotations, HOST_SYSCTL_NOTE);
	const char *network = json_string(annotations, HOST_NETWORK_NOTE);
	bool good;

	if (ret_was)
		*ret_was = false;
	if (!path || strcmp(path, HOST_STAGE_ROOT) != 0 || !before)
		return 0;
	if (ret_was)
		*ret_was = true;
	good = is_ours(linux_part) && json_put_string(doc, root, "path", before) &&
	       (!settings || restore_settings(doc, settings)) &&
	       (!network || restore_network(doc, network));
	remove_members(annotations, notes);
	remove_members(linux_part, mappings);
	remove_user_namespace(object_at(linux_part, "namespaces", JSON_ARRAY));
	for (struct json *mount = mounts ? mounts->first : NULL; mount; mount = mount->next)
		good = good && (mount->type != JSON_OBJECT || restore_sysfs(doc, mount));
	return good ? 0
		    : hr_fail(err, HR_SPEC,
			      "what hardrun took out of it for a user namespace cannot be put "
			      "back: see its annotations hardrun.*; make the bundle anew");
}
