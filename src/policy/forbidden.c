/* SPDX-License-Identifier: Apache-2.0 */
/* The paths, and how they meet a root. Trusts that paths are plain: config and the judges look. */
#include "policy/forbidden.h"

#include "util/macros.h"

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
        if (bytes_eq_str(dir, "/"))
                return true;
        return bytes_starts_with(path, dir) && (path.len == dir.len || path.data[dir.len] == '/');
}

static bool paths_meet(Bytes a, Bytes b) {
        a = path_normal(a);
        b = path_normal(b);
        return path_is_below(a, b) || path_is_below(b, a);
}

/* Takes name, a whole segment or several, from the front of path. */
static bool path_take(Bytes *path, Bytes name) {
        if (!path_is_below(*path, name))
                return false;

        *path = bytes_skip(*path, name.len);
        return true;
}

/* The sockets of sockgate in runtime_dir: only the instance's own directory may be mounted. */
static bool root_has_sockets(const Policy *p, Bytes path) {
        Bytes rest = path_normal(path), dir = path_normal(bytes_of(p->runtime_dir));

        if (!path_take(&rest, dir))
                return path_is_below(dir, path_normal(path));
        if (rest.len == 0)
                return true;
        if (!path_take(&rest, BYTES("/sockgate")))
                return false;
        if (rest.len == 0)
                return true;

        rest = bytes_skip(rest, 1);
        return !path_is_below(rest, bytes_of(p->name));
}

/* A user's own files may lie anywhere, so their directories are taken from their names. */
static bool root_has_files(const Policy *p, Bytes path) {
        for (size_t i = 0; i < p->n_files; i++) {
                Bytes dir = bytes_of(p->files[i]);

                while (dir.len > 1 && dir.data[dir.len - 1] != '/')
                        dir.len--;
                if (dir.len > 1)
                        dir.len--;
                if (dir.len > 1 && paths_meet(path, dir))
                        return true;
        }

        return false;
}

const char *forbidden_root(const Policy *p, Bytes path) {
        assert(p);

        if (path.len == 1)
                return "the whole host";
        if (p->upstream && paths_meet(path, bytes_of(p->upstream)))
                return "the engine's socket";
        for (size_t i = 0; i < ARRAY_SIZE(forbidden); i++)
                if (paths_meet(path, bytes_of(forbidden[i].path)))
                        return forbidden[i].what;
        if (p->is_user && paths_meet(path, BYTES("/run/sockgate")))
                return "the sockets of the system's instances";
        if (p->runtime_dir && p->name && root_has_sockets(p, path))
                return "the sockets of other instances";

        return p->is_user && root_has_files(p, path) ? "the configuration" : NULL;
}
