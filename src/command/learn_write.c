/* SPDX-License-Identifier: Apache-2.0 */
/* Profile, recording and reasons, to where they are wanted. */
#include "command/learn.h"
#include "command/output.h"

#include <stdio.h>
#include <string.h>

struct column {
	const char *text;
	size_t len;
};

/* NAME<TAB>reason<TAB>count<TAB>by whom */
static void explain_line(const char *line, size_t len, struct text *ret)
{
	struct column columns[4] = {{"", 0}, {"", 0}, {"", 0}, {"", 0}};

	for (size_t i = 0; i < 4; i++) {
		const char *tab = memchr(line, '\t', len);
		size_t width = tab && i < 3 ? (size_t)(tab - line) : len;

		columns[i] = (struct column){line, width};
		if (width == len)
			break;
		line += width + 1;
		len -= width + 1;
	}
	text_addf(ret, "%-22.*s %-24.*s %9.*s  %.*s\n", (int)columns[0].len, columns[0].text,
		  (int)columns[1].len, columns[1].text, (int)columns[2].len, columns[2].text,
		  (int)columns[3].len, columns[3].text);
}

static void explain(const struct text *why, FILE *to)
{
	text_auto struct text table = {0};

	text_addf(&table, "%-22s %-24s %9s  %s\n", "call", "why", "count", "process");
	for (const char *line = why->data; line && line[0] != '\0';) {
		size_t len = strcspn(line, "\n");

		explain_line(line, len, &table);
		line += len + (line[len] == '\n');
	}
	if (!table.failed)
		fputs(table.data, to);
}

int learn_write(const struct learn *learn, const struct recording *recording,
		const struct seccomp_filter *base, const char *title, bool to_stdout,
		struct hr_error *err)
{
	const struct recording_options options = {.exact = learn->exact, .title = title};
	text_auto struct text profile = {0}, why = {0}, json = {0};

	if (recording_profile(recording, base, &options, &profile, &why, err) < 0)
		return hr_context(err, "learn");
	if (learn->recording) {
		if (recording_write(recording, &json, err) < 0)
			return -1;
		text_adds(&json, "\n");
		if (json.failed)
			return hr_fail(err, HR_SYSTEM, "out of memory");
	}
	if (learn->output && command_output(learn->output, profile.data, profile.len, err) < 0)
		return -1;
	if (learn->recording && command_output(learn->recording, json.data, json.len, err) < 0)
		return -1;
	if (to_stdout && !learn->output)
		fputs(profile.data, stdout);
	if (learn->explain)
		explain(&why, to_stdout && learn->output ? stdout : stderr);
	if (to_stdout && fflush(stdout) != 0)
		return hr_fail(err, HR_SYSTEM, "learn: standard output could not be written");
	return 0;
}
