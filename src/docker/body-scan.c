/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pre-scan of a JSON body, our own strict reading of RFC 8259. It exists for three reasons: the
 * tree is built after what is counted here, so that its size is known, and bounded, before it is
 * made; Go's decoder replaces what is no UTF-8 and lone surrogates by U+FFFD, so a name could mean
 * one thing here and another there; and each fault gets its own word.
 *
 * It trusts nothing and keeps no copy. Refused: a BOM, overlong forms and encoded surrogates, raw
 * control characters, lone \uD8xx, \u0000, comments, trailing commas, numbers with leading zeros,
 * anything after the one object, and whatever is deeper, wider or longer than the limits.
 */
#include "docker/body-scan.h"

#include "util/macros.h"
#include "util/parse.h"
#include "util/utf8.h"

/* What may come next. */
typedef enum ScanState {
        SCAN_VALUE = 0,      /* a value */
        SCAN_VALUE_OR_CLOSE, /* right after [ */
        SCAN_KEY,            /* a key, after a comma */
        SCAN_KEY_OR_CLOSE,   /* right after { */
        SCAN_COMMA_OR_CLOSE, /* after a value inside of something */
        SCAN_END,            /* nothing but blanks */
} ScanState;

typedef struct Scan {
        Bytes rest;
        const BodyLimits *limits;
        ScanState state;
        unsigned depth;
        unsigned n_values;
        size_t n_text;
        bool is_object[BODY_SCAN_DEPTH_ROOM];
        unsigned n_members[BODY_SCAN_DEPTH_ROOM];
} Scan;

static void scan_skip(Scan *s, size_t n) {
        s->rest = bytes_skip(s->rest, n);
}

static bool scan_is_at(const Scan *s, char c) {
        return s->rest.len > 0 && s->rest.data[0] == c;
}

static bool scan_take(Scan *s, char c) {
        if (!scan_is_at(s, c))
                return false;

        scan_skip(s, 1);
        return true;
}

/* The blanks of RFC 8259 and no others. */
static void scan_blanks(Scan *s) {
        while (scan_is_at(s, ' ') || scan_is_at(s, '\t') || scan_is_at(s, '\n') ||
               scan_is_at(s, '\r'))
                scan_skip(s, 1);
}

/* Exactly four hex digits, in either case. */
static bool scan_hex4(Scan *s, uint64_t *ret) {
        if (s->rest.len < 4 || !parse_hex(bytes_slice(s->rest, 0, 4), ret))
                return false;

        scan_skip(s, 4);
        return true;
}

/* What follows \u. *n_bytes grows by the length of the character in UTF-8. */
static BodyError scan_unicode_escape(Scan *s, size_t *n_bytes) {
        uint64_t high, low;

        if (!scan_hex4(s, &high))
                return BODY_NOT_JSON;
        if (high == 0)
                return BODY_HAS_NUL;

        if (high < 0xd800 || high > 0xdfff) {
                *n_bytes += high < 0x80 ? 1 : high < 0x800 ? 2 : 3;
                return BODY_OK;
        }

        if (high > 0xdbff || !scan_take(s, '\\') || !scan_take(s, 'u') || !scan_hex4(s, &low) ||
            low < 0xdc00 || low > 0xdfff)
                return BODY_NOT_UTF8;

        *n_bytes += 4;
        return BODY_OK;
}

static BodyError scan_escape(Scan *s, size_t *n_bytes) {
        static const char plain[] = "\"\\/bfnrt";

        if (scan_take(s, 'u'))
                return scan_unicode_escape(s, n_bytes);

        if (s->rest.len == 0 || !memchr(plain, s->rest.data[0], sizeof(plain) - 1))
                return BODY_NOT_JSON;

        scan_skip(s, 1);
        *n_bytes += 1;
        return BODY_OK;
}

/* One character between the quotes. */
static BodyError scan_character(Scan *s, size_t *n_bytes) {
        size_t n;

        if (s->rest.len == 0 || (unsigned char) s->rest.data[0] < 0x20)
                return BODY_NOT_JSON;
        if (scan_take(s, '\\'))
                return scan_escape(s, n_bytes);

        n = utf8_char_len(s->rest);
        if (n == 0)
                return BODY_NOT_UTF8;

        scan_skip(s, n);
        *n_bytes += n;
        return BODY_OK;
}

/* A run of plain ASCII, which most strings are. */
static size_t scan_plain(Scan *s) {
        size_t n = 0;

        for (; n < s->rest.len; n++) {
                unsigned char c = (unsigned char) s->rest.data[n];

                if (c < 0x20 || c > 0x7f || c == '"' || c == '\\')
                        break;
        }

        scan_skip(s, n);
        return n;
}

/* A string, whose first quote was taken. max counts the bytes that it stands for. */
static BodyError scan_string(Scan *s, size_t max) {
        size_t n_bytes = scan_plain(s);

        if (n_bytes > max)
                return BODY_TOO_LONG;

        while (!scan_take(s, '"')) {
                BodyError error = scan_character(s, &n_bytes);

                if (error != BODY_OK)
                        return error;
                n_bytes += scan_plain(s);
                if (n_bytes > max)
                        return BODY_TOO_LONG;
        }

        s->n_text += n_bytes;
        return BODY_OK;
}

static bool scan_digits(Scan *s) {
        size_t n = 0;

        while (n < s->rest.len && s->rest.data[n] >= '0' && s->rest.data[n] <= '9')
                n++;

        scan_skip(s, n);
        return n > 0;
}

static BodyError scan_number(Scan *s) {
        (void) scan_take(s, '-');
        if (!scan_take(s, '0') && !scan_digits(s))
                return BODY_NOT_JSON;

        if (scan_take(s, '.') && !scan_digits(s))
                return BODY_NOT_JSON;

        if (scan_take(s, 'e') || scan_take(s, 'E')) {
                if (!scan_take(s, '+'))
                        (void) scan_take(s, '-');
                if (!scan_digits(s))
                        return BODY_NOT_JSON;
        }

        return BODY_OK;
}

static BodyError scan_word(Scan *s, Bytes word) {
        if (!bytes_starts_with(s->rest, word))
                return BODY_NOT_JSON;

        scan_skip(s, word.len);
        return BODY_OK;
}

static BodyError scan_scalar(Scan *s) {
        switch (s->rest.data[0]) {
        case '"':
                scan_skip(s, 1);
                return scan_string(s, s->limits->string_max);
        case 't':
                return scan_word(s, BYTES("true"));
        case 'f':
                return scan_word(s, BYTES("false"));
        case 'n':
                return scan_word(s, BYTES("null"));
        default:
                return scan_number(s);
        }
}

static BodyError scan_open(Scan *s, bool is_object) {
        if (s->depth >= s->limits->depth_max)
                return BODY_TOO_DEEP;

        scan_skip(s, 1);
        s->is_object[s->depth] = is_object;
        s->n_members[s->depth] = 0;
        s->depth++;
        s->state = is_object ? SCAN_KEY_OR_CLOSE : SCAN_VALUE_OR_CLOSE;
        return BODY_OK;
}

/* A value of any kind. The whole is an object: a scalar or a list at the top is not one. */
static BodyError scan_value(Scan *s) {
        BodyError error;

        if (s->n_values >= s->limits->n_values_max)
                return BODY_TOO_MANY;
        s->n_values++;

        if (scan_is_at(s, '{') || (scan_is_at(s, '[') && s->depth > 0))
                return scan_open(s, scan_is_at(s, '{'));
        if (scan_is_at(s, '['))
                return BODY_NOT_OBJECT;

        error = scan_scalar(s);
        if (error != BODY_OK)
                return error;

        s->state = SCAN_COMMA_OR_CLOSE;
        return s->depth > 0 ? BODY_OK : BODY_NOT_OBJECT;
}

/* A key and its colon. */
static BodyError scan_key(Scan *s) {
        BodyError error;

        if (!scan_take(s, '"'))
                return BODY_NOT_JSON;
        if (s->n_members[s->depth - 1]++ >= s->limits->n_members_max)
                return BODY_TOO_MANY;

        error = scan_string(s, s->limits->map_key_max);
        if (error != BODY_OK)
                return error;

        scan_blanks(s);
        if (!scan_take(s, ':'))
                return BODY_NOT_JSON;

        s->state = SCAN_VALUE;
        return BODY_OK;
}

/* Takes the bracket that closes the innermost thing, if it stands here. */
static bool scan_close(Scan *s) {
        if (!scan_take(s, s->is_object[s->depth - 1] ? '}' : ']'))
                return false;

        s->depth--;
        s->state = s->depth > 0 ? SCAN_COMMA_OR_CLOSE : SCAN_END;
        return true;
}

static BodyError scan_comma(Scan *s) {
        if (!scan_take(s, ','))
                return BODY_NOT_JSON;

        s->state = s->is_object[s->depth - 1] ? SCAN_KEY : SCAN_VALUE;
        return BODY_OK;
}

static BodyError scan_step(Scan *s) {
        switch (s->state) {
        case SCAN_VALUE:
                return scan_value(s);
        case SCAN_VALUE_OR_CLOSE:
                return scan_close(s) ? BODY_OK : scan_value(s);
        case SCAN_KEY:
                return scan_key(s);
        case SCAN_KEY_OR_CLOSE:
                return scan_close(s) ? BODY_OK : scan_key(s);
        case SCAN_COMMA_OR_CLOSE:
                return scan_close(s) ? BODY_OK : scan_comma(s);
        case SCAN_END:
                return BODY_NOT_JSON; /* something stands behind the object */
        }

        return BODY_NOT_JSON;
}

BodyError body_scan(Bytes raw, const BodyLimits *limits, BodyCounts *ret) {
        Scan s = { .rest = raw, .limits = limits };

        assert(limits && limits->depth_max <= BODY_SCAN_DEPTH_ROOM);

        if (bytes_starts_with(raw, BYTES("\xef\xbb\xbf")))
                return BODY_NOT_UTF8;

        scan_blanks(&s);
        if (s.rest.len == 0)
                return BODY_EMPTY;

        while (s.rest.len > 0) {
                BodyError error = scan_step(&s);

                if (error != BODY_OK)
                        return error;

                scan_blanks(&s);
        }

        if (s.state != SCAN_END)
                return BODY_NOT_JSON;
        if (ret)
                *ret = (BodyCounts){ s.n_values, s.n_text };
        return BODY_OK;
}
