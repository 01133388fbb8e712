/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service.create and service.update: a service's containers obey container.create, in the words of
 * swarm. Networks come as ids, since clients look them up: the engine is asked for their names.
 * Ports bind every address of the host, so a word of `ports` with an address allows none.
 */
#include "policy/check-networks.h"
#include "policy/check-parts.h"
#include "policy/checks.h"
#include "policy/grammar.h"
#include "util/macros.h"

bool check_service_secret(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;
        if (v->string.len > 0 && judge_matches(j, RULE_SERVICE_SECRETS, v->string, NULL))
                return true;

        return judge_deny(j, RULE_SERVICE_SECRETS, "secret-not-allowed",
                          "the secret is not allowed:", v->string);
}

bool check_service_config(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;
        if (v->string.len > 0 && judge_matches(j, RULE_SERVICE_CONFIGS, v->string, NULL))
                return true;

        return judge_deny(j, RULE_SERVICE_CONFIGS, "config-not-allowed",
                          "the config is not allowed:", v->string);
}

bool check_service_network(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;
        return check_network_named(j, RULE_CREATE_NETWORKS, v->string) &&
               check_scope_object(j, OBJECT_NETWORK, v->string);
}

/* Swarm's words for the restart policies. */
bool check_service_restart(Judge *j, const Field *f, const BodyValue *v) {
        const char *word = bytes_eq_str(v->string, "any") ? "always" : "on-failure";

        (void) f;
        if (!bytes_eq_str(v->string, "any") && !bytes_eq_str(v->string, "on-failure"))
                return judge_deny(j, RULE_NONE, "restart-policy",
                                  "no condition of a restart:", v->string);
        if (judge_has_word(j, RULE_CREATE_RESTART_POLICIES, word))
                return true;

        return judge_deny_word(j, RULE_CREATE_RESTART_POLICIES, word, "restart-policy-not-allowed",
                               "the restart policy is not allowed:", v->string);
}

bool check_generic_resources(Judge *j, const Field *f, const BodyValue *v) {
        return check_device_requests(j, f, v);
}

/* As the engine's own log drivers, with the options that stay on this host. */
bool check_service_log_driver(Judge *j, const Schema *s, const BodyValue *object) {
        BodyValue name, options;

        (void) s;
        (void) body_find(object, "Name", &name);
        (void) body_find(object, "Options", &options);
        return check_log(j, "Name", name.string, "Options", &options);
}

static bool service_port_is_allowed(Judge *j, unsigned port, Bytes protocol) {
        const Words *words = judge_words(j, RULE_CREATE_PORTS);
        PortWord allowed;

        for (size_t i = 0; i < words->n; i++)
                if (grammar_port_word(words->items[i].text, &allowed) && !allowed.has_address &&
                    (allowed.protocol.len == 0 || bytes_eq(allowed.protocol, protocol)) &&
                    port >= allowed.low && port <= allowed.high)
                        return true;

        return false;
}

bool check_service_port(Judge *j, const Schema *s, const BodyValue *object) {
        BodyValue port, protocol;
        size_t len;

        (void) s;
        (void) body_find(object, "PublishedPort", &port);
        (void) body_find(object, "Protocol", &protocol);
        if (protocol.string.len == 0)
                protocol.string = BYTES("tcp");
        if (judge_has_word(j, RULE_CREATE_PORTS, "any"))
                return true;

        len = judge_push(j, BYTES("PublishedPort"));
        if (port.integer == 0) {
                if (!judge_has_word(j, RULE_CREATE_PORTS, "ephemeral"))
                        return judge_deny_word(j, RULE_CREATE_PORTS, "ephemeral", "port-ephemeral",
                                               "a port of the engine's choice is not allowed",
                                               BYTES_NONE);
        } else if (!service_port_is_allowed(j, (unsigned) port.integer, protocol.string)) {
                return judge_deny(j, RULE_CREATE_PORTS, "port-not-allowed",
                                  "the port is not allowed on every address of the host",
                                  BYTES_NONE);
        }

        judge_pop(j, len);
        return true;
}

/* A member below others: "Resources", "Limits", "Pids". NULL ends the path. */
static BodyValue service_find(const BodyValue *object, const char *const *path) {
        BodyValue v = *object;

        for (size_t i = 0; path[i]; i++) {
                BodyValue inner = { .type = BODY_NULL };

                if (v.type != BODY_OBJECT || !body_find(&v, path[i], &inner))
                        return (BodyValue){ .type = BODY_NULL };
                v = inner;
        }

        return v;
}

static bool service_drops_all(const BodyValue *list) {
        for (size_t i = 0; list->type == BODY_ARRAY && i < body_size(list); i++)
                if (bytes_ieq_ascii(body_element(list, i).string, BYTES("ALL")))
                        return true;

        return false;
}

#define SERVICE_PATH_MAX 5

/* [container.create] require, in swarm's words. */
static const struct {
        const char *word;
        const char *path[SERVICE_PATH_MAX];
        const char *reason;
        const char *text;
} service_requirements[] = {
        { "no-new-privileges",
          { "TaskTemplate", "ContainerSpec", "Privileges", "NoNewPrivileges" },
          "require-no-new-privileges",
          "the policy requires NoNewPrivileges" },
        { "drop-all-capabilities",
          { "TaskTemplate", "ContainerSpec", "CapabilityDrop" },
          "require-drop-all-capabilities",
          "the policy requires that all capabilities are dropped" },
        { "read-only",
          { "TaskTemplate", "ContainerSpec", "ReadOnly" },
          "require-read-only",
          "the policy requires a read-only root file system" },
        { "memory-limit",
          { "TaskTemplate", "Resources", "Limits", "MemoryBytes" },
          "require-memory-limit",
          "the policy requires a memory limit" },
        { "cpu-limit",
          { "TaskTemplate", "Resources", "Limits", "NanoCPUs" },
          "require-cpu-limit",
          "the policy requires a CPU limit" },
        { "pids-limit",
          { "TaskTemplate", "Resources", "Limits", "Pids" },
          "require-pids-limit",
          "the policy requires a limit of processes" },
};

static bool service_is_met(const BodyValue *v) {
        switch (v->type) {
        case BODY_BOOL:
                return v->boolean;
        case BODY_INTEGER:
                return v->integer > 0;
        case BODY_ARRAY:
                return service_drops_all(v);
        case BODY_NULL:
        case BODY_REAL:
        case BODY_STRING:
        case BODY_OBJECT:
                break;
        }

        return false;
}

static bool service_check_require(Judge *j, const BodyValue *object) {
        for (size_t i = 0; i < ARRAY_SIZE(service_requirements); i++) {
                const char *const *path = service_requirements[i].path;
                BodyValue v = service_find(object, path);

                if (!judge_has_word(j, RULE_CREATE_REQUIRE, service_requirements[i].word) ||
                    service_is_met(&v))
                        continue;

                for (size_t k = 0; path[k]; k++)
                        (void) judge_push(j, bytes_of(path[k]));
                return judge_deny(j, RULE_NONE, service_requirements[i].reason,
                                  service_requirements[i].text, BYTES_NONE);
        }

        return true;
}

/* The label has to be on the service and on its containers, which operations address. */
bool check_service_create(Judge *j, const Schema *s, const BodyValue *object) {
        static const char *const places[][SERVICE_PATH_MAX] = {
                { "Labels" },
                { "TaskTemplate", "ContainerSpec", "Labels" },
        };

        (void) s;
        if (!service_check_require(j, object))
                return false;

        for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
                BodyValue labels = service_find(object, places[i]);
                size_t len = j->pointer_len;

                for (size_t k = 0; places[i][k]; k++)
                        (void) judge_push(j, bytes_of(places[i][k]));
                if (!check_scope_project(j, &labels))
                        return false;
                judge_pop(j, len);
        }

        return true;
}
