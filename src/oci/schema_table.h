/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to the schema: words to write the table with, and the parts of it that stand
 * in files of their own. A list or map hands its fate to its items. Types and widths are
 * those of specs-go/config.go of runtime-spec 1.3 (Go's int and uint are 64 bits wide,
 * os.FileMode is 32); keys that only an older 1.x had say so.
 */
#ifndef HR_OCI_SCHEMA_TABLE_H
#define HR_OCI_SCHEMA_TABLE_H

#include "oci/schema.h"

/* Fates. */
#define KEEP	 .fate = FATE_KEEP
#define BY(name) .fate = FATE_CONTROL, .control = name
#define DROP	 .fate = FATE_DROP, .control = "document"

/* Fields of one value. */
#define STRING(name, ...)                                       \
	{                                                       \
		.key = name, .type = SCHEMA_STRING, __VA_ARGS__ \
	}
#define BOOL(name, ...)                                       \
	{                                                     \
		.key = name, .type = SCHEMA_BOOL, __VA_ARGS__ \
	}
#define INT(name, width, ...)                                               \
	{                                                                   \
		.key = name, .type = SCHEMA_INT, .bits = width, __VA_ARGS__ \
	}
#define UINT(name, width, ...)                                               \
	{                                                                    \
		.key = name, .type = SCHEMA_UINT, .bits = width, __VA_ARGS__ \
	}
#define STRUCT(name, list, ...)                                                 \
	{                                                                       \
		.key = name, .type = SCHEMA_STRUCT, .fields = list, __VA_ARGS__ \
	}
#define OPAQUE(name, ...)                                       \
	{                                                       \
		.key = name, .type = SCHEMA_OPAQUE, __VA_ARGS__ \
	}

/* Lists and maps. The item is a constant of its own: static, as this is file scope. */
#define ITEM(...)                    \
	&(const struct schema_field) \
	{                            \
		__VA_ARGS__          \
	}
#define STRING_ITEM(...)    ITEM(.type = SCHEMA_STRING, __VA_ARGS__)
#define UINT_ITEM(w, ...)   ITEM(.type = SCHEMA_UINT, .bits = w, __VA_ARGS__)
#define STRUCT_ITEM(l, ...) ITEM(.type = SCHEMA_STRUCT, .fields = l, __VA_ARGS__)

#define STRINGS(name, ...)                                                                      \
	{                                                                                       \
		.key = name, .type = SCHEMA_LIST, .item = STRING_ITEM(__VA_ARGS__), __VA_ARGS__ \
	}
#define UINTS(name, width, ...)                                                          \
	{                                                                                \
		.key = name, .type = SCHEMA_LIST, .item = UINT_ITEM(width, __VA_ARGS__), \
		__VA_ARGS__                                                              \
	}
#define STRUCTS(name, list, ...)                                                          \
	{                                                                                 \
		.key = name, .type = SCHEMA_LIST, .item = STRUCT_ITEM(list, __VA_ARGS__), \
		__VA_ARGS__                                                               \
	}
#define STRING_MAP(name, ...)                                                                  \
	{                                                                                      \
		.key = name, .type = SCHEMA_MAP, .item = STRING_ITEM(__VA_ARGS__), __VA_ARGS__ \
	}
#define STRUCT_MAP(name, list, ...)                                                      \
	{                                                                                \
		.key = name, .type = SCHEMA_MAP, .item = STRUCT_ITEM(list, __VA_ARGS__), \
		__VA_ARGS__                                                              \
	}

/* The end of a list of fields. */
#define END                 \
	{                   \
		.key = NULL \
	}

extern const struct schema_field schema_fields_process[];
extern const struct schema_field schema_fields_linux[];
extern const struct schema_field schema_fields_resources[];

/* A range of ids: of the user namespace (linux) and of a mount of its own. */
extern const struct schema_field schema_fields_id_mapping[];

#endif
