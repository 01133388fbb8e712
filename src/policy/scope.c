/* SPDX-License-Identifier: Apache-2.0 */
/*
 * [scope]: a request may address only objects whose names match. What this trusts: the path's slot
 * and the query as docker/request read them. What it refuses:
 *   - a name that no glob of its kind matches, and a name that is missing where the engine would
 *     make one up;
 *   - hex digits alone, which the engine reads as an id: an id says nothing about a name;
 *   - operations that take what they address from elsewhere: an exec id, a pod, everything there
 * is;
 *   - bodies that name objects, since nothing reads them yet.
 * Lists and events show what lies outside; they change nothing and stay as they are.
 */
#include "policy/scope.h"

#include "util/glob.h"
#include "util/macros.h"

/* Kinds of objects, as bits. */
#define SCOPE_CONTAINERS 1U
#define SCOPE_NETWORKS   2U
#define SCOPE_VOLUMES    4U
#define SCOPE_ALL        (SCOPE_CONTAINERS | SCOPE_NETWORKS | SCOPE_VOLUMES)

typedef enum ScopeWay {
        SCOPE_WAY_NAME = 0,     /* a query key names one; it must be there */
        SCOPE_WAY_NETWORK_MODE, /* a query key may name one */
        SCOPE_WAY_UNBOUNDED,    /* many or unknown ones, unless the path names one */
        SCOPE_WAY_UNJUDGED,     /* the body names them */
} ScopeWay;

typedef struct ScopeRule {
        const char *endpoint; /* name; a last * stands for any end */
        unsigned kinds;
        ScopeWay way;
        const char *key;
} ScopeRule;

/* Beside the slots: where else an operation's objects are named. All rows that match count. */
static const ScopeRule scope_rules[] = {
        { "container.create", SCOPE_CONTAINERS, SCOPE_WAY_NAME, "name" },
        { "container.create", SCOPE_NETWORKS | SCOPE_VOLUMES, SCOPE_WAY_UNJUDGED, NULL },
        { "container.rename", SCOPE_CONTAINERS, SCOPE_WAY_NAME, "name" },
        { "container.commit", SCOPE_CONTAINERS, SCOPE_WAY_NAME, "container" },
        { "container.prune", SCOPE_CONTAINERS, SCOPE_WAY_UNBOUNDED, NULL },
        { "exec.*", SCOPE_CONTAINERS, SCOPE_WAY_UNBOUNDED, NULL },
        { "network.create", SCOPE_NETWORKS, SCOPE_WAY_UNJUDGED, NULL },
        { "network.connect", SCOPE_CONTAINERS | SCOPE_NETWORKS, SCOPE_WAY_UNJUDGED, NULL },
        { "network.disconnect", SCOPE_CONTAINERS | SCOPE_NETWORKS, SCOPE_WAY_UNJUDGED, NULL },
        { "network.prune", SCOPE_NETWORKS, SCOPE_WAY_UNBOUNDED, NULL },
        { "volume.create", SCOPE_VOLUMES, SCOPE_WAY_UNJUDGED, NULL },
        { "volume.prune", SCOPE_VOLUMES, SCOPE_WAY_UNBOUNDED, NULL },
        { "build.image", SCOPE_CONTAINERS | SCOPE_NETWORKS, SCOPE_WAY_NETWORK_MODE, "networkmode" },
        { "service.create", SCOPE_ALL, SCOPE_WAY_UNJUDGED, NULL },
        { "service.update", SCOPE_ALL, SCOPE_WAY_UNJUDGED, NULL },

        { "libpod.build.image", SCOPE_ALL, SCOPE_WAY_UNJUDGED, NULL },
        { "libpod.container.create", SCOPE_ALL, SCOPE_WAY_UNJUDGED, NULL },
        { "libpod.container.restore", SCOPE_ALL, SCOPE_WAY_UNJUDGED, NULL },
        { "libpod.container.rename", SCOPE_CONTAINERS, SCOPE_WAY_NAME, "name" },
        { "libpod.container.commit", SCOPE_CONTAINERS, SCOPE_WAY_NAME, "container" },
        { "libpod.container.prune", SCOPE_CONTAINERS, SCOPE_WAY_UNBOUNDED, NULL },
        { "libpod.container.stats", SCOPE_CONTAINERS, SCOPE_WAY_UNBOUNDED, NULL },
        { "libpod.exec.*", SCOPE_CONTAINERS, SCOPE_WAY_UNBOUNDED, NULL },
        { "libpod.generate.*", SCOPE_CONTAINERS, SCOPE_WAY_UNBOUNDED, NULL },
        { "libpod.kube.*", SCOPE_ALL, SCOPE_WAY_UNBOUNDED, NULL },
        { "libpod.network.create", SCOPE_NETWORKS, SCOPE_WAY_UNJUDGED, NULL },
        { "libpod.network.connect", SCOPE_CONTAINERS | SCOPE_NETWORKS, SCOPE_WAY_UNJUDGED, NULL },
        { "libpod.network.disconnect", SCOPE_CONTAINERS | SCOPE_NETWORKS, SCOPE_WAY_UNJUDGED,
          NULL },
        { "libpod.network.prune", SCOPE_NETWORKS, SCOPE_WAY_UNBOUNDED, NULL },
        { "libpod.pod.create", SCOPE_ALL, SCOPE_WAY_UNJUDGED, NULL },
        { "libpod.pod.inspect", SCOPE_CONTAINERS, SCOPE_WAY_UNBOUNDED, NULL },
        { "libpod.pod.kill", SCOPE_CONTAINERS, SCOPE_WAY_UNBOUNDED, NULL },
        { "libpod.pod.pause", SCOPE_CONTAINERS, SCOPE_WAY_UNBOUNDED, NULL },
        { "libpod.pod.prune", SCOPE_CONTAINERS, SCOPE_WAY_UNBOUNDED, NULL },
        { "libpod.pod.remove", SCOPE_CONTAINERS, SCOPE_WAY_UNBOUNDED, NULL },
        { "libpod.pod.restart", SCOPE_CONTAINERS, SCOPE_WAY_UNBOUNDED, NULL },
        { "libpod.pod.start", SCOPE_CONTAINERS, SCOPE_WAY_UNBOUNDED, NULL },
        { "libpod.pod.stats", SCOPE_CONTAINERS, SCOPE_WAY_UNBOUNDED, NULL },
        { "libpod.pod.stop", SCOPE_CONTAINERS, SCOPE_WAY_UNBOUNDED, NULL },
        { "libpod.pod.top", SCOPE_CONTAINERS, SCOPE_WAY_UNBOUNDED, NULL },
        { "libpod.pod.unpause", SCOPE_CONTAINERS, SCOPE_WAY_UNBOUNDED, NULL },
        { "libpod.system.check", SCOPE_ALL, SCOPE_WAY_UNBOUNDED, NULL },
        { "libpod.system.prune", SCOPE_ALL, SCOPE_WAY_UNBOUNDED, NULL },
        { "libpod.volume.create", SCOPE_VOLUMES, SCOPE_WAY_UNJUDGED, NULL },
        { "libpod.volume.prune", SCOPE_VOLUMES, SCOPE_WAY_UNBOUNDED, NULL },
};

static const Decision scope_allow = { .verdict = VERDICT_ALLOW };

static Place scope_place(const Words *words) {
        return words && words->n > 0 ? words->items[0].place : (Place){ 0 };
}

static Decision scope_deny(const char *reason, const char *text, Bytes subject, Place place) {
        return (Decision){ .reason = reason, .text = text, .subject = subject, .place = place };
}

/* The kinds that [scope] speaks of. With projects all of them are. */
static unsigned scope_kinds(const Policy *p) {
        unsigned kinds = p->has_scope_projects ? SCOPE_ALL : 0;

        if (p->has_scope_containers)
                kinds |= SCOPE_CONTAINERS;
        if (p->has_scope_networks)
                kinds |= SCOPE_NETWORKS;
        if (p->has_scope_volumes)
                kinds |= SCOPE_VOLUMES;

        return kinds;
}

static const Words *scope_words(const Policy *p, unsigned kind) {
        switch (kind) {
        case SCOPE_CONTAINERS:
                return &p->scope_containers;
        case SCOPE_NETWORKS:
                return &p->scope_networks;
        case SCOPE_VOLUMES:
                return &p->scope_volumes;
        default:
                return NULL;
        }
}

static const char *scope_text(unsigned kind) {
        switch (kind) {
        case SCOPE_CONTAINERS:
                return "not one of [scope] containers:";
        case SCOPE_NETWORKS:
                return "not one of [scope] networks:";
        default:
                return "not one of [scope] volumes:";
        }
}

static unsigned scope_kind_of_slot(EndpointSlot slot) {
        switch (slot) {
        case ENDPOINT_SLOT_CONTAINER:
                return SCOPE_CONTAINERS;
        case ENDPOINT_SLOT_NETWORK:
                return SCOPE_NETWORKS;
        case ENDPOINT_SLOT_VOLUME:
                return SCOPE_VOLUMES;
        case ENDPOINT_SLOT_NONE:
        case ENDPOINT_SLOT_IMAGE:
        case ENDPOINT_SLOT_EXEC:
        case ENDPOINT_SLOT_OTHER:
                return 0;
        }

        return 0;
}

/* One name of one kind. The engine ignores one leading slash of a name in a query. */
static Decision scope_decide_name(const Policy *p, unsigned kind, Bytes name) {
        const Words *words = scope_words(p, kind);

        if (p->has_scope_projects)
                return scope_deny("scope-projects-not-yet",
                                  "[scope] projects can't be judged yet, so this is refused:", name,
                                  scope_place(&p->scope_projects));
        if (endpoint_could_be_hex_id(name))
                return scope_deny("scope-id", "could be an id, which [scope] can't judge:", name,
                                  scope_place(words));

        for (size_t i = 0; i < words->n; i++)
                if (glob_match(words->items[i].text, name))
                        return scope_allow;

        return scope_deny("scope", scope_text(kind), name, scope_place(words));
}

static Decision scope_decide_query_name(const Policy *p, const Request *req,
                                        const ScopeRule *rule) {
        const QueryPair *pair = target_find_pair(req->target, rule->key);
        Bytes name = pair ? pair->value : BYTES_NONE;

        if (bytes_starts_with(name, BYTES("/")))
                name = bytes_skip(name, 1);
        if (name.len == 0)
                return scope_deny("scope-name-missing",
                                  "under [scope] the query has to name the container", BYTES_NONE,
                                  scope_place(scope_words(p, rule->kinds)));

        return scope_decide_name(p, rule->kinds, name);
}

/* Anything but the words that name no object: container:NAME, a network. */
static bool scope_is_network_mode_named(const Request *req, const char *key) {
        static const char *const harmless[] = { "", "default", "none", "bridge", "host" };
        const QueryPair *pair = target_find_pair(req->target, key);

        for (size_t i = 0; pair && i < ARRAY_SIZE(harmless); i++)
                if (bytes_eq_str(pair->value, harmless[i]))
                        return false;

        return pair != NULL;
}

static Decision scope_deny_unjudged(void) {
        return scope_deny("scope-not-judged",
                          "what its body names can't be judged yet, and [scope] is set", BYTES_NONE,
                          (Place){ 0 });
}

static Decision scope_decide_rule(const Policy *p, const Request *req, const ScopeRule *rule) {
        switch (rule->way) {
        case SCOPE_WAY_NAME:
                return scope_decide_query_name(p, req, rule);
        case SCOPE_WAY_NETWORK_MODE:
                return scope_is_network_mode_named(req, rule->key) ? scope_deny_unjudged()
                                                                   : scope_allow;
        case SCOPE_WAY_UNBOUNDED:
                if (scope_kind_of_slot(req->match.slot_kind) != 0)
                        return scope_allow;
                return scope_deny("scope-unbounded",
                                  "it addresses objects that [scope] can't bound", BYTES_NONE,
                                  (Place){ 0 });
        case SCOPE_WAY_UNJUDGED:
                return scope_deny_unjudged();
        }

        return scope_deny_unjudged();
}

static bool scope_rule_is_for(const ScopeRule *rule, const Endpoint *endpoint) {
        return glob_match(bytes_of(rule->endpoint), bytes_of(endpoint->name));
}

Decision scope_decide(const Policy *p, const Request *req) {
        unsigned kinds, slot;

        assert(p);
        assert(req && req->endpoint);

        kinds = scope_kinds(p);
        if (kinds == 0)
                return scope_allow;

        slot = scope_kind_of_slot(req->match.slot_kind);
        if (slot & kinds) {
                Decision d = scope_decide_name(p, slot, req->match.slot);

                if (d.verdict != VERDICT_ALLOW)
                        return d;
        }

        for (size_t i = 0; i < ARRAY_SIZE(scope_rules); i++) {
                Decision d;

                if (!(scope_rules[i].kinds & kinds) ||
                    !scope_rule_is_for(&scope_rules[i], req->endpoint))
                        continue;

                d = scope_decide_rule(p, req, &scope_rules[i]);
                if (d.verdict != VERDICT_ALLOW)
                        return d;
        }

        return scope_allow;
}
