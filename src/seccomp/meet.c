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
#include "seccomp/widths.h"

#include <errno.h>
#include <stdlib.h>

#define WORK_MAX   20000 /* boxes that are looked at for one call, */
#define WORK_TOTAL 60000 /* and for all */
#define LENGTH_MAX 3800	 /* BPF instructions, with room for what runtimes add */

struct meeting {
	const struct seccomp_filter *callers;
	struct seccomp_filter *result;
	const struct filter_call *ours, *theirs; /* the call's rules; theirs may be NULL */
	struct filter_call *call;		 /* of the result */
	unsigned ints;				 /* of the call */
	struct boxes parts, remains;		 /* of one rule met with another */
	size_t work, total;			 /* on this call, on all */
	bool disjoint;				 /* no two of our rules hold for the same arguments
						    with different answers */
	bool failed;				 /* memory */
	bool terse;				 /* errnos of the caller are left to the default */
	bool given_up;				 /* of this call */
};

/* What both let through stays, and what one refuses is refused. */
static struct answer stricter(struct answer ours, struct answer callers)
{
	return callers.act < ours.act ? callers : ours;
}

/* A document must not hold up a create: what takes longer is given up. */
static void count_work(struct meeting *meeting, size_t boxes)
{
	meeting->work += boxes;
	meeting->total += boxes;
	meeting->given_up |= meeting->work > WORK_MAX || meeting->total > WORK_TOTAL;
}

/* Take a box out of all parts. */
static void take_out(struct meeting *meeting, const struct box *box)
{
	struct boxes *parts = &meeting->parts, *remains = &meeting->remains;

	boxes_start(remains, meeting->ints);
	remains->full = parts->full;
	for (size_t i = 0; i < parts->count && !remains->full; i++)
		box_minus(&parts->list[i], box, remains);
	parts->full = remains->full;
	parts->count = remains->count;
	for (size_t i = 0; i < remains->count; i++)
		parts->list[i] = remains->list[i];
	count_work(meeting, remains->count + 1);
}

/* True if `first` counts where both rules of one call hold. */
static bool goes_before(const struct filter_rule *first, const struct filter_rule *rule)
{
	if (first->answer.act != rule->answer.act)
		return first->answer.act < rule->answer.act;
	return first->number < rule->number;
}

/* Take out what rules of the call that go before `rule` (NULL: all) hold for. */
static void take_decided(struct meeting *meeting, const struct filter_call *call,
			 const struct filter_rule *rule)
{
	for (const struct filter_rule *other = call ? call->first : NULL;
	     other && meeting->parts.count > 0 && !meeting->parts.full && !meeting->given_up;
	     other = other->next)
		if (!rule || (other != rule && !answer_same(&other->answer, &rule->answer) &&
			      goes_before(other, rule)))
			take_out(meeting, &other->box);
}

/* Add a rule for each part that no other with the same answer holds for. */
static void add_parts(struct meeting *meeting, struct answer answer)
{
	meeting->given_up |= meeting->parts.full;
	count_work(meeting, meeting->parts.count);
	for (size_t i = 0; i < meeting->parts.count && !meeting->given_up; i++) {
		if (!filter_add_once(meeting->result, meeting->call, answer,
				     &meeting->parts.list[i], NULL))
			meeting->failed = true;
		meeting->given_up |= meeting->call->count > OCI_CALL_RULES_MAX;
	}
}

/* Where both rules hold. */
static void meet_rules(struct meeting *meeting, const struct filter_rule *ours,
		       const struct filter_rule *theirs)
{
	struct answer answer = stricter(ours->answer, theirs->answer);

	if (meeting->terse && answer.act == ACT_ERRNO)
		return;
	boxes_start(&meeting->parts, meeting->ints);
	box_meet(&ours->box, &theirs->box, &meeting->parts);
	count_work(meeting, meeting->parts.count + 1);
	take_decided(meeting, meeting->theirs, theirs);
	if (!meeting->disjoint)
		take_decided(meeting, meeting->ours, ours);
	add_parts(meeting, answer);
}

static void start_whole(struct meeting *meeting, const struct filter_rule *ours)
{
	boxes_start(&meeting->parts, meeting->ints);
	meeting->parts.list[meeting->parts.count++] = ours->box;
	if (!meeting->disjoint)
		take_decided(meeting, meeting->ours, ours);
}

/* What none of the caller's rules holds for. */
static void meet_rest(struct meeting *meeting, const struct filter_rule *ours)
{
	if (meeting->callers->other.act == ACT_ERRNO)
		return;
	start_whole(meeting, ours);
	take_decided(meeting, meeting->theirs, NULL);
	add_parts(meeting, stricter(ours->answer, meeting->callers->other));
}

static void meet_rule(struct meeting *meeting, const struct filter_rule *ours)
{
	const struct filter_rule *theirs = meeting->theirs ? meeting->theirs->first : NULL;

	if (!answer_passes(&ours->answer)) {
		start_whole(meeting, ours);
		add_parts(meeting, ours->answer);
		return;
	}
	for (; theirs && !meeting->given_up; theirs = theirs->next)
		meet_rules(meeting, ours, theirs);
	meet_rest(meeting, ours);
}

static void forget_rules(struct filter_call *call)
{
	call->first = call->last = NULL;
	call->count = 0;
}

/* The call's rules in masked equalities alone. */
static void make_plain(struct meeting *meeting)
{
	const struct filter_rule *rule = meeting->call->first, *next;

	forget_rules(meeting->call);
	for (; rule && !meeting->given_up; rule = next) {
		next = rule->next;
		boxes_start(&meeting->parts, meeting->ints);
		box_plain(&rule->box, &meeting->parts);
		add_parts(meeting, rule->answer);
	}
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

/* Ours, with what lets through refused. */
static void refuse_call(struct meeting *meeting)
{
	struct answer answer = refusal(meeting->callers, meeting->theirs);

	forget_rules(meeting->call);
	for (const struct filter_rule *rule = meeting->ours->first; rule; rule = rule->next)
		if (!filter_add_once(meeting->result, meeting->call,
				     answer_passes(&rule->answer) ? answer : rule->answer,
				     &rule->box, NULL))
			meeting->failed = true;
}

static void give_up(struct meeting *meeting, struct seccomp_meeting *ret)
{
	refuse_call(meeting);
	if (ret->given_up_count++ < SECCOMP_GIVEN_UP)
		ret->given_up[ret->given_up_count - 1] = meeting->call->name;
}

static void meet_all(struct meeting *meeting, bool terse)
{
	forget_rules(meeting->call);
	meeting->terse = terse;
	meeting->given_up = meeting->theirs && meeting->theirs->unclear;
	meeting->work = 0;
	for (const struct filter_rule *rule = meeting->ours->first; rule && !meeting->given_up;
	     rule = rule->next)
		meet_rule(meeting, rule);
	if (!meeting->given_up && !filter_call_plain(meeting->call))
		make_plain(meeting);
}

/* Where all that is refused takes too many rules, the errno of some goes first: what remains
 * is let through as before, and the rest gets the default's. */
static void meet_call(struct meeting *meeting, struct seccomp_meeting *ret)
{
	meeting->theirs = filter_find(meeting->callers, meeting->ours->name);
	meeting->call = filter_name(meeting->result, meeting->ours->name);
	meeting->ints = widths_ints(meeting->ours->name);
	if (!meeting->call) {
		meeting->failed = true;
		return;
	}
	meet_all(meeting, false);
	if (meeting->given_up)
		meet_all(meeting, true);
	if (meeting->given_up)
		give_up(meeting, ret);
}

/* BPF instructions of a test as libseccomp writes them: load, mask and compare, of one half or
 * both. */
static size_t length_of_test(const struct compare *test)
{
	if (test->op == OP_ANY)
		return 0;
	return test->op == OP_MASKED_EQ && test->mask <= UINT32_MAX ? 3 : 7;
}

/* Of a call at most: the number, and each rule's tests and answer. */
static size_t length_of(const struct filter_call *call)
{
	size_t length = 2;

	for (const struct filter_rule *rule = call->first; rule; rule = rule->next) {
		length++;
		for (unsigned i = 0; i < SECCOMP_ARGS; i++)
			length += length_of_test(&rule->box.tests[i]);
	}
	return length;
}

/* The call of the result that got longest by meeting the caller's; NULL for none. */
static struct filter_call *longest_call(const struct seccomp_filter *result,
					const struct seccomp_filter *ours, size_t *ret_total)
{
	struct filter_call *longest = NULL;

	*ret_total = 0;
	for (struct filter_call *call = result->first; call; call = call->next) {
		size_t length = length_of(call);

		*ret_total += length;
		if (length > length_of(filter_find(ours, call->name)) &&
		    (!longest || length > length_of(longest)))
			longest = call;
	}
	return longest;
}

/* The kernel takes 4096 instructions: a longer filter would stop the container from starting.
 * The longest call goes first. */
static void shorten(struct meeting *meeting, const struct seccomp_filter *ours,
		    struct seccomp_meeting *ret)
{
	size_t total;

	while ((meeting->call = longest_call(meeting->result, ours, &total)) &&
	       total > LENGTH_MAX) {
		meeting->ours = filter_find(ours, meeting->call->name);
		meeting->theirs = filter_find(meeting->callers, meeting->call->name);
		give_up(meeting, ret);
	}
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
		meeting->total = 0;
		meeting->disjoint = ours->disjoint;
		for (meeting->ours = ours->first; meeting->ours && !meeting->failed;
		     meeting->ours = meeting->ours->next)
			meet_call(meeting, ret_meeting);
		shorten(meeting, ours, ret_meeting);
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
	if (seccomp_meet(filter, open, ret, ret_meeting, err) < 0)
		return -1;
	/* The one default for which runc and crun agree on calls that are younger than the list. */
	if ((*ret)->other.act == ACT_ERRNO)
		(*ret)->other.number = ENOSYS;
	return 0;
}
