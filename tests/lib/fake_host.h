/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine that a test describes as JSON, in place of the real one:
 * { "namespaces": {"PATH": "host"|"wrong"}, any other path is another container's;
 *   "root_wrong": "text",                    why root.path is refused (absent: it is fine)
 *   "entries": {"dev": "directory"|"other"}, what is in the rootfs (absent: not there)
 *   "links": {"/w": "/proc/self/fd/7"},      where a path of the container leads
 *   "programs": {"/proc/7/exe": "/usr/bin/dockerd"},
 *   "sources": {"/srv/x": {"real": "/srv/y", "kind": "directory"|"file"|"socket"|"device"|
 *               "fifo"|"absent", "sensitive": "/etc", "socket_in": "/srv/x/s", "loose": true,
 *               "kernel_fs": "proc", "kernel_at": "/srv/x/p", "links": ["/a/b"],
 *               "mounted": {"type": "ext4", "origin": "/etc"}, "shows": "/etc",
 *               "volume": "kubernetes.io~nfs"}},
 *               sources of mounts; one that is not named is a directory, and sensitive by its
 *               path alone
 *   "oom_score": -998,                       of hardrun itself (absent: 0)
 *   "groups": {"disk": 6},
 *   "devices": {"/dev/fuse": "c 10:229"},    the host's own nodes
 *   "apparmor": {"state": "on"|"not-built"|"hidden", "profiles": {"NAME": "MODE"}},   absent: not
 * there "selinux": {"state": "enforcing"|"permissive"|"not-built"|"hidden", "levels": false,
 *               "types": ["container_t"],    that the loaded policy knows
 *               "denies": ["transition", "nnp_transition", "entrypoint", "layers", "enforcement",
 *                          "/a/source"],
 *               "rootfs": "overlay", "level": "s0:c1,c2", "taken": ["s0:c5,c6"]},
 *   "userns": {                              absent: nobody looked, nothing is mapped
 *     "base": 1879048192, "missing": "text", "pod": "auto"|"require"|"off",
 *     "sandbox": "/proc/7/ns/user"|"unmapped", "runtime": "1.1.5", "crun": "1.8.1",
 *     "holds_mounts": ["/a/source"],
 *     "owners": {"/proc/7/ns/ipc": "/proc/7/ns/user"|"host"|"other"},   unnamed: the host's
 *     "no_idmap": ["/a/source"], "tmpfs": ["/a/source"], "flags": {"/a/source": ["noexec"]},
 *     "pool": [1879048192, 268304384],
 *     "maps": {"/proc/9/ns/user": [[0, 100000, 65536]]}},   inside, outside, count
 *   "runtime_cves": ["CVE-2024-21626"],      escapes that the runtime is open to
 *   "runtime_seccomp": ["SCMP_ACT_NOTIFY"],  what it can do with a system call filter
 *   "unsafe_annotations": ["x."] }
 */
#ifndef HR_TESTS_FAKE_HOST_H
#define HR_TESTS_FAKE_HOST_H

#include "control/userns.h"
#include "host/host.h"

struct fake_host {
	struct host ops; /* first */
	const struct json *facts;
	size_t index; /* of the source that was asked for last, and what it is */
	const char *sensitive;
	char real[PATH_MAX];
};

void fake_host_init(struct fake_host *fake, const struct json *facts);

/* control_in's level and level_taken on that machine. */
const char *fake_host_level(const struct json *facts);
bool fake_host_taken(const struct json *facts, const struct json *document);

/* --- fake_userns.c --- */

/* control_in's userns on that machine for a profile's options; NULL when nobody looked. */
const struct userns_facts *fake_host_userns(const struct json *facts, const struct json *rules,
					    const struct identity *identity,
					    struct userns_facts *ret);
void fake_userns_ops(struct host *ops);

#endif
