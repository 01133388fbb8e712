/* SPDX-License-Identifier: Apache-2.0 */
/* docker/request: what is refused before any policy, what is left to it, and that real clients'
 * requests pass. */
#include "docker/request.h"
#include "http/lint.h"
#include "tsv.h"
#include "util/macros.h"

#include <jansson.h>

static HttpHead head;
static Target target;
static Request request;

static const RequestRules unix_rules = { .target = { .api_min = 24 } };
static const RequestRules podman_rules = { .target = { .api_min = 24, .is_podman = true } };

/* Lines are divided by | and the request line lacks its version. */
static Bytes raw_of(const char *lines, Buffer *out) {
        Bytes rest = bytes_of(lines), line;
        bool is_first = true;

        while (bytes_split(&rest, '|', &line)) {
                ck_assert_int_eq(buffer_append(out, line), 0);
                ck_assert_int_eq(buffer_append_str(out, is_first ? " HTTP/1.1\r\n" : "\r\n"), 0);
                is_first = false;
        }
        ck_assert_int_eq(buffer_append_str(out, "\r\n"), 0);
        return buffer_bytes(out);
}

static Buffer raw; /* the request borrows it */

static bool build(const RequestRules *rules, const char *lines, HttpError *ret_error) {
        Bytes bytes;

        buffer_clear(&raw);
        bytes = raw_of(lines, &raw);
        *ret_error = (HttpError){ 0 };
        ck_assert_msg(http_lint_request(bytes, &http_request_limits, &head, ret_error), "%s: %s",
                      lines, ret_error->reason);
        return request_build(&request, &head, &target, rules, ret_error);
}

static void accept_with(const RequestRules *rules, const char *lines) {
        HttpError error;
        bool ok = build(rules, lines, &error);

        ck_assert_msg(ok, "%s: %s", lines, error.reason);
        ck_assert_ptr_nonnull(request.endpoint);
        ck_assert_ptr_eq(request.endpoint, request.match.endpoint);
}

static void refuse_with(const RequestRules *rules, const char *lines, unsigned status,
                        const char *reason) {
        HttpError error;
        bool ok = build(rules, lines, &error);

        ck_assert_msg(!ok, "%s: accepted", lines);
        ck_assert_msg(error.status == status && strcmp(error.reason, reason) == 0,
                      "%s: %u %s, not %u %s", lines, error.status, error.reason, status, reason);
        ck_assert(error.text && error.text[0] && error.text[strlen(error.text) - 1] != '.');
}

#define H "|Host: docker"

START_TEST(refuses_methods_that_the_api_has_not) {
        static const char *const methods[] = { "OPTIONS", "PATCH", "TRACE", "get", "PROPFIND" };

        for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
                char lines[64];

                (void) snprintf(lines, sizeof(lines), "%s /_ping" H, methods[i]);
                refuse_with(&unix_rules, lines, 403, "method-not-allowed");
        }
}
END_TEST

START_TEST(refuses_in_the_order_of_the_stages) {
        static const RequestRules tcp = { .target = { .api_min = 24 }, .is_tcp = true };

        refuse_with(&tcp, "PATCH /bad//path|Host: evil", 403, "method-not-allowed");
        refuse_with(&tcp, "GET /bad//path|Host: evil", 400, "path-shape");
        refuse_with(&tcp, "GET /nothing|Host: evil", 403, "host-not-allowed");
        refuse_with(&tcp, "GET /nothing" H "|Origin: http://evil", 403, "origin-not-allowed");
        refuse_with(&unix_rules, "POST /containers/-a/stop?x=1" H, 400, "slot-malformed");
        refuse_with(&unix_rules, "POST /containers/a/stop?x=1" H "|Expect: x", 403,
                    "query-key-unknown");
        refuse_with(&unix_rules, "POST /containers/a/stop" H "|Expect: x|Content-Length: 9", 417,
                    "expect");
}
END_TEST

START_TEST(refuses_unknown_endpoints_and_versions) {
        refuse_with(&unix_rules, "GET /nothing" H, 403, "unknown-endpoint");
        refuse_with(&unix_rules, "POST /containers/a/b/start" H, 403, "unknown-endpoint");
        refuse_with(&unix_rules, "GET /libpod/_ping" H, 403, "unknown-endpoint");
        refuse_with(&unix_rules, "GET /v1.23/info" H, 400, "api-version-too-old");
        refuse_with(&unix_rules, "GET /networks/" H, 400, "path-shape");
        ck_assert_ptr_null(request.endpoint);
}
END_TEST

/* docker inspect goes on to images on 404 only. */
START_TEST(answers_that_an_object_of_an_image_name_cannot_exist) {
        refuse_with(&unix_rules, "GET /v1.41/containers/alpine:3/json" H, 404, "name-cannot-exist");
        ck_assert(bytes_eq_str(request.match.slot, "alpine:3"));
        ck_assert_str_eq(request.endpoint->name, "container.inspect");
        refuse_with(&unix_rules, "GET /containers/ghcr.io/a/b:1/json" H, 404, "name-cannot-exist");
        refuse_with(&unix_rules, "GET /volumes/a:b" H, 404, "name-cannot-exist");
        refuse_with(&unix_rules, "POST /containers/alpine:3/start" H, 400, "slot-malformed");
}
END_TEST

START_TEST(takes_escapes_in_image_slots_only) {
        accept_with(&unix_rules, "GET /images/reg%3A5000%2Fa/json" H);
        ck_assert(bytes_eq_str(request.match.slot, "reg:5000/a"));
        accept_with(&unix_rules, "DELETE /images/a%2Fb%2Fc" H);
        refuse_with(&unix_rules, "GET /containers/a%3Ab/json" H, 400, "path-escape");
        refuse_with(&unix_rules, "GET /containers%2Fjson" H, 400, "path-escape");
        refuse_with(&unix_rules, "GET /images%2Fa/json" H, 400, "path-escape");
        refuse_with(&unix_rules, "GET /images/a%2Fjson" H, 400, "path-escape");
        refuse_with(&unix_rules, "POST /images/a%2Ftag" H, 400, "path-escape");
        refuse_with(&unix_rules, "POST /plugins/a%2Fb/enable" H, 400, "path-escape");
        refuse_with(&unix_rules, "GET /nothing%3A" H, 400, "path-escape");
        refuse_with(&podman_rules, "POST /v4.3.1/libpod/images/scp%2Fa/untag" H, 400,
                    "path-escape");
}
END_TEST

START_TEST(forwards_unknown_keys_of_read_endpoints_of_docker_only) {
        accept_with(&unix_rules, "GET /containers/json?new=1" H);
        ck_assert(!request.has_unknown_keys);
        refuse_with(&unix_rules, "GET /containers/a/export?new=1" H, 403, "query-key-unknown");
        refuse_with(&unix_rules, "POST /containers/a/stop?new=1" H, 403, "query-key-unknown");
        ck_assert(request.bad_pair && bytes_eq_str(request.bad_pair->key, "new"));
        refuse_with(&podman_rules, "GET /containers/json?new=1" H, 403, "query-key-unknown");
        refuse_with(&podman_rules, "GET /v4.3.1/libpod/containers/json?new=1" H, 403,
                    "query-key-unknown");
        accept_with(&podman_rules, "GET /v4.3.1/libpod/containers/json?All=1" H);
}
END_TEST

#define JSON H "|Content-Type: application/json"

START_TEST(leaves_unknown_keys_to_a_json_body) {
        accept_with(&unix_rules, "POST /containers/create?Image=a" JSON "|Content-Length: 9");
        ck_assert(request.has_unknown_keys);
        ck_assert_int_eq(request.body, REQUEST_BODY_COLLECT);
        ck_assert_uint_eq(request.echo_cap, 0);

        accept_with(&unix_rules, "POST /containers/create?name=a" JSON "|Content-Length: 9");
        ck_assert(!request.has_unknown_keys);
        ck_assert_int_eq(request.body, REQUEST_BODY_STREAM);

        refuse_with(&unix_rules, "POST /containers/create?Image=a" JSON "|Content-Length: 0", 403,
                    "query-key-unknown");
        refuse_with(&unix_rules, "POST /containers/a/stop?x=1" JSON "|Content-Length: 7", 403,
                    "query-key-unknown");
}
END_TEST

typedef struct BodyCase {
        const char *lines;
        RequestBody body;
        size_t echo_cap;
        const char *content_type; /* sent upstream */
} BodyCase;

START_TEST(tells_how_the_body_is_read) {
        static const BodyCase rows[] = {
                { "GET /info" H, REQUEST_BODY_NONE, 0, "" },
                { "GET /info" H "|Content-Length: 0", REQUEST_BODY_NONE, 0, "" },
                { "POST /containers/a/start" H "|Content-Length: 0|Content-Type: text/plain",
                  REQUEST_BODY_NONE, 0, "" },
                { "POST /containers/a/start" H "|Content-Length: 0|Content-Type: "
                  "application/x-www-form-urlencoded",
                  REQUEST_BODY_NONE, 0, "" },
                { "POST /containers/a/start" JSON "|Content-Length: 2", REQUEST_BODY_COLLECT, 2,
                  "" },
                { "POST /containers/a/start" H "|Content-Length: 2", REQUEST_BODY_COLLECT, 2, "" },
                { "POST /containers/a/start" JSON "|Transfer-Encoding: chunked",
                  REQUEST_BODY_COLLECT, 2, "" },
                { "POST /containers/a/stop?t=1" JSON "|Content-Length: 7", REQUEST_BODY_COLLECT,
                  REQUEST_ECHO_MAX, "" },
                { "DELETE /containers/a?v=1" JSON "|Content-Length: 4096", REQUEST_BODY_COLLECT,
                  REQUEST_ECHO_MAX, "" },
                { "GET /containers/json?all=1" JSON "|Transfer-Encoding: chunked",
                  REQUEST_BODY_COLLECT, REQUEST_ECHO_MAX, "" },
                { "POST /containers/a/attach?stream=1" JSON "|Content-Length: 9",
                  REQUEST_BODY_COLLECT, REQUEST_ECHO_MAX, "" },
                { "POST /images/create?fromImage=a" JSON "|Content-Length: 9", REQUEST_BODY_COLLECT,
                  REQUEST_ECHO_MAX, "" },
                { "POST /containers/create" JSON "|Content-Length: 9", REQUEST_BODY_STREAM, 0,
                  "application/json" },
                { "POST /containers/create" H "|Content-Type: Application/JSON; charset=UTF-8"
                  "|Content-Length: 9",
                  REQUEST_BODY_STREAM, 0, "application/json" },
                { "POST /containers/create" H
                  "|Content-Type: application/json;charset=\"utf-8\"; x=y"
                  "|Transfer-Encoding: chunked",
                  REQUEST_BODY_STREAM, 0, "application/json" },
                { "POST /containers/create" JSON "|Content-Length: 0", REQUEST_BODY_NONE, 0, "" },
                { "POST /images/a/push?tag=1" JSON "|Content-Length: 2", REQUEST_BODY_STREAM, 0,
                  "application/json" },
                { "POST /images/a/push" H "|Content-Length: 0", REQUEST_BODY_NONE, 0, "" },
                { "POST /build?t=a" H "|Content-Type: application/x-tar|Transfer-Encoding: chunked",
                  REQUEST_BODY_STREAM, 0, "application/x-tar" },
                { "POST /build" H "|Content-Type: application/gzip|Content-Encoding: gzip"
                  "|Content-Length: 5",
                  REQUEST_BODY_STREAM, 0, "application/x-tar" },
                { "POST /images/load" H "|Content-Length: 5", REQUEST_BODY_STREAM, 0,
                  "application/x-tar" },
                { "PUT /containers/a/archive?path=/" H "|Content-Type: text/plain"
                  "|Transfer-Encoding: chunked",
                  REQUEST_BODY_STREAM, 0, "" },
                { "POST /images/create?fromSrc=-" H "|Content-Type: text/plain"
                  "|Transfer-Encoding: chunked",
                  REQUEST_BODY_STREAM, 0, "application/x-tar" },
                { "POST /commit?container=a" H "|Content-Length: 0", REQUEST_BODY_NONE, 0, "" },
                { "POST /auth" JSON "|Content-Length: 5", REQUEST_BODY_STREAM, 0,
                  "application/json" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                const BodyCase *c = &rows[i];

                accept_with(&unix_rules, c->lines);
                ck_assert_msg(request.body == c->body, "%s: body %d", c->lines, (int) request.body);
                ck_assert_msg(request.echo_cap == c->echo_cap, "%s: cap", c->lines);
                ck_assert_msg(bytes_eq_str(request.content_type, c->content_type), "%s: type",
                              c->lines);
                ck_assert(!request.drops_body);
        }
}
END_TEST

typedef struct Refusal {
        const char *lines;
        unsigned status;
        const char *reason;
} Refusal;

START_TEST(refuses_bodies_where_none_belong) {
        static const Refusal rows[] = {
                { "GET /info" H "|Content-Length: 5", 400, "body-not-expected" },
                { "GET /info" H "|Transfer-Encoding: chunked", 400, "body-not-expected" },
                { "POST /containers/a/stop" H "|Content-Length: 5", 400, "body-not-expected" },
                { "POST /containers/a/stop" H "|Content-Length: 5|Content-Type: text/plain", 400,
                  "body-not-expected" },
                { "POST /containers/a/stop" H "|Content-Length: 5|Content-Type: "
                  "application/x-www-form-urlencoded",
                  415, "content-type" },
                { "POST /containers/a/stop" H "|Content-Length: 5|Content-Type: "
                  "Application/X-WWW-Form-Urlencoded; charset=utf-8",
                  415, "content-type" },
                { "POST /build/cancel?id=a" H "|Content-Length: 5|Content-Type: "
                  "multipart/form-data; boundary=x",
                  415, "content-type" },
                { "POST /containers/a/stop?t=1" JSON "|Content-Length: 4097", 413,
                  "body-too-large" },
                { "POST /containers/a/start" JSON "|Content-Length: 3", 413, "body-too-large" },
                { "POST /containers/a/start" H "|Content-Length: 2|Content-Type: text/plain", 400,
                  "body-not-expected" },
                { "POST /containers/a/stop?t=1" JSON "|Content-Length: 7|Content-Encoding: gzip",
                  415, "content-encoding" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                refuse_with(&unix_rules, rows[i].lines, rows[i].status, rows[i].reason);
}
END_TEST

START_TEST(refuses_other_types_than_the_endpoint_has) {
        static const Refusal rows[] = {
                { "POST /containers/create" H "|Content-Length: 5", 415, "content-type" },
                { "POST /containers/create" H "|Content-Length: 5|Content-Type: text/json", 415,
                  "content-type" },
                { "POST /containers/create" H "|Content-Length: 5|Content-Type: application/jsonx",
                  415, "content-type" },
                { "POST /containers/create" H "|Content-Length: 5"
                  "|Content-Type: application/json, application/json",
                  415, "content-type" },
                { "POST /containers/create" H "|Content-Length: 5"
                  "|Content-Type: application/json; charset=utf-16",
                  415, "content-type" },
                { "POST /containers/create" H "|Content-Length: 5"
                  "|Content-Type: application/x-www-form-urlencoded",
                  415, "content-type" },
                { "POST /containers/create" JSON "|Content-Length: 5|Content-Encoding: gzip", 415,
                  "content-encoding" },
                { "POST /build" H "|Content-Length: 5"
                  "|Content-Type: application/x-www-form-urlencoded",
                  415, "content-type" },
                { "POST /build" H "|Content-Length: 5|Content-Type: multipart/form-data", 415,
                  "content-type" },
                { "POST /build" H "|Content-Length: 5|Content-Type: application/json", 415,
                  "content-type" },
                { "PUT /containers/a/archive?path=/" H "|Content-Length: 5"
                  "|Content-Type: application/x-www-form-urlencoded",
                  415, "content-type" },
                { "POST /images/create?fromSrc=-" H "|Content-Length: 5"
                  "|Content-Type: application/x-www-form-urlencoded",
                  415, "content-type" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                refuse_with(&unix_rules, rows[i].lines, rows[i].status, rows[i].reason);
}
END_TEST

START_TEST(knows_only_one_expectation) {
        accept_with(&unix_rules,
                    "POST /containers/create" JSON "|Content-Length: 5|Expect: 100-continue");
        refuse_with(&unix_rules, "POST /containers/create" JSON "|Content-Length: 5|Expect: 101",
                    417, "expect");
        refuse_with(&unix_rules, "GET /info" H "|Expect: x", 417, "expect");
}
END_TEST

#define TCP "|Connection: Upgrade|Upgrade: tcp"
#define H2C "|Connection: Upgrade|Upgrade: h2c"

START_TEST(upgrades_on_hijack_routes_with_their_token) {
        accept_with(&unix_rules, "POST /containers/a/attach?stream=1" H TCP);
        ck_assert(request.wants_upgrade);
        accept_with(&unix_rules, "POST /exec/a/start" JSON "|Content-Length: 2" TCP);
        ck_assert(request.wants_upgrade);
        accept_with(&unix_rules, "POST /exec/a/start" JSON
                                 "|Content-Length: 2|Connection: upgrade|Upgrade: TCP");
        ck_assert(request.wants_upgrade);
        accept_with(&unix_rules, "POST /containers/a/attach?stream=1" H);
        ck_assert(!request.wants_upgrade);
        accept_with(&unix_rules, "POST /containers/a/attach?stream=1" H "|Upgrade: tcp");
        ck_assert(!request.wants_upgrade);
        accept_with(&unix_rules, "POST /containers/a/attach?stream=1" H "|Connection: upgrade");
        ck_assert(!request.wants_upgrade);
        accept_with(&unix_rules, "POST /grpc" H H2C);
        ck_assert(request.wants_upgrade);

        /* Elsewhere an upgrade is no matter. */
        accept_with(&unix_rules, "GET /info" H H2C);
        ck_assert(!request.wants_upgrade);

        refuse_with(&unix_rules, "POST /containers/a/attach" H H2C, 400, "upgrade-token");
        refuse_with(&unix_rules,
                    "POST /containers/a/attach" H "|Connection: upgrade|Upgrade: tcp, h2c", 400,
                    "upgrade-token");
        refuse_with(&unix_rules, "POST /session" H TCP, 400, "upgrade-token");
        refuse_with(&unix_rules, "POST /session" H, 400, "upgrade-missing");
        refuse_with(&unix_rules, "POST /grpc" H "|Upgrade: h2c", 400, "upgrade-missing");
}
END_TEST

START_TEST(takes_hosts_of_its_own_on_tcp) {
        static const Bytes hosts[] = { BYTES("my-proxy"), BYTES("fd00::1") };
        static const char *const good[] = {
                "localhost",
                "LocalHost:2375",
                "127.0.0.1:2375",
                "[::1]:2375",
                "[::1]",
                "docker",
                "api.moby.localhost",
                "host.docker.internal:1",
                "172.17.0.1",
                "172.17.0.1:80",
                "my-proxy:2375",
                "my-proxy",
                "[fd00::1]:1",
                "",
        };
        static const char *const bad[] = {
                "evil",
                "localhost.evil.com",
                "evil.localhost",
                "127.0.0.2",
                "172.17.0.10",
                "localhost:80:80",
                "localhost:x",
                "[::1]x",
                "[::1",
                "::1",
                "docker.",
                ":80",
                "[]",
                "[docker",
                "my-proxy2",
                "172.17.0.1:8x",
        };
        RequestRules rules = {
                .target = { .api_min = 24 },
                .is_tcp = true,
                .local_address = BYTES("172.17.0.1"),
                .hosts = hosts,
                .n_hosts = ARRAY_SIZE(hosts),
        };
        char lines[128];

        for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
                (void) snprintf(lines, sizeof(lines), "GET /info|Host: %s", good[i]);
                accept_with(&rules, lines);
        }
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                (void) snprintf(lines, sizeof(lines), "GET /info|Host: %s", bad[i]);
                refuse_with(&rules, lines, 403, "host-not-allowed");
                accept_with(&unix_rules, lines);
        }

        rules.local_address = BYTES("fd00::2");
        accept_with(&rules, "GET /info|Host: [fd00::2]:2375");
        rules.local_address = BYTES_NONE;
        refuse_with(&rules, "GET /info|Host: :80", 403, "host-not-allowed");
}
END_TEST

START_TEST(takes_origins_of_its_own_on_tcp) {
        static const Bytes origins[] = { BYTES("http://portal:9000") };
        const RequestRules rules = {
                .target = { .api_min = 24 },
                .is_tcp = true,
                .origins = origins,
                .n_origins = ARRAY_SIZE(origins),
        };

        accept_with(&rules, "GET /info" H "|Origin: http://portal:9000");
        accept_with(&rules, "GET /info" H "|Sec-Fetch-Site: none");
        accept_with(&rules, "GET /info" H "|Sec-Fetch-Site: same-origin");
        refuse_with(&rules, "GET /info" H "|Origin: http://portal", 403, "origin-not-allowed");
        refuse_with(&rules, "GET /info" H "|Origin: null", 403, "origin-not-allowed");
        refuse_with(&rules, "GET /info" H "|Origin: http://portal:9000|Origin: http://evil", 403,
                    "origin-not-allowed");
        refuse_with(&rules, "GET /info" H "|Sec-Fetch-Site: cross-site", 403, "origin-not-allowed");
        refuse_with(&rules, "GET /info" H "|Sec-Fetch-Site: same-site", 403, "origin-not-allowed");
        accept_with(&unix_rules, "GET /info" H "|Origin: http://evil|Sec-Fetch-Site: cross-site");
}
END_TEST

START_TEST(takes_libpod_bodies_as_podman_does) {
        accept_with(&podman_rules, "POST /v4.3.1/libpod/containers/create" H "|Content-Length: 5");
        ck_assert_uint_eq(request.content_type.len, 0);
        accept_with(&podman_rules, "POST /v4.3.1/libpod/play/kube" H "|Content-Length: 5");
        ck_assert_uint_eq(request.content_type.len, 0);
        accept_with(&podman_rules, "POST /v4.3.1/libpod/play/kube" H
                                   "|Content-Length: 5|Content-Type: application/yaml");
        ck_assert_uint_eq(request.content_type.len, 0);
        accept_with(&podman_rules, "POST /v4.3.1/libpod/play/kube" H
                                   "|Content-Length: 5|Content-Type: application/x-tar");
        ck_assert(bytes_eq_str(request.content_type, "application/x-tar"));
        refuse_with(&podman_rules,
                    "POST /v4.3.1/libpod/play/kube" H
                    "|Content-Length: 5|Content-Type: multipart/form-data; boundary=x",
                    415, "content-type");
}
END_TEST

START_TEST(writes_the_query_without_dropped_pairs) {
        Buffer out = { 0 };
        Bytes query;

        accept_with(&unix_rules, "POST /images/create?authconfig=&fromImage=a%2Fb&tag=1" H);
        ck_assert_int_eq(request_query(&request, &out, &query), 0);
        ck_assert_msg(bytes_eq_str(query, "fromImage=a%2Fb&tag=1"), "%.*s", (int) query.len,
                      query.data);

        accept_with(&unix_rules, "GET /containers/json?filters=%7b%7D&all=1" H);
        ck_assert_int_eq(request_query(&request, &out, &query), 0);
        ck_assert_ptr_eq(query.data, target.query.data);
        ck_assert(bytes_eq_str(query, "filters=%7b%7D&all=1"));

        target.pairs[0].dropped = target.pairs[1].dropped = true;
        ck_assert_int_eq(request_query(&request, &out, &query), 0);
        ck_assert_uint_eq(query.len, 0);

        accept_with(&unix_rules, "GET /info" H);
        ck_assert_int_eq(request_query(&request, &out, &query), 0);
        ck_assert_uint_eq(query.len, 0);
        buffer_done(&out);
}
END_TEST

static Bytes recorded_head(const json_t *record, Buffer *out) {
        const json_t *headers = json_object_get(record, "headers");
        size_t i;
        json_t *h;

        buffer_clear(out);
        ck_assert_int_eq(buffer_printf(out, "%s %s HTTP/1.1\r\n",
                                       json_string_value(json_object_get(record, "method")),
                                       json_string_value(json_object_get(record, "target"))),
                         0);
        json_array_foreach(headers, i, h) ck_assert_int_eq(
                buffer_printf(out, "%s: %s\r\n", json_string_value(json_array_get(h, 0)),
                              json_string_value(json_array_get(h, 1))),
                0);
        ck_assert_int_eq(buffer_append_str(out, "\r\n"), 0);
        return buffer_bytes(out);
}

/* Every request that the recorded clients sent is well formed; what is in it is for the policy. The
 * one that curl calls a form is not taken by the engine either. */
static bool recorded_is_form(const json_t *record) {
        return strcmp(json_string_value(json_object_get(record, "client")), "curl") == 0 &&
               json_integer_value(json_object_get(record, "body_length")) > 0;
}

START_TEST(takes_every_recorded_request) {
        FILE *f = fopen(TEST_DATA "/recorded-requests.jsonl", "re");
        unsigned n_taken = 0, n_forms = 0;
        char *line = NULL;
        size_t size = 0;

        ck_assert_ptr_nonnull(f);
        while (getline(&line, &size, f) > 0) {
                json_t *record = json_loads(line, JSON_ALLOW_NUL, NULL);
                HttpError error = { 0 };
                Bytes bytes;
                bool ok;

                ck_assert_msg(record, "no JSON: %s", line);
                bytes = recorded_head(record, &raw);
                ck_assert_msg(http_lint_request(bytes, &http_request_limits, &head, &error),
                              "%.*s: %s", (int) bytes.len, bytes.data, error.reason);
                ok = request_build(&request, &head, &target, &unix_rules, &error);
                if (recorded_is_form(record)) {
                        ck_assert_uint_eq(error.status, 415);
                        n_forms++;
                } else {
                        ck_assert_msg(ok, "%.*s: %s", (int) bytes.len, bytes.data, error.reason);
                        ck_assert_int_ne(request.endpoint->level, ENDPOINT_LEVEL_NEVER);
                        n_taken++;
                }
                json_decref(record);
        }
        ck_assert_uint_eq(n_forms, 1);
        ck_assert_uint_gt(n_taken, 300);
        free(line);
        (void) fclose(f);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("request");
        TCase *tc = tcase_create("request");
        SRunner *runner;
        int n_failed;

        tcase_add_test(tc, refuses_methods_that_the_api_has_not);
        tcase_add_test(tc, refuses_in_the_order_of_the_stages);
        tcase_add_test(tc, refuses_unknown_endpoints_and_versions);
        tcase_add_test(tc, answers_that_an_object_of_an_image_name_cannot_exist);
        tcase_add_test(tc, takes_escapes_in_image_slots_only);
        tcase_add_test(tc, forwards_unknown_keys_of_read_endpoints_of_docker_only);
        tcase_add_test(tc, leaves_unknown_keys_to_a_json_body);
        tcase_add_test(tc, tells_how_the_body_is_read);
        tcase_add_test(tc, refuses_bodies_where_none_belong);
        tcase_add_test(tc, refuses_other_types_than_the_endpoint_has);
        tcase_add_test(tc, knows_only_one_expectation);
        tcase_add_test(tc, upgrades_on_hijack_routes_with_their_token);
        tcase_add_test(tc, takes_hosts_of_its_own_on_tcp);
        tcase_add_test(tc, takes_origins_of_its_own_on_tcp);
        tcase_add_test(tc, takes_libpod_bodies_as_podman_does);
        tcase_add_test(tc, writes_the_query_without_dropped_pairs);
        tcase_add_test(tc, takes_every_recorded_request);
        suite_add_tcase(suite, tc);

        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed > 0;
}
