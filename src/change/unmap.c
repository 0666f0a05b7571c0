/* SPDX-License-Identifier: Apache-2.0 */
#include "change/unmap.h"

#include "host/host.h"
#include "json/edit.h"

#include <string.h>

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

static struct json *object_at(struct json *parent, const char *key, enum json_type type)
{
	struct json *child =
		parent && parent->type == JSON_OBJECT ? json_get_mut(parent, key) : NULL;

	return child && child->type == type ? child : NULL;
}

int change_unmap(struct json_doc *doc, struct hr_error *err)
{
	static const char *const mappings[] = {"uidMappings", "gidMappings", NULL};
	static const char *const notes[] = {HOST_ROOT_NOTE, NULL};
	struct json *root = object_at(json_root(doc), "root", JSON_OBJECT);
	struct json *linux_part = object_at(json_root(doc), "linux", JSON_OBJECT);
	struct json *mounts = object_at(json_root(doc), "mounts", JSON_ARRAY);
	struct json *annotations = object_at(json_root(doc), "annotations", JSON_OBJECT);
	const char *path = root ? json_string(root, "path") : NULL;
	const char *before = annotations ? json_string(annotations, HOST_ROOT_NOTE) : NULL;
	bool good;

	if (!path || strcmp(path, HOST_STAGE_ROOT) != 0 || !before)
		return 0;
	good = json_put_string(doc, root, "path", before);
	remove_members(annotations, notes);
	remove_members(linux_part, mappings);
	remove_user_namespace(object_at(linux_part, "namespaces", JSON_ARRAY));
	for (struct json *mount = mounts ? mounts->first : NULL; mount; mount = mount->next)
		good = good && (mount->type != JSON_OBJECT || restore_sysfs(doc, mount));
	return good ? 0 : hr_fail(err, HR_SYSTEM, "out of memory");
}
