/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What keeps a container in: namespaces, capabilities, security options, kernel parameters,
 * devices, masked paths. Refuses the host's namespaces, other containers', and every word that the
 * policy does not list; an empty list of masked paths is no default but all of /proc unmasked.
 */
#include "policy/check-parts.h"

#include "policy/checks.h"
#include "policy/grammar.h"
#include "util/glob.h"
#include "util/macros.h"

#define CAPABILITY_MAX 32
#define OPTION_MAX     512 /* longer security options are compared as they are */

/* A container named "created-here" can't be joined by name: the word stands for ids. */
static bool join_matches(const Words *words, Bytes name) {
        for (size_t i = 0; i < words->n; i++)
                if (!bytes_eq_str(words->items[i].text, "created-here") &&
                    glob_match(words->items[i].text, name))
                        return true;

        return false;
}

bool check_join(Judge *j, Bytes container) {
        const Words *words = judge_words(j, RULE_CREATE_JOIN_CONTAINERS);

        if (endpoint_could_be_hex_id(container)) {
                if (!object_is_full_id(container) || !j->facts->known ||
                    !known_has_created(j->facts->known, container))
                        return judge_deny(j, RULE_NONE, "join-not-allowed",
                                          "it could be an id, and by its id only a container "
                                          "that was made here is joined:",
                                          container);
                return judge_has_word(j, RULE_CREATE_JOIN_CONTAINERS, "created-here") ||
                       judge_deny_word(j, RULE_CREATE_JOIN_CONTAINERS, "created-here",
                                       "join-not-allowed",
                                       "it joins a container that is not allowed:", container);
        }
        if (!endpoint_is_id(container))
                return judge_deny(j, RULE_NONE, "join-name",
                                  "no name of a container to join:", container);
        if (bytes_eq_str(container, "created-here"))
                return judge_deny(j, RULE_NONE, "join-not-allowed",
                                  "a container of this name can't be joined:", container);
        if (!join_matches(words, container))
                return judge_deny(j, RULE_CREATE_JOIN_CONTAINERS, "join-not-allowed",
                                  "it joins a container that is not allowed:", container);

        return check_scope_object(j, OBJECT_CONTAINER, container);
}

static bool namespace_check(Judge *j, const BodyValue *v, const char *word, bool can_join) {
        Bytes mode = v->string;

        if (mode.len == 0 || bytes_eq_str(mode, "private") || bytes_eq_str(mode, "default"))
                return true;
        if (bytes_eq_str(mode, "host")) {
                if (judge_has_word(j, RULE_CREATE_NAMESPACES, word))
                        return true;
                return judge_deny_word(j, RULE_CREATE_NAMESPACES, word, "namespace-host",
                                       "it shares a namespace of the host:", mode);
        }
        if (can_join && bytes_starts_with(mode, BYTES("container:")))
                return check_join(j, bytes_skip(mode, strlen("container:")));

        return judge_deny(j, RULE_NONE, "namespace-mode",
                          "this kind of namespace is unknown:", mode);
}

bool check_pid_mode(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;
        return namespace_check(j, v, "pid", true);
}

bool check_ipc_mode(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;
        if (bytes_eq_str(v->string, "none") || bytes_eq_str(v->string, "shareable"))
                return true;
        return namespace_check(j, v, "ipc", true);
}

bool check_uts_mode(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;
        return namespace_check(j, v, "uts", false);
}

bool check_userns_mode(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;
        return namespace_check(j, v, "user", false);
}

bool check_cgroupns_mode(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;
        return namespace_check(j, v, "cgroup", false);
}

bool check_privileged(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;
        if (!v->boolean || judge_is_yes(j, RULE_CREATE_PRIVILEGED))
                return true;

        return judge_deny_word(j, RULE_CREATE_PRIVILEGED, "yes", "privileged",
                               "a privileged container is root on the host", BYTES_NONE);
}

/* The engine raises the case and adds CAP_. */
static Bytes capability_trim(Bytes name) {
        if (name.len > 4 && bytes_ieq_ascii(bytes_slice(name, 0, 4), BYTES("CAP_")))
                return bytes_skip(name, 4);
        return name;
}

/* The word of a hint is spelled as the configuration wants it; what it does not know is no word. */
static bool capability_deny(Judge *j, Bytes name) {
        char word[CAPABILITY_MAX + 1] = "";
        Bytes trimmed = capability_trim(name);

        for (size_t i = 0; i < trimmed.len && trimmed.len <= CAPABILITY_MAX; i++) {
                char c = trimmed.data[i];

                if (c >= 'a' && c <= 'z')
                        c = (char) (c - 'a' + 'A');
                word[i] = c;
        }
        if (bytes_starts_with(bytes_of(word), BYTES("CAP_")) ||
            !grammar_is_capability(bytes_of(word)))
                return judge_deny(j, RULE_NONE, "capability-not-allowed",
                                  "no capability of this name is known:", name);

        return judge_deny_word(j, RULE_CREATE_CAPABILITIES, word, "capability-not-allowed",
                               "the capability is not allowed:", name);
}

/* The engine refuses it, whatever else is in the list. */
static bool capability_is_named(Judge *j, Bytes name) {
        return name.len > 0 || judge_deny(j, RULE_NONE, "capability-name",
                                          "a capability without a name", BYTES_NONE);
}

static bool capability_is_allowed(Judge *j, Bytes name) {
        const Words *words = judge_words(j, RULE_CREATE_CAPABILITIES);

        if (!capability_is_named(j, name))
                return false;
        for (size_t i = 0; i < words->n; i++) {
                Bytes word = capability_trim(words->items[i].text);

                if (bytes_eq_str(word, "ALL") || bytes_ieq_ascii(word, capability_trim(name)))
                        return true;
        }

        return capability_deny(j, name);
}

/* A string is a list of one. */
static bool capabilities_check(Judge *j, const BodyValue *v, bool (*check)(Judge *j, Bytes name)) {
        if (v->type == BODY_STRING)
                return check(j, v->string);

        for (size_t i = 0; i < body_size(v); i++) {
                size_t len = judge_push_index(j, i);

                if (!check(j, body_element(v, i).string))
                        return false;
                judge_pop(j, len);
        }

        return true;
}

bool check_cap_add(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;
        return capabilities_check(j, v, capability_is_allowed);
}

bool check_cap_drop(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;
        return capabilities_check(j, v, capability_is_named);
}

/* Words can't hold "=": a word with a colon stands for both forms, as with the engine. */
static bool security_option_is_allowed(Judge *j, Bytes option) {
        size_t sign = bytes_find(option, '=');
        char room[OPTION_MAX];

        if (bytes_eq_str(option, "no-new-privileges") ||
            bytes_eq_str(option, "no-new-privileges:true") ||
            bytes_eq_str(option, "no-new-privileges=true"))
                return true;
        if (judge_matches(j, RULE_CREATE_SECURITY_OPTIONS, option, NULL))
                return true;
        if (sign < option.len && option.len <= sizeof(room)) {
                memcpy(room, option.data, option.len);
                room[sign] = ':';
                if (judge_matches(j, RULE_CREATE_SECURITY_OPTIONS, (Bytes){ room, option.len },
                                  NULL))
                        return true;
        }

        return judge_deny(j, RULE_CREATE_SECURITY_OPTIONS, "security-option-not-allowed",
                          "the security option is not allowed:", option);
}

bool check_security_opt(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;

        for (size_t i = 0; i < body_size(v); i++) {
                size_t len = judge_push_index(j, i);

                if (!security_option_is_allowed(j, body_element(v, i).string))
                        return false;
                judge_pop(j, len);
        }

        return true;
}

bool check_sysctls(Judge *j, const Field *f, const BodyValue *v) {
        void *position = NULL;
        BodyValue value;
        Bytes name;

        (void) f;
        while (body_next(v, &position, &name, &value)) {
                size_t len = judge_push(j, name);

                if (!judge_matches(j, RULE_CREATE_SYSCTLS, name, NULL))
                        return judge_deny(j, RULE_CREATE_SYSCTLS, "sysctl-not-allowed",
                                          "the kernel parameter is not allowed:", name);
                judge_pop(j, len);
        }

        return true;
}

bool check_device(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;
        if (!grammar_is_plain_path(v->string))
                return judge_deny(j, RULE_NONE, "device-path",
                                  "no plain path of a device:", v->string);
        if (judge_matches(j, RULE_CREATE_DEVICES, v->string, NULL))
                return true;

        return judge_deny(j, RULE_CREATE_DEVICES, "device-not-allowed",
                          "the device is not allowed:", v->string);
}

bool check_cgroup_permissions(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;
        for (size_t i = 0; i < v->string.len; i++)
                if (i >= strlen("rwm") || !memchr("rwm", v->string.data[i], strlen("rwm")))
                        return judge_deny(
                                j, RULE_NONE, "device-permissions",
                                "permissions of a device are made of r, w and m:", v->string);

        return true;
}

bool check_device_requests(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;
        (void) v;
        if (judge_is_yes(j, RULE_CREATE_DEVICE_REQUESTS))
                return true;

        return judge_deny_word(j, RULE_CREATE_DEVICE_REQUESTS, "yes", "device-requests",
                               "devices can't be requested from a driver", BYTES_NONE);
}

bool check_runtime(Judge *j, const Field *f, const BodyValue *v) {
        const Words *words = judge_words(j, RULE_CREATE_RUNTIMES);

        (void) f;
        for (size_t i = 0; i < words->n; i++)
                if (bytes_eq(words->items[i].text, v->string))
                        return true;

        return judge_deny(j, RULE_CREATE_RUNTIMES, "runtime-not-allowed",
                          "the runtime is not allowed:", v->string);
}

static bool paths_hold(Judge *j, const BodyValue *v, const char *const *paths, size_t n_paths) {
        for (size_t i = 0; i < n_paths; i++) {
                size_t k = 0;

                while (k < body_size(v) && !bytes_eq_str(body_element(v, k).string, paths[i]))
                        k++;
                if (k == body_size(v))
                        return judge_deny(j, RULE_NONE, "paths-unmasked",
                                          "the list lacks a path that the engine hides or keeps "
                                          "read-only by itself:",
                                          bytes_of(paths[i]));
        }

        return true;
}

/* The defaults of Docker 20.10; later ones only add to them. */
bool check_masked_paths(Judge *j, const Field *f, const BodyValue *v) {
        static const char *const paths[] = {
                "/proc/asound",        "/proc/acpi",       "/proc/kcore",       "/proc/keys",
                "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
                "/proc/scsi",          "/sys/firmware",
        };

        (void) f;
        return paths_hold(j, v, paths, ARRAY_SIZE(paths));
}

bool check_readonly_paths(Judge *j, const Field *f, const BodyValue *v) {
        static const char *const paths[] = {
                "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
        };

        (void) f;
        return paths_hold(j, v, paths, ARRAY_SIZE(paths));
}
