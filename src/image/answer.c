/* SPDX-License-Identifier: Apache-2.0 */
#include "image/answer.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "image/judge.h"
#include "image/sandbox.h"
#include "image/store.h"
#include "verdict/protocol.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE_MAX 3600000 /* ms; only to be sure that sums do not overflow */

/* What is asked, and what is answered. */
struct question {
	struct json_doc *request;
	int64_t deadline_ms; /* of CLOCK_MONOTONIC */
	const char *kind;    /* of the source: its only member */
	const struct json *source;
	struct requirement *require;
	struct containerd *containerd; /* NULL: another source, or not_opened says why */
	struct hr_error not_opened;
	int store_fd; /* -1: none */
	struct json_doc *doc;
	struct json *answer;
};

static void question_done(struct question *question)
{
	containerd_close(question->containerd);
	requirement_free(question->require);
	json_free(question->request);
	json_free(question->doc);
}

static int refuse(struct question *question, const char *code, const char *why, const char *remedy)
{
	return judge_refuse(question->doc, question->answer, code, why, remedy, NULL);
}

/* --- The request ---------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int read_members(struct question *question, struct hr_error *err)
{
	const struct json *root = json_root(question->request);
	const struct json *source = json_get(root, "source");
	int64_t version, left;

	if (!json_int(json_get(root, "version"), &version) || version != VERDICT_VERSION)
		return hr_fail(err, HR_SPEC, "the request is not of version %d", VERDICT_VERSION);
	if (!json_int(json_get(root, "deadline_ms"), &left) || left < 0 || left > DEADLINE_MAX)
		return hr_fail(err, HR_SPEC, "the request has no sound deadline_ms");
	question->deadline_ms += left;
	if (!source || source->type != JSON_OBJECT || source->len != 1 ||
	    source->first->type != JSON_OBJECT)
		return hr_fail(err, HR_SPEC, "the request has no source");
	question->kind = source->first->key;
	question->source = source->first;
	if (!json_get(root, "require"))
		return hr_fail(err, HR_SPEC, "the request requires nothing");
	return 0;
}

static int read_request(struct question *question, struct hr_error *err)
{
	hr_autofree char *bytes = NULL;
	size_t len;

	if (file_read_fd(VERDICT_REQUEST_FD, "request", VERDICT_REQUEST_MAX, &bytes, &len, err) < 0)
		return -1;
	if (json_parse("request", bytes, len, false, &question->request, err) < 0)
		return -1;
	return read_members(question, err);
}

/* --- The sources ---------------------------------------------------------------------------- */

static const char *text_or_empty(const struct json *object, const char *key)
{
	const char *text = json_string(object, key);

	return text ? text : "";
}

static enum bind_code ask_containerd(const struct question *question, const struct content *store,
				     struct binding *ret, struct hr_error *err)
{
	if (!question->containerd) {
		*err = question->not_opened;
		return BIND_UNREACHABLE;
	}
	return bind_containerd(question->containerd, text_or_empty(question->source, "id"), store,
			       ret, err);
}

/* Early: containerd gets ready for us while the keys are read. */
static void open_containerd(struct question *question)
{
	if (strcmp(question->kind, "containerd") == 0)
		containerd_open(VERDICT_SOCKET_FD, text_or_empty(question->source, "namespace"),
				question->deadline_ms, &question->containerd,
				&question->not_opened);
}

/* A source, and what to do when it does not tell which image runs. */
struct source {
	const char *kind;
	const char *remedies[BIND_CODES];
};

static const struct source sources[] = {
	{"containerd",
	 {[BIND_UNBOUND] = "pull the image again and create the container anew",
	  [BIND_DAMAGED] = "remove the image, pull it again and create the container anew",
	  [BIND_UNREACHABLE] = "see that containerd answers on its socket in time "
			       "(image.socket, image.timeout_ms)"}},
	{"layout",
	 {[BIND_UNBOUND] = "name an image that the layout holds",
	  [BIND_DAMAGED] = "write the layout anew",
	  [BIND_UNREACHABLE] = "let everybody read the layout (chmod -R a+rX)"}},
	{"umoci",
	 {[BIND_UNBOUND] = "put the image's manifest in the store: hardrun image add DIR",
	  [BIND_DAMAGED] = "unpack the image anew",
	  [BIND_UNREACHABLE] = "let everybody read the bundle (chmod a+rX)"}},
	{"descriptor",
	 {[BIND_UNBOUND] = "give the digest of a manifest or index",
	  [BIND_DAMAGED] = "pull the image again",
	  [BIND_UNREACHABLE] = "see that the store can be read: hardrun image show"}},
};

static const struct source *find_source(const char *kind)
{
	for (size_t i = 0; i < hr_count(sources); i++)
		if (strcmp(sources[i].kind, kind) == 0)
			return &sources[i];
	return NULL;
}

static enum bind_code bind_source(struct question *question, struct binding *ret,
				  struct hr_error *err)
{
	const struct content content = store_content(&question->store_fd), *store = &content;
	const struct json *source = question->source;
	const char *name = json_string(source, "name"), *digest = json_string(source, "digest");

	if (strcmp(question->kind, "containerd") == 0)
		return ask_containerd(question, store, ret, err);
	if (strcmp(question->kind, "layout") == 0)
		return bind_layout(VERDICT_SOURCE_FD, json_string(source, "tag"), digest, name, ret,
				   err);
	if (strcmp(question->kind, "umoci") == 0)
		return bind_umoci(VERDICT_SOURCE_FD, name, store, ret, err);
	return bind_descriptor(digest ? digest : "", name, store, ret, err);
}

/* --- The answer ----------------------------------------------------------------------------- */

static const char *const code_names[BIND_CODES] = {
	[BIND_UNBOUND] = "unbound",
	[BIND_DAMAGED] = "damaged",
	[BIND_UNREACHABLE] = "unreachable",
};

static int put_names(struct question *question, const struct binding *binding)
{
	struct json *names =
		json_put(question->doc, question->answer, "names", json_new_array(question->doc));

	for (size_t i = 0; i < binding->name_count; i++)
		if (!json_append(names, json_new_string(question->doc, binding->names[i])))
			return -1;
	return names ? 0 : -1;
}

/* What the caller compares with what is mounted. */
static int put_snapshot(struct question *question, const struct binding *binding)
{
	struct json_doc *doc = question->doc;
	struct json *snapshot = json_put(doc, question->answer, "snapshot", json_new_object(doc));

	if (!json_put_string(doc, snapshot, "snapshotter",
			     binding->snapshotter ? binding->snapshotter : "") ||
	    !json_put_string(doc, snapshot, "key",
			     binding->snapshot_key ? binding->snapshot_key : ""))
		return -1;
	return json_put(doc, snapshot, "mounts", json_clone(doc, json_root(binding->mounts))) ? 0
											      : -1;
}

static int answer_bound(struct question *question, enum bind_code code,
			const struct binding *binding, const struct hr_error *why)
{
	const struct source *source = find_source(question->kind);
	int result;

	if (code == BIND_OK)
		result = judge(question->require, binding, question->store_fd, question->doc,
			       question->answer, NULL);
	else
		result = refuse(question, code_names[code], why->msg, source->remedies[code]);
	if (result < 0 || put_names(question, binding) < 0)
		return -1;
	if (!json_put_string(question->doc, question->answer, "source", source->kind))
		return -1;
	return binding->mounts ? put_snapshot(question, binding) : 0;
}

static int answer_source(struct question *question)
{
	struct binding binding = {0};
	struct hr_error why = {0};
	enum bind_code code = bind_source(question, &binding, &why);
	int result = answer_bound(question, code, &binding, &why);

	binding_done(&binding);
	return result;
}

static int answer_keys(struct question *question)
{
	struct json_doc *doc = question->doc;

	if (!json_put(doc, question->answer, "accepted", json_new_bool(doc, true)) ||
	    !json_put_string(doc, question->answer, "code", "accepted") ||
	    !json_put_string(doc, question->answer, "source", "keys"))
		return -1;
	return 0;
}

static const char versions[] = "install hardrun and hardrun-image of one version";

/* The administrator's keys are read here for the first time; the rest hardrun has checked. */
static int refuse_requirement(struct question *question, const struct hr_error *err)
{
	if (err->code == HR_SYSTEM)
		return -1;
	if (err->code == HR_POLICY)
		return refuse(question, "keys", err->msg,
			      "mend the key, or take it out of the policy's section images");
	return refuse(question, "request", err->msg, versions);
}

static int answer_request(struct question *question)
{
	struct hr_error err = {0};

	if (read_request(question, &err) < 0)
		return err.code == HR_SYSTEM ? -1 : refuse(question, "request", err.msg, versions);
	open_containerd(question);
	if (requirement_read(json_get(json_root(question->request), "require"), &question->require,
			     &err) < 0)
		return refuse_requirement(question, &err);
	if (strcmp(question->kind, "keys") == 0)
		return answer_keys(question);
	if (!find_source(question->kind))
		return refuse(question, "request", "the request has a source that is unknown here",
			      versions);
	return answer_source(question);
}

static int write_answer(struct question *question)
{
	hr_autofree char *text = NULL;
	size_t len = 0;

	if (json_write(question->answer, &text, &len, NULL) < 0)
		return -1;
	if (len > VERDICT_ANSWER_MAX)
		return -1;
	return file_write_fd(VERDICT_ANSWER_FD, "answer", text, len, NULL);
}

static int descriptor_of_directory(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ? fd : -1;
}

static int answer_all(struct question *question, const struct hr_error *unsafe)
{
	struct json_doc *doc = question->doc;
	int result;

	if (!doc || !json_put_int(doc, question->answer, "version", VERDICT_VERSION))
		return -1;
	if (unsafe)
		result = refuse(question, "died", unsafe->msg,
				"run hardrun on a kernel that can lock hardrun-image in");
	else
		result = answer_request(question);
	return result < 0 ? -1 : write_answer(question);
}

int answer(void)
{
	static const int keep[] = {VERDICT_REQUEST_FD, VERDICT_SOCKET_FD, VERDICT_ANSWER_FD,
				   VERDICT_STORE_FD, VERDICT_SOURCE_FD};
	struct question question = {.deadline_ms = now_ms()};
	struct hr_error err = {0};
	int entered = sandbox_enter(keep, hr_count(keep), 0, &err), result;

	question.store_fd = descriptor_of_directory(VERDICT_STORE_FD);
	question.doc = json_new("answer");
	question.answer = question.doc ? json_root(question.doc) : NULL;
	result = answer_all(&question, entered < 0 ? &err : NULL);
	question_done(&question);
	return result < 0 ? 4 : 0;
}
