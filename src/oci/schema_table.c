/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/schema_table.h"

const struct schema_field schema_fields_id_mapping[] = {
	UINT("containerID", 32, KEEP),
	UINT("hostID", 32, KEEP),
	UINT("size", 32, KEEP),
	END,
};

static const struct schema_field root[] = {
	STRING("path", BY("rootfs")),
	BOOL("readonly", KEEP),
	END,
};

static const struct schema_field mount[] = {
	STRING("destination", KEEP),
	STRING("type", KEEP),
	STRING("source", KEEP),
	STRINGS("options", KEEP),
	STRUCTS("uidMappings", schema_fields_id_mapping, KEEP),
	STRUCTS("gidMappings", schema_fields_id_mapping, KEEP),
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
	STRING("hostname", KEEP),
	STRING("domainname", KEEP),
	STRUCTS("mounts", mount, KEEP),
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
