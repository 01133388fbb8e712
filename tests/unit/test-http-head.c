/* SPDX-License-Identifier: Apache-2.0 */
/* http/head: names in any case find their header, near misses find none; what each header is for.
 */
#include "http/head.h"

#include "util/macros.h"

#include <check.h>

static const struct {
        const char *name;
        HttpHeaderId id;
} names[] = {
        { "Accept", HTTP_HEADER_ACCEPT },
        { "Accept-Encoding", HTTP_HEADER_ACCEPT_ENCODING },
        { "Connection", HTTP_HEADER_CONNECTION },
        { "Content-Encoding", HTTP_HEADER_CONTENT_ENCODING },
        { "Content-Length", HTTP_HEADER_CONTENT_LENGTH },
        { "Content-Type", HTTP_HEADER_CONTENT_TYPE },
        { "Expect", HTTP_HEADER_EXPECT },
        { "Host", HTTP_HEADER_HOST },
        { "If-None-Match", HTTP_HEADER_IF_NONE_MATCH },
        { "Keep-Alive", HTTP_HEADER_KEEP_ALIVE },
        { "Origin", HTTP_HEADER_ORIGIN },
        { "Proxy-Connection", HTTP_HEADER_PROXY },
        { "Proxy-Authorization", HTTP_HEADER_PROXY },
        { "Sec-Fetch-Site", HTTP_HEADER_SEC_FETCH_SITE },
        { "TE", HTTP_HEADER_TE },
        { "Trailer", HTTP_HEADER_TRAILER },
        { "Transfer-Encoding", HTTP_HEADER_TRANSFER_ENCODING },
        { "Upgrade", HTTP_HEADER_UPGRADE },
        { "User-Agent", HTTP_HEADER_USER_AGENT },
        { "X-Docker-Expose-Session-Uuid", HTTP_HEADER_X_DOCKER },
        { "X-Docker-Container-Path-Stat", HTTP_HEADER_X_DOCKER },
        { "X-Meta-Custom", HTTP_HEADER_X_META },
        { "X-Registry-Auth", HTTP_HEADER_X_REGISTRY_AUTH },
        { "X-Registry-Config", HTTP_HEADER_X_REGISTRY_CONFIG },
};

static void change_case(char *text, bool upper) {
        for (; *text; text++)
                if (upper && *text >= 'a' && *text <= 'z')
                        *text = (char) (*text - 'a' + 'A');
                else if (!upper && *text >= 'A' && *text <= 'Z')
                        *text = (char) (*text - 'A' + 'a');
}

START_TEST(knows_a_header_in_any_case) {
        _cleanup_free_ char *copy = bytes_dup(bytes_of(names[_i].name));

        ck_assert_int_eq(http_header_id(bytes_of(copy)), names[_i].id);
        change_case(copy, true);
        ck_assert_int_eq(http_header_id(bytes_of(copy)), names[_i].id);
        change_case(copy, false);
        ck_assert_int_eq(http_header_id(bytes_of(copy)), names[_i].id);
}
END_TEST

START_TEST(one_other_byte_is_another_header) {
        _cleanup_free_ char *copy = bytes_dup(bytes_of(names[_i].name));
        HttpHeaderId id = names[_i].id;
        size_t len = strlen(copy);

        /* Those that stand for a prefix differ within the prefix only. */
        if (id == HTTP_HEADER_PROXY || id == HTTP_HEADER_X_DOCKER || id == HTTP_HEADER_X_META)
                len = http_header_name(id).len;
        for (size_t i = 0; i < len; i++) {
                char saved = copy[i];

                for (int c = 0; c < 256; c++) {
                        copy[i] = (char) c;
                        if (bytes_ieq_ascii((Bytes){ &copy[i], 1 }, (Bytes){ &saved, 1 }))
                                continue;
                        if (http_header_id((Bytes){ copy, strlen(names[_i].name) }) == id)
                                ck_abort_msg("%s with byte %d at %zu", names[_i].name, c, i);
                }
                copy[i] = saved;
        }
        if (len == strlen(names[_i].name))
                ck_assert_int_ne(http_header_id((Bytes){ copy, len - 1 }), id);
}
END_TEST

START_TEST(unknown_names_are_other) {
        static const char *const others[] = {
                "",
                "A",
                "Content_Length",
                "Content-Lengt",
                "Content-Length2",
                "X-Docker",
                "X-Meta",
                "Proxy",
                "Cookie",
                "X-HTTP-Method-Override",
                "Hos",
                "Authorization",
                "X-Registry-Auto",
                "x",
                "p",
        };

        for (size_t i = 0; i < ARRAY_SIZE(others); i++)
                ck_assert_msg(http_header_id(bytes_of(others[i])) == HTTP_HEADER_OTHER, "'%s'",
                              others[i]);
        ck_assert_int_eq(http_header_id(BYTES_NONE), HTTP_HEADER_OTHER);
}
END_TEST

START_TEST(every_known_name_finds_itself) {
        for (unsigned id = 1; id < _HTTP_HEADER_ID_MAX; id++) {
                ck_assert_uint_gt(http_header_name((HttpHeaderId) id).len, 0);
                ck_assert_uint_eq(http_header_id(http_header_name((HttpHeaderId) id)), id);
        }
        ck_assert_uint_eq(http_header_name(HTTP_HEADER_OTHER).len, 0);
}
END_TEST

START_TEST(forwards_what_the_policy_lists_and_nothing_else) {
        static const HttpHeaderId forwarded[] = {
                HTTP_HEADER_ACCEPT,
                HTTP_HEADER_ACCEPT_ENCODING,
                HTTP_HEADER_CONTENT_TYPE,
                HTTP_HEADER_IF_NONE_MATCH,
                HTTP_HEADER_USER_AGENT,
                HTTP_HEADER_X_DOCKER,
                HTTP_HEADER_X_META,
                HTTP_HEADER_X_REGISTRY_AUTH,
                HTTP_HEADER_X_REGISTRY_CONFIG,
        };
        size_t n = 0;

        for (size_t i = 0; i < ARRAY_SIZE(forwarded); i++)
                ck_assert(http_header_is_forwarded(forwarded[i]));
        for (unsigned id = 0; id < _HTTP_HEADER_ID_MAX; id++)
                n += http_header_is_forwarded((HttpHeaderId) id);
        ck_assert_uint_eq(n, ARRAY_SIZE(forwarded));
}
END_TEST

START_TEST(connection_and_framing_headers_never_pass_an_answer) {
        static const HttpHeaderId ours[] = {
                HTTP_HEADER_CONNECTION, HTTP_HEADER_CONTENT_LENGTH,
                HTTP_HEADER_KEEP_ALIVE, HTTP_HEADER_PROXY,
                HTTP_HEADER_TE,         HTTP_HEADER_TRAILER,
                HTTP_HEADER_UPGRADE,    HTTP_HEADER_TRANSFER_ENCODING,
        };
        size_t n = 0;

        for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
                ck_assert(http_header_is_hop_by_hop(ours[i]));
        for (unsigned id = 0; id < _HTTP_HEADER_ID_MAX; id++)
                n += http_header_is_hop_by_hop((HttpHeaderId) id);
        ck_assert_uint_eq(n, ARRAY_SIZE(ours));
}
END_TEST

START_TEST(methods_are_exact) {
        static const struct {
                const char *text;
                HttpMethod method;
        } methods[] = {
                { "GET", HTTP_METHOD_GET },       { "HEAD", HTTP_METHOD_HEAD },
                { "POST", HTTP_METHOD_POST },     { "PUT", HTTP_METHOD_PUT },
                { "DELETE", HTTP_METHOD_DELETE }, { "get", HTTP_METHOD_OTHER },
                { "GETS", HTTP_METHOD_OTHER },    { "GE", HTTP_METHOD_OTHER },
                { "PATCH", HTTP_METHOD_OTHER },   { "OPTIONS", HTTP_METHOD_OTHER },
                { "CONNECT", HTTP_METHOD_OTHER }, { "PRI", HTTP_METHOD_OTHER },
        };

        for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
                ck_assert_int_eq(http_method_parse(bytes_of(methods[i].text)), methods[i].method);
                if (methods[i].method != HTTP_METHOD_OTHER)
                        ck_assert_str_eq(http_method_name(methods[i].method), methods[i].text);
        }
        ck_assert_int_eq(http_method_parse(BYTES("GET\0")), HTTP_METHOD_OTHER);
        ck_assert_int_eq(http_method_parse(BYTES_NONE), HTTP_METHOD_OTHER);
        ck_assert_str_eq(http_method_name(HTTP_METHOD_OTHER), "");
}
END_TEST

START_TEST(finds_the_first_line_of_a_header) {
        static HttpHead head = {
                .headers = {
                        { { "X-Meta-A", 8 }, { "1", 1 }, HTTP_HEADER_X_META },
                        { { "Host", 4 }, { "h", 1 }, HTTP_HEADER_HOST },
                        { { "X-Meta-B", 8 }, { "2", 1 }, HTTP_HEADER_X_META },
                },
                .n_headers = 3,
                .n_of = { [HTTP_HEADER_X_META] = 2, [HTTP_HEADER_HOST] = 1 },
        };

        ck_assert_ptr_eq(http_head_find(&head, HTTP_HEADER_X_META), &head.headers[0]);
        ck_assert_ptr_eq(http_head_find(&head, HTTP_HEADER_HOST), &head.headers[1]);
        ck_assert_ptr_null(http_head_find(&head, HTTP_HEADER_EXPECT));
}
END_TEST

int main(void) {
        Suite *suite = suite_create("http-head");
        TCase *tc = tcase_create("http-head");
        SRunner *runner;
        int n_failed;

        tcase_add_loop_test(tc, knows_a_header_in_any_case, 0, (int) ARRAY_SIZE(names));
        tcase_add_loop_test(tc, one_other_byte_is_another_header, 0, (int) ARRAY_SIZE(names));
        tcase_add_test(tc, unknown_names_are_other);
        tcase_add_test(tc, every_known_name_finds_itself);
        tcase_add_test(tc, forwards_what_the_policy_lists_and_nothing_else);
        tcase_add_test(tc, connection_and_framing_headers_never_pass_an_answer);
        tcase_add_test(tc, methods_are_exact);
        tcase_add_test(tc, finds_the_first_line_of_a_header);
        suite_add_tcase(suite, tc);

        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed > 0;
}
