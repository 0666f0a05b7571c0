/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/tally.h"

#include <stdlib.h>
#include <string.h>

static bool same(const struct watch_row *a, const struct watch_row *b)
{
	return a->runtime == b->runtime && !strcmp(a->what, b->what) &&
	       !strcmp(a->answer, b->answer) && !strcmp(a->process, b->process) &&
	       !strcmp(a->remedy, b->remedy);
}

/* Room for one more: the table grows by doubling, so that a short run needs little. */
static bool grow(struct watch_tally *tally)
{
	size_t room = tally->count ? tally->count * 2 : 16;
	struct watch_row *rows;

	if (tally->count & (tally->count - 1) || (tally->count && tally->count < 16))
		return true;
	rows = reallocarray(tally->rows, room, sizeof(*rows));
	if (rows)
		tally->rows = rows;
	return rows;
}

static struct watch_row *find(const struct watch_tally *tally, const struct watch_row *row)
{
	for (size_t i = 0; i < tally->count; i++)
		if (same(&tally->rows[i], row))
			return &tally->rows[i];
	return NULL;
}

static bool same_call(const struct watch_row *a, const struct watch_row *b)
{
	size_t len = strcspn(a->what, "(");

	return len == strcspn(b->what, "(") && !memcmp(a->what, b->what, len);
}

/*
 * A program that gives itself a thousand names, or a call a thousand arguments, must not hide
 * another call by them: what goes beyond its share is one row.
 */
static void cut_to_share(const struct watch_tally *tally, struct watch_row *row)
{
	size_t names = 0, calls = 0;

	for (size_t i = 0; i < tally->count; i++) {
		const struct watch_row *other = &tally->rows[i];

		calls += same_call(other, row);
		names += !strcmp(other->what, row->what) && !strcmp(other->answer, row->answer);
	}
	if (names < WATCH_NAMES && calls < WATCH_CALLS)
		return;
	memcpy(row->process, "others", sizeof("others"));
	if (calls < WATCH_CALLS || !strchr(row->what, '('))
		return;
	memcpy(strchr(row->what, '('), "(others)", sizeof("(others)"));
	row->remedy[0] = row->note[0] = '\0';
}

static struct watch_row *put(struct watch_tally *tally, const struct watch_row *row)
{
	if (tally->count == WATCH_ROWS || !grow(tally))
		return NULL;
	tally->rows[tally->count] = *row;
	tally->rows[tally->count].count = 0;
	return &tally->rows[tally->count++];
}

void watch_count(struct watch_tally *tally, const struct watch_row *row)
{
	struct watch_row *found = find(tally, row), cut = *row;

	if (!found) {
		cut_to_share(tally, &cut);
		found = find(tally, &cut);
	}
	if (!found)
		found = put(tally, &cut);
	if (found)
		found->count++;
	else
		tally->beyond++;
}

void watch_uncount(struct watch_tally *tally, const struct watch_row *row)
{
	struct watch_row *found = find(tally, row), cut = *row;

	if (!found) {
		cut_to_share(tally, &cut);
		found = find(tally, &cut);
	}
	if (!found)
		tally->beyond -= tally->beyond > 0;
	else if (--found->count == 0)
		*found = tally->rows[--tally->count];
}

static int before(const void *left, const void *right)
{
	const struct watch_row *a = left, *b = right;

	if (a->runtime != b->runtime)
		return a->runtime ? 1 : -1;
	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return strcmp(a->what, b->what);
}

void watch_sort(struct watch_tally *tally)
{
	if (tally->count)
		qsort(tally->rows, tally->count, sizeof(*tally->rows), before);
}

void watch_tally_free(struct watch_tally *tally)
{
	free(tally->rows);
	*tally = (struct watch_tally){0};
}
