/* SPDX-License-Identifier: Apache-2.0 */
#include "ints.h"
#include "lens.h"
#include "points.h"
#include "prove.h"
#include "reading.h"
#include "tap.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

#define SHOWN	  4    /* of each kind of finding */
#define MAX_CALLS 1200 /* for the count of what is lost */

enum kind {
	WIDER,	/* let through what one side refuses */
	TEXT,	/* let through what the caller's text refuses, if not its filter */
	LOST,	/* refused what both let through */
	ANSWER, /* ours refuses, and the answer is not ours */
	WEAKER, /* a weaker action than the caller's */
	HARSH,	/* a harsher one than the caller's filter and text */
	LOG,	/* logged and should not be, or the other way round */
	REMARKS,
	HIGH = REMARKS, /* lost, but for high bits that the kernel does not look at */
	CUT,		/* right for what the kernel makes of an int, not for its 64 bits */
	MISREAD,	/* let through for the text, which libseccomp misreads */
	STRICT,		/* refused for the caller's text, where its filter lets through */
	ERRNO,		/* another error than the caller's */
	MAY,		/* lost where --may-lose allows it */
	KINDS
};

static const char *const kind_names[KINDS] = {
	[WIDER] = "lets through what is refused",
	[TEXT] = "lets through what the text refuses",
	[LOST] = "lost",
	[ANSWER] = "not our answer",
	[WEAKER] = "weaker than the caller",
	[HARSH] = "harsher than the caller",
	[MISREAD] = "misread by libseccomp",
	[CUT] = "judged by the low bits",
	[LOG] = "logging differs",
	[HIGH] = "lost for high bits",
	[STRICT] = "strict reading",
	[ERRNO] = "another errno than the caller's",
	[MAY] = "lost as allowed",
};

static struct {
	size_t meets, points, found[KINDS];
} totals;

struct meet {
	const struct side *ours, *caller, *result;
	const struct prove_options *options;
	const struct abi *abi;
	struct lens lens_ours, lens_caller, lens_result;
	struct reading reading;
	bool read; /* the caller's document can be read */
	unsigned ints, conditioned;
	bool may_lose;
	bool misread; /* the caller's rules for the call */
	size_t points, lost_here;
	size_t found[KINDS];
	struct text notes; /* printed under the case */
};

/* One point under one runtime. */
struct answers {
	uint32_t ours, caller, text, result;
	bool caller_starts;
};

static bool passes(uint32_t action)
{
	return reading_rank(action) <= 1;
}

static unsigned rank_max(uint32_t a, uint32_t b)
{
	unsigned one = reading_rank(a), two = reading_rank(b);

	return one > two ? one : two;
}

/* --- Judging --------------------------------------------------------------------------- */

static void found(struct meet *meet, enum kind kind, size_t runtime,
		  const struct seccomp_data *data, const struct answers *at)
{
	char point[256], ours[32], caller[32], text[32], result[32];

	if (meet->found[kind]++ >= SHOWN || kind >= REMARKS)
		return;
	text_addf(&meet->notes, "%s: %s, %s: ours %s, caller %s (text %s), result %s\n",
		  kind_names[kind], oci_name((enum oci_runtime)runtime),
		  lens_point(meet->abi, data, point), lens_action(at->ours, ours),
		  at->caller_starts ? lens_action(at->caller, caller) : "-",
		  lens_action(at->text, text), lens_action(at->result, result));
}

/* High bits where the kernel looks at low ones, in an argument that the caller asks for. */
static bool only_high(const struct meet *meet, const struct seccomp_data *data)
{
	for (unsigned i = 0; i < 6; i++) {
		if ((meet->ints & meet->conditioned) >> i & 1 && data->args[i] >> 32 != 0)
			return true;
	}
	return false;
}

static enum kind kind_lost(const struct meet *meet, const struct seccomp_data *data)
{
	if (only_high(meet, data))
		return HIGH;
	return meet->may_lose ? MAY : LOST;
}

static bool same_errno(uint32_t result, uint32_t wanted)
{
	uint32_t action = wanted & SECCOMP_RET_ACTION_FULL;

	if (action == SECCOMP_RET_TRACE || action == SECCOMP_RET_USER_NOTIF)
		wanted = SECCOMP_RET_ERRNO | ENOSYS;
	return result == wanted;
}

/* Ours lets it through: the caller's turn. Returns KINDS when all is as it should be. */
static enum kind judge_caller(const struct meet *meet, const struct answers *at,
			      const struct seccomp_data *data)
{
	uint32_t filter = at->caller_starts ? at->caller : at->text;
	unsigned rank = reading_rank(at->result), least = rank_max(at->ours, filter);
	unsigned most = rank_max(at->ours, filter);

	if (reading_rank(at->text) > most)
		most = reading_rank(at->text);
	if (passes(filter) && passes(at->text) && !passes(at->result))
		return kind_lost(meet, data);
	if (rank < least)
		return passes(at->result) && passes(filter) ? LOG : WEAKER;
	if (rank > most && !passes(at->result))
		return meet->may_lose ? MAY : HARSH;
	if (rank > most)
		return at->caller_starts ? LOG : KINDS;
	if (passes(filter) && !passes(at->text) && !passes(at->result))
		return STRICT;
	if (rank == 2 && !same_errno(at->result, filter) && !same_errno(at->result, at->text))
		return ERRNO;
	return KINDS;
}

static enum kind judge(const struct meet *meet, const struct seccomp_data *data,
		       const struct answers *at)
{
	if (passes(at->result) && (!passes(at->ours) || (at->caller_starts && !passes(at->caller))))
		return passes(at->ours) && passes(at->text) && meet->misread ? MISREAD : WIDER;
	if (passes(at->result) && !passes(at->text))
		return TEXT;
	if (!passes(at->ours))
		return at->result == at->ours ? KINDS : ANSWER;
	return judge_caller(meet, at, data);
}

struct answers_all {
	uint32_t ours[OCI_RUNTIMES], caller[OCI_RUNTIMES], result[OCI_RUNTIMES];
	uint32_t text;
};

static void answer_all(const struct meet *meet, const struct seccomp_data *data,
		       struct answers_all *ret)
{
	lens_answers(&meet->lens_ours, data, ret->ours);
	lens_answers(&meet->lens_caller, data, ret->caller);
	lens_answers(&meet->lens_result, data, ret->result);
	ret->text = meet->read ? bpf_action(reading_answer(&meet->reading, data)) : 0;
}

static struct answers answers_of(const struct meet *meet, const struct answers_all *all, size_t i)
{
	return (struct answers){all->ours[i], all->caller[i],
				meet->read ? all->text : all->caller[i], all->result[i],
				meet->caller->starts[i]};
}

/* What the kernel gets to see. */
static struct seccomp_data cut(const struct meet *meet, const struct seccomp_data *data)
{
	struct seccomp_data seen = *data;

	for (unsigned i = 0; i < 6; i++) {
		if (meet->ints >> i & 1)
			seen.args[i] &= 0xFFFFFFFF;
	}
	return seen;
}

/* High bits that the kernel throws away: the answer may also be the one for the rest, and
 * where ours has no answer any refusal will do. */
static bool is_right_for_rest(const struct meet *meet, const struct answers *at, size_t runtime,
			      const struct seccomp_data *data)
{
	struct seccomp_data seen = cut(meet, data);
	struct answers_all all;
	struct answers rest;

	if (!only_high(meet, data))
		return false;
	if (passes(at->ours) && !passes(at->result))
		return true;
	answer_all(meet, &seen, &all);
	rest = answers_of(meet, &all, runtime);
	rest.result = at->result;
	return judge(meet, &seen, &rest) >= REMARKS;
}

static void judge_point(struct meet *meet, const struct seccomp_data *data)
{
	struct answers_all all;

	meet->points++;
	answer_all(meet, data, &all);
	for (size_t i = 0; i < OCI_RUNTIMES; i++) {
		struct answers at = answers_of(meet, &all, i);
		enum kind kind;

		/* A runtime that sees nothing else than the first has been judged. */
		if (i > 0 && all.ours[i] == all.ours[0] && all.caller[i] == all.caller[0] &&
		    all.result[i] == all.result[0] && at.caller_starts == meet->caller->starts[0])
			continue;
		kind = judge(meet, data, &at);
		if (kind < REMARKS && is_right_for_rest(meet, &at, i, data))
			kind = CUT;
		meet->lost_here += kind == LOST || kind == MAY;
		if (kind != KINDS)
			found(meet, kind, i, data, &at);
	}
}

/* --- Calls ----------------------------------------------------------------------------- */

static void set_call(struct meet *meet, uint32_t nr)
{
	char name[64];

	abi_call(meet->abi, nr, name);
	lens_set(&meet->lens_ours, meet->ours, meet->abi, nr);
	lens_set(&meet->lens_caller, meet->caller, meet->abi, nr);
	lens_set(&meet->lens_result, meet->result, meet->abi, nr);
	meet->read = meet->abi == &abis[0] &&
		     reading_of(&meet->caller->document, meet->abi, nr, &meet->reading);
	meet->ints = meet->abi == &abis[0] ? ints_of(name) : 0;
	meet->conditioned = 0;
	for (size_t i = 0; meet->read && i < meet->reading.count; i++) {
		const struct entry *entry = meet->reading.rules[i].entry;

		for (size_t k = 0; k < entry->count; k++)
			meet->conditioned |= 1u << (entry->conditions[k].index & 31);
	}
	meet->misread = meet->read && prove_is_misread(&meet->reading);
	meet->lost_here = 0;
	meet->may_lose = false;
	for (size_t i = 0; i < meet->options->may_lose_count; i++)
		meet->may_lose |= strcmp(meet->options->may_lose[i], "*") == 0 ||
				  strcmp(meet->options->may_lose[i], name) == 0;
}

static void try_points(struct meet *meet, uint32_t nr)
{
	struct seccomp_data data = {.nr = (int)nr, .arch = meet->abi->audit};
	struct point_plan plan = {.documents = {&meet->ours->document, &meet->caller->document,
						&meet->result->document},
				  .abi = meet->abi,
				  .nr = nr,
				  .limit = meet->options->points,
				  .seed = meet->options->seed};
	struct points *points = points_new(&plan);
	uint64_t args[6];

	while (points_next(points, args)) {
		for (size_t i = 0; i < 6; i++)
			data.args[i] = args[i];
		judge_point(meet, &data);
	}
	points_free(points);
}

static void try_call(struct meet *meet, uint32_t nr)
{
	struct seccomp_data data = {.nr = (int)nr, .arch = meet->abi->audit};
	size_t before = meet->points;
	char name[64];

	set_call(meet, nr);
	if (meet->lens_ours.fixed && meet->lens_caller.fixed && meet->lens_result.fixed &&
	    meet->conditioned == 0)
		judge_point(meet, &data);
	else
		try_points(meet, nr);
	if (meet->lost_here > 0)
		text_addf(&meet->notes, "lost%s: %s %s: %zu of %zu points\n",
			  meet->may_lose ? " as allowed" : "", meet->abi->name,
			  abi_call(meet->abi, nr, name), meet->lost_here, meet->points - before);
	if (meet->read)
		reading_free(&meet->reading);
}

/* --- The whole ------------------------------------------------------------------------- */

static bool side_is_good(const char *which, const struct side *side,
			 const struct prove_options *options)
{
	struct prove_options strict = *options;
	size_t points = 0;

	strict.stub = false;
	if (prove_equal(side, &strict, &points))
		return true;
	tap_note("%s is not the same everywhere: %s", which, side->file);
	return false;
}

static void add_up(struct meet *meet)
{
	totals.meets++;
	totals.points += meet->points;
	for (size_t i = 0; i < KINDS; i++) {
		totals.found[i] += meet->found[i];
		if (i < REMARKS && meet->found[i] > 0)
			text_addf(&meet->notes, "%s: %zu points\n", kind_names[i], meet->found[i]);
	}
}

static void print_notes(struct meet *meet)
{
	for (char *line = meet->notes.data; line && *line;) {
		size_t len = strcspn(line, "\n");

		tap_note("%.*s", (int)len, line);
		line += len + 1;
	}
	text_free(&meet->notes);
}

bool prove_meet(const struct side *ours, const struct side *caller, const struct side *result,
		const struct prove_options *options)
{
	struct meet meet = {.ours = ours, .caller = caller, .result = result, .options = options};
	char form[256];
	bool good = side_is_good("the result", result, options);

	if (prove_form(ours, result, form)) {
		text_addf(&meet.notes, "form: %s\n", form);
		good = false;
	}
	for (size_t i = 0; i < abi_count; i++) {
		meet.abi = &abis[i];
		for (size_t n = 0; n < NUMBER_COUNT; n++)
			try_call(&meet, prove_number(&abis[i], n, options->seed));
	}
	add_up(&meet);
	for (size_t i = 0; i < REMARKS; i++)
		good = good && meet.found[i] == 0;
	tap(good, "%s met with %s: %zu points", ours->file, caller->file, meet.points);
	print_notes(&meet);
	return good;
}

void prove_meet_totals(void)
{
	tap_note("%zu meets, %zu points", totals.meets, totals.points);
	for (size_t i = 0; i < KINDS; i++)
		tap_note("%s: %zu points", kind_names[i], totals.found[i]);
}
