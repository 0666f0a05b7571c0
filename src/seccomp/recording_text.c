/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/recording_text.h"

#include "base/cleanup.h"

#include <stdlib.h>
#include <string.h>

#define COLUMNS	      90
#define COMMENT_BYTES 200 /* of a value from outside */

/* --- Answers ------------------------------------------------------------------------- */

static struct learned_answer *answer_for(struct learned *learned, const char *call, unsigned number)
{
	struct learned_answer *answer;

	for (size_t i = 0; i < learned->answers_count; i++)
		if (learned->answers[i].number == number &&
		    strcmp(learned->answers[i].call, call) == 0)
			return &learned->answers[i];
	if (learned->answers_count == LEARNED_CALLS)
		return NULL;
	answer = &learned->answers[learned->answers_count++];
	*answer = (struct learned_answer){.number = number, .call = call};
	return answer;
}

/* True if a source can say it, and it is apart from what is let through. */
static bool sayable(const struct box *box, const struct learned_call *through)
{
	for (unsigned i = 0; i < SECCOMP_ARGS; i++)
		if (box->tests[i].op > OP_MASKED_EQ || box->tests[i].mask > UINT32_MAX)
			return false;
	if (through && !through->boxes)
		return false;
	for (size_t i = 0; through && i < through->boxes_count; i++)
		if (!box_apart(&through->boxes[i], box))
			return false;
	return true;
}

bool learned_answer(struct learned *learned, const struct filter_call *call,
		    const struct filter_rule *rule, const struct learned_call *through)
{
	struct learned_answer *answer;
	struct box *grown;

	if (!strerrorname_np((int)rule->answer.number) || rule->answer.number == 0 ||
	    !sayable(&rule->box, through))
		return true;
	answer = answer_for(learned, call->name, rule->answer.number);
	if (!answer || filter_always(rule))
		return true;
	grown = realloc(answer->boxes, (answer->boxes_count + 1) * sizeof(*grown));
	if (!grown)
		return false;
	grown[answer->boxes_count++] = rule->box;
	answer->boxes = grown;
	return true;
}

void learned_free_answers(struct learned *learned)
{
	for (size_t i = 0; i < learned->answers_count; i++)
		free(learned->answers[i].boxes);
}

/* --- Words --------------------------------------------------------------------------- */

struct line {
	struct text *to;
	size_t column;
};

static void add_word(struct line *line, const char *keyword, const char *word)
{
	size_t len = strlen(word);

	if (line->column == 0) {
		text_addf(line->to, "%s %s", keyword, word);
		line->column = strlen(keyword) + 1 + len;
	} else if (line->column + 1 + len > COLUMNS) {
		text_addf(line->to, "\n\t%s", word);
		line->column = 8 + len;
	} else {
		text_addf(line->to, " %s", word);
		line->column += 1 + len;
	}
}

static void end_line(struct line *line)
{
	if (line->column > 0)
		text_adds(line->to, "\n");
	line->column = 0;
}

/* A value from outside, in a comment: it ends where the line does. */
static void comment(struct text *ret, const char *what, const char *value)
{
	if (!value || value[0] == '\0')
		return;
	text_addf(ret, "# %s: ", what);
	for (size_t i = 0; value[i] != '\0' && i < COMMENT_BYTES; i++)
		text_addf(ret, "%c", value[i] >= ' ' && value[i] <= '~' ? value[i] : '?');
	text_adds(ret, "\n");
}

static void heading(struct text *ret, const char *title)
{
	text_addf(ret, "\n# --- %s ", title);
	for (size_t i = strlen(title) + 7; i < COLUMNS; i++)
		text_adds(ret, "-");
	text_adds(ret, "\n");
}

/* --- Parts --------------------------------------------------------------------------- */

static void write_refused(const struct learned *learned, struct text *ret)
{
	struct line line = {.to = ret};
	bool first = true;

	for (const struct recorded_call *call = learned->recording->first; call;
	     call = call->next) {
		size_t len = strlen(call->name);

		if (call->refused == 0)
			continue;
		if (first)
			text_adds(ret, "# Refused meanwhile, for some arguments or all:");
		if (first || line.column + 2 + len > COLUMNS) {
			text_adds(ret, "\n#  ");
			line.column = 4;
		}
		text_addf(ret, " %s", call->name);
		line.column += 1 + len;
		first = false;
	}
	if (!first)
		text_adds(ret, "\n");
}

static void write_head(const struct learned *learned, const struct recording_options *options,
		       struct text *ret)
{
	const struct recording *recording = learned->recording;
	size_t measured = 0;

	for (size_t i = 0; i < learned->count; i++)
		measured += learned->calls[i].reason == REASON_MEASURED;
	text_adds(ret, "# Learned by hardrun from what was called; hardrun-seccomp(5) has the "
		       "syntax.\n");
	if (options)
		comment(ret, "for", options->title);
	comment(ret, "image", recording_said(recording, "image"));
	comment(ret, "runtime", recording_said(recording, "runtime"));
	comment(ret, "nothing beyond the profile", recording->base);
	text_addf(ret, "# %zu system calls on %s, %zu of them measured.\n", learned->count,
		  recording->arch, measured);
	if (!recording->complete)
		text_adds(ret, "# The recording is NOT complete: calls may be missing.\n");
	write_refused(learned, ret);
	text_adds(ret, "#\n# What is not listed is answered ENOSYS.\n");
}

static bool write_conditions(const struct learned *learned, const struct learned_call *call,
			     struct text *ret)
{
	const struct recording_boxes boxes = {.call = call->name,
					      .arch = learned->recording->arch,
					      .list = call->boxes,
					      .count = call->boxes_count};

	if (call->full)
		text_addf(ret, "# %s: not all that was seen can be said here.\n", call->name);
	return recording_lines("allow", &boxes, ret);
}

static bool write_section(const struct learned *learned, unsigned section, struct text *ret)
{
	struct line line = {.to = ret};
	bool any = false, good = true;

	for (size_t i = 0; i < learned->count && !any; i++)
		any = recording_section(learned->calls[i].name) == section;
	if (!any)
		return true;
	heading(ret, recording_section_title(section));
	for (size_t i = 0; i < learned->count; i++)
		if (recording_section(learned->calls[i].name) == section &&
		    !learned->calls[i].boxes)
			add_word(&line, "allow", learned->calls[i].name);
	end_line(&line);
	for (size_t i = 0; i < learned->count && good; i++)
		if (recording_section(learned->calls[i].name) == section && learned->calls[i].boxes)
			good = write_conditions(learned, &learned->calls[i], ret);
	return good;
}

/* The calls that are refused whole, by errno. */
static void write_whole_answers(const struct learned *learned, struct text *ret)
{
	for (unsigned number = 1; number < 4096; number++) {
		struct line line = {.to = ret};
		char keyword[64];

		for (size_t i = 0; i < learned->answers_count; i++) {
			const struct learned_answer *answer = &learned->answers[i];

			if (answer->number != number || answer->boxes)
				continue;
			snprintf(keyword, sizeof(keyword), "answer %s",
				 strerrorname_np((int)number));
			add_word(&line, keyword, answer->call);
		}
		end_line(&line);
	}
}

static bool write_answers(const struct learned *learned, struct text *ret)
{
	bool good = true;

	if (learned->answers_count == 0)
		return true;
	heading(ret, "Refused with an answer of its own");
	write_whole_answers(learned, ret);
	for (size_t i = 0; i < learned->answers_count && good; i++) {
		const struct learned_answer *answer = &learned->answers[i];
		const struct recording_boxes boxes = {.call = answer->call,
						      .arch = learned->recording->arch,
						      .list = answer->boxes,
						      .count = answer->boxes_count};
		char keyword[64];

		snprintf(keyword, sizeof(keyword), "answer %s",
			 strerrorname_np((int)answer->number));
		if (answer->boxes)
			good = recording_lines(keyword, &boxes, ret);
	}
	return good;
}

static bool is_learned(const struct learned *learned, const char *name)
{
	for (size_t i = 0; i < learned->count; i++)
		if (strcmp(learned->calls[i].name, name) == 0)
			return true;
	return false;
}

/* The base lets it through whatever its arguments are. */
static bool is_open(const struct learned *learned, const char *name)
{
	const struct filter_call *call = filter_find(learned->base, name);

	return call && call->first && !call->unclear && answer_passes(&call->first->answer) &&
	       filter_always(call->first);
}

/* True if a call of the family is measured. */
static bool is_wanted(const struct learned *learned, const struct recording_family *family)
{
	for (size_t i = 0; i < learned->count; i++)
		if (learned->calls[i].reason == REASON_MEASURED &&
		    text_in(learned->calls[i].name, family->calls))
			return true;
	return false;
}

static void write_younger(const struct learned *learned, struct text *ret)
{
	struct line line = {.to = ret};

	if (learned->arch == SECCOMP_AARCH64 || learned->arch == SECCOMP_RISCV64)
		return;
	for (const struct recording_family *f = recording_younger; f->calls[0]; f++)
		for (size_t i = 1; is_wanted(learned, f) && f->calls[i]; i++) {
			if (is_learned(learned, f->calls[i]) || !is_open(learned, f->calls[i]) ||
			    !names_on(f->calls[i], SECCOMP_AARCH64))
				continue;
			if (line.column == 0)
				heading(ret, "Architectures that never had the older forms");
			add_word(&line, "allow[aarch64 riscv64]", f->calls[i]);
		}
	end_line(&line);
}

bool learned_write(struct learned *learned, const struct recording_options *options,
		   struct text *ret)
{
	bool good = true;

	write_head(learned, options, ret);
	for (unsigned section = 0; section < RECORDING_SECTIONS && good; section++)
		good = write_section(learned, section, ret);
	if (!options || !options->exact)
		write_younger(learned, ret);
	return good && write_answers(learned, ret) && !ret->failed;
}
