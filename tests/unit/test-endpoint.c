/* SPDX-License-Identifier: Apache-2.0 */
/* docker/endpoint: the table is the API, each path finds its row, slots have their grammar. */
#include "docker/endpoint.h"
#include "tsv.h"
#include "util/macros.h"

static Target target;

static HttpMethod method_of(const char *text) {
        static const char *const names[] = { "GET", "HEAD", "POST", "PUT", "DELETE" };
        static const HttpMethod methods[] = { HTTP_METHOD_GET, HTTP_METHOD_HEAD, HTTP_METHOD_POST,
                                              HTTP_METHOD_PUT, HTTP_METHOD_DELETE };

        /* "ANY (<=27) / GET (>=28)": what newer engines have. */
        if (strstr(text, "/ GET"))
                return HTTP_METHOD_GET;
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (strcmp(text, names[i]) == 0)
                        return methods[i];
        return HTTP_METHOD_OTHER;
}

static EndpointLevel level_of(const char *text) {
        for (int level = ENDPOINT_LEVEL_NEVER; level <= (int) ENDPOINT_LEVEL_FULL; level++)
                if (strcmp(text, endpoint_level_name((EndpointLevel) level)) == 0)
                        return (EndpointLevel) level;
        ck_abort_msg("no such level: %s", text);
        return ENDPOINT_LEVEL_NEVER;
}

/* The word that the table has for a slot below that first segment. */
static const char *slot_word(const char *path, const char *slot) {
        static const char *const words[][2] = {
                { "/containers/", "{container}" },
                { "/images/", "{image}" },
                { "/networks/", "{network}" },
                { "/volumes/", "{volume}" },
                { "/exec/", "{exec}" },
                { "/distribution/", "{image}" },
                { "/plugins/", "{plugin}" },
        };

        if (strncmp(slot, "{checkpoint", strlen("{checkpoint")) == 0)
                return "{checkpoint}";
        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (strncmp(path, words[i][0], strlen(words[i][0])) == 0)
                        return words[i][1];
        return "{other}";
}

/* "/containers/{name:.*}/json" becomes "/containers/{container}/json". */
static void pattern_of(const char *template, char ret[static 256]) {
        const char *object = template;
        size_t len = 0;

        if (strncmp(object, "/libpod/", 8) == 0)
                object += strlen("/libpod");
        for (const char *p = template; *p; p++) {
                const char *word;

                if (*p != '{') {
                        ret[len++] = *p;
                        continue;
                }
                word = slot_word(object, p);
                memcpy(ret + len, word, strlen(word));
                len += strlen(word);
                p = strchr(p, '}');
                ck_assert_ptr_nonnull(p);
        }
        ret[len] = '\0';
}

static EndpointKind kind_of(const char *text) {
        if (strncmp(text, "stream", 6) == 0)
                return ENDPOINT_KIND_STREAM;
        if (strcmp(text, "hijack") == 0)
                return ENDPOINT_KIND_HIJACK;
        if (strcmp(text, "h2c-upgrade") == 0)
                return ENDPOINT_KIND_H2C;
        return ENDPOINT_KIND_PLAIN;
}

/* The column tells JSON and tar bodies in words. */
static EndpointBody body_of(const char *name, const char *text) {
        static const char *const none[] = { "container.start", "image.pull" };

        for (size_t i = 0; i < ARRAY_SIZE(none); i++)
                if (strcmp(name, none[i]) == 0)
                        return ENDPOINT_BODY_NONE;
        if (strstr(text, "json") || strstr(text, "JSON"))
                return ENDPOINT_BODY_JSON;
        if (strstr(text, "x-tar"))
                return ENDPOINT_BODY_TAR;
        return ENDPOINT_BODY_NONE;
}

static unsigned minor_of(const char *first_api) {
        return strncmp(first_api, "1.", 2) == 0 ? (unsigned) atoi(first_api + 2) : 0;
}

static bool seen[512];

static const Endpoint *find_row(const char *name, HttpMethod method, const char *pattern) {
        for (size_t i = 0; i < endpoint_count(); i++) {
                const Endpoint *e = endpoint_at(i);

                if (seen[i] || e->method != method || strcmp(e->name, name) != 0 ||
                    strcmp(e->pattern, pattern) != 0)
                        continue;
                seen[i] = true;
                return e;
        }
        ck_abort_msg("the table has no row %s %s %s", name, http_method_name(method), pattern);
        return NULL;
}

/* All rows but those that were found, of the one API. */
static void expect_no_other_row(bool is_libpod, const char *except) {
        for (size_t i = 0; i < endpoint_count(); i++) {
                const Endpoint *e = endpoint_at(i);

                ck_assert_msg(e->is_libpod != is_libpod || seen[i] || strcmp(e->name, except) == 0,
                              "the data have no row %s %s", e->name, e->pattern);
        }
}

START_TEST(docker_rows_are_those_of_the_data) {
        Tsv *t = tsv_read(TEST_DATA "/endpoints.tsv");

        for (size_t i = 0; i < t->n_rows; i++) {
                const char *name = tsv_get(t, i, "name"), *section = tsv_get(t, i, "tecnativa_env");
                const Endpoint *e;
                char pattern[256];

                pattern_of(tsv_get(t, i, "path_template"), pattern);
                e = find_row(name, method_of(tsv_get(t, i, "method")), pattern);
                ck_assert_msg(!e->is_libpod, "%s", name);
                ck_assert_msg(e->level == level_of(tsv_get(t, i, "level")), "%s: level", name);
                ck_assert_msg(e->kind == kind_of(tsv_get(t, i, "kind")), "%s: kind", name);
                ck_assert_msg(e->body == body_of(name, tsv_get(t, i, "body_content_type")),
                              "%s: body", name);
                ck_assert_msg(e->min_minor == minor_of(tsv_get(t, i, "first_api")), "%s: first API",
                              name);

                if (section[0] == '(')
                        section = "";
                else if (strcmp(name, "exec.create") == 0)
                        section = "EXEC"; /* both halves of an exec are in one section */
                ck_assert_msg(
                        bytes_eq((Bytes){ section, strcspn(section, " ") }, bytes_of(e->section)),
                        "%s: section %s", name, e->section);
        }
        expect_no_other_row(false, "image.import");
        tsv_free(t);
}
END_TEST

START_TEST(libpod_rows_are_those_of_the_data) {
        Tsv *t = tsv_read(TEST_DATA "/libpod.tsv");

        for (size_t i = 0; i < t->n_rows; i++) {
                const char *name = tsv_get(t, i, "name");
                const Endpoint *e;
                char pattern[256];

                pattern_of(tsv_get(t, i, "path"), pattern);
                e = find_row(name, method_of(tsv_get(t, i, "method")), pattern);
                ck_assert_msg(e->is_libpod, "%s", name);
                ck_assert_msg(e->level == level_of(tsv_get(t, i, "level")), "%s: level", name);
                ck_assert_str_eq(e->section, tsv_get(t, i, "section"));
                ck_assert_msg(e->body == ENDPOINT_BODY_NONE || e->level == ENDPOINT_LEVEL_FULL,
                              "%s: a body that nobody judges", name);
        }
        expect_no_other_row(true, "");
        tsv_free(t);
}
END_TEST

START_TEST(rows_are_whole_and_keep_their_index) {
        ck_assert_uint_le(endpoint_count(), ARRAY_SIZE(seen));
        for (size_t i = 0; i < endpoint_count(); i++) {
                const Endpoint *e = endpoint_at(i);

                ck_assert_uint_eq(endpoint_index(e), i);
                ck_assert_uint_eq(e->pattern_len, strlen(e->pattern));
                ck_assert_ptr_nonnull(e->section);
                ck_assert_msg(e->is_libpod == (strncmp(e->name, "libpod.", 7) == 0), "%s", e->name);
                ck_assert_msg((e->kind == ENDPOINT_KIND_HIJACK) ==
                                      (e->hijack == ENDPOINT_HIJACK_ATTACH ||
                                       e->hijack == ENDPOINT_HIJACK_EXEC_START),
                              "%s: hijack", e->name);
                ck_assert_msg((e->kind == ENDPOINT_KIND_H2C) == (e->hijack == ENDPOINT_HIJACK_H2C),
                              "%s: h2c", e->name);
        }
        ck_assert_ptr_null(endpoint_at(endpoint_count()));
}
END_TEST

/* What can't be judged yet is no change that a section's "write" may grant. */
START_TEST(judges_stand_where_the_data_have_a_schema) {
        Tsv *t = tsv_read(TEST_DATA "/body-fields.tsv");

        for (size_t i = 0; i < t->n_rows; i++) {
                const char *schema = tsv_get(t, i, "schema");
                Bytes name = { schema, strcspn(schema, "/") };
                unsigned n = 0;

                for (size_t k = 0; k < endpoint_count(); k++) {
                        const Endpoint *e = endpoint_at(k);

                        if (!bytes_eq(name, bytes_of(e->name)))
                                continue;
                        ck_assert_msg(e->judge != ENDPOINT_JUDGE_NONE, "%s", e->name);
                        ck_assert_int_eq(e->body, ENDPOINT_BODY_JSON);
                        n++;
                }
                ck_assert_msg(n > 0 || bytes_eq_str(name, "common"), "no endpoint %s", schema);
        }
        tsv_free(t);

        for (size_t k = 0; k < endpoint_count(); k++) {
                const Endpoint *e = endpoint_at(k);
                bool has_judge = e->judge != ENDPOINT_JUDGE_NONE;

                ck_assert_msg((endpoint_judge_section(e->judge) != NULL) == has_judge, "%s",
                              e->name);
                if (e->level == ENDPOINT_LEVEL_WRITE && e->body != ENDPOINT_BODY_NONE)
                        ck_assert_msg(has_judge || strcmp(e->name, "image.push") == 0, "%s",
                                      e->name);
        }
}
END_TEST

/* A literal must not hide behind a slot that takes it. */
START_TEST(every_row_is_found_by_its_own_pattern) {
        for (size_t i = 0; i < endpoint_count(); i++) {
                const Endpoint *e = endpoint_at(i);
                const TargetRules rules = { .is_podman = e->is_libpod };
                HttpError error = { 0 };
                EndpointMatch match;
                char raw[300] = "";
                size_t len;

                if (e->method == HTTP_METHOD_OTHER || e->pattern[e->pattern_len - 1] == '/')
                        continue;
                len = (size_t) snprintf(raw, sizeof(raw), "%s", e->is_libpod ? "/v4.3.1" : "");
                for (const char *p = e->pattern; *p; p++) {
                        if (*p != '{') {
                                raw[len++] = *p;
                                continue;
                        }
                        memcpy(raw + len, "name", 4);
                        len += 4;
                        p = strchr(p, '}');
                }
                if (strcmp(e->name, "image.pull") == 0)
                        len += (size_t) snprintf(raw + len, sizeof(raw) - len, "?fromImage=a");

                ck_assert_msg(target_parse(&target, (Bytes){ raw, len }, &rules, &error), "%s: %s",
                              raw, error.reason);
                endpoint_find(e->method, &target, &match);
                ck_assert_msg(match.endpoint == e, "%s finds %s", raw,
                              match.endpoint ? match.endpoint->name : "nothing");
                ck_assert(!match.slot_is_bad && !match.cannot_exist);
        }
}
END_TEST

typedef struct Find {
        const char *raw;
        HttpMethod method;
        const char *name; /* NULL: no route */
        const char *slot;
        EndpointSlot slot_kind;
} Find;

#define GET    HTTP_METHOD_GET
#define HEAD   HTTP_METHOD_HEAD
#define POST   HTTP_METHOD_POST
#define PUT    HTTP_METHOD_PUT
#define DELETE HTTP_METHOD_DELETE

static void find(const char *raw, HttpMethod method, bool is_podman, EndpointMatch *ret) {
        const TargetRules rules = { .api_min = 24, .is_podman = is_podman };
        HttpError error = { 0 };

        ck_assert_msg(target_parse(&target, bytes_of(raw), &rules, &error), "%s: %s", raw,
                      error.reason);
        endpoint_find(method, &target, ret);
}

static void expect_all(const Find *rows, size_t n, bool is_podman) {
        for (size_t i = 0; i < n; i++) {
                const Find *f = &rows[i];
                EndpointMatch m;

                find(f->raw, f->method, is_podman, &m);
                if (!f->name) {
                        ck_assert_msg(!m.endpoint, "%s finds %s", f->raw, m.endpoint->name);
                        ck_assert(m.slot.len == 0 && m.slot_kind == ENDPOINT_SLOT_NONE);
                        continue;
                }
                ck_assert_msg(m.endpoint, "%s finds nothing", f->raw);
                ck_assert_msg(strcmp(m.endpoint->name, f->name) == 0, "%s finds %s", f->raw,
                              m.endpoint->name);
                ck_assert_msg(bytes_eq(m.slot, bytes_of(f->slot)), "%s has slot %.*s", f->raw,
                              (int) m.slot.len, m.slot.data);
                ck_assert_msg(m.slot_kind == f->slot_kind, "%s: slot kind", f->raw);
                ck_assert_msg(!m.slot_is_bad && !m.cannot_exist, "%s", f->raw);
        }
}

START_TEST(finds_routes_with_and_without_version) {
        static const Find rows[] = {
                { "/_ping", GET, "system.ping" },
                { "/_ping", HEAD, "system.ping" },
                { "/v1.41/containers/json", GET, "container.list" },
                { "/containers/web/json", GET, "container.inspect", "web",
                  ENDPOINT_SLOT_CONTAINER },
                { "/v1.41/containers/web/archive", PUT, "container.archive-write", "web",
                  ENDPOINT_SLOT_CONTAINER },
                { "/containers/web/archive", HEAD, "container.archive-stat", "web",
                  ENDPOINT_SLOT_CONTAINER },
                { "/containers/web", DELETE, "container.remove", "web", ENDPOINT_SLOT_CONTAINER },
                { "/containers/web/exec", POST, "exec.create", "web", ENDPOINT_SLOT_CONTAINER },
                { "/exec/abc/start", POST, "exec.start", "abc", ENDPOINT_SLOT_EXEC },
                { "/networks", GET, "network.list" },
                { "/networks/n1", GET, "network.inspect", "n1", ENDPOINT_SLOT_NETWORK },
                { "/volumes/v1", DELETE, "volume.remove", "v1", ENDPOINT_SLOT_VOLUME },
                { "/services/s/update", POST, "service.update", "s", ENDPOINT_SLOT_OTHER },
                { "/plugins/vieux/sshfs:latest/enable", POST, "plugin.enable", "vieux/sshfs:latest",
                  ENDPOINT_SLOT_OTHER },
                { "/debug/pprof/heap", GET, "debug.pprof-profile", "heap", ENDPOINT_SLOT_OTHER },
                { "/containers/web/checkpoints/c1", DELETE, "container.checkpoint-remove", "web",
                  ENDPOINT_SLOT_CONTAINER },
        };
        EndpointMatch m;

        expect_all(rows, ARRAY_SIZE(rows), false);
        find("/containers/web/checkpoints/c1", DELETE, false, &m);
        ck_assert(bytes_eq_str(m.slot2, "c1"));
}
END_TEST

/* dockerd has these as objects of such names. */
START_TEST(reads_words_of_the_api_as_names_where_the_engine_does) {
        static const Find rows[] = {
                { "/containers/json", DELETE, "container.remove", "json", ENDPOINT_SLOT_CONTAINER },
                { "/containers/json/json", GET, "container.inspect", "json",
                  ENDPOINT_SLOT_CONTAINER },
                { "/containers/create/start", POST, "container.start", "create",
                  ENDPOINT_SLOT_CONTAINER },
                { "/images/json/json", GET, "image.inspect", "json", ENDPOINT_SLOT_IMAGE },
                { "/images/get/get", GET, "image.save", "get", ENDPOINT_SLOT_IMAGE },
                { "/networks/create", GET, "network.inspect", "create", ENDPOINT_SLOT_NETWORK },
        };

        expect_all(rows, ARRAY_SIZE(rows), false);
}
END_TEST

START_TEST(lets_image_names_span_segments) {
        static const Find rows[] = {
                { "/images/alpine/json", GET, "image.inspect", "alpine", ENDPOINT_SLOT_IMAGE },
                { "/images/reg.io:5000/a/b/push", POST, "image.push", "reg.io:5000/a/b",
                  ENDPOINT_SLOT_IMAGE },
                { "/images/reg.io%3A5000%2Fa%2fb/json", GET, "image.inspect", "reg.io:5000/a/b",
                  ENDPOINT_SLOT_IMAGE },
                { "/images/a/tag/tag", POST, "image.tag", "a/tag", ENDPOINT_SLOT_IMAGE },
                { "/images/a/b/c", DELETE, "image.remove", "a/b/c", ENDPOINT_SLOT_IMAGE },
                { "/distribution/a/b:1/json", GET, "distribution.inspect", "a/b:1",
                  ENDPOINT_SLOT_IMAGE },
        };

        expect_all(rows, ARRAY_SIZE(rows), false);
}
END_TEST

START_TEST(finds_nothing_that_is_not_in_the_table) {
        static const Find rows[] = {
                { "/nothing", GET },
                { "/Containers/json", GET },
                { "/_PING", GET },
                { "/_ping", POST },
                { "/containers", GET },
                { "/containersx/json", GET },
                { "/container/json", GET },
                { "/containers/web", GET },
                { "/containers/web/jsonx", GET },
                { "/containers/web/start/exec", POST },
                { "/containers/a/b/start", POST },
                { "/containers/web/startfoo", POST },
                { "/containers/json", HEAD },
                { "/containers/web/start", GET },
                { "/images/create/x", POST },
                { "/images", GET },
                { "/v1.41/v1.41/info", GET },
                { "/exec/a/b/start", POST },
                { "/info/x", GET },
                { "/system", GET },
                { "/libpod/_ping", GET },
                { "/libpod/info", GET },
                { "/debug/pprof/heap", POST },
                { "/debug/pprof/a/b", GET },
        };

        expect_all(rows, ARRAY_SIZE(rows), false);
}
END_TEST

START_TEST(finds_no_route_for_a_method_of_none) {
        EndpointMatch m;

        find("/containers/json", HTTP_METHOD_OTHER, false, &m);
        ck_assert_ptr_null(m.endpoint);
        find("/anything", HTTP_METHOD_OTHER, false, &m);
        ck_assert_ptr_null(m.endpoint);
}
END_TEST

START_TEST(tells_a_pull_from_an_import_by_from_image) {
        static const Find rows[] = {
                { "/images/create?fromImage=a", POST, "image.pull" },
                { "/images/create?tag=1&fromImage=a&fromSrc=-", POST, "image.pull" },
                { "/images/create?fromImage=", POST, "image.import" },
                { "/images/create?fromSrc=-", POST, "image.import" },
                { "/images/create?FromImage=a", POST, "image.import" },
                { "/images/create", POST, "image.import" },
        };

        expect_all(rows, ARRAY_SIZE(rows), false);
}
END_TEST

START_TEST(finds_libpod_routes_with_podman) {
        static const Find rows[] = {
                { "/libpod/_ping", GET, "libpod.ping" },
                { "/libpod/info", GET, NULL },
                { "/v4.3.1/libpod/info", GET, "libpod.system.info" },
                { "/v4.3.1/libpod", GET, NULL },
                { "/v4.3.1/libpod/containers/json", GET, "libpod.container.list" },
                { "/v4.3.1/libpod/containers/web", DELETE, "libpod.container.remove", "web",
                  ENDPOINT_SLOT_CONTAINER },
                { "/v4.3.1/libpod/networks/json", GET, "libpod.network.list" },
                { "/v4.3.1/libpod/networks/n", GET, "libpod.network.inspect", "n",
                  ENDPOINT_SLOT_NETWORK },
                { "/v4.3.1/libpod/images/remove", DELETE, "libpod.image.remove" },
                { "/v4.3.1/libpod/images/scp/a/untag", POST, "libpod.image.scp", "a/untag",
                  ENDPOINT_SLOT_IMAGE },
                { "/v4.3.1/libpod/images/scp%2Fa/untag", POST, "libpod.image.scp", "a/untag",
                  ENDPOINT_SLOT_IMAGE },
                { "/v4.3.1/libpod/pods/p/start", POST, "libpod.pod.start", "p",
                  ENDPOINT_SLOT_OTHER },
                { "/v4.3.1/libpod/manifests/create", POST, NULL },
                { "/v1.41/containers/json", GET, "container.list" },
        };

        expect_all(rows, ARRAY_SIZE(rows), true);
}
END_TEST

typedef struct Slot {
        const char *raw;
        HttpMethod method;
        bool cannot_exist; /* else: bad */
} Slot;

START_TEST(refuses_slots_outside_their_grammar) {
        static const Slot rows[] = {
                { "/containers/-web/json", GET, false },
                { "/containers/.web/json", GET, false },
                { "/containers/web+1/start", POST, false },
                { "/containers/a:b/start", POST, false },
                { "/containers/a@b", DELETE, false },
                { "/networks/a:b/connect", POST, false },
                { "/volumes/a,b", DELETE, false },
                { "/exec/a:b/json", GET, false },
                { "/services/a:b", GET, false },
                { "/images/UPPER/json", GET, false },
                { "/images/a:b:c/json", GET, false },
                { "/images/a:b/c/json", GET, false },
                { "/images/a@b/json", GET, false },
                { "/images/.a/json", GET, false },
                { "/plugins/A/json", GET, false },
                { "/containers/c/checkpoints/a:b", DELETE, false },
                { "/containers/alpine:3/json", GET, true },
                { "/containers/ghcr.io/acme/app:1/json", GET, true },
                { "/networks/alpine:3", GET, true },
                { "/networks/a/b", GET, true },
                { "/volumes/localhost:5000/a", GET, true },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                EndpointMatch m;

                find(rows[i].raw, rows[i].method, false, &m);
                ck_assert_msg(m.endpoint, "%s finds nothing", rows[i].raw);
                ck_assert_msg(m.cannot_exist == rows[i].cannot_exist, "%s", rows[i].raw);
                ck_assert_msg(m.slot_is_bad == !rows[i].cannot_exist, "%s", rows[i].raw);
        }
}
END_TEST

int main(void) {
        Suite *suite = suite_create("endpoint");
        TCase *tc = tcase_create("endpoint");
        SRunner *runner;
        int n_failed;

        tcase_add_test(tc, docker_rows_are_those_of_the_data);
        tcase_add_test(tc, libpod_rows_are_those_of_the_data);
        tcase_add_test(tc, rows_are_whole_and_keep_their_index);
        tcase_add_test(tc, judges_stand_where_the_data_have_a_schema);
        tcase_add_test(tc, every_row_is_found_by_its_own_pattern);
        tcase_add_test(tc, finds_routes_with_and_without_version);
        tcase_add_test(tc, reads_words_of_the_api_as_names_where_the_engine_does);
        tcase_add_test(tc, lets_image_names_span_segments);
        tcase_add_test(tc, finds_nothing_that_is_not_in_the_table);
        tcase_add_test(tc, finds_no_route_for_a_method_of_none);
        tcase_add_test(tc, tells_a_pull_from_an_import_by_from_image);
        tcase_add_test(tc, finds_libpod_routes_with_podman);
        tcase_add_test(tc, refuses_slots_outside_their_grammar);
        suite_add_tcase(suite, tc);

        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed > 0;
}
