/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings as JSON. What is read may come from anywhere: nothing in it is believed unseen. */
#include "base/cleanup.h"
#include "json/edit.h"
#include "seccomp/recording_data.h"

#include <string.h>

static const char *const texts[] = {"id",      "image",	  "namespace", "pod",	"container",
				    "profile", "runtime", "started",   "ended", NULL};

static bool put_values(struct json_doc *doc, struct json *entry, const struct recorded_call *call)
{
	struct json *asked = json_put(doc, entry, "asked", json_new_array(doc));
	struct json *values = json_put(doc, entry, "values", json_new_array(doc));
	bool good = asked && values;

	for (unsigned i = 0; i < SECCOMP_ARGS && good; i++)
		if (call->asked & (1U << i))
			good = json_append(asked, json_new_uint(doc, i)) != NULL;
	for (size_t v = 0; v < call->values_count && good; v++) {
		struct json *tuple = json_append(values, json_new_array(doc));

		for (unsigned i = 0; i < SECCOMP_ARGS && good; i++)
			if (call->asked & (1U << i))
				good = json_append(tuple,
						   json_new_uint(doc, call->values[v].args[i]));
	}
	return good && (!call->more || json_put(doc, entry, "more", json_new_bool(doc, true)));
}

static bool put_call(struct json_doc *doc, struct json *list, const struct recorded_call *call)
{
	struct json *entry = json_append(list, json_new_object(doc));
	struct json *by;

	if (!json_put_string(doc, entry, "call", call->name) ||
	    !json_put_uint(doc, entry, "count", call->count))
		return false;
	if (call->runtime && !json_put_uint(doc, entry, "runtime", call->runtime))
		return false;
	if (call->refused && !json_put_uint(doc, entry, "refused", call->refused))
		return false;
	if (call->asked && !put_values(doc, entry, call))
		return false;
	by = json_put(doc, entry, "by", json_new_array(doc));
	for (size_t i = 0; i < call->by_count; i++)
		if (!json_append(by, json_new_string(doc, call->by[i])))
			return false;
	return by != NULL;
}

static bool put_all(struct json_doc *doc, const struct recording *recording)
{
	struct json *root = json_root(doc), *calls;

	if (!json_put_int(doc, root, "version", RECORDING_VERSION) ||
	    !json_put_string(doc, root, "arch", recording->arch) ||
	    !json_put_string(doc, root, "base", recording->base) ||
	    !json_put(doc, root, "complete", json_new_bool(doc, recording->complete)))
		return false;
	for (size_t i = 0; i < recording->text_count; i++)
		if (text_in(recording->texts[i].key, texts) &&
		    !json_put_string(doc, root, recording->texts[i].key, recording->texts[i].text))
			return false;
	calls = json_put(doc, root, "calls", json_new_array(doc));
	for (const struct recorded_call *call = recording->first; call; call = call->next)
		if (!put_call(doc, calls, call))
			return false;
	return calls != NULL;
}

int recording_write(const struct recording *recording, struct text *ret, struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new("recording");
	hr_autofree char *bytes = NULL;
	size_t len;

	if (recording->failed || !doc || !put_all(doc, recording))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (json_write(json_root(doc), &bytes, &len, err) < 0)
		return -1;
	text_add(ret, bytes, len);
	return ret->failed ? hr_fail(err, HR_SYSTEM, "out of memory") : 0;
}

static int wrong(const struct json *at, const char *what, struct hr_error *err)
{
	unsigned line, column;

	json_where(at, &line, &column);
	return hr_fail(err, HR_POLICY, "%s:%u:%u: %s", json_name(at->doc), line, column, what);
}

static int read_number(const struct json *object, const char *key, uint64_t *ret,
		       struct hr_error *err)
{
	const struct json *value = json_get(object, key);

	*ret = 0;
	if (value && (!json_uint(value, ret) || *ret > INT64_MAX))
		return wrong(value, "a count is a whole number, not below 0", err);
	return 0;
}

static int read_asked(const struct json *entry, struct recorded_call *call, struct hr_error *err)
{
	unsigned last = 0;

	json_each(index, json_get(entry, "asked")) {
		uint64_t number;

		if (!json_uint(index, &number) || number >= SECCOMP_ARGS ||
		    (call->asked && number <= last))
			return wrong(index, "arguments are numbers from 0 to 5, in their order",
				     err);
		last = (unsigned)number;
		call->asked |= 1U << last;
	}
	return 0;
}

static int read_tuple(struct recording *recording, struct recorded_call *call,
		      const struct json *tuple, struct hr_error *err)
{
	const struct json *value = tuple->type == JSON_ARRAY ? tuple->first : NULL;
	uint64_t args[SECCOMP_ARGS] = {0};

	for (unsigned i = 0; i < SECCOMP_ARGS; i++) {
		if (!(call->asked & (1U << i)))
			continue;
		if (!value || !json_uint(value, &args[i]))
			return wrong(tuple, "a whole number for each of the arguments in asked",
				     err);
		value = value->next;
	}
	if (tuple->type != JSON_ARRAY || value)
		return wrong(tuple, "a whole number for each of the arguments in asked", err);
	recorded_add_values(recording, call, args);
	return 0;
}

static int read_values(struct recording *recording, struct recorded_call *call,
		       const struct json *entry, struct hr_error *err)
{
	const struct json *values = json_get(entry, "values");

	if (read_asked(entry, call, err) < 0)
		return -1;
	if (values && (values->type != JSON_ARRAY || !call->asked))
		return wrong(values, "a list of lists, with the arguments in asked", err);
	json_each(tuple, values)
		if (read_tuple(recording, call, tuple, err) < 0)
			return -1;
	call->more |= json_true(entry, "more");
	return 0;
}

static int read_call(struct recording *recording, const struct json *entry, struct hr_error *err)
{
	const char *name = json_string(entry, "call");
	const struct json *by = json_get(entry, "by");
	struct recorded_call *call;

	if (!name || !recording_good_name(name))
		return wrong(entry, "call is the name of a system call", err);
	if (recording_find(recording, name))
		return wrong(entry, "this call was there already", err);
	call = recording_call(recording, name);
	if (!call)
		return recording->failed ? hr_fail(err, HR_SYSTEM, "out of memory")
					 : wrong(entry, "too many calls", err);
	if (read_number(entry, "count", &call->count, err) < 0 ||
	    read_number(entry, "runtime", &call->runtime, err) < 0 ||
	    read_number(entry, "refused", &call->refused, err) < 0 ||
	    read_values(recording, call, entry, err) < 0)
		return -1;
	if (by && by->type != JSON_ARRAY)
		return wrong(by, "by is a list of names", err);
	json_each(one, by) {
		if (one->type != JSON_STRING)
			return wrong(one, "by is a list of names", err);
		recorded_add_by(call, one->text);
	}
	return 0;
}

/* The architecture in the library's own text, which lives as long as the program. */
static const char *arch_named(const char *name)
{
	static const char *const known[] = {"x86_64", "aarch64", "riscv64", "ppc64le", "s390x"};

	for (size_t i = 0; name && i < hr_count(known); i++)
		if (strcmp(name, known[i]) == 0)
			return known[i];
	return NULL;
}

static int read_head(const struct json *root, struct recording **ret, struct hr_error *err)
{
	const struct json *version = json_get(root, "version");
	const char *base = json_string(root, "base"), *arch = arch_named(json_string(root, "arch"));
	int64_t number;

	if (root->type != JSON_OBJECT || !version || !json_int(version, &number))
		return wrong(root, "no recording; it would begin with {\"version\":1", err);
	if (number != RECORDING_VERSION)
		return wrong(version, "a recording of another version of hardrun", err);
	if (!arch || !base || strlen(base) >= RECORDING_TEXT)
		return wrong(root, "a recording has arch (x86_64, aarch64, ...) and base", err);
	*ret = recording_new(base);
	if (!*ret)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	(*ret)->arch = arch;
	(*ret)->complete = json_true(root, "complete");
	for (size_t i = 0; texts[i]; i++)
		if (json_string(root, texts[i]))
			recording_say(*ret, texts[i], json_string(root, texts[i]));
	return 0;
}

int recording_read(const char *name, const char *text, size_t len, struct recording **ret,
		   struct hr_error *err)
{
	json_auto struct json_doc *doc = NULL;
	recording_auto struct recording *recording = NULL;
	const struct json *calls;

	if (json_parse(name, text, len, false, &doc, err) < 0) {
		if (err && err->code == HR_SPEC)
			err->code = HR_POLICY;
		return -1;
	}
	if (read_head(json_root(doc), &recording, err) < 0)
		return -1;
	calls = json_get(json_root(doc), "calls");
	if (!calls || calls->type != JSON_ARRAY)
		return wrong(json_root(doc), "a recording has a list of calls", err);
	json_each(entry, calls)
		if (read_call(recording, entry, err) < 0)
			return -1;
	if (recording->failed)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	*ret = hr_steal(recording);
	return 0;
}
