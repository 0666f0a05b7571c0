/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A caller's linux.seccomp met with the default profile: the text of the result, judged rule
 * by rule, lets nothing through that the text of either refuses, and meeting it again
 * changes nothing.
 */
#include "fuzz.h"

#include "base/text.h"
#include "filter.h"
#include "json/edit.h"

#define POINTS 400

static const struct seccomp_host host = {.arch = "x86_64"};

static const struct json *ours_text(struct seccomp_filter **ret)
{
	static struct json_doc *doc;
	static struct seccomp_filter *filter;
	static struct json *object;

	if (!doc) {
		struct seccomp_source *source = NULL;
		struct hr_error err = {0};
		size_t len;
		const char *text = seccomp_builtin("default", &len);

		doc = json_new("default");
		must(doc && seccomp_parse("default", text, len, &source, &err) == 0);
		must(seccomp_lower(source, "x86_64", &filter, &err) == 0);
		must(seccomp_write(filter, "x86_64", doc, &object, &err) == 0);
		seccomp_source_free(source);
	}
	*ret = filter;
	return object;
}

static bool holds(const struct json *test, const uint64_t args[6])
{
	const char *op = json_string(test, "op");
	uint64_t index = 0, value = 0, two = 0, arg;

	json_uint(json_get(test, "index"), &index);
	json_uint(json_get(test, "value"), &value);
	json_uint(json_get(test, "valueTwo"), &two);
	arg = args[index];
	if (strcmp(op, "SCMP_CMP_EQ") == 0)
		return arg == value;
	if (strcmp(op, "SCMP_CMP_NE") == 0)
		return arg != value;
	if (strcmp(op, "SCMP_CMP_LT") == 0)
		return arg < value;
	if (strcmp(op, "SCMP_CMP_LE") == 0)
		return arg <= value;
	if (strcmp(op, "SCMP_CMP_GE") == 0)
		return arg >= value;
	if (strcmp(op, "SCMP_CMP_GT") == 0)
		return arg > value;
	return (arg & value) == (two & value);
}

static bool lets(const char *action)
{
	return strcmp(action, "SCMP_ACT_ALLOW") == 0 || strcmp(action, "SCMP_ACT_LOG") == 0;
}

/* By the strictest reading of the text: what any rule refuses is refused. */
static bool through(const struct json *object, const char *call, const uint64_t args[6])
{
	bool allowed = false, listed = false;

	json_each(entry, json_get(object, "syscalls")) {
		bool all = true;

		if (!json_has_string(json_get(entry, "names"), call))
			continue;
		json_each(test, json_get(entry, "args"))
			all &= holds(test, args);
		if (!all)
			continue;
		listed = true;
		if (!lets(json_string(entry, "action")))
			return false;
		allowed = true;
	}
	return listed ? allowed : lets(json_string(object, "defaultAction"));
}

/* Values at the edges of what any condition asks. */
static size_t edges(const struct json *object, const char *call, uint64_t values[], size_t count)
{
	json_each(entry, json_get(object, "syscalls")) {
		if (!json_has_string(json_get(entry, "names"), call))
			continue;
		json_each(test, json_get(entry, "args")) {
			uint64_t value = 0, two = 0;

			json_uint(json_get(test, "value"), &value);
			json_uint(json_get(test, "valueTwo"), &two);
			for (uint64_t d = 0; d < 3 && count + 2 <= POINTS; d++) {
				values[count++] = value + d - 1;
				values[count++] = two + d - 1;
			}
		}
	}
	return count;
}

static void compare(const struct json *ours, const struct json *callers, const struct json *both,
		    const char *call)
{
	uint64_t values[POINTS] = {0, 1, 2, UINT32_MAX, UINT64_MAX, (uint64_t)1 << 32};
	size_t count = edges(callers, call, values, edges(ours, call, values, 6));

	for (size_t i = 0; i < count; i++) {
		for (unsigned at = 0; at < 6; at++) {
			uint64_t args[6] = {values[(i + 1) % count], values[(i + 2) % count],
					    values[(i * 3) % count]};

			args[at] = values[i];
			if (through(both, call, args))
				must(through(ours, call, args) && through(callers, call, args));
		}
	}
}

static char *meet(const struct seccomp_filter *ours, const struct json *callers,
		  struct json_doc **ret_doc)
{
	seccomp_filter_auto struct seccomp_filter *theirs = NULL, *both = NULL;
	struct seccomp_meeting meeting;
	struct hr_error err = {0};
	struct json *object;
	size_t len;

	if (seccomp_read(callers, &host, &theirs, &err) < 0) {
		must_be_told(&err);
		return NULL;
	}
	must(seccomp_meet(ours, theirs, &both, &meeting, &err) == 0);
	*ret_doc = json_new("both");
	must(*ret_doc && seccomp_write(both, "x86_64", *ret_doc, &object, &err) == 0);
	json_put(*ret_doc, json_root(*ret_doc), "both", object);
	return must_write(object, &len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const calls[] = {"read",  "socket", "clone", "ioctl",
					    "prctl", "mknod",  "mount", "personality"};
	json_auto struct json_doc *doc = NULL, *first = NULL, *second = NULL;
	hr_autofree char *once = NULL, *twice = NULL;
	struct seccomp_filter *ours = NULL;
	const struct json *text = ours_text(&ours), *both;
	struct hr_error err = {0};

	if (json_parse("fuzz", (const char *)data, size, false, &doc, &err) < 0)
		return 0;
	once = meet(ours, json_root(doc), &first);
	if (!once)
		return 0;
	both = json_get(json_root(first), "both");
	for (size_t i = 0; i < hr_count(calls); i++)
		compare(text, json_root(doc), both, calls[i]);
	twice = meet(ours, both, &second);
	must(twice && strcmp(once, twice) == 0);
	return 0;
}
