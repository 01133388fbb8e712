/* SPDX-License-Identifier: Apache-2.0 */
/* policy/scope: which objects a request may name, for each place where it can name one. */
#include "policy/scope.h"

#include "request-fixture.h"

DEFINE_CLEANUP(Policy *, policy_unref)

static const Peer peer = { .uid = 1000 };
static const PolicyFacts facts = { .peer = &peer };

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
        { "*", NULL, NULL, "POST /exec/x1/start", "exec-unknown" },
        { "*", NULL, NULL, "POST /exec/x1/resize?h=1&w=1", "exec-unknown" },
        { "*", NULL, NULL, "GET /exec/x1/json", "exec-unknown" },
        { NULL, "*", NULL, "POST /exec/x1/start", NULL },
        { NULL, NULL, "*", "POST /v4.0.0/libpod/system/prune", "scope-unbounded" },
        { "*", NULL, NULL, "POST /v4.0.0/libpod/pods/p1/kill", "scope-unbounded" },
        { "*", NULL, NULL, "GET /v4.0.0/libpod/pods/json", NULL },
        { "*", NULL, NULL, "GET /v4.0.0/libpod/containers/stats", "scope-unbounded" },
        { "web-*", NULL, NULL, "GET /v4.0.0/libpod/containers/web-1/stats", NULL },

        /* names in bodies: the judge of the body decides */
        { NULL, "*", NULL, "POST /networks/create", NULL },
        { NULL, NULL, "*", "POST /volumes/create", NULL },
        { "*", NULL, NULL, "POST /networks/create", NULL },
        { "*", NULL, NULL, "POST /volumes/create", NULL },
        { NULL, "net-*", NULL, "POST /networks/net-1/connect", NULL },
        { "*", NULL, NULL, "POST /networks/net-1/disconnect", NULL },
        { NULL, "net-*", NULL, "POST /networks/other/connect", "scope" },
        { NULL, "*", NULL, "POST /containers/create?name=web-1", NULL },
        { NULL, NULL, "*", "POST /containers/create?name=web-1", NULL },
        { "*", NULL, NULL, "POST /services/create", "scope-service" },
        { "*", NULL, NULL, "POST /services/web/update?version=1", "scope-service" },
        { NULL, "*", NULL, "POST /services/create", "scope-service" },
        { "*", NULL, NULL, "DELETE /services/web", "scope-service" },
        { NULL, NULL, "*", "DELETE /services/web", NULL },
        { "*", NULL, NULL, "GET /services/web/logs?stdout=1", "scope-service" },
        { "*", NULL, NULL, "GET /tasks/t1/logs?stdout=1", "scope-service" },
        { "*", NULL, NULL, "GET /services", NULL },
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

        d = scope_decide(p, fixture_request(c->line), &facts);
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
        d = scope_decide(p, fixture_request("POST /containers/mail/stop"), &facts);
        ck_assert(bytes_eq_str(d.subject, "mail"));
        ck_assert_str_eq(d.place.file, "scope.conf");
        ck_assert_uint_eq(d.place.line, 5);
}
END_TEST

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* What the engine said of an object. */
static Objects resolved(ObjectKind kind, const char *asked, const char *name, const char *project) {
        Objects objects = { .n = 1, .items[0].kind = kind, .items[0].is_missing = !name };
        Object *o = &objects.items[0];

        (void) snprintf(o->asked, sizeof(o->asked), "%s", asked);
        (void) snprintf(o->id, sizeof(o->id), "%s", ID);
        (void) snprintf(o->name, sizeof(o->name), "%s", name ? name : "");
        (void) snprintf(o->project, sizeof(o->project), "%s", project ? project : "");
        return objects;
}

/* One row: under this [scope], with what the engine said of that object, the request gets this. */
typedef struct Asked {
        const char *containers, *projects;
        const char *line;
        const char *asked, *name, *project; /* name NULL: the engine knows no such object */
        const char *reason;                 /* NULL: allowed */
} Asked;

static const Asked asked_cases[] = {
        { NULL, "shop", "POST /containers/web/stop", "web", "web", "shop", NULL },
        { NULL, "shop", "POST /containers/web/stop", "web", "web", "other", "scope" },
        { NULL, "shop", "POST /containers/web/stop", "web", "web", "", "scope" },
        { NULL, "shop", "POST /containers/web/stop", "web", "web", "shop2", "scope" },
        { NULL, "shop*", "POST /containers/web/stop", "web", "web", "shop2", NULL },
        { NULL, "*", "POST /containers/web/stop", "web", "web", "", "scope" },
        { NULL, "shop", "POST /containers/web/stop", "web", NULL, NULL, "object-missing" },
        { NULL, "shop", "POST /containers/" ID "/stop", ID, "web", "shop", NULL },
        { NULL, "shop", "POST /containers/ab12/stop", "ab12", "web", "other", "scope" },
        { "web", "shop", "POST /containers/web/stop", "web", "web", "other", NULL },
        { "web", "shop", "POST /containers/ab12/stop", "ab12", "web", "other", NULL },
        { "mail", "shop", "POST /containers/web/stop", "web", "web", "other", "scope" },
        { "web-*", "shop", "POST /containers/web/rename?name=x1", "web", "web", "shop", "scope" },
        { "web-*", "shop", "POST /containers/web/rename?name=web-2", "web", "web", "shop", NULL },
        { NULL, "shop", "POST /commit?container=web", "web", "web", "other", "scope" },
        { NULL, "shop", "POST /containers/web/exec", "web", "web", "other", "scope" },
};

static Policy *asked_policy(const Asked *c) {
        Policy *p = fixture_policy();

        set_scope(c->containers, &p->scope_containers, &p->has_scope_containers);
        set_scope(c->projects, &p->scope_projects, &p->has_scope_projects);
        for (int i = 0; i < _ENDPOINT_JUDGE_MAX; i++)
                p->judges[i].is_off = false;
        return p;
}

START_TEST(asks_the_engine_before_it_decides_under_projects) {
        const Asked *c = &asked_cases[_i];
        _cleanup_(policy_unrefp) Policy *p = asked_policy(c);
        Decision d = scope_decide(p, fixture_request(c->line), &facts);

        ck_assert_int_eq(d.verdict, VERDICT_RESOLVE);
        ck_assert_int_eq(d.resolve_kind, OBJECT_CONTAINER);
        ck_assert(bytes_eq_str(d.subject, c->asked));
}
END_TEST

START_TEST(decides_by_what_the_engine_said) {
        const Asked *c = &asked_cases[_i];
        _cleanup_(policy_unrefp) Policy *p = asked_policy(c);
        Objects objects = resolved(OBJECT_CONTAINER, c->asked, c->name, c->project);
        const PolicyFacts told = { .peer = &peer, .objects = &objects };
        Decision d = scope_decide(p, fixture_request(c->line), &told);

        if (!c->reason)
                ck_assert_msg(d.verdict == VERDICT_ALLOW, "%s: %s", c->line, d.reason);
        else {
                ck_assert_int_eq(d.verdict, VERDICT_DENY);
                ck_assert_str_eq(d.reason, c->reason);
                ck_assert_uint_eq(d.status, strcmp(c->reason, "object-missing") == 0 ? 404 : 0);
        }
}
END_TEST

START_TEST(resolve_ids_asks_for_what_could_be_an_id_alone) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        Objects objects = resolved(OBJECT_CONTAINER, "abcd", "web-1", "");
        const PolicyFacts told = { .peer = &peer, .objects = &objects };
        const char *line = "POST /containers/abcd/stop";

        set_scope("web-*", &p->scope_containers, &p->has_scope_containers);
        p->resolve_ids = true;
        ck_assert_int_eq(
                scope_decide(p, fixture_request("POST /containers/web-1/stop"), &facts).verdict,
                VERDICT_ALLOW);
        ck_assert_int_eq(scope_decide(p, fixture_request(line), &facts).verdict, VERDICT_RESOLVE);
        ck_assert_int_eq(scope_decide(p, fixture_request(line), &told).verdict, VERDICT_ALLOW);

        objects = resolved(OBJECT_CONTAINER, "abcd", "mail", "");
        ck_assert_str_eq(scope_decide(p, fixture_request(line), &told).reason, "scope");
}
END_TEST

static const Case under_projects[] = {
        { .line = "POST /containers/create?name=web-1" }, /* its label decides, in the body */
        { .line = "POST /networks/create" },
        { .line = "POST /volumes/create" },
        { .line = "POST /services/create", .reason = "scope-service" },
        { .line = "POST /containers/prune", .reason = "scope-unbounded" },
        { .line = "POST /exec/x1/start", .reason = "exec-unknown" },
        { .line = "GET /containers/json" },
        { .line = "GET /networks" },
        { .line = "GET /volumes" },
        { .line = "GET /events" },
        { .line = "POST /images/create?fromImage=alpine" },
};

START_TEST(projects_bound_what_names_no_object) {
        const Case *c = &under_projects[_i];
        const Asked scope = { .projects = "openpalm*" };
        _cleanup_(policy_unrefp) Policy *p = asked_policy(&scope);
        Decision d = scope_decide(p, fixture_request(c->line), &facts);

        ck_assert_int_eq(d.verdict, c->reason ? VERDICT_DENY : VERDICT_ALLOW);
        if (c->reason)
                ck_assert_str_eq(d.reason, c->reason);
}
END_TEST

/* "An object is in scope when one of the keys says so" holds for what is made as well. */
START_TEST(under_projects_a_new_container_may_have_any_name) {
        const Asked scope = { .containers = "web-*", .projects = "openpalm*" };
        _cleanup_(policy_unrefp) Policy *p = asked_policy(&scope);

        ck_assert_int_eq(
                scope_decide(p, fixture_request("POST /containers/create?name=mail"), &facts)
                        .verdict,
                VERDICT_ALLOW);
}
END_TEST

START_TEST(podman_is_asked_whether_a_volume_has_the_whole_name) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        Objects objects = { .n = 1 };
        PolicyFacts told = { .peer = &peer, .objects = &objects };
        Decision d;

        set_scope("*_data", &p->scope_volumes, &p->has_scope_volumes);
        p->is_podman = true;
        d = scope_decide(p, fixture_request("DELETE /volumes/app_data"), &facts);
        ck_assert_int_eq(d.verdict, VERDICT_RESOLVE);
        ck_assert_int_eq(d.resolve_kind, OBJECT_VOLUME);
        ck_assert_str_eq(scope_decide(p, fixture_request("DELETE /volumes/other"), &facts).reason,
                         "scope");

        objects.items[0] =
                (Object){ .kind = OBJECT_VOLUME, .asked = "app_data", .name = "app_data" };
        d = scope_decide(p, fixture_request("DELETE /volumes/app_data"), &told);
        ck_assert_int_eq(d.verdict, VERDICT_ALLOW);

        /* It would remove app_database. */
        objects.items[0].is_missing = true;
        d = scope_decide(p, fixture_request("DELETE /volumes/app_data"), &told);
        ck_assert_str_eq(d.reason, "object-missing");
}
END_TEST

START_TEST(projects_refuse_a_create_that_nobody_reads) {
        const Asked scope = { .projects = "openpalm*" };
        _cleanup_(policy_unrefp) Policy *p = asked_policy(&scope);

        p->judges[ENDPOINT_JUDGE_CONTAINER_CREATE].is_off = true;
        ck_assert_str_eq(
                scope_decide(p, fixture_request("POST /containers/create?name=a-b"), &facts).reason,
                "scope-not-judged");
}
END_TEST

START_TEST(takes_an_exec_that_was_made_here) {
        const Asked scope = { .projects = "openpalm*" };
        _cleanup_(policy_unrefp) Policy *p = asked_policy(&scope);
        const Peer other = { .uid = 1001 };
        PolicyFacts told = { .peer = &peer, .known = known_new(), .now_usec = 1000 };

        ck_assert_int_eq(known_add_exec((Known *) (uintptr_t) told.known, BYTES(ID), &peer, 1), 0);
        ck_assert_int_eq(scope_decide(p, fixture_request("POST /exec/" ID "/start"), &told).verdict,
                         VERDICT_ALLOW);
        told.peer = &other;
        ck_assert_int_eq(scope_decide(p, &fixture.request, &told).verdict, VERDICT_DENY);
        told.peer = &peer;
        told.now_usec = KNOWN_EXEC_USEC + 10;
        ck_assert_int_eq(scope_decide(p, &fixture.request, &told).verdict, VERDICT_DENY);
        known_free((Known *) (uintptr_t) told.known);
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
        for (int i = 0; i < _ENDPOINT_JUDGE_MAX; i++)
                p->judges[i].is_off = true;

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
                ck_assert_msg(scope_decide(p, &request, &facts).verdict == VERDICT_DENY, "%s %s",
                              e->name, e->pattern);
        }
        ck_assert_uint_gt(n_denied, 50);
}
END_TEST

START_TEST(allows_everything_without_a_scope) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        static Target target;

        for (size_t i = 0; i < endpoint_count(); i++) {
                Request request = { .endpoint = endpoint_at(i), .target = &target };

                ck_assert_int_eq(scope_decide(p, &request, &facts).verdict, VERDICT_ALLOW);
        }
}
END_TEST

int main(void) {
        Suite *s = suite_create("scope");
        TCase *t = tcase_create("scope");

        tcase_add_loop_test(t, decides_as_the_table_says, 0, (int) ARRAY_SIZE(cases));
        tcase_add_test(t, names_the_object_and_the_line);
        tcase_add_loop_test(t, asks_the_engine_before_it_decides_under_projects, 0,
                            (int) ARRAY_SIZE(asked_cases));
        tcase_add_loop_test(t, decides_by_what_the_engine_said, 0, (int) ARRAY_SIZE(asked_cases));
        tcase_add_test(t, resolve_ids_asks_for_what_could_be_an_id_alone);
        tcase_add_loop_test(t, projects_bound_what_names_no_object, 0,
                            (int) ARRAY_SIZE(under_projects));
        tcase_add_test(t, under_projects_a_new_container_may_have_any_name);
        tcase_add_test(t, podman_is_asked_whether_a_volume_has_the_whole_name);
        tcase_add_test(t, projects_refuse_a_create_that_nobody_reads);
        tcase_add_test(t, takes_an_exec_that_was_made_here);
        tcase_add_test(t, no_change_of_an_object_slips_past_the_table);
        tcase_add_test(t, allows_everything_without_a_scope);
        suite_add_tcase(s, t);
        return fixture_run(s);
}
