/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp_judge against compiled filters: what it says of a call is what the program answers
 * that each runtime makes of the same filter once it is written, and of its watched form every
 * refused call is handed over and every other answered as before.
 * usage: judge [OPTION...] PROFILE [CALLER...]
 *            PROFILE, a built-in name, alone; or met with each CALLER, an absolute path of
 *            a linux.seccomp object or a config.json
 * --points N      arguments tried for a call (20000)
 * --seed N        of the sample, where there are more (1)
 * --against FILE  compiled is this linux.seccomp, and not what is judged
 * Prints TAP; exits 1 on a failure, 2 when used wrongly.
 */
#include "lens.h"
#include "load.h"
#include "points.h"
#include "tap.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "seccomp/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHOWN 5 /* differences that are printed */
#define FIXED 8 /* points of a call whose arguments no condition names */

/* What the runtimes refuse to hand over, and what a signal would break. */
static const char *const never[] = {"write", "restart_syscall", "rt_sigreturn", "sigreturn", NULL};

struct options {
	size_t points;
	uint64_t seed;
	const char *against;
};

struct judge {
	const struct options *options;
	struct seccomp_filter *filter; /* as it was made */
	struct seccomp_filter *again;  /* as it is read from what was written */
	struct side *plain;
	struct side *watched[SECCOMP_WATCHES];
	size_t points, wrong;
	size_t handed_over[SECCOMP_WATCHES]; /* calls */
};

/* --- Making filters ---------------------------------------------------------------------- */

static _Noreturn void give_up(const char *name, const char *why)
{
	fprintf(stderr, "judge: %s: %s\n", name, why);
	exit(2);
}

static struct seccomp_filter *profile_filter(const char *name)
{
	struct seccomp_source *source = NULL;
	struct seccomp_filter *filter = NULL;
	struct hr_error err = {0};
	size_t len;
	const char *text = seccomp_builtin(name, &len);

	if (!text)
		give_up(name, "no built-in profile");
	if (seccomp_parse(name, text, len, &source, &err) < 0 ||
	    seccomp_lower(source, seccomp_native(), &filter, &err) < 0)
		give_up(name, err.msg);
	seccomp_source_free(source);
	return filter;
}

static struct seccomp_filter *read_filter(const struct json *object, const char *name)
{
	const struct seccomp_host host = {.arch = seccomp_native()};
	struct seccomp_filter *filter = NULL;
	struct hr_error err = {0};

	if (seccomp_read(object, &host, &filter, &err) < 0)
		give_up(name, err.msg);
	return filter;
}

/* What is left of `ours` when it meets the caller's. */
static struct seccomp_filter *met_filter(const struct seccomp_filter *ours, const char *caller)
{
	json_auto struct json_doc *doc = load_json("/", caller);
	const struct json *inner = doc ? json_path(json_root(doc), "linux.seccomp") : NULL;
	seccomp_filter_auto struct seccomp_filter *theirs = NULL;
	struct seccomp_meeting meeting;
	struct seccomp_filter *both = NULL;
	struct hr_error err = {0};

	if (!doc)
		give_up(caller, "cannot be read");
	theirs = read_filter(inner ? inner : json_root(doc), caller);
	if (seccomp_meet(ours, theirs, &both, &meeting, &err) < 0)
		give_up(caller, err.msg);
	return both;
}

/* A document as the prover loads it. */
static struct side *side_of(const struct json *object)
{
	hr_autofree char *text = load_dump(object);
	char path[] = "/tmp/hr-judge.XXXXXX";
	hr_autoclose int fd = mkostemp(path, O_CLOEXEC);
	struct side *side;

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		give_up(path, "cannot be written");
	side = side_load(path);
	unlink(path);
	return side;
}

static void make_all(struct judge *judge)
{
	json_auto struct json_doc *doc = json_new("judge");
	struct hr_error err = {0};
	struct json *object = NULL;

	if (seccomp_write(judge->filter, seccomp_native(), doc, &object, &err) < 0)
		give_up("write", err.msg);
	judge->again = read_filter(object, "what was written");
	judge->plain =
		judge->options->against ? side_load(judge->options->against) : side_of(object);
	for (unsigned watch = 0; watch < SECCOMP_WATCHES; watch++) {
		if (seccomp_write_watched(judge->filter, seccomp_native(),
					  (enum seccomp_watch)watch, NULL, "/run/judge", doc,
					  &object, &err) < 0)
			give_up("write_watched", err.msg);
		judge->watched[watch] = side_of(object);
	}
}

static void free_all(struct judge *judge)
{
	seccomp_filter_free(judge->filter);
	seccomp_filter_free(judge->again);
	side_free(judge->plain);
	for (size_t i = 0; i < SECCOMP_WATCHES; i++)
		side_free(judge->watched[i]);
}

/* --- Judging ------------------------------------------------------------------------------ */

static bool agrees(const struct seccomp_judgement *judgement, uint32_t answer)
{
	switch (answer & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
	case SECCOMP_RET_LOG:
		return judgement->passes && !judgement->kills && judgement->error == 0;
	case SECCOMP_RET_ERRNO:
		return !judgement->passes && !judgement->kills &&
		       judgement->error == (answer & SECCOMP_RET_DATA);
	case SECCOMP_RET_KILL_PROCESS:
	case SECCOMP_RET_KILL_THREAD:
	case SECCOMP_RET_TRAP:
		return !judgement->passes && judgement->kills;
	default:
		return false;
	}
}

static void differ(struct judge *judge, const struct seccomp_data *data, const char *what,
		   uint32_t answer)
{
	char point[256], shown[32];

	if (judge->wrong++ < SHOWN)
		tap_note("%s: %s: %s", lens_point(&abis[0], data, point), what,
			 lens_action(answer, shown));
}

/* The true filter, by every runtime. */
static void judge_plain(struct judge *judge, const char *name, const struct lens *lens,
			const struct seccomp_data *data, struct seccomp_judgement *ret)
{
	uint32_t answers[OCI_RUNTIMES];
	struct seccomp_judgement again;

	seccomp_judge(judge->filter, name, (const uint64_t *)data->args, ret);
	seccomp_judge(judge->again, name, (const uint64_t *)data->args, &again);
	lens_answers(lens, data, answers);
	for (size_t i = 0; i < OCI_RUNTIMES; i++) {
		if (!agrees(ret, answers[i]))
			differ(judge, data, "judged otherwise", answers[i]);
		if (!agrees(&again, answers[i]))
			differ(judge, data, "judged otherwise once it is read again", answers[i]);
	}
}

/* The watched form: handed over is what is refused, or everything but the floor. */
static void judge_watched(struct judge *judge, unsigned watch, const char *name,
			  const struct lens *lens, const struct seccomp_data *data,
			  const struct seccomp_judgement *judgement)
{
	bool must =
		!judgement->passes || (watch == SECCOMP_WATCH_ALL && !text_in(name, seccomp_floor));
	uint32_t answers[OCI_RUNTIMES];

	lens_answers(lens, data, answers);
	for (size_t i = 0; i < OCI_RUNTIMES; i++) {
		bool handed = answers[i] == SECCOMP_RET_USER_NOTIF;

		if (text_in(name, never) && handed)
			differ(judge, data, "handed over", answers[i]);
		else if (!text_in(name, never) && must && !handed)
			differ(judge, data, "not handed over", answers[i]);
		else if (!handed && !agrees(judgement, answers[i]))
			differ(judge, data, "answered otherwise when watched", answers[i]);
	}
}

static void judge_point(struct judge *judge, const char *name, const struct lens lenses[],
			const struct seccomp_data *data)
{
	struct seccomp_judgement judgement;

	judge->points++;
	judge_plain(judge, name, &lenses[SECCOMP_WATCHES], data, &judgement);
	for (unsigned i = 0; i < SECCOMP_WATCHES; i++)
		judge_watched(judge, i, name, &lenses[i], data, &judgement);
}

static void judge_call(struct judge *judge, int nr, const char *name)
{
	struct seccomp_data data = {.nr = nr, .arch = abis[0].audit};
	struct lens lenses[SECCOMP_WATCHES + 1];
	struct point_plan plan = {.documents = {&judge->plain->document},
				  .abi = &abis[0],
				  .nr = (uint32_t)nr,
				  .seed = judge->options->seed};
	struct points *points;
	uint64_t args[6];

	for (size_t i = 0; i < SECCOMP_WATCHES; i++) {
		uint32_t answers[OCI_RUNTIMES];

		lens_set(&lenses[i], judge->watched[i], &abis[0], (uint32_t)nr);
		lens_answers(&lenses[i], &data, answers);
		judge->handed_over[i] += answers[OCI_RUNC] == SECCOMP_RET_USER_NOTIF;
	}
	lens_set(&lenses[SECCOMP_WATCHES], judge->plain, &abis[0], (uint32_t)nr);
	plan.limit = lenses[SECCOMP_WATCHES].fixed ? FIXED : judge->options->points;
	points = points_new(&plan);
	while (points_next(points, args)) {
		for (size_t i = 0; i < 6; i++)
			data.args[i] = args[i];
		judge_point(judge, name, lenses, &data);
	}
	points_free(points);
}

static bool starts(const struct side *side)
{
	bool all = true;

	for (size_t i = 0; i < OCI_RUNTIMES; i++) {
		if (!side->starts[i])
			tap_note("%s does not start: %s", oci_name((enum oci_runtime)i),
				 side->why[i]);
		all &= side->starts[i];
	}
	return all;
}

/* The filter, which is freed. */
static void run_one(struct seccomp_filter *filter, const char *name, const struct options *options)
{
	struct judge judge = {.options = options, .filter = filter};
	char call[NAMES_SIZE];
	bool good;

	make_all(&judge);
	good = starts(judge.plain);
	for (size_t i = 0; i < SECCOMP_WATCHES; i++)
		good &= starts(judge.watched[i]);
	for (int nr = 0; nr < NAMES_NUMBERS && good; nr++)
		if (seccomp_call_name(nr, seccomp_native(), call))
			judge_call(&judge, nr, call);
	if (judge.wrong > 0)
		tap_note("%zu points are wrong", judge.wrong);
	tap(good && judge.wrong == 0,
	    "judged as the filter answers: %s: %zu points, %zu calls handed over, %zu of all", name,
	    judge.points, judge.handed_over[SECCOMP_WATCH_REFUSED],
	    judge.handed_over[SECCOMP_WATCH_ALL]);
	free_all(&judge);
}

/* --- The command line --------------------------------------------------------------------- */

static int run(char **words, const struct options *options)
{
	seccomp_filter_auto struct seccomp_filter *ours = profile_filter(words[0]);
	char name[256];

	if (!words[1])
		run_one(profile_filter(words[0]), words[0], options);
	for (char **caller = words + 1; *caller; caller++) {
		const char *base = strrchr(*caller, '/');

		snprintf(name, sizeof(name), "%s met with %s", words[0], base ? base + 1 : *caller);
		run_one(met_filter(ours, *caller), name, options);
	}
	return tap_done();
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{"points", required_argument, NULL, 'p'},
		{"seed", required_argument, NULL, 's'},
		{"against", required_argument, NULL, 'a'},
		{NULL, 0, NULL, 0},
	};
	struct options options = {.points = 20000, .seed = 1};
	int option;

	while ((option = getopt_long(argc, argv, "+", long_options, NULL)) != -1) {
		if (option == 'p')
			options.points = strtoul(optarg, NULL, 10);
		else if (option == 's')
			options.seed = strtoull(optarg, NULL, 10);
		else if (option == 'a')
			options.against = optarg;
		else
			return 2;
	}
	if (optind == argc) {
		fprintf(stderr, "usage: judge [OPTION...] PROFILE [CALLER...]\n");
		return 2;
	}
	return run(argv + optind, &options);
}
