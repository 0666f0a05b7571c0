/* SPDX-License-Identifier: Apache-2.0 */
#include "image/reference.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* Grammar and normalisation: github.com/distribution/reference, reference.go and normalize.go. */
#define LOWER	  "abcdefghijklmnopqrstuvwxyz"
#define UPPER	  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS	  "0123456789"
#define HEX	  DIGITS "abcdef"
#define HUB	  "docker.io"
#define HUB_OLD	  "index.docker.io"
#define PATH_MAX_ 255 /* bytes of the path, without the host */
#define TAG_MAX	  128
#define ID_LEN	  64 /* a name of so many hex digits would be taken for an image's id */

/* A run of text, not ended. */
struct part {
	const char *text;
	size_t len;
};

static bool part_is(struct part part, const char *text)
{
	return strlen(text) == part.len && memcmp(part.text, text, part.len) == 0;
}

/* How many of the part's first characters are of the set. */
static size_t span(struct part part, size_t from, const char *set)
{
	size_t at = from;

	while (at < part.len && part.text[at] != '\0' && strchr(set, part.text[at]))
		at++;
	return at - from;
}

static struct part cut(struct part *rest, char at)
{
	const char *found = memchr(rest->text, at, rest->len);
	struct part first = *rest;

	if (found)
		first.len = (size_t)(found - rest->text);
	rest->text += first.len;
	rest->len -= first.len;
	return first;
}

/* --- Hosts ---------------------------------------------------------------------------------- */

/* A host, by what distinguishes it from the first component of a path on Docker Hub. */
static bool looks_like_host(struct part part)
{
	return part_is(part, "localhost") || memchr(part.text, '.', part.len) ||
	       memchr(part.text, ':', part.len) || span(part, 0, LOWER DIGITS "-_") < part.len;
}

static size_t span_labels(struct part host)
{
	size_t at = 0;

	for (;;) {
		size_t label = span(host, at, LOWER UPPER DIGITS "-");

		if (label == 0 || host.text[at] == '-' || host.text[at + label - 1] == '-')
			return 0;
		at += label;
		if (at == host.len || host.text[at] != '.')
			return at;
		at++;
	}
}

static size_t span_ipv6(struct part host)
{
	size_t inner = span(host, 1, DIGITS "abcdefABCDEF:");

	if (inner == 0 || 1 + inner >= host.len || host.text[1 + inner] != ']')
		return 0;
	return inner + 2;
}

static bool host_sound(struct part host)
{
	size_t at;

	if (host.len == 0)
		return false;
	at = host.text[0] == '[' ? span_ipv6(host) : span_labels(host);
	if (at == 0)
		return false;
	if (at == host.len)
		return true;
	if (host.text[at] != ':')
		return false;
	at++;
	return at < host.len && span(host, at, DIGITS) == host.len - at;
}

/* --- Paths ---------------------------------------------------------------------------------- */

/* Runs of letters and digits, between them ".", "_", "__" or any number of "-". */
static bool component_sound(struct part part)
{
	size_t at = span(part, 0, LOWER DIGITS);

	if (at == 0)
		return false;
	while (at < part.len) {
		size_t under = span(part, at, "_"), dashes = span(part, at, "-");
		size_t between = part.text[at] == '.' ? 1 : under + dashes;
		size_t run;

		if (between == 0 || under > 2)
			return false;
		if (under && dashes)
			return false;
		run = span(part, at + between, LOWER DIGITS);
		if (run == 0)
			return false;
		at += between + run;
	}
	return true;
}

static bool path_sound(struct part path)
{
	if (path.len > PATH_MAX_)
		return false;
	for (;;) {
		if (!component_sound(cut(&path, '/')))
			return false;
		if (path.len == 0)
			return true;
		path.text++;
		path.len--;
	}
}

/* --- Whole names ---------------------------------------------------------------------------- */

/* HOST and PATH of a name as people write it, without tag and digest. */
static bool read_repository(struct part name, char ret[REFERENCE_SIZE])
{
	struct part path = name, host = cut(&path, '/');
	bool hub = path.len == 0 || !looks_like_host(host);
	bool library;
	int len;

	if (hub) {
		path = name;
		host = (struct part){HUB, strlen(HUB)};
	} else {
		path.text++;
		path.len--;
		if (part_is(host, HUB_OLD))
			host = (struct part){HUB, strlen(HUB)};
	}
	if (!host_sound(host) || !path_sound(path))
		return false;
	library = part_is(host, HUB) && !memchr(path.text, '/', path.len);
	if (library && path.len > PATH_MAX_ - strlen("library/"))
		return false;
	len = snprintf(ret, REFERENCE_SIZE, "%.*s/%s%.*s", (int)host.len, host.text,
		       library ? "library/" : "", (int)path.len, path.text);
	return len > 0 && len < REFERENCE_SIZE;
}

static bool tag_sound(struct part tag)
{
	return tag.len > 0 && tag.len <= TAG_MAX && tag.text[0] != '.' && tag.text[0] != '-' &&
	       span(tag, 0, LOWER UPPER DIGITS "_.-") == tag.len;
}

bool reference_read(const char *text, struct reference *ret)
{
	struct reference reference = {0};
	struct part name = {text, strnlen(text, REFERENCE_SIZE)}, digest = name, last;
	const char *colon;

	if (name.len == 0 || name.len >= REFERENCE_SIZE)
		return false;
	if ((name.len == ID_LEN && span(name, 0, HEX) == ID_LEN) || image_digest_sound(text))
		return false;
	name = cut(&digest, '@');
	if (digest.len > 0) {
		if (!image_digest_sound(digest.text + 1))
			return false;
		memcpy(reference.digest, digest.text + 1, IMAGE_DIGEST_SIZE);
	}
	last = name;
	while (last.len > 0 && memchr(last.text, '/', last.len)) {
		cut(&last, '/');
		last.text++;
		last.len--;
	}
	colon = memchr(last.text, ':', last.len);
	if (colon) {
		struct part tag = {colon + 1, (size_t)(last.text + last.len - colon) - 1};

		if (!tag_sound(tag))
			return false;
		memcpy(reference.tag, tag.text, tag.len);
		name.len = (size_t)(colon - name.text);
	}
	if (!read_repository(name, reference.repository))
		return false;
	*ret = reference;
	return true;
}

/* --- Scopes --------------------------------------------------------------------------------- */

/* The pattern as repositories are written; what a "*" stood for is cut off. */
static bool read_pattern(const char *pattern, char ret[REFERENCE_SIZE], bool *ret_star)
{
	/* Two components: "docker.io/" then gets no "library/". */
	static const char stand_in[] = "x/x";
	char plain[REFERENCE_SIZE];
	size_t len = strnlen(pattern, REFERENCE_SIZE);

	*ret_star = len > 0 && pattern[len - 1] == '*';
	if (*ret_star && len == 1) {
		ret[0] = '\0';
		return true;
	}
	if (len == 0 || len > REFERENCE_SIZE - sizeof(stand_in))
		return false;
	memcpy(plain, pattern, len + 1);
	if (*ret_star) {
		if (pattern[len - 2] != '/')
			return false;
		memcpy(plain + len - 1, stand_in, sizeof(stand_in));
	}
	if (!read_repository((struct part){plain, strlen(plain)}, ret))
		return false;
	if (*ret_star)
		ret[strlen(ret) - strlen(stand_in)] = '\0';
	return true;
}

bool reference_pattern_sound(const char *pattern)
{
	char plain[REFERENCE_SIZE];
	bool star;

	return read_pattern(pattern, plain, &star);
}

bool reference_matches(const char *pattern, const struct reference *reference, size_t *ret_len)
{
	char plain[REFERENCE_SIZE];
	size_t len;
	bool star;

	if (!read_pattern(pattern, plain, &star))
		return false;
	len = strlen(plain);
	if (star ? !text_starts(reference->repository, plain)
		 : strcmp(reference->repository, plain) != 0)
		return false;
	*ret_len = star ? len : len + 1;
	return true;
}
