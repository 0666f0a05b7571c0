/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of an audit log, each a JSON document: what is counted is shown, and what is shown is
 * printable ASCII, a page without foreign markup, and JSON. */
#include "fuzz.h"

#include "command/report.h"

static void must_be_plain(const struct text *text)
{
	must(!text->failed);
	for (size_t i = 0; i < text->len; i++)
		must(text->data[i] == '\n' || (text->data[i] >= ' ' && text->data[i] <= '~'));
}

static size_t count(const char *text, const char *word)
{
	size_t found = 0;

	while ((text = strstr(text, word))) {
		text += strlen(word);
		found++;
	}
	return found;
}

static void must_be_a_page(const struct text *text)
{
	static const char *const never[] = {
		"<script", "<img", "<link", "<iframe", " style=", "<!--", "<a ", "<base", "<form"};

	must_be_plain(text);
	for (size_t i = 0; i < hr_count(never); i++)
		must(!strcasestr(text->data, never[i]));
	must(count(text->data, "<meta") == 5 && count(text->data, "<style>") == 1);
	must(count(text->data, "<code>") == count(text->data, "</code>"));
	must(count(text->data, "<dd>") == count(text->data, "</dd>"));
	must(count(text->data, "<td") == count(text->data, "</td>"));
	must(count(text->data, "<article") == count(text->data, "</article>"));
}

static void show(const struct report *report)
{
	text_auto struct text plain = {0}, page = {0}, json = {0};
	json_auto struct json_doc *doc = NULL;
	struct hr_error err = {0};

	report_text(report, &plain);
	must_be_plain(&plain);
	report_html(report, &page);
	must_be_a_page(&page);
	must(report_json(report, &json, &err) == 0);
	must(json_parse("report", json.data, json.len - 1, false, &doc, &err) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;
	struct hr_error err = {0};
	struct report report;

	must(report_init(&report, &err) == 0);
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((newline ? newline : end) - at);
		json_auto struct json_doc *doc = NULL;

		if (json_parse("line", at, len, false, &doc, NULL) == 0)
			must(report_line(json_root(doc), &report));
		at += len + 1;
	}
	must(!report_failed(&report));
	show(&report);
	report_free(&report);
	return 0;
}
