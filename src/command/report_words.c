/* SPDX-License-Identifier: Apache-2.0 */
/* report: how values stand in text and HTML. */
#include "command/report.h"

#include <string.h>

void report_show(struct text *to, const char *name)
{
	char shown[TEXT_SHOWN_SIZE];
	size_t len = strlen(name);

	/* In parts, because text_shown() cuts, and pods are told apart by their last letters. */
	for (size_t at = 0; at < len; at += TEXT_SHOWN_MAX)
		text_adds(to,
			  text_shown(name + at,
				     len - at < TEXT_SHOWN_MAX ? len - at : TEXT_SHOWN_MAX, shown));
}

void report_say(struct text *to, const char *sentence)
{
	for (const char *at = sentence; *at; at++) {
		if (*at >= ' ' && *at <= '~')
			text_add(to, at, 1);
		else
			text_addf(to, "\\x%02x", (unsigned)(unsigned char)*at);
	}
}

void report_show_row(struct text *to, const struct report_row *row)
{
	if (row->name) {
		report_show(to, row->name[0] ? row->name : "-");
	} else if (row->pod[0] == '\0') {
		report_show(to, row->id[0] ? row->id : "-");
	} else {
		report_show(to, row->space);
		text_adds(to, "/");
		report_show(to, row->pod);
		text_adds(to, row->sandbox ? " (sandbox)" : row->container[0] ? "/" : "");
		if (!row->sandbox)
			report_show(to, row->container);
	}
}

void report_number(struct text *to, uint64_t number)
{
	if (number >= 1000) {
		report_number(to, number / 1000);
		text_addf(to, ",%03u", (unsigned)(number % 1000));
	} else {
		text_addf(to, "%u", (unsigned)number);
	}
}
