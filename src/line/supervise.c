/* SPDX-License-Identifier: Apache-2.0 */
#include "line/supervise.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define AT_ONCE 64 /* calls of one listener before the others have their turn */

/* --- One call --------------------------------------------------------------------------------- */

/* What killed it in the filter does so here. The listener says that the descriptor is of the one
 * who waits, and not of somebody who got its number. */
static void kill_caller(int listener, const struct watch_call *call, pid_t pid)
{
	hr_autoclose int fd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;

	if (fd >= 0 && watch_waits(listener, call))
		(void)syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
}

static void judge(const struct supervise *supervise, const struct watch_call *call, char *name,
		  size_t room, struct seccomp_judgement *ret)
{
	const char *arch = seccomp_native();
	char buf[NAMES_SIZE];
	const char *known;

	if (call->arch != seccomp_audit_arch(arch)) {
		snprintf(name, room, "syscall %d of another ABI", call->number);
		*ret = (struct seccomp_judgement){.error = ENOSYS};
		return;
	}
	known = seccomp_call_name(call->number, arch, buf);
	if (known)
		snprintf(name, room, "%s", known);
	else
		snprintf(name, room, "syscall %d", call->number);
	seccomp_judge(supervise->known, name, call->args, ret);
}

/* A name says little, and a program can lie on no mount (memfd_create): the runtime is the process
 * that loaded the filter, up to its exec; then `at` has the pid below 0. */
static bool is_runtime(const struct supervise_seen *seen, pid_t *at)
{
	const struct watch_process *process = seen->process;
	bool runtime = process->runtime && process->pid == *at;

	if (process->pid == *at &&
	    (!runtime || (seen->judgement->passes && text_starts(seen->name, "execve"))))
		*at = -*at;
	return runtime;
}

static void answer(struct supervise *supervise, int listener, pid_t *first,
		   const struct watch_call *call)
{
	char name[NAMES_SIZE + 32];
	struct seccomp_judgement judgement = {.error = ENOSYS};
	struct watch_process process;
	const struct supervise_seen seen = {
		.call = call,
		.name = name,
		.judgement = &judgement,
		.process = &process,
		.filter = supervise->known,
		.first = abs(*first),
	};

	judge(supervise, call, name, sizeof(name), &judgement);
	(void)watch_process(call, &process);
	process.runtime = is_runtime(&seen, first);
	supervise->seen(&seen, supervise->data);
	if (judgement.kills)
		kill_caller(listener, call, process.pid);
	/* A signal takes a call back, and the kernel makes it anew or lets it fail with EINTR. */
	if (!(judgement.passes && !judgement.kills
		      ? watch_pass(listener, call)
		      : watch_refuse(listener, call, judgement.error ? judgement.error : EPERM)) &&
	    !judgement.kills && supervise->undone)
		supervise->undone(supervise->data);
}

/* --- Listeners -------------------------------------------------------------------------------- */

static void drop_listener(struct supervise *supervise, size_t at)
{
	close(supervise->listeners[at].fd);
	supervise->listeners[at] = supervise->listeners[--supervise->count];
}

/* False when it is over. */
static bool serve(struct supervise *supervise, size_t at)
{
	int fd = supervise->listeners[at].fd;
	struct hr_error ignored = {.code = HR_OK};
	struct watch_call call;

	for (int i = 0; i < AT_ONCE; i++) {
		int got = watch_receive(fd, &call, &ignored);

		if (got == WATCH_NOTHING)
			return true;
		if (got != WATCH_CALL) {
			/* Closed, the kernel answers for us. */
			supervise->lost += got < 0;
			return false;
		}
		answer(supervise, fd, &supervise->listeners[at].first, &call);
	}
	return true;
}

static int add_listener(struct supervise *supervise, const struct watch_hello *hello,
			struct hr_error *err)
{
	if (!supervise->known)
		supervise->known = supervise->filter(supervise->data, err);
	if (!supervise->known) {
		close(hello->listener);
		supervise->lost++;
		return -1;
	}
	supervise->listeners[supervise->count].fd = hello->listener;
	supervise->listeners[supervise->count].first = hello->pid;
	supervise->count++;
	supervise->came_once = true;
	if (supervise->came)
		supervise->came(hello, supervise->data);
	return 0;
}

/* --- Runtimes --------------------------------------------------------------------------------- */

static void drop_peer(struct supervise *supervise, size_t at)
{
	watch_peer_free(&supervise->peers[at]);
	supervise->peers[at] = supervise->peers[--supervise->peer_count];
}

static int hear(struct supervise *supervise, size_t at, struct hr_error *err)
{
	struct hr_error why = {.code = HR_OK};
	struct watch_hello hello;
	int heard = watch_hear(&supervise->peers[at], &hello, &why);

	if (heard == 0)
		return 0;
	/* One that ends without a word has failed before it came to the filter. */
	if (heard < 0 && supervise->peers[at].fd_count)
		supervise->lost++;
	drop_peer(supervise, at);
	return heard < 0 ? 0 : add_listener(supervise, &hello, err);
}

/* One whom we do not listen to is not our caller's error. */
static void take_peer(struct supervise *supervise)
{
	struct hr_error ignored = {.code = HR_OK};

	if (!watch_accept(supervise->socket, &supervise->peers[supervise->peer_count], &ignored))
		supervise->peer_count++;
}

/* --- Waiting ---------------------------------------------------------------------------------- */

/* The order of what is polled: the socket, listeners, runtimes, others. */
struct polled {
	struct pollfd all[1 + SUPERVISE_LISTENERS + SUPERVISE_PEERS + SUPERVISE_OTHERS];
	size_t listeners, peers, others, count; /* where each begins */
};

static void put(struct polled *polled, int fd, bool wanted)
{
	polled->all[polled->count++] = (struct pollfd){.fd = wanted ? fd : -1, .events = POLLIN};
}

static void gather(const struct supervise *supervise, const struct pollfd *others,
		   size_t others_count, struct polled *ret)
{
	ret->count = 0;
	put(ret, supervise->socket, supervise->peer_count < SUPERVISE_PEERS);
	ret->listeners = ret->count;
	for (size_t i = 0; i < supervise->count; i++)
		put(ret, supervise->listeners[i].fd, true);
	ret->peers = ret->count;
	for (size_t i = 0; i < supervise->peer_count; i++)
		put(ret, supervise->peers[i].connection, supervise->count < SUPERVISE_LISTENERS);
	ret->others = ret->count;
	for (size_t i = 0; i < others_count; i++)
		ret->all[ret->count++] = others[i];
}

/* From the last to the first: what is dropped gives its place to one that had its turn. */
static int act(struct supervise *supervise, const struct polled *polled, struct hr_error *err)
{
	int result = 0;

	for (size_t i = supervise->count; i-- > 0;)
		if (polled->all[polled->listeners + i].revents && !serve(supervise, i))
			drop_listener(supervise, i);
	for (size_t i = supervise->peer_count; i-- > 0;)
		if (polled->all[polled->peers + i].revents &&
		    supervise->count < SUPERVISE_LISTENERS && hear(supervise, i, err))
			result = -1;
	if (polled->all[0].revents)
		take_peer(supervise);
	return result;
}

int supervise_step(struct supervise *supervise, struct pollfd *others, size_t others_count,
		   int timeout_ms, struct hr_error *err)
{
	hr_unset struct polled polled;

	if (others_count > SUPERVISE_OTHERS)
		return hr_fail(err, HR_SYSTEM, "too many descriptors to wait for");
	gather(supervise, others, others_count, &polled);
	for (size_t i = 0; i < others_count; i++)
		others[i].revents = 0;
	if (poll(polled.all, polled.count, timeout_ms) < 0)
		return errno == EINTR ? 0 : hr_fail_errno(err, errno, "waiting for system calls");
	for (size_t i = 0; i < others_count; i++)
		others[i].revents = polled.all[polled.others + i].revents;
	return act(supervise, &polled, err);
}

bool supervise_over(const struct supervise *supervise)
{
	return supervise->came_once && supervise->count == 0;
}

void supervise_done(struct supervise *supervise)
{
	while (supervise->count)
		drop_listener(supervise, supervise->count - 1);
	while (supervise->peer_count)
		drop_peer(supervise, supervise->peer_count - 1);
}
