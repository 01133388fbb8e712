/* SPDX-License-Identifier: Apache-2.0 */
/* policy/scope: which objects a request may name, for each place where it can name one. */
#include "policy/scope.h"

#include "request-fixture.h"

DEFINE_CLEANUP(Policy *, policy_unref)

/* One row: under this [scope] that request gets this reason; NULL: allowed. */
typedef struct Case {
        const char *containers, *networks, *volumes;
        const char *line;
        const char *reason;
} Case;

static const Case cases[] = {
        /* slots of each kind */
        { "web-*", NULL, NULL, "POST /containers/web-1/stop", NULL },
        { "web-*", NULL, NULL, "POST /v1.41/containers/web-1/stop", NULL },
        { "web-*", NULL, NULL, "GET /containers/web-1/json", NULL },
        { "web-*", NULL, NULL, "DELETE /containers/web-1", NULL },
        { "web-*", NULL, NULL, "POST /containers/mail/stop", "scope" },
        { "web-*", NULL, NULL, "GET /containers/mail/json", "scope" },
        { "web-*", NULL, NULL, "POST /containers/my-web-1/stop", "scope" },
        { "web-*", NULL, NULL, "POST /containers/WEB-1/stop", "scope" },
        { "web-* mail", NULL, NULL, "POST /containers/mail/stop", NULL },
        { "*", NULL, NULL, "POST /containers/mail/stop", NULL },
        { NULL, "net-*", NULL, "GET /networks/net-1", NULL },
        { NULL, "net-*", NULL, "GET /networks/other", "scope" },
        { NULL, "net-*", NULL, "DELETE /networks/other", "scope" },
        { NULL, NULL, "vol-*", "GET /volumes/vol-1", NULL },
        { NULL, NULL, "vol-*", "DELETE /volumes/other", "scope" },
        { "web-*", NULL, NULL, "POST /containers/mail/exec", "scope" },
        { "web-*", NULL, NULL, "POST /containers/web-1/exec", NULL },
        { "web-*", NULL, NULL, "POST /containers/web-1/attach?stream=1", NULL },
        { "web-*", NULL, NULL, "GET /containers/mail/archive?path=/", "scope" },
        { "web-*", NULL, NULL, "HEAD /containers/mail/archive?path=/", "scope" },
        { "web-*", NULL, NULL, "GET /v4.0.0/libpod/containers/web-1/exists", NULL },
        { "web-*", NULL, NULL, "GET /v4.0.0/libpod/containers/mail/exists", "scope" },

        /* a key narrows its own kind alone */
        { "web-*", NULL, NULL, "DELETE /networks/net", NULL },
        { "web-*", NULL, NULL, "DELETE /volumes/vol", NULL },
        { NULL, "net-*", NULL, "POST /containers/mail/stop", NULL },
        { NULL, NULL, "vol-*", "DELETE /networks/net", NULL },

        /* an empty list matches nothing */
        { "", NULL, NULL, "POST /containers/mail/stop", "scope" },

        /* what could be an id */
        { "*", NULL, NULL, "POST /containers/deadbeef/stop", "scope-id" },
        { "*", NULL, NULL, "POST /containers/db/stop", "scope-id" },
        { "*", NULL, NULL, "POST /containers/7/stop", "scope-id" },
        { "*", NULL, NULL,
          "POST /containers/"
          "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef/stop",
          "scope-id" },
        { NULL, "*", NULL, "DELETE /networks/ab12", "scope-id" },
        { NULL, NULL, "*", "DELETE /volumes/ab12", "scope-id" },
        { "*", NULL, NULL, "POST /containers/dbx/stop", NULL },

        /* lists and events stay */
        { "web-*", "net-*", "vol-*", "GET /containers/json", NULL },
        { "web-*", "net-*", "vol-*", "GET /networks", NULL },
        { "web-*", "net-*", "vol-*", "GET /volumes", NULL },
        { "web-*", "net-*", "vol-*", "GET /events", NULL },
        { "web-*", "net-*", "vol-*", "GET /info", NULL },
        { "web-*", "net-*", "vol-*", "GET /images/json", NULL },
        { "web-*", "net-*", "vol-*", "POST /images/prune", NULL },
        { "web-*", "net-*", "vol-*", "DELETE /images/alpine", NULL },

        /* names in the query */
        { "web-*", NULL, NULL, "POST /containers/create?name=web-1", NULL },
        { "web-*", NULL, NULL, "POST /containers/create?name=/web-1", NULL },
        { "web-*", NULL, NULL, "POST /containers/create?name=%2Fweb-1", NULL },
        { "web-*", NULL, NULL, "POST /containers/create?name=mail", "scope" },
        { "web-*", NULL, NULL, "POST /containers/create?name=/mail", "scope" },
        { "web-*", NULL, NULL, "POST /containers/create", "scope-name-missing" },
        { "*", NULL, NULL, "POST /containers/create", "scope-name-missing" },
        { "*", NULL, NULL, "POST /containers/create?name=abc", "scope-id" },
        { "web-*", NULL, NULL, "POST /containers/web-1/rename?name=web-2", NULL },
        { "web-*", NULL, NULL, "POST /containers/web-1/rename?name=mail", "scope" },
        { "web-*", NULL, NULL, "POST /containers/mail/rename?name=web-2", "scope" },
        { "web-*", NULL, NULL, "POST /containers/web-1/rename", "scope-name-missing" },
        { "web-*", NULL, NULL, "POST /v4.0.0/libpod/containers/web-1/rename?name=mail", "scope" },
        { "web-*", NULL, NULL, "POST /commit?container=web-1", NULL },
        { "web-*", NULL, NULL, "POST /commit?container=mail", "scope" },
        { "web-*", NULL, NULL, "POST /commit?container=abcd", "scope-id" },
        { "web-*", NULL, NULL, "POST /commit", "scope-name-missing" },
        { NULL, "net-*", NULL, "POST /commit?container=mail", NULL },
        { "web-*", NULL, NULL, "POST /build?networkmode=default", NULL },
        { "web-*", NULL, NULL, "POST /build", NULL },
        { "web-*", NULL, NULL, "POST /build?networkmode=container:mail", "scope-not-judged" },
        { NULL, "net-*", NULL, "POST /build?networkmode=other", "scope-not-judged" },
        { NULL, NULL, "vol-*", "POST /build?networkmode=other", NULL },

        /* many or unknown objects */
        { "*", NULL, NULL, "POST /containers/prune", "scope-unbounded" },
        { NULL, "*", NULL, "POST /networks/prune", "scope-unbounded" },
        { NULL, NULL, "*", "POST /volumes/prune", "scope-unbounded" },
        { NULL, "*", "*", "POST /containers/prune", NULL },
        { "*", NULL, "*", "POST /networks/prune", NULL },
        { "*", "*", NULL, "POST /volumes/prune", NULL },
        { "*", NULL, NULL, "POST /exec/x1/start", "scope-unbounded" },
        { "*", NULL, NULL, "POST /exec/x1/resize?h=1&w=1", "scope-unbounded" },
        { "*", NULL, NULL, "GET /exec/x1/json", "scope-unbounded" },
        { NULL, "*", NULL, "POST /exec/x1/start", NULL },
        { NULL, NULL, "*", "POST /v4.0.0/libpod/system/prune", "scope-unbounded" },
        { "*", NULL, NULL, "POST /v4.0.0/libpod/pods/p1/kill", "scope-unbounded" },
        { "*", NULL, NULL, "GET /v4.0.0/libpod/pods/json", NULL },
        { "*", NULL, NULL, "GET /v4.0.0/libpod/containers/stats", "scope-unbounded" },
        { "web-*", NULL, NULL, "GET /v4.0.0/libpod/containers/web-1/stats", NULL },

        /* names in bodies */
        { NULL, "*", NULL, "POST /networks/create", "scope-not-judged" },
        { NULL, NULL, "*", "POST /volumes/create", "scope-not-judged" },
        { "*", NULL, NULL, "POST /networks/create", NULL },
        { "*", NULL, NULL, "POST /volumes/create", NULL },
        { NULL, "net-*", NULL, "POST /networks/net-1/connect", "scope-not-judged" },
        { "*", NULL, NULL, "POST /networks/net-1/disconnect", "scope-not-judged" },
        { NULL, "net-*", NULL, "POST /networks/other/connect", "scope" },
        { NULL, "*", NULL, "POST /containers/create?name=web-1", "scope-not-judged" },
        { NULL, NULL, "*", "POST /containers/create?name=web-1", "scope-not-judged" },
        { "*", NULL, NULL, "POST /services/create", "scope-not-judged" },
};

static void set_scope(const char *text, Words *words, bool *ret_has) {
        *ret_has = text != NULL;
        if (text)
                fixture_words(words, text);
}

START_TEST(decides_as_the_table_says) {
        const Case *c = &cases[_i];
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        Decision d;

        set_scope(c->containers, &p->scope_containers, &p->has_scope_containers);
        set_scope(c->networks, &p->scope_networks, &p->has_scope_networks);
        set_scope(c->volumes, &p->scope_volumes, &p->has_scope_volumes);

        d = scope_decide(p, fixture_request(c->line));
        if (!c->reason) {
                ck_assert_msg(d.verdict == VERDICT_ALLOW, "%s: %s", c->line, d.reason);
                return;
        }

        ck_assert_msg(d.verdict == VERDICT_DENY, "%s", c->line);
        ck_assert_msg(strcmp(d.reason, c->reason) == 0, "%s: %s", c->line, d.reason);
        ck_assert_ptr_nonnull(d.text);
        ck_assert(!d.is_malformed);
}
END_TEST

START_TEST(names_the_object_and_the_line) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        Decision d;

        set_scope("web-*", &p->scope_containers, &p->has_scope_containers);
        d = scope_decide(p, fixture_request("POST /containers/mail/stop"));
        ck_assert(bytes_eq_str(d.subject, "mail"));
        ck_assert_str_eq(d.place.file, "scope.conf");
        ck_assert_uint_eq(d.place.line, 5);
}
END_TEST

START_TEST(resolve_ids_does_not_yet_let_ids_pass) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();

        set_scope("*", &p->scope_containers, &p->has_scope_containers);
        p->resolve_ids = true;
        ck_assert_str_eq(scope_decide(p, fixture_request("POST /containers/abcd/stop")).reason,
                         "scope-id");
}
END_TEST

static const Case under_projects[] = {
        { .line = "POST /containers/web-1/stop", .reason = "scope-projects-not-yet" },
        { .line = "GET /containers/web-1/json", .reason = "scope-projects-not-yet" },
        { .line = "DELETE /networks/net", .reason = "scope-projects-not-yet" },
        { .line = "DELETE /volumes/vol", .reason = "scope-projects-not-yet" },
        { .line = "POST /containers/create?name=web-1", .reason = "scope-projects-not-yet" },
        { .line = "POST /commit?container=web-1", .reason = "scope-projects-not-yet" },
        { .line = "POST /networks/create", .reason = "scope-not-judged" },
        { .line = "POST /volumes/create", .reason = "scope-not-judged" },
        { .line = "POST /containers/prune", .reason = "scope-unbounded" },
        { .line = "POST /exec/x1/start", .reason = "scope-unbounded" },
        { .line = "GET /containers/json" },
        { .line = "GET /networks" },
        { .line = "GET /volumes" },
        { .line = "GET /events" },
        { .line = "POST /images/create?fromImage=alpine" },
};

START_TEST(projects_deny_all_that_names_an_object) {
        const Case *c = &under_projects[_i];
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        Decision d;

        set_scope("openpalm*", &p->scope_projects, &p->has_scope_projects);
        d = scope_decide(p, fixture_request(c->line));
        ck_assert_int_eq(d.verdict, c->reason ? VERDICT_DENY : VERDICT_ALLOW);
        if (c->reason)
                ck_assert_str_eq(d.reason, c->reason);

        /* Names that match do not help: the label alone would say it. */
        set_scope("*", &p->scope_containers, &p->has_scope_containers);
        ck_assert_int_eq(scope_decide(p, &fixture.request).verdict, d.verdict);
}
END_TEST

/* A scope on every kind with a name that no request has: whatever passes must name no object. */
START_TEST(no_change_of_an_object_slips_past_the_table) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        static Target target;
        size_t n_denied = 0;

        set_scope("none-such", &p->scope_containers, &p->has_scope_containers);
        set_scope("none-such", &p->scope_networks, &p->has_scope_networks);
        set_scope("none-such", &p->scope_volumes, &p->has_scope_volumes);

        for (size_t i = 0; i < endpoint_count(); i++) {
                const Endpoint *e = endpoint_at(i);
                Request request = { .endpoint = e, .target = &target };
                bool is_ours;

                if (strstr(e->pattern, "{container}"))
                        request.match.slot_kind = ENDPOINT_SLOT_CONTAINER;
                else if (strstr(e->pattern, "{network}"))
                        request.match.slot_kind = ENDPOINT_SLOT_NETWORK;
                else if (strstr(e->pattern, "{volume}"))
                        request.match.slot_kind = ENDPOINT_SLOT_VOLUME;
                request.match.slot = BYTES("mail");

                is_ours = request.match.slot_kind != ENDPOINT_SLOT_NONE ||
                          (e->level > ENDPOINT_LEVEL_READ &&
                           (strstr(e->section, "CONTAINERS") || strstr(e->section, "NETWORKS") ||
                            strstr(e->section, "VOLUMES") || strstr(e->section, "EXEC") ||
                            strstr(e->section, "COMMIT") || strstr(e->section, "KUBE") ||
                            strstr(e->section, "PODS") || strstr(e->section, "PLAY")));
                if (!is_ours)
                        continue;

                n_denied++;
                ck_assert_msg(scope_decide(p, &request).verdict == VERDICT_DENY, "%s %s", e->name,
                              e->pattern);
        }
        ck_assert_uint_gt(n_denied, 50);
}
END_TEST

START_TEST(allows_everything_without_a_scope) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        static Target target;

        for (size_t i = 0; i < endpoint_count(); i++) {
                Request request = { .endpoint = endpoint_at(i), .target = &target };

                ck_assert_int_eq(scope_decide(p, &request).verdict, VERDICT_ALLOW);
        }
}
END_TEST

int main(void) {
        Suite *s = suite_create("scope");
        TCase *t = tcase_create("scope");

        tcase_add_loop_test(t, decides_as_the_table_says, 0, (int) ARRAY_SIZE(cases));
        tcase_add_test(t, names_the_object_and_the_line);
        tcase_add_test(t, resolve_ids_does_not_yet_let_ids_pass);
        tcase_add_loop_test(t, projects_deny_all_that_names_an_object, 0,
                            (int) ARRAY_SIZE(under_projects));
        tcase_add_test(t, no_change_of_an_object_slips_past_the_table);
        tcase_add_test(t, allows_everything_without_a_scope);
        suite_add_tcase(s, t);
        return fixture_run(s);
}
