/* SPDX-License-Identifier: Apache-2.0 */
/* policy/policy: what no line allows is denied, and each refusal says which word it is. */
#include "policy/inspect.h"
#include "policy/policy.h"

#include "request-fixture.h"

DEFINE_CLEANUP(Policy *, policy_unref)

static const Peer peer = { .uid = 1000 };
static const PolicyFacts facts = { .peer = &peer };

#define JSON "Content-Type: application/json\r\nContent-Length: 2\r\n"

static Decision decide(const Policy *p, const char *line) {
        return policy_decide(p, fixture_request(line), &facts);
}

static void check_deny(Decision d, const char *reason, const char *hint) {
        ck_assert_int_eq(d.verdict, VERDICT_DENY);
        ck_assert_str_eq(d.reason, reason);
        ck_assert_ptr_nonnull(d.text);
        ck_assert(!d.is_malformed);
        if (hint)
                ck_assert_str_eq(d.hint, hint);
        else
                ck_assert_ptr_null(d.hint);
}

START_TEST(a_new_policy_denies_everything) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        Request request = { .match.slot_kind = ENDPOINT_SLOT_NONE };

        ck_assert_uint_eq(p->n_refs, 1);
        ck_assert_uint_eq(p->api_min, 24);
        ck_assert_uint_eq(p->limits.n_connections, 4096);
        for (size_t i = 0; i < endpoint_count(); i++) {
                request.endpoint = endpoint_at(i);
                ck_assert_int_eq(policy_decide(p, &request, &facts).verdict, VERDICT_DENY);
        }
}
END_TEST

START_TEST(the_zero_decision_denies) {
        ck_assert_int_eq((Decision){ 0 }.verdict, VERDICT_DENY);
}
END_TEST

START_TEST(denies_a_request_without_a_route) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        Request request = { .endpoint = NULL };

        check_deny(policy_decide(p, &request, &facts), "unknown-endpoint", NULL);
}
END_TEST

START_TEST(allows_what_is_granted_and_names_the_line) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        Decision d;

        fixture_grant(p, "container.restart", false);
        d = decide(p, "POST /containers/web/restart");
        ck_assert_int_eq(d.verdict, VERDICT_ALLOW);
        ck_assert_str_eq(d.place.file, "allow.conf");
        ck_assert_uint_eq(d.place.line, 3);

        check_deny(decide(p, "POST /containers/web/stop"), "not-granted", "container.stop");
        check_deny(decide(p, "GET /containers/json"), "not-granted", "container.list");
}
END_TEST

START_TEST(a_deny_wins_and_names_its_line) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        Decision d;

        fixture_grant(p, "container.stop", false);
        fixture_grant(p, "container.stop", true);
        d = decide(p, "POST /containers/web/stop");
        check_deny(d, "denied-by-rule", NULL);
        ck_assert_str_eq(d.place.file, "deny.conf");
        ck_assert_uint_eq(d.place.line, 7);
}
END_TEST

START_TEST(never_rows_stay_denied_and_shadow_does_not_forward_them) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        size_t n_never = 0;

        fixture_grant(p, "*", false);
        fixture_judges_off(p);
        for (size_t i = 0; i < endpoint_count(); i++) {
                Request request = { .endpoint = endpoint_at(i) };
                Decision d = policy_decide(p, &request, &facts);

                if (endpoint_at(i)->level != ENDPOINT_LEVEL_NEVER) {
                        ck_assert_int_eq(d.verdict, VERDICT_ALLOW);
                        continue;
                }

                n_never++;
                check_deny(d, "never-granted", NULL);
                ck_assert(d.is_final);
        }
        ck_assert_uint_gt(n_never, 0);
}
END_TEST

static const struct {
        const char *line;
        EndpointJudge judge;
} judged[] = {
        { "POST /containers/create", ENDPOINT_JUDGE_CONTAINER_CREATE },
        { "POST /containers/web/update", ENDPOINT_JUDGE_CONTAINER_UPDATE },
        { "POST /containers/web/exec", ENDPOINT_JUDGE_EXEC_CREATE },
        { "POST /volumes/create", ENDPOINT_JUDGE_VOLUME_CREATE },
        { "PUT /v1.42/volumes/data", ENDPOINT_JUDGE_VOLUME_CREATE },
        { "POST /networks/create", ENDPOINT_JUDGE_NETWORK_CREATE },
        { "POST /networks/net/connect", ENDPOINT_JUDGE_NETWORK_CONNECT },
        { "POST /networks/net/disconnect", ENDPOINT_JUDGE_NETWORK_CONNECT },
        { "POST /services/create", ENDPOINT_JUDGE_SERVICE_CREATE },
        { "POST /services/web/update?version=1", ENDPOINT_JUDGE_SERVICE_CREATE },
};

START_TEST(a_body_is_inspected_unless_its_section_says_no) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        Request *req = fixture_request(judged[_i].line);

        fixture_grant(p, "*", false);
        ck_assert_int_eq(req->endpoint->judge, judged[_i].judge);
        ck_assert_int_eq(policy_decide(p, req, &facts).verdict, VERDICT_INSPECT);

        p->judges[judged[_i].judge].is_off = true;
        ck_assert_int_eq(policy_decide(p, req, &facts).verdict, VERDICT_ALLOW);
}
END_TEST

START_TEST(judge_no_takes_no_other_section_along) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();

        fixture_grant(p, "*", false);
        fixture_judges_off(p);
        p->judges[ENDPOINT_JUDGE_VOLUME_CREATE].is_off = false;
        ck_assert_int_eq(decide(p, "POST /volumes/create").verdict, VERDICT_INSPECT);
        ck_assert_int_eq(decide(p, "POST /networks/create").verdict, VERDICT_ALLOW);
}
END_TEST

/* The tables agree: whatever names a section and takes JSON has a schema. */
START_TEST(every_operation_with_a_judge_and_a_body_is_inspected) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();

        for (size_t i = 0; i < endpoint_count(); i++) {
                const Endpoint *e = endpoint_at(i);

                if (e->judge == ENDPOINT_JUDGE_IMAGE_NAME)
                        continue; /* the old body of a push holds a login: nothing to judge */
                if (e->judge != ENDPOINT_JUDGE_NONE && e->body == ENDPOINT_BODY_JSON)
                        ck_assert_msg(inspect_schema(p, e), "%s", e->name);
                else
                        ck_assert_msg(!inspect_schema(p, e), "%s", e->name);
        }
}
END_TEST

START_TEST(judge_no_grants_nothing) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();

        fixture_judges_off(p);
        check_deny(decide(p, "POST /containers/create"), "not-granted", "container.create");
}
END_TEST

static const char *const exec_lines[] = {
        "POST /exec/abc/start",
        "POST /exec/abc/resize?h=1&w=1",
        "GET /exec/abc/json",
};

START_TEST(an_exec_of_unknown_origin_needs_foreign_ids) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        Decision d;

        fixture_grant(p, "*", false);
        d = decide(p, exec_lines[_i]);
        check_deny(d, "exec-unknown", "[exec.create] foreign-ids = yes");
        ck_assert(d.is_final);

        p->foreign_ids = true;
        ck_assert_int_ne(decide(p, exec_lines[_i]).verdict, VERDICT_DENY);
        p->foreign_ids = false;
        p->judges[ENDPOINT_JUDGE_EXEC_CREATE].is_off = true;
        ck_assert_int_eq(decide(p, exec_lines[_i]).verdict, VERDICT_ALLOW);
}
END_TEST

/* A second user of the socket learns the id of an event; it is not theirs to start. */
START_TEST(an_exec_belongs_to_the_peer_that_had_it_made) {
        const char *id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        const Peer owner = { .uid = 1000 }, stranger = { .uid = 1001 };
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        Known *known = known_new();
        PolicyFacts f = { .peer = &owner, .known = known, .now_usec = 1000 };
        char line[128];

        ck_assert_ptr_nonnull(known);
        ck_assert_int_eq(known_add_exec(known, bytes_of(id), &owner, 1000), 0);
        fixture_grant(p, "*", false);
        (void) snprintf(line, sizeof(line), "GET /exec/%s/json", id);
        ck_assert_int_eq(policy_decide(p, fixture_request(line), &f).verdict, VERDICT_ALLOW);

        f.peer = &stranger;
        check_deny(policy_decide(p, fixture_request(line), &f), "exec-unknown",
                   "[exec.create] foreign-ids = yes");
        f.peer = &owner;
        f.now_usec += 2 * KNOWN_EXEC_USEC;
        check_deny(policy_decide(p, fixture_request(line), &f), "exec-unknown",
                   "[exec.create] foreign-ids = yes");
        (void) known_free(known);
}
END_TEST

START_TEST(foreign_ids_do_not_stand_for_the_judge_of_exec_create) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();

        fixture_grant(p, "*", false);
        p->foreign_ids = true;
        ck_assert_int_eq(decide(p, "POST /containers/web/exec").verdict, VERDICT_INSPECT);
}
END_TEST

START_TEST(judged_keys_without_a_judge_are_denied) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        Request *req = fixture_request("GET /containers/json");

        fixture_grant(p, "*", false);
        ck_assert_int_eq(policy_decide(p, req, &facts).verdict, VERDICT_ALLOW);
        req->has_judged_keys = true;
        check_deny(policy_decide(p, req, &facts), "query-not-judged", NULL);

        /* With judge = no in its section it is the operator's word. */
        p->judges[ENDPOINT_JUDGE_BUILD].is_off = true;
        req = fixture_request("POST /build?remote=https://example.org/x.git");
        ck_assert(req->has_judged_keys);
        ck_assert_int_eq(policy_decide(p, req, &facts).verdict, VERDICT_ALLOW);
}
END_TEST

START_TEST(session_keys_need_the_grant_of_sessions) {
        static const char line[] = "POST /build?session=abc&version=2";
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();

        fixture_judges_off(p);
        fixture_grant(p, "build.image", false);
        ck_assert(fixture_request(line)->has_session_keys);
        check_deny(decide(p, line), "query-session", "build.session");

        fixture_grant(p, "build.session", false);
        ck_assert_int_eq(decide(p, line).verdict, VERDICT_ALLOW);
        fixture_grant(p, "build.session", true);
        check_deny(decide(p, line), "query-session", "build.session");
}
END_TEST

START_TEST(a_body_to_collect_is_inspected) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();

        fixture_grant(p, "container.stop", false);
        ck_assert(fixture_build("POST /containers/web/stop?t=1", JSON));
        ck_assert_int_eq(fixture.request.body, REQUEST_BODY_COLLECT);
        ck_assert_int_eq(policy_decide(p, &fixture.request, &facts).verdict, VERDICT_INSPECT);

        /* What is refused anyway is not worth reading. */
        ck_assert(fixture_build("POST /containers/web/kill?signal=TERM", JSON));
        check_deny(policy_decide(p, &fixture.request, &facts), "not-granted", "container.kill");
}
END_TEST

START_TEST(the_scope_is_asked) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();

        fixture_grant(p, "*", false);
        p->has_scope_containers = true;
        fixture_words(&p->scope_containers, "web-*");
        ck_assert_int_eq(decide(p, "POST /containers/web-1/stop").verdict, VERDICT_ALLOW);
        check_deny(decide(p, "POST /containers/mail/stop"), "scope", NULL);
}
END_TEST

START_TEST(lives_until_the_last_reference_goes) {
        Policy *p = fixture_policy();

        ck_assert_ptr_eq(policy_ref(p), p);
        ck_assert_ptr_null(policy_unref(p));
        ck_assert_uint_eq(p->n_refs, 1);

        /* Filled in every place that owns memory: the leak check sees what is forgotten. */
        fixture_words(&p->units, "a b");
        fixture_words(&p->containers, "a");
        fixture_words(&p->scope_containers, "a");
        fixture_words(&p->scope_networks, "a");
        fixture_words(&p->scope_volumes, "a");
        fixture_words(&p->scope_projects, "a");
        p->name = strdup("default");
        p->upstream = strdup("/run/docker.sock");
        p->uids = calloc(1, sizeof(*p->uids));
        p->gids = calloc(1, sizeof(*p->gids));
        p->addresses = calloc(1, sizeof(*p->addresses));
        p->hosts = calloc(1, sizeof(*p->hosts));
        p->hosts[p->n_hosts++] = (Bytes){ bytes_dup(BYTES("h")), 1 };
        p->origins = calloc(1, sizeof(*p->origins));
        p->origins[p->n_origins++] = (Bytes){ bytes_dup(BYTES("o")), 1 };
        p->files = calloc(1, sizeof(*p->files));
        p->files[p->n_files++] = strdup("f");
        p->warnings = calloc(1, sizeof(*p->warnings));
        p->warnings[p->n_warnings++] = strdup("w");
        p->lists = calloc(1, sizeof(*p->lists));
        p->lists[p->n_lists++] = (PolicyList){ .section = "build", .key = "keys" };
        fixture_words(&p->lists[0].words, "a b c");

        ck_assert_ptr_null(policy_unref(p));
        ck_assert_ptr_null(policy_unref(NULL));
}
END_TEST

int main(void) {
        Suite *s = suite_create("policy");
        TCase *t = tcase_create("policy");

        tcase_add_test(t, a_new_policy_denies_everything);
        tcase_add_test(t, the_zero_decision_denies);
        tcase_add_test(t, denies_a_request_without_a_route);
        tcase_add_test(t, allows_what_is_granted_and_names_the_line);
        tcase_add_test(t, a_deny_wins_and_names_its_line);
        tcase_add_test(t, never_rows_stay_denied_and_shadow_does_not_forward_them);
        tcase_add_loop_test(t, a_body_is_inspected_unless_its_section_says_no, 0,
                            (int) ARRAY_SIZE(judged));
        tcase_add_test(t, judge_no_takes_no_other_section_along);
        tcase_add_test(t, every_operation_with_a_judge_and_a_body_is_inspected);
        tcase_add_test(t, judge_no_grants_nothing);
        tcase_add_loop_test(t, an_exec_of_unknown_origin_needs_foreign_ids, 0,
                            (int) ARRAY_SIZE(exec_lines));
        tcase_add_test(t, an_exec_belongs_to_the_peer_that_had_it_made);
        tcase_add_test(t, foreign_ids_do_not_stand_for_the_judge_of_exec_create);
        tcase_add_test(t, judged_keys_without_a_judge_are_denied);
        tcase_add_test(t, session_keys_need_the_grant_of_sessions);
        tcase_add_test(t, a_body_to_collect_is_inspected);
        tcase_add_test(t, the_scope_is_asked);
        tcase_add_test(t, lives_until_the_last_reference_goes);
        suite_add_tcase(s, t);
        return fixture_run(s);
}
