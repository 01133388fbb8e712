/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judging query keys by the table. dockerd takes the first of two equal keys, Podman the last and
 * in any case, and a misspelt key is ignored by one and means its default to the other: a key is
 * taken only once and in its own spelling. Refuses values outside a key's grammar; leaves those
 * that a section of the policy judges to the policy.
 */
#include "docker/query.h"

#include "util/macros.h"
#include "util/parse.h"

#define QUERY_PS_ARGS_MAX    64
#define QUERY_NUMBER_DIGITS  18
#define QUERY_KNOWN_KEYS_MAX 128 /* of one endpoint; a test holds the table to it */

bool query_value_is_zero(Bytes value) {
        static const char *const zeros[] = { "0", "false", "null", "{}", "[]" };

        if (value.len == 0)
                return true;
        for (size_t i = 0; i < ARRAY_SIZE(zeros); i++)
                if (bytes_eq_str(value, zeros[i]))
                        return true;
        return false;
}

/* One of "a|b|c"; the empty word is in a list that begins with |. */
static bool query_is_word(Bytes value, const char *words) {
        Bytes rest = bytes_of(words), word;

        if (value.len == 0)
                return words[0] == '|';
        while (bytes_split(&rest, '|', &word))
                if (bytes_eq(word, value))
                        return true;
        return false;
}

/* Empty is as good as absent to every handler that reads a number. */
static bool query_is_int(const QueryKey *key, Bytes value) {
        bool is_negative = value.len > 0 && value.data[0] == '-';
        uint64_t number;
        int64_t n;

        if (value.len == 0)
                return true;
        if (!parse_u64(bytes_skip(value, is_negative), QUERY_NUMBER_DIGITS, &number))
                return false;

        n = is_negative ? -(int64_t) number : (int64_t) number;
        return n >= key->min && (key->max == 0 || n <= key->max);
}

static bool query_is_ps_byte(char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == ',' || c == '=' || c == '-';
}

/* Columns of ps -o, joined by commas, each with its own heading if it likes ("pid=ID"). */
static bool query_is_ps_columns(Bytes columns) {
        const Bytes forbidden = BYTES("environ");
        Bytes column;

        if (columns.len == 0)
                return false;
        for (size_t i = 0; i < columns.len; i++)
                if (!query_is_ps_byte(columns.data[i]))
                        return false;

        while (bytes_split(&columns, ',', &column)) {
                Bytes name = bytes_slice(column, 0, bytes_find(column, '='));

                if (name.len == 0 || name.data[0] == '-' || bytes_ieq_ascii(name, BYTES("e")))
                        return false;
                for (size_t i = 0; i + forbidden.len <= column.len; i++)
                        if (bytes_ieq_ascii(bytes_slice(column, i, forbidden.len), forbidden))
                                return false;
        }
        return true;
}

bool query_is_ps_args(Bytes value) {
        if (value.len == 0 || bytes_eq(value, BYTES("aux")) || bytes_eq(value, BYTES("-ef")))
                return true;
        if (value.len > QUERY_PS_ARGS_MAX)
                return false;

        if (bytes_starts_with(value, BYTES("-eo ")))
                return query_is_ps_columns(bytes_skip(value, 4));
        if (bytes_starts_with(value, BYTES("-o ")))
                return query_is_ps_columns(bytes_skip(value, 3));
        return false;
}

bool query_is_file(Bytes value) {
        Bytes segment;

        if (value.len == 0)
                return true;
        if (value.data[0] == '/' || bytes_find(value, '\\') < value.len)
                return false;
        while (bytes_split(&value, '/', &segment))
                if (bytes_eq(segment, BYTES("..")))
                        return false;
        return true;
}

static bool query_is_name(Bytes value) {
        if (value.len > 0 && value.data[0] == '/')
                value = bytes_skip(value, 1);
        return endpoint_is_id(value);
}

bool query_value_fits(const QueryKey *key, Bytes value) {
        switch (key->rule) {
        case QUERY_ANY:
        case QUERY_JUDGED:
        case QUERY_SESSION:
                return true;
        case QUERY_ZERO:
                return query_value_is_zero(value);
        case QUERY_INT:
                return query_is_int(key, value);
        case QUERY_WORDS:
                return query_is_word(value, query_key_words(key));
        case QUERY_NAME:
                return query_is_name(value);
        case QUERY_ID:
                return endpoint_is_id(value);
        case QUERY_PS_ARGS:
                return query_is_ps_args(value);
        case QUERY_FILE:
                return query_is_file(value);
        }
        return false;
}

static bool query_key_is(const QueryKey *known, Bytes key, bool any_case) {
        const char *k = known->key;

        for (size_t i = 0; i < key.len; i++) {
                char a = k[i], b = key.data[i];

                if (a == b && a != '\0')
                        continue;
                /* Keys are letters, digits and marks that 0x20 does not turn into a letter. */
                if (!any_case || a == '\0' || (a ^ b) != 0x20 || (a | 0x20) < 'a' ||
                    (a | 0x20) > 'z')
                        return false;
        }
        return k[key.len] == '\0';
}

static const QueryKey *query_find_key(const Endpoint *e, Bytes key, bool any_case) {
        for (const QueryKey *k = e->query; k && k->key; k++)
                if (query_key_is(k, key, any_case))
                        return k;
        return NULL;
}

static bool query_fail(QueryResult *ret, const QueryPair *pair, HttpError *ret_error,
                       unsigned status, const char *reason, const char *text) {
        ret->bad_pair = pair;
        *ret_error = (HttpError){ status, reason, text };
        return false;
}

static bool query_fail_repeated(QueryResult *ret, const QueryPair *pair, HttpError *ret_error) {
        return query_fail(ret, pair, ret_error, 400, "query-key-repeated",
                          "a query key comes twice");
}

/* What the policy must know of keys that only it can allow. */
static void query_note_judged(const QueryKey *key, Bytes value, QueryResult *ret) {
        if (key->rule != QUERY_JUDGED && key->rule != QUERY_SESSION)
                return;
        if (query_value_is_zero(value) ||
            (key->has_words && query_is_word(value, query_key_words(key))))
                return;

        if (key->rule == QUERY_SESSION)
                ret->has_session_keys = true;
        else
                ret->has_judged_keys = true;

        /* build's remote is judged, and this one value of it is a BuildKit session too. */
        if (bytes_eq(value, BYTES("client-session")))
                ret->has_session_keys = true;
}

static bool query_check_known(QueryPair *pair, const QueryKey *key, QueryResult *ret,
                              HttpError *ret_error) {
        if (!query_value_fits(key, pair->value))
                return query_fail(ret, pair, ret_error, 403, "query-value",
                                  "a query key has a value that is never allowed");

        query_note_judged(key, pair->value, ret);

        /* dockerode sends an empty one with every pull; it can only be read as a login. */
        if (pair->value.len == 0 && bytes_eq(pair->key, BYTES("authconfig")))
                pair->dropped = true;
        return true;
}

static bool query_check_unknown(const Target *t, unsigned index, const Endpoint *e,
                                QueryUnknown unknown, unsigned *n_unknown, QueryResult *ret,
                                HttpError *ret_error) {
        const QueryPair *pair = &t->pairs[index];

        if (query_find_key(e, pair->key, true))
                return query_fail(ret, pair, ret_error, 400, "query-key-spelling",
                                  "a query key is a known one in another spelling");

        switch (unknown) {
        case QUERY_UNKNOWN_REFUSED:
                return query_fail(ret, pair, ret_error, 403, "query-key-unknown",
                                  "the endpoint does not know this query key");
        case QUERY_UNKNOWN_ECHO:
                ret->has_unknown_keys = true;
                return true;
        case QUERY_UNKNOWN_FORWARDED:
                break;
        }

        if (++*n_unknown > QUERY_UNKNOWN_MAX)
                return query_fail(ret, pair, ret_error, 400, "query-too-many",
                                  "the query has too many unknown keys");
        for (unsigned i = 0; i < index; i++)
                if (bytes_ieq_ascii(t->pairs[i].key, pair->key))
                        return query_fail_repeated(ret, pair, ret_error);
        return true;
}

bool query_check(Target *target, const Endpoint *e, QueryUnknown unknown, QueryResult *ret,
                 HttpError *ret_error) {
        uint64_t seen[QUERY_KNOWN_KEYS_MAX / 64] = { 0 };
        unsigned n_unknown = 0;

        *ret = (QueryResult){ 0 };

        for (unsigned i = 0; i < target->n_pairs; i++) {
                QueryPair *pair = &target->pairs[i];
                const QueryKey *key = query_find_key(e, pair->key, e->is_libpod);
                size_t index;

                if (!key) {
                        if (!query_check_unknown(target, i, e, unknown, &n_unknown, ret, ret_error))
                                return false;
                        continue;
                }

                index = (size_t) (key - e->query);
                assert(index < QUERY_KNOWN_KEYS_MAX);
                if ((seen[index / 64] & (1ULL << index % 64)) && !key->repeatable)
                        return query_fail_repeated(ret, pair, ret_error);
                seen[index / 64] |= 1ULL << index % 64;

                if (!query_check_known(pair, key, ret, ret_error))
                        return false;
        }
        return true;
}
