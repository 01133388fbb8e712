/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Podman reads in a body that Docker does not (its compat/containers_create.go, 4.3 to 5). It
 * joins members to words of its command line and cuts those apart again: a mount becomes
 * "type=bind,source=/a,target=/b", a key of Volumes what -v takes, so that the target "/b,src=/etc"
 * is a bind of /etc. Refuses, with engine = podman alone, every text that would be cut in another
 * place than it ends, and words that only Podman gives a meaning.
 */
#include "policy/check-parts.h"

#include "policy/checks.h"
#include "util/macros.h"

static bool podman_check_text(Judge *j, Bytes text, const char *cuts) {
        for (size_t i = 0; i < text.len; i++)
                if ((unsigned char) text.data[i] < 0x20 || strchr(cuts, text.data[i]))
                        return judge_deny(j, RULE_NONE, "podman-text",
                                          "Podman would not take this as one word:", text);

        return true;
}

static bool podman_check_mount(Judge *j, const BodyValue *mount) {
        static const char *const members[] = { "Source", "Target" };
        BodyValue text;

        for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
                size_t len = judge_push(j, bytes_of(members[i]));

                (void) body_find(mount, members[i], &text);
                if (!podman_check_text(j, text.string, ":,\"\\"))
                        return false;
                judge_pop(j, len);
        }

        return true;
}

static bool podman_check_mounts(Judge *j, const BodyValue *host_config) {
        size_t len = judge_push(j, BYTES("Mounts"));
        BodyValue mounts;

        (void) body_find(host_config, "Mounts", &mounts);
        for (size_t i = 0; i < body_size(&mounts); i++) {
                BodyValue mount = body_element(&mounts, i);
                size_t inner = judge_push_index(j, i);

                if (!podman_check_mount(j, &mount))
                        return false;
                judge_pop(j, inner);
        }

        judge_pop(j, len);
        return true;
}

static bool podman_check_keys(Judge *j, const BodyValue *object, const char *member,
                              const char *cuts) {
        size_t len = judge_push(j, bytes_of(member));
        void *position = NULL;
        BodyValue map, value;
        Bytes key;

        (void) body_find(object, member, &map);
        while (map.type == BODY_OBJECT && body_next(&map, &position, &key, &value)) {
                size_t inner = judge_push(j, key);

                if (!podman_check_text(j, key, cuts))
                        return false;
                judge_pop(j, inner);
        }

        judge_pop(j, len);
        return true;
}

/* A name without a value, or with a star, asks for variables of Podman's own service. */
bool check_podman_env(Judge *j, const BodyValue *env) {
        if (!j->policy->is_podman)
                return true;

        for (size_t i = 0; i < body_size(env); i++) {
                Bytes entry = body_element(env, i).string;
                size_t len = judge_push_index(j, i), sign = bytes_find(entry, '=');

                if (sign == 0 || sign == entry.len)
                        return judge_deny(j, RULE_NONE, "podman-env",
                                          "a variable without a value would be one of Podman's "
                                          "own service",
                                          BYTES_NONE);
                judge_pop(j, len);
        }

        return true;
}

/* Later versions remove that file of the host together with the container. */
static bool podman_check_cid_file(Judge *j, const BodyValue *host_config) {
        size_t len = judge_push(j, BYTES("ContainerIDFile"));
        BodyValue path;

        (void) body_find(host_config, "ContainerIDFile", &path);
        if (!check_is_zero(&path))
                return judge_deny(j, RULE_NONE, "podman-cid-file",
                                  "Podman would remove this file of the host:", path.string);

        judge_pop(j, len);
        return true;
}

/* Podman's own kinds of network: a star is for networks that somebody made. */
static bool podman_check_network_mode(Judge *j, const BodyValue *host_config) {
        static const char *const own[] = { "slirp4netns", "pasta", "private" };
        const Words *words = judge_words(j, RULE_CREATE_NETWORKS);
        size_t len = judge_push(j, BYTES("NetworkMode"));
        BodyValue mode;

        (void) body_find(host_config, "NetworkMode", &mode);
        for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
                bool is_listed = !bytes_eq_str(mode.string, own[i]);

                for (size_t k = 0; k < words->n && !is_listed; k++)
                        is_listed = bytes_eq(words->items[k].text, mode.string);
                if (!is_listed)
                        return judge_deny(j, RULE_CREATE_NETWORKS, "network-not-allowed",
                                          "the network is not allowed:", mode.string);
        }

        judge_pop(j, len);
        return true;
}

static bool podman_check_host_config(Judge *j, const BodyValue *host_config) {
        return podman_check_mounts(j, host_config) &&
               podman_check_keys(j, host_config, "Tmpfs", ":") &&
               podman_check_keys(j, host_config, "Sysctls", "=") &&
               podman_check_cid_file(j, host_config) && podman_check_network_mode(j, host_config);
}

bool check_podman_create(Judge *j, const BodyValue *object) {
        BodyValue host_config, env;
        size_t len;

        if (!j->policy->is_podman)
                return true;

        (void) body_find(object, "HostConfig", &host_config);
        len = judge_push(j, BYTES("HostConfig"));
        if (!podman_check_host_config(j, &host_config))
                return false;
        judge_pop(j, len);

        (void) body_find(object, "Env", &env);
        len = judge_push(j, BYTES("Env"));
        if (!check_podman_env(j, &env))
                return false;
        judge_pop(j, len);

        return podman_check_keys(j, object, "Volumes", ":") &&
               podman_check_keys(j, object, "Labels", "=");
}
