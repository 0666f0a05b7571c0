/* SPDX-License-Identifier: Apache-2.0 */
#include "state/range.h"

#include "base/cleanup.h"
#include "state/range_order.h"
#include "state/slot.h"
#include "state/state_private.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define KIND   "ranges"
#define MEMBER "range"

#define ALL_SLOTS 65536U /* of 65,536 ids */
#define NAME_SIZE 16	 /* "4294836224" and the NUL fit */

/* ---- names ----------------------------------------------------------------------------- */

static void name_of(uint32_t slot, char ret[NAME_SIZE])
{
	snprintf(ret, NAME_SIZE, "%u", slot * SUBID_SLOT);
}

/* The slot whose first id is written in the first `len` bytes; 0 for none: slot 0 is nobody's. */
static uint32_t slot_named(const char *name, size_t len)
{
	uint64_t base = 0;

	if (len == 0 || len > 10 || name[0] == '0')
		return 0;
	for (size_t i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return 0;
		base = base * 10 + (uint64_t)(name[i] - '0');
	}
	return base % SUBID_SLOT == 0 && base < SUBID_LAST ? (uint32_t)(base / SUBID_SLOT) : 0;
}

static uint32_t slot_of_record(const struct json *record)
{
	const char *base = record ? json_string(record, MEMBER) : NULL;

	return base ? slot_named(base, strlen(base)) : 0;
}

/* ---- the directory --------------------------------------------------------------------- */

/* Which slots have a file, of whatever pool. */
struct seen {
	bool used[ALL_SLOTS];
	uint32_t count;
};

/* With `tidy`, for who has the lock, what a killed process left half written goes. */
static void look(int dirfd, bool tidy, struct seen *ret)
{
	int copy = dirfd < 0 ? -1 : openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	uint32_t slot;

	memset(ret, 0, sizeof(*ret));
	if (!dir) {
		if (copy >= 0)
			close(copy);
		return;
	}
	for (const struct dirent *entry; (entry = readdir(dir));) {
		const char *name = entry->d_name;

		if (tidy && text_starts(name, ".hardrun."))
			unlinkat(dirfd, name, 0);
		if (!text_ends(name, ".json"))
			continue;
		slot = slot_named(name, strlen(name) - strlen(".json"));
		ret->count += slot > 0 && !ret->used[slot];
		ret->used[slot] = slot > 0;
	}
	closedir(dir);
}

static void prune(const struct slots *slots, struct range_order *order, struct seen *seen,
		  uint32_t slot)
{
	char name[NAME_SIZE];

	name_of(slot, name);
	if (!slot_prune(slots, name))
		return;
	range_order_stamp(order, slot);
	seen->used[slot] = false;
	seen->count--;
}

/* A few of those that have a file, others each time. */
static void sweep(const struct slots *slots, struct range_order *order, struct seen *seen)
{
	uint32_t skip = seen->count > RANGE_SWEPT
				? (uint32_t)(order->counter * RANGE_SWEPT % seen->count)
				: 0;
	uint32_t at = 0;

	for (uint32_t slot = 1; slot < ALL_SLOTS && at < skip + RANGE_SWEPT; slot++)
		if (seen->used[slot] && at++ >= skip)
			prune(slots, order, seen, slot);
}

/* ---- a new one ------------------------------------------------------------------------- */

/* The slots of a pool, and when each was used. */
struct choice {
	uint32_t first, count;
	uint64_t *stamps;
};

static int read_choice(const struct subid_pool *pool, struct range_order *order, struct choice *ret,
		       struct hr_error *err)
{
	ret->first = pool->first / SUBID_SLOT;
	ret->count = pool->slots;
	if (pool->first % SUBID_SLOT != 0 || ret->first == 0 || ret->count == 0 ||
	    ret->count > ALL_SLOTS - 1 - ret->first)
		return hr_fail(err, HR_POLICY, "no slots of ids: %u from %u", pool->slots,
			       pool->first);
	ret->stamps = calloc(ret->count, sizeof(*ret->stamps));
	if (!ret->stamps)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	range_order_read(order, ret->first, ret->count, ret->stamps);
	return 0;
}

/* The least recently used slot that has a file, or that has none; 0: there is no such slot. */
static uint32_t oldest(const struct choice *choice, const struct seen *seen, bool used)
{
	uint32_t best = 0;
	uint64_t stamp = UINT64_MAX;

	for (uint32_t i = 0; i < choice->count; i++) {
		if (seen->used[choice->first + i] != used || choice->stamps[i] >= stamp)
			continue;
		best = choice->first + i;
		stamp = choice->stamps[i];
	}
	return best;
}

static int fail_full(const struct choice *choice, struct hr_error *err)
{
	const uint32_t base = choice->first * SUBID_SLOT;

	return hr_fail(
		err, HR_SYSTEM,
		"no free range of ids: all %u from %u to %u are in use by pods of this node; "
		"remove pods, or give user " SUBID_USER " more ids in /etc/subuid and /etc/subgid",
		choice->count, base, base + choice->count * SUBID_SLOT - 1);
}

static int claim(const struct slots *slots, struct range_order *order, uint32_t slot,
		 const struct slot_holder *who, struct range *ret, struct hr_error *err)
{
	char name[NAME_SIZE];
	bool taken;

	name_of(slot, name);
	if (slot_take(slots, name, who, false, &taken, err) < 0)
		return -1;
	if (!taken)
		range_order_stamp(order, slot);
	*ret = (struct range){.base = taken ? 0 : slot * SUBID_SLOT, .taken = taken};
	return 0;
}

static int claim_new(const struct slots *slots, struct range_order *order,
		     const struct slot_holder *who, const struct subid_pool *pool,
		     struct range *ret, struct hr_error *err)
{
	hr_unset struct seen seen;
	struct choice choice = {0};
	uint32_t slot;
	int result;

	if (read_choice(pool, order, &choice, err) < 0)
		return -1;
	look(slots->dirfd, true, &seen);
	slot = oldest(&choice, &seen, false);
	if (slot == 0) {
		for (uint32_t i = 0; i < choice.count; i++)
			prune(slots, order, &seen, choice.first + i);
		slot = oldest(&choice, &seen, false);
	}
	result = slot == 0 ? fail_full(&choice, err) : claim(slots, order, slot, who, ret, err);
	free(choice.stamps);
	if (result == 0)
		sweep(slots, order, &seen);
	return result;
}

/* ---- the pod's ------------------------------------------------------------------------- */

static int join(const struct slots *slots, struct range_order *order, const struct slot_holder *who,
		struct range *ret, struct hr_error *err)
{
	json_auto struct json_doc *record = NULL;
	char file[RECORD_NAME];
	uint32_t slot;

	*ret = (struct range){0};
	record_name(who->root, who->pod, file);
	if (record_read(slots->records, file, &record, err) < 0)
		return hr_context(err, "the pod's range of ids");
	slot = slot_of_record(record ? json_root(record) : NULL);
	return slot == 0 ? 0 : claim(slots, order, slot, who, ret, err);
}

/* ---- what is asked of it --------------------------------------------------------------- */

int range_claim(const char *statedir, const char *root, const char *id, const char *sandbox,
		const struct subid_pool *pool, struct range *ret, struct hr_error *err)
{
	slots_auto struct slots slots = {.dirfd = -1, .lock = -1};
	range_order_auto struct range_order order = {.fd = -1};
	text_auto struct text real = {0};
	struct slot_holder who = {.id = id, .pod = sandbox ? sandbox : id};
	struct range range;

	record_root(root, &real);
	if (real.failed || !real.data)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	who.root = real.data;
	if (slots_open(statedir, KIND, MEMBER, &slots, err) < 0)
		return -1;
	range_order_open(slots.dirfd, true, &order);
	if ((sandbox ? join(&slots, &order, &who, &range, err)
		     : claim_new(&slots, &order, &who, pool, &range, err)) < 0)
		return -1;
	*ret = range;
	return 0;
}

void range_withdraw(const char *statedir, const char *root, const char *id, uint32_t base)
{
	slots_auto struct slots slots = {.dirfd = -1, .lock = -1};
	range_order_auto struct range_order order = {.fd = -1};
	text_auto struct text real = {0};
	char name[NAME_SIZE];

	record_root(root, &real);
	name_of(base / SUBID_SLOT, name);
	if (real.failed || !real.data || base % SUBID_SLOT != 0 ||
	    slot_named(name, strlen(name)) == 0 ||
	    slots_open(statedir, KIND, MEMBER, &slots, NULL) < 0)
		return;
	if (!slot_leave(&slots, name, &(struct slot_holder){.root = real.data, .id = id}))
		return;
	range_order_open(slots.dirfd, true, &order);
	range_order_stamp(&order, base / SUBID_SLOT);
}

void range_propose(const char *statedir, const struct subid_pool *pool, struct range *ret)
{
	range_order_auto struct range_order order = {.fd = -1};
	hr_autoclose int dirfd = -1;
	hr_unset struct seen seen;
	struct choice choice = {0};
	char path[PATH_MAX];
	uint32_t slot;

	*ret = (struct range){0};
	snprintf(path, sizeof(path), "%s/" KIND, statedir);
	dirfd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dirfd >= 0)
		range_order_open(dirfd, false, &order);
	if (read_choice(pool, &order, &choice, NULL) < 0)
		return;
	look(dirfd, false, &seen);
	slot = oldest(&choice, &seen, false);
	if (slot == 0) {
		slot = oldest(&choice, &seen, true);
		ret->taken = true;
	}
	ret->base = slot * SUBID_SLOT;
	free(choice.stamps);
}

void range_forget(int records, const struct json *record)
{
	slots_auto struct slots slots = {.dirfd = -1, .lock = -1};
	range_order_auto struct range_order order = {.fd = -1};
	uint32_t slot = slot_of_record(record);
	char name[NAME_SIZE];

	if (slot == 0 || !slots_beside(records, KIND, MEMBER, &slots))
		return;
	name_of(slot, name);
	if (!slot_prune(&slots, name))
		return;
	range_order_open(slots.dirfd, true, &order);
	range_order_stamp(&order, slot);
}
