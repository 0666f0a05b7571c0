/* SPDX-License-Identifier: Apache-2.0 */
#include "command/try.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define MOST_ROWS  200 /* of each part; the rest is counted */
#define WIDTH_CALL 40
#define WIDTH_PATH 36

/* Its flags are in memory, so no ready profile has it, and every C library goes on with clone: no
 * refusal that anybody has to look at. */
static bool is_usual(const struct watch_row *row)
{
	return strncmp(row->what, "clone3(", 7) == 0 && strcmp(row->answer, "ENOSYS") == 0;
}

/* Those of the program that are to be looked at; the runtime's own are no concern of its. */
static bool is_shown(const struct watch_row *row)
{
	return !row->runtime && !is_usual(row);
}

static int width_of(const struct watch_tally *tally, bool what, int most)
{
	int width = 4;

	for (size_t i = 0; i < tally->count; i++) {
		int len = (int)strlen(what ? tally->rows[i].what : tally->rows[i].process);

		if (is_shown(&tally->rows[i]) && len > width)
			width = len;
	}
	return width < most ? width : most;
}

static size_t count_rows(const struct watch_tally *tally)
{
	size_t count = 0;

	for (size_t i = 0; i < tally->count; i++)
		count += is_shown(&tally->rows[i]);
	return count;
}

static void add_rest(const struct watch_tally *tally, size_t shown, struct text *ret)
{
	size_t rest = count_rows(tally) - shown;

	if (rest > 0 || tally->beyond > 0)
		text_addf(ret, "  and %llu more\n",
			  (unsigned long long)rest + (unsigned long long)tally->beyond);
}

static void add_calls(const struct watch_tally *tally, struct text *ret)
{
	int call = width_of(tally, true, WIDTH_CALL), who = width_of(tally, false, 16);
	size_t shown = 0;

	if (count_rows(tally) == 0)
		return;
	text_adds(ret, "\nrefused calls\n");
	text_addf(ret, "  %6s  %-*s  %-15s %-*s  %s\n", "count", call, "call", "answer", who, "by",
		  "to allow it");
	for (size_t i = 0; i < tally->count && shown < MOST_ROWS; i++) {
		const struct watch_row *row = &tally->rows[i];

		if (!is_shown(row))
			continue;
		shown++;
		text_addf(ret, "  %6llu  %-*s  %-15s %-*s  %s%s%s%s\n",
			  (unsigned long long)row->count, call, row->what, row->answer, who,
			  row->process, row->remedy, row->note[0] ? "  (" : "", row->note,
			  row->note[0] ? ")" : "");
	}
	add_rest(tally, shown, ret);
}

static void add_capabilities(const struct watch_tally *tally, struct text *ret)
{
	int call = width_of(tally, true, WIDTH_CALL), who = width_of(tally, false, 16);
	size_t shown = 0;

	if (count_rows(tally) == 0)
		return;
	text_adds(ret, "\ncapabilities that were missing\n");
	for (size_t i = 0; i < tally->count && shown < MOST_ROWS; i++) {
		const struct watch_row *row = &tally->rows[i];

		if (!is_shown(row))
			continue;
		shown++;
		text_addf(ret, "  %6llu  %-22s %-*s  %-*s  %s\n", (unsigned long long)row->count,
			  row->answer, call, row->what, who, row->process, row->remedy);
	}
	add_rest(tally, shown, ret);
}

static void add_paths(const struct watch_tally *tally, struct text *ret)
{
	int path = width_of(tally, true, WIDTH_PATH), who = width_of(tally, false, 16);
	size_t shown = 0;

	if (count_rows(tally) == 0)
		return;
	text_adds(ret, "\npaths that were refused\n");
	for (size_t i = 0; i < tally->count && shown < MOST_ROWS; i++) {
		const struct watch_row *row = &tally->rows[i];

		if (!is_shown(row))
			continue;
		shown++;
		text_addf(ret, "  %6llu  %-*s  %-10s %-*s  %s%s%s%s\n",
			  (unsigned long long)row->count, path, row->what, row->answer, who,
			  row->process, row->remedy, row->note[0] ? "  (" : "", row->note,
			  row->note[0] ? ")" : "");
	}
	add_rest(tally, shown, ret);
}

static void add_usual(const struct watch_tally *tally, struct text *ret)
{
	unsigned long long count = 0;

	for (size_t i = 0; i < tally->count; i++)
		if (!tally->rows[i].runtime && is_usual(&tally->rows[i]))
			count += tally->rows[i].count;
	if (count > 0)
		text_addf(ret,
			  "\nclone3 was answered ENOSYS %llu times, as always: no filter sees its "
			  "flags, and C libraries take clone\n",
			  count);
}

static size_t changes(const struct trial_result *result)
{
	const struct json *report =
		result->report ? json_get(json_root(result->report), "report") : NULL;
	size_t count = 0;

	json_each(entry, report) {
		const char *action = json_string(entry, "action");

		count += action && (strcmp(action, "set") == 0 || strcmp(action, "drop") == 0);
	}
	return count;
}

void try_table(const struct tried *tried, const struct trial_result *result, struct text *ret)
{
	text_addf(ret,
		  "\nhardrun try: profile %s, seccomp %s, %s; ended with status %d after "
		  "%llu.%01llu s\n",
		  result->profile, result->seccomp, result->runtime, result->status,
		  (unsigned long long)result->milliseconds / 1000,
		  (unsigned long long)result->milliseconds % 1000 / 100);
	if (!result->watched)
		text_addf(ret, "its calls could not be watched: %s\n", result->why_not);
	add_calls(&tried->calls, ret);
	add_capabilities(&tried->capabilities, ret);
	add_paths(&tried->paths, ret);
	if (!result->started)
		text_adds(ret, "the command was not run\n");
	else if (result->watched && count_rows(&tried->calls) + count_rows(&tried->capabilities) +
						    count_rows(&tried->paths) ==
					    0)
		text_adds(ret, "nothing was refused\n");
	add_usual(&tried->calls, ret);
	text_addf(ret,
		  "\n%zu fields of its document were changed before it began; whether the image is "
		  "signed was not asked\n",
		  changes(result));
}
