/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Called by the name hardrun-image-verifier: a program in containerd's bin_dir, which is asked
 * before an image is pulled (docs/image-verification.md of containerd 2). Exit status 0 lets it,
 * 1 does not; standard output is the reason.
 */
#include "command/command.h"

#include "base/cleanup.h"
#include "command/explain.h"
#include "command/image.h"
#include "line/image.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DESCRIPTOR_MAX ((size_t)64 * 1024)
#define INPUT_MS       3000 /* for the descriptor */
#define TIMEOUT_MS     5000 /* containerd waits for 10 s, unless it is told otherwise */
#define NAME_MAX_BYTES 511
#define LOWER	       "abcdefghijklmnopqrstuvwxyz0123456789._-/"
#define UPPER	       "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DESCRIPTOR     "application/vnd.oci.descriptor.v1+json"

struct pull {
	const char *name, *digest, *media_type;
};

/* As Go's flag package: one dash or two, the value behind "=" or as the next word. */
static const char *value_of(int argc, char *const argv[], int *at, const char *name)
{
	const char *word = argv[*at];
	size_t len = strlen(name);

	word += word[0] == '-';
	word += word[0] == '-';
	if (word == argv[*at] || strncmp(word, name, len) != 0)
		return NULL;
	if (word[len] == '=')
		return word + len + 1;
	return word[len] == '\0' && *at + 1 < argc ? argv[++*at] : NULL;
}

/* [HOST[:PORT]/]PATH[:TAG][@DIGEST], as far as anything could be made of it: what is no name of an
 * image is covered by no scope, and must not be let through for that. */
static bool is_name(const char *name)
{
	size_t len = strlen(name), host = strcspn(name, "/"), at;

	if (len == 0 || len > NAME_MAX_BYTES || strspn(name, LOWER UPPER ":@") != len ||
	    name[0] == '/' || strstr(name, "//"))
		return false;
	/* Only what has a dot or a port is a host. */
	at = name[host] && strcspn(name, ".:") < host ? host + 1 : 0;
	len = strspn(name + at, LOWER);
	return len > 0 && name[at + len - 1] != '/' &&
	       (name[at + len] == '\0' || name[at + len] == ':' || name[at + len] == '@');
}

static int parse(int argc, char *const argv[], struct pull *ret, struct hr_error *err)
{
	const struct {
		const char *name;
		const char **slot;
	} flags[] = {{"name", &ret->name},
		     {"digest", &ret->digest},
		     {"stdin-media-type", &ret->media_type}};
	char shown[TEXT_SHOWN_SIZE];

	for (int i = 1; i < argc; i++) {
		const char *value = NULL;

		for (size_t j = 0; j < hr_count(flags) && !value; j++) {
			value = value_of(argc, argv, &i, flags[j].name);
			if (value)
				*flags[j].slot = value;
		}
		if (!value)
			return hr_fail(err, HR_USAGE, "%s is no option of an image verifier",
				       text_shown_z(argv[i], shown));
	}
	if (!ret->name || !ret->digest)
		return hr_fail(err, HR_USAGE, "-name and -digest are needed");
	if (!is_name(ret->name))
		return hr_fail(err, HR_SPEC, "%s is no name of an image",
			       text_shown_z(ret->name, shown));
	return 0;
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Standard input to its end, for which nobody is waited long. */
static int read_input(struct text *ret, struct hr_error *err)
{
	struct pollfd wait = {.fd = STDIN_FILENO, .events = POLLIN};
	long end = now_ms() + INPUT_MS, left;
	char block[4096];

	while ((left = end - now_ms()) > 0 && ret->len <= DESCRIPTOR_MAX) {
		ssize_t got;

		if (poll(&wait, 1, (int)left) <= 0)
			continue;
		got = read(STDIN_FILENO, block, sizeof(block));
		if (got < 0 && errno != EINTR)
			return hr_fail_errno(err, errno, "standard input");
		if (got == 0)
			return ret->failed ? hr_fail(err, HR_SYSTEM, "out of memory") : 0;
		text_add(ret, block, got > 0 ? (size_t)got : 0);
	}
	return hr_fail(err, HR_SPEC, "the descriptor on standard input does not end");
}

/* The descriptor must be of that digest: what is judged is what is pulled. */
static int check_descriptor(const struct pull *pull, struct hr_error *err)
{
	json_auto struct json_doc *doc = NULL;
	text_auto struct text text = {0};
	const char *digest;

	if (!pull->media_type)
		return 0;
	if (strcmp(pull->media_type, DESCRIPTOR) != 0)
		return hr_fail(err, HR_SPEC, "what is on standard input is not " DESCRIPTOR);
	if (read_input(&text, err) < 0 ||
	    json_parse("descriptor", text.data ? text.data : "", text.len, false, &doc, err) < 0)
		return -1;
	digest = json_string(json_root(doc), "digest");
	if (digest && strcmp(digest, pull->digest) == 0)
		return 0;
	return hr_fail(err, HR_SPEC, "the descriptor is of another digest");
}

static int say(bool pull, const char *reason)
{
	printf("hardrun: %s\n", reason);
	return pull ? EXIT_OK : EXIT_REFUSED;
}

/* create asks again what the container's profile wants; here no profile is known. */
static int say_answer(const struct pull *pull, const struct json *answer)
{
	const char *code = json_string(answer, "code"), *why = json_string(answer, "why");
	const char *found = json_string(answer, "found"), *remedy = json_string(answer, "remedy");
	text_auto struct text text = {0};
	char shown[TEXT_SHOWN_SIZE];
	bool covered = !code || strcmp(code, "scope") != 0;

	text_shown_z(pull->name, shown);
	if (verdict_accepted(answer)) {
		image_signer(answer, &text);
	} else if (!covered) {
		text_addf(&text,
			  "no scope of the policy covers %s; it may be pulled, and is judged "
			  "again where it is to run",
			  shown);
	} else {
		text_addf(&text, "%s is refused: %s", shown, why ? why : "not said why");
		if (found)
			text_addf(&text, "; found: %s", found);
		if (remedy)
			text_addf(&text, "; %s", remedy);
	}
	return say(!text.failed && (verdict_accepted(answer) || !covered),
		   text.failed ? "out of memory" : text.data);
}

static int judge(const struct pull *pull, struct hr_error *err)
{
	struct verdict_question question = VERDICT_QUESTION_NONE;
	policy_auto struct policy *policy = NULL;
	json_auto struct json_doc *answer = NULL;

	if (explain_policy(&(struct explain){0}, &policy, err) < 0)
		return -1;
	if (!policy_images_there(policy))
		return say(true, "the policy requires nothing of images");
	question.source = VERDICT_DESCRIPTOR;
	question.timeout_ms = TIMEOUT_MS;
	question.digest = pull->digest;
	question.name = pull->name;
	if (image_ask(policy, "*", &question, &answer, err) < 0)
		return -1;
	return say_answer(pull, json_root(answer));
}

int command_verifier_plugin(int argc, char *const argv[])
{
	struct hr_error err = {0};
	struct pull pull = {0};
	int status = -1;

	if (parse(argc, argv, &pull, &err) == 0 && check_descriptor(&pull, &err) == 0)
		status = judge(&pull, &err);
	return status < 0 ? say(false, err.msg) : status;
}
