/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/grammar_reader.h"

#include "base/cleanup.h"

static void judge(struct grammar_found *found, const struct grammar *grammar, char *const argv[],
		  int at)
{
	const struct grammar_command *command = grammar_command(grammar, argv[at]);
	int *where = &found->other;

	if (command)
		where = command->class == GRAMMAR_PASS ? &found->pass : &found->document;
	if (*where == 0)
		*where = at;
	else
		found->doubt = true;
}

/* Read the word at `at` and mark where the next one may begin. */
static void step(struct grammar_found *found, const struct grammar *grammar,
		 struct grammar_reader reader, bool *begins)
{
	struct grammar_option option;
	enum grammar_token token;

	do
		token = grammar_next(&reader, &option);
	while (token == TOKEN_OPTION && reader.cluster);
	if (token == TOKEN_ARGUMENTS) {
		if (reader.at < reader.argc)
			judge(found, grammar, reader.argv, reader.at);
		return;
	}
	begins[reader.at] = true;
	if (token != TOKEN_UNKNOWN)
		return;
	if (!reader.attached)
		begins[reader.at + 1] = true;
	if (!found->unknown) {
		found->unknown = reader.name;
		found->unknown_len = reader.name_len;
	}
	found->doubt = true;
}

int grammar_find(const struct grammar *grammar, int argc, char *const argv[],
		 struct grammar_found *ret_found, struct hr_error *err)
{
	hr_autofree bool *begins = calloc((size_t)argc + 2, sizeof(begins[0]));
	struct grammar_reader reader = {
		.flags = grammar->global,
		.go_flags = grammar->go_flags,
		.argv = argv,
		.argc = argc,
	};

	*ret_found = (struct grammar_found){0};
	if (!begins)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	begins[1] = true;
	for (reader.at = 1; reader.at < argc; reader.at++)
		if (begins[reader.at])
			step(ret_found, grammar, reader, begins);
	return 0;
}
