/* SPDX-License-Identifier: Apache-2.0 */
#include "schema_documents.h"

#include "base/cleanup.h"
#include "json/edit.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>

/* Documents that engines really sent: CASE/{config,process,resources}.json. */
typedef void (*recorded_fn)(const struct schema_field *schema, struct json_doc *doc,
			    const char *file);

static struct json_doc *read_file(const char *file)
{
	FILE *stream = fopen(file, "re");
	text_auto struct text bytes = {0};
	struct hr_error err = {0};
	struct json_doc *doc = NULL;
	char chunk[4096];
	size_t len;

	if (!stream)
		return NULL;
	while ((len = fread(chunk, 1, sizeof(chunk), stream)) > 0)
		text_add(&bytes, chunk, len);
	fclose(stream);
	cr_assert(bytes.len > 0 && !bytes.failed, "%s", file);
	json_parse("config.json", bytes.data, bytes.len, false, &doc, &err);
	cr_assert_not_null(doc, "%s: %s", file, err.msg);
	return doc;
}

static void one_case(const char *folder, const char *name, size_t *seen, size_t every,
		     recorded_fn call)
{
	static const struct {
		const char *file;
		const struct schema_field *schema;
	} kinds[] = {
		{"config.json", &schema_spec},
		{"process.json", &schema_process},
		{"resources.json", &schema_resources},
	};

	for (size_t i = 0; i < hr_count(kinds); i++) {
		text_auto struct text file = {0};
		json_auto struct json_doc *doc = NULL;

		text_addf(&file, "%s/%s/%s", folder, name, kinds[i].file);
		cr_assert_not(file.failed);
		doc = read_file(file.data);
		if (doc && (*seen)++ % every == 0)
			call(kinds[i].schema, doc, file.data);
	}
}

/* Call for every n-th recorded document; there are 297. */
static void each_recorded(size_t every, recorded_fn call)
{
	const char *source = getenv("HR_TEST_SRCDIR");
	text_auto struct text folder = {0};
	struct dirent *entry;
	size_t seen = 0;
	DIR *dir;

	text_addf(&folder, "%s/tests/calls/cases", source ? source : ".");
	cr_assert_not(folder.failed);
	dir = opendir(folder.data);
	cr_assert_not_null(dir, "%s", folder.data);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			one_case(folder.data, entry->d_name, &seen, every, call);
	closedir(dir);
	cr_expect_geq(seen, 297, "only %zu documents in %s", seen, folder.data);
}

static void expect_known(const struct schema_field *schema, struct json_doc *doc, const char *file)
{
	struct hr_error err = {0};
	text_auto struct text unknown = {0};

	cr_expect_eq(schema_check(schema, json_root(doc), add_path, &unknown, &err), 0, "%s: %s",
		     file, err.msg);
	cr_expect_eq(unknown.len, 0, "%s: %s", file, unknown.data);
}

Test(schema_recorded, accepted)
{
	each_recorded(1, expect_known);
}

enum spelling { UPPER, LOWER, LAST, LONG_S, KELVIN, SPELLINGS };

static const char *spell_char(enum spelling how, char c, bool last, char buf[2])
{
	buf[0] = c;
	buf[1] = '\0';
	switch (how) {
	case UPPER:
		buf[0] = (char)toupper((unsigned char)c);
		break;
	case LOWER:
		buf[0] = (char)tolower((unsigned char)c);
		break;
	case LAST:
		if (last)
			buf[0] = (char)(c ^ 0x20);
		break;
	case LONG_S:
		return c == 's' || c == 'S' ? "\xC5\xBF" : buf;
	case KELVIN:
		return c == 'k' || c == 'K' ? "\xE2\x84\xAA" : buf;
	case SPELLINGS:
		break;
	}
	return buf;
}

/* Another spelling of a key that Go takes for the same. */
static void spell(enum spelling how, const char *key, struct text *out)
{
	char buf[2];

	for (; *key != '\0'; key++)
		text_adds(out, spell_char(how, *key, key[1] == '\0', buf));
	cr_assert_not(out->failed);
}

struct respelling {
	const struct schema_field *schema;
	struct json_doc *doc;
	const char *file;
	size_t *count;
};

/* Check the document with one key spelled otherwise, and put the key back. */
static void respell(const struct respelling *run, struct json *member, enum spelling how,
		    bool in_map)
{
	const char *key = member->key;
	uint32_t key_len = member->key_len;
	text_auto struct text other = {0};
	struct hr_error err = {0};
	int ret;

	spell(how, key, &other);
	if (!other.data || strcmp(other.data, key) == 0)
		return;
	member->key = other.data;
	member->key_len = (uint32_t)other.len;
	ret = schema_check(run->schema, json_root(run->doc), NULL, NULL, &err);
	cr_expect_eq(ret, in_map ? 0 : -1, "%s: %s for %s: %s", run->file, other.data, key,
		     err.msg);
	cr_expect(in_map || strstr(err.msg, key), "%s: %s: %s", run->file, key, err.msg);
	member->key = key;
	member->key_len = key_len;
	++*run->count;
}

static void respell_below(const struct respelling *run, const struct schema_field *schema,
			  struct json *value)
{
	for (struct json *child = value->first; child; child = child->next) {
		const struct schema_field *field = schema->item;

		for (int how = 0; child->key && how < SPELLINGS; how++)
			respell(run, child, (enum spelling)how, schema->type == SCHEMA_MAP);
		if (schema->type == SCHEMA_STRUCT)
			for (field = schema->fields; strcmp(field->key, child->key) != 0;)
				field++;
		respell_below(run, field, child);
	}
}

static size_t respelled;

static void respell_document(const struct schema_field *schema, struct json_doc *doc,
			     const char *file)
{
	struct respelling run = {schema, doc, file, &respelled};

	respell_below(&run, schema, json_root(doc));
}

Test(schema_recorded, respelled)
{
	each_recorded(10, respell_document);
	cr_expect_gt(respelled, 5000, "only %zu", respelled);
}

Test(schema_recorded, everything_respelled)
{
	struct hr_error err = {0};
	json_auto struct json_doc *doc = read_quoted(everything, &err);
	struct json *platform;

	cr_assert_not_null(doc, "%s", err.msg);
	/* What is taken as it is has no fields that could be spelled otherwise. */
	while ((platform = json_root(doc)->last)->key[0] != 'l')
		json_remove(json_root(doc), platform);
	respell_document(&schema_spec, doc, "everything");
}
