/* SPDX-License-Identifier: Apache-2.0 */
/* Who cleans up after a trial when its supervisor cannot. */
#include "base/child.h"
#include "base/cleanup.h"
#include "command/trial_child.h"
#include "state/record.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DELETE_MS  5000
#define SAID_MAX   65536
#define END_TRIES  50
#define PAUSE_USEC 20000
#define DYING_USEC 200000

struct guard {
	const struct trial_place *place;
	const struct runtime *runtime;
	int fd; /* readable when the supervisor is gone */
};

/* False when there is nothing to delete, or it was done. */
static bool is_left(const struct trial_place *place)
{
	char path[PATH_MAX + 80];

	snprintf(path, sizeof(path), "%s/%s", place->state, place->id);
	return access(path, F_OK) == 0;
}

static void delete (const struct trial_place *place, const struct runtime *runtime)
{
	const char *const argv[] = {runtime_kind_name(runtime->kind),
				    "--root",
				    place->state,
				    "delete",
				    "--force",
				    place->id,
				    NULL};
	char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	char *const envp[] = {path, NULL};
	hr_autofree char *said = NULL;
	struct hr_error ignored = {0};
	size_t len;
	int status;

	(void)child_capture(runtime->path, (char *const *)(uintptr_t)argv, envp, DELETE_MS,
			    SAID_MAX, &said, &len, &status, &ignored);
}

void trial_end(const struct trial_place *place, const struct runtime *runtime)
{
	for (int i = 0; i < END_TRIES && is_left(place); i++) {
		delete (place, runtime);
		if (is_left(place))
			usleep(PAUSE_USEC);
	}
	record_withdraw(HR_STATEDIR, place->state, place->id);
	trial_place_clean(place);
}

static void watch(void *data)
{
	const struct guard *guard = data;
	char byte;
	ssize_t got;

	do
		got = read(guard->fd, &byte, 1);
	while (got < 0 && errno == EINTR);
	if (got == 1)
		return;
	/* The runtime is dying as we are called, and may have been about to make something. */
	usleep(DYING_USEC);
	trial_end(guard->place, guard->runtime);
}

int trial_guard_start(const struct trial_place *place, const struct runtime *runtime, int *ret_fd,
		      struct hr_error *err)
{
	struct guard guard = {.place = place, .runtime = runtime};
	int ends[2], result;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return hr_fail_errno(err, errno, "pipe");
	for (int i = 0; i < 2; i++)
		if (ends[i] < 3) {
			int raised = fcntl(ends[i], F_DUPFD_CLOEXEC, 3);

			close(ends[i]);
			ends[i] = raised;
		}
	guard.fd = ends[0];
	result = child_leave(watch, &guard, &guard.fd, 1, err);
	close(ends[0]);
	if (result < 0)
		close(ends[1]);
	else
		*ret_fd = ends[1];
	return result;
}

/* One that somebody has killed must not be our end as well. */
void trial_guard_dismiss(int fd)
{
	const struct sigaction ignored = {.sa_handler = SIG_IGN};
	struct sigaction before;
	char byte = 0;

	sigaction(SIGPIPE, &ignored, &before);
	while (write(fd, &byte, 1) < 0 && errno == EINTR)
		;
	sigaction(SIGPIPE, &before, NULL);
	close(fd);
}
