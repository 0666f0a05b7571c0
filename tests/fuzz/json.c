/* SPDX-License-Identifier: Apache-2.0 */
/* Documents: what is read is written, read again the same, and knows its place. */
#include "fuzz.h"

#include "json/scan.h"

static void check_places(const struct json *value, const char *text, size_t len)
{
	unsigned line, column;

	must(value->offset < len || value->type == JSON_NUMBER);
	json_where(value, &line, &column);
	must(line > 0 && column > 0);
	if (value->key)
		must(text[value->offset] == '"' && strlen(value->key) == value->key_len);
	else if (value->type == JSON_OBJECT)
		must(text[value->offset] == '{');
	else if (value->type == JSON_ARRAY)
		must(text[value->offset] == '[');
	else if (value->type == JSON_STRING)
		must(text[value->offset] == '"');
	if (value->type == JSON_STRING || value->type == JSON_NUMBER)
		must(strlen(value->text) == value->len);
	json_each(child, value)
		check_places(child, text, len);
}

static void check(const char *text, size_t len, bool comments)
{
	json_auto struct json_doc *doc = NULL, *again = NULL;
	hr_autofree char *once = NULL, *twice = NULL;
	struct hr_error err = {0};
	size_t once_len, twice_len, offset;

	if (json_parse("fuzz", text, len, comments, &doc, &err) < 0) {
		must(!doc);
		must_be_told(&err);
		return;
	}
	check_places(json_root(doc), text, len);
	once = must_write(json_root(doc), &once_len);
	must(!json_scan(once, once_len, &offset));
	must(json_parse("again", once, once_len, false, &again, &err) == 0);
	must(json_same(json_root(doc), json_root(again)));
	twice = must_write(json_root(again), &twice_len);
	must(once_len == twice_len && memcmp(once, twice, once_len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check((const char *)data, size, false);
	check((const char *)data, size, true);
	return 0;
}
