/* SPDX-License-Identifier: Apache-2.0 */
#include "image/sandbox.h"

#include "base/cleanup.h"
#include "image/sandbox_filter.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define NOBODY 65534U

/* A sanitizer reserves terabytes, writes its findings and looks for leaks with a thread of its
 * own: such a build is for development, and does without what would end it. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#define MEMORY_MAX  ((rlim_t)256 * 1024 * 1024)
#define FILES_MAX   32
#define SECONDS_MAX 60 /* of the processor */

/* --- Descriptors ---------------------------------------------------------------------------- */

/* The lowest of `keep` from `first` on; UINT_MAX for none. */
static unsigned next_kept(const int *keep, size_t count, unsigned first)
{
	unsigned found = UINT_MAX;

	for (size_t i = 0; i < count; i++)
		if (keep[i] >= 0 && (unsigned)keep[i] >= first && (unsigned)keep[i] < found)
			found = (unsigned)keep[i];
	return found;
}

static int close_others(const int *keep, size_t count, struct hr_error *err)
{
	unsigned first = SANITIZED ? 3 : 0;

	for (;;) {
		unsigned kept = next_kept(keep, count, first);

		/* A child of base/child.h has its parent's table. The call as such: the wrapper in
		 * libc is younger (glibc 2.34). */
		if (kept > first &&
		    syscall(SYS_close_range, first, kept == UINT_MAX ? kept : kept - 1,
			    CLOSE_RANGE_UNSHARE) < 0)
			return hr_fail_errno(err, errno, "close_range (needs Linux 5.9)");
		if (kept == UINT_MAX)
			return 0;
		first = kept + 1;
	}
}

/* --- Limits and credentials ----------------------------------------------------------------- */

static int limit(int what, rlim_t most, struct hr_error *err)
{
	struct rlimit now, wanted = {most, most};

	/* Never more than there is: only root may raise a limit. */
	if (getrlimit((__rlimit_resource_t)what, &now) == 0 && now.rlim_max < most)
		wanted.rlim_cur = wanted.rlim_max = now.rlim_max;
	if (setrlimit((__rlimit_resource_t)what, &wanted) < 0)
		return hr_fail_errno(err, errno, "setrlimit");
	return 0;
}

static int set_limits(size_t file_max, struct hr_error *err)
{
	if (limit(RLIMIT_CORE, 0, err) < 0 || limit(RLIMIT_FSIZE, file_max, err) < 0 ||
	    limit(RLIMIT_NOFILE, FILES_MAX, err) < 0 || limit(RLIMIT_CPU, SECONDS_MAX, err) < 0)
		return -1;
	if (SANITIZED)
		return 0;
	if (limit(RLIMIT_NPROC, 0, err) < 0)
		return -1;
	/* Not the address space: layers are mapped to be hashed. The filter lets nothing be mapped
	 * that this does not count. */
	return limit(RLIMIT_DATA, MEMORY_MAX, err);
}

/* Nothing outside of the directory has a name any more. */
static int enter_directory(int fd, struct hr_error *err)
{
	if (fchdir(fd) < 0 || chroot(".") < 0)
		return hr_fail_errno(err, errno, "chroot");
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return hr_fail_errno(err, errno, "PR_SET_KEEPCAPS");
	return 0;
}

/* The calls as such: libc's wrappers are for programs with threads. */
static int become_nobody(struct hr_error *err)
{
	/* What execve(2) could give back; nothing of it is left, and this says so twice. */
	for (unsigned long cap = 0; prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0; cap++)
		;
	if (syscall(SYS_setgroups, (size_t)0, NULL) < 0 ||
	    syscall(SYS_setresgid, NOBODY, NOBODY, NOBODY) < 0 ||
	    syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY) < 0)
		return hr_fail_errno(err, errno, "cannot become user %u", NOBODY);
	return 0;
}

static int drop_capabilities(bool reads_all, struct hr_error *err)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct left[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (reads_all)
		left[0].permitted = left[0].effective = 1U << CAP_DAC_READ_SEARCH;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return hr_fail_errno(err, errno, "ambient capabilities");
	if (syscall(SYS_capset, &header, left) < 0)
		return hr_fail_errno(err, errno, "capset");
	return 0;
}

/* The kernel forgets whose death kills us, and that we are not to be traced, when credentials
 * change: so after that. */
static int bind_to(pid_t parent, struct hr_error *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return hr_fail_errno(err, errno, "no_new_privs");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return hr_fail_errno(err, errno, "PR_SET_DUMPABLE");
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return hr_fail_errno(err, errno, "PR_SET_PDEATHSIG");
	if (getppid() != parent)
		return hr_fail(err, HR_SYSTEM, "the parent is gone");
	return 0;
}

/* --- Landlock ------------------------------------------------------------------------------- */

/* As the kernel has it since version 6; the headers may be older. */
struct ruleset {
	uint64_t fs;
	uint64_t net;	 /* since version 4 */
	uint64_t scoped; /* since version 6: abstract sockets, signals */
};

#define READING (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

/* All that each version of the interface can deny, of what is known here. */
static size_t all_of(long version, struct ruleset *ret)
{
	ret->fs = (UINT64_C(1) << 13) - 1;
	if (version >= 2)
		ret->fs |= UINT64_C(1) << 13; /* to link or rename elsewhere */
	if (version >= 3)
		ret->fs |= UINT64_C(1) << 14; /* truncate */
	if (version >= 5)
		ret->fs |= UINT64_C(1) << 15; /* ioctl of devices */
	ret->net = 3;			      /* TCP: bind, connect */
	ret->scoped = 3;
	if (version < 4)
		return offsetof(struct ruleset, net);
	return version < 6 ? offsetof(struct ruleset, scoped) : sizeof(*ret);
}

static int allow_below(int rules, const int *keep, size_t count, struct hr_error *err)
{
	for (size_t i = 0; i < count; i++) {
		struct landlock_path_beneath_attr beneath = {.allowed_access = READING,
							     .parent_fd = keep[i]};
		struct stat st;

		if (keep[i] < 0)
			continue;
		if (fstat(keep[i], &st) < 0)
			return hr_fail_errno(err, errno, "descriptor %d", keep[i]);
		if (S_ISDIR(st.st_mode) && syscall(SYS_landlock_add_rule, rules,
						   LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0)
			return hr_fail_errno(err, errno, "landlock_add_rule");
	}
	return 0;
}

static int landlock(const int *keep, size_t count, struct hr_error *err)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	hr_autoclose int rules = -1;
	struct ruleset all;
	size_t size;

	/* Not built in, or not switched on. */
	if (version < 0 && (errno == ENOSYS || errno == EOPNOTSUPP))
		return 0;
	size = all_of(version, &all);
	rules = (int)syscall(SYS_landlock_create_ruleset, &all, size, 0);
	if (version < 1 || rules < 0)
		return hr_fail_errno(err, errno, "landlock_create_ruleset");
	if (allow_below(rules, keep, count, err) < 0)
		return -1;
	if (syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		return hr_fail_errno(err, errno, "landlock_restrict_self");
	return 0;
}

/* --- All of it ------------------------------------------------------------------------------ */

static int enter(int root, const int *keep, size_t count, size_t file_max, struct hr_error *err)
{
	bool is_root = geteuid() == 0, below = is_root && root >= 0;
	pid_t parent = getppid();

	if (close_others(keep, count, err) < 0)
		return -1;
	if ((below && enter_directory(root, err) < 0) || (is_root && become_nobody(err) < 0))
		return -1;
	if (drop_capabilities(below, err) < 0 || bind_to(parent, err) < 0)
		return -1;
	if (set_limits(file_max, err) < 0 || landlock(keep, count, err) < 0)
		return -1;
	return SANITIZED ? 0 : sandbox_filter(err);
}

int sandbox_enter(const int *keep, size_t count, size_t file_max, struct hr_error *err)
{
	if (enter(-1, keep, count, file_max, err) < 0)
		return hr_context(err, "sandbox");
	return 0;
}

int sandbox_enter_below(int root, const int *keep, size_t count, size_t file_max,
			struct hr_error *err)
{
	if (enter(root, keep, count, file_max, err) < 0)
		return hr_context(err, "sandbox");
	return 0;
}
