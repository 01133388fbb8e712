/* SPDX-License-Identifier: Apache-2.0 */
/* policy/inspect: a body or a query key that only repeats the other half passes and is not sent. */
#include "policy/policy.h"

#include "request-fixture.h"

static const Peer peer = { .uid = 1000 };
static const PolicyFacts facts = { .peer = &peer };

DEFINE_CLEANUP(Policy *, policy_unref)

/* Inspects body as the one of that request. */
static Decision inspect(const char *line, Bytes body) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        char headers[128];

        fixture_judges_off(p);
        (void) snprintf(headers, sizeof(headers),
                        "Content-Type: application/json\r\nContent-Length: %zu\r\n", body.len);
        ck_assert_msg(fixture_build(line, headers), "%s: %s", line, fixture.error.reason);
        ck_assert_msg(body.len == 0 || fixture.request.body == REQUEST_BODY_COLLECT, "%s", line);
        return policy_inspect(p, &fixture.request, &facts, body);
}

typedef struct Case {
        const char *line;
        const char *body;
        const char *reason; /* NULL: allowed */
        const char *query;  /* what is forwarded then */
} Case;

static const Case bodyless[] = {
        { "POST /containers/web/stop?t=10", "{\"t\":10}", NULL, "t=10" },
        { "POST /containers/web/stop?t=10", "{\"t\":\"10\"}", NULL, "t=10" },
        { "POST /containers/web/stop?t=10", " { \"t\" : 10 } ", NULL, "t=10" },
        { "POST /containers/web/stop?t=-1", "{\"t\":-1}", NULL, "t=-1" },
        { "POST /containers/web/stop?t=10&signal=TERM", "{\"t\":10}", NULL, "t=10&signal=TERM" },
        { "POST /containers/web/stop", "{}", NULL, "" },
        { "DELETE /containers/web?v=true&force=1", "{\"v\":true,\"force\":1}", NULL,
          "v=true&force=1" },
        { "DELETE /containers/web?v=false", "{\"v\":false}", NULL, "v=false" },
        { "POST /containers/web/kill?signal=", "{\"signal\":null}", NULL, "signal=" },
        { "POST /containers/web/kill?signal=%54ERM", "{\"signal\":\"TERM\"}", NULL,
          "signal=%54ERM" },

        { "POST /containers/web/stop?t=10", "{\"t\":11}", "body-unexpected", NULL },
        { "POST /containers/web/stop?t=10", "{\"t\":10,\"x\":1}", "body-unexpected", NULL },
        { "POST /containers/web/stop?t=10", "{\"T\":10}", "body-unexpected", NULL },
        { "POST /containers/web/stop?t=10", "{\"t\":\"010\"}", "body-unexpected", NULL },
        { "POST /containers/web/stop?t=10", "{\"t\":10.0}", "body-unexpected", NULL },
        { "POST /containers/web/stop?t=10", "{\"t\":[10]}", "body-unexpected", NULL },
        { "POST /containers/web/stop?t=10", "{\"t\":{}}", "body-unexpected", NULL },
        { "POST /containers/web/stop?t=10", "{\"t\":null}", "body-unexpected", NULL },
        { "POST /containers/web/stop?t=10", "{\"t\":10,\"t\":10}", "body-unexpected", NULL },
        { "POST /containers/web/stop?t=10", "[]", "body-unexpected", NULL },
        { "POST /containers/web/stop?t=10", "10", "body-unexpected", NULL },
        { "POST /containers/web/stop?t=10", "t=10", "body-unexpected", NULL },
        { "POST /containers/web/stop?t=10", " ", "body-unexpected", NULL },
        { "POST /containers/web/stop?t=10", "{\"t\":10}{}", "body-unexpected", NULL },
        { "DELETE /containers/web?v=1", "{\"v\":true}", "body-unexpected", NULL },
        { "DELETE /containers/web?v=true", "{\"v\":\"TRUE\"}", "body-unexpected", NULL },
        { "POST /containers/web/kill?signal=null", "{\"signal\":null}", "body-unexpected", NULL },

        { "POST /containers/web/start", "{}", NULL, "" },
        { "POST /containers/web/start?detachKeys=a", "[]", "body-unexpected", NULL },
};

START_TEST(an_echo_of_the_query_passes_and_is_not_forwarded) {
        const Case *c = &bodyless[_i];
        _cleanup_(buffer_done) Buffer room = { 0 };
        Decision d = inspect(c->line, bytes_of(c->body));
        Bytes query;

        if (c->reason) {
                ck_assert_int_eq(d.verdict, VERDICT_DENY);
                ck_assert_str_eq(d.reason, c->reason);
                ck_assert_uint_eq(d.status, 400);
                ck_assert(d.is_malformed);
                return;
        }

        ck_assert_msg(d.verdict == VERDICT_ALLOW, "%s %s: %s", c->line, c->body, d.reason);
        ck_assert(fixture.request.drops_body);
        ck_assert_int_eq(request_query(&fixture.request, &room, &query), 0);
        ck_assert(bytes_eq_str(query, c->query));
}
END_TEST

static const char *const not_start[] = {
        "{ }", "[]", "", " {}", "{}\n", "{\"detachKeys\":\"a\"}", "{\"Privileged\":true}", "null",
};

/* request_build() caps it at two bytes; the judge does not lean on that. */
START_TEST(container_start_takes_an_empty_object_and_nothing_else) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        Bytes body = bytes_of(not_start[_i]);
        Decision d;

        ck_assert(fixture_build("POST /containers/web/start?detachKeys=a",
                                "Content-Type: application/json\r\nContent-Length: 2\r\n"));
        d = policy_inspect(p, &fixture.request, &facts, body);
        ck_assert_int_eq(d.verdict, body.len == 0 ? VERDICT_ALLOW : VERDICT_DENY);
        ck_assert(fixture.request.drops_body);
}
END_TEST

START_TEST(an_echo_is_small) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        static char body[REQUEST_ECHO_MAX + 1];

        memset(body, ' ', sizeof(body));
        memcpy(body, "{}", 2);
        ck_assert(fixture_build("POST /containers/web/stop",
                                "Content-Type: application/json\r\nContent-Length: 2\r\n"));
        ck_assert_uint_eq(fixture.request.echo_cap, REQUEST_ECHO_MAX);
        ck_assert_int_eq(
                policy_inspect(p, &fixture.request, &facts, (Bytes){ body, sizeof(body) - 1 })
                        .verdict,
                VERDICT_ALLOW);
        ck_assert_int_eq(
                policy_inspect(p, &fixture.request, &facts, (Bytes){ body, sizeof(body) }).verdict,
                VERDICT_DENY);
}
END_TEST

START_TEST(an_empty_chunked_body_is_none) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();

        ck_assert(fixture_build("POST /containers/web/stop?t=1",
                                "Content-Type: application/json\r\n"
                                "Transfer-Encoding: chunked\r\n"));
        ck_assert_int_eq(fixture.request.body, REQUEST_BODY_COLLECT);
        ck_assert_int_eq(policy_inspect(p, &fixture.request, &facts, BYTES_NONE).verdict,
                         VERDICT_ALLOW);
        ck_assert(fixture.request.drops_body);
}
END_TEST

static const Case with_json[] = {
        { "POST /containers/create?name=web&Image=alpine", "{\"Image\":\"alpine\"}", NULL,
          "name=web" },
        { "POST /containers/create?Image=alpine&name=web&Tty=true",
          "{\"Image\":\"other\",\"Tty\":{}}", NULL, "name=web" },
        { "POST /containers/create?Image=alpine", "{\"Image\":\"alpine\"}", NULL, "" },
        { "POST /containers/create?Cmd=a&Cmd=b", "{\"Cmd\":[\"a\",\"b\"]}", NULL, "" },
        { "POST /containers/create?name=web&Image=x", "{\"\\u0049mage\":1}", NULL, "name=web" },
        { "POST /volumes/create?Name=v", "{\"Name\":\"v\"}", NULL, "" },

        { "POST /containers/create?Image=alpine", "{\"image\":\"alpine\"}", "query-key-unknown",
          NULL },
        { "POST /containers/create?Image=alpine", "{\"X\":{\"Image\":1}}", "query-key-unknown",
          NULL },
        { "POST /containers/create?Image=alpine&Other=1", "{\"Image\":1}", "query-key-unknown",
          NULL },
        { "POST /containers/create?Image=alpine", "{}", "query-key-unknown", NULL },
        { "POST /containers/create?Image=alpine", " ", "query-key-unknown", NULL },
        { "POST /containers/create?Image=alpine", "", "query-key-unknown", NULL },

        { "POST /containers/create?Image=alpine", "{\"Image\":1,\"Image\":1}", "json-duplicate-key",
          NULL },
        { "POST /containers/create?Image=alpine", "{\"Image\":1", "json-invalid", NULL },
        { "POST /containers/create?Image=alpine", "[\"Image\"]", "json-not-object", NULL },
        { "POST /containers/create?Image=alpine", "{\"Image\":\"\xff\"}", "json-not-utf8", NULL },
        { "POST /containers/create?Image=alpine", "{\"Image\":\"\\u0000\"}", "json-nul", NULL },
};

START_TEST(a_query_key_that_is_a_member_passes_and_is_not_forwarded) {
        const Case *c = &with_json[_i];
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        _cleanup_(buffer_done) Buffer room = { 0 };
        bool is_json_error;
        Decision d;
        Bytes query;

        fixture_judges_off(p);
        ck_assert(fixture_build(c->line, "Content-Type: application/json\r\n"
                                         "Transfer-Encoding: chunked\r\n"));
        ck_assert_int_eq(fixture.request.body, REQUEST_BODY_COLLECT);
        d = policy_inspect(p, &fixture.request, &facts, bytes_of(c->body));
        ck_assert(!fixture.request.drops_body);

        if (c->reason) {
                is_json_error = strncmp(c->reason, "json-", 5) == 0;
                ck_assert_int_eq(d.verdict, VERDICT_DENY);
                ck_assert_str_eq(d.reason, c->reason);
                ck_assert_uint_eq(d.status, is_json_error ? 400 : 0);
                ck_assert(d.is_malformed);
                return;
        }

        ck_assert_msg(d.verdict == VERDICT_ALLOW, "%s %s: %s", c->line, c->body, d.reason);
        ck_assert_int_eq(request_query(&fixture.request, &room, &query), 0);
        ck_assert_msg(bytes_eq_str(query, c->query), "%s: %.*s", c->line, (int) query.len,
                      query.data);
}
END_TEST

START_TEST(names_the_key_that_is_no_echo) {
        Decision d =
                inspect("POST /containers/create?Image=alpine&Other=1", BYTES("{\"Image\":1}"));

        ck_assert(bytes_eq_str(d.subject, "Other"));
        d = inspect("POST /containers/web/stop?t=10", BYTES("{\"t\":11}"));
        ck_assert(bytes_eq_str(d.subject, "t"));

        /* The body is gone when the answer is written: its own keys are not borrowed. */
        d = inspect("POST /containers/web/stop?t=10", BYTES("{\"x\":11}"));
        ck_assert_uint_eq(d.subject.len, 0);
}
END_TEST

START_TEST(refuses_bodies_that_nothing_judges) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        Decision d;

        ck_assert(fixture_build("POST /build?t=x", "Content-Type: application/x-tar\r\n"
                                                   "Content-Length: 2\r\n"));
        d = policy_inspect(p, &fixture.request, &facts, BYTES("{}"));
        ck_assert_int_eq(d.verdict, VERDICT_DENY);
        ck_assert_str_eq(d.reason, "body-not-judged");
}
END_TEST

static const struct {
        const char *line;
        const char *body;
        const char *reason; /* by a policy that says nothing; NULL: allowed */
        bool is_malformed;
} judged[] = {
        { "POST /containers/create", "", "body-missing", true },
        { "POST /containers/create", "  ", "body-missing", true },
        { "POST /networks/create", "", "body-missing", true },
        { "POST /volumes/create", "", "body-missing", true },
        { "POST /containers/web/exec", "", "body-missing", true },
        { "POST /containers/web/update", "", "body-missing", true },
        { "POST /networks/net/disconnect", "", "body-missing", true },
        { "POST /exec/abc/start", "", NULL, false },
        { "POST /exec/abc/start", "{}", NULL, false },
        { "POST /exec/abc/start", "{\"Detach\":true,\"Tty\":false}", NULL, false },
        { "POST /exec/abc/start", "{\"detach\":true}", "key-spelling", true },
        { "POST /exec/abc/start", "{\"Privileged\":true}", "field-unknown", false },
        { "POST /containers/create", "[]", "json-not-object", true },
        { "POST /containers/create", "{\"binds\":[]}", "key-spelling", true },
        { "POST /services/create", "{\"Mode\":{\"replicated\":{}}}", "key-spelling", true },
        { "POST /services/web/update?version=1", "{\"Mode\":{\"global\":{}}}", "key-spelling",
          true },
        { "PUT /v1.42/volumes/data", "{\"Spec\":{\"Group\":\"g\"}}", "field-refused", false },
        { "PUT /v1.42/volumes/data", "{\"Spec\":null}", NULL, false },
};

START_TEST(a_body_is_judged_by_the_schema_of_its_operation) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        Bytes body = bytes_of(judged[_i].body);
        Decision d;

        (void) fixture_request(judged[_i].line);
        d = policy_inspect(p, &fixture.request, &facts, body);
        if (judged[_i].reason) {
                ck_assert_int_eq(d.verdict, VERDICT_DENY);
                ck_assert_str_eq(d.reason, judged[_i].reason);
                ck_assert(d.is_malformed == judged[_i].is_malformed);
        } else
                ck_assert_msg(d.verdict == VERDICT_ALLOW, "%s: %s", judged[_i].body, d.reason);
}
END_TEST

START_TEST(judge_no_passes_what_is_json) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        const Bytes body = BYTES("{\"binds\":[1],\"HostConfig\":{\"Privileged\":true}}");

        (void) fixture_request("POST /containers/create");
        ck_assert_int_eq(policy_inspect(p, &fixture.request, &facts, body).verdict, VERDICT_DENY);
        p->judges[ENDPOINT_JUDGE_CONTAINER_CREATE].is_off = true;
        ck_assert_int_eq(policy_inspect(p, &fixture.request, &facts, body).verdict, VERDICT_ALLOW);
}
END_TEST

int main(void) {
        Suite *s = suite_create("inspect");
        TCase *t = tcase_create("inspect");

        tcase_add_loop_test(t, an_echo_of_the_query_passes_and_is_not_forwarded, 0,
                            (int) ARRAY_SIZE(bodyless));
        tcase_add_loop_test(t, container_start_takes_an_empty_object_and_nothing_else, 0,
                            (int) ARRAY_SIZE(not_start));
        tcase_add_test(t, an_echo_is_small);
        tcase_add_test(t, an_empty_chunked_body_is_none);
        tcase_add_loop_test(t, a_query_key_that_is_a_member_passes_and_is_not_forwarded, 0,
                            (int) ARRAY_SIZE(with_json));
        tcase_add_test(t, names_the_key_that_is_no_echo);
        tcase_add_test(t, refuses_bodies_that_nothing_judges);
        tcase_add_loop_test(t, a_body_is_judged_by_the_schema_of_its_operation, 0,
                            (int) ARRAY_SIZE(judged));
        tcase_add_test(t, judge_no_passes_what_is_json);
        suite_add_tcase(s, t);
        return fixture_run(s);
}
