/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bind roots that nobody may give away (POLICY.md "Bind roots"): whoever has the engine's socket,
 * its data, our configuration or another instance's socket in a container has the host. Lexical:
 * links on the way are the tool's to find.
 */
#include "config/builder.h"

#include <errno.h>

static const struct {
        const char *path;
        const char *what;
} forbidden[] = {
        { "/var/lib/docker", "the engine's data" },
        { "/var/lib/containerd", "the engine's data" },
        { "/var/lib/containers", "the engine's data" },
        { "/etc/sockgate", "the configuration" },
        { "/usr/lib/sockgate", "the configuration" },
        { "/proc", "/proc" },
        { "/sys", "/sys" },
        { "/dev", "/dev" },
};

/* /var/run is /run on every distribution that has systemd. */
static Bytes path_normal(Bytes path) {
        if (bytes_eq_str(path, "/var/run") || bytes_starts_with(path, BYTES("/var/run/")))
                return bytes_skip(path, strlen("/var"));
        return path;
}

/* Is path the same as dir or below it? */
static bool path_is_below(Bytes path, Bytes dir) {
        if (dir.len == 1)
                return true;
        return bytes_starts_with(path, dir) && (path.len == dir.len || path.data[dir.len] == '/');
}

static bool paths_meet(Bytes a, Bytes b) {
        a = path_normal(a);
        b = path_normal(b);
        return path_is_below(a, b) || path_is_below(b, a);
}

static int roots_refuse(Builder *b, const Word *word, const char *what) {
        return builder_fail(
                b, word->place,
                "bind root '%.*s' is, holds or lies in %s: whoever has that is root on the "
                "host; name a directory of the application",
                (int) word->text.len, word->text.data, what);
}

/* The sockets of sockgate: only the instance's own directory may be mounted. */
static int roots_check_sockets(Builder *b, const Word *word, Bytes path) {
        _cleanup_free_ char *all = NULL, *own = NULL;

        all = path_join(b->options->runtime_dir, "sockgate");
        if (!all)
                return builder_fail_oom(b);
        own = path_join(all, b->options->instance);
        if (!own)
                return builder_fail_oom(b);

        if (!paths_meet(path, bytes_of(all)))
                return 0;
        if (path_is_below(path_normal(path), path_normal(bytes_of(own))))
                return 0;
        return roots_refuse(b, word, "the sockets of other instances");
}

/* A user's own files may lie anywhere, so their directories are taken from their names. */
static int roots_check_files(Builder *b, const Word *word, Bytes path) {
        for (size_t i = 0; b->options->is_user && i < b->policy->n_files; i++) {
                Bytes dir = bytes_of(b->policy->files[i]);

                while (dir.len > 1 && dir.data[dir.len - 1] != '/')
                        dir.len--;
                if (dir.len > 1)
                        dir.len--;
                if (dir.len > 1 && paths_meet(path, dir))
                        return roots_refuse(b, word, "the configuration");
        }
        return 0;
}

static int roots_check_word(Builder *b, const Word *word) {
        Bytes path = word_parse_bind(word->text).path;

        if (path.len == 1)
                return roots_refuse(b, word, "the whole host");
        if (paths_meet(path, bytes_of(b->policy->upstream)))
                return roots_refuse(b, word, "the engine's socket");
        for (size_t i = 0; i < ARRAY_SIZE(forbidden); i++)
                if (paths_meet(path, bytes_of(forbidden[i].path)))
                        return roots_refuse(b, word, forbidden[i].what);
        if (b->options->is_user && paths_meet(path, BYTES("/run/sockgate")))
                return roots_refuse(b, word, "the sockets of the system's instances");
        if (roots_check_sockets(b, word, path) < 0)
                return b->r;
        return roots_check_files(b, word, path);
}

static bool words_have(const Words *words, const char *wanted) {
        for (size_t i = 0; i < words->n; i++)
                if (bytes_eq_str(words->items[i].text, wanted))
                        return true;
        return false;
}

/* Containers that can't use what they reach below a root. */
static bool roots_are_harmless(const Builder *b) {
        const Words *require = &builder_setting(b, "container.create", "require")->words;
        const Words *users = &builder_setting(b, "container.create", "users")->words;

        return words_have(users, "non-root") && words_have(require, "no-new-privileges") &&
               words_have(require, "drop-all-capabilities");
}

int roots_check(Builder *b) {
        const Words *roots = &builder_setting(b, "container.create", "bind-mounts")->words;
        bool warns = !b->options->is_user && !builder_bool(b, "policy", "accept-writable-roots") &&
                     !roots_are_harmless(b);

        for (size_t i = 0; i < roots->n; i++) {
                const Word *word = &roots->items[i];

                if (roots_check_word(b, word) < 0)
                        return b->r;
                if (!warns || word_parse_bind(word->text).is_exact)
                        continue;
                (void) builder_warn(
                        b, word->place,
                        "bind-root-writable: '%.*s': who can write below it can reach the "
                        "whole host. Use exact:/path, or users = non-root with require = "
                        "no-new-privileges drop-all-capabilities; accept-writable-roots = "
                        "yes accepts it",
                        (int) word->text.len, word->text.data);
        }
        return b->r;
}
