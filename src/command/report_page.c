/* SPDX-License-Identifier: Apache-2.0 */
/* report --html: pieces of a page. It has no script and loads nothing, and its policy says so. */
#include "command/report_page.h"

#include "base/digest.h"
#include "command/report_style.h"

#include <stdio.h>
#include <string.h>

#define SLOT   10 /* width of a bucket in the chart's own units */
#define HEIGHT 100
#define FEWEST 24 /* buckets that the chart is wide, at least */
#define LOWEST 3  /* height of what is not nothing */

/* ---- text ---------------------------------------------------------------------------------- */

void page_say(struct text *to, const char *sentence)
{
	text_auto struct text said = {0};

	report_say(&said, sentence);
	to->failed = to->failed || said.failed;
	for (const char *at = said.data ? said.data : ""; *at; at++) {
		switch (*at) {
		case '&':
			text_adds(to, "&amp;");
			break;
		case '<':
			text_adds(to, "&lt;");
			break;
		case '>':
			text_adds(to, "&gt;");
			break;
		case '"':
			text_adds(to, "&quot;");
			break;
		case '\'':
			text_adds(to, "&#39;");
			break;
		default:
			text_add(to, at, 1);
		}
	}
}

static void again(struct text *to, struct text *shown)
{
	to->failed = to->failed || shown->failed;
	page_say(to, shown->data ? shown->data : "");
}

void page_show(struct text *to, const char *name)
{
	text_auto struct text shown = {0};

	report_show(&shown, name);
	again(to, &shown);
}

void page_row(struct text *to, const struct report_row *row)
{
	text_auto struct text shown = {0};

	report_show_row(&shown, row);
	again(to, &shown);
}

/* ---- frame --------------------------------------------------------------------------------- */

static unsigned digit(char hex)
{
	return (unsigned)(hex <= '9' ? hex - '0' : hex - 'a' + 10);
}

/* The digest of the style sheet, by which the page's policy knows it. */
static void add_digest(struct text *to)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789+/";
	char hex[DIGEST_HEX];

	digest_sha256(report_style, strlen(report_style), hex);
	/* Three digits of hexadecimal are two letters; 64 digits and two zeroes are 44, of which
	 * the last one is the filling. */
	for (size_t i = 0; i < 63; i += 3) {
		unsigned bits = digit(hex[i]) << 8 | digit(hex[i + 1]) << 4 | digit(hex[i + 2]);

		text_add(to, letters + (bits >> 6), 1);
		text_add(to, letters + (bits & 63), 1);
	}
	text_add(to, letters + (digit(hex[63]) << 2), 1);
	text_adds(to, "=");
}

void page_begin(struct text *to, const char *title)
{
	text_adds(to, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		      "style-src 'sha256-");
	add_digest(to);
	text_adds(to, "'; base-uri 'none'; form-action 'none'\">\n"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		      "<meta name=\"color-scheme\" content=\"light dark\">\n"
		      "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
	page_say(to, title);
	text_addf(to, "</title>\n<style>%s</style>\n</head>\n<body>\n", report_style);
}

void page_end(struct text *to)
{
	text_adds(to, "</body>\n</html>\n");
}

/* ---- charts -------------------------------------------------------------------------------- */

void page_bar(struct text *to, uint64_t part, uint64_t whole, const char *colour)
{
	double width = whole > 0 ? 100.0 * (double)part / (double)whole : 0;

	if (part > 0 && width < 1)
		width = 1;
	text_addf(to,
		  "<svg class=\"bar\" viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" "
		  "aria-hidden=\"true\"><rect class=\"%s\" width=\"%.1f\" height=\"4\"/></svg>",
		  colour, width);
}

struct series {
	const char *title, *colour;
	const uint64_t *counts;
};

static void bars(struct text *to, const struct report_trend *trend, const struct series *series,
		 uint64_t most)
{
	for (size_t i = 0; i < trend->len; i++) {
		double height = (double)series->counts[i] * (HEIGHT - 2) / (double)most;

		if (series->counts[i] == 0)
			continue;
		if (height < LOWEST)
			height = LOWEST;
		text_addf(to,
			  "<rect class=\"%s\" x=\"%zu\" y=\"%.1f\" width=\"%d\" height=\"%.1f\"/>",
			  series->colour, i * SLOT + 1, HEIGHT - height, SLOT - 2, height);
	}
}

static void chart(struct text *to, const struct report_trend *trend, const struct series *series)
{
	char begin[REPORT_TIME], end[REPORT_TIME], peak[REPORT_TIME];
	text_auto struct text number = {0};
	uint64_t sum = 0;
	size_t top = 0;

	for (size_t i = 0; i < trend->len; i++) {
		sum += series->counts[i];
		if (series->counts[i] > series->counts[top])
			top = i;
	}
	report_minute(trend->first * trend->width, begin);
	report_minute((trend->first + (int64_t)trend->len) * trend->width, end);
	report_minute((trend->first + (int64_t)top) * trend->width, peak);
	report_number(&number, series->counts[top]);
	text_addf(to, "<figure><figcaption><strong>%s</strong> per ", series->title);
	report_trend_width(trend, to);
	text_addf(to, sum ? ", at most %s, from %s UTC" : ": none", number.data ? number.data : "",
		  peak);
	text_addf(to,
		  "</figcaption>\n<svg class=\"trend\" viewBox=\"0 0 %zu %d\" "
		  "preserveAspectRatio=\"none\" role=\"img\" aria-label=\"%s from %s to %s UTC; "
		  "the numbers are in the table below\">",
		  (trend->len < FEWEST ? FEWEST : trend->len) * SLOT, HEIGHT, series->title, begin,
		  end);
	bars(to, trend, series, series->counts[top] ? series->counts[top] : 1);
	text_addf(to, "</svg>\n<div class=\"axis\"><span>%s</span>", begin);
	if (trend->len >= FEWEST)
		text_addf(to, "<span>%s UTC</span>", end);
	text_adds(to, "</div></figure>\n");
}

static void numbers(struct text *to, const struct report_trend *trend)
{
	char minute[REPORT_TIME];

	text_adds(to, "<details><summary>The numbers of both charts</summary>\n<table><caption>"
		      "Calls per ");
	report_trend_width(trend, to);
	text_adds(to, "</caption>\n<thead><tr><th scope=\"col\">from (UTC)</th><th scope=\"col\" "
		      "class=\"n\">accepted</th><th scope=\"col\" class=\"n\">refused</th></tr>"
		      "</thead>\n<tbody>\n");
	for (size_t i = 0; i < trend->len; i++) {
		text_addf(to, "<tr><th scope=\"row\">%s</th><td class=\"n\">",
			  report_minute((trend->first + (int64_t)i) * trend->width, minute));
		report_number(to, trend->accepted[i]);
		text_adds(to, "</td><td class=\"n\">");
		report_number(to, trend->refused[i]);
		text_adds(to, "</td></tr>\n");
	}
	text_adds(to, "</tbody></table></details>\n");
}

void page_trend(struct text *to, const struct report_trend *trend)
{
	const struct series refused = {"Refused calls", "f-bad", trend->refused};
	const struct series accepted = {"Accepted calls", "f-good", trend->accepted};

	if (trend->len == 0)
		return;
	chart(to, trend, &refused);
	chart(to, trend, &accepted);
	numbers(to, trend);
}
