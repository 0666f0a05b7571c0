/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client of hardrun-image, with a verifier that is this very program: before main it looks
 * whether it was called as one, and then does what the request says.
 */
#include "verdict/ask.h"

#include "unit.h"
#include "verdict/protocol.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#define D64    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIGEST "sha256:" D64

#define BY                                                                                      \
	"\"by\":{\"how\":\"signature\",\"format\":\"cosign\",\"key\":\"/k\",\"key_id\":\"ab\"," \
	"\"key_type\":\"ECDSA P-256\",\"of\":\"" DIGEST "\",\"scope\":\"*\"}"
#define ACCEPTED                                                                        \
	"{\"version\":1,\"accepted\":true,\"code\":\"accepted\",\"source\":\"layout\"," \
	"\"digest\":\"" DIGEST "\"," BY "}"
#define REFUSED                                                                          \
	"{\"version\":1,\"accepted\":false,\"code\":\"unsigned\",\"source\":\"layout\"," \
	"\"why\":\"not signed\",\"remedy\":\"sign it\"}"

/* --- The verifier ----------------------------------------------------------------------------- */

static void say(const char *text, size_t len)
{
	while (len > 0) {
		ssize_t put = write(VERDICT_ANSWER_FD, text, len);

		if (put <= 0)
			_exit(9);
		text += put;
		len -= (size_t)put;
	}
}

static void say_z(const char *text)
{
	say(text, strlen(text));
}

static void say_much(size_t len)
{
	char block[1024];

	memset(block, ' ', sizeof(block));
	for (; len > sizeof(block); len -= sizeof(block))
		say(block, sizeof(block));
	say(block, len);
}

static bool is_null(int fd)
{
	struct stat null, st;

	return stat("/dev/null", &null) == 0 && fstat(fd, &st) == 0 && st.st_rdev == null.st_rdev;
}

/* What it was started with, as a refusal's `why`. */
static void say_surroundings(void)
{
	char text[4096], found[1024] = "";
	DIR *dir = opendir("/proc/self/fd");
	int death = 0;

	for (const struct dirent *entry; dir && (entry = readdir(dir));)
		if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(dir))
			snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s ",
				 entry->d_name);
	prctl(PR_GET_PDEATHSIG, &death);
	snprintf(text, sizeof(text),
		 "{\"version\":1,\"accepted\":false,\"code\":\"unbound\",\"why\":\"fds %sdeath %d "
		 "environment %d null %d%d%d%d%d%d%d\"}",
		 found, death, environ && environ[0] ? 1 : 0, is_null(0), is_null(1), is_null(2),
		 is_null(VERDICT_SOCKET_FD), is_null(VERDICT_ANSWER_FD), is_null(VERDICT_STORE_FD),
		 is_null(VERDICT_SOURCE_FD));
	say_z(text);
}

static void say_request(const char *request)
{
	char text[8192];
	size_t at = (size_t)snprintf(
		text, sizeof(text),
		"{\"version\":1,\"accepted\":false,\"code\":\"request\",\"why\":\"");

	for (; *request && at < sizeof(text) - 8; request++)
		text[at++] = *request == '"' ? '\'' : *request;
	memcpy(text + at, "\"}", 3);
	say_z(text);
}

static void hang(void)
{
	for (;;)
		pause();
}

/* The word is the name of the requirement; behind "say " it is the answer itself. */
static void act(const char *word, const char *request)
{
	if (strcmp(word, "accept") == 0)
		say_z(ACCEPTED);
	else if (strcmp(word, "accept, status 1") == 0)
		say_z(ACCEPTED), _exit(1);
	else if (strcmp(word, "accept, killed") == 0)
		say_z(ACCEPTED), raise(SIGKILL);
	else if (strcmp(word, "accept, hangs") == 0)
		say_z(ACCEPTED), close(VERDICT_ANSWER_FD), hang();
	else if (strcmp(word, "accept twice") == 0)
		say_z(ACCEPTED), say_z(ACCEPTED);
	else if (strcmp(word, "accept and NUL") == 0)
		say(ACCEPTED "\0", sizeof(ACCEPTED) + 1);
	else if (strcmp(word, "NUL") == 0)
		say("{\"version\":1,\"accepted\":true,\0\"code\":\"accepted\"}", 45);
	else if (strcmp(word, "refuse") == 0)
		say_z(REFUSED);
	else if (strcmp(word, "segv") == 0)
		signal(SIGSEGV, SIG_DFL), raise(SIGSEGV); /* a sanitizer would take it */
	else if (strcmp(word, "status 4") == 0)
		_exit(4);
	else if (strcmp(word, "hang") == 0)
		hang();
	else if (strcmp(word, "most") == 0)
		say_z(REFUSED), say_much(VERDICT_ANSWER_MAX - strlen(REFUSED));
	else if (strcmp(word, "too much") == 0)
		say_z(ACCEPTED), say_much(VERDICT_ANSWER_MAX - strlen(ACCEPTED) + 1), hang();
	else if (strcmp(word, "without end") == 0)
		say_much((size_t)1 << 40);
	else if (strcmp(word, "surroundings") == 0)
		say_surroundings();
	else if (strcmp(word, "request") == 0)
		say_request(request);
	else if (strncmp(word, "say ", 4) == 0)
		say_z(word + 4);
}

__attribute__((constructor)) static void be_verifier(int argc, char *argv[])
{
	static char request[1024 * 1024 + 1];
	json_auto struct json_doc *doc = NULL;
	ssize_t len;

	if (argc != 2 || strcmp(argv[0], "hardrun-image") != 0 ||
	    strcmp(argv[1], VERDICT_COMMAND) != 0)
		return;
	len = read(VERDICT_REQUEST_FD, request, sizeof(request) - 1);
	if (len > 0 && json_parse("request", request, (size_t)len, false, &doc, NULL) == 0)
		act(json_string(json_get(json_root(doc), "require"), "name"), request);
	_exit(0);
}

/* --- Asking it -------------------------------------------------------------------------------- */

static struct {
	struct json_doc *doc;
	const char *code, *why;
	double seconds;
} got;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static size_t open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t count = 0;

	while (dir && readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void ask(const char *word, struct verdict_question question)
{
	json_auto struct json_doc *require = json_new("require");
	hr_autoclose int program = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	struct hr_error err = {0};
	double begun = now();
	size_t before = open_fds();

	json_put_string(require, json_root(require), "name", word);
	question.require = json_root(require);
	if (question.program == -1)
		question.program = program;
	json_free(got.doc);
	got.doc = NULL;
	cr_assert_ok(verdict_ask(&question, &got.doc, &err), err);
	got.seconds = now() - begun;
	got.code = json_string(json_root(got.doc), "code");
	got.why = json_string(json_root(got.doc), "why");
	got.why = got.why ? got.why : "";
	expect_no_trap(got.why);
	cr_expect_eq(open_fds(), before, "a descriptor is left open");
	cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1, "a child is left behind");
}

static struct verdict_question layout(void)
{
	struct verdict_question question = VERDICT_QUESTION_NONE;

	question.source = VERDICT_LAYOUT;
	question.timeout_ms = 5000;
	return question;
}

static void end(void)
{
	json_free(got.doc);
	scratch_drop();
}

TestSuite(verdict, .fini = end, .timeout = 60);

static const struct {
	const char *word, *code, *why;
} ends[] = {
	{"accept", "accepted", ""},
	{"refuse", "unsigned", "not signed"},
	{"most", "unsigned", "not signed"},
	{"accept, status 1", "died", "ended with status 1"},
	{"accept, killed", "died", "ended by signal 9"},
	{"segv", "died", "ended by signal 11 before there was a verdict"},
	{"status 4", "died", "ended with status 4 without a verdict"},
	{"nothing", "died", "ended with status 0 without a verdict"},
	{"too much", "died", "wrote more than 65536 bytes"},
	{"without end", "died", "wrote more than 65536 bytes"},
	{"accept twice", "died", "is no answer"},
	{"accept and NUL", "died", "is no answer"},
	{"NUL", "died", "is no answer"},
};

static void check_ends(const void *row, size_t i)
{
	(void)row;
	ask(ends[i].word, layout());
	cr_expect_str_eq(got.code, ends[i].code, "%s: %s: %s", ends[i].word, got.code, got.why);
	cr_expect_not_null(strstr(got.why, ends[i].why), "%s: %s", ends[i].word, got.why);
	cr_expect_eq(verdict_accepted(json_root(got.doc)), strcmp(ends[i].code, "accepted") == 0);
	cr_expect_lt(got.seconds, 4.0, "%s: %f s", ends[i].word, got.seconds);
}

ROWS(verdict, ends)

static const char *const hangs[] = {"hang", "accept, hangs"};

static void check_hangs(const void *row, size_t i)
{
	struct verdict_question question = layout();

	(void)row;
	question.timeout_ms = 200;
	ask(hangs[i], question);
	cr_expect_str_eq(got.code, "late", "%s: %s", hangs[i], got.code);
	cr_expect_str_eq(got.why, "there was no verdict within 200 ms");
	cr_expect(got.seconds >= 0.19 && got.seconds < 3, "%f s", got.seconds);
}

ROWS(verdict, hangs)

static const struct {
	int signal;
	const char *code;
} signals[] = {{SIGKILL, "died"}, {SIGSTOP, "late"}, {SIGTERM, "died"}};

static void check_signals(const void *row, size_t i)
{
	struct verdict_question question = layout();

	(void)row;
	question.timeout_ms = 400;
	question.signal = signals[i].signal;
	ask("accept", question);
	cr_expect_str_eq(got.code, signals[i].code);
}

ROWS(verdict, signals)

/* What is no answer, and must not be taken for one. */
static const char *const bad[] = {
	"",
	"null",
	"[]",
	"true",
	"{}",
	"{\"version\":1}",
	"{\"version\":2,\"accepted\":false,\"code\":\"unsigned\"}",
	"{\"version\":\"1\",\"accepted\":false,\"code\":\"unsigned\"}",
	"{\"version\":1.0,\"accepted\":false,\"code\":\"unsigned\"}",
	"{\"version\":1,\"accepted\":1,\"code\":\"accepted\"}",
	"{\"version\":1,\"accepted\":\"true\",\"code\":\"accepted\"}",
	"{\"version\":1,\"accepted\":false,\"code\":\"accepted\"}",
	"{\"version\":1,\"accepted\":true,\"code\":\"unsigned\"}",
	"{\"version\":1,\"accepted\":false,\"code\":\"late\"}",
	"{\"version\":1,\"accepted\":false,\"code\":\"Accepted\"}",
	"{\"version\":1,\"accepted\":false}",
	"{\"version\":1,\"accepted\":false,\"code\":\"unsigned\",\"accepted\":true}",
	"{\"version\":1,\"accepted\":true,\"code\":\"accepted\",\"source\":\"layout\"}",
	"{\"version\":1,\"accepted\":true,\"code\":\"accepted\",\"digest\":\"" DIGEST "\"}",
	"{\"version\":1,\"accepted\":true,\"code\":\"accepted\"," BY "}",
	"{\"version\":1,\"accepted\":true,\"code\":\"accepted\",\"source\":\"umoci\",\"digest\":"
	"\"" DIGEST "\"," BY "}",
	"{\"version\":1,\"accepted\":true,\"code\":\"accepted\",\"digest\":\"sha256:" D64 "0\"," BY
	"}",
	"{\"version\":1,\"accepted\":true,\"code\":\"accepted\",\"digest\":\"SHA256:" D64 "\"," BY
	"}",
	"{\"version\":1,\"accepted\":true,\"code\":\"accepted\",\"digest\":\"" DIGEST
	"\",\"by\":{\"how\":\"wish\"}}",
	"{\"version\":1,\"accepted\":true,\"code\":\"accepted\",\"digest\":\"" DIGEST
	"\",\"by\":{\"how\":\"digest\",\"of\":\"none\"}}",
	"{\"version\":1,\"accepted\":true,\"code\":\"accepted\",\"digest\":\"" DIGEST
	"\",\"by\":[]}",
	"{\"version\":1,\"accepted\":false,\"code\":\"unsigned\",\"names\":\"a\"}",
	"{\"version\":1,\"accepted\":false,\"code\":\"unsigned\",\"names\":[1]}",
	"{\"version\":1,\"accepted\":false,\"code\":\"unsigned\",\"names\":[\"1\",\"2\",\"3\","
	"\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]}",
	"{\"version\":1,\"accepted\":false,\"code\":\"unsigned\",\"why\":7}",
	"{\"version\":1,\"accepted\":false,\"code\":\"unsigned\",\"config\":\"x\"}",
	"{\"version\":1,\"accepted\":false,\"code\":\"unsigned\",\"snapshot\":[]}",
	"{\"version\":1,\"accepted\":false,\"code\":\"unsigned\",\"snapshot\":{\"mounts\":[1]}}",
	"{\"version\":1,\"accepted\":false,\"code\":\"unsigned\",\"snapshot\":{\"mounts\":[{}]}}",
	"{\"version\":1,\"accepted\":false,\"code\":\"unsigned\",\"snapshot\":{\"mounts\":[{"
	"\"type\":\"a\",\"source\":\"b\",\"options\":[1]}]}}",
	ACCEPTED "{}",
	ACCEPTED "x",
	"x" ACCEPTED,
	"{\"version\":1,\"accepted\":false,\"code\":\"unsigned\",\"why\":\"\xff\"}",
};

static void check_bad(const void *row, size_t i)
{
	struct hr_error err = {0};
	struct json_doc *doc = NULL;

	(void)row;
	cr_expect_eq(verdict_read(bad[i], strlen(bad[i]), VERDICT_LAYOUT, &doc, &err), -1, "%s",
		     bad[i]);
	cr_expect_eq(err.code, HR_SPEC, "%s: %u", bad[i], err.code);
	cr_expect_null(doc);
	expect_no_trap(err.msg);
}

ROWS(verdict, bad)

/* A container's snapshot is part of what accepts it. */
Test(verdict, snapshot)
{
	static const char without[] =
		"{\"version\":1,\"accepted\":true,\"code\":\"accepted\",\"source\":\"containerd\","
		"\"digest\":\"" DIGEST "\"," BY "}";
	static const char with[] =
		"{\"version\":1,\"accepted\":true,\"code\":\"accepted\",\"source\":\"containerd\","
		"\"digest\":\"" DIGEST "\"," BY
		",\"snapshot\":{\"snapshotter\":\"overlayfs\",\"key\":\"k\",\"mounts\":[{\"type\":"
		"\"overlay\",\"source\":\"overlay\",\"options\":[\"lowerdir=/a\x01:/b\"]}]}}";
	json_auto struct json_doc *doc = NULL;
	struct hr_error err = {0};
	const struct json *mount;

	expect_error(verdict_read(without, strlen(without), VERDICT_CONTAINERD, &doc, &err), &err,
		     HR_SPEC, "snapshot");
	err = (struct hr_error){0};
	expect_error(verdict_read(with, strlen(with), VERDICT_CONTAINERD, &doc, &err), &err,
		     HR_SPEC, "answer");
	err = (struct hr_error){0};
	char good[sizeof(with)];
	memcpy(good, with, sizeof(with));
	*strchr(good, '\x01') = 'x';
	cr_assert_ok(verdict_read(good, strlen(good), VERDICT_CONTAINERD, &doc, &err), err);
	mount = json_path(json_root(doc), "snapshot.mounts")->first;
	cr_expect_str_eq(json_string(mount, "type"), "overlay");
	cr_expect(json_has_string(json_get(mount, "options"), "lowerdir=/ax:/b"));
}

/* Short, printable, and nothing that is not known. */
Test(verdict, cleaned)
{
	json_auto struct json_doc *doc = NULL;
	struct hr_error err = {0};
	char text[4096], much[2001];

	memset(much, 'y', sizeof(much) - 1);
	much[sizeof(much) - 1] = '\0';
	snprintf(text, sizeof(text),
		 "{\"version\":1,\"accepted\":false,\"code\":\"unsigned\",\"why\":\"a\\u001b[2J "
		 "\\u00e9\\n\",\"found\":\"%s\",\"remedy\":null,\"names\":[\"a\\tb\"],\"extra\":1}",
		 much);
	cr_assert_ok(verdict_read(text, strlen(text), VERDICT_KEYS, &doc, &err), err);
	cr_expect_str_eq(json_string(json_root(doc), "why"), "a?[2J ???");
	cr_expect_eq(strlen(json_string(json_root(doc), "found")), 600);
	cr_expect_null(json_get(json_root(doc), "remedy"));
	cr_expect_null(json_get(json_root(doc), "extra"));
	cr_expect(json_has_string(json_get(json_root(doc), "names"), "a?b"));
}

/* Where its own descriptors have the numbers of the places, in every order. */
static void ask_crowded(int answer)
{
	struct verdict_question question = layout();
	json_auto struct json_doc *require = json_new("require");
	struct json_doc *doc = NULL;
	const char *why;

	for (int fd = 3; fd < 30; fd++)
		if (fd != answer)
			dup2(open("/", O_RDONLY), fd);
	dup2(open("/proc/self/exe", O_PATH), 4);
	json_put_string(require, json_root(require), "name", "surroundings");
	question.require = json_root(require);
	question.program = 4;
	question.dir = 3;
	question.store = 7;
	if (verdict_ask(&question, &doc, NULL) == 0) {
		why = json_string(json_root(doc), "why");
		(void)!write(answer, why, strlen(why));
	}
	_exit(0);
}

/* Its descriptors, and no others; whatever numbers ours have. */
Test(verdict, surroundings)
{
	char text[512] = "";
	int tube[2];
	pid_t pid;

	cr_assert_eq(pipe(tube), 0);
	pid = fork();
	if (pid == 0)
		ask_crowded(dup2(tube[1], 40));
	close(tube[1]);
	(void)!read(tube[0], text, sizeof(text) - 1);
	waitpid(pid, NULL, 0);
	cr_expect_str_eq(text, "fds 0 1 2 3 4 5 6 7 death 9 environment 0 null 1111000");
}

Test(verdict, request)
{
	struct verdict_question question = layout();
	int ms;

	question.tag = "v1";
	question.name = "a/b:v1";
	ask("request", question);
	cr_assert_not_null(strstr(got.why, "'deadline_ms':"), "%s", got.why);
	ms = atoi(strstr(got.why, "'deadline_ms':") + strlen("'deadline_ms':"));
	cr_expect(ms > 3000 && ms < 5000, "%d", ms);
	cr_expect_not_null(strstr(got.why, "'source':{'layout':{'tag':'v1','name':'a/b:v1'}},"
					   "'require':{'name':'request'}"),
			   "%s", got.why);
}

/* --- Finding it, finding containerd ----------------------------------------------------------- */

Test(verdict, missing)
{
	struct verdict_question question = layout();
	struct hr_error err = {0};
	int fd;

	/* No hardrun-image lies beside this test. */
	cr_expect_eq(verdict_program(&fd, &err), -1);
	question.program = -2;
	ask("accept", question);
	cr_expect_str_eq(got.code, "missing");
	cr_expect_not_null(strstr(got.why, "hardrun-image"), "%s", got.why);
}

static int listen_at(const char *path, int queue)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	cr_assert_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(fd, queue), 0);
	return fd;
}

static void expect_socket(const char *why)
{
	struct verdict_question question = layout();

	question.source = VERDICT_CONTAINERD;
	question.socket = in_scratch("s");
	question.ns = "k8s.io";
	question.id = "i";
	question.timeout_ms = 300;
	ask("refuse", question);
	cr_expect_str_eq(got.code, "socket", "%s: %s", why, got.code);
	cr_expect_not_null(strstr(got.why, why), "wanted %s: %s", why, got.why);
	cr_expect_lt(got.seconds, 3.0);
}

Test(verdict, sockets, .init = scratch_make)
{
	struct verdict_question question = layout();
	hr_autoclose int fd = -1;

	need_root();
	expect_socket("it cannot be opened: missing");
	make_file("s", "");
	expect_socket("it is no socket");
	unlink(in_scratch("s"));
	fd = listen_at(in_scratch("s"), 1);
	chmod(in_scratch("s"), 0666);
	expect_socket("others than root can use it");
	chmod(in_scratch("s"), 0660);
	cr_assert_eq(chown(in_scratch("s"), 1, 0), 0);
	expect_socket("others than root can use it");
	cr_assert_eq(chown(in_scratch("s"), 0, 12), 0);
	chmod(scratch, 0777);
	expect_socket("can be changed");
	chmod(scratch, 0755);
	question.source = VERDICT_CONTAINERD;
	question.socket = in_scratch("s");
	question.timeout_ms = 1000;
	ask("surroundings", question);
	cr_expect_not_null(strstr(got.why, "null 1110011"), "%s", got.why);
}

/* connect(2) would wait for ever. */
Test(verdict, full_queue, .init = scratch_make)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	hr_autoclose int fd = -1;

	need_root();
	fd = listen_at(in_scratch("s"), 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", in_scratch("s"));
	for (int i = 0; i < 2; i++) {
		int client = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		(void)!connect(client, (const struct sockaddr *)&address, sizeof(address));
	}
	expect_socket("nobody takes a connection there");
}

Test(verdict, dead_socket, .init = scratch_make)
{
	need_root();
	close(listen_at(in_scratch("s"), 1));
	expect_socket("nobody answers there");
}
