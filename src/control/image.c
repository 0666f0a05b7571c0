/* SPDX-License-Identifier: Apache-2.0 */
#include "control/image.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "control/table.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DIGEST_MARK "@sha256:"
#define DIGEST_LEN  64
#define TIMEOUT	    2000 /* ms */
#define SOCKET_MAX  107	 /* bytes of sun_path without the NUL */
#define CLAUSE	    420	 /* bytes of a text of the answer that a message holds */
#define TASKS	    "/io.containerd.runtime.v2.task/"

static const char *const levels[] = {"ignore", "warn", "refuse", NULL};

static const struct control_option options[] = {
	{.name = "require", .type = OPTION_OTHER},
	{.name = "socket", .type = OPTION_OTHER},
	{.name = "timeout_ms", .type = OPTION_NUMBER},
	{.name = "by_digest", .type = OPTION_NAME, .values = levels},
	{0},
};

/* --- Options ---------------------------------------------------------------------------------- */

static int check_require(const struct policy *policy, const struct json *value,
			 struct hr_error *err)
{
	if (value->type != JSON_STRING)
		return control_policy_error(value, err,
					    "image.require must be a name of the section images, "
					    "\"*\" for all of them, or \"\" for nothing");
	return policy_images_check_name(policy, value, value->text, err);
}

static int check_socket(const struct json *value, struct hr_error *err)
{
	if (value->type == JSON_STRING && value->text[0] == '/' && value->len <= SOCKET_MAX &&
	    !text_goes_up(value->text) && !text_ends(value->text, "/"))
		return 0;
	return control_policy_error(value, err,
				    "image.socket must be the absolute path of containerd's "
				    "socket, of at most %d bytes",
				    SOCKET_MAX);
}

static int check_timeout(const struct json *value, struct hr_error *err)
{
	uint64_t number;

	if (json_uint(value, &number) && number >= 100 && number <= 10000)
		return 0;
	return control_policy_error(value, err, "image.timeout_ms must be 100 to 10000");
}

static int check(const struct policy *policy, const struct json *rules, struct hr_error *err)
{
	json_each(option, rules) {
		int rc = 0;

		if (strcmp(option->key, "require") == 0)
			rc = check_require(policy, option, err);
		else if (strcmp(option->key, "socket") == 0)
			rc = check_socket(option, err);
		else if (strcmp(option->key, "timeout_ms") == 0)
			rc = check_timeout(option, err);
		if (rc < 0)
			return -1;
	}
	return 0;
}

const char *image_required(const struct policy *policy, const struct json *rules)
{
	const char *name = json_string(rules, "require");

	return policy_images_required(policy, name) ? name : NULL;
}

const char *image_socket(const struct json *rules)
{
	return json_string(rules, "socket");
}

unsigned image_timeout_ms(const struct json *rules)
{
	uint64_t number;

	return json_uint(json_get(rules, "timeout_ms"), &number) ? (unsigned)number : TIMEOUT;
}

/* --- What is required ------------------------------------------------------------------------- */

/* Take the blank out of phrases that engines act upon (base/error.c). */
static void break_phrases(char *text)
{
	static const struct {
		const char *word, *next;
	} phrases[] = {{"no", "such file"},
		       {"no", "such process"},
		       {"permission", "denied"},
		       {"not", "found"},
		       {"does", "not exist"}};

	for (size_t i = 0; i < hr_count(phrases); i++) {
		size_t len = strlen(phrases[i].word), rest = strlen(phrases[i].next);

		for (char *at = text; (at = strcasestr(at, phrases[i].word)); at++)
			if (at[len] == ' ' && strncasecmp(at + len + 1, phrases[i].next, rest) == 0)
				at[len] = '_';
	}
}

/* A text from outside: one line of printable bytes, cut. */
static const char *clean(const char *text, char buf[CLAUSE])
{
	if (snprintf(buf, CLAUSE, "%s", text ? text : "") >= CLAUSE)
		memcpy(buf + CLAUSE - 4, "...", 3);
	for (char *at = buf; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	break_phrases(buf);
	return buf;
}

static const char *clause_of(const struct json *answer, const char *key, char buf[CLAUSE])
{
	return clean(json_string(answer, key), buf);
}

static struct reason because(const struct control_in *in, const char *why, const char *remedy)
{
	return (struct reason){
		.rule = "image.require",
		.by = json_get(in->rules, "require"),
		.why = why,
		.remedy = remedy,
	};
}

/* What is required; something is. */
static const char *require_of(const struct control_in *in)
{
	const char *require = in->image ? in->image->require : NULL;

	return require ? require : image_required(in->policy, in->rules);
}

/* By which name the image is known: what the answer has, else what the engine wrote. */
static const char *name_of(const struct control_in *in)
{
	const struct json *names = in->image ? json_get(in->image->answer, "names") : NULL;

	if (names && names->first && names->first->type == JSON_STRING)
		return names->first->text;
	return in->identity->image;
}

/* What to type on the node to look again. */
static void add_again(const struct control_in *in, const char *require, struct text *to)
{
	const char *space = in->root ? strrchr(in->root, '/') : NULL;
	char shown[TEXT_SHOWN_SIZE], ns[TEXT_SHOWN_SIZE];

	text_adds(to, "; to look again, on the node: hardrun image verify");
	if (strcmp(require, "*") != 0)
		text_addf(to, " --require %s", require);
	if (!in->bundle || !in->id || !space || !strstr(in->bundle, TASKS)) {
		text_addf(to, " --bundle %s", text_shown_z(in->bundle ? in->bundle : "", shown));
		return;
	}
	if (strcmp(space + 1, "k8s.io") != 0)
		text_addf(to, " --namespace %s", text_shown_z(space + 1, ns));
	text_addf(to, " --id %s", text_shown_z(in->id, shown));
}

static void refuse(const struct control_in *in, struct change *out, const struct text *why,
		   struct text *remedy)
{
	struct reason reason;

	add_again(in, require_of(in), remedy);
	if (why->failed || remedy->failed) {
		out->failed = true;
		return;
	}
	reason = because(in, why->data, remedy->data);
	change_refuse(out, "root.path", name_of(in), &reason);
}

static bool is_accepted(const struct json *answer)
{
	const char *code = json_string(answer, "code");

	return json_true(answer, "accepted") && code && strcmp(code, "accepted") == 0;
}

/* "WHY; the image is DIGEST; found: FOUND" */
static void judge_answer(const struct control_in *in, struct change *out, const struct json *answer)
{
	text_auto struct text why = {0}, remedy = {0};
	char clause[CLAUSE];
	const char *digest = json_string(answer, "digest");

	if (is_accepted(answer))
		return;
	clause_of(answer, "why", clause);
	text_adds(&why, clause[0] ? clause : "the image was not accepted, and it was not said why");
	if (digest && strlen(digest) <= DIGEST_LEN + strlen("sha256:"))
		text_addf(&why, "; the image is %s", clause_of(answer, "digest", clause));
	if (clause_of(answer, "found", clause)[0])
		text_addf(&why, "; found: %s", clause);
	clause_of(answer, "remedy", clause);
	text_adds(&remedy, clause[0] ? clause : "see hardrun-policy(5), section images");
	refuse(in, out, &why, &remedy);
}

static void refuse_problem(const struct control_in *in, struct change *out, const char *problem)
{
	text_auto struct text why = {0}, remedy = {0};
	char clause[CLAUSE];

	text_addf(&why, "it could not be found out who signed the image: %s",
		  clean(problem, clause));
	text_adds(&remedy, "hardrun image selftest says what is amiss");
	refuse(in, out, &why, &remedy);
}

/* For exec: what create was told. */
static void keep_ceiling(const struct control_in *in, struct change *out)
{
	struct json_doc *notes = change_notes(out);
	struct json *ceiling = json_new_object(notes);
	const struct json *answer = in->image ? in->image->answer : NULL;
	const char *code = json_string(answer, "code"), *digest = json_string(answer, "digest");
	const char *key = json_string(json_get(answer, "by"), "key");
	bool accepted = is_accepted(answer);

	if (!accepted && (!code || strcmp(code, "accepted") == 0))
		code = "none";
	if (!json_put_string(notes, ceiling, "require", require_of(in)) ||
	    !json_put_string(notes, ceiling, "verdict", code) ||
	    (digest && !json_put_string(notes, ceiling, "digest", digest)) ||
	    (key && !json_put_string(notes, ceiling, "key", key)))
		out->failed = true;
	else
		change_ceiling(out, ceiling);
}

static void judge_restore(const struct control_in *in, struct change *out)
{
	const struct reason reason =
		because(in,
			"the files of a checkpoint are nobody's image, so nobody signed them, and "
			"this profile lets only signed images run",
			"start the container from its image, or restore it with a profile that "
			"has \"image\": {\"require\": \"\"}");

	change_refuse(out, "root.path", NULL, &reason);
}

static void judge_signature(const struct control_in *in, struct change *out)
{
	const struct reason unseen = because(
		in, "whether the image is signed as it must be was not looked at here",
		"explain the bundle where it lies (hardrun explain --bundle DIR), or ask for the "
		"container: hardrun image verify --id ID");

	if (!in->image && !image_required(in->policy, in->rules))
		return;
	if (in->line == LINE_RESTORE)
		judge_restore(in, out);
	else if (!in->image)
		refuse_problem(in, out, "hardrun-image was not asked");
	else if (in->image->answer)
		judge_answer(in, out, in->image->answer);
	else if (in->image->problem)
		refuse_problem(in, out, in->image->problem);
	else
		change_warn(out, "root.path", name_of(in), &unseen);
	keep_ceiling(in, out);
}

/* --- By digest -------------------------------------------------------------------------------- */

static bool by_digest(const char *image)
{
	const char *mark = image ? strrchr(image, '@') : NULL;

	if (!mark || !text_starts(mark, DIGEST_MARK))
		return false;
	mark += strlen(DIGEST_MARK);
	return strlen(mark) == DIGEST_LEN && strspn(mark, "0123456789abcdef") == DIGEST_LEN;
}

static void judge_name(const struct control_in *in, struct change *out)
{
	const struct json *level = json_get(in->rules, "by_digest");
	const struct identity *identity = in->identity;
	const struct reason reason = {
		.rule = "image.by_digest",
		.by = level,
		.why = "a tag can name another image tomorrow than the one that was reviewed",
		.remedy = "name the image as NAME@sha256:DIGEST in the pod, or write \"image\": "
			  "{\"by_digest\": \"ignore\"} in a profile",
	};
	char path[CHANGE_PATH];

	if (!level || strcmp(level->text, "ignore") == 0 || !identity->cri || identity->sandbox ||
	    by_digest(identity->image))
		return;
	change_key_path("annotations", "io.kubernetes.cri.image-name", path);
	if (strcmp(level->text, "refuse") == 0)
		change_refuse(out, path, identity->image, &reason);
	else
		change_warn(out, path, identity->image, &reason);
}

/* --- The control ------------------------------------------------------------------------------ */

static void create(const struct control_in *in, struct change *out)
{
	judge_signature(in, out);
	judge_name(in, out);
}

static void exec(const struct control_in *in, struct change *out)
{
	const char *verdict = json_string(in->rules, "verdict");
	const char *digest = json_string(in->rules, "digest");

	if (verdict && strcmp(verdict, "accepted") == 0)
		return;
	change_refuse(out, "args", digest,
		      &(struct reason){
			      .rule = "image.require",
			      .why = "the container's image was not accepted when the container "
				     "was created",
			      .remedy = "make the container anew, from an image that is signed as "
					"the policy requires",
		      });
}

const struct control control_image = {
	.name = "image",
	.sentence = "Lets only images run that are signed as the policy requires; wants a pod's "
		    "images named by digest.",
	.options = options,
	.check = check,
	.create = create,
	.exec = exec,
};
