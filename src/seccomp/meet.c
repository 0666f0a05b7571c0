/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The intersection of two filters. Where ours refuses, ours answers; where it lets a call
 * through, the caller's answer stands, the strictest of its rules that hold; where none
 * holds and the caller's default is an errno, our default. So the result is what ours
 * lists, with the boxes that it lets through cut by the caller's rules. A call of which
 * that cannot be written without a trap of some runtime is refused.
 */
#include "base/cleanup.h"
#include "seccomp/oci.h"

#include <errno.h>
#include <stdlib.h>

struct meeting {
	const struct seccomp_filter *callers;
	struct seccomp_filter *result;
	struct filter_call *call;    /* of the result */
	struct boxes parts, remains; /* of one rule met with another */
	bool failed;		     /* memory */
	bool given_up;		     /* of this call */
};

/* What both let through stays, and what one refuses is refused. */
static struct answer stricter(struct answer ours, struct answer callers)
{
	return callers.act < ours.act ? callers : ours;
}

/* Take a box out of all parts. */
static void take_out(struct meeting *meeting, const struct box *box)
{
	struct boxes *parts = &meeting->parts, *remains = &meeting->remains;

	remains->count = 0;
	remains->full = parts->full;
	for (size_t i = 0; i < parts->count; i++)
		box_minus(&parts->list[i], box, remains);
	parts->full = remains->full;
	parts->count = remains->count;
	for (size_t i = 0; i < remains->count; i++)
		parts->list[i] = remains->list[i];
}

/* Add a rule for each part that no other with the same answer holds for. */
static void add_parts(struct meeting *meeting, struct answer answer)
{
	meeting->given_up |= meeting->parts.full;
	for (size_t i = 0; i < meeting->parts.count && !meeting->given_up; i++) {
		const struct box *part = &meeting->parts.list[i];

		if (!filter_add_once(meeting->result, meeting->call, answer, part, NULL))
			meeting->failed = true;
		meeting->given_up |= meeting->call->count > OCI_CALL_RULES_MAX;
	}
}

/* Give the parts an answer, but for what earlier rules have answered. */
static void answer_parts(struct meeting *meeting, struct answer answer)
{
	const struct filter_rule *rule = meeting->call->first;

	for (; rule && meeting->parts.count > 0; rule = rule->next)
		if (!answer_same(&rule->answer, &answer))
			take_out(meeting, &rule->box);
	add_parts(meeting, answer);
}

/* The caller's rules of one strictness. True if one of them holds for all of ours. */
static bool meet_rules(struct meeting *meeting, const struct filter_rule *ours,
		       const struct filter_call *theirs, enum act act)
{
	for (const struct filter_rule *rule = theirs->first; rule; rule = rule->next) {
		if (rule->answer.act != act)
			continue;
		meeting->parts.count = 0;
		meeting->parts.full = false;
		box_meet(&ours->box, &rule->box, &meeting->parts);
		answer_parts(meeting, stricter(ours->answer, rule->answer));
		if (box_covers(&rule->box, &ours->box))
			return true;
	}
	return false;
}

/* What none of the caller's rules holds for. */
static void meet_rest(struct meeting *meeting, const struct filter_rule *ours,
		      const struct filter_call *theirs)
{
	struct answer answer = stricter(ours->answer, meeting->callers->other);

	if (meeting->callers->other.act == ACT_ERRNO)
		return;
	meeting->parts.count = 1;
	meeting->parts.full = false;
	meeting->parts.list[0] = ours->box;
	for (const struct filter_rule *rule = theirs ? theirs->first : NULL; rule;
	     rule = rule->next)
		take_out(meeting, &rule->box);
	answer_parts(meeting, answer);
}

static void meet_rule(struct meeting *meeting, const struct filter_rule *ours,
		      const struct filter_call *theirs)
{
	bool decided = false;

	if (!answer_passes(&ours->answer)) {
		meeting->parts.count = 1;
		meeting->parts.full = false;
		meeting->parts.list[0] = ours->box;
		answer_parts(meeting, ours->answer);
		return;
	}
	for (enum act act = 0; theirs && act < ACTS && !decided; act++)
		decided = meet_rules(meeting, ours, theirs, act);
	if (!decided)
		meet_rest(meeting, ours, theirs);
}

/* A rule in masked equalities alone, added to the call in the result. */
static void add_plain(struct meeting *meeting, const struct filter_rule *rule)
{
	box_plain(&rule->box, &meeting->parts);
	add_parts(meeting, rule->answer);
}

static void forget_rules(struct filter_call *call)
{
	call->first = call->last = NULL;
	call->count = 0;
}

static void make_plain(struct meeting *meeting)
{
	const struct filter_rule *rule = meeting->call->first;

	forget_rules(meeting->call);
	for (; rule && !meeting->given_up; rule = rule->next)
		add_plain(meeting, rule);
}

/* The answer to a call of which not all can be said: the strictest that the caller gives,
 * and no milder than EPERM. */
static struct answer refusal(const struct seccomp_filter *callers, const struct filter_call *theirs)
{
	struct answer answer = stricter((struct answer){ACT_ERRNO, EPERM}, callers->other);

	for (const struct filter_rule *rule = theirs ? theirs->first : NULL; rule;
	     rule = rule->next)
		answer = stricter(answer, rule->answer);
	return answer;
}

/* Ours, with what lets through refused, in the order in which a second meeting has it. */
static void refuse_call(struct meeting *meeting, const struct filter_call *ours,
			struct answer answer)
{
	forget_rules(meeting->call);
	for (enum act act = 0; act < ACTS; act++)
		for (const struct filter_rule *rule = ours->first; rule; rule = rule->next)
			if (rule->answer.act == act &&
			    !filter_add(meeting->result, meeting->call,
					act >= ACT_LOG ? answer : rule->answer, &rule->box))
				meeting->failed = true;
}

/* Ours by strictness: in a source no two rules hold for the same arguments, in a file of
 * another form they may. */
static void meet_rules_of(struct meeting *meeting, const struct filter_call *ours,
			  const struct filter_call *theirs)
{
	meeting->given_up = theirs && theirs->unclear;
	for (enum act act = 0; act < ACTS; act++)
		for (const struct filter_rule *rule = ours->first; rule && !meeting->given_up;
		     rule = rule->next)
			if (rule->answer.act == act)
				meet_rule(meeting, rule, theirs);
	if (!meeting->given_up && !filter_call_plain(meeting->call))
		make_plain(meeting);
}

static void meet_call(struct meeting *meeting, const struct filter_call *ours,
		      struct seccomp_meeting *ret)
{
	const struct filter_call *theirs = filter_find(meeting->callers, ours->name);

	meeting->call = filter_name(meeting->result, ours->name);
	if (!meeting->call) {
		meeting->failed = true;
		return;
	}
	meet_rules_of(meeting, ours, theirs);
	if (!meeting->given_up)
		return;
	refuse_call(meeting, ours, refusal(meeting->callers, theirs));
	if (ret->given_up_count++ < SECCOMP_GIVEN_UP)
		ret->given_up[ret->given_up_count - 1] = meeting->call->name;
}

int seccomp_meet(const struct seccomp_filter *ours, const struct seccomp_filter *callers,
		 struct seccomp_filter **ret, struct seccomp_meeting *ret_meeting,
		 struct hr_error *err)
{
	hr_autofree struct meeting *meeting = malloc(sizeof(*meeting));
	struct seccomp_filter *result = filter_new(ours->other);

	*ret_meeting = (struct seccomp_meeting){0};
	if (meeting && result) {
		meeting->callers = callers;
		meeting->result = result;
		meeting->failed = false;
		for (const struct filter_call *call = ours->first; call && !meeting->failed;
		     call = call->next)
			meet_call(meeting, call, ret_meeting);
	}
	if (!meeting || !result || meeting->failed) {
		seccomp_filter_free(result);
		return hr_fail(err, HR_SYSTEM, "out of memory");
	}
	*ret = result;
	return 0;
}

int seccomp_settle(const struct seccomp_filter *filter, struct seccomp_filter **ret,
		   struct seccomp_meeting *ret_meeting, struct hr_error *err)
{
	seccomp_filter_auto struct seccomp_filter *open = filter_new((struct answer){ACT_ALLOW, 0});

	if (!open)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return seccomp_meet(filter, open, ret, ret_meeting, err);
}
