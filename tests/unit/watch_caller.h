/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child whose calls are handed to us: it loads a filter that answers NOTIFY to some numbers, and
 * gives us the listener, as a runtime does for a container.
 */
#ifndef HR_TESTS_WATCH_CALLER_H
#define HR_TESTS_WATCH_CALLER_H

#include "unit.h"
#include "watch/watch.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#if defined(__x86_64__)
#define CALLER_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define CALLER_ARCH AUDIT_ARCH_AARCH64
#endif

struct caller {
	pid_t pid;
	int listener;
};

#define CALLER_NUMBERS 8

/* The listener of a filter that asks for these numbers (-1 ends them). */
static inline int caller_load(const int *numbers)
{
	struct sock_filter code[2 * CALLER_NUMBERS + 2] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
	struct sock_fprog program = {.len = 1, .filter = code};

	for (; *numbers >= 0; numbers++) {
		code[program.len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
								   (unsigned)*numbers, 0, 1);
		code[program.len++] =
			(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	}
	code[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			    &program);
}

/* Bytes and descriptors over a socket. */
static inline bool caller_send(int socket, const void *bytes, size_t len, const int *fds,
			       size_t count)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int) * 64)];
	} control = {.room = {0}};
	struct iovec from = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = len};
	struct msghdr message = {.msg_iov = &from, .msg_iovlen = 1};

	if (count) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof(int) * count);
		memcpy(CMSG_DATA(&control.align), fds, sizeof(int) * count);
	}
	return sendmsg(socket, &message, MSG_NOSIGNAL) == (ssize_t)len;
}

static inline int caller_take(int socket)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec into = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {.msg_iov = &into,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	int fd = -1;

	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&message))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

/* Start a child that calls `body` behind the filter, and exits with what that returns. */
static inline struct caller caller_start(const int *numbers, int (*body)(void))
{
	struct caller caller = {.listener = -1};
	int ends[2], fd;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	caller.pid = fork();
	if (caller.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fd = caller_load(numbers);
		if (fd < 0 || !caller_send(ends[1], "x", 1, &fd, 1))
			_exit(99);
		close(fd);
		_exit(body());
	}
	close(ends[1]);
	caller.listener = caller_take(ends[0]);
	close(ends[0]);
	cr_assert(caller.listener >= 0, "no listener");
	return caller;
}

/* The next call, within two seconds. */
static inline int caller_next(const struct caller *caller, struct watch_call *ret)
{
	struct pollfd ready = {.fd = caller->listener, .events = POLLIN};
	struct hr_error err = {.code = HR_OK};
	int got;

	poll(&ready, 1, 2000);
	got = watch_receive(caller->listener, ret, &err);
	cr_expect(got >= 0, "%s", err.msg);
	return got;
}

/* Exit status, -SIGNAL. */
static inline int caller_end(struct caller *caller)
{
	int status = 0;

	close(caller->listener);
	cr_assert_eq(waitpid(caller->pid, &status, 0), caller->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

#endif
