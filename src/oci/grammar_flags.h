/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the rows of the tables in grammar_{runc,crun,runsc}.c are written.
 */
#ifndef HR_OCI_GRAMMAR_FLAGS_H
#define HR_OCI_GRAMMAR_FLAGS_H

#include "oci/grammar.h"

#define SWITCH(name, alias)                        \
	{                                          \
		name, alias, FLAG_BOOL, NULL, NULL \
	}
#define VALUE(name, alias)                           \
	{                                            \
		name, alias, FLAG_STRING, NULL, NULL \
	}
#define LIST(name, alias)                          \
	{                                          \
		name, alias, FLAG_LIST, NULL, NULL \
	}
#define NO_SWITCH(name, alias, why)               \
	{                                         \
		name, alias, FLAG_BOOL, why, NULL \
	}
#define NO_VALUE(name, alias, why)                  \
	{                                           \
		name, alias, FLAG_STRING, why, NULL \
	}
#define ONLY_FALSE(name, why)                       \
	{                                           \
		name, NULL, FLAG_BOOL, why, "false" \
	}
#define ONLY(name, values, why)                      \
	{                                            \
		name, NULL, FLAG_STRING, why, values \
	}
#define END                                       \
	{                                         \
		NULL, NULL, FLAG_BOOL, NULL, NULL \
	}

#define END_COMMANDS                            \
	{                                       \
		NULL, GRAMMAR_PASS, false, NULL \
	}

/* --help beside other words could be taken back by --help=false. */
#define HELP_ALONE  "it counts alone, right behind the command"
#define HELP_GLOBAL "it counts without a command"

#endif
