/* SPDX-License-Identifier: Apache-2.0 */
/* Scopes of images: what they may be, and when two of them are the same. */
#include "base/text.h"
#include "policy/policy_private.h"

#include <string.h>

#define LOWER	"abcdefghijklmnopqrstuvwxyz"
#define DIGITS	"0123456789"
#define LETTERS LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define HUB	"docker.io/"

static bool is_host(const char *part, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (part[i] == '.' || part[i] == ':' || (part[i] >= 'A' && part[i] <= 'Z'))
			return true;
	return len == strlen("localhost") && memcmp(part, "localhost", len) == 0;
}

static bool good_port(const char *port, size_t len)
{
	return len > 0 && len <= 5 && strspn(port, DIGITS) >= len;
}

/* Labels of letters, digits and inner '-', a dot between them; [an IPv6 address]; a port. */
static bool good_host(const char *part, size_t len)
{
	size_t at = 0;

	if (part[0] == '[') {
		at = 1 + strspn(part + 1, DIGITS "abcdefABCDEF:");
		if (at < 3 || at >= len || part[at++] != ']')
			return false;
		return at == len || (part[at] == ':' && good_port(part + at + 1, len - at - 1));
	}
	for (;;) {
		size_t label = strspn(part + at, LETTERS DIGITS "-");

		if (label == 0 || part[at] == '-' || part[at + label - 1] == '-')
			return false;
		at += label;
		if (at >= len || part[at] != '.')
			break;
		at++;
	}
	return at == len || (part[at] == ':' && good_port(part + at + 1, len - at - 1));
}

/* Runs of lower-case letters and digits with '.', '_', '__' or '-'s between them. */
static bool good_component(const char *part, size_t len)
{
	size_t at = strspn(part, LOWER DIGITS);

	if (at == 0)
		return false;
	while (at < len) {
		size_t under = strspn(part + at, "_"), dashes = strspn(part + at, "-");
		size_t gap = part[at] == '.' ? 1 : under ? under : dashes;
		size_t run = strspn(part + at + gap, LOWER DIGITS);

		if (gap == 0 || under > 2 || run == 0)
			return false;
		at += gap + run;
	}
	return at == len;
}

static const char *component_problem(const char *part, size_t len)
{
	if (len == 0)
		return "a scope has no empty component";
	for (size_t i = 0; i < len; i++)
		if (part[i] == ':')
			return "a scope has no tag: it stands for a repository; \"reference\": "
			       "\"exact\" compares tags";
	for (size_t i = 0; i < len; i++)
		if (part[i] >= 'A' && part[i] <= 'Z')
			return "repositories have lower-case letters only";
	return good_component(part, len) ? NULL : "is no repository";
}

static const char *path_problem(const char *scope, size_t len, bool star)
{
	size_t at = 0, first = strcspn(scope, "/");

	if (first > len)
		first = len;
	if (first == len && !star && is_host(scope, first) && strchr(scope, '.'))
		return "is a repository of Docker Hub as it stands; for all of a registry append "
		       "/*";
	if ((first < len || star) && is_host(scope, first)) {
		if (!good_host(scope, first))
			return "begins with no name of a registry";
		if (first == len)
			return NULL;
		at = first + 1;
	}
	for (;;) {
		size_t part = strcspn(scope + at, "/");
		const char *problem;

		if (at + part > len)
			part = len - at;
		problem = component_problem(scope + at, part);
		if (problem || at + part >= len)
			return problem;
		at += part + 1;
	}
}

const char *policy_scope_problem(const char *scope)
{
	size_t len = strlen(scope);
	bool star = text_ends(scope, "/*");
	const char *mark = strchr(scope, '*');

	if (strcmp(scope, "*") == 0)
		return NULL;
	if (len == 0 || len > 255)
		return "a scope has 1 to 255 characters";
	if (mark && (!star || mark != scope + len - 1))
		return "a * stands alone, or for all that follows behind a / at the end";
	if (strchr(scope, '@'))
		return "a scope has no digest; list digests in \"allow\"";
	if (strstr(scope, "://"))
		return "a scope has no scheme; begin with the registry";
	return path_problem(scope, star ? len - 2 : len, star);
}

/* As names are: "redis" is "docker.io/library/redis". */
static void make_plain(const char *scope, struct text *ret)
{
	size_t first = strcspn(scope, "/");
	const char *rest = scope;
	bool hub = scope[first] == '\0' || !is_host(scope, first);

	if (text_starts(scope, "index." HUB))
		rest = scope + strlen("index." HUB);
	else if (text_starts(scope, HUB))
		rest = scope + strlen(HUB);
	if (strcmp(scope, "*") == 0 || (!hub && rest == scope)) {
		text_adds(ret, scope);
		return;
	}
	text_addf(ret, HUB "%s%s", strchr(rest, '/') || strcmp(rest, "*") == 0 ? "" : "library/",
		  rest);
}

bool policy_scope_same(const char *a, const char *b)
{
	text_auto struct text plain_a = {0}, plain_b = {0};

	make_plain(a, &plain_a);
	make_plain(b, &plain_b);
	return !plain_a.failed && !plain_b.failed && strcmp(plain_a.data, plain_b.data) == 0;
}
