/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A collected JSON body as a tree. The pre-scan comes first and has refused everything that could
 * be read in two ways; jansson then builds the tree and refuses equal keys. It trusts the caller to
 * have capped the length of the body.
 *
 * jansson's allocator is left alone: when a failing allocation is reported back to it, 2.14 drops
 * bytes of a string and calls it a success. The pre-scan's limit on values bounds the memory.
 */
#include "docker/body.h"

#include "docker/body-scan.h"
#include "util/macros.h"

#include <jansson.h>

const BodyLimits body_limits = {
        .depth_max = 32,
        .n_members_max = 4096,
        .n_values_max = 16384,
        .struct_key_max = 64,
        .map_key_max = 4 * KIB,
        .string_max = 256 * KIB,
};

struct Body {
        json_t *root;
        void **members; /* iterators of the top object, in the order of the text */
        size_t n_members;
};

DEFINE_CLEANUP(Body *, body_free)

static BodyError body_error_of(const json_error_t *error) {
        if (json_error_code(error) == json_error_duplicate_key)
                return BODY_DUPLICATE_KEY;

        /* A failed allocation mostly comes without a code; a fault of the text always has one, such
         * as the number that does not fit 64 bits. */
        if (json_error_code(error) == json_error_unknown ||
            json_error_code(error) == json_error_out_of_memory)
                return BODY_NO_MEMORY;

        return BODY_NOT_JSON;
}

/* Iterators by index: jansson only walks. */
static BodyError body_index(Body *b) {
        size_t n = json_object_size(b->root);

        if (n == 0)
                return BODY_OK;

        b->members = calloc(n, sizeof(*b->members));
        if (!b->members)
                return BODY_NO_MEMORY;

        for (void *i = json_object_iter(b->root); i && b->n_members < n;
             i = json_object_iter_next(b->root, i))
                b->members[b->n_members++] = i;

        return BODY_OK;
}

BodyError body_parse(Bytes raw, const BodyLimits *limits, Body **ret) {
        _cleanup_(body_freep) Body *b = NULL;
        json_error_t json_error;
        BodyError error;

        assert(limits);
        assert(ret);

        error = body_scan(raw, limits);
        if (error != BODY_OK)
                return error;

        b = calloc(1, sizeof(*b));
        if (!b)
                return BODY_NO_MEMORY;

        b->root = json_loadb(raw.data, raw.len, JSON_REJECT_DUPLICATES, &json_error);
        if (!b->root)
                return body_error_of(&json_error);
        if (!json_is_object(b->root))
                return BODY_NOT_OBJECT;

        error = body_index(b);
        if (error != BODY_OK)
                return error;

        *ret = TAKE_PTR(b);
        return BODY_OK;
}

Body *body_free(Body *b) {
        if (!b)
                return NULL;

        free(b->members);
        json_decref(b->root);
        free(b);
        return NULL;
}

static const struct {
        const char *reason;
        const char *text;
} body_errors[] = {
        [BODY_OK] = { "json-ok", "the body is fine" },
        [BODY_EMPTY] = { "json-empty", "the body is empty" },
        [BODY_NOT_JSON] = { "json-invalid", "the body is not valid JSON" },
        [BODY_NOT_OBJECT] = { "json-not-object", "the body is not a JSON object" },
        [BODY_NOT_UTF8] = { "json-not-utf8", "the body is not valid UTF-8" },
        [BODY_HAS_NUL] = { "json-nul", "the body holds \\u0000" },
        [BODY_TOO_DEEP] = { "json-too-deep", "the body is nested too deeply" },
        [BODY_TOO_MANY] = { "json-too-many", "the body has too many values" },
        [BODY_TOO_LONG] = { "json-too-long", "a key or string of the body is too long" },
        [BODY_DUPLICATE_KEY] = { "json-duplicate-key", "a key of the body is given twice" },
        [BODY_NO_MEMORY] = { "no-memory", "no memory to judge the body" },
};

const char *body_error_reason(BodyError error) {
        assert(error < ARRAY_SIZE(body_errors));
        return body_errors[error].reason;
}

const char *body_error_text(BodyError error) {
        assert(error < ARRAY_SIZE(body_errors));
        return body_errors[error].text;
}

static BodyValue body_value_of(const json_t *node) {
        BodyValue v = { .node = node };

        switch (json_typeof(node)) {
        case JSON_NULL:
                v.type = BODY_NULL;
                break;
        case JSON_TRUE:
        case JSON_FALSE:
                v.type = BODY_BOOL;
                v.boolean = json_typeof(node) == JSON_TRUE;
                break;
        case JSON_INTEGER:
                v.type = BODY_INTEGER;
                v.integer = json_integer_value(node);
                break;
        case JSON_REAL:
                v.type = BODY_REAL;
                break;
        case JSON_STRING:
                v.type = BODY_STRING;
                v.string = (Bytes){ json_string_value(node), json_string_length(node) };
                break;
        case JSON_ARRAY:
                v.type = BODY_ARRAY;
                break;
        case JSON_OBJECT:
                v.type = BODY_OBJECT;
                break;
        }

        return v;
}

bool body_member_at(const Body *b, size_t index, Bytes *ret_key, BodyValue *ret_value) {
        void *i;

        assert(b);

        if (index >= b->n_members)
                return false;

        i = b->members[index];
        if (ret_key)
                *ret_key = (Bytes){ json_object_iter_key(i), json_object_iter_key_len(i) };
        if (ret_value)
                *ret_value = body_value_of(json_object_iter_value(i));
        return true;
}

size_t body_n_members(const Body *b) {
        assert(b);
        return b->n_members;
}

BodyValue body_root(const Body *b) {
        assert(b);
        return body_value_of(b->root);
}

size_t body_size(const BodyValue *v) {
        switch (v->type) {
        case BODY_ARRAY:
                return json_array_size(v->node);
        case BODY_OBJECT:
                return json_object_size(v->node);
        case BODY_NULL:
        case BODY_BOOL:
        case BODY_INTEGER:
        case BODY_REAL:
        case BODY_STRING:
                break;
        }

        return 0;
}

BodyValue body_element(const BodyValue *array, size_t index) {
        assert(array->type == BODY_ARRAY && index < json_array_size(array->node));
        return body_value_of(json_array_get(array->node, index));
}

/* jansson's iterators take a pointer that is not const and change nothing. */
bool body_next(const BodyValue *object, void **position, Bytes *ret_key, BodyValue *ret_value) {
        json_t *node = (json_t *) (uintptr_t) object->node;

        assert(object->type == BODY_OBJECT);

        *position = *position ? json_object_iter_next(node, *position) : json_object_iter(node);
        if (!*position)
                return false;

        *ret_key = (Bytes){ json_object_iter_key(*position), json_object_iter_key_len(*position) };
        *ret_value = body_value_of(json_object_iter_value(*position));
        return true;
}

bool body_find(const BodyValue *object, const char *key, BodyValue *ret_value) {
        const json_t *node =
                object->type == BODY_OBJECT ? json_object_get(object->node, key) : NULL;

        *ret_value = node ? body_value_of(node) : (BodyValue){ .type = BODY_NULL };
        return node != NULL;
}

bool body_has_member(const Body *b, Bytes key) {
        assert(b);
        return json_object_getn(b->root, key.data ? key.data : "", key.len) != NULL;
}

/* Takes one character off *rest and folds it the way Go's encoding/json does for names in ASCII. */
static int body_fold_next(Bytes *rest) {
        unsigned char c = (unsigned char) rest->data[0];

        if (bytes_starts_with(*rest, BYTES("\xc5\xbf"))) { /* U+017F, long s */
                *rest = bytes_skip(*rest, 2);
                return 's';
        }
        if (bytes_starts_with(*rest, BYTES("\xe2\x84\xaa"))) { /* U+212A, the Kelvin sign */
                *rest = bytes_skip(*rest, 3);
                return 'k';
        }

        *rest = bytes_skip(*rest, 1);
        return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

bool body_key_folds_to(Bytes key, Bytes known) {
        while (key.len > 0 && known.len > 0)
                if (body_fold_next(&key) != body_fold_next(&known))
                        return false;

        return key.len == 0 && known.len == 0;
}
