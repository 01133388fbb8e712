/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy's life, and its verdict over a request whose head was read. It trusts what
 * docker/request made of the head and what config/config compiled, and it refuses everything that
 * no line allows: an operation without a grant, one whose body nobody judges, an object out of
 * scope, a query value that only a judge could allow.
 */
#include "policy/policy.h"

#include "policy/check-query.h"
#include "policy/inspect.h"
#include "policy/scope.h"
#include "util/macros.h"

#define POLICY_API_MIN 24

Policy *policy_new(void) {
        Policy *p = calloc(1, sizeof(*p));

        if (!p)
                return NULL;

        *p = (Policy){ .n_refs = 1, .api_min = POLICY_API_MIN, .limits = LIMITS_DEFAULT };
        p->grants = calloc(MAX(endpoint_count(), (size_t) 1), sizeof(*p->grants));
        if (!p->grants)
                return policy_unref(p);

        return p;
}

Policy *policy_ref(Policy *p) {
        assert(p && p->n_refs > 0);

        p->n_refs++;
        return p;
}

/* Bytes are read-only to everybody but their owner, which is us. */
static void policy_free_bytes(Bytes b) {
        union {
                const char *data;
                char *owned;
        } u = { .data = b.data };

        free(u.owned);
}

static void policy_free_words(Words *words) {
        for (size_t i = 0; i < words->n; i++)
                policy_free_bytes(words->items[i].text);

        free(words->items);
}

static void policy_free_list(Bytes *items, size_t n) {
        for (size_t i = 0; i < n; i++)
                policy_free_bytes(items[i]);

        free(items);
}

static void policy_free_strings(char **strings, size_t n) {
        for (size_t i = 0; i < n; i++)
                free(strings[i]);

        free(strings);
}

static void policy_free_peers(Policy *p) {
        free(p->uids);
        free(p->gids);
        free(p->addresses);
        policy_free_words(&p->units);
        policy_free_words(&p->containers);
        policy_free_list(p->hosts, p->n_hosts);
        policy_free_list(p->origins, p->n_origins);
}

static void policy_free_scope(Policy *p) {
        policy_free_words(&p->scope_containers);
        policy_free_words(&p->scope_networks);
        policy_free_words(&p->scope_volumes);
        policy_free_words(&p->scope_projects);
}

Policy *policy_unref(Policy *p) {
        if (!p)
                return NULL;

        assert(p->n_refs > 0);
        if (--p->n_refs > 0)
                return NULL;

        policy_free_peers(p);
        policy_free_scope(p);
        for (size_t i = 0; i < p->n_lists; i++)
                policy_free_words(&p->lists[i].words);
        free(p->lists);
        for (unsigned i = 0; i < _RULE_KEY_MAX; i++)
                policy_free_words(&p->rules[i]);

        policy_free_strings(p->files, p->n_files);
        policy_free_strings(p->warnings, p->n_warnings);
        free(p->grants);
        free(p->upstream);
        free(p->runtime_dir);
        free(p->name);
        free(p);
        return NULL;
}

static const Decision policy_allow = { .verdict = VERDICT_ALLOW };

Decision policy_decide_grant(const Policy *p, const Endpoint *endpoint) {
        const PolicyGrant *grant = &p->grants[endpoint_index(endpoint)];

        if (endpoint->level == ENDPOINT_LEVEL_NEVER)
                return (Decision){
                        .reason = "never-granted",
                        .text = "no policy can allow this operation",
                        .is_final = true,
                };
        if (grant->is_denied)
                return (Decision){
                        .reason = "denied-by-rule",
                        .text = "denied by a line of the policy",
                        .place = grant->denied_at,
                };
        if (!grant->is_allowed)
                return (Decision){
                        .reason = "not-granted",
                        .text = "not allowed by the policy",
                        .hint = endpoint->name,
                };

        return (Decision){ .verdict = VERDICT_ALLOW, .place = grant->allowed_at };
}

/* An exec id tells nothing about its container and its command, and events publish it before it is
 * started: only the peer that had it made here may start it. */
static Decision policy_decide_exec_session(const Policy *p, const Request *req,
                                           const PolicyFacts *facts) {
        if (p->foreign_ids || p->judges[ENDPOINT_JUDGE_EXEC_CREATE].is_off)
                return policy_allow;
        if (known_has_exec(facts->known, req->match.slot, facts->peer, facts->now_usec))
                return policy_allow;

        return (Decision){
                .reason = "exec-unknown",
                .text = "this exec was not created here",
                .is_final = true,
                .hint = "[exec.create] foreign-ids = yes",
        };
}

/* Judged by the query alone. */
static bool policy_judge_is_query(EndpointJudge judge) {
        return judge == ENDPOINT_JUDGE_IMAGE_PULL || judge == ENDPOINT_JUDGE_IMAGE_NAME ||
               judge == ENDPOINT_JUDGE_CONTAINER_ARCHIVE || judge == ENDPOINT_JUDGE_BUILD;
}

static Decision policy_decide_judge(const Policy *p, const Request *req, const PolicyFacts *facts) {
        EndpointJudge judge = req->endpoint->judge;
        Decision d = policy_allow;

        if (judge == ENDPOINT_JUDGE_EXEC_SESSION)
                return policy_decide_exec_session(p, req, facts);

        if (!p->judges[judge].is_off)
                d = policy_judge_query(p, req, facts);
        if (d.verdict != VERDICT_ALLOW || policy_judge_is_query(judge) ||
            inspect_schema(p, req->endpoint))
                return d;

        if (judge == ENDPOINT_JUDGE_NONE && req->has_judged_keys)
                return (Decision){
                        .reason = "query-not-judged",
                        .text = "its query can't be judged yet",
                        .subject = req->bad_pair ? req->bad_pair->key : BYTES_NONE,
                };

        if (judge != ENDPOINT_JUDGE_NONE && !p->judges[judge].is_off)
                return (Decision){
                        .reason = "not-judged",
                        .text = "nothing judges this operation",
                };

        return policy_allow;
}

static bool policy_grants(const Policy *p, const char *name) {
        for (size_t i = 0; i < endpoint_count(); i++)
                if (p->grants[i].is_allowed && !p->grants[i].is_denied &&
                    endpoint_at(i)->level != ENDPOINT_LEVEL_NEVER &&
                    strcmp(endpoint_at(i)->name, name) == 0)
                        return true;

        return false;
}

/* A session lets the engine call back into the client: its keys are worth that grant. */
static Decision policy_decide_session(const Policy *p, const Request *req) {
        if (!req->has_session_keys || policy_grants(p, "build.session"))
                return policy_allow;

        return (Decision){
                .reason = "query-session",
                .text = "its query wants a build session, which the policy does not allow",
                .hint = "build.session",
        };
}

Decision policy_decide(const Policy *p, const Request *req, const PolicyFacts *facts) {
        Decision granted, d;

        assert(p);
        assert(req);
        assert(facts && facts->peer);

        if (!req->endpoint)
                return (Decision){ .reason = "unknown-endpoint", .text = "no such operation" };

        granted = policy_decide_grant(p, req->endpoint);
        if (granted.verdict != VERDICT_ALLOW)
                return granted;

        d = scope_decide(p, req, facts);
        if (d.verdict == VERDICT_ALLOW)
                d = policy_decide_judge(p, req, facts);
        if (d.verdict == VERDICT_ALLOW)
                d = policy_decide_session(p, req);
        if (d.verdict != VERDICT_ALLOW)
                return d;

        if (req->body == REQUEST_BODY_COLLECT || inspect_schema(p, req->endpoint))
                granted.verdict = VERDICT_INSPECT;
        return granted;
}
