/* SPDX-License-Identifier: Apache-2.0 */
#include "host/subid.h"

#include "base/cleanup.h"
#include "host/subid_lines.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LONGEST_LINE 64		 /* "hardrun:FIRST:COUNT" */
#define ENOUGH	     256U	 /* slots of the usual place that are worth having */
#define HALF	     2147483648U /* from here on programs take ids for negative */
#define OTHERS_FIRST 671088640U	 /* behind what useradd gives out (login.defs: SUB_UID_MAX) */

struct judge {
	struct ids ids;
	struct ids_user user;
	struct ids_line own[2]; /* the first line of either file */
	unsigned owns[2];
	struct subid_wrong *wrong;
	struct hr_error *err;
};

/* ---- what mends it --------------------------------------------------------------------- */

static bool is_sound(const struct ids_line *line)
{
	return line->first % SUBID_SLOT == 0 && line->end % SUBID_SLOT == 0 && line->first > 0 &&
	       line->end > line->first && line->end <= SUBID_LAST;
}

/* The first line of others that has an id of this one; NULL. */
static const struct ids_line *find_other(const struct judge *judge, const struct ids_line *line)
{
	for (size_t i = 0; i < judge->ids.len; i++) {
		const struct ids_line *other = &judge->ids.lines[i];

		if (other->first < line->end && other->end > line->first &&
		    other->end > other->first && !ids_owned(other, &judge->user))
			return other;
	}
	return NULL;
}

/* What there is, where that is good; the usual place; or wherever there is room. */
static struct subid_pool choose(struct judge *judge)
{
	struct subid_pool pool;

	for (unsigned i = 0; i < 2; i++) {
		const struct ids_line *own = &judge->own[i];

		if (judge->owns[i] > 0 && is_sound(own) && !find_other(judge, own))
			return (struct subid_pool){
				(uint32_t)own->first,
				(uint32_t)((own->end - own->first) / SUBID_SLOT)};
	}
	pool = ids_gap(&judge->ids, SUBID_FIRST, SUBID_FIRST + SUBID_COUNT, &judge->user);
	if (pool.slots < ENOUGH)
		pool = ids_gap(&judge->ids, SUBID_SLOT, HALF, &judge->user);
	if (pool.slots < ENOUGH)
		pool = ids_gap(&judge->ids, SUBID_SLOT, SUBID_LAST, &judge->user);
	if (pool.slots > SUBID_COUNT / SUBID_SLOT)
		pool.slots = SUBID_COUNT / SUBID_SLOT;
	return pool;
}

/* The file with this line in place of all that the user has there. */
static void mend_file(const struct judge *judge, enum ids_file file, const char *text)
{
	struct text *to = &judge->wrong->remedy;

	if (judge->owns[file] == 0) {
		/* A last line without its end would take it for its own. */
		text_addf(to,
			  judge->ids.cut[file] ? "printf '\\n%s\\n' >>%s/%s" : "echo %s >>%s/%s",
			  text, judge->ids.etc, ids_name(file));
		return;
	}
	text_adds(to, "sed -i");
	for (size_t i = 0; i < judge->ids.len; i++) {
		const struct ids_line *line = &judge->ids.lines[i];

		if (line->file != file || !ids_owned(line, &judge->user))
			continue;
		if (line->number == judge->own[file].number)
			text_addf(to, " -e '%us/.*/%s/'", line->number, text);
		else
			text_addf(to, " -e %ud", line->number);
	}
	text_addf(to, " %s/%s", judge->ids.etc, ids_name(file));
}

static bool is_right(const struct judge *judge, enum ids_file file, const char *text)
{
	return judge->owns[file] == 1 && judge->own[file].len == strlen(text) &&
	       memcmp(judge->own[file].text, text, judge->own[file].len) == 0;
}

static void mend(struct judge *judge)
{
	struct subid_pool pool = choose(judge);
	char text[LONGEST_LINE];

	if (pool.slots == 0) {
		text_addf(&judge->wrong->remedy,
			  "Free %u ids or more in a row in %s/subuid and %s/subgid, that begin at "
			  "a multiple of %u",
			  SUBID_SLOT, judge->ids.etc, judge->ids.etc, SUBID_SLOT);
		return;
	}
	snprintf(text, sizeof(text), SUBID_USER ":%u:%u", pool.first, pool.slots * SUBID_SLOT);
	for (enum ids_file file = IDS_SUBUID; file <= IDS_SUBGID; file++) {
		if (is_right(judge, file, text))
			continue;
		if (judge->wrong->remedy.len > 0)
			text_adds(&judge->wrong->remedy, " && ");
		mend_file(judge, file, text);
	}
}

/* ---- what is wrong --------------------------------------------------------------------- */

/* `line` is of the user. */
static int refuse(struct judge *judge, const struct ids_line *line, const char *what)
{
	char shown[TEXT_SHOWN_SIZE];

	text_shown(line->text, line->len, shown);
	snprintf(judge->wrong->file, sizeof(judge->wrong->file), "%s/%s", judge->ids.etc,
		 ids_name(line->file));
	judge->wrong->line = line->number;
	mend(judge);
	return hr_fail(judge->err, HR_POLICY, "%s:%u: %s: %s", judge->wrong->file,
		       judge->wrong->line, shown, what);
}

static int check_values(struct judge *judge, const struct ids_line *line)
{
	if (line->end == line->first)
		return refuse(judge, line, "no ids");
	if (line->first == 0)
		return refuse(judge, line, "ids 0 to 65535 are the host's own");
	if (line->first % SUBID_SLOT != 0)
		return refuse(judge, line, "the first id is no multiple of 65536");
	if (line->end % SUBID_SLOT != 0)
		return refuse(judge, line, "the count is no multiple of 65536");
	if (line->end > SUBID_LAST)
		return refuse(judge, line, "reaches beyond id 4294901759");
	return 0;
}

static int check_missing(struct judge *judge)
{
	enum ids_file file = judge->owns[IDS_SUBUID] == 0 ? IDS_SUBUID : IDS_SUBGID;

	if (judge->owns[file] > 0)
		return 0;
	snprintf(judge->wrong->file, sizeof(judge->wrong->file), "%s/%s", judge->ids.etc,
		 ids_name(file));
	mend(judge);
	if (judge->owns[IDS_SUBGID] == 0 && file == IDS_SUBUID)
		return hr_fail(judge->err, HR_POLICY,
			       "%s/subuid and %s/subgid: no line gives user " SUBID_USER
			       " ids for pods",
			       judge->ids.etc, judge->ids.etc);
	return hr_fail(judge->err, HR_POLICY,
		       "%s/%s: no line gives user " SUBID_USER " the ids that it has in %s",
		       judge->ids.etc, ids_name(file), ids_name(IDS_SUBGID - file));
}

static int check_overlap(struct judge *judge, const struct ids_line *line)
{
	const struct ids_line *other = find_other(judge, line);
	char shown[TEXT_SHOWN_SIZE], what[TEXT_SHOWN_SIZE + PATH_MAX];

	if (!other)
		return 0;
	snprintf(what, sizeof(what), "overlaps %s%s (%s/%s:%u)",
		 other->file >= IDS_PASSWD ? "an id of " : "",
		 text_shown(other->text, other->file >= IDS_PASSWD ? other->owner_len : other->len,
			    shown),
		 judge->ids.etc, ids_name(other->file), other->number);
	return refuse(judge, line, what);
}

static void find_own(struct judge *judge)
{
	judge->user = ids_user(&judge->ids, SUBID_USER);
	for (size_t i = 0; i < judge->ids.len; i++) {
		const struct ids_line *line = &judge->ids.lines[i];

		if (ids_owned(line, &judge->user) && judge->owns[line->file]++ == 0)
			judge->own[line->file] = *line;
	}
}

static int check_all(struct judge *judge)
{
	for (enum ids_file file = IDS_SUBUID; file <= IDS_SUBGID; file++)
		if (judge->owns[file] > 1)
			return refuse(judge, &judge->own[file],
				      "user " SUBID_USER " has more lines than this one");
	for (enum ids_file file = IDS_SUBUID; file <= IDS_SUBGID; file++)
		if (judge->owns[file] > 0 && check_values(judge, &judge->own[file]) < 0)
			return -1;
	for (enum ids_file file = IDS_SUBUID; file <= IDS_SUBGID; file++)
		if (judge->owns[file] > 0 && check_overlap(judge, &judge->own[file]) < 0)
			return -1;
	if (check_missing(judge) < 0)
		return -1;
	if (judge->own[0].first != judge->own[1].first || judge->own[0].end != judge->own[1].end)
		return refuse(judge, &judge->own[IDS_SUBGID], "not the ids that subuid has");
	return 0;
}

/* ---- what is asked of it --------------------------------------------------------------- */

int subid_judge(const char *etc, struct subid_pool *ret, struct subid_wrong *ret_wrong,
		struct hr_error *err)
{
	struct judge judge = {.wrong = ret_wrong, .err = err};
	int result;

	*ret_wrong = (struct subid_wrong){0};
	result = ids_read(etc, &judge.ids, ret_wrong, err);
	if (result == 0) {
		find_own(&judge);
		result = check_all(&judge);
	}
	if (result == 0)
		*ret = (struct subid_pool){
			(uint32_t)judge.own[0].first,
			(uint32_t)((judge.own[0].end - judge.own[0].first) / SUBID_SLOT)};
	ids_free(&judge.ids);
	return result;
}

void subid_wrong_free(struct subid_wrong *wrong)
{
	text_free(&wrong->remedy);
}

int subid_pool(const char *etc, struct subid_pool *ret, struct hr_error *err)
{
	__attribute__((cleanup(subid_wrong_free))) struct subid_wrong wrong = {0};
	struct hr_error local = {0};

	if (subid_judge(etc, ret, &wrong, &local) == 0)
		return 0;
	if (!wrong.remedy.len || wrong.remedy.failed)
		return hr_fail(err, local.code, "%s", local.msg);
	if (islower((unsigned char)wrong.remedy.data[0]))
		return hr_fail(err, local.code, "%s; run: %s", local.msg, wrong.remedy.data);
	return hr_fail(err, local.code, "%s; %c%s", local.msg,
		       tolower((unsigned char)wrong.remedy.data[0]), wrong.remedy.data + 1);
}

bool subid_has(const char *etc, const char *user, uint32_t slots, uint32_t *ret_free)
{
	__attribute__((cleanup(subid_wrong_free))) struct subid_wrong wrong = {0};
	ids_auto struct ids ids;
	unsigned owns[2] = {0};
	struct ids_user who;
	struct subid_pool gap;

	*ret_free = 0;
	if (ids_read(etc, &ids, &wrong, NULL) < 0)
		return false;
	who = ids_user(&ids, user);
	for (size_t i = 0; i < ids.len; i++)
		if (ids_owned(&ids.lines[i], &who))
			owns[ids.lines[i].file]++;
	gap = ids_gap(&ids, OTHERS_FIRST, SUBID_FIRST, NULL);
	if (gap.slots >= slots)
		*ret_free = gap.first;
	return who.numbered && owns[IDS_SUBUID] > 0 && owns[IDS_SUBGID] > 0;
}
