/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may stand in a judged body, as data: one row a member. The walker in judge.c reads a body by
 * these rows as Go would and refuses whatever no row explains (POLICY 6).
 */
#pragma once

#include "docker/body.h"
#include "policy/rules.h"

typedef struct Judge Judge;
typedef struct Schema Schema;
typedef struct Field Field;

/* Type of a member as Go enforces it (POLICY 6.5). null is the zero value of every type. */
typedef enum _packed_ FieldType {
        FIELD_ANY = 0, /* not looked into: allowed only when zero, or by a check */
        FIELD_BOOL,
        FIELD_INT,
        FIELD_FLOAT,
        FIELD_STRING,
        FIELD_STRSLICE, /* string or list of strings */
        FIELD_STRUCT,   /* rows */
        FIELD_STRINGS,  /* list of strings */
        FIELD_INTS,
        FIELD_STRUCTS,      /* list of rows */
        FIELD_STRING_LISTS, /* list of lists of strings */
        FIELD_MAP_STRING,   /* map of strings: keys are free and byte-equal */
        FIELD_MAP_EMPTY,    /* map of {} (null too) */
        FIELD_MAP_STRUCT,   /* map of rows */
        FIELD_MAP_STRUCTS,  /* map of lists of rows (null too) */
} FieldType;

typedef enum _packed_ FieldWidth { WIDTH_I64 = 0, WIDTH_U16, WIDTH_U32, WIDTH_U64 } FieldWidth;

/* What is allowed whatever the policy says. Absent and null always are, but under NONE and where a
 * check says else. */
typedef enum _packed_ FieldHarmless {
        HARMLESS_ZERO = 0, /* null, false, 0, "", [], {} */
        HARMLESS_ANY,
        HARMLESS_NONE,  /* only what check allows; absent counts as the engine's default, and is
                           checked too */
        HARMLESS_NULL,  /* an empty list does harm */
        HARMLESS_ROWS,  /* its members are judged by rows */
        HARMLESS_RANGE, /* integers from min to max (FIELD_NO_END: none) */
        HARMLESS_WORDS, /* one of words, separated by |: "|local" begins with the empty word */
} FieldHarmless;

/*
 * Judges a value that is not harmless (every value, under NONE; v->type BODY_NULL when absent).
 * true: allowed, as far as its own rows do. false: refused, and judge_deny() was called. No check:
 * no key allows it, unless key is given and rows judge what is in it. Under ANY and ROWS a check
 * narrows: it sees every value but null. Types are right when a check is called.
 */
typedef bool FieldCheck(Judge *j, const Field *f, const BodyValue *v);

/* The same for an object as a whole, after its members: rules over several of them. BODY_NULL when
 * it is absent. */
typedef bool SchemaCheck(Judge *j, const Schema *s, const BodyValue *object);

#define FIELD_NO_END INT32_MAX

struct Field {
        const char *name;
        const char *words;
        const Schema *rows;
        FieldCheck *check;
        int32_t min, max;
        FieldType type;
        FieldHarmless harmless;
        FieldWidth width;
        RuleKey key; /* the ini key that allows more: for the hint */
};

struct Schema {
        const char *name; /* that of body-fields.tsv: "container.create/HostConfig" */
        const Field *fields;
        size_t n_fields;
        SchemaCheck *check; /* may be NULL */
};

/* The row spelled exactly so; NULL: none. */
const Field *schema_field(const Schema *s, Bytes name);

/* The schema of a name in body-fields.tsv, for the test that compares; NULL: unknown. */
const Schema *schema_find(const char *name);

extern const Schema schema_container_create;
extern const Schema schema_container_update;
extern const Schema schema_exec_create;
extern const Schema schema_exec_start;
extern const Schema schema_network_create;
extern const Schema schema_network_connect;
extern const Schema schema_network_disconnect;
extern const Schema schema_volume_create;
extern const Schema schema_volume_update;
extern const Schema schema_service_create; /* and update */
