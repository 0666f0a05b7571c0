/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/schema_table.h"

const struct schema_field schema_fields_id_mapping[] = {
	UINT("containerID", 32, BY("userns")),
	UINT("hostID", 32, BY("userns")),
	UINT("size", 32, BY("userns")),
	END,
};

static const struct schema_field root[] = {
	STRING("path", BY("rootfs")),
	BOOL("readonly", BY("rootfs")),
	END,
};

static const struct schema_field mount[] = {
	STRING("destination", BY("mounts")),
	STRING("type", BY("mounts")),
	STRING("source", BY("mounts")),
	STRINGS("options", BY("mounts")),
	STRUCTS("uidMappings", schema_fields_id_mapping, BY("mounts")),
	STRUCTS("gidMappings", schema_fields_id_mapping, BY("mounts")),
	END,
};

static const struct schema_field hook[] = {
	STRING("path", BY("hooks")),
	STRINGS("args", BY("hooks")),
	STRINGS("env", BY("hooks")),
	INT("timeout", 64, BY("hooks")),
	END,
};

static const struct schema_field hooks[] = {
	STRUCTS("prestart", hook, BY("hooks")),
	STRUCTS("createRuntime", hook, BY("hooks")),
	STRUCTS("createContainer", hook, BY("hooks")),
	STRUCTS("startContainer", hook, BY("hooks")),
	STRUCTS("poststart", hook, BY("hooks")),
	STRUCTS("poststop", hook, BY("hooks")),
	END,
};

static const struct schema_field spec[] = {
	STRING("ociVersion", BY("document")),
	STRUCT("process", schema_fields_process, KEEP),
	STRUCT("root", root, KEEP),
	STRING("hostname", BY("namespaces")),
	STRING("domainname", BY("namespaces")),
	STRUCTS("mounts", mount, BY("mounts")),
	STRUCT("hooks", hooks, BY("hooks")),
	STRING_MAP("annotations", BY("annotations")),
	STRUCT("linux", schema_fields_linux, KEEP),
	OPAQUE("solaris", DROP),
	OPAQUE("windows", DROP),
	OPAQUE("vm", DROP),
	OPAQUE("zos", DROP),
	OPAQUE("freebsd", DROP),
	END,
};

const struct schema_field schema_spec = {.type = SCHEMA_STRUCT, .fields = spec, KEEP};

const struct schema_field schema_process = {
	.type = SCHEMA_STRUCT,
	.fields = schema_fields_process,
	KEEP,
};

const struct schema_field schema_resources = {
	.type = SCHEMA_STRUCT,
	.fields = schema_fields_resources,
	KEEP,
};
