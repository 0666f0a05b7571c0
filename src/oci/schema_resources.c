/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/schema_table.h"

static const struct schema_field device_rule[] = {
	BOOL("allow", BY("devices")),	 STRING("type", BY("devices")),
	INT("major", 64, BY("devices")), INT("minor", 64, BY("devices")),
	STRING("access", BY("devices")), END,
};

static const struct schema_field memory[] = {
	INT("limit", 64, BY("resources")),
	INT("reservation", 64, KEEP),
	INT("swap", 64, KEEP),
	INT("kernel", 64, BY("resources")),
	INT("kernelTCP", 64, BY("resources")),
	UINT("swappiness", 64, KEEP),
	BOOL("disableOOMKiller", BY("resources")),
	BOOL("useHierarchy", KEEP),
	BOOL("checkBeforeUpdate", KEEP),
	END,
};

static const struct schema_field cpu[] = {
	UINT("shares", 64, KEEP),
	INT("quota", 64, KEEP),
	UINT("burst", 64, KEEP),
	UINT("period", 64, KEEP),
	INT("realtimeRuntime", 64, BY("resources")),
	UINT("realtimePeriod", 64, BY("resources")),
	STRING("cpus", KEEP),
	STRING("mems", KEEP),
	INT("idle", 64, KEEP),
	END,
};

static const struct schema_field pids[] = {
	INT("limit", 64, BY("resources")),
	END,
};

static const struct schema_field weight_device[] = {
	INT("major", 64, KEEP),
	INT("minor", 64, KEEP),
	UINT("weight", 16, KEEP),
	UINT("leafWeight", 16, KEEP),
	END,
};

static const struct schema_field throttle_device[] = {
	INT("major", 64, KEEP),
	INT("minor", 64, KEEP),
	UINT("rate", 64, KEEP),
	END,
};

static const struct schema_field block_io[] = {
	UINT("weight", 16, KEEP),
	UINT("leafWeight", 16, KEEP),
	STRUCTS("weightDevice", weight_device, KEEP),
	STRUCTS("throttleReadBpsDevice", throttle_device, KEEP),
	STRUCTS("throttleWriteBpsDevice", throttle_device, KEEP),
	STRUCTS("throttleReadIOPSDevice", throttle_device, KEEP),
	STRUCTS("throttleWriteIOPSDevice", throttle_device, KEEP),
	END,
};

static const struct schema_field hugepage_limit[] = {
	STRING("pageSize", KEEP),
	UINT("limit", 64, BY("resources")),
	END,
};

static const struct schema_field interface_priority[] = {
	STRING("name", BY("resources")),
	UINT("priority", 32, BY("resources")),
	END,
};

static const struct schema_field network[] = {
	UINT("classID", 32, KEEP),
	STRUCTS("priorities", interface_priority, BY("resources")),
	END,
};

static const struct schema_field rdma[] = {
	UINT("hcaHandles", 32, KEEP),
	UINT("hcaObjects", 32, KEEP),
	END,
};

const struct schema_field schema_fields_resources[] = {
	STRUCTS("devices", device_rule, BY("devices")),
	STRUCT("memory", memory, KEEP),
	STRUCT("cpu", cpu, KEEP),
	STRUCT("pids", pids, BY("resources")),
	STRUCT("blockIO", block_io, KEEP),
	STRUCTS("hugepageLimits", hugepage_limit, KEEP),
	STRUCT("network", network, KEEP),
	STRUCT_MAP("rdma", rdma, KEEP),
	STRING_MAP("unified", BY("resources")),
	END,
};
