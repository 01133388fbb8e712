/* SPDX-License-Identifier: Apache-2.0 */
/* config/lines: what inih is given to read, and what it never sees. */
#include "config/lines.h"

#include "util/macros.h"

#include <check.h>

#define ROOM 200 /* inih's own */

#define LINE_186                                                                                   \
        "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"                           \
        "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"                           \
        "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
#define NAME_48 "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"

/* What the lines become, one after the other; "!" stands for a refusal. */
static const struct {
        const char *text;
        const char *read;
} cases[] = {
        { "", "" },
        { "\n\n", "\n\n" },
        { "[a]\nk = v\n", "[a]\nk=v\n" },
        { "[a]\nk=v", "[a]\nk=v\n" },
        { "[a]\r\nk = v\r\n", "[a]\nk=v\n" },
        { "[a]\n\t k\t=  v  w \n", "[a]\nk=v  w\n" },
        /* An indented line is a line. */
        { "[a]\nk = v\n  users = non-root\n", "[a]\nk=v\nusers=non-root\n" },
        { "[a]\nk = v\n  w\n", "[a]\nk=v\n!" },
        { "[a]\nk =\n", "[a]\nk=\n" },
        { "[a]\nk = a = b\n", "[a]\nk=a = b\n" },
        /* Comments. */
        { "# c\n; c\n  # c\n", "\n\n\n" },
        { "[a] # c\nk = v # c\nl = w\t;c\n", "[a]\nk=v\nl=w\n" },
        { "[a]\nk = v#c ;d\n", "[a]\nk=v#c\n" },
        { "[a]\nk = # c\n", "[a]\nk=\n" },
        { "[a]\nk =;c\n", "[a]\nk=;c\n" },
        { "[a]\nk # c = v\n", "[a]\n!" },
        /* Sections. */
        { "[container.create]\n", "[container.create]\n" },
        { "[A-Z_0.9]\n", "[A-Z_0.9]\n" },
        { "[" NAME_48 "]\n", "[" NAME_48 "]\n" },
        { "[" NAME_48 "k]\n", "!" },
        { "[]\n", "!" },
        { "[\n", "!" },
        { "[a\n", "!" },
        { "[a] junk\n", "!" },
        { "[a]]\n", "!" },
        { "[a b]\n", "!" },
        { "[a]x]\n", "!" },
        /* Keys. */
        { "k = v\n", "!" },
        { "[a]\nk\n", "[a]\n!" },
        { "[a]\n= v\n", "[a]\n!" },
        { "[a]\nk : v\n", "[a]\n!" },
        { "[a]\nk: v=1\n", "[a]\n!" },
        { "[a]\nk l = v\n", "[a]\n!" },
        { "[a]\nk.l = v\n", "[a]\n!" },
        { "[a]\n1k = v\n", "[a]\n!" },
        { "[a]\n" NAME_48 " = v\n", "[a]\n" NAME_48 "=v\n" },
        { "[a]\n" NAME_48 "k = v\n", "[a]\n!" },
        /* Bytes. */
        { "\xEF\xBB\xBF[a]\n", "!" },
        { "[a]\n\xEF\xBB\xBFk = v\n", "[a]\n!" },
        { "[a]\nk = v\rw\n", "[a]\n!" },
        { "[a]\nk = v\r", "[a]\n!" },
        { "[a]\nk = v\r\r\n", "[a]\n!" },
        { "[a]\nk = \x01\n", "[a]\n!" },
        { "[a]\n# \x1B[2J\n", "[a]\n!" },
        { "[a]\nk = \x7F\n", "[a]\n!" },
        { "[a]\nk = \xC2\x85\n", "[a]\n!" },
        { "[a]\nk = \xC3\xA4\n", "[a]\nk=\xC3\xA4\n" },
        { "[a]\nk = \xFF\n", "[a]\n!" },
        { "[a]\nk = \xC3\n", "[a]\n!" },
        { "[a]\n# \xC0\xAF\n", "[a]\n!" },
        /* Length: 190 is the most. */
        { "[a]\nk = " LINE_186 "\n", "[a]\nk=" LINE_186 "\n" },
        { "[a]\nk = " LINE_186 "\r\n", "[a]\nk=" LINE_186 "\n" },
        { "[a]\nk = " LINE_186 "v\n", "[a]\n!" },
        { "[a]\nk = " LINE_186, "[a]\nk=" LINE_186 "\n" },
        { "[a]\nk = v # " LINE_186 "\n", "[a]\n!" },
};

/* Everything that a reader gives, "!" at the end when it refused. */
static void read_all(Lines *l, char *all, size_t size) {
        char room[ROOM];
        size_t at = 0;

        while (lines_read(room, sizeof(room), l)) {
                ck_assert(at + strlen(room) + 2 < size);
                memcpy(all + at, room, strlen(room));
                at += strlen(room);
        }
        if (l->problem)
                all[at++] = '!';
        all[at] = '\0';
}

START_TEST(reads_as_the_table_says) {
        Lines l;
        char all[4096];

        lines_init(&l, bytes_of(cases[_i].text));
        read_all(&l, all, sizeof(all));
        ck_assert_msg(strcmp(all, cases[_i].read) == 0, "'%s' reads '%s', not '%s'", cases[_i].text,
                      all, cases[_i].read);
}
END_TEST

START_TEST(refuses_a_nul_byte) {
        Lines l;
        char all[64];

        lines_init(&l, BYTES("[a]\nk = v\0w\n"));
        read_all(&l, all, sizeof(all));
        ck_assert_str_eq(all, "[a]\n!");
        ck_assert_uint_eq(l.number, 2);
}
END_TEST

START_TEST(counts_lines_from_one) {
        Lines l;
        char room[ROOM];

        lines_init(&l, BYTES("# c\n\n[a]\r\nk = v\n"));
        for (unsigned i = 1; i <= 4; i++) {
                ck_assert_ptr_nonnull(lines_read(room, sizeof(room), &l));
                ck_assert_uint_eq(l.number, i);
        }
        ck_assert_ptr_null(lines_read(room, sizeof(room), &l));
        ck_assert_ptr_null(l.problem);
        ck_assert_uint_eq(l.number, 4);
}
END_TEST

START_TEST(stops_for_good_at_a_refused_line) {
        Lines l;
        char room[ROOM];

        lines_init(&l, BYTES("oops\n[a]\n"));
        ck_assert_ptr_null(lines_read(room, sizeof(room), &l));
        ck_assert_ptr_null(lines_read(room, sizeof(room), &l));
        ck_assert_ptr_nonnull(l.problem);
        ck_assert_uint_eq(l.number, 1);
}
END_TEST

START_TEST(refuses_room_that_could_cut_a_line) {
        Lines l;
        char room[ROOM];

        lines_init(&l, BYTES("[a]\n"));
        ck_assert_ptr_null(lines_read(room, LINES_LINE_MAX + 1, &l));
        ck_assert_ptr_nonnull(l.problem);

        lines_init(&l, BYTES("[a]\n"));
        ck_assert_ptr_nonnull(lines_read(room, LINES_LINE_MAX + 2, &l));
}
END_TEST

int main(void) {
        Suite *suite = suite_create("lines");
        TCase *tcase = tcase_create("lines");
        SRunner *runner = srunner_create(suite);
        int n_failed;

        suite_add_tcase(suite, tcase);
        tcase_add_loop_test(tcase, reads_as_the_table_says, 0, (int) ARRAY_SIZE(cases));
        tcase_add_test(tcase, refuses_a_nul_byte);
        tcase_add_test(tcase, counts_lines_from_one);
        tcase_add_test(tcase, stops_for_good_at_a_refused_line);
        tcase_add_test(tcase, refuses_room_that_could_cut_a_line);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed != 0;
}
