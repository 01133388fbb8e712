/* SPDX-License-Identifier: Apache-2.0 */
/* util/utf8: all of RFC 3629 and nothing else, compared with a decoder written another way. */
#include "util/utf8.h"

#include "util/macros.h"

#include <check.h>

/* Encodes a code point by arithmetic; 0 for those that have no encoding. */
static size_t encode(uint32_t c, char *room) {
        if (c < 0x80) {
                room[0] = (char) c;
                return 1;
        }
        if (c < 0x800) {
                room[0] = (char) (0xc0 | c >> 6);
                room[1] = (char) (0x80 | (c & 63));
                return 2;
        }
        if (c >= 0xd800 && c <= 0xdfff)
                return 0;
        if (c < 0x10000) {
                room[0] = (char) (0xe0 | c >> 12);
                room[1] = (char) (0x80 | (c >> 6 & 63));
                room[2] = (char) (0x80 | (c & 63));
                return 3;
        }
        room[0] = (char) (0xf0 | c >> 18);
        room[1] = (char) (0x80 | (c >> 12 & 63));
        room[2] = (char) (0x80 | (c >> 6 & 63));
        room[3] = (char) (0x80 | (c & 63));
        return 4;
}

START_TEST(takes_every_character_and_no_part_of_one) {
        unsigned n_wrong = 0;
        char room[4];

        for (uint32_t c = 0; c <= 0x10ffff; c++) {
                size_t n = encode(c, room);

                if (n == 0)
                        continue;
                n_wrong += utf8_char_len((Bytes){ room, n }) != n;
                for (size_t cut = 1; cut < n; cut++)
                        n_wrong += utf8_char_len((Bytes){ room, cut }) != 0;
        }
        ck_assert_uint_eq(n_wrong, 0);
}
END_TEST

/* Of all three byte strings with a lead byte of 3, exactly the encodings of U+0800-U+FFFF without
 * surrogates are valid: 63488 - 2048. */
START_TEST(takes_no_other_strings_of_three_bytes) {
        unsigned n = 0;

        for (unsigned i = 0; i < 16 * 65536; i++) {
                char text[] = { (char) (0xe0 | i >> 16), (char) (i >> 8), (char) i };

                n += utf8_char_len((Bytes){ text, 3 }) == 3;
        }
        ck_assert_uint_eq(n, 63488 - 2048);
}
END_TEST

static const struct {
        const char *name;
        Bytes text;
        bool is_valid;
} texts[] = {
        { "nothing", { "", 0 }, true },
        { "NUL", { "a\0b", 3 }, true },
        { "umlauts", { "\xc3\xa4\xc3\xb6", 4 }, true },
        { "the last code point", { "\xf4\x8f\xbf\xbf", 4 }, true },
        { "one above the last", { "\xf4\x90\x80\x80", 4 }, false },
        { "overlong slash, 2 bytes", { "\xc0\xaf", 2 }, false },
        { "overlong 0x7f", { "\xc1\xbf", 2 }, false },
        { "overlong slash, 3 bytes", { "\xe0\x80\xaf", 3 }, false },
        { "overlong U+07FF", { "\xe0\x9f\xbf", 3 }, false },
        { "overlong slash, 4 bytes", { "\xf0\x80\x80\xaf", 4 }, false },
        { "overlong U+FFFF", { "\xf0\x8f\xbf\xbf", 4 }, false },
        { "high surrogate", { "\xed\xa0\x80", 3 }, false },
        { "low surrogate", { "\xed\xbf\xbf", 3 }, false },
        { "lone continuation", { "a\x80", 2 }, false },
        { "cut at the end", { "a\xe2\x82", 3 }, false },
        { "cut in the middle", { "\xe2\x82z", 3 }, false },
        { "lead byte of 5", { "\xf8\x88\x80\x80\x80", 5 }, false },
        { "0xff", { "\xff", 1 }, false },
};

START_TEST(judges_whole_texts) {
        ck_assert_msg(utf8_is_valid(texts[_i].text) == texts[_i].is_valid, "%s", texts[_i].name);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("utf8");
        TCase *tc = tcase_create("utf8");
        SRunner *runner;
        int n_failed;

        tcase_add_test(tc, takes_every_character_and_no_part_of_one);
        tcase_add_test(tc, takes_no_other_strings_of_three_bytes);
        tcase_add_loop_test(tc, judges_whole_texts, 0, (int) ARRAY_SIZE(texts));
        suite_add_tcase(suite, tc);

        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed > 0;
}
