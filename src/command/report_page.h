/* SPDX-License-Identifier: Apache-2.0 */
/* Private to report --html: pieces of a page. Whatever is given to them as text is escaped. */
#ifndef HR_COMMAND_REPORT_PAGE_H
#define HR_COMMAND_REPORT_PAGE_H

#include "command/report.h"

/* As report_say(), and no markup. */
void page_say(struct text *to, const char *sentence);
/* As report_show(), which leaves nothing of markup. */
void page_show(struct text *to, const char *name);
void page_row(struct text *to, const struct report_row *row);

/* <!DOCTYPE ...> to <body>, and the end of it. */
void page_begin(struct text *to, const char *title);
void page_end(struct text *to);

/* A bar of `part` of `whole`; says nothing to who does not see it: the number stands beside it. */
void page_bar(struct text *to, uint64_t part, uint64_t whole, const char *colour);

/* A chart of calls by time, with its text and its numbers in words. */
void page_trend(struct text *to, const struct report_trend *trend);

#endif
