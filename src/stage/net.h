/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network namespace of the host's, in which a container with a user namespace of its own can
 * change nothing: what its document asks for is done from outside.
 */
#ifndef HR_STAGE_NET_H
#define HR_STAGE_NET_H

#include "base/error.h"
#include "json/json.h"

/*
 * Write the settings, an object "net.ipv4.x": "value" (or NULL), in the network namespace with
 * the descriptor `netns`. We stay in our own. Error: HR_SYSTEM, naming key and value; HR_DENIED
 * for a key that is no plain name below net.
 */
int stage_net(int netns, const struct json *settings, struct hr_error *err);

/*
 * Be in that network namespace from here on: the runtime then takes it for the host's, and needs
 * no rights of its own to join it. Error: HR_SYSTEM.
 */
int stage_enter_net(int netns, struct hr_error *err);

/* The network namespace `path`, opened close-on-exec; nothing else is ever opened. -1 and
 * HR_SYSTEM. */
int stage_open_net(const char *path, int *ret_fd, struct hr_error *err);

/* The sysfs of that network namespace, mounted ro,nosuid,nodev,noexec, detached. HR_SYSTEM. */
int stage_sysfs(int netns, int *ret_tree, struct hr_error *err);

#endif
