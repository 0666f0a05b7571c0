/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/overlay_mount.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#ifndef MS_NOSYMFOLLOW /* Linux 5.10 */
#define MS_NOSYMFOLLOW 256
#endif

int overlay_mount_find(const struct mountinfo *table, const char *point, struct mount_entry *ret,
		       struct hr_error *err)
{
	const struct mount_entry *found = NULL;
	char shown[TEXT_SHOWN_SIZE];
	struct statx stx;

	for (size_t i = 0; i < table->count; i++) {
		const struct mount_entry *entry = &table->entries[i];

		if (!text_below(entry->point, point))
			continue;
		if (strcmp(entry->point, point) != 0)
			return hr_fail(err, HR_DENIED, "%s is mounted in it and would be lost",
				       text_shown_z(entry->point, shown));
		if (found)
			return hr_fail(err, HR_DENIED, "more than one mount is on it");
		found = entry;
	}
	if (!found)
		return hr_fail(err, HR_DENIED, "it is not a mount point");
	if (statx(AT_FDCWD, point, AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &stx) < 0)
		return hr_fail_errno(err, errno, "statx");
	if (!(stx.stx_mask & STATX_MNT_ID) || stx.stx_mnt_id != found->id)
		return hr_fail(err, HR_DENIED, "what is mounted on it cannot be reached");
	*ret = *found;
	return 0;
}

bool overlay_mount_tagged(const struct mount_entry *mount, const char *tag)
{
	for (const char *word = mount->tags; *word; word += strspn(word, " ")) {
		if (text_starts(word, tag))
			return true;
		word += strcspn(word, " ");
	}
	return false;
}

int overlay_mount_check(const struct mount_entry *mount, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	if (strcmp(mount->type, "overlay") != 0)
		return hr_fail(err, HR_DENIED, "it is no overlay but %s",
			       text_shown_z(mount->type, shown));
	if (strcmp(mount->root, "/") != 0)
		return hr_fail(err, HR_DENIED, "it shows %s of an overlay, not the whole",
			       text_shown_z(mount->root, shown));
	/* It would stay where its master is, with the same upper directory. */
	if (overlay_mount_tagged(mount, "master:"))
		return hr_fail(err, HR_DENIED, "it was mounted in another mount namespace (%s)",
			       text_shown_z(mount->tags, shown));
	return 0;
}

static int flag_of(const char *option, size_t len, unsigned long *ret)
{
	static const struct {
		const char *name;
		unsigned long flag;
	} flags[] = {
		{"rw", 0},
		{"ro", MS_RDONLY},
		{"nosuid", MS_NOSUID},
		{"nodev", MS_NODEV},
		{"noexec", MS_NOEXEC},
		{"noatime", MS_NOATIME},
		{"nodiratime", MS_NODIRATIME},
		{"relatime", MS_RELATIME},
		{"nosymfollow", MS_NOSYMFOLLOW},
	};

	for (size_t i = 0; i < hr_count(flags); i++)
		if (strlen(flags[i].name) == len && strncmp(option, flags[i].name, len) == 0) {
			*ret |= flags[i].flag;
			return 0;
		}
	return -1;
}

int overlay_mount_flags(const char *options, unsigned long *ret, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	*ret = 0;
	for (const char *option = options; option; option = strchr(option, ',')) {
		option += option != options;
		if (flag_of(option, strcspn(option, ","), ret) < 0)
			return hr_fail(err, HR_DENIED, "its mount option %s is not known here",
				       text_shown(option, strcspn(option, ","), shown));
	}
	if (!(*ret & (MS_NOATIME | MS_RELATIME)))
		*ret |= MS_STRICTATIME;
	return 0;
}
