/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp_profiles.h"

#include "load.h"
#include "seccomp/names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *const arches[5] = {"x86_64", "aarch64", "riscv64", "ppc64le", "s390x"};
const char *const profiles[2] = {"default", "restricted"};

struct seccomp_source *parsed(const char *text)
{
	struct seccomp_source *source = NULL;
	struct hr_error err = {0};

	cr_assert_eq(seccomp_parse("t", text, strlen(text), &source, &err), 0, "%s", err.msg);
	return source;
}

struct seccomp_source *builtin_source(const char *profile)
{
	size_t len;
	const char *text = seccomp_builtin(profile, &len);

	cr_assert_not_null(text, "%s", profile);
	return parsed(text);
}

static const struct json *compile(struct json_doc *doc, struct seccomp_source *source,
				  const char *arch)
{
	struct json *object = NULL;
	struct hr_error err = {0};

	cr_assert_eq(filter_compile(source, arch, doc, &object, &err), 0, "%s", err.msg);
	seccomp_source_free(source);
	return object;
}

const struct json *compiled(struct json_doc *doc, const char *text, const char *arch)
{
	return compile(doc, parsed(text), arch);
}

const struct json *builtin(struct json_doc *doc, const char *profile, const char *arch)
{
	return compile(doc, builtin_source(profile), arch);
}

struct json_doc *lists_file(const char *name)
{
	struct json_doc *doc;
	char dir[4096];

	snprintf(dir, sizeof(dir), "%s/tests/seccomp", load_srcdir());
	doc = load_json(dir, name);
	cr_assert_not_null(doc, "%s/%s", dir, name);
	return doc;
}

static int64_t integer(const struct json *object, const char *key)
{
	int64_t value = -1;

	json_int(json_get(object, key), &value);
	return value;
}

static bool holds(const struct json *entry, const uint64_t args[6])
{
	json_each(arg, json_get(entry, "args"))
		if ((args[integer(arg, "index")] & (uint64_t)integer(arg, "value")) !=
		    (uint64_t)integer(arg, "valueTwo"))
			return false;
	return true;
}

static int answer(const struct json *entry)
{
	return strcmp(json_string(entry, "action"), "SCMP_ACT_ALLOW") == 0
		       ? 0
		       : (int)integer(entry, "errnoRet");
}

int verdict(const struct json *object, const char *call, const uint64_t args[6])
{
	int found = ENOSYS;
	bool any = false;

	json_each(entry, json_get(object, "syscalls")) {
		if (!json_has_string(json_get(entry, "names"), call) || !holds(entry, args))
			continue;
		if (any && answer(entry) != found)
			return -1;
		found = answer(entry);
		any = true;
	}
	return found;
}

size_t rules_for(const struct json *object, const char *call)
{
	size_t count = 0;

	json_each(entry, json_get(object, "syscalls"))
		count += json_has_string(json_get(entry, "names"), call);
	return count;
}

bool reachable(const struct json *object, const char *call)
{
	json_each(entry, json_get(object, "syscalls"))
		if (answer(entry) == 0 && json_has_string(json_get(entry, "names"), call))
			return true;
	return false;
}

static void check_args(const struct json *args, struct text *wrong)
{
	int64_t last = -1;

	json_each(arg, args) {
		int64_t index = integer(arg, "index"), mask = integer(arg, "value");
		int64_t value = integer(arg, "valueTwo");
		const char *op = json_string(arg, "op");

		if (json_count(arg) != 4)
			text_adds(wrong, "argument with other members; ");
		if (index <= last || index > 5)
			text_adds(wrong, "arguments not ascending; ");
		if (mask <= 0 || mask > UINT32_MAX || (value & ~mask) != 0)
			text_adds(wrong, "mask or value out of range; ");
		if (!op || strcmp(op, "SCMP_CMP_MASKED_EQ") != 0)
			text_adds(wrong, "another comparison; ");
		last = index;
	}
}

/* Conditions that no arguments meet both. */
static bool exclude(const struct json *a, const struct json *b)
{
	json_each(left, json_get(a, "args"))
		json_each(right, json_get(b, "args"))
			if (integer(left, "index") == integer(right, "index") &&
			    ((integer(left, "valueTwo") ^ integer(right, "valueTwo")) &
			     integer(left, "value") & integer(right, "value")) != 0)
				return true;
	return false;
}

/* A call stands in one entry without conditions or in any number with them, and these
 * contradict one another for no arguments. */
static void check_name(const struct json *object, const struct json *entry, const char *name,
		       struct text *wrong)
{
	json_each(other, json_get(object, "syscalls")) {
		if (other == entry || !json_has_string(json_get(other, "names"), name))
			continue;
		if (!json_get(other, "args") || !json_get(entry, "args"))
			text_addf(wrong, "%s with and without conditions; ", name);
		else if (answer(other) != answer(entry) && !exclude(other, entry))
			text_addf(wrong, "%s answered in two ways; ", name);
	}
}

static void check_entry(const struct json *object, const struct json *entry, const char *arch,
			struct text *wrong)
{
	const struct json *args = json_get(entry, "args");
	int errno_value = answer(entry);

	if (errno_value < 0 || errno_value == ENOSYS)
		text_addf(wrong, "answer %d; ", errno_value);
	if (json_count(entry) != 2U + (errno_value != 0) + (args != NULL))
		text_adds(wrong, "entry with other members; ");
	if (args && (json_count(args) == 0 || json_count(json_get(entry, "names")) != 1))
		text_adds(wrong, "conditions for several calls; ");
	if (json_count(json_get(entry, "names")) == 0)
		text_adds(wrong, "no names; ");
	check_args(args, wrong);
	json_each(name, json_get(entry, "names")) {
		if (!names_on(name->text, names_arch(arch)))
			text_addf(wrong, "%s does not exist here; ", name->text);
		check_name(object, entry, name->text, wrong);
	}
}

void check_shape(const struct json *object, const char *arch, struct text *ret_wrong)
{
	const struct json *list = json_get(object, "architectures");

	if (json_count(object) != 5 || json_count(json_get(object, "flags")) != 0 ||
	    !json_get(object, "flags") || json_get(object, "flags")->type != JSON_ARRAY)
		text_adds(ret_wrong, "flags; ");
	if (strcmp(json_string(object, "defaultAction"), "SCMP_ACT_ERRNO") != 0 ||
	    integer(object, "defaultErrnoRet") != ENOSYS)
		text_adds(ret_wrong, "default; ");
	if (json_count(list) != 1 || !json_has_string(list, names_oci(names_arch(arch))))
		text_adds(ret_wrong, "architectures; ");
	json_each(entry, json_get(object, "syscalls"))
		check_entry(object, entry, arch, ret_wrong);
}
