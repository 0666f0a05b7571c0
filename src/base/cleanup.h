/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guards for local owners, initialised where declared; hr_steal hands a value on.
 */
#ifndef HR_BASE_CLEANUP_H
#define HR_BASE_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void hr_cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void hr_cleanup_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define hr_autofree  __attribute__((cleanup(hr_cleanup_free)))
#define hr_autoclose __attribute__((cleanup(hr_cleanup_close)))

#define hr_steal(p)                     \
	({                              \
		__typeof__(p) t_ = (p); \
		(p) = NULL;             \
		t_;                     \
	})

static inline int hr_steal_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* For a large local that is written before it is read: the build fills others with zeroes. */
#define hr_unset __attribute__((uninitialized))

#define hr_count(array) (sizeof(array) / sizeof((array)[0]))

#endif
