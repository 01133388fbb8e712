/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a body by the rows of its schema as Go would, and refuses where Go is lenient: another
 * spelling of a known key, keys that Go folds into one, null in a list. What no row names is left
 * to the judge, which wants it to be zero.
 *
 * It recurses by rows alone: schemas do not refer to themselves, so the depth of the tables (seven)
 * bounds it whatever the body holds.
 */
#include "policy/form.h"

#include "policy/judge.h"
#include "util/macros.h"

#include <limits.h>

static bool form_object(Judge *j, const Schema *s, const BodyValue *object);
static bool form_value(Judge *j, const Field *f, FieldType type, const BodyValue *v);

static bool form_reject_type(Judge *j) {
        return judge_reject(j, "json-type", "this value has the wrong type");
}

static bool form_int(Judge *j, FieldWidth width, const BodyValue *v) {
        static const int64_t max[] = {
                [WIDTH_I64] = INT64_MAX,
                [WIDTH_U16] = UINT16_MAX,
                [WIDTH_U32] = UINT32_MAX,
                [WIDTH_U64] = INT64_MAX, /* docker/body reads no larger ones */
        };

        if (v->type != BODY_INTEGER)
                return form_reject_type(j);
        if (v->integer > max[width] || (width != WIDTH_I64 && v->integer < 0))
                return judge_reject(j, "json-type", "this number is out of range");

        return true;
}

static bool form_list(Judge *j, const Field *f, FieldType element, const BodyValue *list) {
        if (list->type != BODY_ARRAY)
                return form_reject_type(j);

        for (size_t i = 0; i < body_size(list); i++) {
                BodyValue v = body_element(list, i);
                size_t len = judge_push_index(j, i);

                if (v.type == BODY_NULL)
                        return judge_reject(j, "json-null", "a list may not hold null");
                if (!form_value(j, f, element, &v))
                        return false;
                judge_pop(j, len);
        }

        return true;
}

/* Keys are free; equal ones were refused when the body was read. */
static bool form_map(Judge *j, const Field *f, FieldType element, const BodyValue *map) {
        void *position = NULL;
        BodyValue v;
        Bytes key;

        if (map->type != BODY_OBJECT)
                return form_reject_type(j);

        while (body_next(map, &position, &key, &v)) {
                size_t len = judge_push(j, key);

                if (!form_value(j, f, element, &v))
                        return false;
                judge_pop(j, len);
        }

        return true;
}

/* The value {} of a map that is a set. */
static bool form_set(Judge *j, const BodyValue *map) {
        void *position = NULL;
        BodyValue v;
        Bytes key;

        if (map->type != BODY_OBJECT)
                return form_reject_type(j);

        while (body_next(map, &position, &key, &v)) {
                size_t len = judge_push(j, key);

                if (v.type != BODY_NULL && (v.type != BODY_OBJECT || body_size(&v) > 0))
                        return form_reject_type(j);
                judge_pop(j, len);
        }

        return true;
}

static bool form_is_of(Judge *j, const BodyValue *v, BodyType type) {
        return v->type == type || form_reject_type(j);
}

static bool form_value(Judge *j, const Field *f, FieldType type, const BodyValue *v) {
        if (v->type == BODY_NULL)
                return true;

        switch (type) {
        case FIELD_ANY:
                return true;
        case FIELD_BOOL:
                return form_is_of(j, v, BODY_BOOL);
        case FIELD_INT:
                return form_int(j, f->width, v);
        case FIELD_FLOAT:
                return v->type == BODY_REAL || form_is_of(j, v, BODY_INTEGER);
        case FIELD_STRING:
                return form_is_of(j, v, BODY_STRING);
        case FIELD_STRSLICE:
                return v->type == BODY_STRING || form_list(j, f, FIELD_STRING, v);
        case FIELD_STRUCT:
                return form_object(j, f->rows, v);
        case FIELD_STRINGS:
                return form_list(j, f, FIELD_STRING, v);
        case FIELD_INTS:
                return form_list(j, f, FIELD_INT, v);
        case FIELD_STRUCTS:
                return form_list(j, f, FIELD_STRUCT, v);
        case FIELD_STRING_LISTS:
                return form_list(j, f, FIELD_STRINGS, v);
        case FIELD_MAP_STRING:
                return form_map(j, f, FIELD_STRING, v);
        case FIELD_MAP_EMPTY:
                return form_set(j, v);
        case FIELD_MAP_STRUCT:
                return form_map(j, f, FIELD_STRUCT, v);
        case FIELD_MAP_STRUCTS:
                return form_map(j, f, FIELD_STRUCTS, v);
        }

        return form_reject_type(j);
}

static bool form_is_ascii(Bytes key) {
        for (size_t i = 0; i < key.len; i++)
                if ((unsigned char) key.data[i] >= 0x80)
                        return false;

        return true;
}

/* Go would take it for the row, whatever its spelling. */
static const Field *form_fold(const Schema *s, Bytes key) {
        for (size_t i = 0; i < s->n_fields; i++)
                if (body_key_folds_to(key, bytes_of(s->fields[i].name)))
                        return &s->fields[i];

        return NULL;
}

/* A key that no row spells so. seen: the other ones of this object. */
static bool form_unknown(Judge *j, const Schema *s, Bytes key, Bytes *seen, size_t *n_seen) {
        if (form_fold(s, key))
                return judge_reject(j, "key-spelling",
                                    "the engine would read this key, which is spelled otherwise");
        if (!form_is_ascii(key))
                return judge_reject(j, "key-not-ascii", "this key is not ASCII");
        for (size_t i = 0; i < *n_seen; i++)
                if (body_key_folds_to(key, seen[i]))
                        return judge_reject(j, "json-duplicate-key", "this key is given twice");
        if (*n_seen == FORM_UNKNOWN_MAX)
                return judge_reject(j, "json-too-many", "too many unknown keys");

        seen[(*n_seen)++] = key;
        return true;
}

static bool form_object(Judge *j, const Schema *s, const BodyValue *object) {
        Bytes unknown[FORM_UNKNOWN_MAX], key;
        void *position = NULL;
        size_t n_unknown = 0;
        BodyValue v;

        if (object->type != BODY_OBJECT)
                return form_reject_type(j);

        while (body_next(object, &position, &key, &v)) {
                const Field *f = schema_field(s, key);
                size_t len = judge_push(j, key);

                if (key.len > body_limits.struct_key_max)
                        return judge_reject(j, "json-too-long", "this key is too long");
                if (f ? !form_value(j, f, f->type, &v)
                      : !form_unknown(j, s, key, unknown, &n_unknown))
                        return false;
                judge_pop(j, len);
        }

        return true;
}

bool form_check(Judge *j, const Schema *s, const BodyValue *object) {
        assert(j);
        assert(s);

        return form_object(j, s, object);
}
