/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For machines whose root has no CAP_SYS_RESOURCE: crun 1.8 raises RLIMIT_MEMLOCK before it
 * loads a device filter, which kernels from 5.11 on do not need, and gives up when it cannot.
 * Preloaded into crun, and into nothing else, this lets it go on.
 */
#include <errno.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
	long result = syscall(SYS_prlimit64, 0, (int)resource, limit, 0);

	if (result < 0 && errno == EPERM && resource == RLIMIT_MEMLOCK)
		return 0;
	return (int)result;
}

int setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *limit)
{
	return setrlimit(resource, (const struct rlimit *)limit);
}
