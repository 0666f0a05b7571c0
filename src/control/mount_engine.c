/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What engines mount into containers of their own accord: /etc/hosts, volumes, and so on,
 * out of the very directories that pods must not reach. A source is an engine's own by its
 * shape, the destination that belongs to it, and the ids in it, which are this container's.
 * The shapes are those of the recorded calls (tests/calls) and, for the kubelet, of its
 * directory layout (kubernetes pkg/kubelet/kubelet_getters.go, pkg/volume).
 */
#include "base/cleanup.h"
#include "base/text.h"
#include "control/mounts.h"

#include <stdio.h>
#include <string.h>

#define CRI_DIR "io.containerd.grpc.v1.cri/"

enum engine { CONTAINERD, DOCKER, PODMAN, KUBELET, ENGINES };

static const char *const directories[ENGINES] = {
	[CONTAINERD] = "containerd_dirs",
	[DOCKER] = "docker_dirs",
	[PODMAN] = "podman_dirs",
	[KUBELET] = "kubelet_dirs",
};

/*
 * In a source a component in capitals stands for: SANDBOX, UID, CONTAINER what is believed
 * of the pod; ID this container; SHARED this container, or another one whose namespace
 * `joins` this one joins by path; NAME any one; PLUGIN a kind of volume.
 */
static const struct shape {
	enum engine engine;
	const char *source;	 /* below one of the engine's directories */
	const char *destination; /* NULL: any; ends in a slash: one name below it */
	const char *joins;	 /* type of namespace, for SHARED */
	enum mount_owner owner;
} shapes[] = {
	{CONTAINERD, CRI_DIR "sandboxes/SANDBOX/hostname", "/etc/hostname", NULL, OWNER_ENGINE},
	{CONTAINERD, CRI_DIR "sandboxes/SANDBOX/hosts", "/etc/hosts", NULL, OWNER_ENGINE},
	{CONTAINERD, CRI_DIR "sandboxes/SANDBOX/resolv.conf", "/etc/resolv.conf", NULL,
	 OWNER_ENGINE},
	{CONTAINERD, CRI_DIR "sandboxes/SANDBOX/shm", "/dev/shm", NULL, OWNER_ENGINE},
	{CONTAINERD, CRI_DIR "containers/ID/volumes/NAME", NULL, NULL, OWNER_ENGINE},
	{DOCKER, "containers/SHARED/hostname", "/etc/hostname", "network", OWNER_ENGINE},
	{DOCKER, "containers/SHARED/hosts", "/etc/hosts", "network", OWNER_ENGINE},
	{DOCKER, "containers/SHARED/resolv.conf", "/etc/resolv.conf", "network", OWNER_ENGINE},
	{DOCKER, "containers/SHARED/mounts/shm", "/dev/shm", "ipc", OWNER_ENGINE},
	{DOCKER, "containers/ID/mounts/secrets/NAME", "/run/secrets/", NULL, OWNER_ENGINE},
	{DOCKER, "volumes/NAME/_data", NULL, NULL, OWNER_NAMED},
	{PODMAN, "overlay-containers/SHARED/userdata/hostname", "/etc/hostname", "network",
	 OWNER_ENGINE},
	{PODMAN, "overlay-containers/SHARED/userdata/hosts", "/etc/hosts", "network", OWNER_ENGINE},
	{PODMAN, "overlay-containers/SHARED/userdata/resolv.conf", "/etc/resolv.conf", "network",
	 OWNER_ENGINE},
	{PODMAN, "overlay-containers/SHARED/userdata/shm", "/dev/shm", "ipc", OWNER_ENGINE},
	{PODMAN, "overlay-containers/ID/userdata/.containerenv", "/run/.containerenv", NULL,
	 OWNER_ENGINE},
	{PODMAN, "overlay-containers/ID/userdata/run/.containerenv", "/run/.containerenv", NULL,
	 OWNER_ENGINE},
	{PODMAN, "overlay-containers/ID/userdata/secrets/NAME", NULL, NULL, OWNER_ENGINE},
	{PODMAN, "volumes/NAME/_data", NULL, NULL, OWNER_NAMED},
	{KUBELET, "pods/UID/etc-hosts", "/etc/hosts", NULL, OWNER_ENGINE},
	{KUBELET, "pods/UID/containers/CONTAINER/NAME", NULL, NULL, OWNER_ENGINE},
	{KUBELET, "pods/UID/volume-subpaths/NAME/CONTAINER/NAME", NULL, NULL, OWNER_SUBPATH},
	{KUBELET, "pods/UID/volumes/PLUGIN/NAME", NULL, NULL, OWNER_KUBELET},
	/* The only kind that has its files one level deeper; below a volume's own directory a
	 * container could have put links. */
	{KUBELET, "pods/UID/volumes/kubernetes.io~csi/NAME/mount", NULL, NULL, OWNER_KUBELET},
};

/* Files of the host that are shown as they are, and programs that reap children. */
static const struct {
	const char *source, *destination;
} system_files[] = {
	{"/etc/hosts", "/etc/hosts"},
	{"/etc/hostname", "/etc/hostname"},
	{"/etc/localtime", "/etc/localtime"},
	{"/etc/resolv.conf", "/etc/resolv.conf"},
	{"/usr/bin/catatonit", "/dev/init"},
	{"/usr/bin/catatonit", "/run/podman-init"},
	{"/usr/bin/docker-init", "/run/podman-init"},
	{"/usr/bin/docker-init", "/sbin/docker-init"},
	{"/usr/bin/tini-static", "/sbin/docker-init"},
	{"/usr/libexec/docker/docker-init", "/sbin/docker-init"},
	{"/usr/libexec/podman/catatonit", "/dev/init"},
	{"/usr/libexec/podman/catatonit", "/run/podman-init"},
};

/* buildah keeps them in the bundle that it makes. */
static const struct {
	const char *name, *destination;
} bundle_files[] = {
	{"hostname", "/etc/hostname"},
	{"hosts", "/etc/hosts"},
	{"resolv.conf", "/etc/resolv.conf"},
	{"run/.containerenv", "/run/.containerenv"},
};

struct component {
	const char *text;
	size_t len;
};

static struct component first(const char **path)
{
	struct component component = {*path, strcspn(*path, "/")};

	*path += component.len + ((*path)[component.len] == '/');
	return component;
}

static bool is(const struct component *component, const char *text)
{
	return text && strlen(text) == component->len &&
	       strncmp(component->text, text, component->len) == 0;
}

/* Docker's and podman's ids: 64 hexadecimal digits. */
static bool is_engine_id(const struct component *component)
{
	return component->len == 64 && strspn(component->text, "0123456789abcdef") >= 64;
}

static bool joins(const struct mount *mount, const char *type)
{
	json_each(entry, json_path(mount->in->document, "linux.namespaces")) {
		const char *listed = json_string(entry, "type");
		const char *path = json_string(entry, "path");

		if (listed && path && path[0] && strcmp(listed, type) == 0)
			return true;
	}
	return false;
}

static bool component_fits(const struct mount *mount, const struct shape *shape,
			   const struct component *wanted, const struct component *got)
{
	const struct identity *identity = mount->in->identity;

	if (got->len == 0 || is(got, "..") || is(got, "."))
		return false;
	if (is(wanted, "NAME"))
		return true;
	if (is(wanted, "ID"))
		return is(got, mount->in->id);
	if (is(wanted, "SHARED"))
		return is(got, mount->in->id) || (is_engine_id(got) && joins(mount, shape->joins));
	if (is(wanted, "SANDBOX"))
		return is(got, identity->sandbox_id);
	if (is(wanted, "UID"))
		return !identity->sandbox && is(got, identity->pod_uid);
	if (is(wanted, "CONTAINER"))
		return is(got, identity->container);
	if (is(wanted, "PLUGIN"))
		return text_starts(got->text, "kubernetes.io~") ||
		       memchr(got->text, '~', got->len) != NULL;
	return wanted->len == got->len && strncmp(wanted->text, got->text, got->len) == 0;
}

static bool source_fits(const struct mount *mount, const struct shape *shape, const char *rest)
{
	const char *pattern = shape->source;

	while (*pattern && *rest) {
		struct component wanted = first(&pattern), got = first(&rest);

		if (!component_fits(mount, shape, &wanted, &got))
			return false;
	}
	return *pattern == '\0' && *rest == '\0';
}

static bool destination_fits(const struct mount *mount, const char *wanted)
{
	const char *rest;

	if (!wanted)
		return true;
	if (!text_ends(wanted, "/"))
		return strcmp(mount->place, wanted) == 0;
	rest = mount->place + strlen(wanted);
	return text_starts(mount->place, wanted) && rest[0] && !strchr(rest, '/');
}

/* "kubernetes.io~empty-dir" is empty-dir; other vendors' plugins keep their whole name. */
bool mount_volume_kind(const char *source, char ret[NAME_MAX + 1])
{
	const char *volumes = strstr(source, "/volumes/"), *plugin, *end;

	ret[0] = '\0';
	if (!volumes)
		return false;
	plugin = volumes + strlen("/volumes/");
	if (text_starts(plugin, "kubernetes.io~"))
		plugin += strlen("kubernetes.io~");
	end = strchr(plugin, '/');
	if (end && end - plugin <= NAME_MAX)
		snprintf(ret, NAME_MAX + 1, "%.*s", (int)(end - plugin), plugin);
	return true;
}

bool mount_volume_allowed(const struct mount *mount, const char *kind)
{
	if (text_starts(kind, "kubernetes.io~"))
		kind += strlen("kubernetes.io~");
	json_each(allowed, json_get(mount->in->rules, "volumes"))
		if (text_match(allowed->text, kind))
			return true;
	return false;
}

static bool volume_allowed(const struct mount *mount, const char *rest)
{
	char kind[NAME_MAX + 1];

	return mount_volume_kind(rest, kind) && mount_volume_allowed(mount, kind);
}

/* What follows DIRECTORY/ in a path; NULL when it is not below it. */
static const char *rest_below(const char *path, const char *directory)
{
	size_t len = strlen(directory);

	return text_starts(path, directory) && path[len] == '/' ? path + len + 1 : NULL;
}

static bool engine_calls(const struct mount *mount, enum engine engine)
{
	switch (engine) {
	case CONTAINERD:
	case KUBELET:
		return mount->in->identity->cri;
	case DOCKER:
		return mount->in->root && text_ends(mount->in->root, "/moby");
	case PODMAN:
		return !mount->in->identity->cri && mount->in->id;
	case ENGINES:
		break;
	}
	return false;
}

static enum mount_owner owner_of_shape(const struct mount *mount, const struct shape *shape,
				       const char *source)
{
	if (!engine_calls(mount, shape->engine) || !destination_fits(mount, shape->destination))
		return OWNER_NONE;
	json_each(directory, json_get(mount->in->rules, directories[shape->engine])) {
		const char *rest = rest_below(source, directory->text);

		if (!rest || !source_fits(mount, shape, rest))
			continue;
		if (shape->owner == OWNER_KUBELET && !volume_allowed(mount, rest))
			return OWNER_VOLUME;
		return shape->owner;
	}
	return OWNER_NONE;
}

static bool is_system_file(const struct mount *mount, const char *source)
{
	for (size_t i = 0; i < hr_count(system_files); i++)
		if (strcmp(system_files[i].source, source) == 0 &&
		    strcmp(system_files[i].destination, mount->place) == 0)
			return true;
	return false;
}

static bool is_bundle_file(const struct mount *mount, const char *source)
{
	const char *rest = rest_below(source, mount->in->bundle);

	for (size_t i = 0; rest && i < hr_count(bundle_files); i++)
		if (strcmp(bundle_files[i].name, rest) == 0 &&
		    strcmp(bundle_files[i].destination, mount->place) == 0)
			return true;
	return false;
}

enum mount_owner mount_owner(const struct mount *mount, const char *source)
{
	if (is_system_file(mount, source))
		return OWNER_SYSTEM;
	if (is_bundle_file(mount, source))
		return OWNER_ENGINE;
	for (size_t i = 0; i < hr_count(shapes); i++) {
		enum mount_owner owner = owner_of_shape(mount, &shapes[i], source);

		if (owner != OWNER_NONE)
			return owner;
	}
	return OWNER_NONE;
}
