/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/schema_table.h"

static const struct schema_field console_size[] = {
	UINT("height", 64, KEEP),
	UINT("width", 64, KEEP),
	END,
};

static const struct schema_field user[] = {
	UINT("uid", 32, KEEP),
	UINT("gid", 32, KEEP),
	UINT("umask", 32, KEEP),
	UINTS("additionalGids", 32, KEEP),
	STRING("username", DROP), /* Windows */
	END,
};

static const struct schema_field capabilities[] = {
	STRINGS("bounding", BY("capabilities")),    STRINGS("effective", BY("capabilities")),
	STRINGS("inheritable", BY("capabilities")), STRINGS("permitted", BY("capabilities")),
	STRINGS("ambient", BY("capabilities")),	    END,
};

static const struct schema_field rlimit[] = {
	STRING("type", KEEP),
	UINT("hard", 64, KEEP),
	UINT("soft", 64, KEEP),
	END,
};

static const struct schema_field scheduler[] = {
	STRING("policy", KEEP),	   INT("nice", 32, KEEP),
	INT("priority", 32, KEEP), STRINGS("flags", KEEP),
	UINT("runtime", 64, KEEP), UINT("deadline", 64, KEEP),
	UINT("period", 64, KEEP),  END,
};

static const struct schema_field io_priority[] = {
	STRING("class", KEEP),
	INT("priority", 64, KEEP),
	END,
};

static const struct schema_field cpu_affinity[] = {
	STRING("initial", KEEP),
	STRING("final", KEEP),
	END,
};

const struct schema_field schema_fields_process[] = {
	BOOL("terminal", KEEP),
	STRUCT("consoleSize", console_size, KEEP),
	STRUCT("user", user, KEEP),
	STRINGS("args", KEEP),
	STRING("commandLine", DROP), /* Windows */
	STRINGS("env", BY("hooks")), /* the loader's variables, where a hook is left */
	STRING("cwd", BY("cwd")),
	STRUCT("capabilities", capabilities, BY("capabilities")),
	STRUCTS("rlimits", rlimit, KEEP),
	BOOL("noNewPrivileges", BY("no_new_privs")),
	STRING("apparmorProfile", BY("apparmor")),
	INT("oomScoreAdj", 64, KEEP),
	STRUCT("scheduler", scheduler, KEEP),
	STRING("selinuxLabel", BY("selinux")),
	STRUCT("ioPriority", io_priority, KEEP),
	STRUCT("execCPUAffinity", cpu_affinity, KEEP),
	END,
};
