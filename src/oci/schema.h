/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole of runtime-spec 1.3 as one table: every field's type and what hardrun does
 * with it. Key folding, unknown keys, wrong types and "every field has a fate" all come
 * from it. Go's decoder matches keys without regard to case (U+017F and U+212A
 * included), so a key that only folds to a known one is refused, as are two keys that
 * fold to the same.
 */
#ifndef HR_OCI_SCHEMA_H
#define HR_OCI_SCHEMA_H

#include "json/json.h"

enum schema_type {
	SCHEMA_STRUCT, /* object with the fields listed in `fields` */
	SCHEMA_MAP,    /* object with free keys; every value is `item` */
	SCHEMA_LIST,   /* array; every element is `item` */
	SCHEMA_STRING,
	SCHEMA_BOOL,
	SCHEMA_INT,    /* signed, bits in `bits`; no fraction, no exponent */
	SCHEMA_UINT,   /* unsigned, bits in `bits` */
	SCHEMA_OPAQUE, /* taken as it is (an object of a platform that is not ours) */
	SCHEMA_TYPES
};

/* What happens to a field (CONTROLS): what a control decides, or why none does. */
enum schema_fate {
	FATE_CONTROL, /* judged by the control named in `control` */
	FATE_KEEP,    /* harmless data: kept as asked */
	FATE_DROP,    /* another platform's: see the control `document` */
	FATES
};

struct schema_field {
	const char *key; /* NULL ends a list of fields, and names an `item` */
	enum schema_type type;
	unsigned bits;			   /* SCHEMA_INT, SCHEMA_UINT: 8, 16, 32 or 64 */
	const struct schema_field *fields; /* SCHEMA_STRUCT: ends with key NULL */
	const struct schema_field *item;   /* SCHEMA_MAP, SCHEMA_LIST */
	enum schema_fate fate;
	const char *control; /* FATE_CONTROL: a name of control/table.c */
};

extern const struct schema_field schema_spec;	   /* config.json */
extern const struct schema_field schema_process;   /* process.json of exec */
extern const struct schema_field schema_resources; /* the body of update */

/*
 * Check a document against the table: types, folded keys, null inside a list.
 * Error: HR_SPEC naming the JSON path. A key that no field is named like is not an
 * error here: `unknown` is called for it (path in the dotted form of the report, the
 * value); it may be NULL to refuse nothing.
 */
typedef void (*schema_unknown_fn)(void *data, const char *path, const struct json *value);
int schema_check(const struct schema_field *schema, const struct json *document,
		 schema_unknown_fn unknown, void *data, struct hr_error *err);

/* True if `a` and `b` are the same key for Go's encoding/json. */
bool schema_folds(const char *a, const char *b);

#endif
