/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers, sizes, times and booleans: digits and nothing else. Refuses signs, blanks, other bases,
 * empty text and whatever does not fit; never rounds and never wraps.
 */
#include "util/parse.h"

#include "util/macros.h"

#define PARSE_DIGITS_MAX 19 /* 10^19 - 1 fits 64 bits, so these cannot overflow */

bool parse_u64(Bytes text, size_t max_digits, uint64_t *ret) {
        uint64_t n = 0;

        assert(max_digits <= PARSE_DIGITS_MAX);
        assert(ret);

        if (text.len == 0 || text.len > max_digits)
                return false;
        for (size_t i = 0; i < text.len; i++) {
                if (text.data[i] < '0' || text.data[i] > '9')
                        return false;
                n = n * 10 + (uint64_t) (text.data[i] - '0');
        }
        *ret = n;
        return true;
}

int parse_hex_digit(char c) {
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -1;
}

bool parse_hex(Bytes text, uint64_t *ret) {
        uint64_t n = 0;

        assert(ret);

        if (text.len == 0 || text.len > 16)
                return false;
        for (size_t i = 0; i < text.len; i++) {
                int digit = parse_hex_digit(text.data[i]);

                if (digit < 0)
                        return false;
                n = n << 4 | (uint64_t) digit;
        }
        *ret = n;
        return true;
}

bool parse_bool(Bytes text, bool *ret) {
        static const struct {
                Bytes word;
                bool value;
        } words[] = {
                { { "yes", 3 }, true }, { { "no", 2 }, false },    { { "true", 4 }, true },
                { { "on", 2 }, true },  { { "false", 5 }, false }, { { "off", 3 }, false },
                { { "1", 1 }, true },   { { "0", 1 }, false },
        };

        assert(ret);

        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (bytes_ieq_ascii(text, words[i].word)) {
                        *ret = words[i].value;
                        return true;
                }
        return false;
}

typedef struct ParseUnit {
        const char *suffix;
        uint64_t factor;
} ParseUnit;

/* A number and one of the units, of which one may be "". */
static bool parse_with_unit(Bytes text, const ParseUnit *units, size_t n_units, uint64_t *ret) {
        size_t n_digits = 0;
        uint64_t n;

        while (n_digits < text.len && text.data[n_digits] >= '0' && text.data[n_digits] <= '9')
                n_digits++;
        if (!parse_u64(bytes_slice(text, 0, n_digits), PARSE_DIGITS_MAX, &n))
                return false;

        for (size_t i = 0; i < n_units; i++) {
                uint64_t product;

                if (!bytes_eq_str(bytes_skip(text, n_digits), units[i].suffix))
                        continue;
                if (__builtin_mul_overflow(n, units[i].factor, &product))
                        return false;
                *ret = product;
                return true;
        }
        return false;
}

bool parse_size(Bytes text, uint64_t *ret) {
        static const ParseUnit units[] = {
                { "", 1 },
                { "K", 1ULL << 10 },
                { "M", 1ULL << 20 },
                { "G", 1ULL << 30 },
        };

        assert(ret);

        return parse_with_unit(text, units, ARRAY_SIZE(units), ret);
}

bool parse_time(Bytes text, uint64_t *ret_usec) {
        static const ParseUnit units[] = {
                { "", USEC_PER_SEC },         { "ms", USEC_PER_MSEC },      { "s", USEC_PER_SEC },
                { "min", 60 * USEC_PER_SEC }, { "h", 3600 * USEC_PER_SEC },
        };

        assert(ret_usec);

        return parse_with_unit(text, units, ARRAY_SIZE(units), ret_usec);
}

size_t format_u64(char *room, uint64_t n) {
        char digits[20], *p = digits + sizeof(digits);
        size_t len;

        assert(room);

        do {
                *--p = (char) ('0' + n % 10);
                n /= 10;
        } while (n > 0);
        len = (size_t) (digits + sizeof(digits) - p);
        memcpy(room, p, len);
        return len;
}

size_t format_hex(char *room, uint64_t n) {
        size_t len = 1;

        assert(room);

        for (uint64_t rest = n >> 4; rest > 0; rest >>= 4)
                len++;
        for (size_t i = len; i > 0; n >>= 4)
                room[--i] = "0123456789abcdef"[n & 15];
        return len;
}
