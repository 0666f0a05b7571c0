/* SPDX-License-Identifier: Apache-2.0 */
#include "image/signature_private.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool signature_fail(struct signature_case *self, enum signature_result result, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(self->ret->why, sizeof(self->ret->why), fmt, args);
	va_end(args);
	self->ret->result = result;
	return false;
}

/* The last component of the key's name: what people call it. */
static const char *short_name(const struct image_key *key, char buf[TEXT_SHOWN_SIZE])
{
	const char *name = image_key_name(key), *slash = strrchr(name, '/');

	return text_shown_z(slash && slash[1] ? slash + 1 : name, buf);
}

bool signature_refuse(struct signature_case *self, enum signature_result result, const char *fmt,
		      ...)
{
	char shown[TEXT_SHOWN_SIZE], what[sizeof(self->ret->why)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	return signature_fail(self, result, "by %s %s", short_name(self->ret->key, shown), what);
}

bool signature_verify(struct signature_case *self, const char *hint, const char *bytes, size_t len,
		      const char *signature, size_t signature_len)
{
	const struct requirement_entry *entry = self->entry;

	/* First those that the hint means, then the others: it is only a selector. */
	for (int turn = 0; turn < 2; turn++)
		for (size_t i = 0; i < entry->key_count; i++) {
			const struct image_key *key = entry->keys[i];
			bool meant = !hint || strcmp(hint, image_key_hint(key)) == 0;

			if (meant != (turn == 0) ||
			    !image_key_verifies(key, bytes, len, signature, signature_len))
				continue;
			self->ret->key = key;
			return true;
		}
	return signature_fail(self, SIGNATURE_OTHER_KEY, "by another key");
}

const char *signature_keys(const struct json *object, const char *const *required,
			   const char *const *optional)
{
	if (!object || object->type != JSON_OBJECT)
		return "(no object)";
	json_each(member, object)
		if (!text_in(member->key, required) && !text_in(member->key, optional))
			return member->key;
	for (size_t i = 0; required[i]; i++)
		if (!json_get(object, required[i]))
			return required[i];
	return NULL;
}

bool signature_flat(const struct json *object)
{
	if (object && object->type != JSON_OBJECT)
		return false;
	json_each(member, object)
		if (member->type != JSON_STRING && member->type != JSON_NUMBER &&
		    member->type != JSON_BOOL)
			return false;
	return true;
}

bool signature_digest(struct signature_case *self, const char *digest)
{
	char shown[TEXT_SHOWN_SIZE];

	if (!image_digest_sound(digest))
		return signature_refuse(self, SIGNATURE_REFUSED,
					"about %s, which is no sha256 digest",
					text_shown_z(digest, shown));
	if (strcmp(digest, self->subject->digest) == 0)
		return true;
	return signature_refuse(self, SIGNATURE_OTHER_DIGEST, "about %s", digest);
}

/* --- Names ---------------------------------------------------------------------------------- */

static bool fail_name(struct signature_case *self, const char *what, const char *name)
{
	char shown[TEXT_SHOWN_SIZE];

	return signature_refuse(self, SIGNATURE_OTHER_NAME, "%s%s", what,
				text_shown_z(name, shown));
}

bool signature_name(struct signature_case *self, const char *name)
{
	const struct reference *image = self->subject->name;
	struct reference said;

	if (self->entry->match == MATCH_NONE)
		return true;
	if (!name || !name[0])
		return signature_refuse(self, SIGNATURE_OTHER_NAME,
					"that names no repository, which only "
					"\"reference\": \"none\" takes");
	if (!reference_read(name, &said))
		return fail_name(self, "for what is no name of an image: ", name);
	if (!image)
		return fail_name(self, "for an image with a name, and this one has none: ", name);
	if (strcmp(said.repository, image->repository) != 0)
		return fail_name(self, "for repository ", said.repository);
	if (said.digest[0] && strcmp(said.digest, self->subject->digest) != 0)
		return signature_refuse(self, SIGNATURE_OTHER_NAME, "for %s", said.digest);
	if (self->entry->match == MATCH_EXACT && strcmp(said.tag, image->tag) != 0)
		return fail_name(self, said.tag[0] ? "for tag " : "that names no tag", said.tag);
	return true;
}

bool signature_annotations(struct signature_case *self, const struct json *annotations)
{
	char key[TEXT_SHOWN_SIZE], value[TEXT_SHOWN_SIZE];

	json_each(wanted, json_get(self->entry->json, "annotations")) {
		const char *text = json_string(annotations, wanted->key);

		if (!text || strcmp(text, wanted->text) != 0)
			return signature_refuse(self, SIGNATURE_REFUSED,
						"without the annotation %s=%s",
						text_shown_z(wanted->key, key),
						text_shown_z(wanted->text, value));
	}
	return true;
}
