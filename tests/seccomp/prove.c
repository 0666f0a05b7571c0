/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proofs on compiled filters, not on JSON. FILE is a linux.seccomp object or a config.json.
 * usage: prove [OPTION...] equal FILE...
 *            every runtime's filter answers the same
 *        prove [OPTION...] meet OURS CALLER RESULT
 *            RESULT is what OURS and CALLER have in common
 *        prove [OPTION...] meets
 *            the same for each line "OURS CALLER RESULT [CALL,CALL...]" of standard input; as
 *            with --may-lose for each CALL
 *        prove eval FILE POINT...
 *            prints POINT, runtime and answer; POINT: [ABI:]CALL|NUMBER[,ARGUMENT...]
 *        prove points POINT...
 *            prints POINT, ABI, number and six arguments, for live.c
 * --points N   arguments tried for a call (20000)
 * --seed N     of the sample, where there are more (1)
 * --stub       equal: a caller's document: let runc's ENOSYS stand beside crun's default
 * --may-lose CALL   meet: CALL, or * for all, may be refused where both sides let it through
 * Prints TAP; exits 1 on a failure, 2 when used wrongly.
 */
#include "lens.h"
#include "prove.h"
#include "tap.h"

#include "base/cleanup.h"

#include <getopt.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEPT 32 /* documents of ours that are compiled once */

static int usage(void)
{
	fprintf(stderr, "usage: prove [OPTION...] equal FILE... | meet OURS CALLER RESULT |"
			" meets | eval FILE POINT... | points POINT...\n");
	return 2;
}

static void print_setting(const struct prove_options *options)
{
	const struct scmp_version *version = seccomp_version();

	tap_note("libseccomp %u.%u.%u, at most %zu points a call, seed %llu", version->major,
		 version->minor, version->micro, options->points,
		 (unsigned long long)options->seed);
}

static int run_equal(char **files, const struct prove_options *options)
{
	print_setting(options);
	for (; *files; files++) {
		struct side *side = side_load(*files);
		size_t points = 0;
		bool good = prove_equal(side, options, &points);

		tap(good, "every runtime the same: %s: %zu points", *files, points);
		side_free(side);
	}
	return tap_done();
}

static int run_meet(char **files, const struct prove_options *options)
{
	struct side *ours = side_load(files[0]), *caller = side_load(files[1]);
	struct side *result = side_load(files[2]);

	print_setting(options);
	prove_meet(ours, caller, result, options);
	prove_meet_totals();
	side_free(ours);
	side_free(caller);
	side_free(result);
	return tap_done();
}

/* --- Many ------------------------------------------------------------------------------ */

struct shelf {
	struct side *sides[KEPT];
	size_t next;
};

static const struct side *shelf_get(struct shelf *shelf, const char *file)
{
	for (size_t i = 0; i < KEPT; i++) {
		if (shelf->sides[i] && strcmp(shelf->sides[i]->file, file) == 0)
			return shelf->sides[i];
	}
	shelf->next %= KEPT;
	side_free(shelf->sides[shelf->next]);
	return shelf->sides[shelf->next++] = side_load(file);
}

static void shelf_clear(struct shelf *shelf)
{
	for (size_t i = 0; i < KEPT; i++)
		side_free(shelf->sides[i]);
}

static int run_meets(const struct prove_options *options)
{
	struct shelf ours = {0}, callers = {0};
	hr_autofree char *line = NULL;
	size_t room = 0;

	print_setting(options);
	while (getline(&line, &room, stdin) > 0) {
		const char *one = strtok(line, " \n"), *two = strtok(NULL, " \n");
		const char *three = strtok(NULL, " \n");
		char *calls = strtok(NULL, " \n");
		struct prove_options own = *options;
		struct side *result;

		if (!three)
			return usage();
		for (char *at = calls; at && own.may_lose_count < hr_count(own.may_lose);) {
			own.may_lose[own.may_lose_count++] = at;
			at = strchr(at, ',');
			if (at)
				*at++ = '\0';
		}
		result = side_load(three);
		prove_meet(shelf_get(&ours, one), shelf_get(&callers, two), result, &own);
		side_free(result);
	}
	prove_meet_totals();
	shelf_clear(&ours);
	shelf_clear(&callers);
	return tap_done();
}

/* --- Single points --------------------------------------------------------------------- */

/* Leaves the arguments' text behind the call. */
static const struct abi *point_abi(const char **text)
{
	for (size_t i = 0; i < abi_count; i++) {
		size_t len = strlen(abis[i].name);

		if (strncmp(*text, abis[i].name, len) == 0 && (*text)[len] == ':') {
			*text += len + 1;
			return &abis[i];
		}
	}
	return &abis[0];
}

static bool parse_point(const char *text, struct seccomp_data *ret, const struct abi **ret_abi)
{
	char call[64] = "";
	size_t len;
	char *end;
	long nr;

	*ret_abi = point_abi(&text);
	len = strcspn(text, ",");
	snprintf(call, sizeof(call), "%.*s", (int)len, text);
	nr = strtol(call, &end, 0);
	if (*end != '\0')
		nr = abi_number(*ret_abi, call);
	else
		nr |= (*ret_abi)->offset;
	*ret = (struct seccomp_data){.nr = (int)nr, .arch = (*ret_abi)->audit};
	text += len;
	for (size_t i = 0; i < 6 && *text == ','; i++) {
		ret->args[i] = strtoull(text + 1, &end, 0);
		text = end;
	}
	return nr >= 0 && *text == '\0';
}

static int eval_point(const struct side *side, const char *text)
{
	uint32_t answers[OCI_RUNTIMES];
	struct seccomp_data data;
	const struct abi *abi;
	struct lens lens;
	char buf[32];

	if (!parse_point(text, &data, &abi)) {
		fprintf(stderr, "prove: no point: %s\n", text);
		return 2;
	}
	lens_set(&lens, side, abi, (uint32_t)data.nr);
	lens_answers(&lens, &data, answers);
	for (size_t i = 0; i < OCI_RUNTIMES; i++)
		printf("%s\t%s\t%s\n", text, oci_name((enum oci_runtime)i),
		       side->starts[i] ? lens_action(answers[i], buf) : side->why[i]);
	return 0;
}

static int run_eval(char **words)
{
	struct side *side = side_load(words[0]);
	int rc = 0;

	for (words++; *words && rc == 0; words++)
		rc = eval_point(side, *words);
	side_free(side);
	return rc;
}

static int run_points(char **words)
{
	for (; *words; words++) {
		struct seccomp_data data;
		const struct abi *abi;

		if (!parse_point(*words, &data, &abi)) {
			fprintf(stderr, "prove: no point: %s\n", *words);
			return 2;
		}
		printf("%s\t%s\t%d", *words, abi->name, data.nr);
		for (size_t i = 0; i < 6; i++)
			printf("\t%#llx", (unsigned long long)data.args[i]);
		putchar('\n');
	}
	return 0;
}

/* --- The command line ------------------------------------------------------------------ */

static bool take_option(int option, struct prove_options *options)
{
	switch (option) {
	case 'p':
		options->points = strtoul(optarg, NULL, 10);
		return options->points > 0;
	case 's':
		options->seed = strtoull(optarg, NULL, 10);
		return true;
	case 'b':
		options->stub = true;
		return true;
	case 'l':
		if (options->may_lose_count == 64)
			return false;
		options->may_lose[options->may_lose_count++] = optarg;
		return true;
	default:
		return false;
	}
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{"points", required_argument, NULL, 'p'},
		{"seed", required_argument, NULL, 's'},
		{"stub", no_argument, NULL, 'b'},
		{"may-lose", required_argument, NULL, 'l'},
		{NULL, 0, NULL, 0},
	};
	struct prove_options options = {.points = 20000, .seed = 1};
	int option;

	while ((option = getopt_long(argc, argv, "+", long_options, NULL)) != -1) {
		if (!take_option(option, &options))
			return usage();
	}
	argv += optind;
	argc -= optind;
	if (argc >= 2 && strcmp(argv[0], "equal") == 0)
		return run_equal(argv + 1, &options);
	if (argc == 4 && strcmp(argv[0], "meet") == 0)
		return run_meet(argv + 1, &options);
	if (argc == 1 && strcmp(argv[0], "meets") == 0)
		return run_meets(&options);
	if (argc >= 3 && strcmp(argv[0], "eval") == 0)
		return run_eval(argv + 1);
	if (argc >= 2 && strcmp(argv[0], "points") == 0)
		return run_points(argv + 1);
	return usage();
}
