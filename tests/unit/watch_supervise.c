/* SPDX-License-Identifier: Apache-2.0 */
/* The loop that answers: listeners over a socket, judged by a filter. */
#include "line/supervise.h"

#include "watch_caller.h"

static int listening;
static char socket_path[108];
static struct seccomp_filter *filter;
static char told[4096];
static unsigned told_count, came_count, asked_count;
static struct supervise supervise;

static const struct seccomp_filter *give_filter(void *data, struct hr_error *err)
{
	asked_count++;
	if (!filter)
		hr_fail(err, HR_POLICY, "there is none");
	return data ? NULL : filter;
}

static void seen(const struct supervise_seen *seen, void *data)
{
	size_t len = strlen(told);

	(void)data;
	told_count++;
	snprintf(told + len, sizeof(told) - len, "%s:%s;", seen->name,
		 seen->judgement->kills	   ? "kills"
		 : seen->judgement->passes ? "passes"
					   : strerrorname_np((int)seen->judgement->error));
	cr_expect(watch_waits(supervise.listeners[0].fd, seen->call) || supervise.count > 1);
}

static void came(const struct watch_hello *hello, void *data)
{
	(void)data;
	came_count++;
	cr_expect_str_eq(hello->id, "c1");
}

static const char source[] = "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
			     "\"syscalls\":["
			     "{\"names\":[\"sync\"],\"action\":\"SCMP_ACT_ALLOW\"},"
			     "{\"names\":[\"chroot\"],\"action\":\"SCMP_ACT_ERRNO\","
			     "\"errnoRet\":1},"
			     "{\"names\":[\"reboot\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"},"
			     "{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
			     "{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}]}";

static void begin(void)
{
	const struct seccomp_host surroundings = {.arch = seccomp_native()};
	struct hr_error err = {.code = HR_OK};
	json_auto struct json_doc *doc = NULL;

	need_root();
	scratch_make();
	snprintf(socket_path, sizeof(socket_path), "%.80s/s", scratch);
	cr_assert_ok(watch_listen(socket_path, &listening, &err), err);
	cr_assert_ok(json_parse("filter", source, strlen(source), false, &doc, &err), err);
	cr_assert_ok(seccomp_read(json_root(doc), &surroundings, &filter, &err), err);
	supervise = (struct supervise){
		.socket = listening,
		.filter = give_filter,
		.seen = seen,
		.came = came,
	};
}

static void end(void)
{
	supervise_done(&supervise);
	seccomp_filter_free(filter);
	close(listening);
	scratch_drop();
}

TestSuite(watch_supervise, .init = begin, .fini = end, .timeout = 60);

static int connect_to_it(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, socket_path, strlen(socket_path));
	return connect(fd, (const struct sockaddr *)&address, sizeof(address)) ? -1 : fd;
}

static const char hello[] = "{\"fds\":[\"seccompFd\"],\"pid\":99,\"state\":{\"id\":\"c1\"}}";

/* As a runtime: filter, connection, message; then `body`. */
static pid_t start(const int *numbers, int (*body)(void))
{
	pid_t pid = fork();
	int fd, to;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	to = connect_to_it();
	fd = caller_load(numbers);
	if (to < 0 || fd < 0 || !caller_send(to, hello, strlen(hello), &fd, 1))
		_exit(99);
	close(fd);
	close(to);
	_exit(body());
}

static void run_until_over(void)
{
	struct hr_error err = {.code = HR_OK};

	for (int i = 0; i < 200 && !supervise_over(&supervise); i++)
		cr_expect_ok(supervise_step(&supervise, NULL, 0, 100, &err), err);
	cr_expect(supervise_over(&supervise));
}

static int status_of(pid_t pid)
{
	int status = 0;

	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* --- Answers ---------------------------------------------------------------------------------- */

static int number_called;
static uint64_t argument;

static int errno_of_call(void)
{
	return syscall(number_called, argument, 1, 0) < 0 ? errno : 0;
}

static const struct {
	int number;
	uint64_t argument;
	int status;
	const char *told;
} answers[] = {
	{SYS_sync, 0, 0, "sync:passes;"},
	{SYS_chroot, 0, EPERM, "chroot:EPERM;"},
	{SYS_swapoff, 0, ENOSYS, "swapoff:ENOSYS;"},
	{SYS_socket, AF_UNIX, 0, "socket:passes;"},
	{SYS_socket, AF_INET, ENOSYS, "socket:ENOSYS;"},
	{SYS_reboot, 0, -SIGKILL, "reboot:kills;"},
	{999, 0, ENOSYS, "syscall 999:ENOSYS;"},
};

static void check_answers(const __typeof__(answers[0]) *row, size_t number)
{
	const int numbers[] = {row->number, -1};
	pid_t pid;

	(void)number;
	number_called = row->number;
	argument = row->argument;
	pid = start(numbers, errno_of_call);
	run_until_over();
	cr_expect_eq(status_of(pid), row->status);
	cr_expect_str_eq(told, row->told);
	cr_expect_eq(asked_count, 1);
	cr_expect_eq(came_count, 1);
	cr_expect_eq(supervise.lost, 0);
}

ROWS(watch_supervise, answers)

/* --- Several at once -------------------------------------------------------------------------- */

static int many_calls(void)
{
	for (int i = 0; i < 500; i++)
		if (syscall(SYS_chroot, 0) == 0 || errno != EPERM)
			return 1;
	return 0;
}

Test(watch_supervise, several_listeners)
{
	static const int numbers[] = {SYS_chroot, -1};
	pid_t pids[12];

	for (size_t i = 0; i < hr_count(pids); i++)
		pids[i] = start(numbers, many_calls);
	for (int i = 0; i < 4000 && told_count < 500 * hr_count(pids); i++) {
		struct hr_error err = {.code = HR_OK};

		told[0] = '\0';
		cr_assert_ok(supervise_step(&supervise, NULL, 0, 100, &err), err);
	}
	run_until_over();
	for (size_t i = 0; i < hr_count(pids); i++)
		cr_expect_eq(status_of(pids[i]), 0);
	cr_expect_eq(told_count, 500 * hr_count(pids));
	cr_expect_eq(came_count, hr_count(pids));
	cr_expect_eq(asked_count, 1);
}

Test(watch_supervise, silent_and_hostile_peers_hold_nobody)
{
	static const int numbers[] = {SYS_chroot, -1};
	struct hr_error err = {.code = HR_OK};
	int silent = connect_to_it(), cut = connect_to_it(), liar = connect_to_it();
	pid_t pid;

	cr_assert(caller_send(cut, "{", 1, NULL, 0));
	cr_assert(caller_send(liar, hello, strlen(hello), &liar, 1));
	close(cut);
	pid = start(numbers, many_calls);
	for (int i = 0; i < 2000 && !supervise_over(&supervise); i++) {
		told[0] = '\0';
		cr_assert_ok(supervise_step(&supervise, NULL, 0, 100, &err), err);
	}
	cr_expect_eq(status_of(pid), 0);
	cr_expect_eq(supervise.lost, 1, "the one that brought something");
	cr_expect_eq(supervise.peer_count, 1, "the silent one");
	close(silent);
	cr_assert_ok(supervise_step(&supervise, NULL, 0, 1000, &err), err);
	cr_expect_eq(supervise.peer_count, 0);
	cr_expect_eq(supervise.lost, 1);
	close(liar);
}

/* More listeners than there is room for: the last ones wait until others have ended. */
static int pause_and_call(void)
{
	usleep(300000);
	return many_calls();
}

Test(watch_supervise, more_peers_than_room)
{
	static const int numbers[] = {SYS_chroot, -1};
	struct hr_error err = {.code = HR_OK};
	int silent[SUPERVISE_PEERS];
	pid_t pid;

	for (size_t i = 0; i < hr_count(silent); i++) {
		silent[i] = connect_to_it();
		cr_assert_ok(supervise_step(&supervise, NULL, 0, 1000, &err), err);
	}
	cr_expect_eq(supervise.peer_count, SUPERVISE_PEERS);
	pid = start(numbers, pause_and_call);
	for (int i = 0; i < 5; i++)
		cr_assert_ok(supervise_step(&supervise, NULL, 0, 10, &err), err);
	cr_expect_eq(supervise.count, 0);
	/* The child has the descriptors too. */
	shutdown(silent[0], SHUT_RDWR);
	for (int i = 0; i < 2000 && !supervise_over(&supervise); i++) {
		told[0] = '\0';
		cr_assert_ok(supervise_step(&supervise, NULL, 0, 100, &err), err);
	}
	cr_expect_eq(status_of(pid), 0);
	for (size_t i = 0; i < hr_count(silent); i++)
		close(silent[i]);
}

/* --- Ends ------------------------------------------------------------------------------------- */

Test(watch_supervise, others_end_the_wait)
{
	struct hr_error err = {.code = HR_OK};
	struct pollfd others[2] = {{.fd = -1}, {.events = POLLIN}};
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	others[1].fd = ends[0];
	cr_assert_ok(supervise_step(&supervise, others, 2, 10, &err), err);
	cr_expect_eq(others[1].revents, 0);
	cr_assert_eq(write(ends[1], "x", 1), 1);
	cr_assert_ok(supervise_step(&supervise, others, 2, -1, &err), err);
	cr_expect_eq(others[1].revents, POLLIN);
	cr_expect_not(supervise_over(&supervise), "there was no listener");
	expect_error(supervise_step(&supervise, others, SUPERVISE_OTHERS + 1, 0, &err), &err,
		     HR_SYSTEM, "too many");
	close(ends[0]);
	close(ends[1]);
}

static int no_answer(void)
{
	return syscall(SYS_chroot, 0) < 0 ? errno : 0;
}

Test(watch_supervise, without_a_filter_the_kernel_answers)
{
	static const int numbers[] = {SYS_chroot, -1};
	struct hr_error err = {.code = HR_OK};
	pid_t pid = start(numbers, no_answer);

	seccomp_filter_free(filter);
	filter = NULL;
	for (int i = 0; i < 100 && !err.code; i++)
		(void)supervise_step(&supervise, NULL, 0, 100, &err);
	cr_expect_eq(err.code, HR_POLICY);
	cr_expect_eq(supervise.count, 0);
	cr_expect_eq(supervise.lost, 1);
	cr_expect_eq(status_of(pid), ENOSYS);
}

static int call_twice(void)
{
	int first = no_answer();

	usleep(200000);
	return first == EPERM && no_answer() == ENOSYS ? 0 : 1;
}

Test(watch_supervise, done_lets_nobody_wait)
{
	static const int numbers[] = {SYS_chroot, -1};
	struct hr_error err = {.code = HR_OK};
	pid_t pid = start(numbers, call_twice);

	for (int i = 0; i < 100 && !told_count; i++)
		cr_assert_ok(supervise_step(&supervise, NULL, 0, 100, &err), err);
	supervise_done(&supervise);
	cr_expect_eq(status_of(pid), 0);
}

/* 32-bit calls of a 64-bit program: another table of numbers. */
#ifdef __x86_64__
static int call_by_interrupt(void)
{
	long result;

	/* 61 is chroot there, and setsid's neighbour wait4 here; the filter sees both the same. */
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(61L), "b"(0L) : "memory");
	return (int)-result;
}

Test(watch_supervise, other_abi_is_enosys)
{
	static const int numbers[] = {61, -1};
	pid_t pid = start(numbers, call_by_interrupt);
	int status;

	run_until_over();
	status = status_of(pid);
	if (!told_count && status == ENOSYS)
		cr_skip_test("the kernel has no 32-bit calls");
	cr_expect_eq(status, ENOSYS);
	cr_expect_str_eq(told, "syscall 61 of another ABI:ENOSYS;");
}
#endif
