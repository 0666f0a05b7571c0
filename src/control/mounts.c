/* SPDX-License-Identifier: Apache-2.0 */
#include "control/mounts.h"

#include "base/text.h"
#include "control/table.h"

#include <stdlib.h>
#include <string.h>

#define MOST_MOUNTS   1024
#define MOST_MAPPINGS 340 /* user_namespaces(7) */

static const char *const keep_or_refuse[] = {"keep", "refuse", NULL};
static const char *const read_only_or_refuse[] = {"read-only", "refuse", NULL};

static const struct control_option options[] = {
	{.name = "types", .type = OPTION_STRINGS},
	{.name = "host_paths", .type = OPTION_OTHER},
	{.name = "other_host_paths", .type = OPTION_NAME, .values = read_only_or_refuse},
	{.name = "volumes", .type = OPTION_STRINGS},
	{.name = "service_account", .type = OPTION_NAME, .values = keep_or_refuse},
	{.name = "exec", .type = OPTION_STRINGS},
	{.name = "writable", .type = OPTION_STRINGS},
	{.name = "containerd_dirs", .type = OPTION_STRINGS},
	{.name = "docker_dirs", .type = OPTION_STRINGS},
	{.name = "kubelet_dirs", .type = OPTION_STRINGS},
	{.name = "podman_dirs", .type = OPTION_STRINGS},
	{.name = "deny", .type = OPTION_STRINGS},
	{0},
};

/* Lists that hold paths. */
static const char *const path_lists[] = {
	"exec", "containerd_dirs", "docker_dirs", "kubelet_dirs", "podman_dirs", "deny", NULL};
static const char *const entry_flags[] = {"read_only", "dev",	"suid",	 "exec",
					  "sockets",   "slave", "idmap", NULL};

/* --- Options ---------------------------------------------------------------------------- */

static bool is_plain_path(const char *path)
{
	char plain[PATH_MAX];

	if (path[0] != '/' || strlen(path) >= sizeof(plain) || strstr(path, "/../") ||
	    text_ends(path, "/.."))
		return false;
	text_plain_path(path, plain, sizeof(plain));
	return strcmp(plain, path) == 0;
}

static int check_paths(const struct json *rules, const char *name, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	json_each(path, json_get(rules, name))
		if (!is_plain_path(path->text))
			return control_policy_error(
				path, err,
				"mounts.%s holds absolute paths without \"..\", doubled slashes or "
				"a slash at the end, not \"%s\"",
				name, text_shown_z(path->text, shown));
	return 0;
}

static int check_flag(const struct json *member, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	if (strcmp(member->key, "path") == 0)
		return 0;
	if (!text_in(member->key, entry_flags))
		return control_policy_error(member, err,
					    "an entry of mounts.host_paths has no \"%s\"; it has: "
					    "path, read_only, dev, "
					    "suid, exec, sockets, slave, idmap",
					    text_shown_z(member->key, shown));
	if (member->type != JSON_BOOL)
		return control_policy_error(member, err, "%s must be true or false", member->key);
	return 0;
}

static int check_entry(const struct json *entry, struct hr_error *err)
{
	const char *path = entry->type == JSON_OBJECT ? json_string(entry, "path") : NULL;

	if (!path || !is_plain_path(path))
		return control_policy_error(
			entry, err,
			"mounts.host_paths holds objects like {\"path\": \"/srv/data\", "
			"\"read_only\": false}, with an absolute path without \"..\", doubled "
			"slashes or a slash at the end");
	json_each(member, entry)
		if (check_flag(member, err) < 0)
			return -1;
	return 0;
}

static int check(const struct policy *policy, const struct json *rules, struct hr_error *err)
{
	const struct json *entries = json_get(rules, "host_paths");

	(void)policy;
	for (size_t i = 0; path_lists[i]; i++)
		if (check_paths(rules, path_lists[i], err) < 0)
			return -1;
	json_each(kind, json_get(rules, "volumes"))
		if (text_starts(kind->text, "kubernetes.io~") || strchr(kind->text, '/'))
			return control_policy_error(
				kind, err,
				"mounts.volumes holds kinds such as \"nfs\", without "
				"\"kubernetes.io~\"");
	json_each(place, json_get(rules, "writable"))
		if (strcmp(place->text, "/sys") != 0 && strcmp(place->text, "/sys/fs/cgroup") != 0)
			return control_policy_error(
				place, err, "mounts.writable holds /sys and /sys/fs/cgroup only");
	if (entries && entries->type != JSON_ARRAY)
		return control_policy_error(entries, err, "mounts.host_paths must be a list");
	json_each(entry, entries)
		if (check_entry(entry, err) < 0)
			return -1;
	return 0;
}

/* --- Mounts ----------------------------------------------------------------------------- */

void mount_refuse(struct mount *mount, const char *key, const char *value,
		  const struct reason *reason)
{
	char entry[CHANGE_PATH], path[CHANGE_PATH];

	change_index_path("mounts", mount->index, entry);
	change_refuse(mount->out, change_key_path(entry, key, path), value, reason);
	mount->refused = true;
}

static const char *text_of(const struct json *mount, const char *key)
{
	const char *text = json_string(mount, key);

	return text ? text : "";
}

static bool maps_root(const struct json *list)
{
	json_each(range, list) {
		uint64_t host = 0, size = 0;

		json_uint(json_get(range, "hostID"), &host);
		json_uint(json_get(range, "size"), &size);
		if (host == 0 && size > 0)
			return true;
	}
	return false;
}

static bool overlap(const struct json *a, const struct json *b, const char *key)
{
	uint64_t first = 0, second = 0, first_size = 0, second_size = 0;

	json_uint(json_get(a, key), &first);
	json_uint(json_get(a, "size"), &first_size);
	json_uint(json_get(b, key), &second);
	json_uint(json_get(b, "size"), &second_size);
	return first < second + second_size && second < first + first_size;
}

static bool overlaps(const struct json *list)
{
	json_each(a, list)
		for (const struct json *b = a->next; b; b = b->next) {
			if (overlap(a, b, "hostID") || overlap(a, b, "containerID"))
				return true;
		}
	return false;
}

static void judge_mapping(struct mount *mount, const char *key)
{
	const struct json *list = json_get(mount->json, key);

	if (json_count(list) > MOST_MAPPINGS)
		mount_refuse(mount, key, NULL,
			     &(struct reason){
				     .rule = "mounts",
				     .why = "more entries than the 340 that the kernel takes",
				     .remedy = "map larger ranges",
			     });
	else if (maps_root(list) || overlaps(list))
		mount_refuse(mount, key, NULL,
			     &(struct reason){
				     .rule = "mounts",
				     .why = maps_root(list)
						    ? "the container would write the host's files "
						      "as the host's root"
						    : "two ranges overlap",
				     .remedy = "map to ids that nothing else uses",
			     });
}

/* The source of what is no bind mount is a mere name, but not one of ours. */
static void judge_name(struct mount *mount)
{
	if (host_unstaged(mount->source) != mount->source)
		mount_refuse(mount, "source", mount->source,
			     &(struct reason){
				     .rule = "mounts",
				     .why = "a name that stands for paths of the host",
				     .remedy = "name it after its type",
			     });
}

/* What is known of the mounts so far. */
struct so_far {
	size_t index, staged;
	char **places; /* destinations of the mounts up to index, in their plain form */
	bool slave;    /* an accepted one is a slave of the host's */
};

static void judge(const struct control_in *in, struct change *out, const struct json *json,
		  struct so_far *so_far)
{
	struct mount mount = {
		.in = in,
		.out = out,
		.json = json,
		.index = so_far->index++,
		.number = so_far->staged,
		.places = so_far->places,
		.destination = text_of(json, "destination"),
		.type = text_of(json, "type"),
		.source = text_of(json, "source"),
	};

	mount_read_words(&mount);
	text_plain_path(mount.destination, mount.place, sizeof(mount.place));
	so_far->places[mount.index] = strdup(mount.place);
	mount_judge_place(&mount);
	judge_mapping(&mount, "uidMappings");
	judge_mapping(&mount, "gidMappings");
	if (!mount_is_bind(&mount)) {
		mount_judge_slave(&mount);
		judge_name(&mount);
	} else if (!mount.refused)
		mount_judge_source(&mount);
	if (mount.refused)
		return;
	mount_write_words(&mount);
	so_far->staged += mount.staged;
	so_far->slave |= (mount.flags & MOUNT_SLAVE) != 0;
}

/* Without one runc makes the whole tree a slave of the host's, and without pivot_root(2) it
 * takes nothing less (rootfs_linux.go, prepareRoot). */
static void set_propagation(const struct control_in *in, struct change *out, bool slave)
{
	const char *asked = json_string(json_get(in->document, "linux"), "rootfsPropagation");
	bool kept = in->no_pivot || (slave && asked &&
				     (strcmp(asked, "slave") == 0 || strcmp(asked, "rslave") == 0));

	change_set(out, "linux.rootfsPropagation",
		   json_new_string(change_doc(out), kept ? "rslave" : "rprivate"), NULL,
		   &(struct reason){
			   .rule = "mounts",
			   .why = "mounts of the host would appear in the container, or its own on "
				  "the host",
			   .remedy = "nothing to do, but where a mount is to follow the host's: "
				     "\"mounts\": {\"host_paths\": [{\"path\": \"...\", \"slave\": "
				     "true}]}",
		   });
}

static void create(const struct control_in *in, struct change *out)
{
	const struct json *list = json_get(in->document, "mounts");
	struct so_far so_far = {0};

	if (json_count(list) > MOST_MOUNTS) {
		change_refuse(out, "mounts", NULL,
			      &(struct reason){
				      .rule = "mounts",
				      .why = "more mounts than can be checked",
				      .remedy = "mount directories that hold the files",
			      });
		return;
	}
	so_far.places = calloc(json_count(list) + 1, sizeof(*so_far.places));
	if (!so_far.places) {
		out->failed = true;
		return;
	}
	json_each(mount, list)
		judge(in, out, mount, &so_far);
	for (size_t i = 0; i < so_far.index; i++)
		free(so_far.places[i]);
	free(so_far.places);
	set_propagation(in, out, so_far.slave);
}

const struct control control_mounts = {
	.name = "mounts",
	.sentence = "Keeps mounts to known types, places and options, and the host's files out, "
		    "whatever they are called.",
	.options = options,
	.check = check,
	.create = create,
};
