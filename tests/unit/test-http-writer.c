/* SPDX-License-Identifier: Apache-2.0 */
/* http/writer: exactly these bytes, and of a client's head only what the allowlist names. */
#include "http/writer.h"

#include "http/lint.h"
#include "util/macros.h"

#include <check.h>

#define T(literal)                                                                                 \
        { (literal), sizeof(literal) - 1 }

static HttpHead head;
static Buffer out;

static void teardown(void) {
        buffer_done(&out);
}

static void read_request(const char *raw) {
        HttpError error;

        ck_assert_msg(http_lint_request(bytes_of(raw), &http_request_limits, &head, &error), "%s",
                      error.reason);
}

static void read_answer(const char *raw) {
        HttpError error;

        ck_assert_msg(http_lint_response(bytes_of(raw), &http_response_limits, HTTP_METHOD_GET,
                                         &head, &error),
                      "%s", error.reason);
}

static void check_out(const char *expected) {
        Bytes got = buffer_bytes(&out);

        ck_assert_msg(bytes_eq_str(got, expected), "got\n%.*s\nnot\n%s", (int) got.len, got.data,
                      expected);
}

static const struct {
        const char *name, *raw;
        HttpRequestOptions options;
        const char *written;
} requests[] = {
        { "plain",
          "GET /whatever HTTP/1.1\r\nHost: evil\r\n\r\n",
          { .path = T("/v1.41/info") },
          "GET /v1.41/info HTTP/1.1\r\nHost: docker\r\n" },
        { "query",
          "DELETE /x HTTP/1.1\r\nHost: a\r\n\r\n",
          { .path = T("/containers/a"), .query = T("force=1&v=1") },
          "DELETE /containers/a?force=1&v=1 HTTP/1.1\r\nHost: docker\r\n" },
        { "HTTP/1.0",
          "GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
          { .path = T("/x") },
          "GET /x HTTP/1.0\r\nHost: docker\r\nConnection: close\r\n" },
        { "no upgrade in HTTP/1.0",
          "POST /x HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: tcp\r\n\r\n",
          { .path = T("/x"), .upgrade = T("tcp") },
          "POST /x HTTP/1.0\r\nHost: docker\r\nConnection: close\r\n" },
        { "upgrade",
          "POST /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n",
          { .path = T("/x"), .upgrade = T("tcp") },
          "POST /x HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n" },
        { "upgrade that was not granted",
          "POST /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
          "HTTP2-Settings: AAA\r\n\r\n",
          { .path = T("/x") },
          "POST /x HTTP/1.1\r\nHost: docker\r\n" },
        { "Content-Type comes from the judge",
          "POST /x HTTP/1.1\r\nHost: a\r\nContent-Type: text/evil\r\n\r\n",
          { .path = T("/x"), .content_type = T("application/json") },
          "POST /x HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\n" },
        { "no Content-Type of a dropped body",
          "POST /x HTTP/1.1\r\nHost: a\r\nContent-Type: text/evil\r\n\r\n",
          { .path = T("/x"), .content_type = T("application/json"), .body_dropped = true },
          "POST /x HTTP/1.1\r\nHost: docker\r\n" },
        { "all of the allowlist, in order, in our spelling",
          "POST /x HTTP/1.1\r\nHost: a\r\nuser-agent: Docker-Client/28.2.2 (linux)\r\n"
          "ACCEPT: */*\r\naccept-encoding: gzip\r\nx-docker-expose-session-name: a\r\n"
          "X-Docker-Expose-Session-Name: b\r\nX-Docker-Empty:\r\nx-META-a: 1\r\n"
          "x-registry-auth: e30=\r\nx-registry-config: e30=\r\nif-none-match: \"a\"\r\n\r\n",
          { .path = T("/x") },
          "POST /x HTTP/1.1\r\nHost: docker\r\nUser-Agent: Docker-Client/28.2.2 (linux)\r\n"
          "Accept: */*\r\nAccept-Encoding: gzip\r\nx-docker-expose-session-name: a\r\n"
          "X-Docker-Expose-Session-Name: b\r\nX-Docker-Empty: \r\nx-META-a: 1\r\n"
          "X-Registry-Auth: e30=\r\nX-Registry-Config: e30=\r\nIf-None-Match: \"a\"\r\n" },
        { "nothing else passes",
          "POST /x HTTP/1.1\r\nHost: a\r\nAuthorization: Basic x\r\nCookie: a\r\n"
          "X-HTTP-Method-Override: DELETE\r\nX-Original-URL: /y\r\nX-Forwarded-For: 1.2.3.4\r\n"
          "Content-Length: 5\r\nContent-Encoding: gzip\r\nExpect: 100-continue\r\n"
          "Origin: http://a\r\nSec-Fetch-Site: none\r\nTE: trailers\r\nTrailer: a\r\n"
          "Proxy-Connection: close\r\nKeep-Alive: 5\r\nConnection: User-Agent\r\nRange: x\r\n"
          "X-Docker: a\r\nX-Meta: b\r\nX-Registry-Other: c\r\nTraceparent: d\r\n\r\n",
          { .path = T("/x") },
          "POST /x HTTP/1.1\r\nHost: docker\r\n" },
};

START_TEST(writes_a_request) {
        read_request(requests[_i].raw);
        ck_assert_int_eq(http_write_request(&out, &head, &requests[_i].options), 0);
        check_out(requests[_i].written);
}
END_TEST

START_TEST(writes_one_framing_header_of_a_request) {
        static const struct {
                HttpFraming framing;
                uint64_t length;
                bool says_zero;
                const char *written;
        } framings[] = {
                { HTTP_FRAMING_NONE, 0, false, "\r\n" },
                { HTTP_FRAMING_NONE, 0, true, "Content-Length: 0\r\n\r\n" },
                { HTTP_FRAMING_NONE, 7, true, "Content-Length: 0\r\n\r\n" },
                { HTTP_FRAMING_LENGTH, 1, false, "Content-Length: 1\r\n\r\n" },
                { HTTP_FRAMING_LENGTH, UINT64_MAX, true,
                  "Content-Length: 18446744073709551615\r\n\r\n" },
                { HTTP_FRAMING_CHUNKED, 7, true, "Transfer-Encoding: chunked\r\n\r\n" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(framings); i++) {
                buffer_clear(&out);
                ck_assert_int_eq(http_write_framing(&out, framings[i].framing, framings[i].length,
                                                    framings[i].says_zero),
                                 0);
                check_out(framings[i].written);
        }
}
END_TEST

START_TEST(writes_the_longest_head_that_is_accepted) {
        Buffer raw = {}, path = {};
        HttpError error;
        unsigned n = 0;

        buffer_append_str(&raw, "POST /a HTTP/1.1\r\nHost: a\r\n");
        for (unsigned i = 1; i < HTTP_HEADERS_MAX; i++)
                buffer_printf(&raw, "X-Meta-%u: %0*u\r\n", i, 450, i);
        buffer_append_str(&raw, "\r\n");
        buffer_printf(&path, "/%02047u", 0U);

        ck_assert(http_lint_request(buffer_bytes(&raw), &http_request_limits, &head, &error));
        ck_assert_int_eq(http_write_request(&out, &head,
                                            &(HttpRequestOptions){
                                                    .path = buffer_bytes(&path),
                                                    .query = BYTES("a=b"),
                                                    .content_type = BYTES("application/x-tar"),
                                                    .upgrade = BYTES("tcp"),
                                            }),
                         0);
        ck_assert_int_eq(http_write_framing(&out, HTTP_FRAMING_LENGTH, UINT64_MAX, false), 0);

        for (Bytes rest = buffer_bytes(&out), line; bytes_split(&rest, '\n', &line);)
                n += bytes_ends_with(line, BYTES("\r"));
        ck_assert_uint_eq(n, 1 + HTTP_HEADERS_MAX + 4 + 1); /* Content-Type, -Length, two more */
        ck_assert(bytes_ends_with(buffer_bytes(&out), BYTES("\r\n\r\n")));
        buffer_done(&raw);
        buffer_done(&path);
}
END_TEST

#define ANSWER(lines) "HTTP/1.1 200 OK\r\n" lines "\r\n"

static const struct {
        const char *name, *raw;
        HttpResponseOptions options;
        const char *written;
} answers[] = {
        { "length",
          ANSWER("Server: Docker\r\nContent-Length: 5\r\nContent-Type: a/b\r\n"),
          { .framing = HTTP_FRAMING_LENGTH, .length = 5 },
          ANSWER("Server: Docker\r\nContent-Type: a/b\r\nContent-Length: 5\r\n") },
        { "chunked",
          ANSWER("Transfer-Encoding: chunked\r\napi-VERSION: 1.41\r\n"),
          { .framing = HTTP_FRAMING_CHUNKED },
          ANSWER("api-VERSION: 1.41\r\nTransfer-Encoding: chunked\r\n") },
        { "chunked for a client that knows no chunks",
          ANSWER("Transfer-Encoding: chunked\r\n"),
          { .framing = HTTP_FRAMING_CLOSE, .closes = true },
          ANSWER("Connection: close\r\n") },
        { "empty",
          ANSWER("Content-Length: 0\r\n"),
          { .says_length = true },
          ANSWER("Content-Length: 0\r\n") },
        { "answer to HEAD",
          ANSWER("Content-Length: 7\r\n"),
          { .length = 7, .says_length = true },
          ANSWER("Content-Length: 7\r\n") },
        { "nothing to say",
          "HTTP/1.1 204 No Content\r\n\r\n",
          {},
          "HTTP/1.1 204 No Content\r\n\r\n" },
        { "no phrase", "HTTP/1.1 299\r\n\r\n", {}, "HTTP/1.1 299 \r\n\r\n" },
        { "always HTTP/1.1",
          "HTTP/1.0 200 OK\r\n\r\n",
          { .keeps_alive = true },
          ANSWER("Connection: keep-alive\r\n") },
        { "close wins",
          ANSWER(""),
          { .keeps_alive = true, .closes = true },
          ANSWER("Connection: close\r\n") },
        { "101",
          "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
          "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
          { .upgrade = T("tcp") },
          "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
          "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n" },
        { "end-to-end headers in order, nothing of the connection's",
          ANSWER("A: 1\r\nConnection: x\r\nKeep-Alive: 5\r\nB: 2\r\nProxy-Authenticate: c\r\n"
                 "Trailer: d\r\nTE: e\r\nUpgrade: f\r\nA: 3\r\nHost: g\r\nEmpty:\r\n"
                 "X-Docker-Container-Path-Stat: e30=\r\nWarning: \xc3\xa4\r\n"),
          {},
          ANSWER("A: 1\r\nB: 2\r\nA: 3\r\nHost: g\r\nEmpty: \r\n"
                 "X-Docker-Container-Path-Stat: e30=\r\nWarning: \xc3\xa4\r\n") },
};

START_TEST(writes_an_answer) {
        read_answer(answers[_i].raw);
        ck_assert_int_eq(http_write_response(&out, &head, &answers[_i].options), 0);
        check_out(answers[_i].written);
}
END_TEST

static const struct {
        const char *name;
        HttpRefusal refusal;
        const char *written;
} refusals[] = {
        { "plain",
          { .status = 403, .message = T("no") },
          "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n"
          "{\"message\":\"no\"}\n" },
        { "with close",
          { .status = 400, .message = T(""), .closes = true },
          "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 15\r\n"
          "Connection: close\r\n\r\n{\"message\":\"\"}\n" },
        { "kept alive",
          { .status = 404, .message = T("x"), .keeps_alive = true },
          "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 16\r\n"
          "Connection: keep-alive\r\n\r\n{\"message\":\"x\"}\n" },
        { "to HEAD",
          { .status = 403, .message = T("no"), .is_head = true },
          "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: "
          "17\r\n\r\n" },
        { "escaped",
          { .status = 403, .message = T("\"\\\n\x1b\0\x7f/\xc3\xa4\xff\xe2\x82") },
          "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: 64\r\n\r\n"
          "{\"message\":\"\\\"\\\\\\u000a\\u001b\\u0000\\u007f/"
          "\xc3\xa4\\ufffd\\ufffd\\ufffd\"}\n" },
};

START_TEST(writes_a_refusal) {
        ck_assert_int_eq(http_write_refusal(&out, &refusals[_i].refusal), 0);
        check_out(refusals[_i].written);
}
END_TEST

static size_t refusal_body_len(Bytes message) {
        Bytes got;

        buffer_clear(&out);
        ck_assert_int_eq(
                http_write_refusal(&out, &(HttpRefusal){ .status = 403, .message = message }), 0);
        got = buffer_bytes(&out);
        ck_assert(bytes_ends_with(got, BYTES("\"}\n")));
        return got.len - bytes_search(got, BYTES("{\"message\"")) - strlen("{\"message\":\"\"}\n");
}

START_TEST(cuts_a_long_message_between_characters) {
        char message[2100];

        memset(message, 'a', sizeof(message));
        ck_assert_uint_eq(refusal_body_len((Bytes){ message, 2047 }), 2047);
        ck_assert_uint_eq(refusal_body_len((Bytes){ message, 2048 }), 2048);
        ck_assert_uint_eq(refusal_body_len((Bytes){ message, 2049 }), 2048);
        memcpy(message + 2046, "\xe2\x82\xac", 3); /* ends at 2049 */
        ck_assert_uint_eq(refusal_body_len((Bytes){ message, 2100 }), 2046);
        memcpy(message + 2045,
               "\xe2\x82\xac"
               "a",
               4); /* ends at 2048 */
        ck_assert_uint_eq(refusal_body_len((Bytes){ message, 2100 }), 2048);
        memset(message, 0x01, sizeof(message));
        ck_assert_uint_eq(refusal_body_len((Bytes){ message, 2100 }), 2048 * 6);
        memset(message, 0x80, sizeof(message)); /* no character to cut between */
        ck_assert_uint_eq(refusal_body_len((Bytes){ message, 2100 }) % 6, 0);
}
END_TEST

START_TEST(every_status_that_is_used_has_a_phrase) {
        static const unsigned used[] = {
                400, 403, 404, 408, 413, 414, 415, 417, 431, 502, 503, 505
        };

        for (size_t i = 0; i < ARRAY_SIZE(used); i++)
                ck_assert_uint_gt(strlen(http_status_phrase(used[i])), 0);
        ck_assert_str_eq(http_status_phrase(299), "");
        ck_assert(bytes_eq_str(http_continue, "HTTP/1.1 100 Continue\r\n\r\n"));
}
END_TEST

int main(void) {
        Suite *suite = suite_create("http-writer");
        TCase *tc = tcase_create("http-writer");
        SRunner *runner;
        int n_failed;

        tcase_add_checked_fixture(tc, NULL, teardown);
        tcase_add_loop_test(tc, writes_a_request, 0, (int) ARRAY_SIZE(requests));
        tcase_add_test(tc, writes_one_framing_header_of_a_request);
        tcase_add_test(tc, writes_the_longest_head_that_is_accepted);
        tcase_add_loop_test(tc, writes_an_answer, 0, (int) ARRAY_SIZE(answers));
        tcase_add_loop_test(tc, writes_a_refusal, 0, (int) ARRAY_SIZE(refusals));
        tcase_add_test(tc, cuts_a_long_message_between_characters);
        tcase_add_test(tc, every_status_that_is_used_has_a_phrase);
        suite_add_tcase(suite, tc);

        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed > 0;
}
