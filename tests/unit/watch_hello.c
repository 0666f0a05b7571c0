/* SPDX-License-Identifier: Apache-2.0 */
/* How a runtime hands a listener over: sound, cut and hostile messages. */
#include "watch/watch.h"

#include "watch_caller.h"

#include <dirent.h>
#include <sched.h>

static int listening;
static char socket_path[108];
static struct caller caller;

static int idle(void)
{
	while (pause() < 0)
		;
	return 0;
}

static void begin(void)
{
	static const int numbers[] = {SYS_sync, -1};
	struct hr_error err = {.code = HR_OK};

	need_root();
	scratch_make();
	snprintf(socket_path, sizeof(socket_path), "%.80s/s", scratch);
	cr_assert_ok(watch_listen(socket_path, &listening, &err), err);
	caller = caller_start(numbers, idle);
}

static void end(void)
{
	close(listening);
	kill(caller.pid, SIGKILL);
	caller_end(&caller);
	scratch_drop();
}

TestSuite(watch_hello, .init = begin, .fini = end, .timeout = 30);

static int connect_to_it(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, socket_path, strlen(socket_path));
	cr_assert_eq(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static unsigned count_fds(void)
{
	DIR *list = opendir("/proc/self/fd");
	unsigned count = 0;

	while (readdir(list))
		count++;
	closedir(list);
	return count;
}

#define SOUND                                                                                     \
	"{\"ociVersion\":\"1.0.2\",\"fds\":[\"seccompFd\"],\"pid\":4711,\"metadata\":\"\","       \
	"\"state\":{\"ociVersion\":\"1.0.2\",\"id\":\"c1\",\"status\":\"creating\",\"pid\":4711," \
	"\"bundle\":\"/b\",\"annotations\":{\"a}\":\"{\"}}}"

/* --- Messages --------------------------------------------------------------------------------- */

/* What is sent in the place of the descriptors: l listener, p a pipe, z /dev/zero. */
static const struct {
	const char *name, *message, *fds, *words; /* words NULL: it is sound */
} messages[] = {
	{"as runc sends it", SOUND, "l", NULL},
	{"with a line end", SOUND "\n", "l", NULL},
	{"the listener is the second",
	 "{\"fds\":[\"proc\",\"seccompFd\"],\"pid\":4711,\"state\":"
	 "{\"id\":\"c1\"}}",
	 "pl", NULL},
	{"more descriptors than names", SOUND, "lppp", NULL},
	{"no descriptor", SOUND, "", "no descriptor that fds"},
	{"fewer than named", "{\"fds\":[\"a\",\"seccompFd\"],\"pid\":1,\"state\":{\"id\":\"c\"}}",
	 "l", "no descriptor that fds"},
	{"no name for it", "{\"fds\":[\"other\"],\"pid\":1,\"state\":{\"id\":\"c\"}}", "l",
	 "no descriptor that fds"},
	{"fds is no list", "{\"fds\":\"seccompFd\",\"pid\":1,\"state\":{\"id\":\"c\"}}", "l",
	 "no descriptor that fds"},
	{"fds holds numbers", "{\"fds\":[1,2],\"pid\":1,\"state\":{\"id\":\"c\"}}", "ll",
	 "no descriptor that fds"},
	{"no fds", "{\"pid\":1,\"state\":{\"id\":\"c\"}}", "l", "no descriptor that fds"},
	{"no pid", "{\"fds\":[\"seccompFd\"],\"state\":{\"id\":\"c\"}}", "l", "no pid"},
	{"pid of text", "{\"fds\":[\"seccompFd\"],\"pid\":\"1\",\"state\":{\"id\":\"c\"}}", "l",
	 "no pid"},
	{"pid too large", "{\"fds\":[\"seccompFd\"],\"pid\":4294967296,\"state\":{\"id\":\"c\"}}",
	 "l", "no pid"},
	{"pid negative", "{\"fds\":[\"seccompFd\"],\"pid\":-1,\"state\":{\"id\":\"c\"}}", "l",
	 "no pid"},
	{"no state", "{\"fds\":[\"seccompFd\"],\"pid\":1}", "l", "no state.id"},
	{"empty id", "{\"fds\":[\"seccompFd\"],\"pid\":1,\"state\":{\"id\":\"\"}}", "l",
	 "no state.id"},
	{"id is a number", "{\"fds\":[\"seccompFd\"],\"pid\":1,\"state\":{\"id\":7}}", "l",
	 "no state.id"},
	{"a pipe", SOUND, "p", "no listener of seccomp"},
	{"/dev/zero", SOUND, "z", "no listener of seccomp"},
	{"nothing", "", "", "cut or no JSON"},
	{"cut", "{\"fds\":[\"seccompFd\"],\"pid\":1,\"state\":{\"id\":\"c\"}", "l",
	 "cut or no JSON"},
	{"no JSON", "hello", "l", "cut or no JSON"},
	{"two", SOUND SOUND, "l", "cut or no JSON"},
	{"a list", "[]", "l", "no state.id"},
	{"name given twice",
	 "{\"fds\":[\"seccompFd\"],\"pid\":1,\"pid\":2,\"state\":{\"id\":"
	 "\"c\"}}",
	 "l", "cut or no JSON"},
	{"17 descriptors", SOUND, "lpppppppppppppppp", "more than 16 descriptors"},
};

static void send_row(int to, const char *message, const char *fds)
{
	int pipe_ends[2], zero = open("/dev/zero", O_RDONLY | O_CLOEXEC), list[64];
	size_t count = strlen(fds);

	cr_assert_eq(pipe2(pipe_ends, O_CLOEXEC), 0);
	for (size_t i = 0; i < count; i++)
		list[i] = fds[i] == 'l' ? caller.listener : fds[i] == 'z' ? zero : pipe_ends[0];
	if (message[0])
		cr_assert(caller_send(to, message, strlen(message), list, count));
	close(pipe_ends[0]);
	close(pipe_ends[1]);
	close(zero);
}

static void check_messages(const __typeof__(messages[0]) *row, size_t number)
{
	struct hr_error err = {.code = HR_OK};
	struct watch_hello hello;
	struct watch_peer peer;
	unsigned before = count_fds();
	int to = connect_to_it(), result;

	(void)number;
	send_row(to, row->message, row->fds);
	close(to);
	cr_assert_ok(watch_accept(listening, &peer, &err), err);
	result = watch_hear(&peer, &hello, &err);
	watch_peer_free(&peer);
	if (row->words) {
		expect_error(result, &err, HR_UNTRUSTED, row->words);
		cr_expect_eq(count_fds(), before, "%s: a descriptor is left", row->name);
		return;
	}
	cr_assert_eq(result, 1, "%s: %s", row->name, err.msg);
	cr_expect_eq(hello.pid, 4711);
	cr_expect_str_eq(hello.id, "c1");
	cr_expect_eq(fcntl(hello.listener, F_GETFD), FD_CLOEXEC);
	cr_expect(fcntl(hello.listener, F_GETFL) & O_NONBLOCK);
	close(hello.listener);
	cr_expect_eq(count_fds(), before, "%s: a descriptor is left", row->name);
}

ROWS(watch_hello, messages)

/* --- In parts, and late ----------------------------------------------------------------------- */

Test(watch_hello, byte_by_byte)
{
	struct hr_error err = {.code = HR_OK};
	struct watch_hello hello;
	struct watch_peer peer;
	const char *message = SOUND;
	int to = connect_to_it();

	cr_assert_ok(watch_accept(listening, &peer, &err), err);
	cr_expect_eq(watch_hear(&peer, &hello, &err), 0, "nothing yet");
	for (size_t i = 0; message[i]; i++) {
		cr_assert(caller_send(to, message + i, 1, &caller.listener, i == 3));
		cr_assert_eq(watch_hear(&peer, &hello, &err), message[i + 1] ? 0 : 1, "%zu: %s", i,
			     err.msg);
	}
	/* The connection may stay open behind it. */
	cr_expect_str_eq(hello.id, "c1");
	close(hello.listener);
	watch_peer_free(&peer);
	close(to);
}

Test(watch_hello, too_much)
{
	struct hr_error err = {.code = HR_OK};
	struct watch_hello hello;
	struct watch_peer peer;
	char *block = calloc(1, 65536);
	int to = connect_to_it(), heard = 0;

	memset(block, ' ', 65536);
	cr_assert_ok(watch_accept(listening, &peer, &err), err);
	for (size_t sent = 0; heard == 0 && sent < 2 * (size_t)WATCH_HELLO; sent += 65536) {
		cr_assert(caller_send(to, block, 65536, NULL, 0));
		heard = watch_hear(&peer, &hello, &err);
	}
	expect_error(heard, &err, HR_UNTRUSTED, "larger than");
	watch_peer_free(&peer);
	close(to);
	free(block);
}

Test(watch_hello, only_root_is_heard)
{
	struct hr_error err = {.code = HR_OK};
	struct watch_peer peer;
	pid_t pid;

	/* The file's mode keeps others away; here it is opened for them. */
	cr_assert_eq(chmod(socket_path, 0666), 0);
	pid = fork();
	if (pid == 0) {
		if (setresuid(1234, 1234, 1234))
			_exit(1);
		connect_to_it();
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	expect_error(watch_accept(listening, &peer, &err), &err, HR_UNTRUSTED, "user 1234");
}

/* --- The socket ------------------------------------------------------------------------------- */

Test(watch_hello, socket_is_roots_alone)
{
	struct stat st;

	cr_assert_eq(lstat(socket_path, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0600);
	cr_expect(S_ISSOCK(st.st_mode));
	cr_expect_eq(fcntl(listening, F_GETFD), FD_CLOEXEC);
	cr_expect(fcntl(listening, F_GETFL) & O_NONBLOCK);
}

Test(watch_hello, socket_is_replaced)
{
	struct hr_error err = {.code = HR_OK};
	struct watch_peer peer;
	int again, to;

	cr_assert_ok(watch_listen(socket_path, &again, &err), err);
	to = connect_to_it();
	cr_expect_ok(watch_accept(again, &peer, &err), err);
	watch_peer_free(&peer);
	close(to);
	expect_error(watch_accept(listening, &peer, &err), &err, HR_SYSTEM, "connection");
	close(again);
}

Test(watch_hello, paths_of_sockets)
{
	struct hr_error err = {.code = HR_OK};
	char longest[110];
	int fd;

	memset(longest, 'x', sizeof(longest));
	longest[0] = '/';
	longest[108] = '\0';
	expect_error(watch_listen(longest, &fd, &err), &err, HR_SYSTEM, "too long");
	err = (struct hr_error){.code = HR_OK};
	expect_error(watch_listen("s", &fd, &err), &err, HR_SYSTEM, "not absolute");
	err = (struct hr_error){.code = HR_OK};
	expect_error(watch_listen("/proc/self/s", &fd, &err), &err, HR_SYSTEM, "socket");
}
