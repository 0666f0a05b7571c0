/* SPDX-License-Identifier: Apache-2.0 */
/* explain --id: what the kernel refused to the container, below its report. */
#include "command/explain.h"

#include "base/cleanup.h"
#include "command/kernel_join.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_REFUSALS 256 /* different ones that are listed */

/* Records that say the same. */
struct refusal {
	struct kernel_record record; /* the first */
	enum kernel_join_by by;
	uint64_t count;
};

struct explain_kernel {
	struct kernel_join *join;
	const char *id;
	bool lives, logs; /* logs: refused system calls are logged at all */
	int64_t since;
	const char *source;
	struct hr_error err;	       /* why the records could not be read */
	struct seccomp_filter *filter; /* the container's; NULL: not known */
	struct refusal all[MOST_REFUSALS];
	size_t len;
	uint64_t unlisted;
};

/* ---- collecting -------------------------------------------------------------------------- */

static bool same(const struct refusal *a, const struct kernel_record *b, enum kernel_join_by by)
{
	return a->by == by && a->record.kind == b->kind && a->record.call == b->call &&
	       a->record.arch == b->arch && a->record.code == b->code &&
	       strcmp(a->record.comm, b->comm) == 0 && strcmp(a->record.what, b->what) == 0;
}

static void count(struct explain_kernel *kernel, const struct kernel_record *record,
		  enum kernel_join_by by)
{
	for (size_t i = 0; i < kernel->len; i++)
		if (same(&kernel->all[i], record, by)) {
			kernel->all[i].count++;
			return;
		}
	if (kernel->len == MOST_REFUSALS)
		kernel->unlisted++;
	else
		kernel->all[kernel->len++] = (struct refusal){*record, by, 1};
}

static bool see(const struct kernel_record *record, void *data)
{
	struct explain_kernel *kernel = data;
	const struct json *found;
	enum kernel_join_by by;

	if (!record->refused || (record->seconds > 0 && record->seconds + 1 < kernel->since))
		return true;
	found = kernel_join_find(kernel->join, record, kernel->id, &by);
	if (!found || strcmp(json_string(found, "id"), kernel->id) == 0)
		count(kernel, record, by);
	return true;
}

/* What was refused most often comes first. */
static int compare(const void *a, const void *b)
{
	const struct refusal *one = a, *other = b;

	if ((one->by == KERNEL_JOIN_NONE) != (other->by == KERNEL_JOIN_NONE))
		return one->by == KERNEL_JOIN_NONE ? 1 : -1;
	return one->count < other->count ? 1 : one->count > other->count ? -1 : 0;
}

int explain_kernel_read(const struct json *record, const char *file, struct explain_kernel **ret,
			struct hr_error *err)
{
	struct explain_kernel *kernel = calloc(1, sizeof(*kernel));

	if (!kernel)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	*ret = kernel;
	kernel->id = json_string(record, "id");
	kernel->logs = json_true(record, "log");
	kernel->filter = kernel_join_filter(record);
	if (kernel_join_open(HR_STATEDIR, &kernel->join, err) < 0)
		return -1;
	kernel->since = kernel_join_since(kernel->join, kernel->id);
	kernel->lives = kernel_join_lives(kernel->join, kernel->id);
	if (!kernel->lives)
		return 0;
	kernel_records(file, see, kernel, &kernel->source, &kernel->err);
	qsort(kernel->all, kernel->len, sizeof(kernel->all[0]), compare);
	return 0;
}

void explain_kernel_free(struct explain_kernel *kernel)
{
	if (!kernel)
		return;
	kernel_join_free(kernel->join);
	seccomp_filter_free(kernel->filter);
	free(kernel);
}

/* ---- showing ----------------------------------------------------------------------------- */

/* A process may have chosen parts of it: printable ASCII and blanks stay. */
static void add_words(struct text *to, const char *words)
{
	for (const char *c = words; *c; c++) {
		if (*c >= ' ' && *c <= '~')
			text_add(to, c, 1);
		else
			text_addf(to, "\\x%02X", (unsigned char)*c);
	}
}

static void add_what(struct text *to, const struct kernel_record *record)
{
	char call[KERNEL_JOIN_CALL];

	add_words(to,
		  record->kind == KERNEL_SECCOMP ? kernel_join_call(record, call) : record->what);
}

static void show_one(const struct explain_kernel *kernel, const struct refusal *one,
		     struct text *to)
{
	text_auto struct text what = {0}, process = {0}, remedy = {0};
	char answer[KERNEL_JOIN_CALL];

	add_what(&what, &one->record);
	add_words(&process, one->record.comm);
	kernel_join_remedy(&one->record, kernel->filter, &remedy);
	text_addf(to, "  %5llu  %-28s %-8s %-16s%s%s", (unsigned long long)one->count,
		  what.data ? what.data : "",
		  kernel_join_errno(&one->record, kernel->filter, answer),
		  process.data ? process.data : "", remedy.data ? " " : "",
		  remedy.data ? remedy.data : "");
	while (to->len > 0 && to->data[to->len - 1] == ' ')
		to->data[--to->len] = '\0';
	text_adds(to, "\n");
	to->failed = to->failed || what.failed || process.failed || remedy.failed;
}

static void show_list(const struct explain_kernel *kernel, bool joined, const char *title,
		      struct text *to)
{
	bool any = false;

	for (size_t i = 0; i < kernel->len; i++) {
		if ((kernel->all[i].by != KERNEL_JOIN_NONE) != joined)
			continue;
		if (!any)
			text_addf(to, "\n%s\n  %5s  %-28s %-8s %-16s%s\n", title, "count", "what",
				  "answer", "process", kernel->filter ? " to allow it" : "");
		any = true;
		show_one(kernel, &kernel->all[i], to);
	}
}

static bool has_joined(const struct explain_kernel *kernel)
{
	return kernel->len > 0 && kernel->all[0].by != KERNEL_JOIN_NONE;
}

void explain_kernel_show(const struct explain_kernel *kernel, struct text *to)
{
	if (!kernel->lives) {
		text_adds(to, "\nIts processes are gone: what the kernel refused to them cannot be "
			      "told from what it refused to others.\n");
		return;
	}
	if (kernel->err.code != HR_OK) {
		text_addf(to, "\nThe kernel's records cannot be read: %s\n", kernel->err.msg);
		return;
	}
	show_list(kernel, true, "What the kernel refused to it", to);
	if (!has_joined(kernel))
		text_addf(to, "\nThe kernel logged no refusal to it (%s).\n", kernel->source);
	if (!kernel->logs)
		text_adds(to,
			  "System calls that its filter refuses are not logged: its profile does "
			  "not say \"seccomp\": {\"log\": true}, or its runtime cannot.\n");
	show_list(kernel, false,
		  "Refused to processes that are gone, of this or any other container", to);
	if (kernel->unlisted > 0)
		text_addf(to, "  and %llu more\n", (unsigned long long)kernel->unlisted);
}

static bool put_text(struct json_doc *doc, struct json *object, const char *key,
		     const struct text *text)
{
	return !text->failed && json_put_string(doc, object, key, text->data ? text->data : "");
}

static bool put_one(const struct explain_kernel *kernel, const struct refusal *one,
		    struct json_doc *doc, struct json *list)
{
	static const char *const kinds[KERNEL_RECORD_KINDS] = {
		[KERNEL_SECCOMP] = "seccomp",
		[KERNEL_APPARMOR] = "apparmor",
		[KERNEL_SELINUX] = "selinux",
	};
	static const char *const joins[KERNEL_JOINS] = {
		[KERNEL_JOIN_PROCESS] = "process",
		[KERNEL_JOIN_RANGE] = "range",
		[KERNEL_JOIN_LEVEL] = "level",
	};
	text_auto struct text what = {0}, process = {0}, exe = {0}, remedy = {0};
	struct json *object = json_append(list, json_new_object(doc));
	char answer[KERNEL_JOIN_CALL];

	add_what(&what, &one->record);
	add_words(&process, one->record.comm);
	add_words(&exe, one->record.exe);
	kernel_join_remedy(&one->record, kernel->filter, &remedy);
	return json_put_string(doc, object, "kind", kinds[one->record.kind]) &&
	       put_text(doc, object, "what", &what) &&
	       json_put_string(doc, object, "answer",
			       kernel_join_errno(&one->record, kernel->filter, answer)) &&
	       json_put_uint(doc, object, "count", one->count) &&
	       put_text(doc, object, "process", &process) && put_text(doc, object, "exe", &exe) &&
	       (!remedy.data || put_text(doc, object, "remedy", &remedy)) &&
	       (one->by == KERNEL_JOIN_NONE ||
		json_put_string(doc, object, "joined_by", joins[one->by]));
}

bool explain_kernel_put(const struct explain_kernel *kernel, struct json_doc *doc,
			struct json *object)
{
	struct json *joined, *others;
	bool good = true;

	joined = json_put(doc, object, "kernel", json_new_array(doc));
	others = json_put(doc, object, "kernel_not_joined", json_new_array(doc));
	for (size_t i = 0; good && i < kernel->len; i++)
		good = put_one(kernel, &kernel->all[i], doc,
			       kernel->all[i].by == KERNEL_JOIN_NONE ? others : joined);
	if (!good || !joined || !others)
		return false;
	if (!kernel->lives)
		return json_put_string(doc, object, "kernel_why_not", "its processes are gone");
	if (kernel->err.code != HR_OK)
		return json_put_string(doc, object, "kernel_why_not", kernel->err.msg);
	return json_put_string(doc, object, "kernel_source", kernel->source);
}
