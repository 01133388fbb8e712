/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judges a body that was collected whole: by the schema of its operation, and the echo (POLICY 2):
 * dockerode and testcontainers send their options in the query and in the body alike. What is an
 * echo is read, compared and not forwarded: neither the doubled query key nor the body of an
 * operation that has none. It trusts nothing of the body; what is not an echo to the letter is
 * refused.
 */
#include "policy/inspect.h"

#include "docker/body.h"
#include "policy/judge.h"
#include "util/macros.h"
#include "util/parse.h"

DEFINE_CLEANUP(Body *, body_free)

static const Decision inspect_allow = { .verdict = VERDICT_ALLOW };

static Decision inspect_reject(const char *reason, const char *text, Bytes subject) {
        return (Decision){
                .status = 400,
                .is_malformed = true,
                .reason = reason,
                .text = text,
                .subject = subject,
        };
}

static Decision inspect_reject_json(BodyError error) {
        Decision d = inspect_reject(body_error_reason(error), body_error_text(error), BYTES_NONE);

        if (error == BODY_NO_MEMORY) {
                d.status = 503;
                d.is_malformed = false;
                d.is_final = true;
        }

        return d;
}

static Decision inspect_reject_body(Bytes subject) {
        return inspect_reject("body-unexpected",
                              "a body of this operation may only repeat its query", subject);
}

static bool inspect_knows_key(const Endpoint *endpoint, Bytes key) {
        for (const QueryKey *k = endpoint->query; k && k->key; k++)
                if (bytes_eq_str(key, k->key))
                        return true;

        return false;
}

static bool inspect_is_blank(Bytes body) {
        for (size_t i = 0; i < body.len; i++)
                if (!memchr(" \t\r\n", body.data[i], 4))
                        return false;

        return true;
}

/* With a JSON body: each query key that the operation does not know has to be a member of it. */
static Decision inspect_echoed_keys(Request *req, const Body *b) {
        for (unsigned i = 0; i < req->target->n_pairs; i++) {
                QueryPair *pair = &req->target->pairs[i];

                if (pair->dropped || inspect_knows_key(req->endpoint, pair->key))
                        continue;

                if (!b || !body_has_member(b, pair->key))
                        return (Decision){
                                .reason = "query-key-unknown",
                                .text = "unknown query key",
                                .is_malformed = true,
                                .subject = pair->key,
                        };

                pair->dropped = true;
        }

        return inspect_allow;
}

const Schema *inspect_schema(const Policy *p, const Endpoint *endpoint) {
        static const struct {
                const char *name;
                const Schema *schema;
        } schemas[] = {
                { "container.create", &schema_container_create },
                { "container.update", &schema_container_update },
                { "exec.create", &schema_exec_create },
                { "exec.start", &schema_exec_start },
                { "network.create", &schema_network_create },
                { "network.connect", &schema_network_connect },
                { "network.disconnect", &schema_network_disconnect },
                { "volume.create", &schema_volume_create },
                { "volume.update", &schema_volume_update },
                { "service.create", &schema_service_create },
                { "service.update", &schema_service_create },
        };
        EndpointJudge judge = endpoint->judge;

        /* The two halves of an exec share a section. */
        if (judge == ENDPOINT_JUDGE_EXEC_SESSION)
                judge = ENDPOINT_JUDGE_EXEC_CREATE;
        if (judge == ENDPOINT_JUDGE_NONE || p->judges[judge].is_off)
                return NULL;

        for (size_t i = 0; i < ARRAY_SIZE(schemas); i++)
                if (bytes_eq_str(bytes_of(endpoint->name), schemas[i].name))
                        return schemas[i].schema;

        return NULL;
}

/* No value at all. Engines up to 26.1 read nothing as {} where a body is wanted, which would be a
 * volume or a network without a name; only a start without options asks for nothing. */
static Decision inspect_empty(const Schema *schema) {
        if (!schema || schema == &schema_exec_start)
                return inspect_allow;

        return inspect_reject("body-missing", "this operation needs a body", BYTES_NONE);
}

static Decision inspect_by_schema(const Policy *p, const Request *req, const PolicyFacts *facts,
                                  const Schema *schema, const Body *b) {
        Judge j = { .policy = p, .req = req, .facts = facts, .root = body_root(b) };

        return judge_body(&j, schema);
}

static Decision inspect_json(const Policy *p, Request *req, const PolicyFacts *facts, Bytes raw) {
        const Schema *schema = inspect_schema(p, req->endpoint);
        _cleanup_(body_freep) Body *b = NULL;
        BodyError error = body_parse(raw, &body_limits, &b);
        Decision d;

        if (error != BODY_OK && error != BODY_EMPTY)
                return inspect_reject_json(error);

        d = inspect_echoed_keys(req, b);
        if (d.verdict != VERDICT_ALLOW)
                return d;
        if (!b)
                return inspect_empty(schema);

        return schema ? inspect_by_schema(p, req, facts, schema, b) : inspect_allow;
}

/* Does the query's text say what the body's scalar says? The engine reads null as the empty text,
 * and so do the clients that write both. A fraction's own text is lost: no option is one. */
static bool inspect_is_text_of(Bytes text, const BodyValue *v) {
        char room[21];
        uint64_t n;
        size_t len = 0;

        switch (v->type) {
        case BODY_NULL:
                return text.len == 0;
        case BODY_BOOL:
                return bytes_eq_str(text, v->boolean ? "true" : "false");
        case BODY_INTEGER:
                n = v->integer < 0 ? -(uint64_t) v->integer : (uint64_t) v->integer;
                if (v->integer < 0)
                        room[len++] = '-';
                len += format_u64(room + len, n);
                return bytes_eq(text, (Bytes){ room, len });
        case BODY_STRING:
                return bytes_eq(text, v->string);
        case BODY_REAL:
        case BODY_ARRAY:
        case BODY_OBJECT:
                return false;
        }

        return false;
}

/* Every pair of that key says the same as the member, and there is one. ret_key: the query's own
 * spelling, which outlives the body. */
static bool inspect_is_echo(const Target *target, Bytes key, const BodyValue *v, Bytes *ret_key) {
        bool is_there = false;

        for (unsigned i = 0; i < target->n_pairs; i++) {
                if (!bytes_eq(target->pairs[i].key, key))
                        continue;

                *ret_key = target->pairs[i].key;
                is_there = true;
                if (!inspect_is_text_of(target->pairs[i].value, v))
                        return false;
        }

        return is_there;
}

/* Without a body of its own: an object of scalars that repeats the query. */
static Decision inspect_echo(Request *req, Bytes raw) {
        _cleanup_(body_freep) Body *b = NULL;
        BodyError error;
        BodyValue value;
        Bytes key;

        if (raw.len > req->echo_cap)
                return inspect_reject_body(BYTES_NONE);

        error = body_parse(raw, &body_limits, &b);
        if (error == BODY_NO_MEMORY)
                return inspect_reject_json(error);
        if (error != BODY_OK)
                return inspect_reject_body(BYTES_NONE);

        for (size_t i = 0; body_member_at(b, i, &key, &value); i++) {
                Bytes subject = BYTES_NONE;

                if (!inspect_is_echo(req->target, key, &value, &subject))
                        return inspect_reject_body(subject);
        }

        return inspect_allow;
}

/* container.start took a HostConfig here up to API 1.23: not even an echo passes. */
static Decision inspect_start(Bytes raw) {
        if (bytes_eq(raw, BYTES("{}")))
                return inspect_allow;

        return inspect_reject("body-unexpected",
                              "a body of container.start may only be an empty object", BYTES_NONE);
}

static Decision inspect_bodyless(Request *req, Bytes raw) {
        req->drops_body = true;

        if (inspect_is_blank(raw))
                return raw.len == 0 ? inspect_allow : inspect_reject_body(BYTES_NONE);
        if (bytes_eq_str(bytes_of(req->endpoint->name), "container.start"))
                return inspect_start(raw);

        return inspect_echo(req, raw);
}

Decision policy_inspect(const Policy *p, Request *req, const PolicyFacts *facts, Bytes body) {
        assert(p);
        assert(req && req->endpoint && req->target);
        assert(facts);
        (void) p, (void) facts; /* where asserts are off */

        switch (req->endpoint->body) {
        case ENDPOINT_BODY_NONE:
                return inspect_bodyless(req, body);
        case ENDPOINT_BODY_JSON:
                return inspect_json(p, req, facts, body);
        case ENDPOINT_BODY_TAR:
        case ENDPOINT_BODY_RAW:
                break;
        }

        return (Decision){ .reason = "body-not-judged", .text = "nothing judges this body" };
}
