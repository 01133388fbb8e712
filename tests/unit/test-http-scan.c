/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http/lint, the scan: where a head ends, whatever the cuts, and what is given up early. Fed byte
 * by byte from growing copies of exactly the length: the outcome must be that of the whole input,
 * and not come later than the byte that decides it.
 */
#include "http/lint.h"

#include "util/macros.h"

#include <check.h>

#define T(literal)                                                                                 \
        { (literal), sizeof(literal) - 1 }

typedef struct Case {
        const char *name;
        Bytes input;
        HttpScan scan;
        size_t skip, len;
        size_t n_needed; /* bytes after which the outcome is known */
        unsigned status;
        const char *reason;
} Case;

static const Case cases[] = {
        { "nothing", T(""), HTTP_SCAN_MORE },
        { "a head", T("GET / HTTP/1.1\r\nA: b\r\n\r\n"), HTTP_SCAN_HEAD, 0, 24, 24 },
        { "a head without headers", T("GET / HTTP/1.1\r\n\r\n"), HTTP_SCAN_HEAD, 0, 18, 18 },
        { "half a head", T("GET / HTTP/1.1\r\nA: b\r\n\r"), HTTP_SCAN_MORE },
        { "a body behind that looks like an end", T("GET / HTTP/1.1\r\n\r\na\n\0\r\n\r\n"),
          HTTP_SCAN_HEAD, 0, 18, 18 },
        { "a leading CRLF", T("\r\nGET / HTTP/1.1\r\n\r\n"), HTTP_SCAN_HEAD, 2, 18, 20 },
        { "half a leading CRLF", T("\r"), HTTP_SCAN_MORE },
        { "only a leading CRLF", T("\r\n"), HTTP_SCAN_MORE, 2 },
        { "two leading CRLF", T("\r\n\r\nGET"), HTTP_SCAN_BAD, 2, 0, 3, 400, "method-grammar" },
        { "a leading CR", T("\rGET"), HTTP_SCAN_BAD, 0, 0, 2, 400, "method-grammar" },
        { "a leading LF", T("\nGET"), HTTP_SCAN_BAD, 0, 0, 1, 400, "method-grammar" },
        { "a leading blank", T(" GET"), HTTP_SCAN_BAD, 0, 0, 1, 400, "method-grammar" },
        { "TLS", T("\x16\x03\x01"), HTTP_SCAN_BAD, 0, 0, 1, 400, "method-grammar" },
        { "a bare LF", T("GET / HTTP/1.1\nA: b"), HTTP_SCAN_BAD, 0, 0, 15, 400, "line-end" },
        { "a bare LF after a CRLF", T("GET / HTTP/1.1\r\n\n"), HTTP_SCAN_BAD, 0, 0, 17, 400,
          "line-end" },
        { "a bare LF as the end", T("GET / HTTP/1.1\r\nA: b\r\n\n"), HTTP_SCAN_BAD, 0, 0, 23, 400,
          "line-end" },
        { "a NUL", T("GET / HTTP/1.1\r\nA: \0"), HTTP_SCAN_BAD, 0, 0, 20, 400, "nul" },
        { "a NUL before the end", T("GET /\0 HTTP/1.1\r\n\r\n"), HTTP_SCAN_BAD, 0, 0, 6, 400,
          "nul" },
};

static HttpScan scan_copy(Bytes input, const HttpLimits *limits, size_t *scanned, size_t *ret_skip,
                          size_t *ret_len, HttpError *ret_error) {
        char *copy = malloc(MAX(input.len, (size_t) 1));
        HttpScan scan;

        if (input.len > 0)
                memcpy(copy, input.data, input.len);
        scan = http_scan_request((Bytes){ copy, input.len }, limits, scanned, ret_skip, ret_len,
                                 ret_error);
        free(copy);
        return scan;
}

static void check_outcome(const Case *c, HttpScan scan, size_t skip, size_t len, HttpError error) {
        ck_assert_msg(scan == c->scan, "%s: %d", c->name, scan);
        ck_assert_msg(skip == c->skip, "%s: skips %zu", c->name, skip);
        ck_assert_msg(len == c->len, "%s: %zu bytes", c->name, len);
        if (scan == HTTP_SCAN_BAD) {
                ck_assert_uint_eq(error.status, c->status);
                ck_assert_str_eq(error.reason, c->reason);
        }
}

START_TEST(finds_the_end_in_one_piece) {
        const Case *c = &cases[_i];
        size_t scanned = 0, skip = 9, len = 9;
        HttpError error = {};
        HttpScan scan;

        scan = scan_copy(c->input, &http_request_limits, &scanned, &skip, &len, &error);
        check_outcome(c, scan, skip, len, error);
}
END_TEST

START_TEST(finds_the_end_byte_by_byte_and_no_later_than_it_can_be_known) {
        const Case *c = &cases[_i];
        size_t scanned = 0, skip = 0, len = 0, n;
        HttpScan scan = HTTP_SCAN_MORE;
        HttpError error = {};

        for (n = 0; n < c->input.len && scan == HTTP_SCAN_MORE; n++) {
                scan = scan_copy(bytes_slice(c->input, 0, n + 1), &http_request_limits, &scanned,
                                 &skip, &len, &error);
                if (scan == HTTP_SCAN_MORE)
                        ck_assert_uint_eq(scanned, n + 1);
        }
        check_outcome(c, scan, skip, len, error);
        if (c->scan != HTTP_SCAN_MORE)
                ck_assert_msg(n == c->n_needed, "%s: known after %zu", c->name, n);
}
END_TEST

START_TEST(finds_the_end_in_two_pieces) {
        const Case *c = &cases[_i];

        for (size_t cut = 1; cut < c->input.len; cut++) {
                size_t scanned = 0, skip, len;
                HttpError error = {};
                HttpScan scan;

                scan = scan_copy(bytes_slice(c->input, 0, cut), &http_request_limits, &scanned,
                                 &skip, &len, &error);
                if (scan == HTTP_SCAN_MORE)
                        scan = scan_copy(c->input, &http_request_limits, &scanned, &skip, &len,
                                         &error);
                check_outcome(c, scan, skip, len, error);
        }
}
END_TEST

/* A head of n bytes; the limit is the head of exactly that length. */
START_TEST(a_head_may_be_as_long_as_its_limit) {
        static const char raw[] = "GET / HTTP/1.1\r\nA: b\r\n\r\n";
        size_t len = strlen(raw);

        for (size_t limit = len - 1; limit <= len + 1; limit++) {
                HttpLimits limits = { .head_max = limit, .target_max = 100 };
                size_t scanned = 0, skip, ret_len;
                HttpError error = {};
                HttpScan scan;

                scan = scan_copy(bytes_of(raw), &limits, &scanned, &skip, &ret_len, &error);
                ck_assert_int_eq(scan, limit >= len ? HTTP_SCAN_HEAD : HTTP_SCAN_BAD);
                if (limit < len)
                        ck_assert_uint_eq(error.status, 431);
        }
}
END_TEST

START_TEST(a_head_without_end_is_given_up_at_its_limit) {
        const HttpLimits limits = { .head_max = 40, .target_max = 100 };
        const char raw[] = "GET / HTTP/1.1\r\nA: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
        size_t scanned = 0, skip, len, n = 0;
        HttpScan scan = HTTP_SCAN_MORE;
        HttpError error = {};

        while (scan == HTTP_SCAN_MORE) {
                n++;
                ck_assert_uint_le(n, strlen(raw));
                scan = scan_copy((Bytes){ raw, n }, &limits, &scanned, &skip, &len, &error);
        }
        ck_assert_int_eq(scan, HTTP_SCAN_BAD);
        ck_assert_uint_eq(n, 40);
        ck_assert_uint_eq(error.status, 431);
}
END_TEST

START_TEST(a_leading_crlf_does_not_count_against_the_limit) {
        const HttpLimits limits = { .head_max = 18, .target_max = 100 };
        size_t scanned = 0, skip, len;
        HttpError error;

        ck_assert_int_eq(scan_copy(BYTES("\r\nGET / HTTP/1.1\r\n\r\n"), &limits, &scanned, &skip,
                                   &len, &error),
                         HTTP_SCAN_HEAD);
        ck_assert_uint_eq(len, 18);
}
END_TEST

/* A request line that never ends is a target that is too long, not a head that is. */
START_TEST(an_endless_target_is_given_up_as_such) {
        size_t size = http_request_limits.target_max + 200, scanned = 0, skip, len;
        _cleanup_free_ char *raw = malloc(size);
        HttpScan scan = HTTP_SCAN_MORE;
        HttpError error = {};
        size_t n;

        memset(raw, 'a', size);
        memcpy(raw, "GET /", 5);
        for (n = 1000; n <= size && scan == HTTP_SCAN_MORE; n += 50)
                scan = http_scan_request((Bytes){ raw, n }, &http_request_limits, &scanned, &skip,
                                         &len, &error);
        ck_assert_int_eq(scan, HTTP_SCAN_BAD);
        ck_assert_uint_eq(error.status, 414);
        ck_assert_uint_gt(n, http_request_limits.target_max);
}
END_TEST

START_TEST(a_long_head_after_a_short_target_is_not_given_up) {
        size_t size = http_request_limits.target_max + 200, scanned = 0, skip, len;
        _cleanup_free_ char *raw = malloc(size);
        HttpError error = {};

        memset(raw, 'a', size);
        memcpy(raw, "GET / HTTP/1.1\r\n", 16);
        ck_assert_int_eq(http_scan_request((Bytes){ raw, size }, &http_request_limits, &scanned,
                                           &skip, &len, &error),
                         HTTP_SCAN_MORE);
        ck_assert_uint_eq(scanned, size);
}
END_TEST

static const struct {
        const char *name;
        Bytes input;
        HttpScan scan;
        size_t len;
        const char *reason;
} answers[] = {
        { "nothing", T(""), HTTP_SCAN_MORE, 0, NULL },
        { "half", T("HTTP/1.1 200 OK\r\n"), HTTP_SCAN_MORE, 0, NULL },
        { "an answer and its body", T("HTTP/1.1 200 OK\r\n\r\nhello"), HTTP_SCAN_HEAD, 19, NULL },
        { "a leading CRLF", T("\r\nHTTP/1.1 200 OK\r\n\r\n"), HTTP_SCAN_BAD, 0, "status-line" },
        { "no HTTP", T("SSH-2.0"), HTTP_SCAN_BAD, 0, "status-line" },
        { "a bare LF", T("HTTP/1.1 200 OK\n"), HTTP_SCAN_BAD, 0, "line-end" },
        { "a NUL", T("HTTP/1.1 200 \0"), HTTP_SCAN_BAD, 0, "nul" },
};

START_TEST(finds_the_end_of_an_answer) {
        size_t scanned = 0, len = 9;
        HttpError error = {};
        HttpScan scan;

        scan = http_scan_response(answers[_i].input, &http_response_limits, &scanned, &len, &error);
        ck_assert_msg(scan == answers[_i].scan, "%s: %d", answers[_i].name, scan);
        ck_assert_uint_eq(len, answers[_i].len);
        if (scan == HTTP_SCAN_BAD) {
                ck_assert_uint_eq(error.status, 502);
                ck_assert_str_eq(error.reason, answers[_i].reason);
        }
}
END_TEST

START_TEST(an_answer_without_end_is_given_up_at_its_limit) {
        size_t size = http_response_limits.head_max, scanned = 0, len;
        _cleanup_free_ char *raw = malloc(size);
        HttpError error = {};

        memset(raw, 'a', size);
        memcpy(raw, "HTTP/1.1 200 OK\r\n", 17);
        ck_assert_int_eq(http_scan_response((Bytes){ raw, size - 1 }, &http_response_limits,
                                            &scanned, &len, &error),
                         HTTP_SCAN_MORE);
        ck_assert_int_eq(http_scan_response((Bytes){ raw, size }, &http_response_limits, &scanned,
                                            &len, &error),
                         HTTP_SCAN_BAD);
        ck_assert_uint_eq(error.status, 502);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("http-scan");
        TCase *tc = tcase_create("http-scan");
        SRunner *runner;
        int n_failed;

        tcase_add_loop_test(tc, finds_the_end_in_one_piece, 0, (int) ARRAY_SIZE(cases));
        tcase_add_loop_test(tc, finds_the_end_byte_by_byte_and_no_later_than_it_can_be_known, 0,
                            (int) ARRAY_SIZE(cases));
        tcase_add_loop_test(tc, finds_the_end_in_two_pieces, 0, (int) ARRAY_SIZE(cases));
        tcase_add_test(tc, a_head_may_be_as_long_as_its_limit);
        tcase_add_test(tc, a_head_without_end_is_given_up_at_its_limit);
        tcase_add_test(tc, a_leading_crlf_does_not_count_against_the_limit);
        tcase_add_test(tc, an_endless_target_is_given_up_as_such);
        tcase_add_test(tc, a_long_head_after_a_short_target_is_not_given_up);
        tcase_add_loop_test(tc, finds_the_end_of_an_answer, 0, (int) ARRAY_SIZE(answers));
        tcase_add_test(tc, an_answer_without_end_is_given_up_at_its_limit);
        suite_add_tcase(suite, tc);

        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed > 0;
}
