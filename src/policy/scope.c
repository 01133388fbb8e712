/* SPDX-License-Identifier: Apache-2.0 */
/*
 * [scope]: a request may address only objects whose names match. What this trusts: the path's slot
 * and the query as docker/request read them. What it refuses:
 *   - a name that no glob of its kind matches, and a name that is missing where the engine would
 *     make one up;
 *   - hex digits alone, which the engine reads as an id: an id says nothing about a name;
 *   - operations that take what they address from elsewhere: an exec id, a pod, everything there
 * is;
 *   - bodies that name objects, when nothing reads them (judge = no);
 * With projects, or ids under resolve-ids, a name says nothing by itself: the engine is asked
 * (VERDICT_RESOLVE) and the label or the present name decides. An object is in scope when one of
 * the keys says so. Lists and events show what lies outside; they change nothing and stay as they
 * are.
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
        SCOPE_WAY_NEW_NAME = 0, /* a query key names what is made */
        SCOPE_WAY_NAME,         /* a query key names one; it must be there */
        SCOPE_WAY_NETWORK_MODE, /* a query key may name one */
        SCOPE_WAY_UNBOUNDED,    /* many or unknown ones, unless the path names one */
        SCOPE_WAY_BODY,         /* the body names them: its judge asks scope_decide_object() */
        SCOPE_WAY_EXEC,         /* an exec id: only one that was made here, within the scope */
        SCOPE_WAY_UNJUDGED,     /* the body names them, and nothing reads it */
        SCOPE_WAY_SERVICE,      /* the containers of a service */
} ScopeWay;

typedef struct ScopeRule {
        const char *endpoint; /* name; a last * stands for any end */
        unsigned kinds;
        ScopeWay way;
        const char *key;
} ScopeRule;

/* Beside the slots: where else an operation's objects are named. All rows that match count. */
static const ScopeRule scope_rules[] = {
        { "container.create", SCOPE_CONTAINERS, SCOPE_WAY_NEW_NAME, "name" },
        { "container.create", SCOPE_ALL, SCOPE_WAY_BODY, NULL },
        { "container.rename", SCOPE_CONTAINERS, SCOPE_WAY_NEW_NAME, "name" },
        { "container.commit", SCOPE_CONTAINERS, SCOPE_WAY_NAME, "container" },
        { "container.prune", SCOPE_CONTAINERS, SCOPE_WAY_UNBOUNDED, NULL },
        { "exec.start", SCOPE_CONTAINERS, SCOPE_WAY_EXEC, NULL },
        { "exec.resize", SCOPE_CONTAINERS, SCOPE_WAY_EXEC, NULL },
        { "exec.inspect", SCOPE_CONTAINERS, SCOPE_WAY_EXEC, NULL },
        { "network.create", SCOPE_NETWORKS, SCOPE_WAY_BODY, NULL },
        { "network.connect", SCOPE_CONTAINERS | SCOPE_NETWORKS, SCOPE_WAY_BODY, NULL },
        { "network.disconnect", SCOPE_CONTAINERS | SCOPE_NETWORKS, SCOPE_WAY_BODY, NULL },
        { "network.prune", SCOPE_NETWORKS, SCOPE_WAY_UNBOUNDED, NULL },
        { "volume.create", SCOPE_VOLUMES, SCOPE_WAY_BODY, NULL },
        { "volume.prune", SCOPE_VOLUMES, SCOPE_WAY_UNBOUNDED, NULL },
        { "build.image", SCOPE_CONTAINERS | SCOPE_NETWORKS, SCOPE_WAY_NETWORK_MODE, "networkmode" },
        { "service.create", SCOPE_ALL, SCOPE_WAY_SERVICE, NULL },
        { "service.update", SCOPE_ALL, SCOPE_WAY_SERVICE, NULL },
        { "service.remove", SCOPE_CONTAINERS, SCOPE_WAY_SERVICE, NULL },
        { "service.logs", SCOPE_CONTAINERS, SCOPE_WAY_SERVICE, NULL },
        { "task.logs", SCOPE_CONTAINERS, SCOPE_WAY_SERVICE, NULL },

        { "libpod.build.image", SCOPE_ALL, SCOPE_WAY_UNJUDGED, NULL },
        { "libpod.container.create", SCOPE_ALL, SCOPE_WAY_UNJUDGED, NULL },
        { "libpod.container.restore", SCOPE_ALL, SCOPE_WAY_UNJUDGED, NULL },
        { "libpod.container.rename", SCOPE_CONTAINERS, SCOPE_WAY_NEW_NAME, "name" },
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

static bool scope_matches(const Words *words, Bytes name) {
        for (size_t i = 0; i < words->n; i++)
                if (glob_match(words->items[i].text, name))
                        return true;

        return false;
}

static bool scope_has_kind(const Policy *p, ObjectKind kind) {
        switch (kind) {
        case OBJECT_CONTAINER:
                return p->has_scope_containers;
        case OBJECT_NETWORK:
                return p->has_scope_networks;
        case OBJECT_VOLUME:
                return p->has_scope_volumes;
        }

        return false;
}

static const Words *scope_words_of(const Policy *p, ObjectKind kind) {
        switch (kind) {
        case OBJECT_CONTAINER:
                return &p->scope_containers;
        case OBJECT_NETWORK:
                return &p->scope_networks;
        case OBJECT_VOLUME:
                return &p->scope_volumes;
        }

        return &p->scope_containers;
}

static Decision scope_deny_object(const Policy *p, ObjectKind kind, Bytes asked) {
        static const char *const texts[] = {
                [OBJECT_CONTAINER] = "the container is outside of [scope]:",
                [OBJECT_NETWORK] = "the network is outside of [scope]:",
                [OBJECT_VOLUME] = "the volume is outside of [scope]:",
        };
        const Words *words = scope_has_kind(p, kind) ? scope_words_of(p, kind) : &p->scope_projects;

        return scope_deny("scope", texts[kind], asked, scope_place(words));
}

/* As the engine says it, so that clients go on as they do without us. */
static Decision scope_deny_missing(ObjectKind kind, Bytes asked) {
        static const char *const texts[] = {
                [OBJECT_CONTAINER] = "No such container:",
                [OBJECT_NETWORK] = "No such network:",
                [OBJECT_VOLUME] = "No such volume:",
        };

        return (Decision){
                .status = 404,
                .is_final = true,
                .reason = "object-missing",
                .text = texts[kind],
                .subject = asked,
        };
}

/* By what the engine said of it: the project's label, or the name that it has now. */
static Decision scope_decide_resolved(const Policy *p, ObjectKind kind, Bytes asked,
                                      const Object *object) {
        Bytes project;

        if (object->is_missing)
                return scope_deny_missing(kind, asked);

        project = bytes_of(object->project);
        if (p->has_scope_projects && project.len > 0 && scope_matches(&p->scope_projects, project))
                return scope_allow;
        if (scope_has_kind(p, kind) &&
            scope_matches(scope_words_of(p, kind), bytes_of(object->name)))
                return scope_allow;

        return scope_deny_object(p, kind, asked);
}

Decision scope_decide_object(const Policy *p, const PolicyFacts *facts, ObjectKind kind,
                             Bytes asked) {
        bool is_hex = endpoint_could_be_hex_id(asked) && kind != OBJECT_VOLUME;
        const Object *object;

        if (!p->has_scope_projects && !scope_has_kind(p, kind))
                return scope_allow;
        if (!endpoint_is_id(asked) || asked.len >= OBJECT_NAME_SIZE)
                return scope_deny("scope-name", "no name of an object:", asked, (Place){ 0 });

        if (!p->has_scope_projects && !(is_hex && p->resolve_ids)) {
                if (endpoint_could_be_hex_id(asked))
                        return scope_deny("scope-id",
                                          "could be an id, which [scope] can't judge:", asked,
                                          scope_place(scope_words_of(p, kind)));
                if (!scope_matches(scope_words_of(p, kind), asked))
                        return scope_deny_object(p, kind, asked);

                /* Podman removes a volume by the first letters of its name, when none has the name
                 * itself; its inspect takes whole names. */
                if (!p->is_podman || kind != OBJECT_VOLUME)
                        return scope_allow;
        }

        object = objects_find(facts->objects, kind, asked);
        if (!object)
                return (Decision){ .verdict = VERDICT_RESOLVE,
                                   .resolve_kind = kind,
                                   .subject = asked };
        return scope_decide_resolved(p, kind, asked, object);
}

/* The name that a container gets. The engine ignores one leading slash of a name in a query. Under
 * projects any name will do for a new one, as the label in its body decides; one that is renamed
 * may be in scope by its name alone. */
static Decision scope_decide_new_name(const Policy *p, const Request *req, const ScopeRule *rule) {
        const QueryPair *pair = target_find_pair(req->target, rule->key);
        Bytes name = pair ? pair->value : BYTES_NONE;

        if (!p->has_scope_containers ||
            (p->has_scope_projects && req->match.slot_kind == ENDPOINT_SLOT_NONE))
                return scope_allow;
        if (bytes_starts_with(name, BYTES("/")))
                name = bytes_skip(name, 1);
        if (name.len == 0)
                return scope_deny("scope-name-missing",
                                  "under [scope] the query has to name the container", BYTES_NONE,
                                  scope_place(&p->scope_containers));
        if (endpoint_could_be_hex_id(name))
                return scope_deny("scope-id", "could be an id, which [scope] can't judge:", name,
                                  scope_place(&p->scope_containers));

        return scope_matches(&p->scope_containers, name)
                       ? scope_allow
                       : scope_deny_object(p, OBJECT_CONTAINER, name);
}

static Decision scope_decide_query_object(const Policy *p, const Request *req,
                                          const PolicyFacts *facts, const ScopeRule *rule) {
        const QueryPair *pair = target_find_pair(req->target, rule->key);

        if (!pair || pair->value.len == 0)
                return scope_deny("scope-name-missing",
                                  "under [scope] the query has to name the container", BYTES_NONE,
                                  (Place){ 0 });
        return scope_decide_object(p, facts, OBJECT_CONTAINER, pair->value);
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

/*
 * A service is none of the kinds of [scope]: requests name it and not the containers that it runs
 * on this host, and `docker stack` marks it with com.docker.stack.namespace, never with the label
 * of [scope] projects. So none is made, changed, removed or listened to, even though the judge of
 * its body would ask for the label; lists and inspects show what other lists show.
 */
static Decision scope_deny_service(void) {
        return scope_deny("scope-service",
                          "[scope] is set, and it bounds no services: they run containers that "
                          "it can't tell apart",
                          BYTES_NONE, (Place){ 0 });
}

/* With judge = no nobody reads the body. */
static Decision scope_decide_body(const Policy *p, const Request *req) {
        EndpointJudge judge = req->endpoint->judge;

        if (judge == ENDPOINT_JUDGE_NONE || p->judges[judge].is_off)
                return scope_deny_unjudged();
        return scope_allow;
}

static Decision scope_decide_exec(const Request *req, const PolicyFacts *facts) {
        if (known_has_exec(facts->known, req->match.slot, facts->peer, facts->now_usec))
                return scope_allow;
        return scope_deny("exec-unknown", "this exec was not created here", BYTES_NONE,
                          (Place){ 0 });
}

static Decision scope_decide_rule(const Policy *p, const Request *req, const PolicyFacts *facts,
                                  const ScopeRule *rule) {
        switch (rule->way) {
        case SCOPE_WAY_NEW_NAME:
                return scope_decide_new_name(p, req, rule);
        case SCOPE_WAY_NAME:
                return scope_decide_query_object(p, req, facts, rule);
        case SCOPE_WAY_NETWORK_MODE:
                return scope_is_network_mode_named(req, rule->key) ? scope_deny_unjudged()
                                                                   : scope_allow;
        case SCOPE_WAY_UNBOUNDED:
                if (scope_kind_of_slot(req->match.slot_kind) != 0)
                        return scope_allow;
                return scope_deny("scope-unbounded",
                                  "it addresses objects that [scope] can't bound", BYTES_NONE,
                                  (Place){ 0 });
        case SCOPE_WAY_BODY:
                return scope_decide_body(p, req);
        case SCOPE_WAY_EXEC:
                return scope_decide_exec(req, facts);
        case SCOPE_WAY_UNJUDGED:
                return scope_deny_unjudged();
        case SCOPE_WAY_SERVICE:
                return scope_deny_service();
        }

        return scope_deny_unjudged();
}

static bool scope_rule_is_for(const ScopeRule *rule, const Endpoint *endpoint) {
        return glob_match(bytes_of(rule->endpoint), bytes_of(endpoint->name));
}

static Decision scope_decide_slot(const Policy *p, const Request *req, const PolicyFacts *facts) {
        switch (req->match.slot_kind) {
        case ENDPOINT_SLOT_CONTAINER:
                return scope_decide_object(p, facts, OBJECT_CONTAINER, req->match.slot);
        case ENDPOINT_SLOT_NETWORK:
                return scope_decide_object(p, facts, OBJECT_NETWORK, req->match.slot);
        case ENDPOINT_SLOT_VOLUME:
                return scope_decide_object(p, facts, OBJECT_VOLUME, req->match.slot);
        case ENDPOINT_SLOT_NONE:
        case ENDPOINT_SLOT_IMAGE:
        case ENDPOINT_SLOT_EXEC:
        case ENDPOINT_SLOT_OTHER:
                break;
        }

        return scope_allow;
}

Decision scope_decide(const Policy *p, const Request *req, const PolicyFacts *facts) {
        unsigned kinds;
        Decision d;

        assert(p);
        assert(req && req->endpoint);

        kinds = scope_kinds(p);
        if (kinds == 0)
                return scope_allow;

        d = scope_decide_slot(p, req, facts);
        for (size_t i = 0; d.verdict == VERDICT_ALLOW && i < ARRAY_SIZE(scope_rules); i++)
                if ((scope_rules[i].kinds & kinds) &&
                    scope_rule_is_for(&scope_rules[i], req->endpoint))
                        d = scope_decide_rule(p, req, facts, &scope_rules[i]);
        return d;
}
