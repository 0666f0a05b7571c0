/* SPDX-License-Identifier: Apache-2.0 */
#include "state/level.h"

#include "base/cleanup.h"
#include "state/slot.h"
#include "state/state_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIND   "levels"
#define MEMBER "level"

/* ---- names ----------------------------------------------------------------------------- */

static const char *read_category(const char *at, unsigned long *ret)
{
	char *end;

	/* The policy's symbols: there is no c03. */
	if (at[0] != 'c' || at[1] < '0' || at[1] > '9' ||
	    (at[1] == '0' && at[2] >= '0' && at[2] <= '9'))
		return NULL;
	*ret = strtoul(at + 1, &end, 10);
	return *ret < LEVEL_CATEGORIES ? end : NULL;
}

bool level_sound(const char *text)
{
	unsigned long a, b;
	const char *at;

	if (!text_starts(text, "s0:"))
		return false;
	at = read_category(text + 3, &a);
	if (!at || *at != ',')
		return false;
	at = read_category(at + 1, &b);
	return at && *at == '\0' && a < b;
}

/* The n-th of all pairs. Row i of 512 has the 1023 - i pairs (i, i + 1...1023) and the i pairs
 * (1023 - i, 1024 - i...1023): each pair once, 1023 a row. */
static void name_pair(unsigned n, char ret[LEVEL_SIZE])
{
	const unsigned last = LEVEL_CATEGORIES - 1;
	unsigned i = n / last, j = n % last;
	unsigned a = j >= i ? i : last - i;
	unsigned b = j >= i ? j + 1 : last - j;

	snprintf(ret, LEVEL_SIZE, "s0:c%u,c%u", a % LEVEL_CATEGORIES, b % LEVEL_CATEGORIES);
}

/* A step that is 1 modulo 2 * 3 * 11 * 31 has no factor in common with 2^9 * 3 * 11 * 31 =
 * LEVEL_COUNT: every level has its turn before one comes again. */
void level_nth(const char *root, const char *pod, unsigned n, char ret[LEVEL_SIZE])
{
	_Static_assert(LEVEL_COUNT == 512 * 3 * 11 * 31, "factors of the number of levels");
	text_auto struct text key = {0};
	char digest[DIGEST_HEX], part[9] = "";
	unsigned long long first, step;

	text_adds(&key, root);
	text_add(&key, "", 1);
	text_adds(&key, pod);
	digest_sha256(key.failed ? "" : key.data, key.failed ? 0 : key.len, digest);
	memcpy(part, digest, 8);
	first = strtoull(part, NULL, 16);
	memcpy(part, digest + 8, 8);
	step = 1 + strtoull(part, NULL, 16) % 256 * (2ULL * 3 * 11 * 31);
	name_pair((unsigned)((first + n * step) % LEVEL_COUNT), ret);
}

/* ---- claims ---------------------------------------------------------------------------- */

static int claim(const struct slots *slots, const char *name, const struct slot_holder *who,
		 bool share, struct level *ret, struct hr_error *err)
{
	bool taken;

	if (slot_take(slots, name, who, share, &taken, err) < 0)
		return -1;
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	ret->taken = taken;
	return 0;
}

/* What the sandbox's record names, "" for none. */
static int read_pods(const struct slots *slots, const struct slot_holder *who, char ret[LEVEL_SIZE],
		     struct hr_error *err)
{
	json_auto struct json_doc *record = NULL;
	char file[RECORD_NAME];
	const char *level;

	ret[0] = '\0';
	if (strcmp(who->pod, who->id) == 0)
		return 0;
	record_name(who->root, who->pod, file);
	if (record_read(slots->records, file, &record, err) < 0)
		return hr_context(err, "the pod's level");
	level = record ? json_string(json_root(record), MEMBER) : NULL;
	if (level && level_sound(level))
		snprintf(ret, LEVEL_SIZE, "%s", level);
	return 0;
}

static int claim_free(const struct slots *slots, const struct slot_holder *who, struct level *ret,
		      struct hr_error *err)
{
	char name[LEVEL_SIZE];

	for (unsigned n = 0; n < LEVEL_TRIES; n++) {
		struct hr_error local = {0};

		level_nth(who->root, who->pod, n, name);
		/* One that cannot be read is in nobody's way. */
		if (claim(slots, name, who, false, ret, &local) < 0 && local.code != HR_UNTRUSTED)
			return hr_fail(err, local.code, "%s", local.msg);
		if (local.code == HR_OK && !ret->taken)
			return 0;
	}
	return hr_fail(err, HR_SYSTEM,
		       "no free SELinux level: %d of %d were tried, and other pods of this node "
		       "have them; remove pods",
		       LEVEL_TRIES, LEVEL_COUNT);
}

/* The pod's where it has one, or a free one. */
static int claim_any(const struct slots *slots, const struct slot_holder *who, struct level *ret,
		     struct hr_error *err)
{
	char pods[LEVEL_SIZE];

	if (read_pods(slots, who, pods, err) < 0 ||
	    (pods[0] && claim(slots, pods, who, false, ret, err) < 0))
		return -1;
	/* All of the pod may have ended, and another have its level since. */
	return pods[0] && !ret->taken ? 0 : claim_free(slots, who, ret, err);
}

int level_claim_joined(const char *statedir, const struct slot_holder *holder, const char *asked,
		       bool share, struct level *ret, struct hr_error *err)
{
	slots_auto struct slots slots = {.dirfd = -1, .lock = -1};
	text_auto struct text real = {0};
	struct slot_holder who = *holder;
	char shown[TEXT_SHOWN_SIZE];
	struct level level = {0};

	if (asked && !level_sound(asked))
		return hr_fail(err, HR_SPEC, "\"%s\" is no level of two categories",
			       text_shown_z(asked, shown));
	record_root(holder->root, &real);
	if (real.failed || !real.data)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	who.root = real.data;
	if (slots_open(statedir, KIND, MEMBER, &slots, err) < 0 ||
	    (asked ? claim(&slots, asked, &who, share, &level, err)
		   : claim_any(&slots, &who, &level, err)) < 0)
		return -1;
	slots_sweep(&slots, LEVEL_SWEPT);
	*ret = level;
	return 0;
}

int level_claim(const char *statedir, const char *root, const char *id, const char *sandbox,
		const char *asked, bool share, struct level *ret, struct hr_error *err)
{
	const struct slot_holder who = {.root = root, .id = id, .pod = sandbox ? sandbox : id};

	return level_claim_joined(statedir, &who, asked, share, ret, err);
}

void level_withdraw(const char *statedir, const char *root, const char *id, const char *level)
{
	slots_auto struct slots slots = {.dirfd = -1, .lock = -1};
	text_auto struct text real = {0};

	record_root(root, &real);
	if (real.failed || !level_sound(level) ||
	    slots_open(statedir, KIND, MEMBER, &slots, NULL) < 0)
		return;
	slot_leave(&slots, level, &(struct slot_holder){.root = real.data, .id = id});
}

void level_propose(const char *root, const char *id, const char *sandbox, struct level *ret)
{
	text_auto struct text real = {0};

	*ret = (struct level){0};
	record_root(root, &real);
	level_nth(real.failed || !real.data ? root : real.data, sandbox ? sandbox : id, 0,
		  ret->name);
}

void level_forget(int records, const struct json *record)
{
	slots_auto struct slots slots = {.dirfd = -1, .lock = -1};
	const char *level = record ? json_string(record, MEMBER) : NULL;

	if (level && level_sound(level) && slots_beside(records, KIND, MEMBER, &slots))
		slot_prune(&slots, level);
}
