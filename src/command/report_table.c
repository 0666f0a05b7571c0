/* SPDX-License-Identifier: Apache-2.0 */
/* report: entries by key, as many as there is room for, and the order in which they are shown. */
#include "command/report.h"

#include "base/cleanup.h"

#include <search.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* An entry of `size` bytes, which begins with its key. */
static void *make(const char *key, size_t size)
{
	char **entry = calloc(1, size);

	if (!entry)
		return NULL;
	*entry = strdup(key);
	if (*entry)
		return entry;
	free(entry);
	return NULL;
}

void *report_table_get(struct report_table *table, const char *key, size_t size)
{
	void *found = tfind(&key, &table->tree, compare), *entry;
	void **grown;

	if (found)
		return *(void **)found;
	if (table->len >= table->most) {
		table->others++;
		return NULL;
	}
	grown = reallocarray(table->all, table->len + 1, sizeof(*grown));
	if (grown)
		table->all = grown;
	entry = grown ? make(key, size) : NULL;
	if (!entry) {
		table->failed = true;
		return NULL;
	}
	table->all[table->len++] = entry;
	if (!tsearch(entry, &table->tree, compare))
		table->failed = true;
	return entry;
}

static void nothing(void *entry)
{
	(void)entry;
}

void report_table_free(struct report_table *table)
{
	tdestroy(table->tree, nothing);
	for (size_t i = 0; i < table->len; i++) {
		free(*(char **)table->all[i]);
		free(table->all[i]);
	}
	free(table->all);
	*table = (struct report_table){0};
}

/* ---- order ---- */

static int by_count(const void *a, const void *b)
{
	const struct report_finding *x = *(const struct report_finding *const *)a,
				    *y = *(const struct report_finding *const *)b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return x->last != y->last ? (x->last < y->last ? 1 : -1) : strcmp(x->key, y->key);
}

const struct report_finding **report_sorted(const struct report *report, enum report_kind kind,
					    size_t *ret_len)
{
	const struct report_table *table = &report->findings;
	const struct report_finding **list = calloc(table->len + 1, sizeof(*list));

	*ret_len = 0;
	for (size_t i = 0; list && i < table->len; i++) {
		const struct report_finding *finding = table->all[i];

		if (finding->kind == kind && finding->count > 0)
			list[(*ret_len)++] = finding;
	}
	if (list)
		qsort(list, *ret_len, sizeof(*list), by_count);
	return list;
}

static int by_rows(const void *a, const void *b, void *data)
{
	const struct report_row *x = *(const struct report_row *const *)a,
				*y = *(const struct report_row *const *)b;
	enum report_count what = *(const enum report_count *)data;

	if (x->count[what] != y->count[what])
		return x->count[what] < y->count[what] ? 1 : -1;
	return strcmp(x->key, y->key);
}

const struct report_row **report_rows(const struct report_table *table, enum report_count what,
				      size_t *ret_len)
{
	const struct report_row **list = calloc(table->len + 1, sizeof(*list));

	*ret_len = 0;
	for (size_t i = 0; list && i < table->len; i++) {
		const struct report_row *row = table->all[i];

		if (row->count[what] > 0)
			list[(*ret_len)++] = row;
	}
	if (list)
		qsort_r(list, *ret_len, sizeof(*list), by_rows, &what);
	return list;
}
