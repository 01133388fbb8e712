/* SPDX-License-Identifier: Apache-2.0 */
/* util/parse: exact numbers, sizes, times and booleans, and their limits. */
#include "util/parse.h"

#include "util/macros.h"

#include <check.h>

typedef struct Case {
        const char *text;
        bool is_valid;
        uint64_t value;
} Case;

static void check_case(const Case *c, bool is_valid, uint64_t value) {
        ck_assert_msg(is_valid == c->is_valid, "'%s' is %s", c->text,
                      is_valid ? "taken" : "refused");
        if (is_valid)
                ck_assert_msg(value == c->value, "'%s' is %llu", c->text,
                              (unsigned long long) value);
}

static const Case decimals[] = {
        { "0", true, 0 },
        { "007", true, 7 },
        { "9999999999999999999", true, 9999999999999999999ULL },
        { "00000000000000000000", false, 0 }, /* 20 digits */
        { "18446744073709551616", false, 0 },
        { "", false, 0 },
        { "+1", false, 0 },
        { "-1", false, 0 },
        { " 1", false, 0 },
        { "1 ", false, 0 },
        { "1a", false, 0 },
        { "0x1", false, 0 },
        { "\xd9\xa1", false, 0 }, /* an Arabic digit */
};

START_TEST(reads_decimal_digits_alone) {
        uint64_t n = 0;

        bool is_valid = parse_u64(bytes_of(decimals[_i].text), 19, &n);

        check_case(&decimals[_i], is_valid, n);
}
END_TEST

START_TEST(reads_at_most_so_many_digits) {
        uint64_t n;

        ck_assert(parse_u64(BYTES("99"), 3, &n));
        ck_assert(parse_u64(BYTES("999"), 3, &n));
        ck_assert(!parse_u64(BYTES("0999"), 3, &n));
        ck_assert(!parse_u64(BYTES_NONE, 3, &n));
        ck_assert(!parse_u64(BYTES("1\0"), 3, &n));
}
END_TEST

static const Case hexadecimals[] = {
        { "0", true, 0 },
        { "fF", true, 255 },
        { "ffffffffffffffff", true, UINT64_MAX },
        { "0ffffffffffffffff", false, 0 },
        { "", false, 0 },
        { "g", false, 0 },
        { "0x1", false, 0 },
        { "1 ", false, 0 },
        { "`", false, 0 },
        { "@", false, 0 },
};

START_TEST(reads_hexadecimal_digits_alone) {
        uint64_t n = 0;

        bool is_valid = parse_hex(bytes_of(hexadecimals[_i].text), &n);

        check_case(&hexadecimals[_i], is_valid, n);
}
END_TEST

START_TEST(knows_twenty_two_hex_digits) {
        unsigned n = 0;

        for (int c = 0; c < 256; c++)
                n += parse_hex_digit((char) c) >= 0;
        ck_assert_uint_eq(n, 22);
        ck_assert_int_eq(parse_hex_digit('9'), 9);
        ck_assert_int_eq(parse_hex_digit('a'), 10);
        ck_assert_int_eq(parse_hex_digit('F'), 15);
}
END_TEST

static const Case booleans[] = {
        { "yes", true, 1 }, { "YES", true, 1 },   { "true", true, 1 },     { "On", true, 1 },
        { "1", true, 1 },   { "no", true, 0 },    { "False", true, 0 },    { "off", true, 0 },
        { "0", true, 0 },   { "", false, 0 },     { "y", false, 0 },       { "2", false, 0 },
        { "01", false, 0 }, { "yes ", false, 0 }, { "enabled", false, 0 },
};

START_TEST(reads_booleans) {
        bool b = false;

        bool is_valid = parse_bool(bytes_of(booleans[_i].text), &b);

        check_case(&booleans[_i], is_valid, b);
}
END_TEST

static const Case sizes[] = {
        { "0", true, 0 },
        { "65536", true, 65536 },
        { "64K", true, 65536 },
        { "1M", true, 1048576 },
        { "2G", true, 2147483648ULL },
        { "17179869183G", true, 17179869183ULL << 30 },
        { "17179869184G", false, 0 }, /* 2^64 */
        { "K", false, 0 },
        { "", false, 0 },
        { "1k", false, 0 },
        { "1T", false, 0 },
        { "1 K", false, 0 },
        { "1KB", false, 0 },
        { "-1K", false, 0 },
        { "1.5M", false, 0 },
};

START_TEST(reads_sizes) {
        uint64_t n = 0;

        bool is_valid = parse_size(bytes_of(sizes[_i].text), &n);

        check_case(&sizes[_i], is_valid, n);
}
END_TEST

static const Case times[] = {
        { "0", true, 0 },
        { "30", true, 30000000 },
        { "500ms", true, 500000 },
        { "30s", true, 30000000 },
        { "5min", true, 300000000 },
        { "2h", true, 7200000000ULL },
        { "18446744073709", true, 18446744073709000000ULL },
        { "18446744073710", false, 0 },
        { "5m", false, 0 },
        { "1d", false, 0 },
        { "s", false, 0 },
        { "", false, 0 },
        { "1 s", false, 0 },
        { "1min 30s", false, 0 },
};

START_TEST(reads_times) {
        uint64_t n = 0;

        bool is_valid = parse_time(bytes_of(times[_i].text), &n);

        check_case(&times[_i], is_valid, n);
}
END_TEST

START_TEST(writes_numbers_within_the_promised_room) {
        static const struct {
                uint64_t n;
                const char *decimal, *hexadecimal;
        } numbers[] = {
                { 0, "0", "0" },
                { 9, "9", "9" },
                { 10, "10", "a" },
                { 4294967296ULL, "4294967296", "100000000" },
                { UINT64_MAX, "18446744073709551615", "ffffffffffffffff" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
                _cleanup_free_ char *decimal = malloc(20);
                _cleanup_free_ char *hexadecimal = malloc(16);
                Bytes d = { decimal, format_u64(decimal, numbers[i].n) };
                Bytes h = { hexadecimal, format_hex(hexadecimal, numbers[i].n) };

                ck_assert(bytes_eq_str(d, numbers[i].decimal));
                ck_assert(bytes_eq_str(h, numbers[i].hexadecimal));
        }
}
END_TEST

int main(void) {
        Suite *suite = suite_create("parse");
        TCase *tc = tcase_create("parse");
        SRunner *runner;
        int n_failed;

        tcase_add_loop_test(tc, reads_decimal_digits_alone, 0, (int) ARRAY_SIZE(decimals));
        tcase_add_test(tc, reads_at_most_so_many_digits);
        tcase_add_loop_test(tc, reads_hexadecimal_digits_alone, 0, (int) ARRAY_SIZE(hexadecimals));
        tcase_add_test(tc, knows_twenty_two_hex_digits);
        tcase_add_loop_test(tc, reads_booleans, 0, (int) ARRAY_SIZE(booleans));
        tcase_add_loop_test(tc, reads_sizes, 0, (int) ARRAY_SIZE(sizes));
        tcase_add_loop_test(tc, reads_times, 0, (int) ARRAY_SIZE(times));
        tcase_add_test(tc, writes_numbers_within_the_promised_room);
        suite_add_tcase(suite, tc);

        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed > 0;
}
