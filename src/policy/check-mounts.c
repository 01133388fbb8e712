/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is mounted into a container: Binds, Mounts, Tmpfs and the legacy Volumes (POLICY 6 "Bind
 * roots"). Trusts that types are right. Refuses every source that is no plain path below a root, as
 * the engine cleans "/srv/../etc" to /etc; types and options that nobody listed; and volumes that
 * no key names.
 */
#include "policy/check-parts.h"

#include "policy/checks.h"
#include "policy/forbidden.h"
#include "policy/grammar.h"
#include "util/glob.h"
#include "util/macros.h"

bool check_is_zero(const BodyValue *v) {
        switch (v->type) {
        case BODY_NULL:
                return true;
        case BODY_BOOL:
                return !v->boolean;
        case BODY_INTEGER:
                return v->integer == 0;
        case BODY_STRING:
                return v->string.len == 0;
        case BODY_ARRAY:
        case BODY_OBJECT:
                return body_size(v) == 0;
        case BODY_REAL:
                break;
        }

        return false;
}

/* The engine cleans targets; of the plain ones only slashes at the end differ. */
static Bytes target_trim(Bytes target) {
        while (target.len > 1 && target.data[target.len - 1] == '/')
                target.len--;
        return target;
}

static bool target_add(Judge *j, Bytes target) {
        target = target_trim(target);
        if (!bytes_starts_with(target, BYTES("/")) || target.len == 1)
                return judge_deny(j, RULE_NONE, "mount-target",
                                  "a mount needs an absolute path in the container, not:", target);
        if (j->n_targets == JUDGE_TARGETS_MAX)
                return judge_deny(j, RULE_NONE, "mount-count", "there are too many mounts",
                                  BYTES_NONE);

        j->targets[j->n_targets++] = target;
        return true;
}

/* Where no root may lie the configuration would refuse the line of a hint. */
static bool bind_deny(Judge *j, Bytes source) {
        if (forbidden_root(j->policy, source))
                return judge_deny(j, RULE_NONE, "bind-not-allowed",
                                  "it gives away the host, so no bind root may cover:", source);

        return judge_deny(j, RULE_CREATE_BIND_MOUNTS, "bind-not-allowed",
                          "no bind root covers:", source);
}

/* Some root covers it, and asks for no more than the mount says. */
bool check_bind_source(Judge *j, Bytes source, bool is_read_only) {
        const Words *roots = judge_words(j, RULE_CREATE_BIND_MOUNTS);
        bool is_covered = false;

        if (!grammar_is_plain_path(source))
                return judge_deny(j, RULE_NONE, "bind-path",
                                  "a bind needs an absolute path without empty, . or .. "
                                  "segments, not:",
                                  source);

        for (size_t i = 0; i < roots->n; i++) {
                BindRoot root = grammar_bind_root(roots->items[i].text);

                if (!grammar_root_covers(&root, source))
                        continue;
                if (!root.is_read_only || is_read_only)
                        return true;
                is_covered = true;
        }

        if (is_covered)
                return judge_deny(j, RULE_CREATE_BIND_MOUNTS, "bind-read-only",
                                  "the bind root allows read-only binds alone:", source);
        return bind_deny(j, source);
}

static bool volume_check_anonymous(Judge *j) {
        if (judge_is_yes(j, RULE_CREATE_ANONYMOUS_VOLUMES))
                return true;

        return judge_deny_word(j, RULE_CREATE_ANONYMOUS_VOLUMES, "yes", "volume-anonymous",
                               "volumes without a name are not allowed", BYTES_NONE);
}

/*
 * [scope] projects: a volume that is there has to carry the label of a project, or have a name of
 * [scope] volumes. One that is not there would be made by this create, and what is made carries the
 * label too: a mount says it in VolumeOptions, a bind string can't. (Compose makes its volumes
 * first, by volume.create.) Were it let through, the next create would find a volume of no project.
 *
 * The engine has no ids of volumes, so the name is what it mounts: a volume that another client
 * makes, or removes and makes again, between our question and the create is not noticed.
 */
static bool volume_check_scope(Judge *j, Bytes name, const BodyValue *labels) {
        const Words *words = &j->policy->scope_volumes;
        const Object *object;

        if (!j->policy->has_scope_volumes && !j->policy->has_scope_projects)
                return true;
        for (size_t i = 0; i < words->n; i++)
                if (glob_match(words->items[i].text, name))
                        return true;

        object = objects_find(j->facts->objects, OBJECT_VOLUME, name);
        if (!j->policy->has_scope_projects || !object || !object->is_missing)
                return check_scope_object(j, OBJECT_VOLUME, name);
        if (check_scope_has_project(j, labels))
                return true;

        (void) judge_deny(j, RULE_NONE, "scope-project",
                          "under [scope] projects a volume has to be made first, with the label "
                          "com.docker.compose.project; there is none of the name",
                          name);
        if (j->policy->scope_projects.n > 0)
                j->decision.place = j->policy->scope_projects.items[0].place;
        return false;
}

/* labels: those that the engine would give to a new volume; may be null. */
static bool volume_check(Judge *j, Bytes name, const BodyValue *labels) {
        if (name.len == 0)
                return volume_check_anonymous(j);
        if (!endpoint_is_id(name))
                return judge_deny(j, RULE_NONE, "volume-name",
                                  "no path and no name of a volume:", name);
        if (!judge_matches(j, RULE_CREATE_VOLUMES, name, NULL))
                return judge_deny(j, RULE_CREATE_VOLUMES, "volume-not-allowed",
                                  "the volume is not allowed:", name);

        return volume_check_scope(j, name, labels);
}

static bool bind_string_check(Judge *j, Bytes text) {
        const BodyValue no_labels = { .type = BODY_NULL };
        BindString bind;

        switch (grammar_bind(text, &bind)) {
        case BIND_OK:
                break;
        case BIND_NOT_A_BIND:
                return judge_deny(j, RULE_NONE, "bind-grammar",
                                  "no bind of the form source:target[:options]:", text);
        case BIND_BAD_OPTION:
                return judge_deny(
                        j, RULE_NONE, "bind-option",
                        "options of a bind may be ro, rw, rprivate, private, nocopy:", text);
        }

        if (!target_add(j, bind.target))
                return false;
        return bytes_starts_with(bind.source, BYTES("/"))
                       ? check_bind_source(j, bind.source, bind.is_read_only)
                       : volume_check(j, bind.source, &no_labels);
}

bool check_binds(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;

        for (size_t i = 0; i < body_size(v); i++) {
                size_t len = judge_push_index(j, i);

                if (!bind_string_check(j, body_element(v, i).string))
                        return false;
                judge_pop(j, len);
        }

        return true;
}

bool check_tmpfs(Judge *j, const Field *f, const BodyValue *v) {
        static const char *const options[] = { "ro",    "rw",    "noexec", "exec", "nosuid",
                                               "nodev", "size=", "mode=",  "uid=", "gid=" };
        void *position = NULL;
        BodyValue value;
        Bytes target;

        (void) f;
        if (!judge_is_yes(j, RULE_CREATE_TMPFS) && body_size(v) > 0)
                return judge_deny_word(j, RULE_CREATE_TMPFS, "yes", "tmpfs-not-allowed",
                                       "tmpfs is not allowed", BYTES_NONE);

        while (body_next(v, &position, &target, &value)) {
                size_t len = judge_push(j, target);

                if (!grammar_is_options(value.string, options, ARRAY_SIZE(options)))
                        return judge_deny(j, RULE_NONE, "tmpfs-option",
                                          "options of a tmpfs may be ro, rw, noexec, exec, nosuid, "
                                          "nodev, size, mode, uid, gid:",
                                          value.string);
                if (!target_add(j, target))
                        return false;
                judge_pop(j, len);
        }

        return true;
}

/* Older clients repeat there what Binds mounts: nothing new is made of it. */
bool check_volumes(Judge *j, const Field *f, const BodyValue *v) {
        void *position = NULL;
        BodyValue value;
        Bytes target;

        (void) f;
        while (body_next(v, &position, &target, &value)) {
                size_t len = judge_push(j, target), i = 0;

                while (i < j->n_targets && !bytes_eq(j->targets[i], target_trim(target)))
                        i++;
                if (i == j->n_targets && !volume_check_anonymous(j))
                        return false;
                judge_pop(j, len);
        }

        return true;
}

/* Denies at a member of the mount at hand. */
static bool mount_deny(Judge *j, const char *member, const char *reason, const char *text,
                       Bytes value) {
        (void) judge_push(j, bytes_of(member));
        return judge_deny(j, RULE_NONE, reason, text, value);
}

/* The options of another type say that somebody means something that we don't see. */
static bool mount_check_options(Judge *j, const BodyValue *mount, const char *own) {
        static const char *const members[] = { "BindOptions", "VolumeOptions", "TmpfsOptions",
                                               "ImageOptions", "ClusterOptions" };
        BodyValue options;

        for (size_t i = 0; i < ARRAY_SIZE(members); i++)
                if (strcmp(members[i], own) != 0 && body_find(mount, members[i], &options) &&
                    !check_is_zero(&options))
                        return mount_deny(j, members[i], "mount-options",
                                          "these options are of another type of mount", BYTES_NONE);

        return true;
}

/* A root for reading alone says nothing of propagation: the engine's default is what was meant. */
static bool mount_check_propagation(Judge *j, const BodyValue *mount, Bytes source) {
        const Words *roots = judge_words(j, RULE_CREATE_BIND_MOUNTS);
        BodyValue options, propagation;

        if (!body_find(mount, "BindOptions", &options) ||
            !body_find(&options, "Propagation", &propagation) || check_is_zero(&propagation))
                return true;

        for (size_t i = 0; i < roots->n; i++) {
                BindRoot root = grammar_bind_root(roots->items[i].text);

                if (!root.is_read_only && grammar_root_covers(&root, source))
                        return true;
        }

        (void) judge_push(j, BYTES("BindOptions"));
        return mount_deny(
                j, "Propagation", "bind-option",
                "below a root for reading alone propagation can't be chosen:", propagation.string);
}

static bool mount_check_bind(Judge *j, const BodyValue *mount) {
        BodyValue source, read_only;
        size_t len;

        (void) body_find(mount, "Source", &source);
        (void) body_find(mount, "ReadOnly", &read_only);
        len = judge_push(j, BYTES("Source"));
        if (!check_bind_source(j, source.string, read_only.boolean))
                return false;
        judge_pop(j, len);

        return mount_check_propagation(j, mount, source.string) &&
               mount_check_options(j, mount, "BindOptions");
}

static bool mount_check_volume(Judge *j, const BodyValue *mount) {
        BodyValue source, options, labels;
        size_t len;

        (void) body_find(mount, "Source", &source);
        (void) body_find(mount, "VolumeOptions", &options);
        (void) body_find(&options, "Labels", &labels);
        len = judge_push(j, BYTES("Source"));
        if (!volume_check(j, source.string, &labels))
                return false;
        judge_pop(j, len);

        return mount_check_options(j, mount, "VolumeOptions");
}

static bool mount_check_tmpfs(Judge *j, const BodyValue *mount) {
        BodyValue source;

        (void) body_find(mount, "Source", &source);
        if (!check_is_zero(&source))
                return mount_deny(j, "Source", "mount-options",
                                  "a tmpfs has no source:", source.string);
        if (!judge_is_yes(j, RULE_CREATE_TMPFS)) {
                (void) judge_push(j, BYTES("Type"));
                return judge_deny_word(j, RULE_CREATE_TMPFS, "yes", "tmpfs-not-allowed",
                                       "tmpfs is not allowed", BYTES_NONE);
        }

        return mount_check_options(j, mount, "TmpfsOptions");
}

bool check_mount(Judge *j, const Schema *s, const BodyValue *object) {
        BodyValue type, target;
        size_t len;

        (void) s;
        (void) body_find(object, "Type", &type);
        (void) body_find(object, "Target", &target);

        len = judge_push(j, BYTES("Target"));
        if (!target_add(j, target.string))
                return false;
        judge_pop(j, len);

        if (bytes_eq_str(type.string, "bind"))
                return mount_check_bind(j, object);
        if (bytes_eq_str(type.string, "volume"))
                return mount_check_volume(j, object);
        if (bytes_eq_str(type.string, "tmpfs"))
                return mount_check_tmpfs(j, object);

        return mount_deny(j, "Type", "mount-type",
                          "a mount may be of type bind, volume or tmpfs, not:", type.string);
}
