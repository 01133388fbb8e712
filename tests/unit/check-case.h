/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the checks share: a body, the lines of the policy that judges it, and what is
 * said of it. */
#pragma once

#include "config-case.h"
#include "policy/judge.h"
#include "request-fixture.h"

typedef struct CheckCase {
        const char *ini;     /* lines of the section; "" for the defaults */
        const char *body;    /* the members of HostConfig, or of the body itself */
        const char *reason;  /* NULL: allowed */
        const char *pointer; /* of what is refused */
} CheckCase;

DEFINE_CLEANUP(Body *, body_free)
DEFINE_CLEANUP(Policy *, policy_unref)

static inline Decision check_judge_once(const char *line, const Schema *schema, const char *config,
                                        const char *json, const PolicyFacts *facts) {
        _cleanup_(policy_unrefp) Policy *p = case_policy(config);
        _cleanup_(body_freep) Body *b = NULL;
        static Judge judge;

        ck_assert_msg(body_parse(bytes_of(json), &body_limits, &b) == BODY_OK, "%s", json);
        judge = (Judge){
                .policy = p,
                .req = fixture_request(line),
                .facts = facts,
                .root = body_root(b),
        };
        return judge_body(&judge, schema);
}

/* The line of a hint is one that the configuration takes, and it allows what was refused. */
static inline void check_hint(const char *line, const Schema *schema, const char *config,
                              const char *json, const PolicyFacts *facts, const Decision *d) {
        char text[4096], reason[64], field[512];
        PolicyFacts again = *facts;
        JudgeNotes notes;
        Decision second;

        if (d->verdict != VERDICT_DENY || !d->hint || strstr(d->hint, " = ..."))
                return;

        (void) snprintf(text, sizeof(text), "%s\n%.*s\n%s\n", config, (int) strcspn(d->hint, " "),
                        d->hint, strchr(d->hint, ' ') + 1);
        (void) snprintf(reason, sizeof(reason), "%s", d->reason);
        (void) snprintf(field, sizeof(field), "%.*s", (int) d->field.len, d->field.data);
        again.notes = &notes;
        second = check_judge_once(line, schema, text, json, &again);
        ck_assert_msg(second.verdict != VERDICT_DENY || strcmp(second.reason, reason) != 0 ||
                              !bytes_eq_str(second.field, field),
                      "%s: still %s at %s with %s", json, reason, field, d->hint);
}

/* Judges a body as that of the request. The texts of the decision are in notes. */
static inline Decision check_judge(const char *line, const Schema *schema, const char *config,
                                   const char *json, const PolicyFacts *facts) {
        Decision d = check_judge_once(line, schema, config, json, facts);

        check_hint(line, schema, config, json, facts, &d);
        return d;
}

static inline void check_expect(const char *what, Decision d, const char *reason,
                                const char *pointer) {
        if (!reason) {
                ck_assert_msg(d.verdict == VERDICT_ALLOW, "%s: %s at %.*s", what, d.reason,
                              (int) d.field.len, d.field.data);
                return;
        }

        ck_assert_msg(d.verdict == VERDICT_DENY, "%s: allowed", what);
        ck_assert_msg(strcmp(d.reason, reason) == 0, "%s: %s at %.*s", what, d.reason,
                      (int) d.field.len, d.field.data);
        ck_assert_msg(bytes_eq_str(d.field, pointer), "%s: %s at %.*s", what, d.reason,
                      (int) d.field.len, d.field.data);
        ck_assert_msg(d.text && d.text[strlen(d.text) - 1] != '.', "%s: %s", what, d.text);
}
