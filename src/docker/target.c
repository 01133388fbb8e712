/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the request target. Trusts nothing of it. Refuses every spelling that two readers could
 * take for two things: escapes outside the four of image names, empty and dot segments, versions
 * with zeros or more dots, keys that are encoded, pairs without "=". The common target (no escape
 * anywhere) is taken as a view of the raw bytes: nothing is copied and no array is cleared.
 */
#include "docker/target.h"

#include "util/parse.h"

/* What a byte may be. Of the printable bytes only `;` (a separator to some), `#` (a fragment to
 * some), `?` (must be encoded as data) and blanks are refused in a query. */
enum {
        TARGET_CLASS_PATH = 1 << 0,
        TARGET_CLASS_KEY = 1 << 1,
        TARGET_CLASS_VALUE = 1 << 2,
        TARGET_CLASS_SEGMENT = 1 << 3, /* PATH but the slash */
};

#define P (TARGET_CLASS_PATH | TARGET_CLASS_SEGMENT)
#define K TARGET_CLASS_KEY
#define V TARGET_CLASS_VALUE

static const uint8_t target_classes[256] = {
        ['!'] = P | V,
        ['"'] = V,
        ['$'] = P | V,
        ['%'] = V,
        ['&'] = P, /* ends a value */
        ['\''] = P | V,
        ['('] = P | V,
        [')'] = P | V,
        ['*'] = P | V,
        ['+'] = P | V,
        [','] = P | V,
        ['-'] = P | K | V,
        ['.'] = P | K | V,
        ['/'] = TARGET_CLASS_PATH | V,
        ['0' ... '9'] = P | K | V,
        [':'] = P | V,
        ['<'] = V,
        ['='] = P | V,
        ['>'] = V,
        ['@'] = P | V,
        ['A' ... 'Z'] = P | K | V,
        ['['] = V,
        ['\\'] = V,
        [']'] = V,
        ['^'] = V,
        ['_'] = P | K | V,
        ['`'] = V,
        ['a' ... 'z'] = P | K | V,
        ['{'] = V,
        ['|'] = V,
        ['}'] = V,
        ['~'] = P | V,
};

#undef P
#undef K
#undef V

static bool target_is(char c, unsigned class) {
        return target_classes[(unsigned char) c] & class;
}

static bool target_fail(HttpError *ret_error, const char *reason, const char *text) {
        *ret_error = (HttpError){ 400, reason, text };
        return false;
}

static bool target_fail_form(HttpError *e) {
        return target_fail(e, "target-form", "the request target is not a plain absolute path");
}

static bool target_fail_byte(HttpError *e) {
        return target_fail(e, "path-byte", "the path has a byte that no path of the API has");
}

static bool target_fail_escape(HttpError *e) {
        return target_fail(e, "path-escape", "the path is percent-encoded where it must not be");
}

static bool target_fail_shape(HttpError *e) {
        return target_fail(e, "path-shape",
                           "the path has an empty segment, a dot segment or a trailing slash");
}

static bool target_fail_version(HttpError *e) {
        return target_fail(e, "api-version", "the API version of the path is malformed");
}

static bool target_segment_is_plain(const char *begin, const char *end) {
        size_t len = (size_t) (end - begin);

        return len > 0 && !(begin[0] == '.' && (len == 1 || (len == 2 && begin[1] == '.')));
}

/* Ends the segment that began at begin; is_escaped says whether some escape stood in it. */
static bool target_add_segment(Target *t, const char *begin, const char *end, bool is_escaped,
                               HttpError *ret_error) {
        if (t->n_segments >= TARGET_SEGMENTS_MAX)
                return target_fail(ret_error, "path-too-long", "the path has too many segments");

        t->segments[t->n_segments] = (Bytes){ begin, (size_t) (end - begin) };
        t->segment_escaped[t->n_segments++] = is_escaped;
        return true;
}

/* A path without escapes: the segments are views of it. */
static bool target_split_plain(Target *t, Bytes path, HttpError *ret_error) {
        const char *end = path.data + path.len, *begin = path.data + 1;

        for (const char *p = begin;; p++) {
                while (p < end && target_is(*p, TARGET_CLASS_SEGMENT))
                        p++;
                if (p < end && *p != '/')
                        return target_fail_byte(ret_error);
                if (!target_segment_is_plain(begin, p))
                        return target_fail_shape(ret_error);
                if (!target_add_segment(t, begin, p, false, ret_error))
                        return false;
                if (p == end)
                        break;
                begin = p + 1;
        }

        t->full_path = path;
        return true;
}

/* The four bytes of image references that clients escape; 0: any other escape, or none. */
static char target_decode_escape(const char *p, const char *end) {
        int high, low;

        if (end - p < 3)
                return 0;
        high = parse_hex_digit(p[1]);
        low = parse_hex_digit(p[2]);
        if (high < 0 || low < 0)
                return 0;

        switch (high * 16 + low) {
        case ':':
                return ':';
        case '@':
                return '@';
        case '+':
                return '+';
        case '/':
                return '/';
        default:
                return 0;
        }
}

/*
 * A path with escapes is copied decoded. A decoded slash ends no segment of ours, yet the engine
 * sees it as one: both kinds of pieces must have a plain shape.
 */
static bool target_split_escaped(Target *t, Bytes path, HttpError *ret_error) {
        const char *end = path.data + path.len, *begin, *piece;
        char *out = t->path_room;
        bool is_escaped = false;

        *out++ = '/';
        begin = piece = out;
        t->has_escapes = true;

        for (const char *p = path.data + 1;; p++) {
                bool is_slash = p == end || *p == '/';
                char c = (char) (is_slash ? '/' : *p);

                if (c == '%') {
                        c = target_decode_escape(p, end);
                        if (!c)
                                return target_fail_escape(ret_error);
                        p += 2;
                        is_escaped = true;
                } else if (!target_is(c, TARGET_CLASS_PATH))
                        return target_fail_byte(ret_error);

                if (c == '/' && !target_segment_is_plain(piece, out))
                        return target_fail_shape(ret_error);
                if (is_slash && !target_add_segment(t, begin, out, is_escaped, ret_error))
                        return false;
                if (p == end)
                        break;

                *out++ = c;
                if (c == '/')
                        piece = out;
                if (is_slash) {
                        begin = out;
                        is_escaped = false;
                }
        }

        t->full_path = (Bytes){ t->path_room, (size_t) (out - t->path_room) };
        return true;
}

/* Decimal digits without a leading zero, at most three. */
static bool target_parse_number(Bytes text, uint64_t *ret) {
        if (text.len > 1 && text.data[0] == '0')
                return false;
        return parse_u64(text, 3, ret);
}

/* Podman's "4.0.0". */
static bool target_is_libpod_version(Bytes text) {
        Bytes piece;
        uint64_t number;
        unsigned n = 0;

        if (bytes_ends_with(text, BYTES(".")))
                return false;
        while (bytes_split(&text, '.', &piece)) {
                if (!target_parse_number(piece, &number) || (n == 0 && number == 0))
                        return false;
                n++;
        }
        return n == 3;
}

static bool target_parse_minor(Target *t, const TargetRules *rules, HttpError *ret_error) {
        uint64_t minor;

        if (!bytes_starts_with(t->version, BYTES("1.")) ||
            !target_parse_number(bytes_skip(t->version, 2), &minor) || minor == 0)
                return target_fail_version(ret_error);
        if (minor < rules->api_min)
                return target_fail(ret_error, "api-version-too-old",
                                   "this version of the API is older than the least allowed one");

        t->api_minor = (unsigned) minor;
        return true;
}

/* "/v1.41/..." but not "/version": a "v" that no letter follows. */
static bool target_parse_version(Target *t, const TargetRules *rules, HttpError *ret_error) {
        Bytes first = t->segments[0];
        char next = (char) (first.len > 1 ? first.data[1] | 0x20 : 0);

        if (first.data[0] != 'v' || (next >= 'a' && next <= 'z')) {
                t->path = t->full_path;
                return true;
        }

        if (t->n_segments < 2 || t->segment_escaped[0])
                return target_fail_version(ret_error);

        t->version = bytes_skip(first, 1);
        t->path = bytes_skip(t->full_path, first.len + 1);
        t->n_segments--;
        memmove(t->segments, t->segments + 1, t->n_segments * sizeof(t->segments[0]));
        memmove(t->segment_escaped, t->segment_escaped + 1,
                t->n_segments * sizeof(t->segment_escaped[0]));

        if (rules->is_podman && bytes_eq(t->segments[0], BYTES("libpod")))
                return target_is_libpod_version(t->version) || target_fail_version(ret_error);
        return target_parse_minor(t, rules, ret_error);
}

static bool target_parse_path(Target *t, Bytes path, const TargetRules *rules,
                              HttpError *ret_error) {
        bool ok;

        if (path.len < 1 || path.data[0] != '/')
                return target_fail_form(ret_error);
        if (path.len > TARGET_PATH_MAX)
                return target_fail(ret_error, "path-too-long", "the path is too long");

        if (memchr(path.data, '%', path.len))
                ok = target_split_escaped(t, path, ret_error);
        else
                ok = target_split_plain(t, path, ret_error);
        if (!ok || !target_parse_version(t, rules, ret_error))
                return false;

        t->is_libpod = rules->is_podman && bytes_eq(t->segments[0], BYTES("libpod"));
        return true;
}

static bool target_fail_query(HttpError *e) {
        return target_fail(e, "query-malformed",
                           "the query is not made of key=value pairs in plain spelling");
}

/* Decodes raw to *room and advances it. A control character can only be meant for a log. */
static bool target_decode_value(Bytes raw, char **room, Bytes *ret, HttpError *ret_error) {
        char *out = *room;

        for (size_t i = 0; i < raw.len; i++) {
                int high, low;
                unsigned char c = (unsigned char) raw.data[i];

                if (c == '+')
                        c = ' ';
                else if (c == '%') {
                        if (raw.len - i < 3)
                                return target_fail_query(ret_error);
                        high = parse_hex_digit(raw.data[i + 1]);
                        low = parse_hex_digit(raw.data[i + 2]);
                        if (high < 0 || low < 0)
                                return target_fail_query(ret_error);
                        c = (unsigned char) (high * 16 + low);
                        i += 2;
                }
                if (c < 0x20 || c == 0x7f)
                        return target_fail(ret_error, "query-control",
                                           "a query value has a control character");
                *out++ = (char) c;
        }

        *ret = (Bytes){ *room, (size_t) (out - *room) };
        *room = out;
        return true;
}

/* One pair from p on; *ret_end is where its & or the end is. */
static bool target_parse_pair(QueryPair *pair, const char *p, const char *end, char **room,
                              const char **ret_end, HttpError *ret_error) {
        const char *key = p, *value;
        bool is_encoded = false;

        while (p < end && target_is(*p, TARGET_CLASS_KEY))
                p++;
        if (p == key || p == end || *p != '=')
                return target_fail_query(ret_error);
        pair->key = (Bytes){ key, (size_t) (p - key) };

        value = ++p;
        for (; p < end && *p != '&'; p++) {
                if (!target_is(*p, TARGET_CLASS_VALUE))
                        return target_fail_query(ret_error);
                is_encoded |= *p == '%' || *p == '+';
        }
        pair->raw = pair->value = (Bytes){ value, (size_t) (p - value) };
        pair->dropped = false;
        *ret_end = p;

        return !is_encoded || target_decode_value(pair->raw, room, &pair->value, ret_error);
}

/* All decoded values together are no longer than the query, which fits value_room. */
static bool target_parse_query(Target *t, Bytes query, HttpError *ret_error) {
        const char *p = query.data, *end;
        char *room = t->value_room;

        if (query.len > TARGET_QUERY_MAX)
                return target_fail(ret_error, "query-too-long", "the query is too long");

        for (end = p + query.len;; p++) {
                if (t->n_pairs >= TARGET_PAIRS_MAX)
                        return target_fail(ret_error, "query-too-many",
                                           "the query has too many keys");
                if (!target_parse_pair(&t->pairs[t->n_pairs], p, end, &room, &p, ret_error))
                        return false;
                t->n_pairs++;
                if (p == end)
                        return true;
        }
}

bool target_parse(Target *t, Bytes raw, const TargetRules *rules, HttpError *ret_error) {
        size_t path_len = bytes_find(raw, '?');

        t->raw = raw;
        t->version = t->path = t->full_path = BYTES_NONE;
        t->api_minor = t->n_segments = t->n_pairs = 0;
        t->is_libpod = t->has_escapes = false;
        t->query = bytes_skip(raw, path_len < raw.len ? path_len + 1 : path_len);
        t->has_query = t->query.len > 0;

        if (!target_parse_path(t, bytes_slice(raw, 0, path_len), rules, ret_error)) {
                t->path = t->full_path = t->query = BYTES_NONE;
                return false;
        }
        return !t->has_query || target_parse_query(t, t->query, ret_error);
}

const QueryPair *target_find_pair(const Target *t, const char *key) {
        for (unsigned i = 0; i < t->n_pairs; i++)
                if (bytes_eq_str(t->pairs[i].key, key))
                        return &t->pairs[i];
        return NULL;
}
