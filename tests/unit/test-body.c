/* SPDX-License-Identifier: Apache-2.0 */
/* docker/body: one reading of a body or none, and nothing beyond the limits. */
#include "docker/body.h"

#include "docker/body-scan.h"
#include "util/buffer.h"

#include <check.h>

DEFINE_CLEANUP(Body *, body_free)

#define CASE(json, error)                                                                          \
        { sizeof(json) - 1, json, error }

static const struct {
        size_t len;
        const char *json;
        BodyError error;
} cases[] = {
        CASE("{}", BODY_OK),
        CASE(" \t\r\n{ }\n", BODY_OK),
        CASE("{\"a\":1,\"b\":[true,false,null,-0,1.5e+3,\"x\"],\"c\":{\"d\":{}}}", BODY_OK),
        CASE("{\"a\" : [ ] , \"b\" : [ 1 , 2 ] }", BODY_OK),
        CASE("{\"\":0}", BODY_OK),
        CASE("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\x7f\"}", BODY_OK),
        CASE("{\"a\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"}", BODY_OK),
        CASE("{\"a\":9223372036854775807,\"b\":-9223372036854775808}", BODY_OK),
        CASE("{\"a\":1e-400}", BODY_OK),
        CASE("{\"a\":{\"k\":1},\"b\":{\"k\":1}}", BODY_OK),
        CASE("{\"a\":1,\"A\":2}", BODY_OK), /* two keys; folding is for who knows the names */

        CASE("", BODY_EMPTY),
        CASE(" \n\t\r", BODY_EMPTY),

        CASE("null", BODY_NOT_OBJECT),
        CASE("\"x\"", BODY_NOT_OBJECT),
        CASE("7", BODY_NOT_OBJECT),
        CASE("[]", BODY_NOT_OBJECT),
        CASE("[{}]", BODY_NOT_OBJECT),

        CASE("{", BODY_NOT_JSON),
        CASE("}", BODY_NOT_JSON),
        CASE("{]", BODY_NOT_JSON),
        CASE("{}}", BODY_NOT_JSON),
        CASE("{}{}", BODY_NOT_JSON),
        CASE("{} x", BODY_NOT_JSON),
        CASE("{},", BODY_NOT_JSON),
        CASE("{}\0", BODY_NOT_JSON),
        CASE("\0{}", BODY_NOT_JSON),
        CASE("{\"a\":[}", BODY_NOT_JSON),
        CASE("{\"a\":[1}", BODY_NOT_JSON),
        CASE("{\"a\":{]}", BODY_NOT_JSON),
        CASE("{\"a\":1]", BODY_NOT_JSON),
        CASE("{\"a\":1,}", BODY_NOT_JSON),
        CASE("{,\"a\":1}", BODY_NOT_JSON),
        CASE("{\"a\":[1,]}", BODY_NOT_JSON),
        CASE("{\"a\":[,1]}", BODY_NOT_JSON),
        CASE("{\"a\":[1 2]}", BODY_NOT_JSON),
        CASE("{\"a\" 1}", BODY_NOT_JSON),
        CASE("{\"a\":}", BODY_NOT_JSON),
        CASE("{\"a\"}", BODY_NOT_JSON),
        CASE("{\"a\":1 \"b\":2}", BODY_NOT_JSON),
        CASE("{\"a\"::1}", BODY_NOT_JSON),
        CASE("{a:1}", BODY_NOT_JSON),
        CASE("{'a':1}", BODY_NOT_JSON),
        CASE("{1:1}", BODY_NOT_JSON),
        CASE("{\"a\":01}", BODY_NOT_JSON),
        CASE("{\"a\":+1}", BODY_NOT_JSON),
        CASE("{\"a\":.5}", BODY_NOT_JSON),
        CASE("{\"a\":5.}", BODY_NOT_JSON),
        CASE("{\"a\":-}", BODY_NOT_JSON),
        CASE("{\"a\":1e}", BODY_NOT_JSON),
        CASE("{\"a\":1e+}", BODY_NOT_JSON),
        CASE("{\"a\":1e+-1}", BODY_NOT_JSON),
        CASE("{\"a\":0x1}", BODY_NOT_JSON),
        CASE("{\"a\":NaN}", BODY_NOT_JSON),
        CASE("{\"a\":Infinity}", BODY_NOT_JSON),
        CASE("{\"a\":TRUE}", BODY_NOT_JSON),
        CASE("{\"a\":tru}", BODY_NOT_JSON),
        CASE("{\"a\":truex}", BODY_NOT_JSON),
        CASE("{\"a\":nul", BODY_NOT_JSON),
        CASE("{/**/}", BODY_NOT_JSON),
        CASE("{}//", BODY_NOT_JSON),
        CASE("{\f}", BODY_NOT_JSON),
        CASE("{\v}", BODY_NOT_JSON),
        CASE("{\xc2\xa0}", BODY_NOT_JSON),
        CASE("{\"a", BODY_NOT_JSON),
        CASE("{\"a\":\"x", BODY_NOT_JSON),
        CASE("{\"a\":\"\n\"}", BODY_NOT_JSON),
        CASE("{\"a\":\"\x1f\"}", BODY_NOT_JSON),
        CASE("{\"a\":\"\0\"}", BODY_NOT_JSON),
        CASE("{\"a\":\"\\\"}", BODY_NOT_JSON),
        CASE("{\"a\":\"\\x41\"}", BODY_NOT_JSON),
        CASE("{\"a\":\"\\u12\"}", BODY_NOT_JSON),
        CASE("{\"a\":\"\\u12G4\"}", BODY_NOT_JSON),
        CASE("{\"a\":\"\\u+123\"}", BODY_NOT_JSON),
        CASE("{\"a\":\"\\U0041\"}", BODY_NOT_JSON),
        CASE("{\"a\":9223372036854775808}", BODY_NOT_JSON),
        CASE("{\"a\":-9223372036854775809}", BODY_NOT_JSON),
        CASE("{\"a\":1e400}", BODY_NOT_JSON),

        CASE("\xef\xbb\xbf{}", BODY_NOT_UTF8),
        CASE("{\"a\":\"\xff\"}", BODY_NOT_UTF8),
        CASE("{\"a\":\"\x80\"}", BODY_NOT_UTF8),
        CASE("{\"a\":\"\xc0\xaf\"}", BODY_NOT_UTF8),
        CASE("{\"a\":\"\xe0\x80\xaf\"}", BODY_NOT_UTF8),
        CASE("{\"a\":\"\xed\xa0\x80\"}", BODY_NOT_UTF8),
        CASE("{\"a\":\"\xf4\x90\x80\x80\"}", BODY_NOT_UTF8),
        CASE("{\"a\":\"\xc3\"}", BODY_NOT_UTF8),
        CASE("{\"\xff\":1}", BODY_NOT_UTF8),
        CASE("{\"a\":\"\\ud800\"}", BODY_NOT_UTF8),
        CASE("{\"a\":\"\\udc00\"}", BODY_NOT_UTF8),
        CASE("{\"a\":\"\\ud800x\"}", BODY_NOT_UTF8),
        CASE("{\"a\":\"\\ud800\\n\"}", BODY_NOT_UTF8),
        CASE("{\"a\":\"\\ud800\\u0041\"}", BODY_NOT_UTF8),
        CASE("{\"a\":\"\\ud800\\ud800\"}", BODY_NOT_UTF8),
        CASE("{\"\\ud800\":1}", BODY_NOT_UTF8),

        CASE("{\"a\":\"\\u0000\"}", BODY_HAS_NUL),
        CASE("{\"a\\u0000b\":1}", BODY_HAS_NUL),

        CASE("{\"a\":1,\"a\":2}", BODY_DUPLICATE_KEY),
        CASE("{\"a\":1,\"\\u0061\":2}", BODY_DUPLICATE_KEY),
        CASE("{\"a\":{},\"a\":{}}", BODY_DUPLICATE_KEY),
        CASE("{\"\":1,\"\":1}", BODY_DUPLICATE_KEY),
        CASE("{\"x\":[{\"a\":1,\"b\":1,\"a\":1}]}", BODY_DUPLICATE_KEY),
};

START_TEST(reads_as_the_table_says) {
        _cleanup_(body_freep) Body *b = NULL;
        BodyError error = body_parse((Bytes){ cases[_i].json, cases[_i].len }, &body_limits, &b);

        ck_assert_msg(error == cases[_i].error, "%s: %s", cases[_i].json, body_error_reason(error));
        ck_assert_msg((b != NULL) == (error == BODY_OK), "%s", cases[_i].json);
}
END_TEST

/* A body that ends early is never taken for a whole one. */
START_TEST(refuses_every_prefix_of_a_good_body) {
        const Bytes whole = BYTES("{\"a\":[1,-2.5e3,\"\\u00e9\xc3\xa9\",{\"b\":null}],\"c\":true}");

        for (size_t n = 0; n < whole.len; n++) {
                /* A copy of its own length, so that reading past it is seen. */
                _cleanup_free_ char *copy = malloc(n > 0 ? n : 1);
                Body *b = NULL;

                ck_assert_ptr_nonnull(copy);
                memcpy(copy, whole.data, n);
                ck_assert(body_parse((Bytes){ copy, n }, &body_limits, &b) != BODY_OK);
                ck_assert_ptr_null(b);
        }
}
END_TEST

static BodyError parse_buffer(const Buffer *text) {
        _cleanup_(body_freep) Body *b = NULL;

        return body_parse(buffer_bytes(text), &body_limits, &b);
}

static void append_n(Buffer *b, const char *piece, size_t n) {
        for (size_t i = 0; i < n; i++)
                ck_assert_int_eq(buffer_append_str(b, piece), 0);
}

/* An object with a list in it, so many things deep in all. */
static BodyError parse_depth(size_t depth) {
        _cleanup_(buffer_done) Buffer text = { 0 };

        append_n(&text, "{\"a\":", 1);
        append_n(&text, "[", depth - 1);
        append_n(&text, "]", depth - 1);
        append_n(&text, "}", 1);
        return parse_buffer(&text);
}

START_TEST(limits_the_depth) {
        ck_assert_int_eq(parse_depth(body_limits.depth_max - 1), BODY_OK);
        ck_assert_int_eq(parse_depth(body_limits.depth_max), BODY_OK);
        ck_assert_int_eq(parse_depth(body_limits.depth_max + 1), BODY_TOO_DEEP);
        ck_assert_int_eq(parse_depth(5000), BODY_TOO_DEEP);
}
END_TEST

static BodyError parse_members(size_t n) {
        _cleanup_(buffer_done) Buffer text = { 0 };

        append_n(&text, "{", 1);
        for (size_t i = 0; i < n; i++)
                ck_assert_int_eq(buffer_printf(&text, "%s\"k%zu\":0", i ? "," : "", i), 0);
        append_n(&text, "}", 1);
        return parse_buffer(&text);
}

START_TEST(limits_the_members_of_an_object) {
        ck_assert_int_eq(parse_members(body_limits.n_members_max), BODY_OK);
        ck_assert_int_eq(parse_members(body_limits.n_members_max + 1), BODY_TOO_MANY);
}
END_TEST

/* The object itself and the list count too. */
static BodyError parse_values(size_t n) {
        _cleanup_(buffer_done) Buffer text = { 0 };

        append_n(&text, "{\"a\":[0", 1);
        append_n(&text, ",0", n - 3);
        append_n(&text, "]}", 1);
        return parse_buffer(&text);
}

START_TEST(limits_the_values_in_all) {
        ck_assert_int_eq(parse_values(body_limits.n_values_max), BODY_OK);
        ck_assert_int_eq(parse_values(body_limits.n_values_max + 1), BODY_TOO_MANY);
}
END_TEST

/* One member whose key and text are so many pieces long. */
static BodyError parse_lengths(const BodyLimits *limits, size_t key, size_t value,
                               const char *piece) {
        _cleanup_(body_freep) Body *b = NULL;
        _cleanup_(buffer_done) Buffer text = { 0 };

        append_n(&text, "{\"", 1);
        append_n(&text, "k", key);
        append_n(&text, "\":\"", 1);
        append_n(&text, piece, value);
        append_n(&text, "\"}", 1);
        return body_parse(buffer_bytes(&text), limits, &b);
}

static const struct {
        const char *piece;
        size_t len; /* of what it stands for */
} pieces[] = {
        { "v", 1 },        { "\\n", 1 },     { "\\u0041", 1 },        { "\\u00e9", 2 },
        { "\xc3\xa9", 2 }, { "\\u20ac", 3 }, { "\\ud83d\\ude00", 4 },
};

START_TEST(limits_strings_by_what_they_stand_for) {
        BodyLimits limits = body_limits;
        size_t n = 60 / pieces[_i].len;

        limits.string_max = 60;
        ck_assert_int_eq(parse_lengths(&limits, 1, n - 1, pieces[_i].piece), BODY_OK);
        ck_assert_int_eq(parse_lengths(&limits, 1, n, pieces[_i].piece), BODY_OK);
        ck_assert_int_eq(parse_lengths(&limits, 1, n + 1, pieces[_i].piece), BODY_TOO_LONG);
}
END_TEST

START_TEST(limits_keys_and_strings) {
        size_t key = body_limits.map_key_max, string = body_limits.string_max;

        ck_assert_int_eq(parse_lengths(&body_limits, key, 0, "v"), BODY_OK);
        ck_assert_int_eq(parse_lengths(&body_limits, key + 1, 0, "v"), BODY_TOO_LONG);
        ck_assert_int_eq(parse_lengths(&body_limits, 1, string, "v"), BODY_OK);
        ck_assert_int_eq(parse_lengths(&body_limits, 1, string + 1, "v"), BODY_TOO_LONG);
}
END_TEST

START_TEST(obeys_the_limits_that_it_is_given) {
        const BodyLimits small = { 2, 1, 3, 8, 2, 4 };
        const struct {
                const char *json;
                BodyError error;
        } tight[] = {
                { "{\"a\":[1]}", BODY_OK },
                { "{\"a\":[[]]}", BODY_TOO_DEEP },
                { "{\"a\":1,\"b\":2}", BODY_TOO_MANY },
                { "{\"a\":[1,2]}", BODY_TOO_MANY },
                { "{\"abc\":1}", BODY_TOO_LONG },
                { "{\"a\":\"12345\"}", BODY_TOO_LONG },
        };

        for (size_t i = 0; i < ARRAY_SIZE(tight); i++)
                ck_assert_int_eq(body_scan(bytes_of(tight[i].json), &small, NULL), tight[i].error);
}
END_TEST

START_TEST(gives_members_in_their_order_and_type) {
        static const char json[] = "{\"z\":null,\"y\":true,\"x\":-5,\"w\":1.0,\"v\":\"a\\u0062\","
                                   "\"u\":[1],\"t\":{\"k\":2},\"s\":false}";
        static const BodyType types[] = { BODY_NULL,   BODY_BOOL,  BODY_INTEGER, BODY_REAL,
                                          BODY_STRING, BODY_ARRAY, BODY_OBJECT,  BODY_BOOL };
        _cleanup_(body_freep) Body *b = NULL;
        BodyValue v;
        Bytes key;

        ck_assert_int_eq(body_parse(bytes_of(json), &body_limits, &b), BODY_OK);
        ck_assert_uint_eq(body_n_members(b), ARRAY_SIZE(types));
        for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
                ck_assert(body_member_at(b, i, &key, &v));
                ck_assert_uint_eq(key.len, 1);
                ck_assert_int_eq(key.data[0], (char) ('z' - i));
                ck_assert_int_eq(v.type, types[i]);
                ck_assert_ptr_nonnull(v.node);
        }

        ck_assert(body_member_at(b, 1, NULL, &v) && v.boolean);
        ck_assert(body_member_at(b, 2, NULL, &v) && v.integer == -5);
        ck_assert(body_member_at(b, 4, NULL, &v) && bytes_eq(v.string, BYTES("ab")));
        ck_assert(body_member_at(b, 7, &key, NULL));
        ck_assert(!body_member_at(b, ARRAY_SIZE(types), &key, &v));
}
END_TEST

START_TEST(finds_members_by_their_exact_spelling) {
        _cleanup_(body_freep) Body *b = NULL;

        ck_assert_int_eq(
                body_parse(BYTES("{\"Name\":1,\"\\u0061\":{\"inner\":1}}"), &body_limits, &b),
                BODY_OK);
        ck_assert(body_has_member(b, BYTES("Name")));
        ck_assert(body_has_member(b, BYTES("a")));
        ck_assert(!body_has_member(b, BYTES("name")));
        ck_assert(!body_has_member(b, BYTES("Nam")));
        ck_assert(!body_has_member(b, BYTES("Name\0")));
        ck_assert(!body_has_member(b, BYTES("inner")));
        ck_assert(!body_has_member(b, BYTES_NONE));
}
END_TEST

START_TEST(has_no_members_in_an_empty_object) {
        _cleanup_(body_freep) Body *b = NULL;
        BodyValue v;
        Bytes key;

        ck_assert_int_eq(body_parse(BYTES("{}"), &body_limits, &b), BODY_OK);
        ck_assert_uint_eq(body_n_members(b), 0);
        ck_assert(!body_member_at(b, 0, &key, &v));
        ck_assert_ptr_null(body_free(NULL));
}
END_TEST

static const struct {
        const char *key, *known;
        bool folds;
} folds[] = {
        { "Privileged", "Privileged", true },
        { "PRIVILEGED", "Privileged", true },
        { "privileged", "Privileged", true },
        { "Privilege", "Privileged", false },
        { "Privilegedd", "Privileged", false },
        { "U\xc5\xbf"
          "er",
          "User", true }, /* U+017F */
        { "\xe2\x84\xaa"
          "ernelMemory",
          "KernelMemory", true }, /* U+212A */
        { "lin\xe2\x84\xaas", "Links", true },
        { "lin\xe2\x84\xaa\xc5\xbf", "Links", true },
        { "\xe2\x84\xab"
          "x",
          "Ax", false },              /* U+212B, the Angstrom sign, is no A */
        { "\xc4\xb0p", "Ip", false }, /* U+0130, dotted I */
        { "\xc4\xb1p", "Ip", false }, /* U+0131, dotless i */
        { "\xc5", "s", false },
        { "\xe2\x84", "k", false },
        { "[", "{", false },
        { "@", "`", false },
        { "", "", true },
        { "", "a", false },
        { "a", "", false },
};

START_TEST(folds_keys_like_go) {
        ck_assert_msg(body_key_folds_to(bytes_of(folds[_i].key), bytes_of(folds[_i].known)) ==
                              folds[_i].folds,
                      "%s and %s", folds[_i].key, folds[_i].known);
        ck_assert(body_key_folds_to(bytes_of(folds[_i].known), bytes_of(folds[_i].key)) ==
                  folds[_i].folds);
}
END_TEST

START_TEST(has_its_own_word_and_sentence_for_each_fault) {
        for (int a = BODY_OK; a <= BODY_NO_MEMORY; a++) {
                ck_assert_ptr_nonnull(body_error_text((BodyError) a));
                for (int b = BODY_OK; b < a; b++)
                        ck_assert_str_ne(body_error_reason((BodyError) a),
                                         body_error_reason((BodyError) b));
        }
        ck_assert_str_eq(body_error_reason(BODY_DUPLICATE_KEY), "json-duplicate-key");
}
END_TEST

int main(void) {
        Suite *s = suite_create("body");
        TCase *t = tcase_create("body");
        SRunner *r;
        int n_failed;

        tcase_set_timeout(t, 60);
        tcase_add_loop_test(t, reads_as_the_table_says, 0, (int) ARRAY_SIZE(cases));
        tcase_add_test(t, refuses_every_prefix_of_a_good_body);
        tcase_add_test(t, limits_the_depth);
        tcase_add_test(t, limits_the_members_of_an_object);
        tcase_add_test(t, limits_the_values_in_all);
        tcase_add_loop_test(t, limits_strings_by_what_they_stand_for, 0, (int) ARRAY_SIZE(pieces));
        tcase_add_test(t, limits_keys_and_strings);
        tcase_add_test(t, obeys_the_limits_that_it_is_given);
        tcase_add_test(t, gives_members_in_their_order_and_type);
        tcase_add_test(t, finds_members_by_their_exact_spelling);
        tcase_add_test(t, has_no_members_in_an_empty_object);
        tcase_add_loop_test(t, folds_keys_like_go, 0, (int) ARRAY_SIZE(folds));
        tcase_add_test(t, has_its_own_word_and_sentence_for_each_fault);
        suite_add_tcase(s, t);

        r = srunner_create(s);
        srunner_run_all(r, CK_ENV);
        n_failed = srunner_ntests_failed(r);
        srunner_free(r);
        return n_failed > 0;
}
