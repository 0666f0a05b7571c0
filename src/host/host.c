/* SPDX-License-Identifier: Apache-2.0 */
#include "host/host.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "host/real.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool same_program(struct host *host, const char *path, const char *trusted)
{
	hr_autoclose int fd = -1;
	struct stat a, b;

	(void)host;
	if (file_open_trusted(trusted, false, &fd, NULL) < 0 || fstat(fd, &b) < 0)
		return false;
	return stat(path, &a) == 0 && S_ISREG(a.st_mode) && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static int own_oom_score(struct host *host)
{
	hr_autofree char *text = NULL;
	size_t len;
	int fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC), score = 0;

	(void)host;
	if (fd >= 0 && file_read_fd(fd, "oom_score_adj", 64, &text, &len, NULL) == 0)
		score = (int)strtol(text, NULL, 10);
	if (fd >= 0)
		close(fd);
	return score;
}

int host_open(const char *bundle, struct host_real **ret, struct hr_error *err)
{
	struct host_real *real = calloc(1, sizeof(*real));

	if (!real)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (strlen(bundle) >= sizeof(real->bundle)) {
		free(real);
		return hr_fail(err, HR_USAGE, "the bundle's path is too long");
	}
	strcpy(real->bundle, bundle);
	real->userns = -1;
	real->ops = (struct host){
		.ns = host_real_ns,
		.root_wrong = host_real_root_wrong,
		.root_entry = host_real_root_entry,
		.root_resolve = host_real_root_resolve,
		.same_program = same_program,
		.device = host_real_device,
		.group_id = host_real_group_id,
		.source = host_real_source,
		.source_meets = host_real_source_meets,
		.within = host_real_within,
		.own_oom_score = own_oom_score,
		.mounted = host_real_mounted,
		.origin = host_real_origin,
		.shows = host_real_shows,
		.volume_of = host_real_volume_of,
		.plain_below = host_real_plain_below,
		.sound = host_real_sound,
		.apparmor = host_real_apparmor,
		.apparmor_mode = host_real_apparmor_mode,
		.selinux = host_real_selinux,
		.selinux_levels = host_real_selinux_levels,
		.selinux_known = host_real_selinux_known,
		.selinux_enforced = host_real_selinux_enforced,
		.selinux_starts = host_real_selinux_starts,
		.selinux_runs = host_real_selinux_runs,
		.selinux_reads = host_real_selinux_reads,
		.selinux_layers = host_real_selinux_layers,
		.root_overlay = host_real_root_overlay,
		.ns_owner = host_real_ns_owner,
		.ns_ids = host_real_ns_ids,
		.unmappable = host_real_unmappable,
		.holds_mounts = host_real_holds_mounts,
		.pin = host_real_pin,
		.mount_flags = host_real_mount_flags,
	};
	*ret = real;
	return 0;
}

struct host *host_ops(struct host_real *real)
{
	return &real->ops;
}

void host_close(struct host_real *real)
{
	if (!real)
		return;
	host_real_sources_done(real);
	free(real);
}
