/* SPDX-License-Identifier: Apache-2.0 */
/* TOML: what is read is written and read again the same, and what is refused says its line. */
#include "fuzz.h"

#include "base/text.h"
#include "engine/toml.h"

static void check_places(const struct json *value, size_t len)
{
	must(value->offset <= len);
	if (value->key)
		must(strlen(value->key) == value->key_len);
	if (value->type == JSON_STRING || value->type == JSON_NUMBER)
		must(strlen(value->text) == value->len);
	json_each(child, value)
		check_places(child, len);
}

/* Tables become inline ones; their depth may be more than is read as values. */
static void check_written(const struct json *root)
{
	json_auto struct json_doc *again = NULL;
	text_auto struct text text = {0};
	struct hr_error err = {0};

	json_each(member, root) {
		toml_key(&text, member->key);
		text_adds(&text, " = ");
		toml_write(&text, member);
		text_adds(&text, "\n");
	}
	text_add(&text, "", 0);
	must(!text.failed);
	if (toml_parse("again", text.data, text.len, &again, &err) < 0)
		must(strstr(err.msg, "nested deeper") || strstr(err.msg, "larger than"));
	else
		must(json_same(root, json_root(again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_auto struct json_doc *doc = NULL;
	struct hr_error err = {0};

	if (toml_parse("fuzz", (const char *)data, size, &doc, &err) < 0) {
		must(!doc);
		must_be_told(&err);
		must(strncmp(err.msg, "fuzz:", 5) == 0);
		return 0;
	}
	check_places(json_root(doc), size);
	check_written(json_root(doc));
	return 0;
}
