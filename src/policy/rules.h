/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of the judged sections, by number: what a judge looks a rule up by. config/ fills
 * Policy.rules in this order; a key that no file names holds its default of CONFIG.md.
 */
#pragma once

#include "util/bytes.h"
#include "util/macros.h"

typedef enum _packed_ RuleKey {
        RULE_NONE = 0,
        RULE_CREATE_IMAGES,
        RULE_CREATE_IMAGE_IDS,
        RULE_CREATE_BIND_MOUNTS,
        RULE_CREATE_VOLUMES,
        RULE_CREATE_ANONYMOUS_VOLUMES,
        RULE_CREATE_TMPFS,
        RULE_CREATE_NETWORKS,
        RULE_CREATE_NAMESPACES,
        RULE_CREATE_JOIN_CONTAINERS,
        RULE_CREATE_STATIC_ADDRESSES,
        RULE_CREATE_ENDPOINT_STATE,
        RULE_CREATE_LINKS,
        RULE_CREATE_EXTRA_HOSTS,
        RULE_CREATE_DNS,
        RULE_CREATE_PRIVILEGED,
        RULE_CREATE_CAPABILITIES,
        RULE_CREATE_DEVICES,
        RULE_CREATE_DEVICE_REQUESTS,
        RULE_CREATE_SECURITY_OPTIONS,
        RULE_CREATE_SYSCTLS,
        RULE_CREATE_RUNTIMES,
        RULE_CREATE_PORTS,
        RULE_CREATE_RESTART_POLICIES,
        RULE_CREATE_LOG_DRIVERS,
        RULE_CREATE_USERS,
        RULE_CREATE_DENY_LABELS,
        RULE_CREATE_REQUIRE,
        RULE_UPDATE_FIELDS,
        RULE_UPDATE_UNLIMITED,
        RULE_EXEC_COMMANDS,
        RULE_EXEC_USERS,
        RULE_EXEC_ENV,
        RULE_EXEC_WORKING_DIRS,
        RULE_EXEC_PRIVILEGED,
        RULE_EXEC_FOREIGN_IDS,
        RULE_PULL_IMAGES,
        RULE_VOLUME_NAMES,
        RULE_VOLUME_DRIVERS,
        RULE_VOLUME_OPTIONS,
        RULE_NETWORK_NAMES,
        RULE_NETWORK_DRIVERS,
        RULE_NETWORK_OPTIONS,
        RULE_NETWORK_SUBNETS,
        RULE_CONNECT_NETWORKS,
        RULE_ARCHIVE_PATHS,
        RULE_BUILD_KEYS,
        RULE_BUILD_NETWORK_MODES,
        RULE_BUILD_REMOTE,
        RULE_SERVICE_SECRETS,
        RULE_SERVICE_CONFIGS,
        RULE_SCOPE_CONTAINERS, /* for hints: scope itself is in Policy.scope_* */
        _RULE_KEY_MAX,
} RuleKey;

/* "container.create" and "bind-mounts" of a key; both NULL for NONE. */
const char *rule_section(RuleKey key);
const char *rule_name(RuleKey key);
