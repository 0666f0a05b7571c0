/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/schema_table.h"

static const struct schema_field namespace[] = {
	STRING("type", BY("namespaces")),
	STRING("path", BY("namespaces")),
	END,
};

static const struct schema_field device[] = {
	STRING("path", KEEP),	    STRING("type", KEEP),
	INT("major", 64, KEEP),	    INT("minor", 64, KEEP),
	UINT("fileMode", 32, KEEP), UINT("uid", 32, KEEP),
	UINT("gid", 32, KEEP),	    END,
};

static const struct schema_field net_device[] = {
	STRING("name", KEEP),
	END,
};

static const struct schema_field syscall_arg[] = {
	UINT("index", 64, BY("seccomp")),
	UINT("value", 64, BY("seccomp")),
	UINT("valueTwo", 64, BY("seccomp")),
	STRING("op", BY("seccomp")),
	END,
};

static const struct schema_field syscall[] = {
	STRINGS("names", BY("seccomp")),
	STRING("action", BY("seccomp")),
	UINT("errnoRet", 64, BY("seccomp")),
	STRUCTS("args", syscall_arg, BY("seccomp")),
	END,
};

static const struct schema_field seccomp[] = {
	STRING("defaultAction", BY("seccomp")),	     UINT("defaultErrnoRet", 64, BY("seccomp")),
	STRINGS("architectures", BY("seccomp")),     STRINGS("flags", BY("seccomp")),
	STRING("listenerPath", BY("seccomp")),	     STRING("listenerMetadata", BY("seccomp")),
	STRUCTS("syscalls", syscall, BY("seccomp")), END,
};

static const struct schema_field intel_rdt[] = {
	STRING("closID", KEEP),
	STRINGS("schemata", KEEP),
	STRING("l3CacheSchema", KEEP),
	STRING("memBwSchema", KEEP),
	BOOL("enableMonitoring", KEEP),
	BOOL("enableCMT", KEEP), /* 1.1 and 1.2; 1.3 has enableMonitoring instead */
	BOOL("enableMBM", KEEP),
	END,
};

static const struct schema_field memory_policy[] = {
	STRING("mode", KEEP),
	STRING("nodes", KEEP),
	STRINGS("flags", KEEP),
	END,
};

static const struct schema_field personality[] = {
	STRING("domain", KEEP),
	STRINGS("flags", KEEP),
	END,
};

static const struct schema_field time_offset[] = {
	INT("secs", 64, KEEP),
	UINT("nanosecs", 32, KEEP),
	END,
};

const struct schema_field schema_fields_linux[] = {
	STRUCTS("uidMappings", schema_fields_id_mapping, KEEP),
	STRUCTS("gidMappings", schema_fields_id_mapping, KEEP),
	STRING_MAP("sysctl", KEEP),
	STRUCT("resources", schema_fields_resources, KEEP),
	STRING("cgroupsPath", KEEP),
	STRUCTS("namespaces", namespace, BY("namespaces")),
	STRUCTS("devices", device, KEEP),
	STRUCT_MAP("netDevices", net_device, KEEP),
	STRUCT("seccomp", seccomp, BY("seccomp")),
	STRING("rootfsPropagation", KEEP),
	STRINGS("maskedPaths", BY("paths")),
	STRINGS("readonlyPaths", BY("paths")),
	STRING("mountLabel", KEEP),
	STRUCT("intelRdt", intel_rdt, KEEP),
	STRUCT("memoryPolicy", memory_policy, KEEP),
	STRUCT("personality", personality, KEEP),
	STRUCT_MAP("timeOffsets", time_offset, KEEP),
	END,
};
