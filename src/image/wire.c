/* SPDX-License-Identifier: Apache-2.0 */
#include "image/wire.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <time.h>

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int wire_wait(int fd, bool unsent, int64_t deadline_ms, struct hr_error *err)
{
	struct pollfd wait = {.fd = fd, .events = unsent ? POLLIN | POLLOUT : POLLIN};
	int64_t left = deadline_ms - now_ms();
	int ready = left > 0 ? poll(&wait, 1, left < INT_MAX ? (int)left : INT_MAX) : 0;

	if (ready < 0 && errno != EINTR)
		return hr_fail_errno(err, errno, "poll");
	return ready != 0 ? 0 : hr_fail(err, HR_SYSTEM, "no answer until the deadline");
}
