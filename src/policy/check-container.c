/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a created container is beside its confinement: its user, name, labels, restarts, log; and
 * what a policy requires of all of them. Refuses users that may be root in the image, labels that
 * steer other programs, log options that are not known to stay on this host.
 */
#include "policy/check-parts.h"

#include "policy/checks.h"
#include "policy/grammar.h"
#include "util/glob.h"
#include "util/macros.h"

#define LABEL_MAX 4096 /* BodyLimits.map_key_max */

bool check_user(Judge *j, const Field *f, const BodyValue *v) {
        const Words *words = judge_words(j, RULE_CREATE_USERS);

        (void) f;
        if (judge_has_word(j, RULE_CREATE_USERS, "any"))
                return true;
        if (judge_has_word(j, RULE_CREATE_USERS, "non-root"))
                return grammar_is_non_root(v->string) ||
                       judge_deny(j, RULE_NONE, "user-root",
                                  "the user has to be a number other than 0:", v->string);

        for (size_t i = 0; i < words->n && v->string.len > 0; i++)
                if (bytes_eq(words->items[i].text, v->string))
                        return true;

        return judge_deny(j, RULE_CREATE_USERS, "user-not-allowed",
                          "the user is not allowed:", v->string);
}

bool check_group_add(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;

        for (size_t i = 0; i < body_size(v); i++) {
                size_t len = judge_push_index(j, i);
                Bytes group = body_element(v, i).string;

                if (!grammar_is_plain_number(group))
                        return judge_deny(j, RULE_NONE, "group",
                                          "a group has to be a number other than 0:", group);
                judge_pop(j, len);
        }

        return true;
}

/* dockerode sends its option twice; the engine reads the query's. */
bool check_body_name(Judge *j, const Field *f, const BodyValue *v) {
        const QueryPair *pair = target_find_pair(j->req->target, "name");
        Bytes asked = pair ? pair->value : BYTES_NONE, name = v->string;

        (void) f;
        if (bytes_starts_with(asked, BYTES("/")))
                asked = bytes_skip(asked, 1);
        if (bytes_starts_with(name, BYTES("/")))
                name = bytes_skip(name, 1);
        if (bytes_eq(asked, name))
                return true;

        return judge_deny(j, RULE_NONE, "name-differs",
                          "the name in the body is not that of the query:", v->string);
}

/* Programs that obey labels fold their case, with U+212A and U+017F as Go does. */
static Bytes label_fold(Bytes text, char *room) {
        size_t at = 0;

        for (size_t i = 0; i < text.len; i++) {
                Bytes rest = bytes_skip(text, i);
                char c = text.data[i];

                if (bytes_starts_with(rest, BYTES("\xe2\x84\xaa"))) {
                        c = 'k';
                        i += 2;
                } else if (bytes_starts_with(rest, BYTES("\xc5\xbf"))) {
                        c = 's';
                        i += 1;
                } else if (c >= 'A' && c <= 'Z') {
                        c = (char) (c - 'A' + 'a');
                }
                room[at++] = c;
        }

        return (Bytes){ room, at };
}

static bool label_is_denied(Judge *j, Bytes label) {
        const Words *words = judge_words(j, RULE_CREATE_DENY_LABELS);
        char label_room[LABEL_MAX], word_room[LABEL_MAX];

        if (label.len > LABEL_MAX)
                return words->n > 0;
        label = label_fold(label, label_room);
        for (size_t i = 0; i < words->n; i++)
                if (glob_match(label_fold(words->items[i].text, word_room), label)) {
                        (void) judge_deny(j, RULE_NONE, "label-denied",
                                          "the label is one of deny-labels", BYTES_NONE);
                        j->decision.place = words->items[i].place;
                        return true;
                }

        return false;
}

bool check_labels(Judge *j, const Field *f, const BodyValue *v) {
        void *position = NULL;
        BodyValue value;
        Bytes label;

        (void) f;
        while (body_next(v, &position, &label, &value)) {
                size_t len = judge_push(j, label);

                if (label_is_denied(j, label))
                        return false;
                judge_pop(j, len);
        }

        return true;
}

bool check_restart_policy(Judge *j, const Field *f, const BodyValue *v) {
        const Words *words = judge_words(j, RULE_CREATE_RESTART_POLICIES);

        (void) f;
        for (size_t i = 0; i < words->n; i++)
                if (bytes_eq(words->items[i].text, v->string))
                        return true;

        return judge_deny(j, RULE_CREATE_RESTART_POLICIES, "restart-policy-not-allowed",
                          "the restart policy is not allowed:", v->string);
}

/* Options that stay on the host. journald's tag would forge the name of another unit's log. */
static const struct {
        const char *driver;
        const char *options;
} log_drivers[] = {
        { "", "|max-size|max-file|compress|mode|labels|labels-regex|env|env-regex|tag|" },
        { "json-file", "|max-size|max-file|compress|mode|labels|labels-regex|env|env-regex|tag|" },
        { "local", "|max-size|max-file|compress|mode|labels|labels-regex|env|env-regex|tag|" },
        { "journald", "|labels|env|" },
};

static bool log_option_is_known(Bytes driver, Bytes option) {
        char word[64] = "|";

        if (option.len == 0 || option.len > sizeof(word) - 3 ||
            memchr(option.data, '|', option.len))
                return false;

        memcpy(word + 1, option.data, option.len);
        word[option.len + 1] = '|';
        for (size_t i = 0; i < ARRAY_SIZE(log_drivers); i++)
                if (bytes_eq_str(driver, log_drivers[i].driver))
                        return strstr(log_drivers[i].options, word) != NULL;

        return false;
}

static bool log_check_options(Judge *j, Bytes driver, const BodyValue *config) {
        void *position = NULL;
        BodyValue value;
        Bytes option;

        if (config->type != BODY_OBJECT)
                return true;
        while (body_next(config, &position, &option, &value)) {
                size_t len = judge_push(j, option);

                if (!log_option_is_known(driver, option))
                        return judge_deny(j, RULE_NONE, "log-option",
                                          "the log driver has no option that is allowed and "
                                          "named:",
                                          option);
                if (bytes_starts_with(option, BYTES("max-")) &&
                    bytes_starts_with(value.string, BYTES("-")))
                        return judge_deny(j, RULE_NONE, "log-option",
                                          "a limit of the log can't be negative:", value.string);
                judge_pop(j, len);
        }

        return true;
}

bool check_log(Judge *j, const char *driver_member, Bytes driver, const char *options_member,
               const BodyValue *options) {
        const Words *words = judge_words(j, RULE_CREATE_LOG_DRIVERS);
        bool is_allowed = driver.len == 0;
        size_t len;

        for (size_t i = 0; i < words->n && !is_allowed; i++)
                is_allowed = bytes_eq(words->items[i].text, driver);

        len = judge_push(j, bytes_of(driver_member));
        if (!is_allowed)
                return judge_deny(j, RULE_CREATE_LOG_DRIVERS, "log-driver-not-allowed",
                                  "the log driver is not allowed:", driver);
        judge_pop(j, len);

        len = judge_push(j, bytes_of(options_member));
        if (!log_check_options(j, driver, options))
                return false;
        judge_pop(j, len);
        return true;
}

bool check_log_config(Judge *j, const Schema *s, const BodyValue *object) {
        BodyValue type, config;

        (void) s;
        (void) body_find(object, "Type", &type);
        (void) body_find(object, "Config", &config);
        return check_log(j, "Type", type.string, "Config", &config);
}

static bool require_is_positive(const BodyValue *host, const char *member) {
        BodyValue v;

        return body_find(host, member, &v) && v.type == BODY_INTEGER && v.integer > 0;
}

/* The last one counts; what is not plainly true is false. */
static bool require_no_new_privileges(const BodyValue *host) {
        BodyValue options;
        bool is_set = false;

        if (!body_find(host, "SecurityOpt", &options))
                return false;

        for (size_t i = 0; i < body_size(&options); i++) {
                Bytes option = body_element(&options, i).string;

                if (bytes_starts_with(option, BYTES("no-new-privileges")))
                        is_set = bytes_eq_str(option, "no-new-privileges") ||
                                 bytes_eq_str(option, "no-new-privileges:true") ||
                                 bytes_eq_str(option, "no-new-privileges=true");
        }

        return is_set;
}

/* A privileged container keeps all, whatever CapDrop says. */
static bool require_drop_all(const BodyValue *host) {
        BodyValue drop, privileged;

        if (body_find(host, "Privileged", &privileged) && !check_is_zero(&privileged))
                return false;
        if (!body_find(host, "CapDrop", &drop))
                return false;
        if (drop.type == BODY_STRING)
                return bytes_ieq_ascii(drop.string, BYTES("ALL"));

        for (size_t i = 0; i < body_size(&drop); i++)
                if (bytes_ieq_ascii(body_element(&drop, i).string, BYTES("ALL")))
                        return true;

        return false;
}

static bool require_read_only(const BodyValue *host) {
        BodyValue v;

        return body_find(host, "ReadonlyRootfs", &v) && v.boolean;
}

static bool require_memory(const BodyValue *host) {
        return require_is_positive(host, "Memory");
}

static bool require_cpu(const BodyValue *host) {
        return require_is_positive(host, "NanoCpus") || require_is_positive(host, "CpuQuota");
}

static bool require_pids(const BodyValue *host) {
        return require_is_positive(host, "PidsLimit");
}

static const struct {
        const char *word;
        bool (*is_met)(const BodyValue *host_config);
        const char *member;
        const char *reason;
        const char *text;
} requirements[] = {
        { "no-new-privileges", require_no_new_privileges, "SecurityOpt",
          "require-no-new-privileges",
          "the policy requires the security option no-new-privileges" },
        { "drop-all-capabilities", require_drop_all, "CapDrop", "require-drop-all-capabilities",
          "the policy requires that all capabilities are dropped" },
        { "read-only", require_read_only, "ReadonlyRootfs", "require-read-only",
          "the policy requires a read-only root file system" },
        { "memory-limit", require_memory, "Memory", "require-memory-limit",
          "the policy requires a memory limit" },
        { "cpu-limit", require_cpu, "NanoCpus", "require-cpu-limit",
          "the policy requires a CPU limit" },
        { "pids-limit", require_pids, "PidsLimit", "require-pids-limit",
          "the policy requires a limit of processes" },
};

bool check_require(Judge *j, const BodyValue *host_config) {
        for (size_t i = 0; i < ARRAY_SIZE(requirements); i++) {
                if (!judge_has_word(j, RULE_CREATE_REQUIRE, requirements[i].word) ||
                    requirements[i].is_met(host_config))
                        continue;

                (void) judge_push(j, bytes_of(requirements[i].member));
                return judge_deny(j, RULE_NONE, requirements[i].reason, requirements[i].text,
                                  BYTES_NONE);
        }

        return true;
}

bool check_container_create(Judge *j, const Schema *s, const BodyValue *object) {
        BodyValue host_config, labels;
        size_t len;

        (void) s;
        if (!check_podman_create(j, object))
                return false;
        (void) body_find(object, "HostConfig", &host_config);
        (void) body_find(object, "Labels", &labels);

        len = judge_push(j, BYTES("HostConfig"));
        if (!check_require(j, &host_config))
                return false;
        judge_pop(j, len);

        len = judge_push(j, BYTES("Labels"));
        if (!check_scope_project(j, &labels))
                return false;
        judge_pop(j, len);
        return true;
}
