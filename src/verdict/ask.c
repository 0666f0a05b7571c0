/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict/ask.h"

#include "base/child.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/text.h"
#include "verdict/protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define PROGRAM "hardrun-image"

static const char *const source_names[VERDICT_SOURCES] = {
	[VERDICT_CONTAINERD] = "containerd", [VERDICT_LAYOUT] = "layout", [VERDICT_UMOCI] = "umoci",
	[VERDICT_DESCRIPTOR] = "descriptor", [VERDICT_KEYS] = "keys",
};

const char *verdict_source_name(enum verdict_source source)
{
	return source < VERDICT_SOURCES ? source_names[source] : "";
}

bool verdict_accepted(const struct json *answer)
{
	const char *code = json_string(answer, "code");

	return json_true(answer, "accepted") && code && strcmp(code, "accepted") == 0;
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* --- Answers of our own ----------------------------------------------------------------------- */

int verdict_refusal(const char *code, const char *why, const char *remedy, struct json_doc **ret,
		    struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new("answer");
	struct json *root = doc ? json_root(doc) : NULL;

	if (!root || !json_put_int(doc, root, "version", VERDICT_VERSION) ||
	    !json_put(doc, root, "accepted", json_new_bool(doc, false)) ||
	    !json_put_string(doc, root, "code", code) || !json_put_string(doc, root, "why", why) ||
	    !json_put_string(doc, root, "remedy", remedy))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	*ret = hr_steal(doc);
	return 0;
}

static int died(const char *why, struct json_doc **ret, struct hr_error *err)
{
	return verdict_refusal("died", why,
			       "look with hardrun image selftest, on the node, whether " PROGRAM
			       " works there; it and hardrun must be of one build",
			       ret, err);
}

static int late(unsigned timeout_ms, struct json_doc **ret, struct hr_error *err)
{
	char why[128];

	snprintf(why, sizeof(why), "there was no verdict within %u ms", timeout_ms);
	return verdict_refusal("late", why,
			       "look whether containerd answers (ctr version) and how busy the "
			       "node is; image.timeout_ms in the profile gives it more time",
			       ret, err);
}

static int no_socket(const char *path, const struct hr_error *problem, struct json_doc **ret,
		     struct hr_error *err)
{
	char why[HR_ERROR_MSG + TEXT_SHOWN_SIZE + 64], shown[TEXT_SHOWN_SIZE];

	snprintf(why, sizeof(why), "containerd cannot be asked at %s: %s",
		 text_shown_z(path, shown), problem->msg);
	return verdict_refusal("socket", why,
			       "look whether containerd runs (systemctl status containerd); where "
			       "its socket is elsewhere, write the path as image.socket into the "
			       "profile",
			       ret, err);
}

static int no_program(const struct hr_error *problem, struct json_doc **ret, struct hr_error *err)
{
	char why[HR_ERROR_MSG + 128];

	snprintf(why, sizeof(why), "the program that verifies signatures cannot be used: %s",
		 problem->msg);
	return verdict_refusal("missing", why,
			       "install " PROGRAM " beside hardrun, both from one build that has "
			       "libnghttp2 and libcrypto",
			       ret, err);
}

/* --- The question ----------------------------------------------------------------------------- */

/* NULL (no text) is left out. */
static bool put(struct json_doc *doc, struct json *object, const char *key, const char *text)
{
	return !text || json_put_string(doc, object, key, text);
}

static bool put_source(struct json_doc *doc, struct json *object,
		       const struct verdict_question *question)
{
	return object && put(doc, object, "namespace", question->ns) &&
	       put(doc, object, "id", question->id) && put(doc, object, "tag", question->tag) &&
	       put(doc, object, "digest", question->digest) &&
	       put(doc, object, "name", question->name);
}

static int write_request(const struct verdict_question *question, unsigned left_ms, char **ret,
			 size_t *ret_len, struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new("request");
	struct json *root = doc ? json_root(doc) : NULL, *source;

	source = doc ? json_new_object(doc) : NULL;
	if (!root || !json_put_int(doc, root, "version", VERDICT_VERSION) ||
	    !json_put_uint(doc, root, "deadline_ms", left_ms) ||
	    !json_put(doc, json_put(doc, root, "source", source),
		      verdict_source_name(question->source), json_new_object(doc)) ||
	    !put_source(doc, source->first, question) ||
	    !json_put(doc, root, "require", json_clone(doc, question->require)))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return json_write(root, ret, ret_len, err);
}

int verdict_program(int *ret, struct hr_error *err)
{
	char path[PATH_MAX], *slash;
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	hr_autoclose int fd = -1;
	struct stat st;

	if (len < 0)
		return hr_fail_errno(err, errno, "/proc/self/exe");
	path[len] = '\0';
	slash = strrchr(path, '/');
	if (!slash || (size_t)(slash - path) + sizeof("/" PROGRAM) > sizeof(path))
		return hr_fail(err, HR_SYSTEM, "hardrun has no path of its own");
	snprintf(slash, sizeof(path) - (size_t)(slash - path), "/%s", PROGRAM);
	if (file_open_trusted(path, false, &fd, err) < 0)
		return -1;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & S_IXUSR))
		return hr_fail(err, HR_SYSTEM, "%s is not a program", path);
	*ret = hr_steal_fd(&fd);
	return 0;
}

/* --- One question ----------------------------------------------------------------------------- */

struct asking {
	const struct verdict_question *question;
	long end;
	int opened_program, opened_store, socket; /* ours to be closed; -1: none */
};

static void asking_done(struct asking *asking)
{
	if (asking->opened_program >= 0)
		close(asking->opened_program);
	if (asking->opened_store >= 0)
		close(asking->opened_store);
	if (asking->socket >= 0)
		close(asking->socket);
}
#define asking_auto __attribute__((cleanup(asking_done)))

static unsigned left_of(const struct asking *asking)
{
	long left = asking->end - now_ms();

	return left > 0 ? (unsigned)left : 0;
}

/* How it went, when there is no answer that can be read. */
static int say_end(const struct child_answer *got, struct json_doc **ret, struct hr_error *err)
{
	char why[128];

	if (got->outcome == CHILD_TOO_MUCH)
		snprintf(why, sizeof(why), PROGRAM " wrote more than %zu bytes",
			 VERDICT_ANSWER_MAX);
	else if (WIFSIGNALED(got->status))
		snprintf(why, sizeof(why), PROGRAM " was ended by signal %d%s",
			 WTERMSIG(got->status), got->len ? "" : " before there was a verdict");
	else if (WEXITSTATUS(got->status) == 127)
		snprintf(why, sizeof(why), PROGRAM " could not be started");
	else
		snprintf(why, sizeof(why), PROGRAM " ended with status %d%s",
			 WEXITSTATUS(got->status), got->len ? "" : " without a verdict");
	return died(why, ret, err);
}

static int judge(const struct asking *asking, const struct child_answer *got, struct json_doc **ret,
		 struct hr_error *err)
{
	struct hr_error local = {0};
	char why[HR_ERROR_MSG + 64];

	if (got->outcome == CHILD_LATE)
		return late(asking->question->timeout_ms, ret, err);
	if (got->outcome != CHILD_ENDED || !WIFEXITED(got->status) ||
	    WEXITSTATUS(got->status) != 0 || got->len == 0)
		return say_end(got, ret, err);
	if (verdict_read(got->text, got->len, asking->question->source, ret, &local) == 0)
		return 0;
	if (local.code == HR_SYSTEM)
		return hr_fail(err, HR_SYSTEM, "%s", local.msg);
	snprintf(why, sizeof(why), "what " PROGRAM " wrote is no answer: %s", local.msg);
	return died(why, ret, err);
}

/* The verifier is to give up before it is killed, as it knows what it waits for. */
static unsigned own_deadline(unsigned left_ms)
{
	unsigned margin = left_ms / 20 < 10 ? 10 : left_ms / 20;

	return left_ms > 2 * margin ? left_ms - margin : left_ms;
}

static int ask(const struct asking *asking, struct json_doc **ret, struct hr_error *err)
{
	static char name[] = PROGRAM, command[] = VERDICT_COMMAND;
	const struct verdict_question *question = asking->question;
	char *const argv[] = {name, command, NULL};
	struct child_answer got = {0};
	hr_autofree char *request = NULL;
	hr_autoclose int document = -1;
	unsigned left = left_of(asking);
	int fds[VERDICT_FDS], result;
	struct hr_error local = {0};
	size_t len;

	if (write_request(question, own_deadline(left), &request, &len, err) < 0)
		return -1;
	if (len > VERDICT_REQUEST_MAX)
		return verdict_refusal("request", "what the policy requires of images is too long",
				       "give the requirement fewer entries", ret, err);
	if (fd_document("request", request, len, VERDICT_REQUEST_FD, &document, &local) < 0)
		return died(local.msg, ret, err);
	fds[0] = document;
	fds[VERDICT_SOCKET_FD - VERDICT_REQUEST_FD] = asking->socket;
	fds[VERDICT_ANSWER_FD - VERDICT_REQUEST_FD] = -1;
	fds[VERDICT_STORE_FD - VERDICT_REQUEST_FD] =
		question->store >= 0 ? question->store : asking->opened_store;
	fds[VERDICT_SOURCE_FD - VERDICT_REQUEST_FD] = question->dir;
	result = child_answer(
		&(struct child_program){
			.fd = question->program >= 0 ? question->program : asking->opened_program,
			.argv = argv,
			.fds = fds,
			.fd_count = VERDICT_FDS,
			.answer = VERDICT_ANSWER_FD - VERDICT_REQUEST_FD,
			.signal = question->signal,
		},
		(int)left, VERDICT_ANSWER_MAX, &got, &local);
	result = result < 0 ? died(local.msg, ret, err) : judge(asking, &got, ret, err);
	free(got.text);
	return result;
}

int verdict_ask(const struct verdict_question *question, struct json_doc **ret,
		struct hr_error *err)
{
	asking_auto struct asking asking = {
		.question = question,
		.end = now_ms() + question->timeout_ms,
		.opened_program = -1,
		.opened_store = -1,
		.socket = -1,
	};
	struct hr_error local = {0};

	if (question->program < 0 && verdict_program(&asking.opened_program, &local) < 0)
		return no_program(&local, ret, err);
	if (question->source == VERDICT_CONTAINERD &&
	    verdict_connect(question->socket, left_of(&asking), &asking.socket, &local) < 0)
		return no_socket(question->socket, &local, ret, err);
	/* Without a store nothing is signed. */
	if (question->store < 0)
		asking.opened_store = open(HR_STOREDIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (left_of(&asking) == 0)
		return late(question->timeout_ms, ret, err);
	return ask(&asking, ret, err);
}
