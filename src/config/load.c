/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an instance's name to its policy: the main file and the drop-ins of the search path, the
 * presets, and config_parse(). Refuses the whole configuration when one file can't be read or could
 * have been written by somebody else.
 */
#include "config/load.h"

#include "config/dropins.h"
#include "config/files.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#define LOAD_DIRS_MAX  4    /* of the search path */
#define LOAD_FILES_MAX 4096 /* drop-ins of an instance, presets: a bound on what we hold */

typedef struct Loader {
        const LoadOptions *options;
        ConfigError *error;
        char *dirs[LOAD_DIRS_MAX]; /* the strongest first */
        size_t n_dirs;
        TextFile *files; /* main file and drop-ins, in order */
        size_t n_files;
        TextFile *presets;
        size_t n_presets;
} Loader;

typedef struct DropinList {
        DropinName *items; /* path is owned, name lies in it */
        char **paths;
        size_t n, n_paths;
} DropinList;

static void text_files_free(TextFile *files, size_t n) {
        for (size_t i = 0; i < n; i++)
                text_file_done(&files[i]);
        free(files);
}

static void loader_done(Loader *l) {
        for (size_t i = 0; i < l->n_dirs; i++)
                free(l->dirs[i]);
        text_files_free(l->files, l->n_files);
        text_files_free(l->presets, l->n_presets);
}

static void dropin_list_done(DropinList *list) {
        for (size_t i = 0; i < list->n_paths; i++)
                free(list->paths[i]);
        free(list->paths);
        free(list->items);
}

static char *join(const char *a, const char *b, const char *c) {
        _cleanup_(buffer_done) Buffer text = { 0 };

        if (buffer_printf(&text, "%s%s%s", a, b, c) < 0)
                return NULL;
        return bytes_dup(buffer_bytes(&text));
}

/* Also true for a link that leads nowhere: a rule that somebody wrote and that is gone must not be
 * gone silently. */
static bool path_is_there(const char *path) {
        struct stat st;

        return lstat(path, &st) >= 0;
}

/* Reads a file to the end of a list. *ret_found says whether there is one. */
static int loader_read(const Loader *l, const char *path, TextFile **files, size_t *n,
                       bool *ret_found) {
        TextFile *grown;
        int r;

        grown = reallocarray(*files, *n + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        *files = grown;

        r = text_file_read(path, &grown[*n], l->error);
        if (r == -ENOENT && path_is_there(path))
                return config_error_set(l->error, path,
                                        "is a link that leads nowhere: remove it, or link it to "
                                        "/dev/null to mask it");
        if (r < 0 && r != -ENOENT)
                return r;
        *ret_found = r >= 0;
        *n += r >= 0;
        return 0;
}

static int loader_add_dir(Loader *l, const char *before, const char *dir) {
        assert(l->n_dirs < LOAD_DIRS_MAX);

        l->dirs[l->n_dirs] = join(before, dir, "");
        if (!l->dirs[l->n_dirs])
                return -ENOMEM;
        l->n_dirs++;
        return 0;
}

static int loader_add_dirs(Loader *l) {
        static const char *const system_dirs[] = { "/etc/sockgate", "/run/sockgate",
                                                   "/usr/lib/sockgate" };
        const LoadOptions *o = l->options;

        /* A relative one comes from an odd environment; the XDG specification has it ignored. */
        if (o->is_user && o->config_home && o->config_home[0] == '/' &&
            loader_add_dir(l, o->config_home, "/sockgate") < 0)
                return -ENOMEM;
        for (size_t i = 0; i < ARRAY_SIZE(system_dirs); i++)
                if (loader_add_dir(l, o->root ? o->root : "", system_dirs[i]) < 0)
                        return -ENOMEM;
        return 0;
}

/* The first main file that exists. */
static int loader_read_main(Loader *l) {
        bool found = false;

        for (size_t i = 0; i < l->n_dirs && !found; i++) {
                _cleanup_free_ char *stem = join(l->dirs[i], "/", l->options->instance);
                _cleanup_free_ char *path = stem ? join(stem, ".conf", "") : NULL;
                int r;

                if (!path)
                        return -ENOMEM;
                r = loader_read(l, path, &l->files, &l->n_files, &found);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* A link to /dev/null or an empty file adds nothing and hides the weaker ones. */
static bool path_is_mask(const char *path) {
        char target[PATH_MAX];
        struct stat st;

        if (realpath(path, target) && strcmp(target, "/dev/null") == 0)
                return true;
        return stat(path, &st) >= 0 && S_ISREG(st.st_mode) && st.st_size == 0;
}

static int dropin_list_add(DropinList *list, const char *dir, const char *name, unsigned rank) {
        DropinName *items;
        char **paths, *path;

        items = reallocarray(list->items, list->n + 1, sizeof(*items));
        if (!items)
                return -ENOMEM;
        list->items = items;
        paths = reallocarray(list->paths, list->n_paths + 1, sizeof(*paths));
        if (!paths)
                return -ENOMEM;
        list->paths = paths;
        path = join(dir, "/", name);
        if (!path)
                return -ENOMEM;

        paths[list->n_paths++] = path;
        items[list->n++] = (DropinName){
                .path = path,
                .name = path + strlen(dir) + 1,
                .rank = rank,
        };
        return 0;
}

static void closedirp(DIR **dir) {
        if (*dir)
                (void) closedir(*dir);
}

/* The names of one directory; none is fine. The directory itself must be trusted, since who may add
 * a name adds a rule. */
static int dropin_list_scan(DropinList *list, const char *dir, unsigned rank,
                            ConfigError *ret_error) {
        _cleanup_(closedirp) DIR *d = NULL;
        const struct dirent *entry;
        int r;

        r = path_check_trust(dir, ret_error);
        if (r == -ENOENT && !path_is_there(dir))
                return 0;
        if (r == -ENOENT)
                return config_error_set(ret_error, dir, "is a link that leads nowhere: remove it");
        if (r < 0)
                return r;
        d = opendir(dir);
        if (!d)
                return config_error_set(
                        ret_error, dir,
                        "can't be read: %s; the service's user must be able to: chmod "
                        "0755",
                        strerror(errno));

        while ((errno = 0, entry = readdir(d))) {
                if (!bytes_ends_with(bytes_of(entry->d_name), BYTES(".conf")))
                        continue;
                if (list->n >= LOAD_FILES_MAX)
                        return config_error_set(ret_error, dir, "holds too many files");
                if (dropin_list_add(list, dir, entry->d_name, rank) < 0)
                        return -ENOMEM;
        }
        if (errno != 0)
                return config_error_set(ret_error, dir, "can't be read: %s", strerror(errno));
        return 0;
}

/* Reads what is left of a list after hiding and masking, in order. */
static int loader_read_list(const Loader *l, DropinList *list, TextFile **files, size_t *n) {
        for (size_t i = 0; i < list->n; i++)
                list->items[i].is_mask = path_is_mask(list->items[i].path);
        dropins_order(list->items, &list->n);
        for (size_t i = 0; i < list->n; i++) {
                bool found = false;
                int r;

                r = loader_read(l, list->items[i].path, files, n, &found);
                if (r < 0)
                        return r;
                if (!found)
                        return config_error_set(l->error, list->items[i].path,
                                                "went away while it was read: reload");
        }
        return 0;
}

static int loader_read_dropins(Loader *l) {
        _cleanup_(dropin_list_done) DropinList list = { 0 };

        for (size_t i = 0; i < l->n_dirs; i++) {
                _cleanup_free_ char *stem = join(l->dirs[i], "/", l->options->instance);
                _cleanup_free_ char *dir = stem ? join(stem, ".conf.d", "") : NULL;
                int r;

                if (!dir)
                        return -ENOMEM;
                r = dropin_list_scan(&list, dir, (unsigned) i, l->error);
                if (r < 0)
                        return r;
        }
        return loader_read_list(l, &list, &l->files, &l->n_files);
}

/* Does the word stand in any file of the instance, in any case? */
static bool loader_mentions(const Loader *l, Bytes word) {
        for (size_t i = 0; i < l->n_files; i++) {
                Bytes text = buffer_bytes(&l->files[i].text);

                for (size_t at = 0; at + word.len <= text.len; at++)
                        if (bytes_ieq_ascii(bytes_slice(text, at, word.len), word))
                                return true;
        }
        return false;
}

/* What no file mentions is not read, which is most of a start's system calls: there is its name
 * alone, for those who look for one. */
static int loader_keep_names(Loader *l, DropinList *list) {
        size_t n_mentioned = 0;

        l->presets = calloc(MAX(list->n, (size_t) 1), sizeof(*l->presets));
        if (!l->presets)
                return -ENOMEM;
        for (size_t i = 0; i < list->n; i++) {
                Bytes name = bytes_of(list->items[i].name);

                if (loader_mentions(l, bytes_slice(name, 0, name.len - strlen(".conf")))) {
                        list->items[n_mentioned++] = list->items[i];
                        continue;
                }
                l->presets[l->n_presets].path = strdup(list->items[i].path);
                if (!l->presets[l->n_presets].path)
                        return -ENOMEM;
                l->n_presets++;
        }
        list->n = n_mentioned;
        return 0;
}

static int loader_read_presets(Loader *l) {
        _cleanup_(dropin_list_done) DropinList list = { 0 };
        int r;

        if (!loader_mentions(l, BYTES("preset")))
                return 0;
        r = dropin_list_scan(&list, l->options->preset_dir, 0, l->error);
        if (r >= 0)
                r = loader_keep_names(l, &list);
        if (r < 0)
                return r;
        return loader_read_list(l, &list, &l->presets, &l->n_presets);
}

/* --config=FILE: FILE, which must exist, and FILE.d. */
static int loader_read_config_file(Loader *l) {
        _cleanup_(dropin_list_done) DropinList list = { 0 };
        _cleanup_free_ char *cwd = NULL, *path = NULL, *dir = NULL;
        const char *file = l->options->config_file;
        bool found = false;
        int r;

        if (file[0] != '/') {
                cwd = getcwd(NULL, 0);
                if (!cwd)
                        return config_error_set(l->error, file, "can't be reached: %s",
                                                strerror(errno));
        }
        path = join(cwd ? cwd : "", cwd ? "/" : "", file);
        dir = path ? join(path, ".d", "") : NULL;
        if (!dir)
                return -ENOMEM;

        r = loader_read(l, path, &l->files, &l->n_files, &found);
        if (r < 0)
                return r;
        if (!found)
                return config_error_set(l->error, path, "does not exist: --config names it");
        r = dropin_list_scan(&list, dir, 0, l->error);
        if (r < 0)
                return r;
        return loader_read_list(l, &list, &l->files, &l->n_files);
}

static ConfigFile *config_files_of(const TextFile *files, size_t n, bool is_preset) {
        ConfigFile *list = calloc(MAX(n, (size_t) 1), sizeof(*list));

        for (size_t i = 0; list && i < n; i++)
                list[i] = (ConfigFile){
                        .path = files[i].path,
                        .text = buffer_bytes(&files[i].text),
                        .is_preset = is_preset,
                };
        return list;
}

static bool user_docker_is_missing(const LoadOptions *o) {
        _cleanup_free_ char *path = NULL;

        if (!o->is_user)
                return false;
        path = join(o->runtime_dir, "/docker.sock", "");
        return path && access(path, F_OK) < 0;
}

static int loader_parse(const Loader *l, Policy **ret) {
        _cleanup_free_ ConfigFile *files = config_files_of(l->files, l->n_files, false);
        _cleanup_free_ ConfigFile *presets = config_files_of(l->presets, l->n_presets, true);
        const LoadOptions *o = l->options;
        ConfigOptions options = {
                .instance = o->instance,
                .runtime_dir = o->runtime_dir ? o->runtime_dir : "/run",
                .is_user = o->is_user,
                .is_docker_missing = user_docker_is_missing(o),
                .has_peer_pidfd = o->has_peer_pidfd,
                .presets = presets,
                .n_presets = l->n_presets,
        };

        if (!files || !presets)
                return -ENOMEM;
        return config_parse(files, l->n_files, &options, ret, l->error);
}

int load_policy(const LoadOptions *options, Policy **ret, ConfigError *ret_error) {
        _cleanup_(loader_done) Loader l = { .options = options, .error = ret_error };
        int r;

        assert(options && options->instance && options->preset_dir);
        assert(ret);
        assert(ret_error);

        *ret_error = (ConfigError){ 0 };
        if (!dropins_is_instance(bytes_of(options->instance)))
                return config_error_set(
                        ret_error, "",
                        "'%s' is no name of an instance: a small letter, then at most "
                        "21 small letters, digits and '-'",
                        options->instance);
        if (options->config_file) {
                r = loader_read_config_file(&l);
        } else {
                r = loader_add_dirs(&l);
                if (r >= 0)
                        r = loader_read_main(&l);
                if (r >= 0)
                        r = loader_read_dropins(&l);
        }
        if (r >= 0)
                r = loader_read_presets(&l);
        return r < 0 ? r : loader_parse(&l, ret);
}
