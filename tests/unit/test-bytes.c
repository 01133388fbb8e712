/* SPDX-License-Identifier: Apache-2.0 */
/* util/bytes: comparing, searching and cutting, also of nothing and of bytes that hold NUL. */
#include "util/bytes.h"

#include "util/buffer.h"
#include "util/macros.h"

#include <check.h>

#define EQ(got, want)                                                                              \
        ck_assert_msg(bytes_eq((got), (want)), "got '%.*s'", (int) (got).len, (got).data)

START_TEST(compares_length_and_every_byte) {
        ck_assert(bytes_eq(BYTES("ab"), BYTES("ab")));
        ck_assert(!bytes_eq(BYTES("ab"), BYTES("ac")));
        ck_assert(!bytes_eq(BYTES("ab"), BYTES("abc")));
        ck_assert(!bytes_eq(BYTES("a\0b"), BYTES("a\0c")));
        ck_assert(bytes_eq(BYTES_NONE, BYTES("")));
        ck_assert(bytes_eq_str(BYTES("ab"), "ab"));
        ck_assert(!bytes_eq_str(BYTES("ab\0"), "ab"));
        ck_assert(bytes_eq_str(BYTES_NONE, ""));
}
END_TEST

START_TEST(a_string_of_ours_may_be_null) {
        ck_assert_uint_eq(bytes_of(NULL).len, 0);
        ck_assert_uint_eq(bytes_of("abc").len, 3);
}
END_TEST

START_TEST(folds_the_case_of_ascii_letters_alone) {
        ck_assert(bytes_ieq_ascii(BYTES("aBz"), BYTES("AbZ")));
        ck_assert(!bytes_ieq_ascii(BYTES("@"), BYTES("`")));
        ck_assert(!bytes_ieq_ascii(BYTES("["), BYTES("{")));
        ck_assert(!bytes_ieq_ascii(BYTES("\r"), BYTES("-")));
        ck_assert(!bytes_ieq_ascii(BYTES("\xc4"), BYTES("\xe4")));
        ck_assert(!bytes_ieq_ascii(BYTES("a"), BYTES("ab")));
        ck_assert(!bytes_ieq_ascii(BYTES("K"), BYTES("\xe2\x84\xaa"))); /* Kelvin sign */
        ck_assert(bytes_ieq_ascii(BYTES_NONE, BYTES("")));
}
END_TEST

START_TEST(knows_prefixes_and_suffixes) {
        ck_assert(bytes_starts_with(BYTES("abc"), BYTES("ab")));
        ck_assert(bytes_starts_with(BYTES("abc"), BYTES_NONE));
        ck_assert(!bytes_starts_with(BYTES("a"), BYTES("ab")));
        ck_assert(bytes_ends_with(BYTES("abc"), BYTES("bc")));
        ck_assert(bytes_ends_with(BYTES("abc"), BYTES("abc")));
        ck_assert(!bytes_ends_with(BYTES("c"), BYTES("bc")));
        ck_assert(bytes_ends_with(BYTES_NONE, BYTES_NONE));
}
END_TEST

START_TEST(orders_by_bytes_then_by_length) {
        ck_assert_int_lt(bytes_compare(BYTES("a"), BYTES("b")), 0);
        ck_assert_int_lt(bytes_compare(BYTES("a"), BYTES("ab")), 0);
        ck_assert_int_gt(bytes_compare(BYTES("b"), BYTES("ab")), 0);
        ck_assert_int_gt(bytes_compare(BYTES("\xff"), BYTES("a")), 0);
        ck_assert_int_eq(bytes_compare(BYTES("ab"), BYTES("ab")), 0);
        ck_assert_int_eq(bytes_compare(BYTES_NONE, BYTES("")), 0);
        ck_assert_int_lt(bytes_compare(BYTES_NONE, BYTES("a")), 0);
}
END_TEST

START_TEST(finds_bytes_and_runs_of_bytes) {
        ck_assert_uint_eq(bytes_find(BYTES("abcb"), 'b'), 1);
        ck_assert_uint_eq(bytes_find(BYTES("abc"), 'x'), 3);
        ck_assert_uint_eq(bytes_find(BYTES("a\0b"), '\0'), 1);
        ck_assert_uint_eq(bytes_find(BYTES_NONE, 'x'), 0);
        ck_assert_uint_eq(bytes_search(BYTES("aabab"), BYTES("ab")), 1);
        ck_assert_uint_eq(bytes_search(BYTES("ab"), BYTES("abc")), 2);
        ck_assert_uint_eq(bytes_search(BYTES("abc"), BYTES("x")), 3);
        ck_assert_uint_eq(bytes_search(BYTES_NONE, BYTES("x")), 0);
}
END_TEST

START_TEST(cuts_to_what_is_there) {
        EQ(bytes_slice(BYTES("abcd"), 1, 2), BYTES("bc"));
        EQ(bytes_slice(BYTES("abcd"), 1, SIZE_MAX), BYTES("bcd"));
        EQ(bytes_slice(BYTES("abcd"), 4, 1), BYTES_NONE);
        EQ(bytes_slice(BYTES("abcd"), SIZE_MAX, SIZE_MAX), BYTES_NONE);
        EQ(bytes_skip(BYTES("abcd"), 3), BYTES("d"));
        EQ(bytes_skip(BYTES("abcd"), 5), BYTES_NONE);
        EQ(bytes_skip(BYTES_NONE, 0), BYTES_NONE);
}
END_TEST

START_TEST(trims_blanks_and_tabs_only) {
        EQ(bytes_trim(BYTES(" \ta b\t ")), BYTES("a b"));
        EQ(bytes_trim(BYTES("\ra\n")), BYTES("\ra\n"));
        EQ(bytes_trim(BYTES(" \t ")), BYTES_NONE);
        EQ(bytes_trim(BYTES_NONE), BYTES_NONE);
}
END_TEST

static const struct {
        Bytes text;
        unsigned n_pieces;
        const char *joined; /* each piece in brackets */
} splits[] = {
        { { "a,,b", 4 }, 3, "[a][][b]" }, { { "a", 1 }, 1, "[a]" },    { { "a,", 2 }, 2, "[a][]" },
        { { ",", 1 }, 2, "[][]" },        { { ",a", 2 }, 2, "[][a]" }, { { "", 0 }, 1, "[]" },
        { { NULL, 0 }, 0, "" },
};

START_TEST(splits_at_every_separator) {
        Bytes rest = splits[_i].text, piece;
        Buffer joined = {};
        unsigned n = 0;

        while (bytes_split(&rest, ',', &piece)) {
                buffer_append_str(&joined, "[");
                buffer_append(&joined, piece);
                buffer_append_str(&joined, "]");
                n++;
        }
        ck_assert_uint_eq(n, splits[_i].n_pieces);
        ck_assert(bytes_eq_str(buffer_bytes(&joined), splits[_i].joined));
        ck_assert(!bytes_split(&rest, ',', &piece));
        buffer_done(&joined);
}
END_TEST

START_TEST(copies_end_with_nul_and_hold_none) {
        _cleanup_free_ char *copy = bytes_dup(BYTES("abc"));
        _cleanup_free_ char *none = bytes_dup(BYTES_NONE);

        ck_assert_str_eq(copy, "abc");
        ck_assert_str_eq(none, "");
        ck_assert_ptr_null(bytes_dup(BYTES("a\0b")));
}
END_TEST

int main(void) {
        Suite *suite = suite_create("bytes");
        TCase *tc = tcase_create("bytes");
        SRunner *runner;
        int n_failed;

        tcase_add_test(tc, compares_length_and_every_byte);
        tcase_add_test(tc, a_string_of_ours_may_be_null);
        tcase_add_test(tc, folds_the_case_of_ascii_letters_alone);
        tcase_add_test(tc, knows_prefixes_and_suffixes);
        tcase_add_test(tc, orders_by_bytes_then_by_length);
        tcase_add_test(tc, finds_bytes_and_runs_of_bytes);
        tcase_add_test(tc, cuts_to_what_is_there);
        tcase_add_test(tc, trims_blanks_and_tabs_only);
        tcase_add_loop_test(tc, splits_at_every_separator, 0, (int) ARRAY_SIZE(splits));
        tcase_add_test(tc, copies_end_with_nul_and_hold_none);
        suite_add_tcase(suite, tc);

        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed > 0;
}
