/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "control/table.h"

#include <stdio.h>
#include <string.h>

#define FIELD	    "linux.sysctl"
#define LONGEST_KEY 256
#define MOST_KEYS   1024 /* far more than the kernel has for a namespace */

static const struct control_option options[] = {
	{.name = "allow", .type = OPTION_STRINGS},
	{0},
};

/* The namespace that a setting belongs to; NULL for those of the whole host. */
static const char *namespace_of(const char *key)
{
	if (text_starts(key, "net."))
		return "network";
	if (text_starts(key, "kernel.shm") || text_starts(key, "kernel.msg") ||
	    strcmp(key, "kernel.sem") == 0 || text_starts(key, "fs.mqueue."))
		return "ipc";
	return NULL;
}

static int check(const struct policy *policy, const struct json *rules, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	(void)policy;
	json_each(pattern, json_get(rules, "allow"))
		if (!namespace_of(pattern->text))
			return control_policy_error(
				pattern, err,
				"sysctls.allow: \"%s\" is or holds settings of the whole host; "
				"there are net.*, kernel.shm*, kernel.msg*, kernel.sem and "
				"fs.mqueue.*",
				text_shown_z(pattern->text, shown));
	return 0;
}

/*
 * Runtimes turn every '.' into '/', so both stand for the same here, whichever came first.
 * False for what is no key: an empty word could be "..", and other bytes have led runtimes
 * astray (CVE-2022-0811: '+').
 */
static bool dotted(const char *key, char ret[LONGEST_KEY])
{
	size_t len = strlen(key);

	if (len == 0 || len >= LONGEST_KEY ||
	    strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-") !=
		    len)
		return false;
	memcpy(ret, key, len + 1);
	for (char *slash = ret; (slash = strchr(slash, '/'));)
		*slash = '.';
	return ret[0] != '.' && ret[len - 1] != '.' && !strstr(ret, "..");
}

/* Numbers with a blank or tab between them. */
static bool is_number(const char *value)
{
	static const char digits[] = "0123456789";
	size_t len;

	if (*value == '-')
		value++;
	while ((len = strspn(value, digits)) > 0) {
		value += len;
		if (*value == '\0')
			return true;
		if (*value != ' ' && *value != '\t')
			return false;
		value++;
	}
	return false;
}

/* The container would have the host's namespace of this type. */
static bool shares_host(const struct control_in *in, const char *type)
{
	json_each(entry, json_path(in->document, "linux.namespaces")) {
		const char *listed = json_string(entry, "type"), *path = json_string(entry, "path");

		if (!listed || strcmp(listed, type) != 0)
			continue;
		return path && path[0] && in->host->ns(in->host, type, path) != HOST_NS_OTHER;
	}
	return true;
}

/* Asked once for a document: the host remembers what it was asked. */
struct look {
	const struct control_in *in;
	struct change *out;
	const struct json *all;
	bool network, ipc; /* the host's */
};

static bool would_reach_host(const struct look *look, const char *key)
{
	return strcmp(namespace_of(key), "network") == 0 ? look->network : look->ipc;
}

static bool spelled_before(const struct json *all, const struct json *setting, const char *key)
{
	char other[LONGEST_KEY];

	json_each(earlier, all) {
		if (earlier == setting)
			return false;
		if (dotted(earlier->key, other) && strcmp(other, key) == 0)
			return true;
	}
	return false;
}

static bool allowed(const struct control_in *in, const char *key)
{
	json_each(pattern, json_get(in->rules, "allow"))
		if (text_match(pattern->text, key))
			return true;
	return false;
}

static void refuse(struct change *out, const char *path, const char *value, const char *why,
		   const char *remedy)
{
	change_refuse(out, path, value,
		      &(struct reason){.rule = "sysctls", .why = why, .remedy = remedy});
}

static void refuse_listed(const struct control_in *in, struct change *out, const char *path,
			  const char *value, const char *key)
{
	char remedy[CONTROL_LIST + 120], shown[TEXT_SHOWN_SIZE], all[CONTROL_LIST];
	bool own = namespace_of(key);

	snprintf(remedy, sizeof(remedy),
		 own ? "leave it out, or allow it in a profile: \"sysctls\": {\"allow\": %s}"
		     : "leave it out, and set %s on the host where it is needed",
		 own ? control_list_with(json_get(in->rules, "allow"), key, all)
		     : text_shown_z(key, shown));
	change_refuse(out, path, value,
		      &(struct reason){
			      .rule = "sysctls.allow",
			      .by = json_get(in->rules, "allow"),
			      .why = own ? "not among the settings that are known to be harmless"
					 : "belongs to no namespace: it would change the whole "
					   "host",
			      .remedy = remedy,
		      });
}

static void refuse_shared(struct change *out, const char *path, const char *value, const char *type)
{
	char why[96], remedy[96];

	snprintf(why, sizeof(why),
		 "in a %s namespace that is not the container's own it would change the host",
		 type);
	snprintf(remedy, sizeof(remedy), "ask for its own %s namespace, or leave it out", type);
	refuse(out, path, value, why, remedy);
}

static void judge(const struct look *look, const struct json *setting)
{
	struct change *out = look->out;
	char path[CHANGE_PATH], key[LONGEST_KEY];

	change_key_path(FIELD, setting->key, path);
	if (!dotted(setting->key, key))
		refuse(out, path, setting->text,
		       "not the name of a setting, and runtimes might find another file by it",
		       "write it as in net.ipv4.tcp_syncookies");
	else if (!allowed(look->in, key))
		refuse_listed(look->in, out, path, setting->text, key);
	else if (spelled_before(look->all, setting, key))
		refuse(out, path, setting->text,
		       "another spelling of a setting that is there, and either may be written "
		       "last",
		       "remove one");
	else if (would_reach_host(look, key))
		refuse_shared(out, path, setting->text, namespace_of(key));
	else if (!is_number(setting->text))
		refuse(out, path, setting->text, "not a number, nor numbers with a blank between",
		       "write the number as a string, such as \"1\"");
}

static void create(const struct control_in *in, struct change *out)
{
	struct look look = {.in = in, .out = out, .all = json_path(in->document, FIELD)};

	if (json_count(look.all) == 0)
		return;
	if (json_count(look.all) > MOST_KEYS) {
		refuse(out, FIELD, NULL, "more settings than a namespace has",
		       "leave out what is not needed");
		return;
	}
	look.network = shares_host(in, "network");
	look.ipc = shares_host(in, "ipc");
	json_each(setting, look.all)
		judge(&look, setting);
}

const struct control control_sysctls = {
	.name = "sysctls",
	.sentence = "Refuses kernel settings that are not listed, or that would be the host's.",
	.options = options,
	.check = check,
	.create = create,
};
