/* SPDX-License-Identifier: Apache-2.0 */
#include "host/escapes.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BRANCHES 4

struct escape {
	const char *cve;
	enum runtime_kind kind;
	const char *since;	     /* first version that has it; NULL: all before the fix */
	const char *fixed[BRANCHES]; /* the first on each branch that has it mended, upwards */
};

/*
 * From the runtimes' CHANGELOG.md and NEWS and their advisories. The three of runc from 2025 do
 * not work against crun (crun issue 1906); CVE-2024-21626 neither (NEWS of crun 1.14.1). What
 * concerns krun alone is left out.
 */
static const struct escape escapes[] = {
	{"CVE-2019-5736", RUNTIME_RUNC, NULL, {"1.0.0-rc7"}},
	{"CVE-2021-30465", RUNTIME_RUNC, NULL, {"1.0.0-rc95"}},
	{"CVE-2024-21626", RUNTIME_RUNC, "1.0.0-rc93", {"1.1.12"}},
	{"CVE-2025-31133", RUNTIME_RUNC, NULL, {"1.2.8", "1.3.3", "1.4.0-rc.3"}},
	{"CVE-2025-52565", RUNTIME_RUNC, "1.0.0-rc3", {"1.2.8", "1.3.3", "1.4.0-rc.3"}},
	{"CVE-2025-52881", RUNTIME_RUNC, NULL, {"1.2.8", "1.3.3", "1.4.0-rc.3"}},
	{"CVE-2026-41579", RUNTIME_RUNC, NULL, {"1.3.6", "1.4.3", "1.5.0-rc.3"}},
	/* restore only */
	{"CVE-2026-119101", RUNTIME_RUNC, NULL, {"1.3.7", "1.4.4", "1.5.3", "1.6.0-rc.2"}},
	{"CVE-2019-5736", RUNTIME_CRUN, NULL, {"0.3"}},
	{"CVE-2019-18837", RUNTIME_CRUN, NULL, {"0.10.5"}},
	{"CVE-2026-47766", RUNTIME_CRUN, NULL, {"1.28"}}, /* runc's CVE-2026-41579 */
	{"CVE-2026-88264", RUNTIME_CRUN, NULL, {"1.30"}},
	{"CVE-2026-88265", RUNTIME_CRUN, NULL, {"1.30"}},
	{"CVE-2026-115520", RUNTIME_CRUN, NULL, {"1.31"}}, /* restore only */
};

/*
 * Packages of an affected version with the fix put in: from this number behind the stem on. A
 * stem of one release's packages, because the next release's may be higher and without it.
 * No package of Debian 12 or 13 up to 1.1.15+ds1-2+b4 has a fix of 2025's.
 */
static const struct backport {
	const char *cve;
	const char *stem;
	enum runtime_kind kind;
	unsigned number;
} backports[] = {
	{"CVE-2021-30465", "1.0.0~rc94+ds1-", RUNTIME_RUNC, 2},
	{"CVE-2024-21626", "1.0.0~rc93+ds1-5+deb11u", RUNTIME_RUNC, 3}, /* DSA-5615-1 */
	{"CVE-2024-21626", "1.1.5+ds1-1+deb12u", RUNTIME_RUNC, 1},
	{"CVE-2024-21626", "1.1.4-0ubuntu1~18.04.2+esm", RUNTIME_RUNC, 1}, /* USN-6619-1 */
	{"CVE-2024-21626", "1.1.7-0ubuntu1~20.04.", RUNTIME_RUNC, 2},
	{"CVE-2024-21626", "1.1.7-0ubuntu1~22.04.", RUNTIME_RUNC, 2},
	{"CVE-2024-21626", "1.1.7-0ubuntu2.", RUNTIME_RUNC, 2},
};

struct version {
	unsigned part[3]; /* major, minor, patch */
	unsigned rc;	  /* of a release: RELEASE */
};

#define RELEASE UINT_MAX
#define LARGEST 1000000 /* no runtime counts as far */

/* Decimal digits at *at; false when there are none or too many. */
static bool read_number(const char **at, unsigned *ret)
{
	char *end;
	unsigned long value;

	if (**at < '0' || **at > '9')
		return false;
	value = strtoul(*at, &end, 10);
	if (value > LARGEST)
		return false;
	*at = end;
	*ret = (unsigned)value;
	return true;
}

/*
 * What follows MAJOR.MINOR.PATCH: "-rc93", "-rc.3", "~rc93" and "-dev" come before the release;
 * "+ds1", "+dev" and a package's own "-1" and "-0ubuntu2" after it.
 */
static bool read_tail(const char *at, unsigned *ret_rc)
{
	*ret_rc = RELEASE;
	if (*at == '\0' || *at == '+')
		return true;
	if (*at != '-' && *at != '~')
		return false;
	at++;
	if (text_starts(at, "rc")) {
		at += strlen("rc");
		at += *at == '.';
		return read_number(&at, ret_rc) && strchr("+-~", *at);
	}
	if (text_starts(at, "dev")) {
		*ret_rc = 0;
		return strchr("+-~", at[strlen("dev")]);
	}
	return *at >= '0' && *at <= '9' && !strstr(at, "rc") && !strstr(at, "dev");
}

/* A version of two to four numbers and more: crun counts 1.9, 0.12.2.1, and 1.14.0.0.0.3-f7e4
 * three commits on. */
static bool read_version(const char *text, struct version *ret)
{
	unsigned more, count = 0;

	*ret = (struct version){.rc = RELEASE};
	do {
		if (!read_number(&text, count < 3 ? &ret->part[count] : &more))
			return false;
		count++;
	} while (*text == '.' && text++);
	if (count < 2)
		return false;
	if (count > 4 && *text == '-')
		return true;
	return read_tail(text, &ret->rc);
}

static int compare(const struct version *a, const struct version *b)
{
	for (size_t i = 0; i < hr_count(a->part); i++)
		if (a->part[i] != b->part[i])
			return a->part[i] < b->part[i] ? -1 : 1;
	return a->rc < b->rc ? -1 : a->rc > b->rc;
}

static bool same_branch(const struct version *a, const struct version *b)
{
	return a->part[0] == b->part[0] && a->part[1] == b->part[1];
}

static bool is_open(const struct escape *escape, const struct version *version)
{
	struct version fixed, since;

	if (escape->since && read_version(escape->since, &since) && compare(version, &since) < 0)
		return false;
	for (size_t i = 0; i < BRANCHES && escape->fixed[i]; i++) {
		bool last = i + 1 == BRANCHES || !escape->fixed[i + 1];

		if (read_version(escape->fixed[i], &fixed) && compare(version, &fixed) >= 0 &&
		    (last || same_branch(version, &fixed)))
			return false;
	}
	return true;
}

static bool is_mended(const struct escape *escape, const char *package)
{
	for (size_t i = 0; i < hr_count(backports); i++) {
		const struct backport *backport = &backports[i];
		const char *at;
		unsigned number;

		if (backport->kind != escape->kind || strcmp(backport->cve, escape->cve) != 0 ||
		    !text_starts(package, backport->stem))
			continue;
		at = package + strlen(backport->stem);
		/* '~' sorts before what it follows (deb-version(7)). */
		if (read_number(&at, &number) && number >= backport->number && strchr("+.", *at))
			return true;
	}
	return false;
}

/* The word behind "version " of "runc version 1.1.5+ds1"; "" when it is not there. */
static void version_word(const char *line, char *ret, size_t room)
{
	const char *at = strstr(line, "version ");

	ret[0] = '\0';
	if (!at)
		return;
	at += strlen("version ");
	snprintf(ret, room, "%.*s", (int)strcspn(at, " \t\r\n"), at);
}

/* A package whose program was overwritten with another build says nothing about it. Debian's
 * programs give the upstream version, Ubuntu's the package's. */
static bool is_of_package(const char *version, const char *package)
{
	size_t len = strlen(version);

	return len > 0 && text_starts(package, version) && strchr("-", package[len]);
}

int escapes_list(enum runtime_kind kind, const char *line, const char *package,
		 struct json_doc *doc, struct json *list)
{
	struct version version;
	char word[PACKAGE_VERSION_SIZE];
	bool known, packaged;

	version_word(line, word, sizeof(word));
	known = read_version(word, &version);
	packaged = is_of_package(word, package);
	for (size_t i = 0; i < hr_count(escapes); i++) {
		const struct escape *escape = &escapes[i];

		if (escape->kind != kind || (known && !is_open(escape, &version)) ||
		    (packaged && is_mended(escape, package)))
			continue;
		if (!json_append(list, json_new_string(doc, escape->cve)))
			return -1;
	}
	return 0;
}
