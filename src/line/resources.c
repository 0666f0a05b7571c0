/* SPDX-License-Identifier: Apache-2.0 */
#include "line/resources.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum number {
	PLAIN,
	BYTES, /* runc takes units, crun does not */
};

static const struct flag {
	const char *name;
	enum number number;
	const char *object, *key; /* where controls look for it; NULL: they do not */
} flags[] = {
	{"pids-limit", PLAIN, "pids", "limit"},
	{"memory", BYTES, "memory", "limit"},
	{"kernel-memory", BYTES, "memory", "kernel"},
	{"kernel-memory-tcp", BYTES, "memory", "kernelTCP"},
	{"cpu-quota", PLAIN, "cpu", "quota"},
	{"cpu-rt-runtime", PLAIN, "cpu", "realtimeRuntime"},
	{"cpu-rt-period", PLAIN, "cpu", "realtimePeriod"},
	{"memory-reservation", BYTES, NULL, NULL},
	{"memory-swap", BYTES, NULL, NULL},
	{"blkio-weight", PLAIN, NULL, NULL},
	{"cpu-period", PLAIN, NULL, NULL},
	{"cpu-burst", PLAIN, NULL, NULL},
	{"cpu-share", PLAIN, NULL, NULL},
	{"cpu-idle", PLAIN, NULL, NULL},
};

/* A decimal number; without the leading zeros by which Go's ParseInt(s, 0) reads octal. */
static bool read_plain(const char *text, int64_t *ret)
{
	const char *digits = text + (text[0] == '-');
	char *end;

	if (digits[0] < '0' || digits[0] > '9' || (digits[0] == '0' && digits[1] != '\0'))
		return false;
	errno = 0;
	*ret = strtoll(text, &end, 10);
	return *end == '\0' && errno == 0;
}

/* "512k", "1.5 GiB", as the RAMInBytes of docker/go-units, which runc calls. */
static bool read_bytes(const char *text, int64_t *ret)
{
	static const char units[] = "kmgtp";
	double value;
	char *end;
	const char *unit;

	if (text[0] < '0' || text[0] > '9' || strspn(text, "0123456789.") == 0)
		return false;
	if (text[0] == '0' && (text[1] | 0x20) == 'x')
		return false;
	value = strtod(text, &end);
	if (end != text + strspn(text, "0123456789."))
		return false;
	end += *end == ' ';
	unit = *end ? strchr(units, *end | 0x20) : NULL;
	if (unit) {
		for (; unit >= units; unit--)
			value *= 1024;
		end++;
		end += (*end | 0x20) == 'i' && (end[1] | 0x20) == 'b';
	}
	end += (*end | 0x20) == 'b';
	if (*end != '\0' || value >= 9.2e18)
		return false;
	*ret = (int64_t)value;
	return true;
}

static int read_flag(const struct request *request, const struct flag *flag, int64_t *ret,
		     struct hr_error *err)
{
	const char *text = request_option(request, flag->name);
	char shown[TEXT_SHOWN_SIZE];

	if (read_plain(text, ret) ||
	    (flag->number == BYTES && request->kind == RUNTIME_RUNC && read_bytes(text, ret)))
		return 0;
	return hr_fail(err, HR_USAGE, "--%s \"%s\": must be a decimal number", flag->name,
		       text_shown_z(text, shown));
}

static int put_flag(struct json_doc *doc, const struct flag *flag, int64_t value)
{
	struct json *object = json_get_mut(json_root(doc), flag->object);

	if (!object)
		object = json_put(doc, json_root(doc), flag->object, json_new_object(doc));
	return object && json_put_int(doc, object, flag->key, value) ? 0 : -1;
}

int resources_from_flags(const struct request *request, struct json_doc **ret, struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new("resources");

	if (!doc)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	for (size_t i = 0; i < hr_count(flags); i++) {
		int64_t value;

		if (!request_option(request, flags[i].name))
			continue;
		if (read_flag(request, &flags[i], &value, err) < 0)
			return -1;
		if (flags[i].object && put_flag(doc, &flags[i], value) < 0)
			return hr_fail(err, HR_SYSTEM, "out of memory");
	}
	*ret = hr_steal(doc);
	return 0;
}

void resources_judge_rdt(const struct request *request, const struct json *ceiling,
			 struct change *out)
{
	static const char *const names[] = {"l3-cache-schema", "mem-bw-schema"};
	const char *mode = json_string(ceiling, "mode");
	char path[32];

	if (!ceiling || json_true(ceiling, "intel_rdt"))
		return;
	out->control = "extras";
	out->origin = json_string(ceiling, "origin");
	out->mode = mode ? change_mode_find(mode) : MODE_ENFORCE;
	for (size_t i = 0; i < hr_count(names); i++) {
		const char *value = request_option(request, names[i]);

		snprintf(path, sizeof(path), "--%s", names[i]);
		if (value)
			change_refuse(out, path, value,
				      &(struct reason){
					      .rule = "extras.intel_rdt",
					      .why = "takes cache and memory bandwidth from "
						     "everything else on the host",
					      .remedy =
						      "leave the flag out, or create the container "
						      "anew under a profile with \"extras\": "
						      "{\"intel_rdt\": true}",
				      });
	}
}

void resources_to_flags(const struct request *request, const struct json *resources,
			struct resources_flags *ret)
{
	size_t without = 0, extra = 0;

	*ret = (struct resources_flags){0};
	for (size_t i = 0; i < hr_count(flags) && flags[i].object; i++) {
		const struct json *value =
			json_get(json_get(resources, flags[i].object), flags[i].key);
		int64_t asked, left;

		if (request_option(request, flags[i].name) &&
		    read_flag(request, &flags[i], &asked, NULL) == 0 && json_int(value, &left) &&
		    asked == left)
			continue;
		ret->without[without++] = flags[i].name;
		if (!json_int(value, &left))
			continue;
		snprintf(ret->words[extra], RESOURCES_WORD, "--%s=%" PRId64, flags[i].name, left);
		ret->extra[extra] = ret->words[extra];
		extra++;
	}
}
