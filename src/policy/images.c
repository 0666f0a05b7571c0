/* SPDX-License-Identifier: Apache-2.0 */
/* What is required of images, as it is asked of hardrun-image. */
#include "base/cleanup.h"
#include "base/text.h"
#include "policy/policy_private.h"

#include <stdio.h>
#include <string.h>

#define ALL	  "*"
#define NAMES_MAX 256

const struct json *policy_images_section(const struct policy *policy)
{
	return policy ? policy->images : NULL;
}

bool policy_images_required(const struct policy *policy, const char *name)
{
	if (!name || name[0] == '\0' || strcmp(name, "none") == 0)
		return false;
	return strcmp(name, ALL) != 0 || policy_images_there(policy);
}

/* "; did you mean ..." */
static void hint(const struct json *section, const char *name, char *ret, size_t room)
{
	const char *names[NAMES_MAX + 1], *near;
	size_t count = 0;

	json_each(named, section)
		if (count < NAMES_MAX)
			names[count++] = named->key;
	names[count] = NULL;
	near = policy_nearest(name, names);
	if (near)
		snprintf(ret, room, "; did you mean \"%s\"?", near);
	else
		snprintf(ret, room, "; to require nothing, write \"\"");
}

int policy_images_check_name(const struct policy *policy, const struct json *at, const char *name,
			     struct hr_error *err)
{
	const struct json *section = policy_images_section(policy);
	char shown[TEXT_SHOWN_SIZE], what[TEXT_SHOWN_SIZE + 256], near[128];

	if (!name || name[0] == '\0' || strcmp(name, "none") == 0 || strcmp(name, ALL) == 0 ||
	    json_get(section, name))
		return 0;
	text_shown_z(name, shown);
	hint(section, name, near, sizeof(near));
	if (section)
		snprintf(what, sizeof(what), "images has no \"%s\"%s", shown, near);
	else
		snprintf(what, sizeof(what),
			 "\"%s\" is required, and the policy has no section images; add it", shown);
	return at ? policy_fail(at, err, "%s", what) : hr_fail(err, HR_POLICY, "%s", what);
}

/* Files of keys become their text. */
static int add_keys(const struct policy *policy, const struct json *keys, struct json_doc *doc,
		    struct json *entry, struct hr_error *err)
{
	struct json *list = json_new_array(doc);

	json_each(key, keys) {
		hr_autofree char *path = NULL, *pem = NULL;
		struct json *item;

		if (policy_key_read(policy, key, &path, &pem, err) < 0)
			return -1;
		item = json_append(list, json_new_object(doc));
		if (!json_put_string(doc, item, "name", path) ||
		    !json_put_string(doc, item, "pem", pem))
			return hr_fail(err, HR_SYSTEM, "out of memory");
	}
	return json_put(doc, entry, "keys", list) ? 0 : hr_fail(err, HR_SYSTEM, "out of memory");
}

static int add_entries(const struct policy *policy, const struct json *named, struct json_doc *doc,
		       struct json *list, struct hr_error *err)
{
	json_each(entry, named) {
		struct json *copy = json_append(list, json_clone(doc, entry));

		/* The policy may be gone before the request is. */
		json_forget_origin(copy);
		if (!copy)
			return hr_fail(err, HR_SYSTEM, "out of memory");
		if (add_keys(policy, json_get(entry, "keys"), doc, copy, err) < 0)
			return -1;
	}
	return 0;
}

int policy_images(const struct policy *policy, const char *name, struct json_doc *doc,
		  struct json **ret, struct hr_error *err)
{
	struct json *require, *list;

	if (policy_images_check_name(policy, NULL, name, err) < 0)
		return -1;
	if (!policy_images_required(policy, name)) {
		*ret = NULL;
		return 0;
	}
	require = json_new_object(doc);
	list = json_new_array(doc);
	if (!json_put_string(doc, require, "name", name) ||
	    !json_put(doc, require, "entries", list))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	json_each(named, policy->images)
		if ((strcmp(name, ALL) == 0 || strcmp(name, named->key) == 0) &&
		    add_entries(policy, named, doc, list, err) < 0)
			return -1;
	*ret = require;
	return 0;
}
