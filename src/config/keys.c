/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every key of the ini language: its kind, its range, its default. What is not in this table is an
 * error; a default here is what the word list says when no file names the key.
 */
#include "config/keys.h"

#include "util/macros.h"
#include "util/parse.h"

#define TIME_MAX        (365ULL * 24 * 3600 * USEC_PER_SEC) /* more is a slip of the pen */
#define CONNECTIONS_MAX 65536
#define JUDGED_MAX      ((uint64_t) 1024 * MIB)

#define SCALAR(k)    .kind = (k)
#define LIST(k)      .kind = (k), .is_list = true
#define YES_NO(d)    .kind = WORD_BOOL, .fallback = (d)
#define TIME_FROM_0  .kind = WORD_TIME, .max = TIME_MAX, .has_zero = true
#define TIME_FROM_1  .kind = WORD_TIME, .max = TIME_MAX
#define ONE_OF(w, d) .kind = WORD_ENUM, .words = (w), .fallback = (d)

#define UPDATE_FIELDS                                                                              \
        "BlkioWeight CpuPeriod CpuQuota CpuShares CpusetCpus CpusetMems Memory "                   \
        "MemoryReservation MemorySwap NanoCpus PidsLimit RestartPolicy"
#define BUILD_KEYS                                                                                 \
        "buildid cachefrom cgroupparent cpuperiod cpuquota cpusetcpus cpusetmems cpushares "       \
        "extrahosts isolation memory memswap platform securityopt shmsize squash target ulimits "  \
        "version"
#define REQUIREMENTS                                                                               \
        "no-new-privileges drop-all-capabilities read-only memory-limit cpu-limit pids-limit"

static const Key keys[] = {
        { "upstream", "socket", SCALAR(WORD_SOCKET) },
        { "upstream", "engine", ONE_OF("docker podman", "docker") },

        { "policy", "preset", LIST(WORD_NAME) },
        { "policy", "mode", ONE_OF("enforce shadow", "enforce") },
        { "policy", "api-min", SCALAR(WORD_API), .fallback = "1.24" },
        { "policy", "accept-writable-roots", YES_NO("no") },

        { "peers", "uids", LIST(WORD_UID) },
        { "peers", "gids", LIST(WORD_UID) },
        { "peers", "units", LIST(WORD_GLOB) },
        { "peers", "containers", LIST(WORD_CONTAINER) },
        { "peers", "addresses", LIST(WORD_PREFIX) },
        { "peers", "hosts", LIST(WORD_HOST) },
        { "peers", "origins", LIST(WORD_ORIGIN) },

        { "container.create", "images", LIST(WORD_GLOB), .fallback = "*" },
        { "container.create", "image-ids", YES_NO("no") },
        { "container.create", "bind-mounts", LIST(WORD_BIND) },
        { "container.create", "volumes", LIST(WORD_GLOB) },
        { "container.create", "anonymous-volumes", YES_NO("no") },
        { "container.create", "tmpfs", YES_NO("yes") },
        { "container.create", "networks", LIST(WORD_GLOB), .fallback = "default bridge none" },
        { "container.create", "namespaces", .is_list = true,
          ONE_OF("network pid ipc uts user cgroup", NULL) },
        { "container.create", "join-containers", LIST(WORD_GLOB), .alone = "no" },
        { "container.create", "static-addresses", YES_NO("no") },
        { "container.create", "endpoint-state", ONE_OF("refuse ignore", "refuse") },
        { "container.create", "links", LIST(WORD_GLOB) },
        { "container.create", "extra-hosts", LIST(WORD_GLOB), .alone = "any", .fallback = "any" },
        { "container.create", "dns", LIST(WORD_ADDRESS), .words = "any", .alone = "any",
          .fallback = "any" },
        { "container.create", "privileged", YES_NO("no") },
        { "container.create", "capabilities", LIST(WORD_CAPABILITY) },
        { "container.create", "devices", LIST(WORD_DEVICE) },
        { "container.create", "device-requests", YES_NO("no") },
        { "container.create", "security-options", LIST(WORD_GLOB) },
        { "container.create", "sysctls", LIST(WORD_GLOB) },
        { "container.create", "runtimes", LIST(WORD_NAME), .fallback = "runc" },
        { "container.create", "ports", LIST(WORD_PORT), .words = "any ephemeral" },
        { "container.create", "restart-policies", .is_list = true,
          ONE_OF("no always unless-stopped on-failure", "no always unless-stopped on-failure") },
        { "container.create", "log-drivers", LIST(WORD_NAME),
          .fallback = "json-file local journald none" },
        { "container.create", "users", LIST(WORD_USER), .alone = "any non-root",
          .fallback = "any" },
        { "container.create", "deny-labels", LIST(WORD_GLOB) },
        { "container.create", "require", .is_list = true, ONE_OF(REQUIREMENTS, NULL) },
        { "container.create", "judge", YES_NO("yes") },

        { "container.update", "fields", .is_list = true, ONE_OF(UPDATE_FIELDS, NULL) },
        { "container.update", "unlimited", YES_NO("no") },
        { "container.update", "judge", YES_NO("yes") },

        { "exec.create", "commands", LIST(WORD_GLOB), .fallback = "*" },
        { "exec.create", "users", LIST(WORD_USER), .alone = "any non-root" },
        { "exec.create", "env", YES_NO("no") },
        { "exec.create", "working-dirs", LIST(WORD_DEVICE) },
        { "exec.create", "privileged", YES_NO("no") },
        { "exec.create", "foreign-ids", YES_NO("no") },
        { "exec.create", "judge", YES_NO("yes") },

        { "image.pull", "images", LIST(WORD_GLOB) },
        { "image.pull", "judge", YES_NO("yes") },

        { "volume.create", "names", LIST(WORD_GLOB), .fallback = "*" },
        { "volume.create", "drivers", LIST(WORD_NAME), .fallback = "local" },
        { "volume.create", "options", LIST(WORD_NAME) },
        { "volume.create", "judge", YES_NO("yes") },

        { "network.create", "names", LIST(WORD_GLOB), .fallback = "*" },
        { "network.create", "drivers", LIST(WORD_NAME), .fallback = "bridge" },
        { "network.create", "options", LIST(WORD_NAME) },
        { "network.create", "subnets", LIST(WORD_PREFIX) },
        { "network.create", "judge", YES_NO("yes") },

        { "network.connect", "networks", LIST(WORD_GLOB) },
        { "network.connect", "judge", YES_NO("yes") },

        { "container.archive", "paths", LIST(WORD_PATH) },
        { "container.archive", "judge", YES_NO("yes") },

        { "build", "keys", .is_list = true, ONE_OF(BUILD_KEYS, NULL) },
        { "build", "network-modes", LIST(WORD_GLOB), .fallback = "default none" },
        { "build", "remote", YES_NO("no") },
        { "build", "judge", YES_NO("yes") },

        { "service.create", "secrets", LIST(WORD_GLOB) },
        { "service.create", "configs", LIST(WORD_GLOB) },
        { "service.create", "judge", YES_NO("yes") },

        { "scope", "containers", LIST(WORD_SCOPE) },
        { "scope", "projects", LIST(WORD_GLOB) },
        { "scope", "networks", LIST(WORD_SCOPE) },
        { "scope", "volumes", LIST(WORD_GLOB) },
        { "scope", "resolve-ids", YES_NO("no") },

        { "audit", "log", ONE_OF("all changes denied", "all") },
        { "audit", "required", ONE_OF("no changes all", "no") },

        { "limits", "idle-exit", TIME_FROM_0 },
        { "limits", "connections", SCALAR(WORD_COUNT), .max = CONNECTIONS_MAX },
        { "limits", "connections-per-peer", SCALAR(WORD_COUNT), .max = CONNECTIONS_MAX },
        { "limits", "head-timeout", TIME_FROM_1 },
        { "limits", "keep-alive-timeout", TIME_FROM_0 },
        { "limits", "judged-body", SCALAR(WORD_SIZE), .max = LIMIT_JUDGED_BODY_MAX },
        { "limits", "judged-bytes", SCALAR(WORD_SIZE), .max = JUDGED_MAX },
        { "limits", "body-timeout", TIME_FROM_1 },
        { "limits", "drain-timeout", TIME_FROM_1 },
        { "limits", "stall-timeout", TIME_FROM_0 },
};

size_t key_count(void) {
        return ARRAY_SIZE(keys);
}

const Key *key_at(size_t index) {
        assert(index < ARRAY_SIZE(keys));

        return &keys[index];
}

size_t key_index(const Key *key) {
        assert(key >= keys && key < keys + ARRAY_SIZE(keys));

        return (size_t) (key - keys);
}

const Key *key_find(Bytes section, Bytes name) {
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                if (bytes_ieq_ascii(section, bytes_of(keys[i].section)) &&
                    bytes_ieq_ascii(name, bytes_of(keys[i].name)))
                        return &keys[i];
        return NULL;
}

bool key_section_exists(Bytes section) {
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                if (bytes_ieq_ascii(section, bytes_of(keys[i].section)))
                        return true;
        return false;
}

bool key_is_judged(const Key *key) {
        return key_find(bytes_of(key->section), BYTES("judge")) != NULL;
}

static const char *key_range_problem(const Key *key, Bytes word) {
        uint64_t value = 0;

        if (key->kind == WORD_SIZE)
                (void) parse_size(word, &value);
        else if (key->kind == WORD_TIME)
                (void) parse_time(word, &value);
        else if (key->kind == WORD_COUNT)
                (void) parse_u64(word, 19, &value);
        else
                return NULL;

        if (value == 0 && !key->has_zero)
                return "has no meaning here: leave the line out for the default";
        if (value > key->max && key->max == LIMIT_JUDGED_BODY_MAX)
                return "is too large: 8M is the most";
        if (value > key->max)
                return "is too large";
        return NULL;
}

const char *key_word_problem(const Key *key, Bytes word) {
        const char *problem;

        if (word_is_in(key->words, word) || word_is_in(key->alone, word))
                return NULL;
        problem = word_problem(key->kind, word);
        return problem ? problem : key_range_problem(key, word);
}

void key_nearest_section(Nearest *n) {
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                nearest_try(n, keys[i].section);
        nearest_try(n, "allow");
        nearest_try(n, "deny");
}

void key_nearest_name(Nearest *n, Bytes section) {
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                if (bytes_ieq_ascii(section, bytes_of(keys[i].section)))
                        nearest_try(n, keys[i].name);
}
