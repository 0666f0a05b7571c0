/* SPDX-License-Identifier: Apache-2.0 */
/* Which image a container has, and who signed it, as hardrun-image finds it out. */
#include "line/image.h"

#include "base/cleanup.h"
#include "line/call.h"
#include "line/decide.h"
#include "stage/layers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static const char remedy_keys[] =
	"put the public key there, root's and writable by nobody else; hardrun check says more";
static const char remedy_mounted[] = "delete the container, or the pod, so that it is made anew; "
				     "if it comes again, something on "
				     "the node changes the root file systems of containerd";
static const char remedy_engine[] =
	"hardrun can tell it of containers of containerd, and of bundles of umoci where the "
	"requirement lists umoci in its sources; for others use a profile without image.require";

/* --- Questions -------------------------------------------------------------------------------- */

int image_ask(const struct policy *policy, const char *name,
	      const struct verdict_question *question, struct json_doc **ret, struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new("require");
	struct verdict_question whole = *question;
	struct hr_error local = {0};
	struct json *require = NULL;

	if (!doc)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (policy_images(policy, name, doc, &require, &local) < 0)
		return verdict_refusal("keys", local.msg, remedy_keys, ret, err);
	whole.require = require;
	return verdict_ask(&whole, ret, err);
}

static bool put_refusal(struct json_doc *doc, const char *code, const char *why, const char *remedy)
{
	struct json *root = json_root(doc);

	return json_put(doc, root, "accepted", json_new_bool(doc, false)) &&
	       json_put_string(doc, root, "code", code) && json_put_string(doc, root, "why", why) &&
	       json_put_string(doc, root, "remedy", remedy);
}

int image_check_mounted(struct json_doc *answer, const char *root, struct hr_error *err)
{
	const struct json *mounts = json_path(json_root(answer), "snapshot.mounts");
	char why[HR_ERROR_MSG + 128];
	struct hr_error local = {0};

	if (layers_check(root, mounts, &local) == 0)
		return 0;
	snprintf(why, sizeof(why),
		 "what is mounted on the root directory is not the container's snapshot: %s",
		 local.msg);
	if (!put_refusal(answer, "mismatch", why, remedy_mounted))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return 0;
}

/* --- The container of a call ------------------------------------------------------------------ */

struct container {
	char path[PATH_MAX]; /* owns the rest */
	const char *state;   /* containerd's directory */
	const char *ns, *id;
};

/* STATE/io.containerd.runtime.v2.task/NS/ID, and the same container in the rest of the call. */
static bool is_containerds(const struct call *call, struct container *ret)
{
	char root[PATH_MAX], *at = NULL, *next, *slash;
	const char *space;

	text_plain_path(call->bundle, ret->path, sizeof(ret->path));
	for (next = ret->path; (next = strstr(next, IMAGE_TASKS)); next++)
		at = next;
	if (!at)
		return false;
	*at = '\0';
	ret->state = ret->path;
	ret->ns = at + strlen(IMAGE_TASKS);
	slash = strchr(ret->ns, '/');
	if (!slash)
		return false;
	*slash = '\0';
	ret->id = slash + 1;
	text_plain_path(call_root(call), root, sizeof(root));
	space = strrchr(root, '/');
	return space && strcmp(space + 1, ret->ns) == 0 && call->request->id &&
	       strcmp(call->request->id, ret->id) == 0 && runtime_id_sound(ret->ns) &&
	       runtime_id_sound(ret->id);
}

static int ask_containerd(struct call *call, const struct container *container,
			  struct verdict_question *question, struct hr_error *err)
{
	const char *chosen = image_socket(json_get(call->profile, "image"));
	char socket[PATH_MAX + 32];
	struct hr_error local = {0};

	snprintf(socket, sizeof(socket), "%s/containerd.sock", container->state);
	question->source = VERDICT_CONTAINERD;
	question->ns = container->ns;
	question->id = container->id;
	question->socket = chosen ? chosen : socket;
	if (image_ask(call->policy, call->image.require, question, &call->image_answer, err) < 0)
		return -1;
	if (!verdict_accepted(json_root(call->image_answer)))
		return 0;
	if (call_root_path(call, call->image_root, &local) < 0)
		return put_refusal(call->image_answer, "mismatch", local.msg, remedy_mounted)
			       ? 0
			       : hr_fail(err, HR_SYSTEM, "out of memory");
	return image_check_mounted(call->image_answer, call->image_root, err);
}

static int ask(struct call *call, struct hr_error *err)
{
	struct verdict_question question = VERDICT_QUESTION_NONE;
	struct container container;
	hr_autoclose int umoci = -1;

	question.timeout_ms = image_timeout_ms(json_get(call->profile, "image"));
	if (is_containerds(call, &container))
		return ask_containerd(call, &container, &question, err);
	/* umoci's bundle is closed to the user that the verifier is. */
	umoci = openat(call->bundle_fd, "umoci.json",
		       O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (umoci >= 0) {
		question.source = VERDICT_UMOCI;
		question.dir = umoci;
		return image_ask(call->policy, call->image.require, &question, &call->image_answer,
				 err);
	}
	return verdict_refusal("unbound",
			       "of this engine it cannot be told which image a container runs",
			       remedy_engine, &call->image_answer, err);
}

int call_image(struct call *call, bool look, struct hr_error *err)
{
	const char *name = image_required(call->policy, json_get(call->profile, "image"));

	if (!name || decide_mode(call->profile, "image") == MODE_OFF)
		return 0;
	call->image.require = name;
	/* The control refuses it: a checkpoint is nobody's image. */
	if (!look || call->line == LINE_RESTORE)
		return 0;
	if (ask(call, err) < 0)
		return -1;
	call->image.answer = json_root(call->image_answer);
	return 0;
}

int call_image_recheck(const struct call *call, struct hr_error *err)
{
	const struct json *answer = call->image.answer;
	struct hr_error local = {0};

	if (!call->image_root[0] || !verdict_accepted(answer) ||
	    decide_mode(call->profile, "image") != MODE_ENFORCE ||
	    layers_check(call->image_root, json_path(answer, "snapshot.mounts"), &local) == 0)
		return 0;
	return hr_fail(
		err, HR_DENIED,
		"refused by image: root.path: what is mounted there has changed since it was "
		"looked at: %s (rule image.require); %s",
		local.msg, remedy_mounted);
}
