/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "control/table.h"

#include <stdio.h>
#include <string.h>

static const struct control_option options[] = {
	{.name = "readonly", .type = OPTION_BOOL},
	{.name = "tmpfs", .type = OPTION_STRINGS},
	{0},
};

/* Runtimes mount over these and write below them as root of the host: a symbolic link
 * there leads them elsewhere (CVE-2025-31133, CVE-2025-52881). */
static const char *const mount_points[] = {"dev", "proc", "sys", NULL};

/* True if it may be a root at all: only then its entries say anything. */
static bool judge_root(const struct control_in *in, struct change *out, const char *path)
{
	const char *why = path && path[0] ? in->host->root_wrong(in->host, path) : "missing";

	if (why)
		change_refuse(
			out, "root.path", path,
			&(struct reason){
				.rule = "rootfs",
				.why = why,
				.remedy = "name a directory that holds the image and nothing of "
					  "the host",
			});
	return !why;
}

static void judge_entry(const struct control_in *in, struct change *out, const char *path,
			const char *name)
{
	char why[160];

	if (in->host->root_entry(in->host, path, name) != HOST_ENTRY_OTHER)
		return;
	snprintf(why, sizeof(why),
		 "/%s of the image is a symbolic link or a file, where the runtime would follow it "
		 "on the host",
		 name);
	change_refuse(out, "root.path", path,
		      &(struct reason){
			      .rule = "rootfs",
			      .why = why,
			      .remedy = "build the image with a real directory there, or none",
		      });
}

/* Where a mount lands, through the links of the image: /var/run is /run in most. */
static const char *lands_at(const struct control_in *in, const struct json *mount,
			    char ret[PATH_MAX])
{
	const char *root = json_string(json_get(in->document, "root"), "path");
	const char *destination = json_string(mount, "destination");
	char plain[PATH_MAX];

	text_plain_path(destination ? destination : "", plain, sizeof(plain));
	if (!root || !in->host->root_resolve(in->host, root, plain, ret))
		snprintf(ret, PATH_MAX, "%s", plain);
	return ret;
}

/* False when a mount is at `place` already; otherwise the first one below it, or NULL: what is
 * mounted later would hide it. */
static bool place_is_free(const struct control_in *in, const char *place,
			  const struct json **ret_below)
{
	size_t len = strlen(place);
	char at[PATH_MAX];

	*ret_below = NULL;
	json_each(mount, json_get(in->document, "mounts")) {
		lands_at(in, mount, at);
		if (strcmp(at, place) == 0)
			return false;
		if (!*ret_below && strncmp(at, place, len) == 0 && at[len] == '/')
			*ret_below = mount;
	}
	return true;
}

/* As large as the memory limit lets it be; with the image's own files and mode where both
 * runtimes know tmpcopyup. */
static void add_tmpfs(const struct control_in *in, struct change *out, const char *place,
		      const struct json *before)
{
	static const char *const flags[] = {"nosuid",	 "nodev",     "noexec",
					    "tmpcopyup", "mode=1777", NULL};
	struct json_doc *doc = change_doc(out);
	struct json *mount = json_new_object(doc);
	struct json *list;

	json_put_string(doc, mount, "destination", place);
	json_put_string(doc, mount, "type", "tmpfs");
	json_put_string(doc, mount, "source", "tmpfs");
	list = json_put(doc, mount, "options", json_new_array(doc));
	for (size_t i = 0; flags[i]; i++)
		json_append(list, json_new_string(doc, flags[i]));
	change_insert(out, "mounts", before, mount,
		      &(struct reason){
			      .rule = "rootfs.tmpfs",
			      .by = json_get(in->rules, "tmpfs"),
			      .why = "the root is read-only, and programs want to write there",
		      });
}

static int check(const struct policy *policy, const struct json *rules, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE], plain[PATH_MAX];

	(void)policy;
	json_each(place, json_get(rules, "tmpfs")) {
		text_plain_path(place->text, plain, sizeof(plain));
		if (place->text[0] != '/' || strcmp(plain, place->text) != 0 ||
		    strcmp(plain, "/") == 0)
			return control_policy_error(
				place, err, "rootfs.tmpfs holds plain absolute paths, not \"%s\"",
				text_shown_z(place->text, shown));
	}
	return 0;
}

static void create(const struct control_in *in, struct change *out)
{
	const char *path = json_string(json_get(in->document, "root"), "path");
	const struct json *below;

	if (json_true(in->rules, "readonly")) {
		change_set(out, "root.readonly", json_new_bool(change_doc(out), true), NULL,
			   &(struct reason){
				   .rule = "rootfs.readonly",
				   .by = json_get(in->rules, "readonly"),
				   .why = "what is written into the image stays there and may be "
					  "run",
				   .remedy = "write to a volume, or use a profile without "
					     "\"rootfs\": {\"readonly\": true}",
			   });
		json_each(place, json_get(in->rules, "tmpfs"))
			if (place_is_free(in, place->text, &below))
				add_tmpfs(in, out, place->text, below);
	}
	if (!judge_root(in, out, path))
		return;
	for (size_t i = 0; mount_points[i]; i++)
		judge_entry(in, out, path, mount_points[i]);
}

const struct control control_rootfs = {
	.name = "rootfs",
	.sentence =
		"Refuses a root that is part of the host's own tree, and images whose /dev, /proc "
		"or /sys is not a directory; makes the root read-only where the profile says so.",
	.options = options,
	.check = check,
	.create = create,
};
