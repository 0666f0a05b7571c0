/* SPDX-License-Identifier: Apache-2.0 */
/* What hardrun-image wrote, made anew of what is known: a member that is not known is left out, one
 * of another form makes it no answer. */
#include "verdict/ask.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "verdict/protocol.h"

#include <string.h>

#define CLAUSE	   601 /* bytes of a text, with the NUL */
#define NAMES_MAX  8
#define MOUNTS_MAX 16
#define DIGEST	   "sha256:"
#define DIGEST_HEX 64

/* "died": it could not lock itself in, and has read nothing. */
static const char *const codes[] = {"accepted", "unsigned", "denied",	   "scope",
				    "unbound",	"damaged",  "unreachable", "keys",
				    "request",	"died",	    NULL};

static int malformed(const char *what, struct hr_error *err)
{
	return hr_fail(err, HR_SPEC, "%s is not as it must be", what);
}

static bool is_digest(const char *text)
{
	return text_starts(text, DIGEST) && strlen(text) == strlen(DIGEST) + DIGEST_HEX &&
	       strspn(text + strlen(DIGEST), "0123456789abcdef") == DIGEST_HEX;
}

static const char *clean(const char *text, char buf[CLAUSE])
{
	size_t len = 0;

	for (; text[len] && len < CLAUSE - 1; len++)
		buf[len] = text[len];
	buf[len] = '\0';
	for (char *at = buf; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	return buf;
}

/* --- Members ---------------------------------------------------------------------------------- */

struct reading {
	const struct json *from;
	struct json_doc *doc;
	struct json *to;
	struct hr_error *err;
};

/* A member that may be missing, of this type: NULL and 0 for none. */
static int member(const struct reading *at, const char *key, enum json_type type,
		  const struct json **ret)
{
	*ret = json_get(at->from, key);
	return !*ret || (*ret)->type == type ? 0 : malformed(key, at->err);
}

static int out_of_memory(const struct reading *at)
{
	return hr_fail(at->err, HR_SYSTEM, "out of memory");
}

static int copy_text(const struct reading *at, const char *key)
{
	const struct json *value;
	char buf[CLAUSE];

	if (member(at, key, JSON_STRING, &value) < 0)
		return -1;
	if (!value || !value->text[0])
		return 0;
	return json_put_string(at->doc, at->to, key, clean(value->text, buf)) ? 0
									      : out_of_memory(at);
}

static int copy_digest(const struct reading *at, const char *key)
{
	const struct json *value;

	if (member(at, key, JSON_STRING, &value) < 0)
		return -1;
	if (!value || !value->text[0])
		return 0;
	if (!is_digest(value->text))
		return malformed(key, at->err);
	return json_put_string(at->doc, at->to, key, value->text) ? 0 : out_of_memory(at);
}

/* `whole`: as they are, for paths; otherwise cleaned. */
static int copy_list(const struct reading *at, const char *key, size_t most, bool whole)
{
	const struct json *list;
	struct json *copy;
	char buf[CLAUSE];

	if (member(at, key, JSON_ARRAY, &list) < 0)
		return -1;
	if (!list)
		return 0;
	copy = json_put(at->doc, at->to, key, json_new_array(at->doc));
	if (json_count(list) > most)
		return malformed(key, at->err);
	json_each(item, list) {
		const char *text = item->text;

		if (item->type != JSON_STRING)
			return malformed(key, at->err);
		if (!whole)
			text = clean(text, buf);
		if (!json_append(copy, json_new_string(at->doc, text)))
			return out_of_memory(at);
	}
	return copy ? 0 : out_of_memory(at);
}

/* --- Its parts -------------------------------------------------------------------------------- */

/* An object of the same name, to read and to write below. ret_there: it is there. */
static int enter(const struct reading *at, const char *key, struct reading *ret, bool *ret_there)
{
	*ret = *at;
	if (member(at, key, JSON_OBJECT, &ret->from) < 0)
		return -1;
	*ret_there = ret->from;
	if (!ret->from)
		return 0;
	ret->to = json_put(at->doc, at->to, key, json_new_object(at->doc));
	return ret->to ? 0 : out_of_memory(at);
}

static int copy_by(const struct reading *at)
{
	static const char *const how[] = {"signature", "digest", NULL};
	static const char *const texts[] = {"how", "format", "key", "key_id", "key_type", "scope"};
	struct reading by;
	const char *said;
	bool there = false;

	if (enter(at, "by", &by, &there) < 0)
		return -1;
	if (!there)
		return 0;
	for (size_t i = 0; i < hr_count(texts); i++)
		if (copy_text(&by, texts[i]) < 0)
			return -1;
	said = json_string(by.to, "how");
	return said && text_in(said, how) ? copy_digest(&by, "of") : malformed("by.how", at->err);
}

static int copy_mounts(const struct reading *at)
{
	const struct json *list;
	struct json *copy;

	if (member(at, "mounts", JSON_ARRAY, &list) < 0)
		return -1;
	copy = json_put(at->doc, at->to, "mounts", json_new_array(at->doc));
	if (json_count(list) > MOUNTS_MAX)
		return malformed("mounts", at->err);
	json_each(mount, list) {
		struct reading one = {mount, at->doc, json_append(copy, json_new_object(at->doc)),
				      at->err};

		if (mount->type != JSON_OBJECT || !json_string(mount, "type") ||
		    !json_string(mount, "source"))
			return malformed("mounts", at->err);
		if (!json_put_string(at->doc, one.to, "type", json_string(mount, "type")) ||
		    !json_put_string(at->doc, one.to, "source", json_string(mount, "source")))
			return out_of_memory(at);
		if (copy_list(&one, "options", VERDICT_ANSWER_MAX, true) < 0)
			return -1;
	}
	return copy ? 0 : out_of_memory(at);
}

static int copy_snapshot(const struct reading *at)
{
	struct reading snapshot;
	bool there = false;

	if (enter(at, "snapshot", &snapshot, &there) < 0)
		return -1;
	if (!there)
		return 0;
	if (copy_text(&snapshot, "snapshotter") < 0 || copy_text(&snapshot, "key") < 0)
		return -1;
	return copy_mounts(&snapshot);
}

static int copy_code(const struct reading *at, enum verdict_source source)
{
	const struct json *accepted = json_get(at->from, "accepted");
	const char *code = json_string(at->from, "code"), *said = json_string(at->from, "source");
	int64_t version;

	if (!json_int(json_get(at->from, "version"), &version) || version != VERDICT_VERSION)
		return hr_fail(at->err, HR_SPEC,
			       "it has not version %d: hardrun and "
			       "hardrun-image are not of one build",
			       VERDICT_VERSION);
	if (!accepted || accepted->type != JSON_BOOL)
		return malformed("accepted", at->err);
	if (!code || !text_in(code, codes) || accepted->boolean != (strcmp(code, "accepted") == 0))
		return malformed("code", at->err);
	if (said && strcmp(said, verdict_source_name(source)) != 0)
		return malformed("source", at->err);
	if (!json_put_int(at->doc, at->to, "version", VERDICT_VERSION) ||
	    !json_put(at->doc, at->to, "accepted", json_new_bool(at->doc, accepted->boolean)) ||
	    !json_put_string(at->doc, at->to, "code", code) ||
	    (said && !json_put_string(at->doc, at->to, "source", said)))
		return out_of_memory(at);
	return 0;
}

static int copy_texts(const struct reading *at)
{
	static const char *const digests[] = {"digest", "index", "config"};
	static const char *const texts[] = {"why", "found", "remedy"};

	for (size_t i = 0; i < hr_count(digests); i++)
		if (copy_digest(at, digests[i]) < 0)
			return -1;
	if (copy_list(at, "names", NAMES_MAX, false) < 0 || copy_by(at) < 0)
		return -1;
	for (size_t i = 0; i < hr_count(texts); i++)
		if (copy_text(at, texts[i]) < 0)
			return -1;
	return 0;
}

/* One that accepts says what, by what, and for a container where it is. */
static int check_whole(const struct reading *at, enum verdict_source source)
{
	if (!verdict_accepted(at->to) || source == VERDICT_KEYS)
		return 0;
	if (!json_get(at->to, "digest"))
		return malformed("digest", at->err);
	if (!json_get(at->to, "by"))
		return malformed("by", at->err);
	if (source == VERDICT_CONTAINERD && !json_path(at->to, "snapshot.mounts"))
		return malformed("snapshot", at->err);
	return 0;
}

int verdict_read(const char *text, size_t len, enum verdict_source source, struct json_doc **ret,
		 struct hr_error *err)
{
	json_auto struct json_doc *said = NULL;
	json_auto struct json_doc *doc = json_new("answer");
	struct reading at = {.doc = doc, .err = err};

	if (!doc)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (json_parse("answer", text, len, false, &said, err) < 0)
		return -1;
	at.from = json_root(said);
	at.to = json_root(doc);
	if (at.from->type != JSON_OBJECT)
		return malformed("the whole", err);
	if (copy_code(&at, source) < 0 || copy_texts(&at) < 0 || copy_snapshot(&at) < 0 ||
	    check_whole(&at, source) < 0)
		return -1;
	*ret = hr_steal(doc);
	return 0;
}
