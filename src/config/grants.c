/* SPDX-License-Identifier: Apache-2.0 */
/*
 * [allow] and [deny]: from sections of the API, POST, ALLOW_* and names of operations to one grant
 * per endpoint. Lines add up over all files; what no line names stays denied, and a name that means
 * nothing is an error, since a rule that silently never holds is no rule.
 */
#include "config/builder.h"

#include "util/parse.h"

/* Operations that are granted with POST or without (CONFIG.md). */
static const struct {
        const char *key;
        const char *endpoints;
} switches[] = {
        { "ALLOW_RESTARTS", "container.stop container.restart container.kill" },
        { "ALLOW_START", "container.start" },
        { "ALLOW_STOP", "container.stop" },
        { "ALLOW_PAUSE", "container.pause" },
        { "ALLOW_UNPAUSE", "container.unpause" },
};

/* Sections whose read level is granted without a line. */
static const char *const default_sections[] = { "PING", "VERSION" };

static bool is_libpod_section(const char *section) {
        return bytes_starts_with(bytes_of(section), BYTES("LIBPOD_"));
}

/* The table's spelling of a section of the API; NULL: there is none. */
static const char *api_section_find(Bytes name) {
        for (size_t i = 0; i < endpoint_count(); i++) {
                const char *section = endpoint_at(i)->section;

                if (section && *section && bytes_ieq_ascii(name, bytes_of(section)))
                        return section;
        }
        return NULL;
}

static int grants_add(Builder *b, const Grant *grant, Bytes pattern, Place place) {
        Grant *grown;

        grown = reallocarray(b->grants, b->n_grants + 1, sizeof(*grown));
        if (!grown)
                return builder_fail_oom(b);
        b->grants = grown;
        grown[b->n_grants] = *grant;
        if (word_init(&grown[b->n_grants].pattern, pattern, place) < 0)
                return builder_fail_oom(b);
        b->n_grants++;
        return 0;
}

/* noun.*, libpod.noun.*: what stands before the star; no bytes: a whole name. */
static Bytes pattern_prefix(Bytes pattern) {
        if (!bytes_ends_with(pattern, BYTES(".*")))
                return BYTES_NONE;
        return bytes_slice(pattern, 0, pattern.len - 1);
}

static bool pattern_matches(Bytes pattern, const Endpoint *e) {
        Bytes name = bytes_of(e->name), prefix = pattern_prefix(pattern);

        return prefix.len > 0 ? bytes_starts_with(name, prefix) : bytes_eq(pattern, name);
}

static bool pattern_is_known(Bytes pattern) {
        for (size_t i = 0; i < endpoint_count(); i++)
                if (pattern_matches(pattern, endpoint_at(i)))
                        return true;
        return false;
}

static int grants_refuse_pattern(Builder *b, Bytes pattern, Place place) {
        Nearest near;

        nearest_init(&near, pattern);
        for (size_t i = 0; i < endpoint_count(); i++)
                nearest_try(&near, endpoint_at(i)->name);
        if (bytes_find(pattern, '*') < pattern.len)
                return builder_fail(
                        b, place,
                        "'%.*s' names no operation: write whole names, or noun.* for the "
                        "operations of a noun, as in container.*",
                        (int) pattern.len, pattern.data);
        return builder_fail(b, place,
                            "'%.*s' is no operation%s%s%s: names are noun.verb, as in "
                            "container.list",
                            (int) pattern.len, pattern.data, NEAREST_ARGS(near));
}

static int grants_add_endpoints(Builder *b, Bytes value, Place place, bool is_deny) {
        Bytes rest = value, word;

        while (word_next(&rest, &word)) {
                const char *problem = word_problem(WORD_GLOB, word);

                if (problem)
                        return builder_fail(b, place, "endpoints: '%.*s' %s", (int) word.len,
                                            word.data, problem);
                if (!is_deny && bytes_eq_str(word, "libpod.*"))
                        return builder_fail(
                                b, place,
                                "libpod.* is every operation of Podman: name its nouns, as "
                                "in libpod.container.*");
                if (!pattern_is_known(word))
                        return grants_refuse_pattern(b, word, place);
                if (grants_add(b, &(Grant){ .is_deny = is_deny }, word, place) < 0)
                        return b->r;
        }
        return 0;
}

static bool parse_level(Bytes value, GrantLevel *ret) {
        bool is_yes;

        if (parse_bool(value, &is_yes))
                *ret = is_yes ? GRANT_LEVEL_YES : GRANT_LEVEL_NO;
        else if (bytes_ieq_ascii(value, BYTES("read")))
                *ret = GRANT_LEVEL_READ;
        else if (bytes_ieq_ascii(value, BYTES("write")))
                *ret = GRANT_LEVEL_WRITE;
        else if (bytes_ieq_ascii(value, BYTES("full")))
                *ret = GRANT_LEVEL_FULL;
        else
                return false;
        return true;
}

static int grants_add_section(Builder *b, const char *section, Bytes value, Place place) {
        Grant grant = { .section = section };

        if (!parse_level(value, &grant.level))
                return builder_fail(b, place,
                                    "%s: '%.*s' is no level: write no, read, write, full or "
                                    "yes",
                                    section, (int) value.len, value.data);
        return grants_add(b, &grant, BYTES_NONE, place);
}

/* POST and ALLOW_*: *ret_is_on says whether the line grants. */
static int grants_read_switch(Builder *b, Bytes key, Bytes value, Place place, bool *ret_is_on) {
        if (parse_bool(value, ret_is_on))
                return 0;
        return builder_fail(b, place, "%.*s: '%.*s' is neither yes nor no", (int) key.len, key.data,
                            (int) value.len, value.data);
}

static int grants_refuse_key(Builder *b, Bytes key, Place place) {
        Nearest near;

        nearest_init(&near, key);
        for (size_t i = 0; i < endpoint_count(); i++)
                nearest_try(&near, endpoint_at(i)->section);
        for (size_t i = 0; i < ARRAY_SIZE(switches); i++)
                nearest_try(&near, switches[i].key);
        nearest_try(&near, "endpoints");
        return builder_fail(
                b, place,
                "unknown key '%.*s' in [allow]%s%s%s: sections of the API, POST, ALLOW_* "
                "and endpoints are known",
                (int) key.len, key.data, NEAREST_ARGS(near));
}

int grants_allow(Builder *b, Bytes key, Bytes value, Place place) {
        const char *section;
        bool is_on;

        if (bytes_ieq_ascii(key, BYTES("endpoints")))
                return grants_add_endpoints(b, value, place, false);

        if (bytes_ieq_ascii(key, BYTES("POST"))) {
                if (grants_read_switch(b, key, value, place, &is_on) < 0)
                        return b->r;
                b->has_post = b->has_post || is_on;
                return 0;
        }

        for (size_t i = 0; i < ARRAY_SIZE(switches); i++) {
                if (!bytes_ieq_ascii(key, bytes_of(switches[i].key)))
                        continue;
                if (grants_read_switch(b, key, value, place, &is_on) < 0)
                        return b->r;
                return is_on ? grants_add_endpoints(b, bytes_of(switches[i].endpoints), place,
                                                    false)
                             : 0;
        }

        section = api_section_find(key);
        return section ? grants_add_section(b, section, value, place)
                       : grants_refuse_key(b, key, place);
}

int grants_deny(Builder *b, Bytes key, Bytes value, Place place) {
        if (bytes_ieq_ascii(key, BYTES("endpoints")))
                return grants_add_endpoints(b, value, place, true);
        return builder_fail(
                b, place,
                "unknown key '%.*s' in [deny]: endpoints is its one key; the absence of a "
                "grant denies",
                (int) key.len, key.data);
}

/* The level that a line of [allow] grants at all. */
static EndpointLevel grant_endpoint_level(const Builder *b, GrantLevel level) {
        switch (level) {
        case GRANT_LEVEL_NO:
                return ENDPOINT_LEVEL_NEVER;
        case GRANT_LEVEL_READ:
                return ENDPOINT_LEVEL_READ;
        case GRANT_LEVEL_WRITE:
                return ENDPOINT_LEVEL_WRITE;
        case GRANT_LEVEL_FULL:
                return ENDPOINT_LEVEL_FULL;
        case GRANT_LEVEL_YES:
                return b->has_post ? ENDPOINT_LEVEL_WRITE : ENDPOINT_LEVEL_READ;
        }
        return ENDPOINT_LEVEL_NEVER;
}

static void grants_mark(Builder *b, size_t index, const Grant *grant) {
        PolicyGrant *g = &b->policy->grants[index];

        if (grant->is_deny && !g->is_denied) {
                g->is_denied = true;
                g->denied_at = grant->pattern.place;
        }
        if (!grant->is_deny && !g->is_allowed) {
                g->is_allowed = true;
                g->allowed_at = grant->pattern.place;
        }
}

static int grants_resolve_section(Builder *b, const Grant *grant) {
        EndpointLevel level = grant_endpoint_level(b, grant->level);

        if (is_libpod_section(grant->section) && !b->policy->is_podman)
                return builder_fail(b, grant->pattern.place,
                                    "%s needs engine = podman in [upstream]: Docker has no libpod "
                                    "routes",
                                    grant->section);

        for (size_t i = 0; i < endpoint_count(); i++) {
                const Endpoint *e = endpoint_at(i);

                if (!e->section || !bytes_eq_str(bytes_of(e->section), grant->section))
                        continue;
                if (e->level != ENDPOINT_LEVEL_NEVER && e->level <= level)
                        grants_mark(b, i, grant);
        }
        return 0;
}

/* Does the line reach this endpoint? A glob of [allow] stops below full. */
static bool grant_covers(const Grant *grant, const Endpoint *e) {
        bool is_glob = pattern_prefix(grant->pattern.text).len > 0;

        if (!pattern_matches(grant->pattern.text, e))
                return false;
        if (grant->is_deny)
                return true;
        if (e->level == ENDPOINT_LEVEL_NEVER)
                return false;
        return !is_glob || e->level < ENDPOINT_LEVEL_FULL;
}

static int grants_resolve_pattern(Builder *b, const Grant *grant) {
        Bytes text = grant->pattern.text;
        size_t n_covered = 0;

        for (size_t i = 0; i < endpoint_count(); i++) {
                const Endpoint *e = endpoint_at(i);

                if (!grant_covers(grant, e))
                        continue;
                if (e->is_libpod && !b->policy->is_podman && !grant->is_deny)
                        return builder_fail(
                                b, grant->pattern.place,
                                "%.*s needs engine = podman in [upstream]: Docker has no "
                                "libpod routes",
                                (int) text.len, text.data);
                grants_mark(b, i, grant);
                n_covered++;
        }
        if (n_covered > 0)
                return 0;
        if (pattern_prefix(text).len > 0)
                return builder_fail(b, grant->pattern.place,
                                    "%.*s grants nothing: in [allow] it covers read and write "
                                    "operations, those of level full are named one by one",
                                    (int) text.len, text.data);
        return builder_fail(b, grant->pattern.place,
                            "%.*s can't be granted by any configuration: remove it", (int) text.len,
                            text.data);
}

/* Ping and version may be read unless [deny] names them. */
static void grants_add_defaults(Builder *b) {
        static const Grant built_in = { 0 };

        for (size_t i = 0; i < endpoint_count(); i++) {
                const Endpoint *e = endpoint_at(i);

                for (size_t k = 0; e->section && k < ARRAY_SIZE(default_sections); k++)
                        if (bytes_eq_str(bytes_of(e->section), default_sections[k]) &&
                            e->level == ENDPOINT_LEVEL_READ)
                                grants_mark(b, i, &built_in);
        }
}

int grants_resolve(Builder *b) {
        for (size_t i = 0; i < b->n_grants; i++) {
                const Grant *grant = &b->grants[i];
                int r;

                r = grant->section ? grants_resolve_section(b, grant)
                                   : grants_resolve_pattern(b, grant);
                if (r < 0)
                        return r;
        }
        grants_add_defaults(b);
        return b->r;
}
