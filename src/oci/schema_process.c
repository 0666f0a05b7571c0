/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/schema_table.h"

static const struct schema_field console_size[] = {
	UINT("height", 64, KEEP),
	UINT("width", 64, KEEP),
	END,
};

static const struct schema_field user[] = {
	UINT("uid", 32, BY("user")),
	UINT("gid", 32, BY("user")),
	UINT("umask", 32, BY("user")),
	UINTS("additionalGids", 32, BY("user")),
	STRING("username", DROP), /* Windows */
	END,
};

static const struct schema_field capabilities[] = {
	STRINGS("bounding", BY("capabilities")),    STRINGS("effective", BY("capabilities")),
	STRINGS("inheritable", BY("capabilities")), STRINGS("permitted", BY("capabilities")),
	STRINGS("ambient", BY("capabilities")),	    END,
};

static const struct schema_field rlimit[] = {
	STRING("type", BY("rlimits")),
	UINT("hard", 64, BY("rlimits")),
	UINT("soft", 64, BY("rlimits")),
	END,
};

static const struct schema_field scheduler[] = {
	STRING("policy", BY("scheduling")),    INT("nice", 32, BY("scheduling")),
	INT("priority", 32, BY("scheduling")), STRINGS("flags", BY("scheduling")),
	UINT("runtime", 64, BY("scheduling")), UINT("deadline", 64, BY("scheduling")),
	UINT("period", 64, BY("scheduling")),  END,
};

static const struct schema_field io_priority[] = {
	STRING("class", BY("scheduling")),
	INT("priority", 64, BY("scheduling")),
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
	STRUCT("user", user, BY("user")),
	STRINGS("args", BY("args")),
	STRING("commandLine", DROP),	   /* Windows */
	STRINGS("env", BY("environment")), /* and hooks: the loader's variables */
	STRING("cwd", BY("cwd")),
	STRUCT("capabilities", capabilities, BY("capabilities")),
	STRUCTS("rlimits", rlimit, BY("rlimits")),
	BOOL("noNewPrivileges", BY("no_new_privs")),
	STRING("apparmorProfile", BY("apparmor")),
	INT("oomScoreAdj", 64, BY("oom_score")),
	STRUCT("scheduler", scheduler, BY("scheduling")),
	STRING("selinuxLabel", BY("selinux")),
	STRUCT("ioPriority", io_priority, BY("scheduling")),
	STRUCT("execCPUAffinity", cpu_affinity, KEEP),
	END,
};
