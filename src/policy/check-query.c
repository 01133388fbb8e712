/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judging query values. It trusts that docker/query took each key once, in its own spelling, and
 * decoded it once, as the engine does. It refuses
 *   - a path of a container's files that is not lexically below an allowed one;
 *   - what a build may not have, and JSON in a query that two readers could read in two ways.
 */
#include "policy/check-query.h"

#include "docker/body.h"
#include "docker/query.h"
#include "policy/check-query-parts.h"
#include "policy/grammar.h"
#include "util/glob.h"

#include <stdio.h>

#define QUERY_HINT_MAX 128 /* a longer value is no word of a line of 190 bytes */

DEFINE_CLEANUP(Body *, body_free)

const Decision query_allow = { .verdict = VERDICT_ALLOW };

/* Can the value stand in the configuration as it is? */
static bool query_is_plain_word(Bytes value) {
        if (value.len == 0 || value.len > QUERY_HINT_MAX)
                return false;
        for (size_t i = 0; i < value.len; i++) {
                char c = value.data[i];

                if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
                    !memchr("._:@/-", c, 6))
                        return false;
        }

        return true;
}

static Bytes query_field(const PolicyFacts *facts, Bytes key) {
        int n;

        if (!facts->notes || key.len == 0)
                return key;

        n = snprintf(facts->notes->field, sizeof(facts->notes->field), "?%.*s",
                     (int) MIN(key.len, (size_t) QUERY_HINT_MAX), key.data);
        return (Bytes){ facts->notes->field, (size_t) MAX(n, 0) };
}

static const char *query_hint(const PolicyFacts *facts, RuleKey rule, Bytes word) {
        if (!facts->notes || rule == RULE_NONE)
                return NULL;

        if (!query_is_plain_word(word))
                word = BYTES_NONE;
        (void) snprintf(facts->notes->hint, sizeof(facts->notes->hint), "[%s] %s = %.*s",
                        rule_section(rule), rule_name(rule), (int) word.len,
                        word.len > 0 ? word.data : "");
        return facts->notes->hint;
}

Decision query_deny(const PolicyFacts *facts, Bytes key, RuleKey rule, const char *reason,
                    const char *text, Bytes value, Bytes word) {
        return (Decision){
                .reason = reason,
                .text = text,
                .subject = value,
                .field = query_field(facts, key),
                .hint = query_hint(facts, rule, word),
        };
}

static Decision query_reject(const PolicyFacts *facts, Bytes key, const char *reason,
                             const char *text) {
        return (Decision){
                .status = 400,
                .is_malformed = true,
                .reason = reason,
                .text = text,
                .field = query_field(facts, key),
        };
}

/* docker cp ends a directory's path with "/" or "/." to speak of what is in it. */
static Bytes archive_path(Bytes path) {
        if (path.len > 2 && bytes_ends_with(path, BYTES("/.")))
                path.len -= 2;
        else if (path.len > 1 && bytes_ends_with(path, BYTES("/")))
                path.len -= 1;
        return path;
}

static Decision query_judge_archive(const Policy *p, const Request *req, const PolicyFacts *facts) {
        const QueryPair *pair = target_find_pair(req->target, "path");
        const Words *words = &p->rules[RULE_ARCHIVE_PATHS];
        const Bytes key = BYTES("path");
        Bytes path;

        if (!pair || pair->value.len == 0)
                return query_deny(facts, key, RULE_NONE, "path-missing", "the query names no path",
                                  BYTES_NONE, BYTES_NONE);

        path = archive_path(pair->value);
        if (!grammar_is_plain_path(path))
                return query_deny(facts, key, RULE_NONE, "path-grammar",
                                  "no absolute path without empty, . and .. segments:", pair->value,
                                  BYTES_NONE);

        for (size_t i = 0; i < words->n; i++)
                if (grammar_root_covers(&(BindRoot){ .path = words->items[i].text }, path))
                        return query_allow;

        return query_deny(facts, key, RULE_ARCHIVE_PATHS, "path-not-allowed",
                          "the path is not below an allowed one:", pair->value, path);
}

/* "host" and the like are no networks: no glob stands for them. */
static bool network_mode_is_special(Bytes mode) {
        static const char *const special[] = { "host", "none", "default" };

        for (size_t i = 0; i < ARRAY_SIZE(special); i++)
                if (bytes_eq_str(mode, special[i]))
                        return true;

        return bytes_find(mode, ':') < mode.len;
}

static Decision build_judge_network(const Policy *p, const QueryPair *pair,
                                    const PolicyFacts *facts) {
        const Words *words = &p->rules[RULE_BUILD_NETWORK_MODES];
        bool is_special = network_mode_is_special(pair->value);

        if (pair->value.len == 0 || bytes_eq_str(pair->value, "default"))
                return query_allow;
        for (size_t i = 0; i < words->n; i++)
                if (bytes_eq(words->items[i].text, pair->value) ||
                    (!is_special && grammar_is_name(pair->value) &&
                     glob_match(words->items[i].text, pair->value)))
                        return query_allow;

        return query_deny(facts, pair->key, RULE_BUILD_NETWORK_MODES, "network-mode-not-allowed",
                          "a build may not use the network", pair->value, pair->value);
}

/* client-session is a session: build.session is asked for elsewhere. */
static Decision build_judge_remote(const Policy *p, const QueryPair *pair,
                                   const PolicyFacts *facts) {
        const Words *words = &p->rules[RULE_BUILD_REMOTE];

        if (pair->value.len == 0 || bytes_eq_str(pair->value, "client-session") ||
            (words->n == 1 && bytes_eq_str(words->items[0].text, "yes")))
                return query_allow;

        return query_deny(facts, pair->key, RULE_BUILD_REMOTE, "remote-not-allowed",
                          "the engine may not fetch a build's context", BYTES_NONE, BYTES("yes"));
}

/* Of numbers, flags and lists, 0, false and [] say nothing. Of a name they would be one: 0 is a
 * set of processors, too. */
static bool build_value_is_zero(const QueryPair *pair) {
        static const char *const named[] = {
                "cgroupparent", "cpusetcpus",  "cpusetmems", "target",  "platform",
                "isolation",    "securityopt", "extrahosts", "buildid",
        };

        for (size_t i = 0; i < ARRAY_SIZE(named); i++)
                if (bytes_eq_str(pair->key, named[i]))
                        return pair->value.len == 0;

        return query_value_is_zero(pair->value);
}

static Decision build_judge_key(const Policy *p, const QueryPair *pair, const PolicyFacts *facts) {
        const Words *words = &p->rules[RULE_BUILD_KEYS];

        if (build_value_is_zero(pair))
                return query_allow;
        for (size_t i = 0; i < words->n; i++)
                if (bytes_eq(words->items[i].text, pair->key))
                        return query_allow;

        return query_deny(facts, pair->key, RULE_BUILD_KEYS, "build-key-not-allowed",
                          "a build may not say", pair->value, pair->key);
}

/* What JSON a key's value must be. */
typedef enum QueryJson {
        QUERY_JSON_STRINGS = 0, /* list of strings */
        QUERY_JSON_ULIMITS,     /* list of {Name, Soft, Hard} */
        QUERY_JSON_MAP,         /* map of strings, null too */
        QUERY_JSON_FILTERS,     /* map of lists of strings, or of maps of booleans */
} QueryJson;

static bool json_is_strings(const BodyValue *v) {
        if (v->type != BODY_ARRAY)
                return false;
        for (size_t i = 0; i < body_size(v); i++)
                if (body_element(v, i).type != BODY_STRING)
                        return false;

        return true;
}

static bool json_is_map(const BodyValue *v, bool of_booleans) {
        void *position = NULL;
        BodyValue member;
        Bytes key;

        if (v->type != BODY_OBJECT)
                return false;
        while (body_next(v, &position, &key, &member))
                if (of_booleans ? member.type != BODY_BOOL
                                : member.type != BODY_STRING && member.type != BODY_NULL)
                        return false;

        return true;
}

static bool json_is_ulimits(const BodyValue *v) {
        if (v->type != BODY_ARRAY)
                return false;

        for (size_t i = 0; i < body_size(v); i++) {
                BodyValue limit = body_element(v, i), member;
                void *position = NULL;
                Bytes key;

                if (limit.type != BODY_OBJECT)
                        return false;
                while (body_next(&limit, &position, &key, &member)) {
                        bool is_name = bytes_eq_str(key, "Name");

                        if (!is_name && !bytes_eq_str(key, "Soft") && !bytes_eq_str(key, "Hard"))
                                return false;
                        if (member.type != (is_name ? BODY_STRING : BODY_INTEGER))
                                return false;
                }
        }

        return true;
}

static bool json_is_filters(const BodyValue *v) {
        void *position = NULL;
        BodyValue member;
        Bytes key;

        if (v->type != BODY_OBJECT)
                return false;
        while (body_next(v, &position, &key, &member))
                if (!json_is_strings(&member) && !json_is_map(&member, true))
                        return false;

        return true;
}

static bool json_fits(QueryJson kind, const BodyValue *v) {
        if (v->type == BODY_NULL)
                return true;

        switch (kind) {
        case QUERY_JSON_STRINGS:
                return json_is_strings(v);
        case QUERY_JSON_ULIMITS:
                return json_is_ulimits(v);
        case QUERY_JSON_MAP:
                return json_is_map(v, false);
        case QUERY_JSON_FILTERS:
                return json_is_filters(v);
        }

        return false;
}

/* The parser takes objects alone: the value becomes the only member of one. Whoever closes that
 * object in the value and goes on makes a second member, or no JSON. */
static Decision query_judge_json(const QueryPair *pair, QueryJson kind, const PolicyFacts *facts) {
        static const Bytes head = BYTES("{\"\":"), tail = BYTES("}");
        _cleanup_(body_freep) Body *body = NULL;
        _cleanup_free_ char *text = NULL;
        size_t len = head.len + pair->value.len + tail.len;
        BodyValue root, value;
        BodyError error;

        if (pair->value.len == 0)
                return query_allow;

        text = malloc(len);
        if (!text)
                return (Decision){ .status = 503,
                                   .is_final = true,
                                   .reason = "no-memory",
                                   .text = "out of memory" };
        memcpy(text, head.data, head.len);
        memcpy(text + head.len, pair->value.data, pair->value.len);
        memcpy(text + head.len + pair->value.len, tail.data, tail.len);

        error = body_parse((Bytes){ text, len }, &body_limits, &body);
        if (error == BODY_NO_MEMORY)
                return (Decision){ .status = 503,
                                   .is_final = true,
                                   .reason = "no-memory",
                                   .text = "out of memory" };
        if (error != BODY_OK)
                return query_reject(facts, pair->key, "query-json",
                                    "the value is no JSON that all read alike");

        root = body_root(body);
        if (body_size(&root) != 1 || !body_find(&root, "", &value) || !json_fits(kind, &value))
                return query_reject(facts, pair->key, "query-json",
                                    "the value is no JSON of the kind that its key takes");
        return query_allow;
}

static Decision build_judge_json(const QueryPair *pair, const PolicyFacts *facts) {
        static const struct {
                const char *key;
                QueryJson kind;
        } keys[] = {
                { "labels", QUERY_JSON_MAP },
                { "buildargs", QUERY_JSON_MAP },
                { "cachefrom", QUERY_JSON_STRINGS },
                { "ulimits", QUERY_JSON_ULIMITS },
        };

        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                if (bytes_eq_str(pair->key, keys[i].key))
                        return query_judge_json(pair, keys[i].kind, facts);

        return query_allow;
}

static bool query_is_judged(const Endpoint *endpoint, Bytes key) {
        for (const QueryKey *k = endpoint->query; k && k->key; k++)
                if (bytes_eq_str(key, k->key))
                        return k->rule == QUERY_JUDGED;

        return false;
}

static Decision build_judge_pair(const Policy *p, const Request *req, const QueryPair *pair,
                                 const PolicyFacts *facts) {
        if (bytes_eq_str(pair->key, "networkmode"))
                return build_judge_network(p, pair, facts);
        if (bytes_eq_str(pair->key, "remote"))
                return build_judge_remote(p, pair, facts);
        if (query_is_judged(req->endpoint, pair->key))
                return build_judge_key(p, pair, facts);

        return query_allow;
}

static Decision query_judge_build(const Policy *p, const Request *req, const PolicyFacts *facts) {
        Decision d = query_allow;

        for (unsigned i = 0; i < req->target->n_pairs && d.verdict == VERDICT_ALLOW; i++) {
                d = build_judge_pair(p, req, &req->target->pairs[i], facts);
                if (d.verdict == VERDICT_ALLOW)
                        d = build_judge_json(&req->target->pairs[i], facts);
        }

        return d;
}

/* Filters bound what a prune removes: dockerd takes the last of two equal keys, others the first.
 */
static Decision query_judge_filters(const Request *req, const PolicyFacts *facts) {
        const QueryPair *pair = target_find_pair(req->target, "filters");

        if (!pair || req->endpoint->is_libpod || req->endpoint->level == ENDPOINT_LEVEL_READ)
                return query_allow;
        return query_judge_json(pair, QUERY_JSON_FILTERS, facts);
}

Decision policy_judge_query(const Policy *p, const Request *req, const PolicyFacts *facts) {
        assert(p);
        assert(req && req->endpoint && req->target);
        assert(facts);

        switch (req->endpoint->judge) {
        case ENDPOINT_JUDGE_IMAGE_PULL:
                return query_judge_image_pull(p, req, facts);
        case ENDPOINT_JUDGE_IMAGE_NAME:
                return query_judge_image_name(p, req, facts);
        case ENDPOINT_JUDGE_CONTAINER_ARCHIVE:
                return query_judge_archive(p, req, facts);
        case ENDPOINT_JUDGE_BUILD:
                return query_judge_build(p, req, facts);
        case ENDPOINT_JUDGE_NONE:
                return query_judge_filters(req, facts);
        case ENDPOINT_JUDGE_CONTAINER_CREATE:
        case ENDPOINT_JUDGE_CONTAINER_UPDATE:
        case ENDPOINT_JUDGE_EXEC_CREATE:
        case ENDPOINT_JUDGE_EXEC_SESSION:
        case ENDPOINT_JUDGE_VOLUME_CREATE:
        case ENDPOINT_JUDGE_NETWORK_CREATE:
        case ENDPOINT_JUDGE_NETWORK_CONNECT:
        case ENDPOINT_JUDGE_SERVICE_CREATE:
        case _ENDPOINT_JUDGE_MAX:
                break;
        }

        return query_allow;
}
