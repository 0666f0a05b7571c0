/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/schema_table.h"

static const struct schema_field namespace[] = {
	STRING("type", BY("namespaces")),
	STRING("path", BY("namespaces")),
	END,
};

static const struct schema_field device[] = {
	STRING("path", BY("devices")),	     STRING("type", BY("devices")),
	INT("major", 64, BY("devices")),     INT("minor", 64, BY("devices")),
	UINT("fileMode", 32, BY("devices")), UINT("uid", 32, BY("devices")),
	UINT("gid", 32, BY("devices")),	     END,
};

static const struct schema_field net_device[] = {
	STRING("name", BY("extras")),
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
	STRING("closID", BY("extras")),
	STRINGS("schemata", BY("extras")),
	STRING("l3CacheSchema", BY("extras")),
	STRING("memBwSchema", BY("extras")),
	BOOL("enableMonitoring", BY("extras")),
	BOOL("enableCMT", BY("extras")), /* 1.1 and 1.2; 1.3 has enableMonitoring instead */
	BOOL("enableMBM", BY("extras")),
	END,
};

static const struct schema_field memory_policy[] = {
	STRING("mode", BY("extras")),
	STRING("nodes", BY("extras")),
	STRINGS("flags", BY("extras")),
	END,
};

static const struct schema_field personality[] = {
	STRING("domain", BY("extras")),
	STRINGS("flags", BY("extras")),
	END,
};

static const struct schema_field time_offset[] = {
	INT("secs", 64, BY("extras")),
	UINT("nanosecs", 32, BY("extras")),
	END,
};

const struct schema_field schema_fields_linux[] = {
	STRUCTS("uidMappings", schema_fields_id_mapping, BY("userns")),
	STRUCTS("gidMappings", schema_fields_id_mapping, BY("userns")),
	STRING_MAP("sysctl", BY("sysctls")),
	STRUCT("resources", schema_fields_resources, BY("resources")),
	STRING("cgroupsPath", BY("cgroups")),
	STRUCTS("namespaces", namespace, BY("namespaces")),
	STRUCTS("devices", device, BY("devices")),
	STRUCT_MAP("netDevices", net_device, BY("extras")),
	STRUCT("seccomp", seccomp, BY("seccomp")),
	STRING("rootfsPropagation", BY("mounts")),
	STRINGS("maskedPaths", BY("paths")),
	STRINGS("readonlyPaths", BY("paths")),
	STRING("mountLabel", BY("selinux")),
	STRUCT("intelRdt", intel_rdt, BY("extras")),
	STRUCT("memoryPolicy", memory_policy, BY("extras")),
	STRUCT("personality", personality, BY("extras")),
	STRUCT_MAP("timeOffsets", time_offset, BY("extras")),
	END,
};
