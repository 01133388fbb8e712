/* SPDX-License-Identifier: Apache-2.0 */
/* A request as the policy gets it, made of "POST /containers/web/start" and the like; and a policy
 * to judge it by, filled by hand. Held by one static: one test at a time. */
#pragma once

#include "docker/request.h"
#include "http/lint.h"
#include "policy/policy.h"
#include "util/macros.h"

#include <check.h>
#include <stdio.h>

typedef struct Fixture {
        HttpHead head;
        Target target;
        Request request;
        HttpError error;
        char raw[16384];
} Fixture;

static Fixture fixture;

/* Builds it with these header lines ("Content-Length: 2\r\n"); the result of request_build(). */
static inline bool fixture_build(const char *line, const char *headers) {
        const RequestRules rules = { .target = { .api_min = 24, .is_podman = true } };
        int n = snprintf(fixture.raw, sizeof(fixture.raw), "%s HTTP/1.1\r\nHost: docker\r\n%s\r\n",
                         line, headers);

        ck_assert(n > 0 && (size_t) n < sizeof(fixture.raw));
        fixture.error = (HttpError){ 0 };
        if (!http_lint_request((Bytes){ fixture.raw, (size_t) n }, &http_request_limits,
                               &fixture.head, &fixture.error))
                return false;

        return request_build(&fixture.request, &fixture.head, &fixture.target, &rules,
                             &fixture.error);
}

/* The same, where anything but a well formed request is a mistake of the test. A body that the
 * operation takes is announced. */
static inline Request *fixture_request(const char *line) {
        bool is_good = fixture_build(line, "");

        if (!is_good)
                is_good = fixture_build(line,
                                        "Content-Type: application/json\r\nContent-Length: 2\r\n");
        ck_assert_msg(is_good, "%s: %s", line, fixture.error.reason);
        return &fixture.request;
}

static inline Policy *fixture_policy(void) {
        Policy *p = policy_new();

        ck_assert_ptr_nonnull(p);
        return p;
}

/* Allows (or denies) every row of that operation; "*" is all of them. */
static inline void fixture_grant(Policy *p, const char *name, bool denies) {
        bool is_known = false;

        for (size_t i = 0; i < endpoint_count(); i++) {
                if (strcmp(name, "*") != 0 && strcmp(endpoint_at(i)->name, name) != 0)
                        continue;

                is_known = true;
                if (denies) {
                        p->grants[i].is_denied = true;
                        p->grants[i].denied_at = (Place){ "deny.conf", 7 };
                } else {
                        p->grants[i].is_allowed = true;
                        p->grants[i].allowed_at = (Place){ "allow.conf", 3 };
                }
        }

        ck_assert_msg(is_known, "%s", name);
}

static inline void fixture_judges_off(Policy *p) {
        for (size_t i = 0; i < _ENDPOINT_JUDGE_MAX; i++)
                p->judges[i].is_off = true;
}

/* A list of one key: "web-* db", owned by the policy. */
static inline void fixture_words(Words *words, const char *text) {
        Bytes rest = bytes_of(text), word;

        while (bytes_split(&rest, ' ', &word)) {
                words->items = reallocarray(words->items, words->n + 1, sizeof(*words->items));
                ck_assert_ptr_nonnull(words->items);
                words->items[words->n++] = (Word){
                        .text = { bytes_dup(word), word.len },
                        .place = { "scope.conf", 5 },
                };
        }
}

static inline int fixture_run(Suite *suite) {
        SRunner *runner = srunner_create(suite);
        int n_failed;

        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed > 0;
}
