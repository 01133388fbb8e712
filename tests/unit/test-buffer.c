/* SPDX-License-Identifier: Apache-2.0 */
/* util/buffer: what is put in comes out, in order, however it grows and moves. */
#include "util/buffer.h"

#include <check.h>
#include <errno.h>

#define HOLDS(b, text) ck_assert(bytes_eq(buffer_bytes(b), BYTES(text)))

START_TEST(an_empty_buffer_has_no_bytes) {
        Buffer b = {};

        HOLDS(&b, "");
        ck_assert_uint_eq(buffer_len(&b), 0);
        ck_assert_int_eq(buffer_append(&b, BYTES_NONE), 0);
        ck_assert_int_eq(buffer_append_str(&b, ""), 0);
        ck_assert_int_eq(buffer_reserve(&b, 0, NULL), 0);
        buffer_consume(&b, 5);
        buffer_clear(&b);
        ck_assert_ptr_null(b.data);
        buffer_done(&b);
}
END_TEST

START_TEST(appends_in_order) {
        Buffer b = {};

        ck_assert_int_eq(buffer_append(&b, BYTES("a\0b")), 0);
        ck_assert_int_eq(buffer_append_str(&b, "cd"), 0);
        ck_assert_int_eq(buffer_printf(&b, "-%u-%s", 12U, "x"), 0);
        HOLDS(&b, "a\0bcd-12-x");
        buffer_done(&b);
        ck_assert_ptr_null(b.data);
        ck_assert_uint_eq(buffer_len(&b), 0);
}
END_TEST

START_TEST(prints_texts_longer_than_its_room) {
        Buffer b = {};

        ck_assert_int_eq(buffer_printf(&b, "%0*d", 1000, 7), 0);
        ck_assert_uint_eq(buffer_len(&b), 1000);
        ck_assert(bytes_ends_with(buffer_bytes(&b), BYTES("0007")));
        buffer_done(&b);
}
END_TEST

START_TEST(consumes_from_the_front_and_no_more_than_there_is) {
        Buffer b = {};

        ck_assert_int_eq(buffer_append_str(&b, "abcdef"), 0);
        buffer_consume(&b, 2);
        HOLDS(&b, "cdef");
        buffer_consume(&b, 100);
        HOLDS(&b, "");
        ck_assert_uint_eq(b.begin, 0); /* all the room is there again */
        ck_assert_int_eq(buffer_append_str(&b, "g"), 0);
        HOLDS(&b, "g");
        buffer_clear(&b);
        HOLDS(&b, "");
        ck_assert_ptr_nonnull(b.data);
        buffer_done(&b);
}
END_TEST

START_TEST(commits_what_was_written_to_the_room) {
        Buffer b = {};
        char *room;

        ck_assert_int_eq(buffer_reserve(&b, 5000, &room), 0);
        memset(room, 'x', 5000);
        buffer_commit(&b, 3);
        HOLDS(&b, "xxx");
        buffer_done(&b);
}
END_TEST

START_TEST(room_that_cannot_be_had_keeps_the_content) {
        Buffer b = {};

        ck_assert_int_eq(buffer_append_str(&b, "abc"), 0);
        ck_assert_int_eq(buffer_reserve(&b, SIZE_MAX, NULL), -ENOMEM);
        ck_assert_int_eq(buffer_reserve(&b, SIZE_MAX - 3, NULL), -ENOMEM);
        ck_assert_int_eq(buffer_reserve(&b, SIZE_MAX / 2, NULL), -ENOMEM);
        HOLDS(&b, "abc");
        buffer_done(&b);
}
END_TEST

/* A queue that is filled and emptied in uneven steps must neither lose bytes nor grow for ever. */
START_TEST(a_queue_keeps_its_order_and_its_size) {
        unsigned char put = 0, got = 0;
        Buffer b = {};

        for (unsigned round = 0; round < 2000; round++) {
                unsigned n = round * 7 % 61;

                for (unsigned i = 0; i < n; i++, put++)
                        ck_assert_int_eq(buffer_append(&b, (Bytes){ (char *) &put, 1 }), 0);
                n = (unsigned) buffer_len(&b) > 40 ? (unsigned) buffer_len(&b) - 40 : 0;
                for (unsigned i = 0; i < n; i++, got++) {
                        ck_assert_uint_eq((unsigned char) buffer_bytes(&b).data[0], got);
                        buffer_consume(&b, 1);
                }
        }
        ck_assert_uint_le(b.size, 512);
        buffer_done(&b);
}
END_TEST

START_TEST(fits_its_memory_to_its_content) {
        Buffer b = {};

        ck_assert_int_eq(buffer_append_str(&b, "0123456789abc"), 0);
        buffer_consume(&b, 10);
        ck_assert_uint_ge(b.size, 128);
        buffer_fit(&b);
        HOLDS(&b, "abc");
        ck_assert_uint_eq(b.size, 3);
        ck_assert_int_eq(buffer_append_str(&b, "def"), 0);
        HOLDS(&b, "abcdef");

        buffer_clear(&b);
        buffer_fit(&b);
        ck_assert_ptr_null(b.data);
        buffer_fit(&b);
}
END_TEST

START_TEST(more_than_its_counters_hold_is_refused) {
        Buffer b = {};

        ck_assert_int_eq(buffer_append_str(&b, "abc"), 0);
        ck_assert_int_eq(buffer_reserve(&b, UINT32_MAX / 2, NULL), -ENOMEM);
        ck_assert_int_eq(buffer_reserve(&b, (size_t) UINT32_MAX + 1, NULL), -ENOMEM);
        HOLDS(&b, "abc");
        buffer_done(&b);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("buffer");
        TCase *tc = tcase_create("buffer");
        SRunner *runner;
        int n_failed;

        tcase_add_test(tc, an_empty_buffer_has_no_bytes);
        tcase_add_test(tc, appends_in_order);
        tcase_add_test(tc, prints_texts_longer_than_its_room);
        tcase_add_test(tc, consumes_from_the_front_and_no_more_than_there_is);
        tcase_add_test(tc, commits_what_was_written_to_the_room);
        tcase_add_test(tc, room_that_cannot_be_had_keeps_the_content);
        tcase_add_test(tc, a_queue_keeps_its_order_and_its_size);
        tcase_add_test(tc, fits_its_memory_to_its_content);
        tcase_add_test(tc, more_than_its_counters_hold_is_refused);
        suite_add_tcase(suite, tc);

        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed > 0;
}
