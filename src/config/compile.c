/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From settings to the Policy: every word was checked when it was read, so what is left are the
 * faults that only several keys together show.
 */
#include "config/builder.h"

#include "util/parse.h"

#include <errno.h>

static int compile_string(Builder *b, Bytes text, char **ret) {
        *ret = bytes_dup(text);
        return *ret ? 0 : builder_fail_oom(b);
}

/* A word such as any or non-root says all there is to say. */
static int compile_check_alone(Builder *b) {
        for (size_t i = 0; i < key_count(); i++) {
                const Words *words = &b->settings[i].words;
                const Key *key = key_at(i);

                for (size_t k = 0; words->n > 1 && k < words->n; k++) {
                        Bytes word = words->items[k].text;

                        if (word_is_in(key->alone, word))
                                return builder_fail(
                                        b, words->items[k].place,
                                        "%s in [%s]: '%.*s' stands alone: remove the other "
                                        "words, or begin anew with an empty %s =",
                                        key->name, key->section, (int) word.len, word.data,
                                        key->name);
                }
        }
        return 0;
}

static int compile_upstream(Builder *b) {
        const ConfigOptions *o = b->options;
        Bytes socket = builder_scalar(b, "upstream", "socket");
        char *path = NULL;

        b->policy->is_podman = bytes_eq_str(builder_scalar(b, "upstream", "engine"), "podman");
        if (socket.len > 0)
                return compile_string(b, socket, &b->policy->upstream);
        if (!o->is_user)
                return compile_string(b, BYTES("/run/docker.sock"), &b->policy->upstream);

        path = path_join(o->runtime_dir,
                         o->is_docker_missing ? "podman/podman.sock" : "docker.sock");
        if (!path)
                return builder_fail_oom(b);
        b->policy->upstream = path;
        return 0;
}

static int compile_policy_section(Builder *b) {
        const Setting *mode = builder_setting(b, "policy", "mode");

        (void) word_parse_api(builder_scalar(b, "policy", "api-min"), &b->policy->api_min);
        b->policy->is_shadow = bytes_eq_str(builder_scalar(b, "policy", "mode"), "shadow");
        if (!b->policy->is_shadow)
                return 0;
        return builder_warn(b, mode->place, "mode = shadow: nothing is enforced");
}

static int compile_ids(Builder *b, const char *name, uint32_t **ret_ids, size_t *ret_n) {
        const Words *words = &builder_setting(b, "peers", name)->words;

        *ret_ids = calloc(MAX(words->n, (size_t) 1), sizeof(**ret_ids));
        if (!*ret_ids)
                return builder_fail_oom(b);
        for (size_t i = 0; i < words->n; i++)
                (void) word_parse_uid(words->items[i].text, &(*ret_ids)[i]);
        *ret_n = words->n;
        return 0;
}

static int compile_addresses(Builder *b) {
        const Words *words = &builder_setting(b, "peers", "addresses")->words;
        Policy *p = b->policy;

        p->addresses = calloc(MAX(words->n, (size_t) 1), sizeof(*p->addresses));
        if (!p->addresses)
                return builder_fail_oom(b);
        for (size_t i = 0; i < words->n; i++)
                (void) word_parse_prefix(words->items[i].text, &p->addresses[i]);
        p->n_addresses = words->n;
        return 0;
}

static int compile_texts(Builder *b, const char *name, Bytes **ret_texts, size_t *ret_n) {
        const Words *words = &builder_setting(b, "peers", name)->words;

        *ret_texts = calloc(MAX(words->n, (size_t) 1), sizeof(**ret_texts));
        if (!*ret_texts)
                return builder_fail_oom(b);
        for (size_t i = 0; i < words->n; i++) {
                char *copy = bytes_dup(words->items[i].text);

                if (!copy)
                        return builder_fail_oom(b);
                (*ret_texts)[(*ret_n)++] = (Bytes){ copy, words->items[i].text.len };
        }
        return 0;
}

/* Bare names, as a Host is reduced to one before it is compared: without the brackets of IPv6. */
static int compile_hosts(Builder *b) {
        Policy *p = b->policy;

        if (compile_texts(b, "hosts", &p->hosts, &p->n_hosts) < 0)
                return b->r;
        for (size_t i = 0; i < p->n_hosts; i++) {
                Bytes *host = &p->hosts[i];

                if (host->len == 0 || host->data[0] != '[')
                        continue;
                host->len -= strlen("[]");
                memmove((char *) (uintptr_t) host->data, host->data + 1, host->len);
        }
        return 0;
}

static int compile_words(Builder *b, const char *section, const char *name, Words *ret) {
        const Words *words = &builder_setting(b, section, name)->words;

        return words_append(ret, words) < 0 ? builder_fail_oom(b) : 0;
}

/* Keys that a peer could never meet together, or that this kernel can't answer for. */
static int compile_check_peers(Builder *b) {
        static const char *const local[] = { "uids", "gids", "units", "containers" };
        const Setting *addresses = builder_setting(b, "peers", "addresses");

        for (size_t i = 0; i < ARRAY_SIZE(local); i++) {
                const Setting *s = builder_setting(b, "peers", local[i]);

                if (s->words.n == 0)
                        continue;
                if (addresses->words.n > 0)
                        return builder_fail(
                                b, addresses->place,
                                "[peers] with addresses and %s admits nobody: a TCP peer "
                                "never meets %s. Use one instance for each",
                                local[i], local[i]);
                if (i >= 2 && !b->options->has_peer_pidfd)
                        return builder_fail(
                                b, s->place,
                                "%s in [peers] needs SO_PEERPIDFD, Linux 6.5 or later: use "
                                "uids and gids on this kernel",
                                local[i]);
        }
        return 0;
}

static int compile_peers(Builder *b) {
        Policy *p = b->policy;

        if (compile_check_peers(b) < 0 || compile_ids(b, "uids", &p->uids, &p->n_uids) < 0 ||
            compile_ids(b, "gids", &p->gids, &p->n_gids) < 0 ||
            compile_words(b, "peers", "units", &p->units) < 0 ||
            compile_words(b, "peers", "containers", &p->containers) < 0 ||
            compile_addresses(b) < 0 || compile_hosts(b) < 0 ||
            compile_texts(b, "origins", &p->origins, &p->n_origins) < 0)
                return b->r;

        p->has_uids = p->n_uids > 0;
        p->has_gids = p->n_gids > 0;
        p->has_units = p->units.n > 0;
        p->has_containers = p->containers.n > 0;
        p->has_addresses = p->n_addresses > 0;
        return 0;
}

static int compile_scope(Builder *b) {
        Policy *p = b->policy;

        if (compile_words(b, "scope", "containers", &p->scope_containers) < 0 ||
            compile_words(b, "scope", "networks", &p->scope_networks) < 0 ||
            compile_words(b, "scope", "volumes", &p->scope_volumes) < 0 ||
            compile_words(b, "scope", "projects", &p->scope_projects) < 0)
                return b->r;

        p->has_scope_containers = p->scope_containers.n > 0;
        p->has_scope_networks = p->scope_networks.n > 0;
        p->has_scope_volumes = p->scope_volumes.n > 0;
        p->has_scope_projects = p->scope_projects.n > 0;
        p->resolve_ids = builder_bool(b, "scope", "resolve-ids");
        return 0;
}

static void compile_audit(Builder *b) {
        Bytes log = builder_scalar(b, "audit", "log");
        Bytes required = builder_scalar(b, "audit", "required");

        if (bytes_eq_str(log, "changes"))
                b->policy->log = POLICY_LOG_CHANGES;
        if (bytes_eq_str(log, "denied"))
                b->policy->log = POLICY_LOG_DENIED;
        if (bytes_eq_str(required, "changes"))
                b->policy->required = POLICY_REQUIRED_CHANGES;
        if (bytes_eq_str(required, "all"))
                b->policy->required = POLICY_REQUIRED_ALL;
}

static void compile_time(const Builder *b, const char *name, uint64_t *ret) {
        Bytes word = builder_scalar(b, "limits", name);

        if (word.len > 0)
                (void) parse_time(word, ret);
}

static void compile_size(const Builder *b, const char *name, uint64_t *ret) {
        Bytes word = builder_scalar(b, "limits", name);

        if (word.len > 0)
                (void) parse_size(word, ret);
}

static void compile_count(const Builder *b, const char *name, unsigned *ret) {
        Bytes word = builder_scalar(b, "limits", name);
        uint64_t value;

        if (word.len > 0 && parse_u64(word, 9, &value))
                *ret = (unsigned) value;
}

static int compile_limits(Builder *b) {
        Limits *l = &b->policy->limits;
        const Setting *body = builder_setting(b, "limits", "judged-body");
        const Setting *bytes = builder_setting(b, "limits", "judged-bytes");

        compile_time(b, "idle-exit", &l->idle_exit_usec);
        compile_count(b, "connections", &l->n_connections);
        compile_count(b, "connections-per-peer", &l->n_per_peer);
        compile_time(b, "head-timeout", &l->head_usec);
        compile_time(b, "keep-alive-timeout", &l->keep_alive_usec);
        compile_size(b, "judged-body", &l->judged_body_max);
        compile_size(b, "judged-bytes", &l->judged_bytes_max);
        compile_time(b, "body-timeout", &l->body_usec);
        compile_time(b, "drain-timeout", &l->drain_usec);
        compile_time(b, "stall-timeout", &l->stall_usec);

        if (l->judged_bytes_max >= l->judged_body_max)
                return 0;
        return builder_fail(
                b, bytes->is_given ? bytes->place : body->place,
                "judged-bytes is less than judged-body: a body of that size could never "
                "be held; raise judged-bytes");
}

static int compile_judge(Builder *b, const char *section, Place place) {
        for (unsigned j = 0; j < _ENDPOINT_JUDGE_MAX; j++) {
                const char *name = endpoint_judge_section((EndpointJudge) j);

                if (name && bytes_eq_str(bytes_of(name), section))
                        b->policy->judges[j] = (PolicyJudge){ .is_off = true, .place = place };
        }
        return builder_warn(b, place,
                            "judge = no in [%s]: bodies are forwarded unread: root on the host",
                            section);
}

static int compile_judges(Builder *b) {
        for (size_t i = 0; i < key_count(); i++) {
                const Key *key = key_at(i);

                if (!bytes_eq_str(bytes_of(key->name), "judge"))
                        continue;
                if (builder_bool(b, key->section, "judge"))
                        continue;
                if (compile_judge(b, key->section, b->settings[i].place) < 0)
                        return b->r;
        }
        b->policy->foreign_ids = builder_bool(b, "exec.create", "foreign-ids");
        return 0;
}

/* A list that stands for another one until a file names it. */
static const Words *compile_list_words(const Builder *b, const Key *key) {
        const Setting *s = &b->settings[key_index(key)];

        if (s->is_given)
                return &s->words;
        if (key == key_find(BYTES("image.pull"), BYTES("images")))
                return &builder_setting(b, "container.create", "images")->words;
        if (key == key_find(BYTES("network.connect"), BYTES("networks")))
                return &builder_setting(b, "container.create", "networks")->words;
        return &s->words;
}

static int compile_lists(Builder *b) {
        Policy *p = b->policy;

        p->lists = calloc(key_count(), sizeof(*p->lists));
        if (!p->lists)
                return builder_fail_oom(b);

        for (size_t i = 0; i < key_count(); i++) {
                const Key *key = key_at(i);
                PolicyList *list = &p->lists[p->n_lists];
                const Words *words = compile_list_words(b, key);

                if (!key_is_judged(key) || bytes_eq_str(bytes_of(key->name), "judge"))
                        continue;
                *list = (PolicyList){ .section = key->section, .key = key->name };
                p->n_lists++;
                /* join-containers = no is a word for none. */
                if (words->n == 1 && key->is_list && word_is_in(key->alone, BYTES("no")) &&
                    bytes_eq_str(words->items[0].text, "no"))
                        continue;
                if (words_append(&list->words, words) < 0)
                        return builder_fail_oom(b);
        }
        return 0;
}

/* Keys that the judges look up by number; the words are those of the lists, or of [scope]. */
static int compile_rules(Builder *b) {
        Policy *p = b->policy;

        for (size_t i = 0; i < p->n_lists; i++) {
                const PolicyList *list = &p->lists[i];

                assert(list->section && list->key);
                for (unsigned k = RULE_NONE + 1; k < _RULE_KEY_MAX; k++)
                        if (strcmp(rule_section((RuleKey) k), list->section) == 0 &&
                            strcmp(rule_name((RuleKey) k), list->key) == 0 &&
                            words_append(&p->rules[k], &list->words) < 0)
                                return builder_fail_oom(b);
        }
        return compile_words(b, "scope", "containers", &p->rules[RULE_SCOPE_CONTAINERS]);
}

int compile_policy(Builder *b) {
        assert(b);

        b->policy->is_user = b->options->is_user;
        if (compile_check_alone(b) < 0 ||
            compile_string(b, bytes_of(b->options->instance), &b->policy->name) < 0 ||
            compile_string(b, bytes_of(b->options->runtime_dir), &b->policy->runtime_dir) < 0 ||
            compile_upstream(b) < 0 || compile_policy_section(b) < 0 || compile_peers(b) < 0 ||
            compile_scope(b) < 0 || compile_limits(b) < 0 || compile_judges(b) < 0 ||
            compile_lists(b) < 0 || compile_rules(b) < 0)
                return b->r;

        compile_audit(b);
        return roots_check(b);
}

/* Operations after which an image's name no longer says what runs. */
static bool endpoint_names_images(const Endpoint *e) {
        static const char *const names[] = { "build.image",       "image.load",
                                             "image.import",      "image.tag",
                                             "container.commit",  "libpod.build.image",
                                             "libpod.image.load", "libpod.image.import",
                                             "libpod.image.tag",  "libpod.container.commit" };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (strcmp(e->name, names[i]) == 0)
                        return true;
        return false;
}

int compile_check_images(Builder *b) {
        const Words *images = &b->policy->rules[RULE_CREATE_IMAGES];

        if (images->n == 1 &&
            (bytes_eq_str(images->items[0].text, "*") || bytes_eq_str(images->items[0].text, "**")))
                return 0;

        for (size_t i = 0; i < endpoint_count(); i++) {
                const PolicyGrant *grant = &b->policy->grants[i];
                const Endpoint *e = endpoint_at(i);

                if (!grant->is_allowed || grant->is_denied || !endpoint_names_images(e))
                        continue;
                (void) builder_warn(b, grant->allowed_at,
                                    "%s is allowed beside images other than * in "
                                    "[container.create]: it can give any image a name that is "
                                    "allowed there",
                                    e->name);
        }
        return b->r;
}
