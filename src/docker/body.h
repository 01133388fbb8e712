/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A collected JSON body that cannot be read in two ways (POLICY 6): the pre-scan bounds and checks
 * the bytes, then a second pass builds the tree.
 */
#pragma once

#include "util/bytes.h"

typedef struct BodyLimits {
        unsigned depth_max;     /* 32 */
        unsigned n_members_max; /* 4096 in one object */
        unsigned n_values_max;  /* 16384 in all */
        size_t struct_key_max;  /* 64 bytes */
        size_t map_key_max;     /* 4 KiB */
        size_t string_max;      /* 256 KiB */
} BodyLimits;

extern const BodyLimits body_limits;

typedef enum BodyError {
        BODY_OK = 0,
        BODY_EMPTY,    /* no value at all */
        BODY_NOT_JSON, /* RFC 8259 broken, trailing bytes */
        BODY_NOT_OBJECT,
        BODY_NOT_UTF8, /* invalid UTF-8, BOM, lone surrogate */
        BODY_HAS_NUL,  /* \u0000 */
        BODY_TOO_DEEP,
        BODY_TOO_MANY,      /* members or values */
        BODY_TOO_LONG,      /* a key or string */
        BODY_DUPLICATE_KEY, /* byte-equal keys in one object */
        BODY_NO_MEMORY,
} BodyError;

typedef struct Body Body;

/* Bytes in, a tree out; *ret is set on BODY_OK only and is freed by body_free(). */
BodyError body_parse(Bytes raw, const BodyLimits *limits, Body **ret);
Body *body_free(Body *b);

/* Fixed word for the audit ("json-duplicate-key") and sentence for the client. */
const char *body_error_reason(BodyError error);
const char *body_error_text(BodyError error);

typedef enum BodyType {
        BODY_NULL = 0,
        BODY_BOOL,
        BODY_INTEGER,
        BODY_REAL,
        BODY_STRING,
        BODY_ARRAY,
        BODY_OBJECT,
} BodyType;

/* A value of the tree; borrowed from the Body. */
typedef struct BodyValue {
        BodyType type;
        bool boolean;
        int64_t integer;
        Bytes string;     /* unescaped */
        const void *node; /* for the functions below */
} BodyValue;

/* The top object's members in their order: index from 0; false past the end. */
bool body_member_at(const Body *b, size_t index, Bytes *ret_key, BodyValue *ret_value);
size_t body_n_members(const Body *b);

/* The top object itself. */
BodyValue body_root(const Body *b);

/* Members of an object, elements of an array. */
size_t body_size(const BodyValue *v);

/* The element at index (below body_size()). */
BodyValue body_element(const BodyValue *array, size_t index);

/* Goes through the members of an object in their order: *position NULL at first. false: no more. */
bool body_next(const BodyValue *object, void **position, Bytes *ret_key, BodyValue *ret_value);

/* The member spelled exactly so; false and BODY_NULL when there is none. */
bool body_find(const BodyValue *object, const char *key, BodyValue *ret_value);

/* Is there a top level member spelled exactly so? */
bool body_has_member(const Body *b, Bytes key);

/* Equal after Go's folding of struct keys: ASCII case, U+017F is s, U+212A is k. */
bool body_key_folds_to(Bytes key, Bytes known);
