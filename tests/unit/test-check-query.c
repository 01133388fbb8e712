/* SPDX-License-Identifier: Apache-2.0 */
/* policy/check-query: what a query may say under the lines of its section. */
#include "policy/check-query.h"

#include "config-case.h"
#include "request-fixture.h"

DEFINE_CLEANUP(Policy *, policy_unref)

static const Peer peer = { .uid = 1000 };
static JudgeNotes notes;
static const PolicyFacts facts = { .peer = &peer, .notes = &notes };

typedef struct Case {
        const char *ini;
        const char *line;
        const char *reason; /* NULL: allowed */
        const char *field;
} Case;

#define PULL "POST /images/create?fromImage="

static const Case pull_cases[] = {
        { "images = docker.io/library/*", PULL "alpine&tag=3", NULL, NULL },
        { "images = docker.io/library/*", PULL "docker.io/library/alpine&tag=3", NULL, NULL },
        { "images = docker.io/library/*", PULL "index.docker.io/library/alpine&tag=3", NULL, NULL },
        { "images = docker.io/library/*", PULL "alpine:3", NULL, NULL },
        { "images = docker.io/library/*", PULL "alpine:3&tag=", NULL, NULL },
        { "images = docker.io/library/*", PULL "alpine:3&tag=3", NULL, NULL },
        { "images = docker.io/library/*", PULL "alpine", NULL, NULL },
        { "images = docker.io/library/*", PULL "alpine:", NULL, NULL },
        { "images = docker.io/library/*", PULL "alpine&platform=linux/amd64", NULL, NULL },
        { "images = docker.io/library/*",
          PULL "alpine&tag=sha256:"
               "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
          NULL, NULL },
        { "images = docker.io/library/*", PULL "cafe&tag=1", NULL, NULL },
        { "images = docker.io/library/*", PULL "evil/alpine&tag=3", "image-not-allowed",
          "?fromImage" },
        { "images = docker.io/library/*", PULL "docker.io/evil/alpine&tag=3", "image-not-allowed",
          "?fromImage" },
        { "images = docker.io/library/*", PULL "evil.example/library/alpine&tag=3",
          "image-not-allowed", "?fromImage" },
        { "images = docker.io/library/*", PULL "localhost:5000/library/alpine&tag=3",
          "image-not-allowed", "?fromImage" },

        /* one tag only of an image */
        { "images = docker.io/library/alpine:3", PULL "alpine&tag=3", NULL, NULL },
        { "images = docker.io/library/alpine:3", PULL "alpine&tag=4", "image-not-allowed",
          "?fromImage" },
        { "images = docker.io/library/alpine:3", PULL "alpine", "image-not-allowed", "?fromImage" },
        { "images = docker.io/library/alpine:3", PULL "alpine:", "image-not-allowed",
          "?fromImage" },
        { "images = docker.io/library/alpine:latest", PULL "alpine", "image-not-allowed",
          "?fromImage" },
        { "images = docker.io/library/alpine:*", PULL "alpine", NULL, NULL },

        /* two tags */
        { "images = *", PULL "alpine:3&tag=4", "image-ambiguous", "?tag" },
        { "images = *",
          PULL "alpine:3&tag=sha256:"
               "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
          "image-ambiguous", "?tag" },
        { "images = *",
          PULL "alpine@sha256:"
               "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef&tag=3",
          "image-ambiguous", "?tag" },

        /* no name at all */
        { "images = *", PULL "Alpine&tag=3", "image-grammar", "?fromImage" },
        { "images = *", PULL "../alpine&tag=3", "image-grammar", "?fromImage" },
        { "images = *", PULL "alpine&tag=a/b", "image-grammar", "?fromImage" },
        { "images = *", PULL "alpine&tag=3@x", "image-grammar", "?fromImage" },
        { "images = *", PULL "alpine::", "image-grammar", "?fromImage" },
        { "images = *", PULL ":", "image-grammar", "?fromImage" },

        /* nothing said: what container.create may have */
        { "", PULL "alpine&tag=3", NULL, NULL },
        { "[container.create]\nimages = docker.io/mine/**", PULL "alpine&tag=3",
          "image-not-allowed", "?fromImage" },
        { "[container.create]\nimages = docker.io/mine/**", PULL "mine/a&tag=3", NULL, NULL },
};

#define READ  "GET /containers/web/archive"
#define STAT  "HEAD /containers/web/archive"
#define WRITE "PUT /containers/web/archive"

static const Case archive_cases[] = {
        { "paths = /data", READ "?path=/data", NULL, NULL },
        { "paths = /data", READ "?path=/data/", NULL, NULL },
        { "paths = /data", READ "?path=/data/.", NULL, NULL },
        { "paths = /data", READ "?path=/data/x/y", NULL, NULL },
        { "paths = /data", READ "?path=%2Fdata%2Fx", NULL, NULL },
        { "paths = /data", STAT "?path=/data/x", NULL, NULL },
        { "paths = /data", WRITE "?path=/data/x&noOverwriteDirNonDir=true", NULL, NULL },
        { "paths = /srv /data", WRITE "?path=/data/x", NULL, NULL },
        { "paths = /", READ "?path=/etc/passwd", NULL, NULL },
        { "paths = /", READ "?path=/", NULL, NULL },
        { "paths = /data", READ "?path=/database", "path-not-allowed", "?path" },
        { "paths = /data", READ "?path=/", "path-not-allowed", "?path" },
        { "paths = /data", STAT "?path=/etc", "path-not-allowed", "?path" },
        { "paths = /data", WRITE "?path=/etc", "path-not-allowed", "?path" },
        { "paths = /data", READ "?path=/DATA", "path-not-allowed", "?path" },
        { "paths = /data", READ "?path=/data/../etc", "path-grammar", "?path" },
        { "paths = /data", READ "?path=/data/..", "path-grammar", "?path" },
        { "paths = /data", READ "?path=/data/./x", "path-grammar", "?path" },
        { "paths = /data", READ "?path=/data//x", "path-grammar", "?path" },
        { "paths = /data", READ "?path=/data//", "path-grammar", "?path" },
        { "paths = /data", READ "?path=data", "path-grammar", "?path" },
        { "paths = /data", READ "?path=./data", "path-grammar", "?path" },
        { "paths = /data", READ "?path=", "path-missing", "?path" },
        { "paths = /data", READ, "path-missing", "?path" },
        { "", READ "?path=/data", "path-not-allowed", "?path" },
};

#define BUILD "POST /build?t=x&"

static const Case build_cases[] = {
        { "", BUILD "dockerfile=Dockerfile&rm=1&forcerm=1&nocache=1&pull=1&q=1", NULL, NULL },
        { "",
          BUILD "buildargs=%7B%7D&cachefrom=%5B%5D&cgroupparent=&cpuperiod=0&cpuquota=0&cpusetcpus="
                "&cpusetmems=&cpushares=0&labels=%7B%7D&memory=0&memswap=0&networkmode=default&"
                "shmsize=0&target=&ulimits=null&version=1",
          NULL, NULL },
        { "", BUILD "labels={%22a%22:%22b%22}&buildargs={%22a%22:null,%22b%22:%22c%22}", NULL,
          NULL },
        { "", BUILD "buildargs=null&labels=null", NULL, NULL },

        { "", BUILD "networkmode=", NULL, NULL },
        { "", BUILD "networkmode=none", NULL, NULL },
        { "", BUILD "networkmode=host", "network-mode-not-allowed", "?networkmode" },
        { "", BUILD "networkmode=bridge", "network-mode-not-allowed", "?networkmode" },
        { "", BUILD "networkmode=0", "network-mode-not-allowed", "?networkmode" },
        { "network-modes = *", BUILD "networkmode=host", "network-mode-not-allowed",
          "?networkmode" },
        { "network-modes = *", BUILD "networkmode=none", "network-mode-not-allowed",
          "?networkmode" },
        { "network-modes = *", BUILD "networkmode=container:web", "network-mode-not-allowed",
          "?networkmode" },
        { "network-modes = *", BUILD "networkmode=cafe", "network-mode-not-allowed",
          "?networkmode" },
        { "network-modes = app_*", BUILD "networkmode=app_net", NULL, NULL },
        { "network-modes = host", BUILD "networkmode=host", NULL, NULL },

        { "", BUILD "remote=http://example.com/x", "remote-not-allowed", "?remote" },
        { "", BUILD "remote=0", "remote-not-allowed", "?remote" },
        { "remote = yes", BUILD "remote=http://example.com/x", NULL, NULL },
        { "", BUILD "remote=client-session", NULL, NULL },

        { "", BUILD "extrahosts=a:1.2.3.4", "build-key-not-allowed", "?extrahosts" },
        { "keys = extrahosts", BUILD "extrahosts=a:1.2.3.4&extrahosts=b:1.2.3.4", NULL, NULL },
        { "keys = extrahosts", BUILD "target=prod", "build-key-not-allowed", "?target" },
        { "keys = target", BUILD "target=prod", NULL, NULL },
        { "", BUILD "cgroupparent=/", "build-key-not-allowed", "?cgroupparent" },
        { "", BUILD "cgroupparent=0", "build-key-not-allowed", "?cgroupparent" },
        { "", BUILD "cpusetcpus=0", "build-key-not-allowed", "?cpusetcpus" },
        { "", BUILD "memory=1", "build-key-not-allowed", "?memory" },
        { "", BUILD "securityopt=seccomp=unconfined", "build-key-not-allowed", "?securityopt" },
        { "", BUILD "cachefrom=[%22a%22]", "build-key-not-allowed", "?cachefrom" },
        { "keys = cachefrom", BUILD "cachefrom=[%22a%22]", NULL, NULL },
        { "keys = cachefrom", BUILD "cachefrom={%22a%22:1}", "query-json", "?cachefrom" },
        { "keys = cachefrom", BUILD "cachefrom=[1]", "query-json", "?cachefrom" },
        { "keys = cachefrom", BUILD "cachefrom=[],%22x%22:1", "query-json", "?cachefrom" },
        { "keys = cachefrom", BUILD "cachefrom=[]},{%22x%22:1", "query-json", "?cachefrom" },
        { "keys = ulimits", BUILD "ulimits=[{%22Name%22:%22nofile%22,%22Soft%22:1,%22Hard%22:2}]",
          NULL, NULL },
        { "keys = ulimits", BUILD "ulimits=[{%22name%22:%22nofile%22}]", "query-json", "?ulimits" },
        { "", BUILD "labels={%22a%22:%22b%22,%22a%22:%22c%22}", "query-json", "?labels" },
        { "", BUILD "labels={%22a%22:1}", "query-json", "?labels" },
        { "", BUILD "labels={%22a%22:%22b%22}x", "query-json", "?labels" },
        { "", BUILD "buildargs=x", "query-json", "?buildargs" },
};

static const Case filter_cases[] = {
        { "", "POST /containers/prune", NULL, NULL },
        { "", "POST /containers/prune?filters=", NULL, NULL },
        { "", "POST /containers/prune?filters={}", NULL, NULL },
        { "", "POST /volumes/prune?filters={%22all%22:[%22true%22]}", NULL, NULL },
        { "", "POST /images/prune?filters={%22dangling%22:{%22true%22:true}}", NULL, NULL },
        { "", "POST /networks/prune?filters={%22label%22:[%22a%22],%22label%22:[]}", "query-json",
          "?filters" },
        { "", "POST /images/prune?filters={%22dangling%22:true}", "query-json", "?filters" },
        { "", "POST /images/prune?filters=[]", "query-json", "?filters" },
        { "", "POST /images/prune?filters=x", "query-json", "?filters" },
        { "", "GET /containers/json?filters=x", NULL, NULL },
};

#define ID   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define MINE "[image.pull]\nimages = docker.io/mine/**\n"

static const Case name_cases[] = {
        /* nothing said, or anything: names and ids alike */
        { "", "DELETE /images/" ID, NULL, NULL },
        { "", "POST /images/x/push?tag=1", NULL, NULL },
        { "images = *", "POST /images/" ID "/tag?repo=x&tag=1", NULL, NULL },

        { "images = docker.io/mine/**", "DELETE /images/mine/x:1", NULL, NULL },
        { "images = docker.io/mine/**", "DELETE /images/mine/x", NULL, NULL },
        { "images = docker.io/mine/**", "DELETE /images/other/x:1", "image-not-allowed", "" },
        { "images = docker.io/mine/**", "DELETE /images/alpine", "image-not-allowed", "" },
        { "images = docker.io/mine/**", "DELETE /images/localhost:5000/mine/x", "image-not-allowed",
          "" },
        { "images = docker.io/mine/**", "DELETE /images/" ID, "image-id", "" },
        { "images = docker.io/mine/**", "DELETE /images/sha256:" ID, "image-id", "" },
        { "images = docker.io/mine/**", "DELETE /images/cafe", "image-id", "" },
        { "images = docker.io/mine/x:1", "DELETE /images/mine/x:2", "image-not-allowed", "" },
        { "images = docker.io/mine/x:1", "DELETE /images/mine/x", "image-not-allowed", "" },
        { MINE "[container.create]\nimage-ids = yes", "DELETE /images/" ID, NULL, NULL },

        { "images = docker.io/mine/**", "POST /images/mine/x/push?tag=1", NULL, NULL },
        { "images = docker.io/mine/**", "POST /images/other/x/push?tag=1", "image-not-allowed",
          "" },
        { "images = docker.io/mine/**", "POST /images/mine/x:1/push?tag=2", "image-ambiguous",
          "?tag" },
        { "images = docker.io/mine/x:1", "POST /images/mine/x/push?tag=1", NULL, NULL },
        /* all tags */
        { "images = docker.io/mine/x:1", "POST /images/mine/x/push", "image-not-allowed", "" },
        { "images = docker.io/mine/**", "POST /images/mine/x/push", NULL, NULL },

        { "images = docker.io/mine/**", "POST /images/mine/x/tag?repo=mine/y&tag=1", NULL, NULL },
        /* an allowed name for another image, and another name for an allowed image */
        { "images = docker.io/mine/**", "POST /images/other/x/tag?repo=mine/y&tag=1",
          "image-not-allowed", "" },
        { "images = docker.io/mine/**", "POST /images/" ID "/tag?repo=mine/y&tag=1", "image-id",
          "" },
        { "images = docker.io/mine/**", "POST /images/mine/x/tag?repo=other/y&tag=1",
          "image-not-allowed", "?repo" },
        { "images = docker.io/mine/**", "POST /images/mine/x/tag?tag=1", "image-grammar", "?repo" },
        { "images = docker.io/mine/**", "POST /images/mine/x/tag?repo=mine/y:1&tag=2",
          "image-ambiguous", "?tag" },
        { "images = docker.io/mine/x:1", "POST /images/mine/x:1/tag?repo=mine/x",
          "image-not-allowed", "?repo" },
        /* ids are no names that one may give */
        { MINE "[container.create]\nimage-ids = yes", "POST /images/mine/x:1/tag?repo=cafe",
          "image-id", "?repo" },
        { MINE "[container.create]\nimage-ids = yes",
          "POST /images/mine/x:1/tag?repo=sha256&tag=ab", "image-id", "?repo" },
};

/* Podman takes "app" for the app of any registry that the host has an image of. */
#define PODMAN "\n[upstream]\nengine = podman\n"
static const Case short_cases[] = {
        { "images = *" PODMAN, PULL "alpine&tag=3", NULL, NULL },
        { "images = **" PODMAN, "DELETE /images/alpine", NULL, NULL },
        { "images = docker.io/**" PODMAN, PULL "alpine&tag=3", "image-short", "?fromImage" },
        { "images = docker.io/**" PODMAN, PULL "docker.io/library/alpine&tag=3", NULL, NULL },
        { "images = docker.io/**" PODMAN, "DELETE /images/mine/x:1", "image-short", "" },
        { "images = docker.io/**" PODMAN, "DELETE /images/docker.io/mine/x:1", NULL, NULL },
        { "images = docker.io/**" PODMAN, "POST /images/mine/x/push?tag=1", "image-short", "" },
        { "images = docker.io/**" PODMAN, "POST /images/docker.io/x/tag?repo=mine/y&tag=1",
          "image-short", "?repo" },
        { "images = localhost/*" PODMAN, "DELETE /images/localhost/x", NULL, NULL },
};

/* The room of a text that a judge puts together is gone when it has returned. */
static bool is_of_the_request(Bytes text) {
        uintptr_t begin = (uintptr_t) &fixture, at = (uintptr_t) text.data;

        return text.len == 0 || (at >= begin && at + text.len <= begin + sizeof(fixture));
}

static void run_case(const char *section, const Case *c) {
        char config[1024];
        _cleanup_(policy_unrefp) Policy *p = NULL;
        Decision d;

        (void) snprintf(config, sizeof(config), "[%s]\n%s\n", section, c->ini);
        p = case_policy(config);
        notes = (JudgeNotes){ 0 };
        d = policy_judge_query(p, fixture_request(c->line), &facts);

        if (!c->reason) {
                ck_assert_msg(d.verdict == VERDICT_ALLOW, "%s under %s: %s", c->line, c->ini,
                              d.reason);
                return;
        }
        ck_assert_msg(d.verdict == VERDICT_DENY, "%s under %s: allowed", c->line, c->ini);
        ck_assert_msg(strcmp(d.reason, c->reason) == 0, "%s under %s: %s", c->line, c->ini,
                      d.reason);
        ck_assert_msg(is_of_the_request(d.subject), "%s: a text of nobody's", c->line);
        ck_assert_msg(bytes_eq_str(d.field, c->field), "%s: %.*s", c->line, (int) d.field.len,
                      d.field.data);
        ck_assert_msg(d.status == (strcmp(d.reason, "query-json") == 0 ? 400 : 0), "%s", c->line);
}

START_TEST(podman_needs_the_registry_where_only_some_images_are_allowed) {
        run_case("image.pull", &short_cases[_i]);
}
END_TEST

START_TEST(judges_the_image_of_a_pull_as_the_engine_puts_it_together) {
        run_case("image.pull", &pull_cases[_i]);
}
END_TEST

START_TEST(judges_the_names_of_images_that_are_pushed_named_and_removed) {
        run_case("image.pull", &name_cases[_i]);
}
END_TEST

START_TEST(judges_the_path_of_files_of_a_container) {
        run_case("container.archive", &archive_cases[_i]);
}
END_TEST

START_TEST(judges_the_keys_of_a_build) {
        run_case("build", &build_cases[_i]);
}
END_TEST

START_TEST(reads_the_filters_of_a_prune_in_one_way) {
        run_case("build", &filter_cases[_i]);
}
END_TEST

/* The line that allows it allows it. */
START_TEST(hints_at_a_line_that_allows_it) {
        static const char *const lines[] = {
                PULL "evil/alpine&tag=3", PULL "localhost:5000/x",  READ "?path=/data/x",
                BUILD "networkmode=host", BUILD "remote=http://x/", BUILD "target=prod",
                "DELETE /images/other/x", "DELETE /images/cafe",    "POST /images/x/push?tag=1",
        };
        static const char *const configs[] = { "[container.create]\nimages = docker.io/mine/**\n" };
        _cleanup_(policy_unrefp) Policy *p = case_policy(configs[0]), *cured = NULL;
        char config[512], *sign;
        Decision d = policy_judge_query(p, fixture_request(lines[_i]), &facts);

        ck_assert_int_eq(d.verdict, VERDICT_DENY);
        ck_assert_ptr_nonnull(d.hint);

        (void) snprintf(config, sizeof(config), "%s\n", d.hint);
        sign = strchr(config, ']');
        ck_assert_ptr_nonnull(sign);
        sign[1] = '\n';
        cured = case_policy(config);
        d = policy_judge_query(cured, fixture_request(lines[_i]), &facts);
        ck_assert_msg(d.verdict == VERDICT_ALLOW, "%s: %s", config, d.reason);
}
END_TEST

/* Without notes the texts are left out, and the verdict is the same. */
START_TEST(denies_without_notes) {
        const PolicyFacts bare = { .peer = &peer };
        _cleanup_(policy_unrefp) Policy *p = case_policy("[image.pull]\nimages = docker.io/a/b\n");
        Decision d = policy_judge_query(p, fixture_request(PULL "alpine"), &bare);

        ck_assert_int_eq(d.verdict, VERDICT_DENY);
        ck_assert_str_eq(d.reason, "image-not-allowed");
        ck_assert_ptr_null(d.hint);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("check-query");
        TCase *tc = tcase_create("check-query");

        tcase_add_loop_test(tc, podman_needs_the_registry_where_only_some_images_are_allowed, 0,
                            ARRAY_SIZE(short_cases));
        tcase_add_loop_test(tc, judges_the_image_of_a_pull_as_the_engine_puts_it_together, 0,
                            ARRAY_SIZE(pull_cases));
        tcase_add_loop_test(tc, judges_the_names_of_images_that_are_pushed_named_and_removed, 0,
                            ARRAY_SIZE(name_cases));
        tcase_add_loop_test(tc, judges_the_path_of_files_of_a_container, 0,
                            ARRAY_SIZE(archive_cases));
        tcase_add_loop_test(tc, judges_the_keys_of_a_build, 0, ARRAY_SIZE(build_cases));
        tcase_add_loop_test(tc, reads_the_filters_of_a_prune_in_one_way, 0,
                            ARRAY_SIZE(filter_cases));
        tcase_add_loop_test(tc, hints_at_a_line_that_allows_it, 0, 9);
        tcase_add_test(tc, denies_without_notes);
        suite_add_tcase(suite, tc);
        return fixture_run(suite);
}
