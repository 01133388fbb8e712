/* SPDX-License-Identifier: Apache-2.0 */
/* docker/target: which spellings of a target are canonical, and what is read from them. */
#include "docker/target.h"
#include "util/macros.h"

#include <check.h>
#include <stdlib.h>

static Target target;

static const TargetRules docker_rules = { .api_min = 24 };
static const TargetRules podman_rules = { .api_min = 24, .is_podman = true };

#define assert_bytes(bytes, string)                                                                \
        ck_assert_msg(bytes_eq_str(bytes, string), "'%.*s' is not '%s'", (int) (bytes).len,        \
                      (bytes).data ? (bytes).data : "", string)

static void accept_with(const TargetRules *rules, const char *raw) {
        HttpError error = { 0 };
        bool ok = target_parse(&target, bytes_of(raw), rules, &error);

        ck_assert_msg(ok, "'%s' is refused: %s", raw, error.reason);
        ck_assert_uint_eq(error.status, 0);
}

static void refuse_bytes(const TargetRules *rules, Bytes raw, const char *reason) {
        HttpError error = { 0 };
        bool ok = target_parse(&target, raw, rules, &error);

        ck_assert_msg(!ok, "'%.*s' is accepted", (int) raw.len, raw.data);
        ck_assert_uint_eq(error.status, 400);
        ck_assert_msg(error.text && error.text[0], "'%s' has no text", error.reason);
        ck_assert_msg(strcmp(error.reason, reason) == 0, "'%.*s' is refused as %s, not %s",
                      (int) raw.len, raw.data, error.reason, reason);
}

typedef struct Refusal {
        const char *raw;
        const char *reason;
} Refusal;

static void refuse_all(const Refusal *rows, size_t n) {
        for (size_t i = 0; i < n; i++)
                refuse_bytes(&docker_rules, bytes_of(rows[i].raw), rows[i].reason);
}

START_TEST(reads_path_and_version) {
        accept_with(&docker_rules, "/v1.41/containers/web/json");
        assert_bytes(target.full_path, "/v1.41/containers/web/json");
        assert_bytes(target.path, "/containers/web/json");
        assert_bytes(target.version, "1.41");
        ck_assert_uint_eq(target.api_minor, 41);
        ck_assert_uint_eq(target.n_segments, 3);
        assert_bytes(target.segments[0], "containers");
        assert_bytes(target.segments[1], "web");
        assert_bytes(target.segments[2], "json");
        ck_assert(!target.has_escapes && !target.has_query && !target.is_libpod);
        ck_assert_uint_eq(target.n_pairs, 0);
}
END_TEST

START_TEST(takes_words_in_v_as_no_version) {
        static const char *const paths[] = { "/version", "/volumes", "/volumes/v1.41", "/info",
                                             "/_ping" };

        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
                accept_with(&docker_rules, paths[i]);
                assert_bytes(target.path, paths[i]);
                assert_bytes(target.full_path, paths[i]);
                ck_assert_uint_eq(target.version.len, 0);
                ck_assert_uint_eq(target.api_minor, 0);
        }
}
END_TEST

START_TEST(takes_every_newer_version) {
        accept_with(&docker_rules, "/v1.24/info");
        accept_with(&docker_rules, "/v1.99/info");
        accept_with(&docker_rules, "/v1.999/info");
        ck_assert_uint_eq(target.api_minor, 999);
}
END_TEST

START_TEST(refuses_versions_in_other_spellings) {
        static const Refusal rows[] = {
                { "/v1.041/info", "api-version" },    { "/v01.41/info", "api-version" },
                { "/v1.41./info", "api-version" },    { "/v1.41.0/info", "api-version" },
                { "/v1/info", "api-version" },        { "/v1./info", "api-version" },
                { "/v./info", "api-version" },        { "/v/info", "api-version" },
                { "/v1.0/info", "api-version" },      { "/v1.1000/info", "api-version" },
                { "/v2.41/info", "api-version" },     { "/v1.41", "api-version" },
                { "/v1.4x/info", "api-version" },     { "/v1.+4/info", "api-version" },
                { "/v-1.41/info", "api-version" },    { "/v4.0.0/libpod/info", "api-version" },
                { "/v1.%341/info", "path-escape" },   { "/v1.41%2Finfo", "api-version" },
                { "/v1.41%2Fx/info", "api-version" }, { "/v0.1/info", "api-version" },
        };

        refuse_all(rows, ARRAY_SIZE(rows));
}
END_TEST

START_TEST(refuses_versions_below_the_floor) {
        static const TargetRules rules = { .api_min = 41 };

        refuse_bytes(&docker_rules, BYTES("/v1.23/info"), "api-version-too-old");
        refuse_bytes(&docker_rules, BYTES("/v1.1/info"), "api-version-too-old");
        refuse_bytes(&rules, BYTES("/v1.40/info"), "api-version-too-old");
        accept_with(&rules, "/v1.41/info");
        accept_with(&rules, "/info");
}
END_TEST

START_TEST(refuses_other_target_forms) {
        static const Refusal rows[] = {
                { "", "target-form" },
                { "*", "target-form" },
                { "info", "target-form" },
                { "?all=1", "target-form" },
                { "http://docker/info", "target-form" },
                { "unix:///info", "target-form" },
                { "docker:443", "target-form" },
                { "//info", "path-shape" },
                { "//docker/info", "path-shape" },
                { "/", "path-shape" },
                { "/?all=1", "path-shape" },
        };

        refuse_all(rows, ARRAY_SIZE(rows));
}
END_TEST

START_TEST(refuses_empty_and_dot_segments_and_trailing_slashes) {
        static const Refusal rows[] = {
                { "/networks/", "path-shape" },
                { "/containers//json", "path-shape" },
                { "/./info", "path-shape" },
                { "/containers/../info", "path-shape" },
                { "/containers/json/..", "path-shape" },
                { "/containers/.", "path-shape" },
                { "/v1.41//info", "path-shape" },
                { "/v1.41/", "path-shape" },
                { "/images/a%2F/json", "path-shape" },
                { "/images/%2Fa/json", "path-shape" },
                { "/images/a%2F%2Fb/json", "path-shape" },
                { "/images/a%2F..%2Fb/json", "path-shape" },
                { "/images/..%2Fb/json", "path-shape" },
                { "/images/a%2f./json", "path-shape" },
                { "/images/a%3Ab/../json", "path-shape" },
                { "/images/a%3Ab/", "path-shape" },
        };

        refuse_all(rows, ARRAY_SIZE(rows));
        accept_with(&docker_rules, "/containers/.../json");
        accept_with(&docker_rules, "/containers/..a/json");
}
END_TEST

START_TEST(refuses_bytes_that_no_path_has) {
        static const char bad[] = "\x01\t\n\r \"#;<>[\\]^`{|}\x7f\x80\xff";

        for (size_t i = 0; i + 1 < sizeof(bad); i++) {
                char raw[] = "/containers/a?/json";

                raw[13] = bad[i];
                refuse_bytes(&docker_rules, bytes_of(raw), "path-byte");
        }
        refuse_bytes(&docker_rules, BYTES("/info\0"), "path-byte");
        refuse_bytes(&docker_rules, BYTES("/images/a%3Ab;c/json"), "path-byte");
}
END_TEST

START_TEST(takes_every_byte_that_a_path_may_have) {
        accept_with(
                &docker_rules,
                "/abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~!$&'()*+,=:@-");
        ck_assert_uint_eq(target.n_segments, 1);
}
END_TEST

START_TEST(decodes_the_four_escapes_of_image_names_once) {
        accept_with(&docker_rules, "/v1.41/images/reg%3A5000%2fx%2Fy%40sha256%3aab%2B/json");
        assert_bytes(target.path, "/images/reg:5000/x/y@sha256:ab+/json");
        assert_bytes(target.full_path, "/v1.41/images/reg:5000/x/y@sha256:ab+/json");
        ck_assert(target.has_escapes);
        ck_assert_uint_eq(target.n_segments, 3);
        assert_bytes(target.segments[1], "reg:5000/x/y@sha256:ab+");
        ck_assert(!target.segment_escaped[0] && target.segment_escaped[1] &&
                  !target.segment_escaped[2]);
}
END_TEST

START_TEST(refuses_all_other_escapes) {
        static const Refusal rows[] = {
                { "/%69nfo", "path-escape" },
                { "/images/a%2eb/json", "path-escape" },
                { "/images/a%20b/json", "path-escape" },
                { "/images/a%00/json", "path-escape" },
                { "/images/a%/json", "path-escape" },
                { "/images/a%2", "path-escape" },
                { "/images/a%zz/json", "path-escape" },
                { "/images/a%252F/json", "path-escape" },
                { "/images/a%3", "path-escape" },
                { "/images/%", "path-escape" },
                { "/images/a%5C/json", "path-escape" },
                { "/images/a%C0%AF/json", "path-escape" },
                { "/images/a%-1/json", "path-escape" },
        };

        refuse_all(rows, ARRAY_SIZE(rows));
}
END_TEST

START_TEST(bounds_the_length_and_number_of_segments) {
        char raw[2 * TARGET_PATH_MAX];
        size_t len;

        memset(raw, 'a', sizeof(raw));
        raw[0] = '/';
        ck_assert(target_parse(&target, (Bytes){ raw, TARGET_PATH_MAX }, &docker_rules,
                               &(HttpError){ 0 }));
        refuse_bytes(&docker_rules, (Bytes){ raw, TARGET_PATH_MAX + 1 }, "path-too-long");

        len = 0;
        for (int i = 0; i < TARGET_SEGMENTS_MAX; i++) {
                raw[len++] = '/';
                raw[len++] = 'a';
        }
        ck_assert(target_parse(&target, (Bytes){ raw, len }, &docker_rules, &(HttpError){ 0 }));
        ck_assert_uint_eq(target.n_segments, TARGET_SEGMENTS_MAX);
        raw[len++] = '/';
        raw[len++] = 'a';
        refuse_bytes(&docker_rules, (Bytes){ raw, len }, "path-too-long");
}
END_TEST

START_TEST(reads_pairs_of_the_query) {
        accept_with(&docker_rules, "/containers/json?all=1&filters=%7B%22a%22%3A+1%7d&limit=");
        ck_assert(target.has_query);
        assert_bytes(target.query, "all=1&filters=%7B%22a%22%3A+1%7d&limit=");
        ck_assert_uint_eq(target.n_pairs, 3);
        assert_bytes(target.pairs[0].key, "all");
        assert_bytes(target.pairs[0].value, "1");
        assert_bytes(target.pairs[1].raw, "%7B%22a%22%3A+1%7d");
        assert_bytes(target.pairs[1].value, "{\"a\": 1}");
        assert_bytes(target.pairs[2].key, "limit");
        ck_assert_uint_eq(target.pairs[2].value.len, 0);
        ck_assert_ptr_eq(target_find_pair(&target, "limit"), &target.pairs[2]);
        ck_assert_ptr_null(target_find_pair(&target, "lim"));

        accept_with(&docker_rules, "/a?k=a=b%26");
        assert_bytes(target.pairs[0].value, "a=b&");
        accept_with(&docker_rules, "/a?k=%C3%A4&retry-delay=1&_x.y=2");
        assert_bytes(target.pairs[0].value, "\xc3\xa4");
}
END_TEST

START_TEST(reads_a_bare_question_mark_as_no_query) {
        accept_with(&docker_rules, "/containers/json?");
        ck_assert(!target.has_query);
        assert_bytes(target.full_path, "/containers/json");
        ck_assert_uint_eq(target.n_pairs + target.query.len, 0);
}
END_TEST

START_TEST(refuses_queries_that_can_be_read_in_two_ways) {
        static const Refusal rows[] = {
                { "/a?&", "query-malformed" },          { "/a?all", "query-malformed" },
                { "/a??", "query-malformed" },          { "/a?all=1&", "query-malformed" },
                { "/a?&all=1", "query-malformed" },     { "/a?a=1&&b=1", "query-malformed" },
                { "/a?=1", "query-malformed" },         { "/a?a=1;b=2", "query-malformed" },
                { "/a?%61ll=1", "query-malformed" },    { "/a?a+b=1", "query-malformed" },
                { "/a?a[]=1", "query-malformed" },      { "/a?a=%", "query-malformed" },
                { "/a?a=%4", "query-malformed" },       { "/a?a=%zz", "query-malformed" },
                { "/a?a=1#b", "query-malformed" },      { "/a?a=1?b=2", "query-malformed" },
                { "/a?a=\xc3\xa4", "query-malformed" }, { "/a?a=b c", "query-malformed" },
                { "/a?a=\x7f", "query-malformed" },     { "/a?a=%00", "query-control" },
                { "/a?a=%0a", "query-control" },        { "/a?a=%7F", "query-control" },
                { "/a?a=x%1Bx", "query-control" },
        };

        refuse_all(rows, ARRAY_SIZE(rows));
}
END_TEST

START_TEST(bounds_the_number_of_pairs) {
        char raw[3 + 4 * TARGET_PAIRS_MAX + 4] = "/a?";
        size_t len = 3;

        for (int i = 0; i < TARGET_PAIRS_MAX; i++)
                for (const char *c = i > 0 ? "&a=" : "a="; *c; c++)
                        raw[len++] = *c;
        ck_assert(target_parse(&target, (Bytes){ raw, len }, &docker_rules, &(HttpError){ 0 }));
        ck_assert_uint_eq(target.n_pairs, TARGET_PAIRS_MAX);
        memcpy(raw + len, "&a=", 3);
        refuse_bytes(&docker_rules, (Bytes){ raw, len + 3 }, "query-too-many");
}
END_TEST

START_TEST(bounds_the_length_of_the_query) {
        size_t len = 3 + TARGET_QUERY_MAX;
        char *raw = malloc(len + 1);

        ck_assert_ptr_nonnull(raw);
        memset(raw, '+', len + 1);
        memcpy(raw, "/a?b=", 5);
        ck_assert(target_parse(&target, (Bytes){ raw, len }, &docker_rules, &(HttpError){ 0 }));
        ck_assert_uint_eq(target.pairs[0].value.len, TARGET_QUERY_MAX - 2);
        refuse_bytes(&docker_rules, (Bytes){ raw, len + 1 }, "query-too-long");
        free(raw);
}
END_TEST

START_TEST(leaves_nothing_of_the_target_before) {
        accept_with(&docker_rules, "/v1.41/images/a%3Ab/json?x=%41");
        accept_with(&docker_rules, "/info");
        ck_assert(!target.has_escapes && !target.has_query);
        ck_assert_uint_eq(target.n_pairs + target.query.len + target.version.len, 0);
        ck_assert(!target.segment_escaped[0]);

        refuse_bytes(&docker_rules, BYTES("/info/"), "path-shape");
        ck_assert_uint_eq(target.path.len, 0);
        refuse_bytes(&docker_rules, BYTES("/info/?a=1"), "path-shape");
        ck_assert_uint_eq(target.query.len, 0);
}
END_TEST

START_TEST(knows_libpod_only_with_podman) {
        accept_with(&podman_rules, "/v4.0.0/libpod/containers/json");
        ck_assert(target.is_libpod);
        ck_assert_uint_eq(target.api_minor, 0);
        assert_bytes(target.version, "4.0.0");
        assert_bytes(target.path, "/libpod/containers/json");

        accept_with(&podman_rules, "/libpod/_ping");
        ck_assert(target.is_libpod);
        accept_with(&podman_rules, "/v1.41/containers/json");
        ck_assert(!target.is_libpod);
        accept_with(&docker_rules, "/libpod/_ping");
        ck_assert(!target.is_libpod);

        refuse_bytes(&podman_rules, BYTES("/v1.41/libpod/info"), "api-version");
        refuse_bytes(&podman_rules, BYTES("/v4/libpod/info"), "api-version");
        refuse_bytes(&podman_rules, BYTES("/v4.0/libpod/info"), "api-version");
        refuse_bytes(&podman_rules, BYTES("/v4.0.0./libpod/info"), "api-version");
        refuse_bytes(&podman_rules, BYTES("/v4.0.0.0/libpod/info"), "api-version");
        refuse_bytes(&podman_rules, BYTES("/v4..0/libpod/info"), "api-version");
        refuse_bytes(&podman_rules, BYTES("/v0.1.0/libpod/info"), "api-version");
        refuse_bytes(&podman_rules, BYTES("/v04.0.0/libpod/info"), "api-version");
        refuse_bytes(&podman_rules, BYTES("/v4.0.0-rc1/libpod/info"), "api-version");
        refuse_bytes(&podman_rules, BYTES("/v4.0.0/containers/json"), "api-version");
}
END_TEST

int main(void) {
        Suite *suite = suite_create("target");
        TCase *tc = tcase_create("target");
        SRunner *runner;
        int n_failed;

        tcase_add_test(tc, reads_path_and_version);
        tcase_add_test(tc, takes_words_in_v_as_no_version);
        tcase_add_test(tc, takes_every_newer_version);
        tcase_add_test(tc, refuses_versions_in_other_spellings);
        tcase_add_test(tc, refuses_versions_below_the_floor);
        tcase_add_test(tc, refuses_other_target_forms);
        tcase_add_test(tc, refuses_empty_and_dot_segments_and_trailing_slashes);
        tcase_add_test(tc, refuses_bytes_that_no_path_has);
        tcase_add_test(tc, takes_every_byte_that_a_path_may_have);
        tcase_add_test(tc, decodes_the_four_escapes_of_image_names_once);
        tcase_add_test(tc, refuses_all_other_escapes);
        tcase_add_test(tc, bounds_the_length_and_number_of_segments);
        tcase_add_test(tc, reads_pairs_of_the_query);
        tcase_add_test(tc, reads_a_bare_question_mark_as_no_query);
        tcase_add_test(tc, refuses_queries_that_can_be_read_in_two_ways);
        tcase_add_test(tc, bounds_the_number_of_pairs);
        tcase_add_test(tc, bounds_the_length_of_the_query);
        tcase_add_test(tc, leaves_nothing_of_the_target_before);
        tcase_add_test(tc, knows_libpod_only_with_podman);
        suite_add_tcase(suite, tc);

        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed > 0;
}
