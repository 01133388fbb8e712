/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http/body: where a body ends, and which chunk framing is refused. Each case is fed whole and in
 * pieces of every size, from memory of exactly its length: the outcome must not depend on the cuts.
 */
#include "http/body.h"

#include "util/macros.h"

#include <check.h>

#define T(literal)                                                                                 \
        { (literal), sizeof(literal) - 1 }

typedef struct Case {
        const char *name;
        HttpFraming framing;
        uint64_t length;
        Bytes input;
        HttpBodyState state; /* at the end */
        size_t n_taken;
        Bytes payload;
} Case;

#define CHUNKED HTTP_FRAMING_CHUNKED, 0

static const Case cases[] = {
        { "none", HTTP_FRAMING_NONE, 0, T("GET /"), HTTP_BODY_DONE, 0, T("") },
        { "length 0", HTTP_FRAMING_LENGTH, 0, T("x"), HTTP_BODY_DONE, 0, T("") },
        { "length, one byte short", HTTP_FRAMING_LENGTH, 5, T("hell"), HTTP_BODY_MORE, 4,
          T("hell") },
        { "length, exact", HTTP_FRAMING_LENGTH, 5, T("hello"), HTTP_BODY_DONE, 5, T("hello") },
        { "length, next request behind", HTTP_FRAMING_LENGTH, 5, T("helloGET /"), HTTP_BODY_DONE, 5,
          T("hello") },
        { "until close", HTTP_FRAMING_CLOSE, 0, T("0\r\n\r\nx"), HTTP_BODY_MORE, 6,
          T("0\r\n\r\nx") },

        { "one chunk", CHUNKED, T("5\r\nhello\r\n0\r\n\r\n"), HTTP_BODY_DONE, 15, T("hello") },
        { "no chunk", CHUNKED, T("0\r\n\r\n"), HTTP_BODY_DONE, 5, T("") },
        { "two chunks", CHUNKED, T("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"), HTTP_BODY_DONE, 18,
          T("abc") },
        { "next request behind", CHUNKED, T("0\r\n\r\nGET /"), HTTP_BODY_DONE, 5, T("") },
        { "hex, both cases", CHUNKED, T("a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n"),
          HTTP_BODY_DONE, 36, T("01234567890123456789a") },
        { "payload that looks like framing", CHUNKED, T("5\r\n0\r\n\r\n\r\n0\r\n\r\n"),
          HTTP_BODY_DONE, 15, T("0\r\n\r\n") },
        { "8 leading zeros", CHUNKED, T("000000001\r\na\r\n0\r\n\r\n"), HTTP_BODY_DONE, 19,
          T("a") },
        { "9 leading zeros", CHUNKED, T("0000000001\r\na\r\n0\r\n\r\n"), HTTP_BODY_BAD, 9, T("") },
        { "last chunk 00", CHUNKED, T("00\r\n\r\n"), HTTP_BODY_DONE, 6, T("") },
        { "last chunk, 8 leading zeros", CHUNKED, T("000000000\r\n\r\n"), HTTP_BODY_DONE, 13,
          T("") },
        { "last chunk, 9 leading zeros", CHUNKED, T("0000000000\r\n\r\n"), HTTP_BODY_BAD, 9,
          T("") },
        { "8 digits", CHUNKED, T("00ffffffff\r\nab"), HTTP_BODY_MORE, 14, T("ab") },
        { "9 digits", CHUNKED, T("100000000\r\nab"), HTTP_BODY_BAD, 8, T("") },
        { "17 digits", CHUNKED, T("00000000000000005\r\nhello\r\n"), HTTP_BODY_BAD, 9, T("") },
        { "size cut", CHUNKED, T("5"), HTTP_BODY_MORE, 1, T("") },
        { "end cut", CHUNKED, T("0\r\n\r"), HTTP_BODY_MORE, 4, T("") },
        { "chunk cut", CHUNKED, T("5\r\nhell"), HTTP_BODY_MORE, 7, T("hell") },

        { "extension", CHUNKED, T("5;a=b\r\nhello\r\n0\r\n\r\n"), HTTP_BODY_BAD, 1, T("") },
        { "quoted extension", CHUNKED, T("5;a=\"b\"\r\nhello\r\n0\r\n\r\n"), HTTP_BODY_BAD, 1,
          T("") },
        { "blank after the size", CHUNKED, T("5 \r\nhello\r\n0\r\n\r\n"), HTTP_BODY_BAD, 1, T("") },
        { "tab after the size", CHUNKED, T("5\t\r\nhello\r\n0\r\n\r\n"), HTTP_BODY_BAD, 1, T("") },
        { "blank before the size", CHUNKED, T(" 5\r\nhello\r\n0\r\n\r\n"), HTTP_BODY_BAD, 0,
          T("") },
        { "no size", CHUNKED, T("\r\nhello\r\n0\r\n\r\n"), HTTP_BODY_BAD, 0, T("") },
        { "0x", CHUNKED, T("0x5\r\nhello\r\n0\r\n\r\n"), HTTP_BODY_BAD, 1, T("") },
        { "plus", CHUNKED, T("+5\r\nhello\r\n0\r\n\r\n"), HTTP_BODY_BAD, 0, T("") },
        { "minus", CHUNKED, T("-5\r\nhello\r\n0\r\n\r\n"), HTTP_BODY_BAD, 0, T("") },
        { "letter beyond f", CHUNKED, T("5g\r\nhello\r\n0\r\n\r\n"), HTTP_BODY_BAD, 1, T("") },
        { "NUL in the size", CHUNKED, T("5\0\r\nhello\r\n0\r\n\r\n"), HTTP_BODY_BAD, 1, T("") },
        { "bare LF after the size", CHUNKED, T("5\nhello\r\n0\r\n\r\n"), HTTP_BODY_BAD, 1, T("") },
        { "CR and junk after the size", CHUNKED, T("5\rxhello\r\n0\r\n\r\n"), HTTP_BODY_BAD, 2,
          T("") },
        { "two CR after the size", CHUNKED, T("5\r\r\nhello\r\n0\r\n\r\n"), HTTP_BODY_BAD, 2,
          T("") },
        { "bare LF after data", CHUNKED, T("5\r\nhello\n0\r\n\r\n"), HTTP_BODY_BAD, 8, T("hello") },
        { "nothing after data", CHUNKED, T("5\r\nhello0\r\n\r\n"), HTTP_BODY_BAD, 8, T("hello") },
        { "data longer than said", CHUNKED, T("4\r\nhello\r\n0\r\n\r\n"), HTTP_BODY_BAD, 7,
          T("hell") },
        { "two junk bytes after data", CHUNKED, T("5\r\nhelloXX0\r\n\r\n"), HTTP_BODY_BAD, 8,
          T("hello") },
        { "trailer field", CHUNKED, T("0\r\nA: b\r\n\r\n"), HTTP_BODY_BAD, 3, T("") },
        { "trailing Content-Length", CHUNKED, T("0\r\nContent-Length: 5\r\n\r\n"), HTTP_BODY_BAD, 3,
          T("") },
        { "bare LF after the last size", CHUNKED, T("0\n\r\n"), HTTP_BODY_BAD, 1, T("") },
        { "bare LF at the end", CHUNKED, T("0\r\n\n"), HTTP_BODY_BAD, 3, T("") },
        { "CR and junk at the end", CHUNKED, T("0\r\n\rX"), HTTP_BODY_BAD, 4, T("") },
};

/* Feeds in pieces of this size, each a copy of its own so that ASan sees a read too far. */
static void feed(const Case *c, size_t size, bool wants_payload) {
        Buffer payload = {};
        size_t n_taken = 0;
        HttpBody b;

        http_body_init(&b, c->framing, c->length);
        for (size_t at = 0; at < c->input.len && b.state == HTTP_BODY_MORE; at += size) {
                Bytes piece = bytes_slice(c->input, at, size);
                _cleanup_free_ char *copy = malloc(piece.len);
                size_t taken;

                memcpy(copy, piece.data, piece.len);
                piece.data = copy;
                ck_assert_int_eq(http_body_feed(&b, piece, &taken, wants_payload ? &payload : NULL),
                                 0);
                if (b.state == HTTP_BODY_MORE)
                        ck_assert_uint_eq(taken, piece.len);
                n_taken += taken;
        }
        ck_assert_msg(b.state == c->state, "%s in %zu: state %d", c->name, size, b.state);
        ck_assert_msg(n_taken == c->n_taken, "%s in %zu: %zu taken", c->name, size, n_taken);
        ck_assert_uint_eq(b.n_payload, c->payload.len);
        if (wants_payload)
                ck_assert_msg(bytes_eq(buffer_bytes(&payload), c->payload), "%s in %zu: payload",
                              c->name, size);
        buffer_done(&payload);
}

START_TEST(ends_as_the_table_says_whatever_the_cuts) {
        const Case *c = &cases[_i];

        for (size_t size = 1; size <= c->input.len; size++)
                feed(c, size, true);
        feed(c, c->input.len, false);
}
END_TEST

START_TEST(takes_nothing_once_it_is_over) {
        size_t taken = 1;
        HttpBody b;

        http_body_init(&b, HTTP_FRAMING_CHUNKED, 0);
        ck_assert_int_eq(http_body_feed(&b, BYTES("0\r\n\r\n"), &taken, NULL), 0);
        ck_assert_int_eq(http_body_feed(&b, BYTES("0\r\n\r\n"), &taken, NULL), 0);
        ck_assert_uint_eq(taken, 0);
        ck_assert_int_eq(b.state, HTTP_BODY_DONE);

        http_body_init(&b, HTTP_FRAMING_CHUNKED, 0);
        ck_assert_int_eq(http_body_feed(&b, BYTES("x"), &taken, NULL), 0);
        ck_assert_int_eq(http_body_feed(&b, BYTES("0\r\n\r\n"), &taken, NULL), 0);
        ck_assert_uint_eq(taken, 0);
        ck_assert_int_eq(b.state, HTTP_BODY_BAD);
}
END_TEST

/* Digits and zeros are those of one chunk, not of all. */
START_TEST(takes_any_number_of_chunks) {
        static const char chunk[] = "000000001\r\na\r\n00ffff\r\n";
        _cleanup_free_ char *data = calloc(1, 0xffff);
        HttpBody b;

        http_body_init(&b, HTTP_FRAMING_CHUNKED, 0);
        for (unsigned i = 0; i < 100; i++) {
                size_t taken;

                ck_assert_int_eq(http_body_feed(&b, bytes_of(chunk), &taken, NULL), 0);
                ck_assert_uint_eq(taken, strlen(chunk));
                ck_assert_int_eq(http_body_feed(&b, (Bytes){ data, 0xffff }, &taken, NULL), 0);
                ck_assert_uint_eq(taken, 0xffff);
                ck_assert_int_eq(http_body_feed(&b, BYTES("\r\n"), &taken, NULL), 0);
                ck_assert_uint_eq(taken, 2);
        }
        ck_assert_int_eq(b.state, HTTP_BODY_MORE);
        ck_assert_uint_eq(b.n_payload, 100 * 65536);
}
END_TEST

START_TEST(no_bytes_change_nothing) {
        size_t taken = 1;
        HttpBody b;

        http_body_init(&b, HTTP_FRAMING_CHUNKED, 0);
        ck_assert_int_eq(http_body_feed(&b, BYTES_NONE, &taken, NULL), 0);
        ck_assert_uint_eq(taken, 0);
        ck_assert_int_eq(b.state, HTTP_BODY_MORE);
        http_body_init(&b, HTTP_FRAMING_LENGTH, 5);
        ck_assert_int_eq(http_body_feed(&b, BYTES_NONE, &taken, NULL), 0);
        ck_assert_int_eq(b.state, HTTP_BODY_MORE);
}
END_TEST

START_TEST(counts_lengths_beyond_32_bits) {
        _cleanup_free_ char *data = calloc(1, 65536);
        size_t taken;
        HttpBody b;

        http_body_init(&b, HTTP_FRAMING_LENGTH, 999999999999999ULL);
        ck_assert_int_eq(http_body_feed(&b, (Bytes){ data, 65536 }, &taken, NULL), 0);
        ck_assert_uint_eq(taken, 65536);
        ck_assert_uint_eq(b.left, 999999999999999ULL - 65536);
}
END_TEST

/* Nothing else is known to be payload before it was read. */
START_TEST(only_payload_may_pass_unread) {
        static const struct {
                HttpFraming framing;
                uint64_t length;
                Bytes input;
                uint64_t unread;
        } steps[] = {
                { HTTP_FRAMING_NONE, 0, T(""), 0 },
                { HTTP_FRAMING_CLOSE, 0, T("text"), 0 },
                { HTTP_FRAMING_LENGTH, 0, T(""), 0 },
                { HTTP_FRAMING_LENGTH, 5, T(""), 5 },
                { HTTP_FRAMING_LENGTH, 5, T("he"), 3 },
                { HTTP_FRAMING_LENGTH, 5, T("hello"), 0 },
                { HTTP_FRAMING_LENGTH, UINT64_MAX, T("he"), UINT64_MAX - 2 },
                { CHUNKED, T(""), 0 },
                { CHUNKED, T("5"), 0 },
                { CHUNKED, T("5\r"), 0 },
                { CHUNKED, T("5\r\n"), 5 },
                { CHUNKED, T("5\r\nhe"), 3 },
                { CHUNKED, T("5\r\nhello"), 0 },
                { CHUNKED, T("5\r\nhello\r"), 0 },
                { CHUNKED, T("5\r\nhello\r\n"), 0 },
                { CHUNKED, T("5\r\nhello\r\nffffffff\r\n"), 0xffffffff },
                { CHUNKED, T("5\r\nhelloX"), 0 },
                { CHUNKED, T("0\r\n"), 0 },
                { CHUNKED, T("0\r\n\r"), 0 },
                { CHUNKED, T("0\r\n\r\n"), 0 },
        };
        size_t taken;
        HttpBody b;

        http_body_init(&b, steps[_i].framing, steps[_i].length);
        ck_assert_int_eq(http_body_feed(&b, steps[_i].input, &taken, NULL), 0);
        ck_assert_uint_eq(http_body_unread(&b), steps[_i].unread);
}
END_TEST
#define N_UNREAD_STEPS 20

START_TEST(body_of_a_length_ends_with_the_last_byte_that_passed) {
        size_t taken;
        HttpBody b;

        http_body_init(&b, HTTP_FRAMING_LENGTH, 100);
        http_body_pass(&b, 60);
        ck_assert_int_eq(http_body_feed(&b, BYTES("0123456789"), &taken, NULL), 0);
        http_body_pass(&b, 29);
        ck_assert_int_eq(b.state, HTTP_BODY_MORE);
        ck_assert_uint_eq(http_body_unread(&b), 1);
        http_body_pass(&b, 1);
        ck_assert_int_eq(b.state, HTTP_BODY_DONE);
        ck_assert_uint_eq(b.n_payload, 100);
        ck_assert_int_eq(http_body_feed(&b, BYTES("GET /"), &taken, NULL), 0);
        ck_assert_uint_eq(taken, 0);

        http_body_init(&b, HTTP_FRAMING_LENGTH, 999999999999999ULL);
        http_body_pass(&b, 999999999999998ULL);
        ck_assert_int_eq(b.state, HTTP_BODY_MORE);
        ck_assert_int_eq(http_body_feed(&b, BYTES("xGET /"), &taken, NULL), 0);
        ck_assert_uint_eq(taken, 1);
        ck_assert_int_eq(b.state, HTTP_BODY_DONE);
}
END_TEST

/* After a chunk that passed unread its framing is followed as after any other. */
START_TEST(chunk_that_passed_unread_ends_as_one_that_was_read) {
        static const struct {
                Bytes input;
                HttpBodyState state;
                size_t n_taken;
        } rests[] = {
                { T("\r\n0\r\n\r\nGET /"), HTTP_BODY_DONE, 7 },
                { T("\r\n1\r\nx\r\n0\r\n\r\n"), HTTP_BODY_DONE, 13 },
                { T("\r\n10000\r\n"), HTTP_BODY_MORE, 9 },
                { T("X\r\n0\r\n\r\n"), HTTP_BODY_BAD, 0 },
                { T("\n0\r\n\r\n"), HTTP_BODY_BAD, 0 },
                { T("0\r\n\r\n"), HTTP_BODY_BAD, 0 },
                { T("\r\n5;a=b\r\nhello"), HTTP_BODY_BAD, 3 },
                { T("\r\n0\r\nA: b\r\n\r\n"), HTTP_BODY_BAD, 5 },
        };
        size_t taken;
        HttpBody b;

        for (unsigned n_read = 0; n_read < 3; n_read++) {
                http_body_init(&b, HTTP_FRAMING_CHUNKED, 0);
                ck_assert_int_eq(http_body_feed(&b, BYTES("20000\r\n"), &taken, NULL), 0);
                ck_assert_int_eq(
                        http_body_feed(&b, bytes_slice(BYTES("ab"), 0, n_read), &taken, NULL), 0);
                http_body_pass(&b, 0x1ffff - n_read);
                ck_assert_uint_eq(http_body_unread(&b), 1);
                http_body_pass(&b, 1);
                ck_assert_uint_eq(http_body_unread(&b), 0);
                ck_assert_uint_eq(b.n_payload, 0x20000);
                ck_assert_int_eq(http_body_feed(&b, rests[_i].input, &taken, NULL), 0);
                ck_assert_int_eq(b.state, rests[_i].state);
                ck_assert_uint_eq(taken, rests[_i].n_taken);
        }
}
END_TEST
#define N_RESTS 8

int main(void) {
        Suite *suite = suite_create("http-body");
        TCase *tc = tcase_create("http-body");
        SRunner *runner;
        int n_failed;

        tcase_add_loop_test(tc, ends_as_the_table_says_whatever_the_cuts, 0,
                            (int) ARRAY_SIZE(cases));
        tcase_add_test(tc, takes_nothing_once_it_is_over);
        tcase_add_test(tc, takes_any_number_of_chunks);
        tcase_add_test(tc, no_bytes_change_nothing);
        tcase_add_test(tc, counts_lengths_beyond_32_bits);
        tcase_add_loop_test(tc, only_payload_may_pass_unread, 0, N_UNREAD_STEPS);
        tcase_add_test(tc, body_of_a_length_ends_with_the_last_byte_that_passed);
        tcase_add_loop_test(tc, chunk_that_passed_unread_ends_as_one_that_was_read, 0, N_RESTS);
        suite_add_tcase(suite, tc);

        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed > 0;
}
