/* SPDX-License-Identifier: Apache-2.0 */
/* image verify: may this image run? Asked as create asks. */
#include "command/image.h"

#include "base/cleanup.h"
#include "command/command.h"
#include "command/explain.h"
#include "line/image.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define TIMEOUT_MS 2000 /* image.timeout_ms, when it is not set */

static const char help[] =
	"usage: hardrun image verify [--require NAME] [--policy FILE] [--json] IMAGE\n"
	"\n"
	"May this image run? Asked as create asks.\n"
	"\n"
	"IMAGE is one of\n"
	"  --id ID [--namespace NS] [--socket PATH]\n"
	"                  a container of containerd (k8s.io, /run/containerd/containerd.sock)\n"
	"  --layout DIR[:TAG] [--name NAME]\n"
	"                  an image in an OCI layout; NAME chooses the scope\n"
	"  --bundle DIR [--name NAME]\n"
	"                  a bundle that umoci unpacked\n"
	"  --digest DIGEST --name NAME\n"
	"                  a manifest or index by its digest alone\n"
	"\n"
	"  --require NAME  of the policy's section images (*: all of them together)\n"
	"  --policy FILE   this policy instead of " HR_CONFDIR "\n"
	"  --json          for programs\n"
	"\n"
	"Exit status: 0 accepted, 1 refused, 2 usage, 3 policy, 4 a file cannot be read.\n";

struct verify {
	const char *require, *policy, *layout, *bundle, *id, *ns, *socket, *digest, *name;
	bool json;
};

static int usage(const char *what, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	return hr_fail(err, HR_USAGE,
		       "image verify: %s; usage: hardrun image verify [--require NAME] [--policy "
		       "FILE] [--json] (--id ID [--namespace NS] [--socket PATH] | --layout "
		       "DIR[:TAG] [--name NAME] | --bundle DIR [--name NAME] | --digest DIGEST "
		       "--name NAME)",
		       what[0] == '-' ? text_shown_z(what, shown) : what);
}

static int parse_flag(int argc, char *const argv[], int *at, struct verify *ret,
		      struct hr_error *err)
{
	const struct {
		const char *name;
		const char **slot;
	} flags[] = {
		{"--require", &ret->require}, {"--policy", &ret->policy},
		{"--layout", &ret->layout},   {"--bundle", &ret->bundle},
		{"--id", &ret->id},	      {"--namespace", &ret->ns},
		{"--socket", &ret->socket},   {"--digest", &ret->digest},
		{"--name", &ret->name},
	};

	if (strcmp(argv[*at], "--json") == 0) {
		ret->json = true;
		return 0;
	}
	for (size_t i = 0; i < hr_count(flags); i++)
		if (strcmp(flags[i].name, argv[*at]) == 0 && *at + 1 < argc) {
			*flags[i].slot = argv[++*at];
			return 0;
		}
	return usage(argv[*at][0] == '-' ? argv[*at] : "a word that is not known", err);
}

static bool is_digest(const char *text)
{
	static const char sha256[] = "sha256:";

	return text_starts(text, sha256) && strlen(text) == strlen(sha256) + 64 &&
	       strspn(text + strlen(sha256), "0123456789abcdef") == 64;
}

static int parse(int argc, char *const argv[], struct verify *ret, struct hr_error *err)
{
	for (int i = 1; i < argc; i++)
		if (parse_flag(argc, argv, &i, ret, err) < 0)
			return -1;
	if (!!ret->layout + !!ret->bundle + !!ret->id + !!ret->digest > 1)
		return usage("more than one image", err);
	if (!ret->layout && !ret->bundle && !ret->id && !(ret->digest && ret->name))
		return usage("which image?", err);
	if (ret->digest && !is_digest(ret->digest))
		return usage("a digest is sha256: and 64 digits 0-9a-f", err);
	if (ret->id ? !!ret->name : ret->ns || ret->socket)
		return usage("--namespace and --socket go with --id, --name with all others", err);
	if ((ret->id && !runtime_id_sound(ret->id)) || (ret->ns && !runtime_id_sound(ret->ns)))
		return usage("an id and a namespace have letters, digits and _+.- only", err);
	return 0;
}

/* --- What is asked about ---------------------------------------------------------------------- */

/* DIR[:TAG]; a directory may have a colon itself, and so may a tag. */
static int open_layout(const struct verify *what, char dir[PATH_MAX], struct verdict_question *ret,
		       struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];
	struct stat st;
	char *colon;

	snprintf(dir, PATH_MAX, "%s", what->layout);
	colon = stat(dir, &st) == 0 ? NULL : strchr(dir, ':');
	if (colon) {
		*colon = '\0';
		ret->tag = colon + 1;
	}
	ret->source = VERDICT_LAYOUT;
	ret->name = what->name ? what->name : ret->tag && strchr(ret->tag, '/') ? ret->tag : NULL;
	ret->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ret->dir < 0)
		return hr_fail_errno(err, errno, "layout %s", text_shown_z(dir, shown));
	return 0;
}

static int open_bundle(const struct verify *what, struct verdict_question *ret,
		       struct hr_error *err)
{
	char path[PATH_MAX], shown[TEXT_SHOWN_SIZE];

	snprintf(path, sizeof(path), "%s/umoci.json", what->bundle);
	ret->source = VERDICT_UMOCI;
	ret->name = what->name;
	ret->dir = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (ret->dir < 0)
		return hr_fail_errno(err, errno, "umoci's file in the bundle %s",
				     text_shown_z(what->bundle, shown));
	return 0;
}

static const char *usual_socket(void)
{
	static const char *const usual[] = {"/run/containerd/containerd.sock",
					    "/run/k3s/containerd/containerd.sock"};

	return access(usual[0], F_OK) < 0 && access(usual[1], F_OK) == 0 ? usual[1] : usual[0];
}

static int make_question(const struct verify *what, char path[PATH_MAX],
			 struct verdict_question *ret, struct hr_error *err)
{
	ret->timeout_ms = TIMEOUT_MS;
	if (what->layout)
		return open_layout(what, path, ret, err);
	if (what->bundle)
		return open_bundle(what, ret, err);
	if (what->id) {
		ret->source = VERDICT_CONTAINERD;
		ret->ns = what->ns ? what->ns : "k8s.io";
		ret->id = what->id;
		ret->socket = what->socket ? what->socket : usual_socket();
		return 0;
	}
	ret->source = VERDICT_DESCRIPTOR;
	ret->digest = what->digest;
	ret->name = what->name;
	return 0;
}

/* Of a container that is there: also what is mounted. */
static int check_mounted(const struct verdict_question *question, struct json_doc *answer,
			 struct hr_error *err)
{
	const char *slash = question->socket ? strrchr(question->socket, '/') : NULL;
	char path[PATH_MAX * 2], root[PATH_MAX];

	if (!slash || question->source != VERDICT_CONTAINERD ||
	    !verdict_accepted(json_root(answer)))
		return 0;
	snprintf(path, sizeof(path), "%.*s" IMAGE_TASKS "%s/%s/rootfs",
		 (int)(slash - question->socket), question->socket, question->ns, question->id);
	return realpath(path, root) ? image_check_mounted(answer, root, err) : 0;
}

/* --- The answer ------------------------------------------------------------------------------- */

static int show(const struct verify *what, const struct json *answer, struct hr_error *err)
{
	text_auto struct text text = {0};
	hr_autofree char *json = NULL;
	size_t len;

	if (what->json) {
		if (json_write(answer, &json, &len, err) < 0)
			return -1;
		puts(json);
		return 0;
	}
	image_review(answer, &text);
	if (text.failed)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	printf("%s", text.data);
	return 0;
}

static int verify(const struct verify *what, const struct verdict_question *question,
		  struct hr_error *err)
{
	const char *require = what->require ? what->require : "*";
	policy_auto struct policy *policy = NULL;
	json_auto struct json_doc *answer = NULL;

	if (explain_policy(&(struct explain){.policy = what->policy}, &policy, err) < 0 ||
	    policy_images_check_name(policy, NULL, require, err) < 0)
		return -1;
	if (!policy_images_required(policy, require))
		return hr_fail(err, HR_POLICY,
			       "the policy requires nothing of images: it has no section images");
	if (image_ask(policy, require, question, &answer, err) < 0 ||
	    check_mounted(question, answer, err) < 0 || show(what, json_root(answer), err) < 0)
		return -1;
	return verdict_accepted(json_root(answer)) ? EXIT_OK : EXIT_REFUSED;
}

int command_image_verify(int argc, char *const argv[], struct hr_error *err)
{
	struct verdict_question question = VERDICT_QUESTION_NONE;
	struct verify what = {0};
	char path[PATH_MAX];
	int status = -1;

	if (argc > 1 && command_wants_help(argv[1]))
		return command_help(help);
	if (parse(argc, argv, &what, err) == 0 && make_question(&what, path, &question, err) == 0)
		status = verify(&what, &question, err);
	if (question.dir >= 0)
		close(question.dir);
	return status < 0 ? command_exit(err) : status;
}
