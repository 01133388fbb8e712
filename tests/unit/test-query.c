/* SPDX-License-Identifier: Apache-2.0 */
/* docker/query: the keys of the table are those of the data, and what their values may be. */
#include "docker/query.h"
#include "tsv.h"
#include "util/macros.h"

static Target target;

static const Endpoint *endpoint_named(const char *name) {
        for (size_t i = 0; i < endpoint_count(); i++)
                if (strcmp(endpoint_at(i)->name, name) == 0)
                        return endpoint_at(i);
        ck_abort_msg("no endpoint %s", name);
        return NULL;
}

static const QueryKey *key_named(const Endpoint *e, const char *key) {
        for (const QueryKey *k = e->query; k && k->key; k++)
                if (strcmp(k->key, key) == 0)
                        return k;
        return NULL;
}

/* The words of `"" | not-running | next-exit` as the table has them. */
static void words_of(const char *text, char ret[static 128]) {
        size_t len = 0;

        for (const char *p = text; *p; p++)
                if (*p != ' ' && *p != '"')
                        ret[len++] = *p;
        ret[len] = '\0';
}

/* The rule that the columns judged and harmless say in words. */
static QueryRule rule_of(const char *key, const char *judged, const char *harmless) {
        if (strcmp(judged, "grammar") == 0)
                return QUERY_PS_ARGS;
        if (strcmp(judged, "zero-only") == 0)
                return QUERY_ZERO;
        if (strncmp(judged, "endpoint build.session", 22) == 0 || strcmp(key, "version") == 0)
                return strstr(harmless, "..") ? QUERY_INT : QUERY_SESSION;
        if (strncmp(harmless, "[/]?", 4) == 0)
                return QUERY_NAME;
        if (strcmp(harmless, "id slot grammar") == 0)
                return QUERY_ID;
        if (strncmp(harmless, "relative path", 13) == 0)
                return QUERY_FILE;
        if (strcmp(harmless, "any") == 0)
                return QUERY_ANY;
        if (strcmp(judged, "n") == 0)
                return strstr(harmless, "..") ? QUERY_INT : QUERY_WORDS;
        ck_assert_msg(strchr(judged, ':'), "%s: judged by %s", key, judged);
        return QUERY_JUDGED;
}

static void expect_key(const Endpoint *e, const char *name, const Tsv *t, size_t row) {
        const char *harmless = tsv_get(t, row, "harmless");
        const QueryKey *k = key_named(e, name);
        QueryRule rule = rule_of(name, tsv_get(t, row, "judged"), harmless);
        char words[128];

        ck_assert_msg(k, "%s: no key %s", e->name, name);
        ck_assert_msg(k->repeatable == (tsv_get(t, row, "repeatable")[0] == 'y'), "%s?%s: repeats",
                      e->name, name);
        ck_assert_msg(k->rule == rule, "%s?%s: rule %d is not %d", e->name, name, (int) k->rule,
                      (int) rule);
        if (rule == QUERY_INT) {
                ck_assert_int_eq(k->min, atoi(harmless));
                ck_assert_int_eq(k->max, atoi(strstr(harmless, "..") + 2));
        }
        words_of(harmless, words);
        if (strchr(words, '|') && rule != QUERY_PS_ARGS)
                ck_assert_str_eq(k->has_words ? query_key_words(k) : "", words);
        else
                ck_assert_msg(!k->has_words, "%s?%s: words", e->name, name);
}

static bool data_have_key(const Tsv *t, const char *endpoint, const char *key) {
        for (size_t i = 0; i < t->n_rows; i++)
                if (strcmp(tsv_get(t, i, "endpoint"), endpoint) == 0 &&
                    strcmp(tsv_get(t, i, "key"), key) == 0)
                        return true;
        return false;
}

START_TEST(docker_keys_are_those_of_the_data) {
        Tsv *t = tsv_read(TEST_DATA "/query-fields.tsv");

        for (size_t i = 0; i < t->n_rows; i++) {
                const char *key = tsv_get(t, i, "key"), *name = tsv_get(t, i, "endpoint");

                for (size_t k = 0; k < endpoint_count(); k++) {
                        const Endpoint *e = endpoint_at(k);

                        if (strcmp(e->name, name) != 0)
                                continue;
                        if (strcmp(key, "-") == 0)
                                ck_assert_msg(!e->query, "%s knows keys", name);
                        else
                                expect_key(e, key, t, i);
                }
                (void) endpoint_named(name);
        }

        for (size_t k = 0; k < endpoint_count(); k++) {
                const Endpoint *e = endpoint_at(k);

                for (const QueryKey *q = e->query; !e->is_libpod && q && q->key; q++)
                        ck_assert_msg(data_have_key(t, e->name, q->key), "%s?%s is not in the data",
                                      e->name, q->key);
        }
        tsv_free(t);
}
END_TEST

START_TEST(keys_of_one_endpoint_differ_in_more_than_case) {
        for (size_t k = 0; k < endpoint_count(); k++) {
                const Endpoint *e = endpoint_at(k);

                for (const QueryKey *a = e->query; a && a->key; a++) {
                        ck_assert_int_lt(a - e->query, 128);
                        ck_assert_msg((a->rule == QUERY_WORDS) <= a->has_words, "%s?%s", e->name,
                                      a->key);
                        for (const QueryKey *b = a + 1; b->key; b++)
                                ck_assert_msg(!bytes_ieq_ascii(bytes_of(a->key), bytes_of(b->key)),
                                              "%s?%s", e->name, a->key);
                }
        }
}
END_TEST

START_TEST(zero_is_one_of_six_spellings) {
        static const char *const zeros[] = { "", "0", "false", "null", "{}", "[]" };
        static const char *const others[] = {
                "00", "False", "no", " ", "{ }", "\"\"", "1", "[[]]"
        };

        for (size_t i = 0; i < ARRAY_SIZE(zeros); i++)
                ck_assert_msg(query_value_is_zero(bytes_of(zeros[i])), "%s", zeros[i]);
        for (size_t i = 0; i < ARRAY_SIZE(others); i++)
                ck_assert_msg(!query_value_is_zero(bytes_of(others[i])), "%s", others[i]);
}
END_TEST

START_TEST(ps_args_never_show_environments) {
        static const char *const good[] = { "",
                                            "aux",
                                            "-ef",
                                            "-eo pid,comm",
                                            "-o pid,comm",
                                            "-eo pid",
                                            "-o pid=ID,cmd=",
                                            "-o etime,pid" };
        static const char *const bad[] = {
                "auxe",
                "e",
                "aux e",
                "-ef e",
                "eww",
                "-e -f",
                "-eo pid e",
                "-eo pid,e",
                "-eo e",
                "-eo E",
                "-eo",
                "-eo ",
                "-o ",
                "-eo  pid",
                "-eo environ",
                "-o pid,environ",
                "-o ENVIRON",
                "-o pid=ENVIRON",
                "-o pid,",
                "-o ,pid",
                "-o pid,-e",
                "-o --x",
                "-o pid;x",
                "-o pid -o cmd",
                "-opid",
                "axu",
                "-A",
                "--forest",
                "-o e=X",
                "-o pid/x",
                "-o aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        };

        for (size_t i = 0; i < ARRAY_SIZE(good); i++)
                ck_assert_msg(query_is_ps_args(bytes_of(good[i])), "%s", good[i]);
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                ck_assert_msg(!query_is_ps_args(bytes_of(bad[i])), "%s", bad[i]);
}
END_TEST

START_TEST(files_stay_below_where_they_start) {
        static const char *const good[] = { "", "Dockerfile", "a/b", "./a", "..a", "a..", ".x/y" };
        static const char *const bad[] = { "/etc/passwd", "..",   "../a", "a/../b",
                                           "a/..",        "a\\b", "/" };

        for (size_t i = 0; i < ARRAY_SIZE(good); i++)
                ck_assert_msg(query_is_file(bytes_of(good[i])), "%s", good[i]);
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                ck_assert_msg(!query_is_file(bytes_of(bad[i])), "%s", bad[i]);
}
END_TEST

typedef struct Value {
        const char *endpoint, *key, *value;
        bool fits;
} Value;

START_TEST(values_fit_the_rule_of_their_key) {
        static const Value rows[] = {
                { "container.stop", "t", "10", true },
                { "container.stop", "t", "-1", true },
                { "container.stop", "t", "", true },
                { "container.stop", "t", "-2", false },
                { "container.stop", "t", "1.5", false },
                { "container.stop", "t", "+1", false },
                { "container.stop", "t", " 1", false },
                { "container.stop", "t", "-", false },
                { "container.stop", "t", "0x1", false },
                { "container.stop", "t", "9999999999999999999", false },
                { "container.resize", "h", "65535", true },
                { "container.resize", "h", "65536", false },
                { "container.resize", "h", "-1", false },
                { "service.update", "version", "999999999999999999", true },
                { "container.wait", "condition", "next-exit", true },
                { "container.wait", "condition", "", true },
                { "container.wait", "condition", "next", false },
                { "container.wait", "condition", "next-exit|removed", false },
                { "container.wait", "condition", "Removed", false },
                { "container.logs", "format", "json", true },
                { "container.logs", "format", "xml", false },
                { "container.create", "name", "web", true },
                { "container.create", "name", "/web", true },
                { "container.create", "name", "//web", false },
                { "container.create", "name", "", false },
                { "container.create", "name", "a/b", false },
                { "container.commit", "container", "web", true },
                { "container.commit", "container", "/web", false },
                { "container.start", "checkpoint", "", true },
                { "container.start", "checkpoint", "x", false },
                { "container.start", "checkpoint-dir", "/etc", false },
                { "container.kill", "signal", "anything", true },
                { "container.top", "ps_args", "auxe", false },
                { "image.pull", "fromSrc", "http://x/", false },
                { "image.pull", "fromImage", "anything", true },
                { "build.image", "dockerfile", "../x", false },
                { "build.image", "networkmode", "host", true },
                { "build.image", "session", "x", true },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                const QueryKey *k = key_named(endpoint_named(rows[i].endpoint), rows[i].key);

                ck_assert_msg(k, "%s?%s", rows[i].endpoint, rows[i].key);
                ck_assert_msg(query_value_fits(k, bytes_of(rows[i].value)) == rows[i].fits,
                              "%s?%s=%s", rows[i].endpoint, rows[i].key, rows[i].value);
        }
}
END_TEST

typedef struct Case {
        const char *endpoint, *query;
        const char *reason; /* NULL: accepted */
        unsigned status;
        QueryUnknown unknown;
} Case;

static bool check(const char *endpoint, const char *query, QueryUnknown unknown, QueryResult *ret,
                  HttpError *ret_error) {
        const TargetRules rules = { .api_min = 24 };
        char raw[16384];

        (void) snprintf(raw, sizeof(raw), "/x?%s", query);
        ck_assert_msg(target_parse(&target, bytes_of(raw), &rules, ret_error), "%s: %s", query,
                      ret_error->reason);
        return query_check(&target, endpoint_named(endpoint), unknown, ret, ret_error);
}

START_TEST(keys_come_once_and_in_their_own_spelling) {
        static const Case rows[] = {
                { "container.list", "all=1&limit=2" },
                { "container.list", "all=1&all=1", "query-key-repeated", 400 },
                { "container.list", "all=1&limit=2&all=0", "query-key-repeated", 400 },
                { "container.list", "All=1", "query-key-spelling", 400, QUERY_UNKNOWN_FORWARDED },
                { "container.list", "ALL=1", "query-key-spelling", 400, QUERY_UNKNOWN_ECHO },
                { "container.list", "new=1", NULL, 0, QUERY_UNKNOWN_FORWARDED },
                { "container.list", "al=1", NULL, 0, QUERY_UNKNOWN_FORWARDED },
                { "container.list", "alll=1", NULL, 0, QUERY_UNKNOWN_FORWARDED },
                { "container.list", "new=1&new=2", "query-key-repeated", 400,
                  QUERY_UNKNOWN_FORWARDED },
                { "container.list", "new=1&all=1&NEW=2", "query-key-repeated", 400,
                  QUERY_UNKNOWN_FORWARDED },
                { "container.list", "new=1", "query-key-unknown", 403 },
                { "container.kill", "SIGNAL=KILL", "query-key-spelling", 400 },
                { "container.pause", "x=1", "query-key-unknown", 403 },
                { "container.create", "Image=a&Cmd=b&Cmd=c", NULL, 0, QUERY_UNKNOWN_ECHO },
                { "container.create", "name=a&Image=a", "query-key-unknown", 403 },
                { "image.save", "names=a&names=b" },
                { "image.attestations", "type=a&platform=b&type=c" },
                { "build.image", "t=a&t=b&extrahosts=a&extrahosts=b" },
                { "build.image", "target=a&target=b", "query-key-repeated", 400 },
                { "image.pull", "fromImage=a&changes=", NULL },
                { "image.pull", "fromImage=a&repo=b", "query-value", 403 },
                { "image.pull", "fromImage=a&authconfig=x", "query-value", 403 },
                { "container.start", "checkpoint=x", "query-value", 403 },
                { "libpod.container.list", "ALL=1&Size=0" },
                { "libpod.container.list", "all=1&ALL=1", "query-key-repeated", 400 },
                { "libpod.container.list", "retry-delay=1", "query-key-unknown", 403 },
                { "libpod.build.image", "Retry-Delay=1&tlsverify=1" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                HttpError error = { 0 };
                QueryResult result;
                bool ok = check(rows[i].endpoint, rows[i].query, rows[i].unknown, &result, &error);

                ck_assert_msg(ok == !rows[i].reason, "%s?%s: %s", rows[i].endpoint, rows[i].query,
                              error.reason ? error.reason : "accepted");
                ck_assert_msg((result.bad_pair != NULL) == !ok, "%s", rows[i].query);
                if (ok)
                        continue;
                ck_assert_str_eq(error.reason, rows[i].reason);
                ck_assert_uint_eq(error.status, rows[i].status);
        }
}
END_TEST

START_TEST(bounds_the_number_of_unknown_keys) {
        HttpError error = { 0 };
        QueryResult result;
        char query[4096];
        size_t len = 0;

        for (int i = 0; i < QUERY_UNKNOWN_MAX; i++)
                len += (size_t) snprintf(query + len, sizeof(query) - len,
                                         "%sk%d=", i > 0 ? "&" : "", i);
        ck_assert(check("container.list", query, QUERY_UNKNOWN_FORWARDED, &result, &error));
        (void) snprintf(query + len, sizeof(query) - len, "&x=");
        ck_assert(!check("container.list", query, QUERY_UNKNOWN_FORWARDED, &result, &error));
        ck_assert_str_eq(error.reason, "query-too-many");
        ck_assert(check("container.create", query, QUERY_UNKNOWN_ECHO, &result, &error));
}
END_TEST

typedef struct Note {
        const char *endpoint, *query;
        bool is_judged, is_session, is_unknown;
} Note;

START_TEST(tells_the_policy_which_keys_it_must_judge) {
        static const Note rows[] = {
                { "image.pull", "fromImage=a", true, false, false },
                { "image.pull", "fromImage=", false, false, false },
                { "container.archive-read", "path=/", true, false, false },
                { "build.image", "t=a&q=1&labels={}&networkmode=default&version=1&remote=", false,
                  false, false },
                { "build.image", "cachefrom=[]&memory=0&ulimits=null&session=&outputs=", false,
                  false, false },
                { "build.image", "networkmode=host", true, false, false },
                { "build.image", "memory=1", true, false, false },
                { "build.image", "version=2", false, true, false },
                { "build.image", "session=abc", false, true, false },
                { "build.image", "remote=client-session", true, true, false },
                { "build.image", "remote=http://x", true, false, false },
                { "container.create", "Image=x", false, false, true },
                { "container.create", "name=x", false, false, false },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                HttpError error = { 0 };
                QueryResult r;

                ck_assert_msg(
                        check(rows[i].endpoint, rows[i].query, QUERY_UNKNOWN_ECHO, &r, &error),
                        "%s: %s", rows[i].query, error.reason);
                ck_assert_msg(r.has_judged_keys == rows[i].is_judged, "%s", rows[i].query);
                ck_assert_msg(r.has_session_keys == rows[i].is_session, "%s", rows[i].query);
                ck_assert_msg(r.has_unknown_keys == rows[i].is_unknown, "%s", rows[i].query);
        }
}
END_TEST

START_TEST(drops_an_empty_login_and_nothing_else) {
        HttpError error = { 0 };
        QueryResult r;

        ck_assert(check("image.pull", "authconfig=&fromImage=a&repo=", QUERY_UNKNOWN_REFUSED, &r,
                        &error));
        ck_assert(target.pairs[0].dropped && !target.pairs[1].dropped && !target.pairs[2].dropped);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("query");
        TCase *tc = tcase_create("query");
        SRunner *runner;
        int n_failed;

        tcase_add_test(tc, docker_keys_are_those_of_the_data);
        tcase_add_test(tc, keys_of_one_endpoint_differ_in_more_than_case);
        tcase_add_test(tc, zero_is_one_of_six_spellings);
        tcase_add_test(tc, ps_args_never_show_environments);
        tcase_add_test(tc, files_stay_below_where_they_start);
        tcase_add_test(tc, values_fit_the_rule_of_their_key);
        tcase_add_test(tc, keys_come_once_and_in_their_own_spelling);
        tcase_add_test(tc, bounds_the_number_of_unknown_keys);
        tcase_add_test(tc, tells_the_policy_which_keys_it_must_judge);
        tcase_add_test(tc, drops_an_empty_login_and_nothing_else);
        suite_add_tcase(suite, tc);

        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed > 0;
}
