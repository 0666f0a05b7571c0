/* SPDX-License-Identifier: Apache-2.0 */
/* The source of the smallest profile for a recording. */
#include "base/cleanup.h"
#include "seccomp/recording_data.h"
#include "seccomp/recording_text.h"
#include "seccomp/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct seccomp_filter *recording_copy_filter(const struct seccomp_filter *filter)
{
	seccomp_filter_auto struct seccomp_filter *copy = filter_new(filter->other);

	if (!copy)
		return NULL;
	copy->disjoint = filter->disjoint;
	for (const struct filter_call *call = filter->first; call; call = call->next) {
		struct filter_call *to = filter_name(copy, call->name);

		if (!to)
			return NULL;
		to->unclear = call->unclear;
		for (const struct filter_rule *rule = call->first; rule; rule = rule->next)
			if (!filter_add(copy, to, rule->answer, &rule->box))
				return NULL;
	}
	return hr_steal(copy);
}

/* What the base lets through of a call. */
enum passing { PASSES_NOTHING, PASSES_SOME, PASSES_ALL };

static enum passing passing(const struct seccomp_filter *base, const struct filter_call *call)
{
	enum passing found = PASSES_NOTHING;

	if (!call || !call->first)
		return answer_passes(&base->other) ? PASSES_ALL : PASSES_NOTHING;
	if (call->unclear)
		return PASSES_NOTHING;
	for (const struct filter_rule *rule = call->first; rule; rule = rule->next) {
		if (!answer_passes(&rule->answer))
			continue;
		if (filter_always(rule))
			return PASSES_ALL;
		found = PASSES_SOME;
	}
	return found;
}

/* --- Which calls --------------------------------------------------------------------- */

static const struct learned_call *learned_find(const struct learned *learned, const char *name)
{
	for (size_t i = 0; i < learned->count; i++)
		if (strcmp(learned->calls[i].name, name) == 0)
			return &learned->calls[i];
	return NULL;
}

/* Take a call that the base lets through, if it is not there. False: memory. */
static bool take(struct learned *learned, const char *name, enum reason reason, const char *like)
{
	const struct filter_call *call = filter_find(learned->base, name);
	struct learned_call taken = {.reason = reason, .like = like};
	enum passing passes;
	bool good = true;

	if (learned_find(learned, name) || learned->count == LEARNED_CALLS ||
	    !names_on(name, learned->arch))
		return true;
	passes = passing(learned->base, call);
	if (passes == PASSES_NOTHING)
		return true;
	taken.recorded = recording_find(learned->recording, name);
	memcpy(taken.name, name, strlen(name) + 1);
	if (passes == PASSES_SOME) {
		const struct recorded_call *by = taken.recorded;

		/* What the runtimes need cannot be told from one runtime's values. */
		if (text_in(name, recording_runtimes))
			by = NULL;
		good = recording_boxes(call, by, &taken.boxes, &taken.boxes_count, &taken.full);
		if (good && taken.boxes_count == 0) {
			free(taken.boxes);
			return true;
		}
	}
	if (good)
		learned->calls[learned->count++] = taken;
	return good;
}

static bool take_list(struct learned *learned, const char *const *names, enum reason reason)
{
	for (; *names; names++)
		if (!take(learned, *names, reason, NULL))
			return false;
	return true;
}

static bool take_recorded(struct learned *learned)
{
	const struct recorded_call *call;

	for (call = learned->recording->first; call; call = call->next)
		if (call->count > 0 && !take(learned, call->name, REASON_MEASURED, NULL))
			return false;
	for (call = learned->recording->first; call; call = call->next)
		if (call->runtime > 0 && !take(learned, call->name, REASON_RUNTIME, NULL))
			return false;
	return true;
}

/* Of calls that were measured, not of those that are here for another reason. */
static bool take_families(struct learned *learned)
{
	size_t measured = learned->count;

	for (size_t i = 0; i < measured; i++) {
		const char *name = learned->calls[i].name;

		if (learned->calls[i].reason != REASON_MEASURED)
			continue;
		for (const struct recording_family *f = recording_families; f->calls[0]; f++)
			for (size_t c = 0; text_in(name, f->calls) && f->calls[c]; c++)
				if (!take(learned, f->calls[c], REASON_FAMILY, name))
					return false;
	}
	return true;
}

static bool take_all(struct learned *learned, bool exact)
{
	return take_recorded(learned) && take_list(learned, recording_runtimes, REASON_RUNTIME) &&
	       take_list(learned, seccomp_floor, REASON_FLOOR) && (exact || take_families(learned));
}

/* --- Why ----------------------------------------------------------------------------- */

static void why_call(const struct learned_call *call, struct text *ret)
{
	static const char *const reasons[REASONS] = {[REASON_MEASURED] = "measured",
						     [REASON_RUNTIME] = "runtime",
						     [REASON_FLOOR] = "floor",
						     [REASON_FAMILY] = "family of "};
	const struct recorded_call *recorded = call->recorded;
	uint64_t count = recorded ? recorded->count + recorded->runtime : 0;

	text_addf(ret, "%s\t%s%s\t%llu\t", call->name, reasons[call->reason],
		  call->reason == REASON_FAMILY ? call->like : "", (unsigned long long)count);
	for (size_t i = 0; recorded && i < recorded->by_count; i++)
		text_addf(ret, "%s%s", i ? "," : "", recorded->by[i]);
	text_adds(ret, "\n");
}

/* --- All together -------------------------------------------------------------------- */

/* The answers of a call that the base refuses for some arguments, apart from what is let
 * through. */
static bool answers_of(struct learned *learned, const struct filter_call *call)
{
	const struct learned_call *through = learned_find(learned, call->name);

	for (const struct filter_rule *rule = call->first; rule; rule = rule->next)
		if (rule->answer.act == ACT_ERRNO && rule->answer.number != ENOSYS &&
		    !learned_answer(learned, call, rule, through))
			return false;
	return true;
}

/* It must be read as it was meant. */
static int prove(const struct learned *learned, const struct text *source, struct hr_error *err)
{
	seccomp_filter_auto struct seccomp_filter *filter = NULL;
	struct seccomp_source *parsed = NULL;
	int rc = seccomp_parse("learned profile", source->data, source->len, &parsed, err);

	if (rc == 0)
		rc = seccomp_lower(parsed, learned->recording->arch, &filter, err);
	seccomp_source_free(parsed);
	return rc;
}

static int write_profile(struct learned *learned, const struct recording_options *options,
			 struct text *ret, struct text *ret_why, struct hr_error *err)
{
	text_auto struct text source = {0};
	bool good = take_all(learned, options && options->exact);

	for (const struct filter_call *call = learned->base->first; call && good; call = call->next)
		good = call->unclear || !names_on(call->name, learned->arch) ||
		       answers_of(learned, call);
	good = good && learned_write(learned, options, &source);
	if (!good || source.failed)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (prove(learned, &source, err) < 0)
		return -1;
	text_add(ret, source.data, source.len);
	for (size_t i = 0; ret_why && i < learned->count; i++)
		why_call(&learned->calls[i], ret_why);
	if (ret->failed || (ret_why && ret_why->failed))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return 0;
}

int recording_profile(const struct recording *recording, const struct seccomp_filter *base,
		      const struct recording_options *options, struct text *ret,
		      struct text *ret_why, struct hr_error *err)
{
	seccomp_filter_auto struct seccomp_filter *settled = NULL;
	hr_autofree struct learned *learned = calloc(1, sizeof(*learned));
	struct seccomp_meeting meeting = {0};
	int rc;

	if (!learned || recording->failed)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (!base->disjoint && seccomp_settle(base, &settled, &meeting, err) < 0)
		return -1;
	learned->recording = recording;
	learned->base = settled ? settled : base;
	learned->arch = names_arch(recording->arch);
	rc = write_profile(learned, options, ret, ret_why, err);
	for (size_t i = 0; i < learned->count; i++)
		free(learned->calls[i].boxes);
	learned_free_answers(learned);
	return rc;
}
