/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http/lint: which heads of the engine's answers are malformed, and how the others are framed. Each
 * head lies in memory of exactly its length. http/parser must agree with whatever is accepted.
 */
#include "http/lint.h"

#include "http/parser.h"
#include "util/macros.h"

#include <check.h>

#define T(literal)                                                                                 \
        { (literal), sizeof(literal) - 1 }

/* A 200 with these header lines. */
#define OK(lines) T("HTTP/1.1 200 OK\r\n" lines "\r\n")

typedef struct Refused {
        const char *name;
        Bytes raw;
        unsigned status;
        const char *reason;
} Refused;

static char *copy_of(Bytes raw) {
        char *copy = malloc(MAX(raw.len, (size_t) 1));

        if (raw.len > 0)
                memcpy(copy, raw.data, raw.len);
        return copy;
}

static const Refused refused_answers[] = {
        { "bare LF", T("HTTP/1.1 200 OK\nA: b\r\n\r\n"), 502, "line-end" },
        { "no end", T("HTTP/1.1 200 OK\r\n"), 502, "line-end" },
        { "NUL in a value", OK("A: \0\r\n"), 502, "header-value" },
        { "NUL in the reason", T("HTTP/1.1 200 O\0K\r\n\r\n"), 502, "line-end" },
        { "folded line", OK("A: b\r\n c\r\n"), 502, "folded-line" },
        { "blank before the colon", OK("A : b\r\n"), 502, "header-name" },
        { "empty name", OK(": b\r\n"), 502, "header-name" },
        { "status 099", T("HTTP/1.1 099 A\r\n\r\n"), 502, "status-line" },
        { "status 000", T("HTTP/1.1 000 A\r\n\r\n"), 502, "status-line" },
        { "status 600", T("HTTP/1.1 600 A\r\n\r\n"), 502, "status-line" },
        { "status 999", T("HTTP/1.1 999 A\r\n\r\n"), 502, "status-line" },
        { "status of 2 digits", T("HTTP/1.1 20 OK\r\n\r\n"), 502, "status-line" },
        { "status of 4 digits", T("HTTP/1.1 2000 OK\r\n\r\n"), 502, "line-end" },
        { "no status", T("HTTP/1.1\r\n\r\n"), 502, "status-line" },
        { "two blanks", T("HTTP/1.1  200 OK\r\n\r\n"), 502, "status-line" },
        { "HTTP/2.0", T("HTTP/2.0 200 OK\r\n\r\n"), 502, "version" },
        { "HTTP/1.2", T("HTTP/1.2 200 OK\r\n\r\n"), 502, "version" },
        { "lower case", T("http/1.1 200 OK\r\n\r\n"), 502, "version-grammar" },
        { "two lengths", OK("Content-Length: 5\r\nContent-Length: 5\r\n"), 502, "framing" },
        { "length and chunked", OK("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 502,
          "framing" },
        { "length and chunked of a 204",
          T("HTTP/1.1 204 A\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"), 502,
          "framing" },
        { "gzip", OK("Transfer-Encoding: gzip\r\n"), 502, "transfer-encoding" },
        { "gzip, chunked", OK("Transfer-Encoding: gzip, chunked\r\n"), 502, "transfer-encoding" },
        { "chunked in HTTP/1.0", T("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), 502,
          "transfer-encoding" },
        { "negative length", OK("Content-Length: -1\r\n"), 502, "content-length" },
};

START_TEST(refuses_an_answer) {
        const Refused *c = &refused_answers[_i];
        _cleanup_free_ char *copy = copy_of(c->raw);
        _cleanup_free_ HttpHead *head = malloc(sizeof(*head));
        HttpError error = {};

        ck_assert_msg(!http_lint_response((Bytes){ copy, c->raw.len }, &http_response_limits,
                                          HTTP_METHOD_GET, head, &error),
                      "%s is accepted", c->name);
        ck_assert_msg(error.status == c->status && strcmp(error.reason, c->reason) == 0,
                      "%s: %u %s", c->name, error.status, error.reason);
}
END_TEST

typedef struct Answer {
        const char *name;
        Bytes raw;
        HttpMethod method;
        unsigned status;
        Bytes reason;
        HttpFraming framing;
        uint64_t length;
        bool has_length, closes;
} Answer;

#define OF_GET  .method = HTTP_METHOD_GET
#define OF_HEAD .method = HTTP_METHOD_HEAD

static const Answer answers[] = {
        { "length", OK("Content-Length: 5\r\n"), OF_GET, 200, T("OK"), HTTP_FRAMING_LENGTH, 5,
          true },
        { "length 0", OK("Content-Length: 0\r\n"), OF_GET, 200, T("OK"), HTTP_FRAMING_NONE, 0,
          true },
        { "chunked", OK("Transfer-Encoding: chunked\r\n"), OF_GET, 200, T("OK"),
          HTTP_FRAMING_CHUNKED },
        { "until close", OK("Content-Type: application/vnd.docker.raw-stream\r\n"), OF_GET, 200,
          T("OK"), HTTP_FRAMING_CLOSE },
        { "HEAD with a length", OK("Content-Length: 5\r\n"), OF_HEAD, 200, T("OK"),
          HTTP_FRAMING_NONE, 5, true },
        { "HEAD chunked", OK("Transfer-Encoding: chunked\r\n"), OF_HEAD, 200, T("OK"),
          HTTP_FRAMING_NONE },
        { "HEAD without a length", OK(""), OF_HEAD, 200, T("OK"), HTTP_FRAMING_NONE },
        { "204", T("HTTP/1.1 204 No Content\r\n\r\n"), OF_GET, 204, T("No Content"),
          HTTP_FRAMING_NONE },
        { "204 with a length", T("HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n"), OF_GET,
          204, T("No Content"), HTTP_FRAMING_NONE, 2, true },
        { "204 chunked", T("HTTP/1.1 204 A\r\nTransfer-Encoding: chunked\r\n\r\n"), OF_GET, 204,
          T("A"), HTTP_FRAMING_NONE },
        { "304 with a length", T("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"), OF_GET,
          304, T("Not Modified"), HTTP_FRAMING_NONE, 5, true },
        { "100", T("HTTP/1.1 100 Continue\r\n\r\n"), OF_GET, 100, T("Continue"),
          HTTP_FRAMING_NONE },
        { "103 with a length", T("HTTP/1.1 103 A\r\nContent-Length: 5\r\n\r\n"), OF_GET, 103,
          T("A"), HTTP_FRAMING_NONE, 5, true },
        { "101", T("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"), OF_GET,
          101, T("UPGRADED"), HTTP_FRAMING_NONE },
        { "close", OK("Connection: close\r\nContent-Length: 5\r\n"), OF_GET, 200, T("OK"),
          HTTP_FRAMING_LENGTH, 5, true, true },
        { "HTTP/1.0", T("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n"), OF_GET, 200, T("OK"),
          HTTP_FRAMING_LENGTH, 5, true, true },
        { "HTTP/1.0 keep-alive",
          T("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\n"), OF_GET, 200,
          T("OK"), HTTP_FRAMING_LENGTH, 5, true },
        { "no reason", T("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"), OF_GET, 200, T(""),
          HTTP_FRAMING_NONE, 0, true },
        { "no reason and no blank", T("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"), OF_GET, 200,
          T(""), HTTP_FRAMING_NONE, 0, true },
        { "8-bit bytes", T("HTTP/1.1 500 \xc3\xa4\r\nA: \xe4\r\nContent-Length: 0\r\n\r\n"), OF_GET,
          500, T("\xc3\xa4"), HTTP_FRAMING_NONE, 0, true },
        { "the lowest status", T("HTTP/1.1 100 A\r\n\r\n"), OF_GET, 100, T("A"),
          HTTP_FRAMING_NONE },
        { "the highest status", T("HTTP/1.1 599 A\r\n\r\n"), OF_GET, 599, T("A"),
          HTTP_FRAMING_CLOSE },
        { "several Content-Types are the engine's business",
          OK("Content-Type: a/b\r\nContent-Type: a/b\r\nContent-Length: 0\r\n"), OF_GET, 200,
          T("OK"), HTTP_FRAMING_NONE, 0, true },
};

START_TEST(accepts_an_answer) {
        const Answer *c = &answers[_i];
        _cleanup_free_ char *copy = copy_of(c->raw);
        _cleanup_free_ HttpHead *head = malloc(sizeof(*head));
        HttpParser *parser = http_parser_new();
        Bytes raw = { copy, c->raw.len };
        HttpError error;

        memset(head, 0xa5, sizeof(*head));
        ck_assert_msg(http_lint_response(raw, &http_response_limits, c->method, head, &error),
                      "%s: %s", c->name, error.reason);
        ck_assert_uint_eq(head->status, c->status);
        ck_assert(bytes_eq(head->reason, c->reason));
        ck_assert_int_eq(head->framing, c->framing);
        ck_assert_uint_eq(head->content_length, c->length);
        ck_assert_int_eq(head->has_content_length, c->has_length);
        ck_assert_int_eq(head->connection_close, c->closes);
        ck_assert_msg(http_parser_agrees_response(parser, raw, head), "%s: llhttp disagrees",
                      c->name);
        http_parser_free(parser);
}
END_TEST

START_TEST(keeps_the_token_of_a_101) {
        static const char raw[] =
                "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
        _cleanup_free_ HttpHead *head = malloc(sizeof(*head));
        HttpError error;

        ck_assert(http_lint_response(bytes_of(raw), &http_response_limits, HTTP_METHOD_POST, head,
                                     &error));
        ck_assert(bytes_eq_str(head->upgrade, "tcp"));
        ck_assert(head->connection_upgrade);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("http-lint-answer");
        TCase *tc = tcase_create("http-lint-answer");
        SRunner *runner;
        int n_failed;

        tcase_add_loop_test(tc, refuses_an_answer, 0, (int) ARRAY_SIZE(refused_answers));
        tcase_add_loop_test(tc, accepts_an_answer, 0, (int) ARRAY_SIZE(answers));
        tcase_add_test(tc, keeps_the_token_of_a_101);
        suite_add_tcase(suite, tc);

        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed > 0;
}
