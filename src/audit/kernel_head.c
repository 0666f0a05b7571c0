/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands before a record differs from log to log, and is looked at closely: lines that other
 * programs wrote are in some of them.
 */
#include "audit/kernel_fields.h"

#include <stdio.h>
#include <string.h>

#define MOST_TAGS 3 /* "kern  :notice: kernel: audit: " */

static bool is(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(text, word, len) == 0;
}

/* "PRIORITY,SEQUENCE,TIME,FLAGS;" of /dev/kmsg. What a process wrote there has a facility,
 * the kernel's own messages have none. False: somebody else's line. */
static bool skip_kmsg(struct rest *rest, bool *ret_skipped)
{
	const char *end = memchr(rest->at, ';', rest_left(rest));
	struct rest header = {rest->at, end};
	uint64_t priority, number;

	*ret_skipped = false;
	if (!end || !rest_number(&header, &priority) || !rest_take(&header, ",") ||
	    !rest_number(&header, &number) || !rest_take(&header, ",") ||
	    !rest_number(&header, &number) || !rest_take(&header, ","))
		return true;
	*ret_skipped = true;
	rest->at = end + 1;
	return priority < 8;
}

/* "<5>" of dmesg --raw */
static void skip_level(struct rest *rest)
{
	struct rest level = *rest;
	uint64_t number;

	if (rest_take(&level, "<") && rest_number(&level, &number) && rest_take(&level, ">"))
		*rest = level;
}

static const char *find_colon(const struct rest *rest)
{
	for (const char *c = rest->at; c + 1 < rest->end; c++)
		if (c[0] == ':' && c[1] == ' ')
			return c;
	return NULL;
}

/* "audit[N]" of a journal */
static bool is_audit(const char *tag, size_t len)
{
	static const char word[] = "audit";
	const size_t word_len = sizeof(word) - 1;

	if (len < word_len + 3 || memcmp(tag, word, word_len) != 0)
		return false;
	for (size_t i = word_len + 1; i + 1 < len; i++)
		if (tag[i] < '0' || tag[i] > '9')
			return false;
	return tag[word_len] == '[' && tag[len - 1] == ']';
}

/* Nothing, or times in brackets: a message of the kernel with a colon further on has words. */
static bool is_stamp(const char *text, size_t len)
{
	while (len > 0 && text[len - 1] == ' ')
		len--;
	return len == 0 || (text[0] == '[' && text[len - 1] == ']');
}

/* "[TIME] audit: ", "DATE HOST kernel: [TIME] audit: ", "DATE HOST audit[PID]: ". `bare`: the
 * message alone. A message of the kernel's that has a process's words in front is none. */
static bool skip_tags(struct rest *rest, bool bare, bool *ret_journal)
{
	*ret_journal = false;
	for (unsigned i = 0; i < MOST_TAGS; i++) {
		const char *colon = find_colon(rest), *tag = colon;
		bool stamp;
		size_t len;

		if (!colon)
			return false;
		while (tag > rest->at && tag[-1] != ' ')
			tag--;
		len = (size_t)(colon - tag);
		stamp = is_stamp(rest->at, (size_t)(tag - rest->at));
		rest->at = colon + 2;
		if (is(tag, len, "audit"))
			return stamp;
		if (bare || (i > 0 && !stamp))
			return false;
		if (is_audit(tag, len)) {
			*ret_journal = true;
			return i == 0;
		}
		if (!is(tag, len, "kernel") && !(len > 0 && tag[0] == ':'))
			return false;
	}
	return false;
}

/* UNKNOWN[1326] is how an old auditd names it. */
static bool is_type(const char *name, size_t len, const char *number, const char *word)
{
	char unknown[32];

	snprintf(unknown, sizeof(unknown), "UNKNOWN[%s]", number);
	return is(name, len, number) || is(name, len, word) || is(name, len, unknown);
}

static bool find_kind(const char *name, size_t len, enum kernel_record_kind *ret)
{
	if (is_type(name, len, "1326", "SECCOMP"))
		*ret = KERNEL_SECCOMP;
	else if (is_type(name, len, "1400", "AVC"))
		*ret = KERNEL_SELINUX; /* or AppArmor's: the fields tell */
	else
		return false;
	return true;
}

static bool take_kind(struct rest *rest, enum kernel_record_kind *ret)
{
	const char *blank = memchr(rest->at, ' ', rest_left(rest));
	const char *name = rest->at;

	if (!blank)
		return false;
	rest->at = blank + 1;
	return find_kind(name, (size_t)(blank - name), ret);
}

/* "audit(SECONDS.MILLISECONDS:SERIAL): " */
static bool take_stamp(struct rest *rest, struct kernel_record *ret)
{
	uint64_t seconds, milliseconds;

	rest_take(rest, "msg=");
	if (!rest_take(rest, "audit(") || !rest_number(rest, &seconds) || seconds > INT64_MAX ||
	    !rest_take(rest, ".") || !rest_number(rest, &milliseconds) || milliseconds > 999 ||
	    !rest_take(rest, ":") || !rest_number(rest, &ret->serial) || !rest_take(rest, "):"))
		return false;
	ret->seconds = (int64_t)seconds;
	ret->milliseconds = (int)milliseconds;
	rest_take(rest, " ");
	return true;
}

/* Up to the fields. A journal that got the record itself has it without type= and time. */
bool kernel_head(struct rest *rest, struct kernel_record *ret)
{
	bool kmsg, journal;

	/* The second line of a message that somebody's words are in. */
	if (rest->at < rest->end && (*rest->at == ' ' || *rest->at == '\t'))
		return false;
	rest_take(rest, "MESSAGE=");
	if (rest_take(rest, "node=")) {
		const char *blank = memchr(rest->at, ' ', rest_left(rest));

		if (!blank)
			return false;
		rest->at = blank + 1;
	}
	if (rest_take(rest, "type="))
		return take_kind(rest, &ret->kind) && take_stamp(rest, ret);
	if (rest_take(rest, "SECCOMP "))
		return ret->kind = KERNEL_SECCOMP, true;
	if (rest_take(rest, "AVC "))
		return ret->kind = KERNEL_SELINUX, true;
	skip_level(rest);
	if (!skip_kmsg(rest, &kmsg) || !skip_tags(rest, kmsg, &journal))
		return false;
	if (rest_take(rest, "type="))
		return take_kind(rest, &ret->kind) && take_stamp(rest, ret);
	/* The kernel always gives type and time: "audit: SECCOMP [123]: segfault at" is a process
	 * that calls itself so. */
	return journal && take_kind(rest, &ret->kind);
}
