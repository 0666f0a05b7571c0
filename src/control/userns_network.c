/* SPDX-License-Identifier: Apache-2.0 */
/* A mapped container in a network namespace that the host owns: what it cannot do there itself. */
#include "base/cleanup.h"
#include "base/text.h"
#include "control/userns.h"

#include <stdio.h>
#include <string.h>

static const struct json *network_entry(const struct json *document, size_t *ret_index)
{
	*ret_index = 0;
	json_each(entry, json_path(document, "linux.namespaces")) {
		const char *type = json_string(entry, "type");

		if (type && strcmp(type, "network") == 0)
			return entry;
		++*ret_index;
	}
	return NULL;
}

/* The flags of the sysfs mount, without the words for a file system. */
static struct json *sysfs_options(struct change *out, const struct json *mount)
{
	static const char *const always[] = {"bind", "ro", "nosuid", "nodev", "noexec", NULL};
	static const char *const kept[] = {"noatime", "relatime", NULL};
	struct json_doc *doc = change_doc(out);
	struct json *list = json_new_array(doc);

	for (size_t i = 0; always[i]; i++)
		json_append(list, json_new_string(doc, always[i]));
	for (size_t i = 0; kept[i]; i++)
		if (json_has_string(json_get(mount, "options"), kept[i]))
			json_append(list, json_new_string(doc, kept[i]));
	return list;
}

/* Only the owner of a network namespace may mount a sysfs of it. */
static void bind_sysfs(const struct control_in *in, struct change *out)
{
	struct json_doc *doc = change_doc(out);
	const struct reason reason =
		userns_because(in,
			       "the host owns the container's network namespace, and its sysfs is "
			       "mounted from there");
	char entry[CHANGE_PATH], path[CHANGE_PATH];
	size_t index = 0;

	json_each(mount, json_get(in->document, "mounts")) {
		const char *type = json_string(mount, "type");

		change_index_path("mounts", index++, entry);
		if (!type || strcmp(type, "sysfs") != 0)
			continue;
		change_set(out, change_key_path(entry, "options", path), sysfs_options(out, mount),
			   NULL, &reason);
		change_set(out, change_key_path(entry, "source", path),
			   json_new_string(doc, HOST_STAGE_SYSFS), NULL, &reason);
		change_set(out, change_key_path(entry, "type", path), json_new_string(doc, "bind"),
			   NULL, &reason);
	}
}

#define LONGEST_KEY 256 /* the control sysctls refuses longer ones */

/* As runtimes read it, '.' and '/' are the same. */
static const char *dotted(const char *key, char ret[LONGEST_KEY])
{
	snprintf(ret, LONGEST_KEY, "%s", key);
	for (char *slash = ret; (slash = strchr(slash, '/'));)
		*slash = '.';
	return ret;
}

static bool is_net(const char *key)
{
	return text_starts(key, "net.") || text_starts(key, "net/");
}

static bool has_setting(const struct json *settings, const char *key)
{
	char own[LONGEST_KEY];

	json_each(one, settings)
		if (strcmp(dotted(one->key, own), key) == 0)
			return true;
	return false;
}

static void set_setting(const struct control_in *in, struct change *out, const char *key,
			const char *value, const char *why)
{
	const struct json *settings = json_path(in->document, "linux.sysctl");
	const struct reason reason = userns_because(in, why);
	char path[CHANGE_PATH];

	if (!has_setting(settings, key))
		change_set(out, change_key_path("linux.sysctl", key, path),
			   json_new_string(change_doc(out), value), NULL, &reason);
}

/* What capabilities are for that count for nothing in it. */
static void add_settings(const struct control_in *in, struct change *out)
{
	char groups[32];

	snprintf(groups, sizeof(groups), "%u %u", in->userns->base,
		 in->userns->base + USERNS_SIZE - 1);
	set_setting(in, out, "net.ipv4.ip_unprivileged_port_start", "0",
		    "CAP_NET_BIND_SERVICE of a container counts for nothing in a network "
		    "namespace that the host owns");
	set_setting(in, out, "net.ipv4.ping_group_range", groups,
		    "CAP_NET_RAW of a container counts for nothing in a network namespace that "
		    "the host owns");
}

/* Those that the document has itself. */
static void note_settings(const struct control_in *in, struct change *out)
{
	struct json_doc *notes = change_notes(out);
	struct json *own = json_new_object(notes);
	hr_autofree char *text = NULL;
	size_t len;

	json_each(one, json_path(in->document, "linux.sysctl"))
		if (is_net(one->key) && one->type == JSON_STRING &&
		    !json_put_string(notes, own, one->key, one->text))
			out->failed = true;
	if (json_count(own) == 0)
		return;
	if (json_write(own, &text, &len, NULL) < 0)
		out->failed = true;
	else
		userns_note(in, out, HOST_SYSCTL_NOTE, text);
}

static void take_settings(const struct control_in *in, struct change *out)
{
	const struct json *settings = json_path(in->document, "linux.sysctl");
	const struct reason reason =
		userns_because(in, "written by hardrun itself: the runtime may not, in a network "
				   "namespace that the host owns");
	char path[CHANGE_PATH], key[LONGEST_KEY];

	for (const struct json *one = settings ? settings->first : NULL, *next; one; one = next) {
		next = one->next;
		if (!is_net(one->key) || one->type != JSON_STRING)
			continue;
		change_map_setting(out, dotted(one->key, key), one->text);
		change_drop(out, change_key_path("linux.sysctl", one->key, path), settings, one,
			    &reason);
	}
}

static void leave_network(const struct control_in *in, struct change *out,
			  const struct json *network, size_t index)
{
	const struct reason reason = userns_because(
		in, "hardrun enters it before it becomes the runtime (userns.pre_join)");
	char path[CHANGE_PATH];

	change_drop(out, change_index_path("linux.namespaces", index, path),
		    json_path(in->document, "linux.namespaces"), network, &reason);
}

/* Groups that may ping, as the runtime writes them from inside: those that are not mapped are no
 * groups there, and the kernel refuses the whole (Docker asks for 0 to 2147483647). */
static void fit_ping(const struct control_in *in, struct change *out)
{
	const struct reason reason =
		userns_because(in, "groups above 65535 are none in the container, and the kernel "
				   "refuses the setting");
	char path[CHANGE_PATH], key[LONGEST_KEY], value[32];

	json_each(one, json_path(in->document, "linux.sysctl")) {
		unsigned long first, last;
		char *end;

		if (one->type != JSON_STRING ||
		    strcmp(dotted(one->key, key), "net.ipv4.ping_group_range") != 0)
			continue;
		first = strtoul(one->text, &end, 10);
		last = strtoul(end, NULL, 10);
		if (first >= USERNS_SIZE || last < USERNS_SIZE)
			continue;
		snprintf(value, sizeof(value), "%lu %u", first, USERNS_SIZE - 1);
		change_set(out, change_key_path("linux.sysctl", one->key, path),
			   json_new_string(change_doc(out), value), NULL, &reason);
		return;
	}
}

const char *userns_network(const struct control_in *in, struct change *out)
{
	size_t index;
	const struct json *network = network_entry(in->document, &index);
	const char *path = json_string(network, "path");

	if (!in->plan->outside || !path) {
		fit_ping(in, out);
		return NULL;
	}
	bind_sysfs(in, out);
	note_settings(in, out);
	/* One of a process is another container's, which need not be mapped. */
	if (!in->userns->join && !text_starts(path, "/proc/"))
		add_settings(in, out);
	take_settings(in, out);
	if (in->plan->enter) {
		userns_note(in, out, HOST_NETWORK_NOTE, path);
		leave_network(in, out, network, index);
	}
	return path;
}
