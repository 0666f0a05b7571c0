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

void watch_count(struct watch_tally *tally, const struct watch_row *row)
{
	for (size_t i = 0; i < tally->count; i++) {
		if (same(&tally->rows[i], row)) {
			tally->rows[i].count++;
			return;
		}
	}
	if (tally->count == WATCH_ROWS || !grow(tally)) {
		tally->beyond++;
		return;
	}
	tally->rows[tally->count] = *row;
	tally->rows[tally->count].count = 1;
	tally->count++;
}

void watch_uncount(struct watch_tally *tally, const struct watch_row *row)
{
	for (size_t i = 0; i < tally->count; i++) {
		if (!same(&tally->rows[i], row))
			continue;
		if (--tally->rows[i].count == 0)
			tally->rows[i] = tally->rows[--tally->count];
		return;
	}
	tally->beyond -= tally->beyond > 0;
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
