/* SPDX-License-Identifier: Apache-2.0 */
/* util/glob: only the star is special, and no pattern takes long. */
#include "util/glob.h"

#include "util/macros.h"

#include <check.h>

static const struct {
        const char *pattern, *text;
        bool matches;
} cases[] = {
        { "", "", true },
        { "", "a", false },
        { "a", "", false },
        { "a", "a", true },
        { "a", "A", false },
        { "*", "", true },
        { "*", "a/b", true },
        { "a*", "a", true },
        { "a*", "ba", false },
        { "*a", "a", true },
        { "*a", "ab", false },
        { "*a", "aba", true },
        { "a*b", "ab", true },
        { "a*b", "axxb", true },
        { "a*b", "axxc", false },
        { "a*b*c", "abc", true },
        { "a*b*c", "acbc", true },
        { "a*b*c", "acb", false },
        { "**", "", true },
        { "a**b", "ab", true },
        { "app_*", "app_db", true },
        { "app_*", "app", false },
        { "?", "a", false },
        { "?", "?", true },
        { "[ab]", "a", false },
        { "\\*", "*", false },
        { "\\*", "\\x", true },
        { "*ab*ab*", "abab", true },
        { "*ab*ab*", "aab", false },
        { "a*a", "a", false },
};

START_TEST(matches_as_the_table_says) {
        ck_assert_msg(glob_match(bytes_of(cases[_i].pattern), bytes_of(cases[_i].text)) ==
                              cases[_i].matches,
                      "'%s' and '%s'", cases[_i].pattern, cases[_i].text);
}
END_TEST

START_TEST(compares_nul_like_any_byte) {
        ck_assert(glob_match(BYTES("a\0*"), BYTES("a\0b")));
        ck_assert(!glob_match(BYTES("a*b"), BYTES("a\0b\0")));
        ck_assert(glob_match(BYTES_NONE, BYTES_NONE));
        ck_assert(glob_match(BYTES("*"), BYTES_NONE));
}
END_TEST

/* Takes ages in a matcher that goes back to every star. */
START_TEST(many_stars_take_no_longer_than_pattern_times_text) {
        char pattern[65], text[4096];

        for (size_t i = 0; i < 64; i += 2) {
                pattern[i] = '*';
                pattern[i + 1] = 'a';
        }
        pattern[64] = 'b';
        memset(text, 'a', sizeof(text));
        ck_assert(!glob_match((Bytes){ pattern, sizeof(pattern) }, (Bytes){ text, sizeof(text) }));
        text[sizeof(text) - 1] = 'b';
        ck_assert(glob_match((Bytes){ pattern, sizeof(pattern) }, (Bytes){ text, sizeof(text) }));
}
END_TEST

int main(void) {
        Suite *suite = suite_create("glob");
        TCase *tc = tcase_create("glob");
        SRunner *runner;
        int n_failed;

        tcase_add_loop_test(tc, matches_as_the_table_says, 0, (int) ARRAY_SIZE(cases));
        tcase_add_test(tc, compares_nul_like_any_byte);
        tcase_add_test(tc, many_stars_take_no_longer_than_pattern_times_text);
        suite_add_tcase(suite, tc);

        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed > 0;
}
