/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A collected JSON body as a tree. The pre-scan comes first: it has refused everything that could
 * be read in two ways, and has counted what the tree takes. So the second pass walks over a text
 * that is known to be good, and only finds what a grammar can't say: equal keys, and numbers that
 * fit no number of ours. It trusts the caller to have capped the length of the body.
 *
 * No library's parser: jansson reads each byte through five calls, takes up to 79 bytes of memory
 * for each byte of input, and when an allocation fails drops bytes of a string and calls it a
 * success. This one allocates three times, whatever the body holds.
 */
#include "docker/body.h"

#include "docker/body-scan.h"
#include "util/macros.h"
#include "util/parse.h"

#include <math.h>

#define BODY_PAIRWISE_MAX 16 /* keys: below this comparing all with all is faster than sorting */

const BodyLimits body_limits = {
        .depth_max = 32,
        .n_members_max = 4096,
        .n_values_max = 16384,
        .struct_key_max = 64,
        .map_key_max = 4 * KIB,
        .string_max = 256 * KIB,
};

/* A value, and the key that it has in an object. Children lie side by side, in their order. */
typedef struct Node {
        Bytes key;
        union {
                Bytes string;
                int64_t integer;
                struct {
                        const struct Node *first;
                        size_t n;
                } children;
        };
        BodyType type;
        bool boolean;
} Node;

struct Body {
        Node *nodes; /* the root is the first; everything else lies at the end */
        char *text;  /* all keys and strings, unescaped */
};

DEFINE_CLEANUP(Body *, body_free)

/*
 * The second pass. A node is made at the low end of the room; when its container ends, it moves
 * with its siblings to the high end. Each value is in one of the two places, so that room for all
 * values is always enough.
 */
typedef struct Build {
        const char *at;
        char *text;
        Node *nodes;
        size_t n_low, high;
        size_t open[BODY_SCAN_DEPTH_ROOM]; /* containers that have not ended */
        unsigned depth;
        bool has_key; /* the last node waits for its value */
} Build;

static int node_compare_keys(const void *a, const void *b) {
        const Node *const *x = a, *const *y = b;
        size_t n = (*x)->key.len, m = (*y)->key.len;

        /* Any order will do. */
        if (n != m)
                return n < m ? -1 : 1;
        return n > 0 ? memcmp((*x)->key.data, (*y)->key.data, n) : 0;
}

/* Sorting takes the same time whatever keys a client makes up; no table of hashes does. */
static BodyError node_check_many_keys(const Node *object) {
        const Node *first = object->children.first;
        size_t n = object->children.n;
        _cleanup_free_ const Node **sorted = malloc(n * sizeof(*sorted));

        if (!sorted)
                return BODY_NO_MEMORY;

        for (size_t i = 0; i < n; i++)
                sorted[i] = &first[i];
        qsort(sorted, n, sizeof(*sorted), node_compare_keys);
        for (size_t i = 1; i < n; i++)
                if (bytes_eq(sorted[i - 1]->key, sorted[i]->key))
                        return BODY_DUPLICATE_KEY;

        return BODY_OK;
}

static BodyError node_check_keys(const Node *object) {
        const Node *first = object->children.first;
        size_t n = object->children.n;

        if (n > BODY_PAIRWISE_MAX)
                return node_check_many_keys(object);

        for (size_t i = 1; i < n; i++)
                for (size_t k = 0; k < i; k++)
                        if (bytes_eq(first[i].key, first[k].key))
                                return BODY_DUPLICATE_KEY;

        return BODY_OK;
}

static unsigned build_hex4(Build *b) {
        unsigned n = 0;

        for (unsigned i = 0; i < 4; i++)
                n = n << 4 | (unsigned) parse_hex_digit(*b->at++);
        return n;
}

/* Writes a character in UTF-8. */
static void build_character(Build *b, unsigned c) {
        static const unsigned char leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
        unsigned n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

        for (unsigned i = n - 1; i > 0; i--) {
                b->text[i] = (char) (0x80 | (c & 0x3f));
                c >>= 6;
        }
        b->text[0] = (char) (leads[n] | c);
        b->text += n;
}

/* What stands behind a backslash. */
static void build_escape(Build *b) {
        char c = *b->at++;
        unsigned high;

        switch (c) {
        case 'b':
                *b->text++ = '\b';
                break;
        case 'f':
                *b->text++ = '\f';
                break;
        case 'n':
                *b->text++ = '\n';
                break;
        case 'r':
                *b->text++ = '\r';
                break;
        case 't':
                *b->text++ = '\t';
                break;
        case 'u':
                high = build_hex4(b);
                if (high >= 0xd800 && high <= 0xdbff) {
                        b->at += 2; /* the backslash and u of its other half */
                        high = 0x10000 + ((high - 0xd800) << 10) + (build_hex4(b) - 0xdc00);
                }
                build_character(b, high);
                break;
        default: /* the quote, the slash and the backslash itself */
                *b->text++ = c;
                break;
        }
}

/* The quote is taken. Plain runs are copied as a whole. */
static Bytes build_string(Build *b) {
        const char *begin = b->text;

        for (;;) {
                size_t n = 0;

                while (b->at[n] != '"' && b->at[n] != '\\')
                        n++;
                memcpy(b->text, b->at, n);
                b->text += n;
                b->at += n + 1;
                if (b->at[-1] == '"')
                        return (Bytes){ begin, (size_t) (b->text - begin) };
                build_escape(b);
        }
}

/* The node of the value that begins: the one of its key, or a new one. */
static Node *build_node(Build *b, BodyType type) {
        Node *node;

        if (!b->has_key) {
                assert(b->n_low < b->high);
                b->nodes[b->n_low++] = (Node){};
        }
        b->has_key = false;

        node = &b->nodes[b->n_low - 1];
        node->type = type;
        return node;
}

static bool build_awaits_key(const Build *b) {
        return b->depth > 0 && b->nodes[b->open[b->depth - 1]].type == BODY_OBJECT && !b->has_key;
}

static void build_key_or_string(Build *b) {
        Bytes text = build_string(b);

        if (build_awaits_key(b)) {
                build_node(b, BODY_NULL)->key = text;
                b->has_key = true;
        } else
                build_node(b, BODY_STRING)->string = text;
}

static void build_open(Build *b, BodyType type) {
        (void) build_node(b, type);
        b->open[b->depth++] = b->n_low - 1;
}

/* The children of the innermost container are complete. */
static BodyError build_close(Build *b) {
        size_t at = b->open[--b->depth];
        Node *node = &b->nodes[at];
        size_t n = b->n_low - at - 1;

        b->high -= n;
        memmove(&b->nodes[b->high], node + 1, n * sizeof(*node));
        b->n_low = at + 1;
        node->children.first = &b->nodes[b->high];
        node->children.n = n;
        return node->type == BODY_OBJECT ? node_check_keys(node) : BODY_OK;
}

static BodyError build_integer(Build *b, const char *end) {
        bool is_negative = *b->at == '-';
        int64_t n = 0;

        /* Downwards, as there is one more number below zero. */
        for (const char *p = b->at + is_negative; p < end; p++)
                if (__builtin_mul_overflow(n, 10, &n) || __builtin_sub_overflow(n, *p - '0', &n))
                        return BODY_NOT_JSON;
        if (!is_negative && __builtin_sub_overflow((int64_t) 0, n, &n))
                return BODY_NOT_JSON;

        build_node(b, BODY_INTEGER)->integer = n;
        b->at = end;
        return BODY_OK;
}

/* The value is not kept, but an infinite one is refused. Something always follows a number, at
 * which strtod() stops: the object's end at the latest. -0 is no integer: Go reads it into a signed
 * one and refuses it for an unsigned one, and no client writes it. */
static BodyError build_number(Build *b) {
        const char *end = b->at;
        bool is_real = false;
        char *stop;

        while (memchr("+-.eE0123456789", *end, 15))
                is_real |= memchr(".eE", *end++, 3) != NULL;
        if (!is_real && !bytes_eq_str((Bytes){ b->at, (size_t) (end - b->at) }, "-0"))
                return build_integer(b, end);

        if (isinf(strtod(b->at, &stop)))
                return BODY_NOT_JSON;
        assert(stop == end);
        (void) build_node(b, BODY_REAL);
        b->at = end;
        return BODY_OK;
}

static void build_word(Build *b, BodyType type, bool boolean, size_t len) {
        build_node(b, type)->boolean = boolean;
        b->at += len;
}

/* Goes on to the next thing that is no blank, comma or colon. false: the object is complete. */
static BodyError build_step(Build *b) {
        switch (*b->at) {
        case '"':
                b->at++;
                build_key_or_string(b);
                return BODY_OK;
        case '{':
        case '[':
                build_open(b, *b->at++ == '{' ? BODY_OBJECT : BODY_ARRAY);
                return BODY_OK;
        case '}':
        case ']':
                b->at++;
                return build_close(b);
        case 't':
                build_word(b, BODY_BOOL, true, strlen("true"));
                return BODY_OK;
        case 'f':
                build_word(b, BODY_BOOL, false, strlen("false"));
                return BODY_OK;
        case 'n':
                build_word(b, BODY_NULL, false, strlen("null"));
                return BODY_OK;
        case ' ':
        case '\t':
        case '\n':
        case '\r':
        case ',':
        case ':':
                b->at++;
                return BODY_OK;
        default:
                return build_number(b);
        }
}

static BodyError body_build(Body *body, Bytes raw, const BodyCounts *counts) {
        Build b = {
                .at = raw.data,
                .text = body->text,
                .nodes = body->nodes,
                .high = counts->n_values,
        };
        BodyError error;

        do
                error = build_step(&b);
        while (error == BODY_OK && (b.n_low == 0 || b.depth > 0));

        assert(error != BODY_OK || (b.n_low == 1 && b.high == 1));
        assert(b.text <= body->text + counts->n_text);
        assert(b.at <= raw.data + raw.len);
        return error;
}

BodyError body_parse(Bytes raw, const BodyLimits *limits, Body **ret) {
        _cleanup_(body_freep) Body *b = NULL;
        BodyCounts counts;
        BodyError error;

        assert(limits);
        assert(ret);

        error = body_scan(raw, limits, &counts);
        if (error != BODY_OK)
                return error;

        b = calloc(1, sizeof(*b));
        if (!b)
                return BODY_NO_MEMORY;
        b->nodes = malloc(counts.n_values * sizeof(*b->nodes));
        b->text = malloc(MAX(counts.n_text, (size_t) 1));
        if (!b->nodes || !b->text)
                return BODY_NO_MEMORY;

        error = body_build(b, raw, &counts);
        if (error != BODY_OK)
                return error;

        *ret = TAKE_PTR(b);
        return BODY_OK;
}

Body *body_free(Body *b) {
        if (!b)
                return NULL;

        free(b->nodes);
        free(b->text);
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

static BodyValue body_value_of(const Node *node) {
        BodyValue v = { .type = node->type, .boolean = node->boolean, .node = node };

        if (node->type == BODY_STRING)
                v.string = node->string;
        if (node->type == BODY_INTEGER)
                v.integer = node->integer;

        return v;
}

bool body_member_at(const Body *b, size_t index, Bytes *ret_key, BodyValue *ret_value) {
        const Node *member;

        assert(b);

        if (index >= body_n_members(b))
                return false;

        member = &b->nodes[0].children.first[index];
        if (ret_key)
                *ret_key = member->key;
        if (ret_value)
                *ret_value = body_value_of(member);
        return true;
}

size_t body_n_members(const Body *b) {
        assert(b);
        return b->nodes[0].children.n;
}

BodyValue body_root(const Body *b) {
        assert(b);
        return body_value_of(&b->nodes[0]);
}

static bool node_has_children(const BodyValue *v) {
        return v->type == BODY_ARRAY || v->type == BODY_OBJECT;
}

size_t body_size(const BodyValue *v) {
        const Node *node = v->node;

        return node_has_children(v) ? node->children.n : 0;
}

BodyValue body_element(const BodyValue *array, size_t index) {
        const Node *node = array->node;

        assert(array->type == BODY_ARRAY && index < node->children.n);
        return body_value_of(&node->children.first[index]);
}

bool body_next(const BodyValue *object, void **position, Bytes *ret_key, BodyValue *ret_value) {
        const Node *node = object->node, *member = *position;

        assert(object->type == BODY_OBJECT);

        member = member ? member + 1 : node->children.first;
        if (member == node->children.first + node->children.n)
                return false;

        *position = (void *) (uintptr_t) member; /* nobody writes there */
        *ret_key = member->key;
        *ret_value = body_value_of(member);
        return true;
}

static const Node *node_find(const Node *object, Bytes key) {
        for (size_t i = 0; i < object->children.n; i++)
                if (bytes_eq(object->children.first[i].key, key))
                        return &object->children.first[i];

        return NULL;
}

bool body_find(const BodyValue *object, const char *key, BodyValue *ret_value) {
        const Node *node =
                object->type == BODY_OBJECT ? node_find(object->node, bytes_of(key)) : NULL;

        *ret_value = node ? body_value_of(node) : (BodyValue){ .type = BODY_NULL };
        return node != NULL;
}

bool body_has_member(const Body *b, Bytes key) {
        assert(b);
        return node_find(&b->nodes[0], key) != NULL;
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
