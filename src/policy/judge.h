/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One judgement of one body (or query): the walker, what checks call, and what they found out on
 * the way. A judgement cannot fail: what it can't decide is denied.
 */
#pragma once

#include "policy/policy.h"
#include "policy/schema.h"

#define JUDGE_POINTER_MAX 512
#define JUDGE_TARGETS_MAX 256 /* mount targets of one body; more are denied */

struct Judge {
        const Policy *policy;
        const Request *req;
        const PolicyFacts *facts;
        BodyValue root;
        char pointer[JUDGE_POINTER_MAX]; /* of the value at hand: "/HostConfig/Binds/0" */
        size_t pointer_len;
        Decision decision; /* deny once judge_deny() was called */
        bool is_denied;

        /* container.create: where something is mounted, for the row of Volumes */
        Bytes targets[JUDGE_TARGETS_MAX];
        size_t n_targets;
};

/*
 * Walks a body by a schema: spelling, duplicates after Go's folding, types, harmless sets, checks.
 * A body that breaks the grammar (key-spelling, json-type, duplicate) is a reject 400, one that
 * asks too much a deny 403. Returns j->decision: ALLOW when nothing was said against it.
 */
Decision judge_body(Judge *j, const Schema *schema);

/* Refuses the value at hand: reason a fixed word, text a static sentence, value what is shown (may
 * be empty: never Env, Labels, auth). The hint names key and the value when the value can be a word
 * of that key. Always returns false. */
bool judge_deny(Judge *j, RuleKey key, const char *reason, const char *text, Bytes value);

/* The same when another word than value would allow it: "network" for the value "host". */
bool judge_deny_word(Judge *j, RuleKey key, const char *word, const char *reason, const char *text,
                     Bytes value);

/* Shows that value in place of the one that was just refused; the hint stays. For names that the
 * engine told us and not the client. */
void judge_show(Judge *j, Bytes value);

/* The same for what is malformed: 400. */
bool judge_reject(Judge *j, const char *reason, const char *text);

/* Steps into a member or element while it is judged; pop with the length that push returned. */
size_t judge_push(Judge *j, Bytes name);
size_t judge_push_index(Judge *j, size_t index);
void judge_pop(Judge *j, size_t len);

/* Rules of the policy. */
const Words *judge_words(const Judge *j, RuleKey key);
bool judge_is_yes(const Judge *j, RuleKey key);                     /* a boolean key */
bool judge_has_word(const Judge *j, RuleKey key, const char *word); /* exact */
bool judge_matches(const Judge *j, RuleKey key, Bytes text,
                   Place *ret_place); /* some glob matches */
