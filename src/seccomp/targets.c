/* SPDX-License-Identifier: Apache-2.0 */
/* What a statement is about: calls, groups of calls, architectures. */
#include "base/cleanup.h"
#include "seccomp/reader.h"

#include <string.h>

static int unknown_call(struct reader *reader, const struct word *word)
{
	char near[NAMES_SIZE], shown[TEXT_SHOWN_SIZE];
	const char *meant = names_nearest(word->text, near);

	if (strcmp(word->text, "[") == 0)
		return reader_fail(reader, &word->at,
				   "[ARCH...] stands right behind allow or answer, without a blank "
				   "in between");
	if (strchr(word->text, ','))
		return reader_fail(reader, &word->at,
				   "names are separated by blanks; leave the commas out");
	text_shown_z(word->text, shown);
	if (meant)
		return reader_fail(reader, &word->at, "%s is no system call; did you mean %s?",
				   shown, meant);
	return reader_fail(reader, &word->at, "%s is no system call; correct it or leave it out",
			   shown);
}

static int add_target(struct reader *reader, const struct word *word, struct targets *targets,
		      struct call *call, const struct group *group)
{
	if (!call)
		return reader_no_memory(reader);
	if (targets->count == TARGETS_MAX)
		return reader_fail(reader, &word->at, "too many calls in one statement; split it");
	targets->list[targets->count++] = (struct target){
		.call = call,
		.at = word->at,
		.of_group = word->text[0] == '@',
		.group = group,
	};
	return 0;
}

/* A runtime drops what its library does not know: without harm where the call is allowed,
 * but an answer must not be lost unsaid. */
static int add_call(struct reader *reader, const struct word *word, bool answered,
		    struct targets *targets)
{
	struct call *call = source_call(reader->source, word->text);
	enum seccomp_arch arch;

	if (!call) {
		arch = names_somewhere(word->text);
		if (arch == SECCOMP_ARCHES && !names_recent(word->text))
			return unknown_call(reader, word);
		call = source_name(reader->source, word->text);
		if (call && arch < SECCOMP_ARCHES)
			call->known = SECCOMP_ON(arch);
	}
	if (call && answered && call->known == 0)
		return reader_fail(reader, &word->at,
				   "%s is too young for the seccomp library, so it is answered "
				   "ENOSYS whatever stands here; leave it out",
				   word->text);
	return add_target(reader, word, targets, call, NULL);
}

static int add_group(struct reader *reader, const struct word *word, struct targets *targets)
{
	const struct group *group = source_group(reader->source, word->text, NULL);
	char shown[TEXT_SHOWN_SIZE];
	size_t len;

	if (!group && group_load(reader, word->text) < 0)
		return -1;
	group = source_group(reader->source, word->text, NULL);
	if (!group && seccomp_builtin(word->text + 1, &len))
		return reader_fail(reader, &word->at,
				   "%s is a profile and no group; write include %s first of all",
				   text_shown_z(word->text, shown), word->text + 1);
	if (!group)
		return reader_fail(reader, &word->at,
				   "no group %s above this line; write group %s CALL...",
				   text_shown_z(word->text, shown), shown);
	for (; group; group = source_group(reader->source, word->text, group)) {
		const struct group *conditional = group->conditions_count > 0 ? group : NULL;

		for (size_t i = 0; i < group->count; i++)
			if (add_target(reader, word, targets, group->calls[i], conditional) < 0)
				return -1;
	}
	return 0;
}

int targets_parse(struct reader *reader, bool answered, struct targets *targets,
		  struct word *ret_where)
{
	struct word word;

	while (reader_word(reader, &word)) {
		if (strcmp(word.text, "where") == 0) {
			*ret_where = word;
			return 1;
		}
		if (word.text[0] == '@') {
			if (add_group(reader, &word, targets) < 0)
				return -1;
			continue;
		}
		if (add_call(reader, &word, answered, targets) < 0)
			return -1;
	}
	return 0;
}

static int unknown_arch(struct reader *reader, const struct word *word)
{
	char shown[TEXT_SHOWN_SIZE];

	if (names_somewhere(word->text) != SECCOMP_ARCHES)
		return reader_fail(reader, &word->at, "the ] in front of %s is missing",
				   text_shown_z(word->text, shown));
	return reader_fail(reader, &word->at,
			   "%s is no architecture of ours; write x86_64, aarch64, riscv64, ppc64le "
			   "or s390x",
			   text_shown_z(word->text, shown));
}

int arches_parse(struct reader *reader, struct word *word, unsigned *ret)
{
	bool others = false;
	unsigned named = 0;

	while (reader_word(reader, word)) {
		enum seccomp_arch arch = names_arch(word->text);

		if (strcmp(word->text, "]") == 0) {
			*ret = others ? SECCOMP_EVERYWHERE & ~named : named;
			if (named == 0 || *ret == 0)
				return reader_fail(
					reader, &word->at,
					"no architecture is left; name one, or leave the "
					"brackets out");
			return 0;
		}
		if (strcmp(word->text, "not") == 0 && !others && named == 0)
			others = true;
		else if (arch < SECCOMP_ARCHES)
			named |= SECCOMP_ON(arch);
		else
			return unknown_arch(reader, word);
	}
	return reader_fail(reader, &word->at, "the list of architectures has no ] at its end");
}
