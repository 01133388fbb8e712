/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http/parser: llhttp agrees with a struct that fits the raw head, and with no other. (That it
 * agrees with all that http/lint accepts is tested with the lint.)
 */
#include "http/parser.h"

#include "http/lint.h"
#include "util/buffer.h"
#include "util/macros.h"

#include <check.h>

#define T(literal)                                                                                 \
        { (literal), sizeof(literal) - 1 }

static const char request[] = "POST /a?b=c HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
static const char answer[] = "HTTP/1.1 200 OK\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n";

static HttpParser *parser;
static HttpHead head;

static void setup_request(void) {
        HttpError error;

        parser = http_parser_new();
        ck_assert(http_lint_request(bytes_of(request), &http_request_limits, &head, &error));
        ck_assert(http_parser_agrees_request(parser, bytes_of(request), &head));
}

static void setup_answer(void) {
        HttpError error;

        parser = http_parser_new();
        ck_assert(http_lint_response(bytes_of(answer), &http_response_limits, HTTP_METHOD_GET,
                                     &head, &error));
        ck_assert(http_parser_agrees_response(parser, bytes_of(answer), &head));
}

static void teardown(void) {
        parser = http_parser_free(parser);
}

START_TEST(disagrees_on_another_method) {
        head.method = HTTP_METHOD_PUT;
        ck_assert(!http_parser_agrees_request(parser, bytes_of(request), &head));
        head.method = HTTP_METHOD_GET;
        ck_assert(!http_parser_agrees_request(parser, bytes_of(request), &head));
}
END_TEST

START_TEST(disagrees_on_another_target) {
        head.target = BYTES("/a?b=d");
        ck_assert(!http_parser_agrees_request(parser, bytes_of(request), &head));
        head.target = BYTES("/a?b=");
        ck_assert(!http_parser_agrees_request(parser, bytes_of(request), &head));
        head.target = BYTES_NONE;
        ck_assert(!http_parser_agrees_request(parser, bytes_of(request), &head));
}
END_TEST

START_TEST(disagrees_on_another_version) {
        head.minor = 0;
        ck_assert(!http_parser_agrees_request(parser, bytes_of(request), &head));
}
END_TEST

START_TEST(disagrees_on_another_number_of_headers) {
        head.n_headers++;
        ck_assert(!http_parser_agrees_request(parser, bytes_of(request), &head));
        head.n_headers -= 2;
        ck_assert(!http_parser_agrees_request(parser, bytes_of(request), &head));
}
END_TEST

START_TEST(disagrees_on_a_head_that_ends_elsewhere) {
        static const char longer[] =
                "POST /a?b=c HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";

        for (size_t n = 0; n < strlen(request); n++)
                ck_assert(!http_parser_agrees_request(parser, (Bytes){ request, n }, &head));
        for (size_t n = strlen(request) + 1; n <= strlen(longer); n++)
                ck_assert(!http_parser_agrees_request(parser, (Bytes){ longer, n }, &head));
}
END_TEST

START_TEST(agrees_again_after_a_disagreement) {
        ck_assert(!http_parser_agrees_request(parser, BYTES("GET"), &head));
        ck_assert(http_parser_agrees_request(parser, bytes_of(request), &head));
        ck_assert(!http_parser_agrees_request(parser, BYTES("\x01"), &head));
        ck_assert(http_parser_agrees_request(parser, bytes_of(request), &head));
}
END_TEST

/* What llhttp 8, as Debian 12 ships it, takes when it is not built strict. */
static const struct {
        const char *name;
        Bytes raw;
} loose[] = {
        { "CR and junk that hides a header", T("GET /a HTTP/1.1\r\nA:\rxHost: a\r\n\r\n") },
        { "a head ended by CRLF CR X", T("GET /a HTTP/1.1\r\nHost: a\r\n\rX") },
        { "a blank before the colon", T("GET /a HTTP/1.1\r\nHost : a\r\n\r\n") },
        { "a tab in the target", T("GET /\t HTTP/1.1\r\nHost: a\r\n\r\n") },
        { "8-bit in the target", T("GET /\xe4 HTTP/1.1\r\nHost: a\r\n\r\n") },
};

START_TEST(is_strict) {
        static HttpHead wanted = {
                .method = HTTP_METHOD_GET, .target = T("/a"), .minor = 1, .n_headers = 1
        };

        ck_assert(http_parser_agrees_request(parser, BYTES("GET /a HTTP/1.1\r\nHost: a\r\n\r\n"),
                                             &wanted));
        if (_i >= 3)
                wanted.target = bytes_slice(loose[_i].raw, 4, 2);
        ck_assert_msg(!http_parser_agrees_request(parser, loose[_i].raw, &wanted), "%s",
                      loose[_i].name);
}
END_TEST

static const char *const others[] = {
        "PATCH", "OPTIONS", "CONNECT", "PRI", "BREW", "get", "SOURCE"
};

START_TEST(reads_the_rest_of_a_head_whose_method_is_unlisted) {
        Buffer raw = {};
        HttpError error;

        buffer_printf(&raw, "%s /a HTTP/1.1\r\nHost: a\r\n\r\n", others[_i]);
        ck_assert(http_lint_request(buffer_bytes(&raw), &http_request_limits, &head, &error));
        ck_assert_int_eq(head.method, HTTP_METHOD_OTHER);
        ck_assert(http_parser_agrees_request(parser, buffer_bytes(&raw), &head));
        head.n_headers++;
        ck_assert(!http_parser_agrees_request(parser, buffer_bytes(&raw), &head));
        buffer_done(&raw);
}
END_TEST

START_TEST(disagrees_on_another_answer) {
        HttpHead other = head;

        other.status = 201;
        ck_assert(!http_parser_agrees_response(parser, bytes_of(answer), &other));
        other = head;
        other.minor = 0;
        ck_assert(!http_parser_agrees_response(parser, bytes_of(answer), &other));
        other = head;
        other.n_headers = 1;
        ck_assert(!http_parser_agrees_response(parser, bytes_of(answer), &other));
        ck_assert(
                !http_parser_agrees_response(parser, (Bytes){ answer, strlen(answer) - 1 }, &head));
        ck_assert(http_parser_agrees_response(parser, bytes_of(answer), &head));
}
END_TEST

START_TEST(one_parser_reads_requests_and_answers_in_turn) {
        static HttpHead request_head;
        HttpError error;

        ck_assert(
                http_lint_request(bytes_of(request), &http_request_limits, &request_head, &error));
        for (unsigned i = 0; i < 3; i++) {
                ck_assert(http_parser_agrees_request(parser, bytes_of(request), &request_head));
                ck_assert(http_parser_agrees_response(parser, bytes_of(answer), &head));
        }
        ck_assert(!http_parser_agrees_response(parser, bytes_of(request), &head));
        ck_assert(!http_parser_agrees_request(parser, bytes_of(answer), &request_head));
}
END_TEST

int main(void) {
        Suite *suite = suite_create("http-parser");
        TCase *requests = tcase_create("requests"), *answers = tcase_create("answers");
        SRunner *runner;
        int n_failed;

        tcase_add_checked_fixture(requests, setup_request, teardown);
        tcase_add_test(requests, disagrees_on_another_method);
        tcase_add_test(requests, disagrees_on_another_target);
        tcase_add_test(requests, disagrees_on_another_version);
        tcase_add_test(requests, disagrees_on_another_number_of_headers);
        tcase_add_test(requests, disagrees_on_a_head_that_ends_elsewhere);
        tcase_add_test(requests, agrees_again_after_a_disagreement);
        tcase_add_loop_test(requests, is_strict, 0, (int) ARRAY_SIZE(loose));
        tcase_add_loop_test(requests, reads_the_rest_of_a_head_whose_method_is_unlisted, 0,
                            (int) ARRAY_SIZE(others));
        suite_add_tcase(suite, requests);

        tcase_add_checked_fixture(answers, setup_answer, teardown);
        tcase_add_test(answers, disagrees_on_another_answer);
        tcase_add_test(answers, one_parser_reads_requests_and_answers_in_turn);
        suite_add_tcase(suite, answers);

        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed > 0;
}
