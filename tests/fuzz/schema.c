/* SPDX-License-Identifier: Apache-2.0 */
/* The schema table over any document: an answer, a clean message, and the same answer for
 * what is written again. */
#include "fuzz.h"

#include "oci/schema.h"

static void count_unknown(void *data, const char *path, const struct json *value)
{
	unsigned *count = data;

	must(path[0] && value);
	for (const char *c = path; *c; c++)
		must(*c >= ' ' && *c <= '~');
	++*count;
}

static void check(const struct schema_field *schema, struct json_doc *doc)
{
	json_auto struct json_doc *again = NULL;
	hr_autofree char *text = NULL;
	struct hr_error err = {0}, silent = {0}, other = {0};
	unsigned unknown = 0, unknown_again = 0;
	size_t len;
	int result = schema_check(schema, json_root(doc), count_unknown, &unknown, &err);

	must(result == schema_check(schema, json_root(doc), NULL, NULL, &silent));
	must(strcmp(err.msg, silent.msg) == 0);
	if (result < 0) {
		must_be_told(&err);
		must(err.code == HR_SPEC);
	}
	text = must_write(json_root(doc), &len);
	must(json_parse("fuzz", text, len, false, &again, &other) == 0);
	must(result ==
	     schema_check(schema, json_root(again), count_unknown, &unknown_again, &other));
	must(unknown == unknown_again && strcmp(err.msg, other.msg) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_auto struct json_doc *doc = NULL;

	if (json_parse("fuzz", (const char *)data, size, false, &doc, NULL) < 0)
		return 0;
	check(&schema_spec, doc);
	check(&schema_process, doc);
	check(&schema_resources, doc);
	return 0;
}
