/* SPDX-License-Identifier: Apache-2.0 */
/* The names of the keys of the judged sections. A test compares them with config/keys. */
#include "policy/rules.h"

#include "util/macros.h"

static const struct {
        const char *section;
        const char *name;
} rules[_RULE_KEY_MAX] = {
        [RULE_CREATE_IMAGES] = { "container.create", "images" },
        [RULE_CREATE_IMAGE_IDS] = { "container.create", "image-ids" },
        [RULE_CREATE_BIND_MOUNTS] = { "container.create", "bind-mounts" },
        [RULE_CREATE_VOLUMES] = { "container.create", "volumes" },
        [RULE_CREATE_ANONYMOUS_VOLUMES] = { "container.create", "anonymous-volumes" },
        [RULE_CREATE_TMPFS] = { "container.create", "tmpfs" },
        [RULE_CREATE_NETWORKS] = { "container.create", "networks" },
        [RULE_CREATE_NAMESPACES] = { "container.create", "namespaces" },
        [RULE_CREATE_JOIN_CONTAINERS] = { "container.create", "join-containers" },
        [RULE_CREATE_STATIC_ADDRESSES] = { "container.create", "static-addresses" },
        [RULE_CREATE_ENDPOINT_STATE] = { "container.create", "endpoint-state" },
        [RULE_CREATE_LINKS] = { "container.create", "links" },
        [RULE_CREATE_EXTRA_HOSTS] = { "container.create", "extra-hosts" },
        [RULE_CREATE_DNS] = { "container.create", "dns" },
        [RULE_CREATE_PRIVILEGED] = { "container.create", "privileged" },
        [RULE_CREATE_CAPABILITIES] = { "container.create", "capabilities" },
        [RULE_CREATE_DEVICES] = { "container.create", "devices" },
        [RULE_CREATE_DEVICE_REQUESTS] = { "container.create", "device-requests" },
        [RULE_CREATE_SECURITY_OPTIONS] = { "container.create", "security-options" },
        [RULE_CREATE_SYSCTLS] = { "container.create", "sysctls" },
        [RULE_CREATE_RUNTIMES] = { "container.create", "runtimes" },
        [RULE_CREATE_PORTS] = { "container.create", "ports" },
        [RULE_CREATE_RESTART_POLICIES] = { "container.create", "restart-policies" },
        [RULE_CREATE_LOG_DRIVERS] = { "container.create", "log-drivers" },
        [RULE_CREATE_USERS] = { "container.create", "users" },
        [RULE_CREATE_DENY_LABELS] = { "container.create", "deny-labels" },
        [RULE_CREATE_REQUIRE] = { "container.create", "require" },
        [RULE_UPDATE_FIELDS] = { "container.update", "fields" },
        [RULE_UPDATE_UNLIMITED] = { "container.update", "unlimited" },
        [RULE_EXEC_COMMANDS] = { "exec.create", "commands" },
        [RULE_EXEC_USERS] = { "exec.create", "users" },
        [RULE_EXEC_ENV] = { "exec.create", "env" },
        [RULE_EXEC_WORKING_DIRS] = { "exec.create", "working-dirs" },
        [RULE_EXEC_PRIVILEGED] = { "exec.create", "privileged" },
        [RULE_EXEC_FOREIGN_IDS] = { "exec.create", "foreign-ids" },
        [RULE_PULL_IMAGES] = { "image.pull", "images" },
        [RULE_VOLUME_NAMES] = { "volume.create", "names" },
        [RULE_VOLUME_DRIVERS] = { "volume.create", "drivers" },
        [RULE_VOLUME_OPTIONS] = { "volume.create", "options" },
        [RULE_NETWORK_NAMES] = { "network.create", "names" },
        [RULE_NETWORK_DRIVERS] = { "network.create", "drivers" },
        [RULE_NETWORK_OPTIONS] = { "network.create", "options" },
        [RULE_NETWORK_SUBNETS] = { "network.create", "subnets" },
        [RULE_CONNECT_NETWORKS] = { "network.connect", "networks" },
        [RULE_ARCHIVE_PATHS] = { "container.archive", "paths" },
        [RULE_BUILD_KEYS] = { "build", "keys" },
        [RULE_BUILD_NETWORK_MODES] = { "build", "network-modes" },
        [RULE_BUILD_REMOTE] = { "build", "remote" },
        [RULE_SERVICE_SECRETS] = { "service.create", "secrets" },
        [RULE_SERVICE_CONFIGS] = { "service.create", "configs" },
        [RULE_SCOPE_CONTAINERS] = { "scope", "containers" },
};

const char *rule_section(RuleKey key) {
        assert(key < _RULE_KEY_MAX);

        return rules[key].section;
}

const char *rule_name(RuleKey key) {
        assert(key < _RULE_KEY_MAX);

        return rules[key].name;
}
