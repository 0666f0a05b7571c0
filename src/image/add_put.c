/* SPDX-License-Identifier: Apache-2.0 */
/* The parent's side of `add`: root, and careful with what the child wrote. */
#include "base/cleanup.h"
#include "image/add.h"
#include "image/base64.h"
#include "image/limits.h"
#include "image/store.h"
#include "json/edit.h"

#include <stdlib.h>
#include <string.h>

#define SIGNATURE_MAX ((size_t)16 * 1024) /* base64 */
#define LINE_BYTES    ((size_t)HR_ERROR_MSG)

struct record {
	enum find_kind kind;
	char digest[IMAGE_DIGEST_SIZE];
	char *first, *second;
	size_t first_len, second_len;
};

/* --- Records -------------------------------------------------------------------------------- */

static const struct {
	size_t first, second;
} most[FIND_KINDS] = {
	[FIND_MANIFEST] = {IMAGE_MANIFEST_MAX, 0},
	[FIND_COSIGN] = {IMAGE_PAYLOAD_MAX, SIGNATURE_MAX},
	[FIND_BUNDLE] = {IMAGE_BUNDLE_MAX, 0},
	[FIND_PASSED] = {LINE_BYTES, 0},
	[FIND_REFUSED] = {LINE_BYTES, 0},
};

static bool is_line(enum find_kind kind)
{
	return kind == FIND_PASSED || kind == FIND_REFUSED;
}

/* The next record from *at on; false when it is not sound. */
static bool take(char *bytes, size_t len, size_t *at, struct record *ret)
{
	struct find_head head;
	size_t left = len - *at;

	if (left < sizeof(head))
		return false;
	memcpy(&head, bytes + *at, sizeof(head));
	left -= sizeof(head);
	if (head.kind >= FIND_KINDS || head.first_len > most[head.kind].first ||
	    head.second_len > most[head.kind].second || head.first_len > left ||
	    head.second_len > left - head.first_len)
		return false;
	*ret = (struct record){.kind = (enum find_kind)head.kind,
			       .first = bytes + *at + sizeof(head),
			       .first_len = head.first_len,
			       .second_len = head.second_len};
	ret->second = ret->first + ret->first_len;
	memcpy(ret->digest, head.digest, sizeof(ret->digest));
	ret->digest[sizeof(ret->digest) - 1] = '\0';
	*at += sizeof(head) + ret->first_len + ret->second_len;
	return is_line(ret->kind) || image_digest_sound(ret->digest);
}

static int unsound(struct hr_error *err)
{
	return hr_fail(err, HR_SYSTEM,
		       "what the child in the sandbox wrote is not sound; nothing was added");
}

/* --- What was added ------------------------------------------------------------------------- */

static struct added_digest *of_digest(struct added *added, const char *digest)
{
	struct added_digest *more;

	for (size_t i = 0; i < added->count; i++)
		if (strcmp(added->list[i].digest, digest) == 0)
			return &added->list[i];
	more = realloc(added->list, (added->count + 1) * sizeof(*more));
	if (!more)
		return NULL;
	added->list = more;
	more = &added->list[added->count++];
	*more = (struct added_digest){.manifest = false};
	memcpy(more->digest, digest, sizeof(more->digest));
	return more;
}

/* To a terminal nothing goes that could be a code for it. */
static void add_line(struct added *added, const struct record *record)
{
	struct text *lines = &added->lines[record->kind == FIND_REFUSED];

	for (size_t i = 0; i < record->first_len; i++) {
		char c = record->first[i];

		text_add(lines, c >= ' ' && c <= '~' ? &c : "?", 1);
	}
	text_add(lines, "\n", 1);
}

static int put_signature(struct added_digest *to, int store, const struct record *record,
			 struct hr_error *err)
{
	const struct store_signature cosign = {.kind = STORE_COSIGN,
					       .payload = record->first,
					       .payload_len = record->first_len,
					       .signature = record->second,
					       .signature_len = record->second_len};
	const struct store_signature bundle = {
		.kind = STORE_BUNDLE, .bundle = record->first, .bundle_len = record->first_len};
	bool new = false;

	if (store_put_signature(store, record->digest,
				record->kind == FIND_COSIGN ? &cosign : &bundle, &new, err) < 0)
		return -1;
	to->signatures++;
	to->signatures_new += new;
	return 0;
}

static int put_record(struct added *added, int store, const struct record *record,
		      struct hr_error *err)
{
	struct added_digest *to;
	bool new = false;

	if (is_line(record->kind)) {
		add_line(added, record);
		return 0;
	}
	to = of_digest(added, record->digest);
	if (!to)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (record->kind != FIND_MANIFEST)
		return put_signature(to, store, record, err);
	if (store_put_manifest(store, record->digest, record->first, record->first_len, &new, err) <
	    0)
		return -1;
	to->manifest = true;
	to->manifest_new |= new;
	return 0;
}

/* One more than there is room for is no reason to leave out the rest. */
static int put_or_refuse(struct added *added, int store, const struct record *record,
			 struct hr_error *err)
{
	struct hr_error why = {0};

	if (put_record(added, store, record, &why) == 0)
		return 0;
	if (why.code != HR_SPEC)
		return hr_fail(err, why.code, "%s", why.msg);
	text_addf(&added->lines[1], "%s\n", why.msg);
	return 0;
}

int added_put(struct added *added, int store, char *bytes, size_t len, struct hr_error *err)
{
	struct record record;

	for (size_t at = 0; at < len;)
		if (!take(bytes, len, &at, &record))
			return unsound(err);
	for (size_t at = 0; at < len;)
		if (!take(bytes, len, &at, &record) ||
		    put_or_refuse(added, store, &record, err) < 0)
			return -1;
	return 0;
}

/* --- What is said --------------------------------------------------------------------------- */

static bool is_empty(const struct added_digest *one)
{
	return !one->manifest && one->signatures == 0;
}

static void write_text(const struct added *added, struct text *out)
{
	static const char *const heads[] = {"passed over: ", "refused: "};

	for (size_t i = 0; i < added->count; i++) {
		const struct added_digest *one = &added->list[i];

		if (is_empty(one))
			continue;
		text_addf(out, "%s: ", one->digest);
		if (one->manifest)
			text_addf(out, "manifest%s%s", one->manifest_new ? " (new)" : "",
				  one->signatures > 0 ? ", " : "\n");
		if (one->signatures > 0)
			text_addf(out, "%zu signature%s, %zu new\n", one->signatures,
				  one->signatures == 1 ? "" : "s", one->signatures_new);
	}
	for (size_t kind = 0; kind < hr_count(heads); kind++)
		for (const char *at = added->lines[kind].data; at && *at;) {
			size_t len = strcspn(at, "\n");

			text_adds(out, heads[kind]);
			text_add(out, at, len + 1);
			at += len + 1;
		}
}

static bool put_digest(struct json_doc *doc, struct json *list, const struct added_digest *one)
{
	struct json *object = json_append(list, json_new_object(doc));

	if (!json_put_string(doc, object, "digest", one->digest))
		return false;
	if (one->manifest &&
	    !json_put_string(doc, object, "manifest", one->manifest_new ? "new" : "there"))
		return false;
	return json_put_uint(doc, object, "signatures", one->signatures) &&
	       json_put_uint(doc, object, "new", one->signatures_new);
}

static bool put_lines(struct json_doc *doc, const char *key, const struct text *lines)
{
	struct json *list = json_put(doc, json_root(doc), key, json_new_array(doc));

	for (const char *at = lines->data; at && *at;) {
		size_t len = strcspn(at, "\n");
		hr_autofree char *line = strndup(at, len);

		if (!line || !json_append(list, json_new_string(doc, line)))
			return false;
		at += len + 1;
	}
	return list != NULL;
}

static int write_json(const struct added *added, struct text *out, struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new("added");
	struct json *list =
		doc ? json_put(doc, json_root(doc), "added", json_new_array(doc)) : NULL;
	bool good = list != NULL;
	hr_autofree char *text = NULL;
	size_t len;

	for (size_t i = 0; good && i < added->count; i++)
		good = is_empty(&added->list[i]) || put_digest(doc, list, &added->list[i]);
	if (!good || !put_lines(doc, "passed", &added->lines[0]) ||
	    !put_lines(doc, "refused", &added->lines[1]))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (json_write(json_root(doc), &text, &len, err) < 0)
		return -1;
	text_addf(out, "%s\n", text);
	return 0;
}

int added_write(const struct added *added, bool json, struct text *out, struct hr_error *err)
{
	bool any = false;

	if (added->lines[0].failed || added->lines[1].failed)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	for (size_t i = 0; i < added->count; i++)
		any = any || !is_empty(&added->list[i]);
	if (json && write_json(added, out, err) < 0)
		return -1;
	if (!json)
		write_text(added, out);
	if (!json && !any)
		text_adds(out, "nothing to add: no image and no signature\n");
	return any && added->lines[1].len == 0 ? 0 : 1;
}

void added_done(struct added *added)
{
	free(added->list);
	text_free(&added->lines[0]);
	text_free(&added->lines[1]);
}
