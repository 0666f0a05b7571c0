/* SPDX-License-Identifier: Apache-2.0 */
/* Private to host/: the real machine. */
#ifndef HR_HOST_REAL_H
#define HR_HOST_REAL_H

#include "host/host.h"

#include <sys/types.h>

#define JUDGED_MAX 32 /* namespace paths in one document; more are refused */

struct judged {
	char path[512];
	dev_t dev;
	ino_t ino;
};

struct host_real {
	struct host ops; /* first: controls see only this */
	char bundle[PATH_MAX];
	struct judged judged[JUDGED_MAX];
	size_t judged_count;
};

enum host_ns host_real_ns(struct host *host, const char *type, const char *path);
const char *host_real_root_wrong(struct host *host, const char *path);
enum host_entry host_real_root_entry(struct host *host, const char *root, const char *name);
bool host_real_root_resolve(struct host *host, const char *root, const char *path,
			    char ret[PATH_MAX]);

#endif
