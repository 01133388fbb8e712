/* SPDX-License-Identifier: Apache-2.0 */
/*
 * volume.create: names, drivers, and the options that make a local volume a mount of the host. Such
 * a bind is judged by the bind roots of container.create, since whoever mounts the volume gets what
 * lies there. Refuses everything else that options can say unless `options` names it.
 */
#include "policy/check-parts.h"

#include "policy/checks.h"
#include "policy/grammar.h"
#include "util/glob.h"
#include "util/macros.h"

static bool volume_name_in_scope(Judge *j, Bytes name) {
        const Words *words = &j->policy->scope_volumes;

        /* Under projects the label of what is made decides, as it does later. */
        if (!j->policy->has_scope_volumes || j->policy->has_scope_projects)
                return true;
        for (size_t i = 0; i < words->n && name.len > 0; i++)
                if (glob_match(words->items[i].text, name))
                        return true;

        (void) judge_deny(j, RULE_NONE, name.len > 0 ? "scope" : "scope-name-missing",
                          name.len > 0 ? "the volume is outside of [scope]:"
                                       : "under [scope] the body has to name the volume",
                          name);
        if (words->n > 0)
                j->decision.place = words->items[0].place;
        return false;
}

/* Without a name the engine makes one up, of hex digits: only who may have any may have that. */
bool check_volume_name(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;
        if (v->string.len > 0 && !endpoint_is_id(v->string))
                return judge_deny(j, RULE_NONE, "volume-name", "no name of a volume:", v->string);
        if (v->string.len == 0 ? !judge_has_word(j, RULE_VOLUME_NAMES, "*")
                               : !judge_matches(j, RULE_VOLUME_NAMES, v->string, NULL))
                return judge_deny(j, RULE_VOLUME_NAMES, "volume-name-not-allowed",
                                  v->string.len > 0 ? "a volume may not have the name"
                                                    : "a volume has to have a name",
                                  v->string);

        return volume_name_in_scope(j, v->string);
}

bool check_volume_driver(Judge *j, const Field *f, const BodyValue *v) {
        const Words *words = judge_words(j, RULE_VOLUME_DRIVERS);

        (void) f;
        for (size_t i = 0; i < words->n; i++)
                if (bytes_eq(words->items[i].text, v->string))
                        return true;

        return judge_deny(j, RULE_VOLUME_DRIVERS, "volume-driver-not-allowed",
                          "the volume driver is not allowed:", v->string);
}

static bool volume_has_flag(Bytes flags, const char *flag) {
        Bytes rest = flags, word;

        while (bytes_split(&rest, ',', &word))
                if (bytes_eq_str(word, flag))
                        return true;

        return false;
}

/* The engine takes no other spelling of the flag; a type that says so means the same. */
static bool volume_is_bind(const BodyValue *options) {
        BodyValue type, flags;

        (void) body_find(options, "type", &type);
        (void) body_find(options, "o", &flags);
        return volume_has_flag(flags.string, "bind") || volume_has_flag(flags.string, "rbind") ||
               bytes_eq_str(type.string, "bind") || bytes_eq_str(type.string, "none");
}

/* Only these members, so that nothing else can change where the bind leads. */
static bool volume_check_bind_options(Judge *j, const BodyValue *options) {
        static const char *const flags[] = { "bind",     "rbind",  "ro",    "rw",    "private",
                                             "rprivate", "nosuid", "nodev", "noexec" };
        void *position = NULL;
        BodyValue value;
        Bytes key;

        while (body_next(options, &position, &key, &value)) {
                size_t len = judge_push(j, key);
                bool is_good = bytes_eq_str(key, "device");

                if (bytes_eq_str(key, "type"))
                        is_good = value.string.len == 0 || bytes_eq_str(value.string, "none") ||
                                  bytes_eq_str(value.string, "bind");
                else if (bytes_eq_str(key, "o"))
                        is_good = grammar_is_options(value.string, flags, ARRAY_SIZE(flags));
                if (!is_good)
                        return judge_deny(j, RULE_NONE, "volume-bind-option",
                                          "a volume that binds a path can't have this option "
                                          "with the value",
                                          value.string);
                judge_pop(j, len);
        }

        return true;
}

static bool volume_check_bind(Judge *j, const BodyValue *options) {
        BodyValue device, flags;
        bool is_read_only;
        size_t len;

        if (!volume_check_bind_options(j, options))
                return false;

        (void) body_find(options, "device", &device);
        (void) body_find(options, "o", &flags);
        is_read_only = volume_has_flag(flags.string, "ro") && !volume_has_flag(flags.string, "rw");

        len = judge_push(j, BYTES("device"));
        if (!check_bind_source(j, device.string, is_read_only))
                return false;

        judge_pop(j, len);
        return true;
}

/* What else the local driver would mount is a piece of the host: a disk, overlay with the lowerdir
 * of its choice, devtmpfs. Only what has no source on the host is a matter of options alone. */
static bool volume_check_type(Judge *j, const BodyValue *options) {
        static const char *const types[] = { "tmpfs", "nfs", "nfs4", "cifs" };
        BodyValue type, device;

        if (!body_find(options, "type", &type) && !body_find(options, "device", &device))
                return true;
        for (size_t i = 0; i < ARRAY_SIZE(types); i++)
                if (bytes_eq_str(type.string, types[i]))
                        return true;

        (void) judge_push(j, BYTES("type"));
        return judge_deny(j, RULE_NONE, "volume-type-not-allowed",
                          "a local volume may be tmpfs, nfs, nfs4, cifs or a bind, not of the type",
                          type.string);
}

bool check_volume_options(Judge *j, const Field *f, const BodyValue *v) {
        void *position = NULL;
        BodyValue value, driver;
        bool is_local;
        Bytes key;

        (void) f;
        (void) body_find(&j->root, "Driver", &driver);
        is_local = driver.string.len == 0 || bytes_eq_str(driver.string, "local");
        if (is_local && volume_is_bind(v))
                return volume_check_bind(j, v);

        while (body_next(v, &position, &key, &value)) {
                size_t len = judge_push(j, key);

                if (!judge_matches(j, RULE_VOLUME_OPTIONS, key, NULL))
                        return judge_deny(j, RULE_VOLUME_OPTIONS, "volume-option-not-allowed",
                                          "the option of the volume's driver is not allowed:", key);
                judge_pop(j, len);
        }

        return !is_local || volume_check_type(j, v);
}

bool check_volume_create(Judge *j, const Schema *s, const BodyValue *object) {
        BodyValue labels;
        size_t len;

        (void) s;
        (void) body_find(object, "Labels", &labels);
        len = judge_push(j, BYTES("Labels"));
        if (!check_scope_project(j, &labels))
                return false;

        judge_pop(j, len);
        return true;
}
