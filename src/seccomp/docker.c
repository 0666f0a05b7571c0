/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What profile files of Docker and containers-common have on top of linux.seccomp: archMap
 * instead of architectures, and entries that count only with some capability, on some
 * architecture or from some kernel on. An engine resolves this before it writes
 * config.json; a file that a policy names is resolved here.
 */
#include "seccomp/oci.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "seccomp/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const top_keys[] = {
	"defaultAction", "defaultErrnoRet", "defaultErrno", "architectures",	"archMap",
	"flags",	 "syscalls",	    "listenerPath", "listenerMetadata", NULL};
static const char *const entry_keys[] = {"names", "name",    "action",	 "errnoRet", "errno",
					 "args",  "comment", "includes", "excludes", NULL};
static const char *const arg_keys[] = {"index", "value", "valueTwo", "op", NULL};
static const char *const filter_keys[] = {"caps", "arches", "minKernel", NULL};

static int known_keys(const struct json *object, const char *const *keys, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	json_each(member, object)
		if (!text_in(member->key, keys) && member->type != JSON_NULL)
			return oci_fail(member, err, "unknown key %s; remove it",
					text_shown_z(member->key, shown));
	return 0;
}

/* As Go calls them. */
static const char *go_arch(const char *arch)
{
	if (strcmp(arch, "x86_64") == 0)
		return "amd64";
	return strcmp(arch, "aarch64") == 0 ? "arm64" : arch;
}

int docker_check(const struct json *object, const struct seccomp_host *host, struct hr_error *err)
{
	const char *native = names_oci(names_arch(host->arch));
	const struct json *map = json_get(object, "archMap");
	const struct json *list = json_get(object, "architectures");

	if (known_keys(object, top_keys, err) < 0)
		return -1;
	if (json_count(map) > 0 && json_count(list) > 0)
		return oci_fail(list, err, "architectures beside archMap; keep one");
	if (json_count(map) == 0 && json_count(list) == 0)
		return 0;
	if (list && list->type == JSON_ARRAY && json_has_string(list, native))
		return 0;
	json_each(entry, map) {
		const char *name = json_string(entry, "architecture");

		if (name && strcmp(name, native) == 0)
			return 0;
	}
	return oci_fail(map ? map : list, err,
			"the list of architectures lacks %s, on which this runs; add it", native);
}

static int check_names(const struct json *list, bool (*good)(const char *), const char *what,
		       struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	if (list && list->type != JSON_ARRAY)
		return oci_fail(list, err, "this must be a list");
	json_each(name, list)
		if (name->type != JSON_STRING || !good(name->text))
			return oci_fail(name, err, "%s is %s",
					name->type == JSON_STRING ? text_shown_z(name->text, shown)
								  : "this",
					what);
	return 0;
}

static bool good_cap(const char *name)
{
	return text_starts(name, "CAP_");
}

static bool good_arch(const char *name)
{
	static const char *const arches[] = {"386",	 "amd64",  "arm",      "arm64",
					     "loong64",	 "mips",   "mips64",   "mips64n32",
					     "mips64le", "mipsel", "mipsel64", "mipsel64n32",
					     "mipsle",	 "ppc",	   "ppc64",    "ppc64le",
					     "riscv64",	 "s390",   "s390x",    "x32",
					     "x86",	 NULL};

	return text_in(name, arches);
}

/* As Docker has it: two numbers. */
static bool good_kernel(const char *release)
{
	size_t major = strspn(release, "0123456789");

	return major > 0 && release[major] == '.' &&
	       strspn(release + major + 1, "0123456789") == strlen(release + major + 1) &&
	       release[major + 1] != '\0';
}

static int check_condition(const struct json *condition, struct hr_error *err)
{
	const struct json *kernel = json_get(condition, "minKernel");

	if (condition && condition->type != JSON_OBJECT)
		return oci_fail(condition, err, "includes and excludes are objects");
	if (known_keys(condition, filter_keys, err) < 0 ||
	    check_names(json_get(condition, "caps"), good_cap,
			"no capability; write CAP_SYS_ADMIN, say", err) < 0 ||
	    check_names(json_get(condition, "arches"), good_arch,
			"no architecture as Docker calls them; write amd64, say", err) < 0)
		return -1;
	if (kernel && (kernel->type != JSON_STRING || !good_kernel(kernel->text)))
		return oci_fail(kernel, err, "minKernel needs two numbers; write \"4.8\", say");
	return 0;
}

static bool all_caps(const struct json *list, const struct seccomp_host *host)
{
	json_each(cap, list)
		if (cap->type != JSON_STRING || !json_has_string(host->capabilities, cap->text))
			return false;
	return true;
}

static bool any_cap(const struct json *list, const struct seccomp_host *host)
{
	json_each(cap, list)
		if (cap->type == JSON_STRING && json_has_string(host->capabilities, cap->text))
			return true;
	return false;
}

/* The first two numbers of "6.1.0-18-amd64" as one, to be compared. */
static unsigned long release_number(const char *release)
{
	char *end;
	unsigned long major, minor = 0;

	errno = 0;
	major = strtoul(release, &end, 10);
	if (*end == '.')
		minor = strtoul(end + 1, &end, 10);
	return errno != 0 || major > 1000 || minor > 999 ? 0 : major * 1000 + minor;
}

static bool old_enough(const char *wanted, const char *release)
{
	return release_number(wanted) > 0 && release_number(release) >= release_number(wanted);
}

static bool included(const struct json *includes, const struct seccomp_host *host)
{
	const struct json *arches = json_get(includes, "arches");
	const char *kernel = json_string(includes, "minKernel");

	if (json_count(arches) > 0 && !json_has_string(arches, go_arch(host->arch)))
		return false;
	if (kernel && !old_enough(kernel, host->kernel))
		return false;
	return all_caps(json_get(includes, "caps"), host);
}

static bool excluded(const struct json *excludes, const struct seccomp_host *host)
{
	const struct json *arches = json_get(excludes, "arches");
	const char *kernel = json_string(excludes, "minKernel");

	if (json_count(arches) > 0 && json_has_string(arches, go_arch(host->arch)))
		return true;
	if (kernel && old_enough(kernel, host->kernel))
		return true;
	return any_cap(json_get(excludes, "caps"), host);
}

/* A key in other letters would be taken for its own by Go and left out by us. */
static int check_arg(const struct json *arg, struct hr_error *err)
{
	if (arg->type != JSON_OBJECT)
		return oci_fail(arg, err, "args holds objects");
	if (known_keys(arg, arg_keys, err) < 0)
		return -1;
	for (size_t i = 0; arg_keys[i]; i++)
		if (!json_get(arg, arg_keys[i]) && strcmp(arg_keys[i], "valueTwo") != 0)
			return oci_fail(arg, err, "%s is missing", arg_keys[i]);
	return 0;
}

int docker_applies(const struct json *entry, const struct seccomp_host *host, struct hr_error *err)
{
	const struct json *includes = json_get(entry, "includes");
	const struct json *excludes = json_get(entry, "excludes");

	if (entry->type != JSON_OBJECT)
		return oci_fail(entry, err, "syscalls holds objects");
	if (json_get(entry, "name") && json_get(entry, "names"))
		return oci_fail(json_get(entry, "name"), err, "name beside names; keep one");
	if (known_keys(entry, entry_keys, err) < 0 || check_condition(includes, err) < 0 ||
	    check_condition(excludes, err) < 0)
		return -1;
	json_each(arg, json_get(entry, "args"))
		if (check_arg(arg, err) < 0)
			return -1;
	return included(includes, host) && !excluded(excludes, host);
}
