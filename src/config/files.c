/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a configuration file safely. Every component of its path is looked at, links included:
 * whoever may write one of them writes the policy. What is checked can't be exchanged afterwards
 * but by root or our own user, so there is no race to win.
 */
#include "config/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#define FILES_LINKS_MAX 40 /* as the kernel's */
#define FILES_CHUNK     (16U * KIB)

int config_error_set(ConfigError *e, const char *path, const char *format, ...) {
        va_list args;

        *e = (ConfigError){ 0 };
        (void) snprintf(e->path, sizeof(e->path), "%s", path);
        va_start(args, format);
        (void) vsnprintf(e->text, sizeof(e->text), format, args);
        va_end(args);
        return -EINVAL;
}

void text_file_done(TextFile *f) {
        free(f->path);
        buffer_done(&f->text);
        *f = (TextFile){ 0 };
}

static bool is_dev_null(const char *path) {
        return strcmp(path, "/dev/null") == 0;
}

/* Owner and mode of one component. The last one may not even be a sticky directory: a drop-in
 * directory that others may add files to. */
static int check_component(const char *path, const struct stat *st, bool is_last,
                           ConfigError *ret_error) {
        bool is_sticky_parent = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) && !is_last;

        if (st->st_uid != 0 && st->st_uid != geteuid())
                return config_error_set(
                        ret_error, path,
                        "belongs to uid %u, not to root or the service's user: chown "
                        "it to root",
                        (unsigned) st->st_uid);
        if (S_ISLNK(st->st_mode) || is_sticky_parent)
                return 0; /* the mode of a link means nothing */
        if (st->st_mode & (S_IWGRP | S_IWOTH))
                return config_error_set(
                        ret_error, path,
                        "is writable by its group or by others, who could change the "
                        "policy: chmod go-w it");
        return 0;
}

/* A path on its way to where it leads. */
typedef struct Walk {
        char done[PATH_MAX]; /* resolved so far; "" is / */
        char rest[PATH_MAX]; /* not walked yet */
        unsigned n_links;
} Walk;

static int walk_follow(Walk *w, ConfigError *ret_error) {
        char target[PATH_MAX], rest[PATH_MAX];
        ssize_t n;
        int len;

        n = readlink(w->done, target, sizeof(target) - 1);
        if (n < 0)
                return -errno;
        target[n] = '\0';
        if (++w->n_links > FILES_LINKS_MAX)
                return config_error_set(ret_error, w->done, "leads through too many links");

        len = snprintf(rest, sizeof(rest), "%s/%s", target, w->rest);
        if (len < 0 || (size_t) len >= sizeof(rest))
                return -ENAMETOOLONG;
        memcpy(w->rest, rest, (size_t) len + 1);

        if (target[0] == '/')
                w->done[0] = '\0';
        else
                *strrchr(w->done, '/') = '\0';
        return 0;
}

/* Appends a component that is neither "." nor "..". */
static int walk_push(Walk *w, const char *name, size_t n) {
        size_t at = strlen(w->done);

        if (at + 1 + n >= sizeof(w->done))
                return -ENAMETOOLONG;
        w->done[at] = '/';
        memcpy(w->done + at + 1, name, n);
        w->done[at + 1 + n] = '\0';
        return 0;
}

/* Moves the next component from rest to done. 1, 0 at the end, or -ENAMETOOLONG. */
static int walk_next(Walk *w) {
        char *begin = w->rest + strspn(w->rest, "/");
        size_t n = strcspn(begin, "/");
        char *slash = strrchr(w->done, '/');
        int r = 0;

        if (n == 0)
                return 0;
        if (n == 2 && strncmp(begin, "..", 2) == 0) {
                if (slash)
                        *slash = '\0';
        } else if (n != 1 || *begin != '.') {
                r = walk_push(w, begin, n);
        }
        memmove(w->rest, begin + n, strlen(begin + n) + 1);
        return r < 0 ? r : 1;
}

static bool walk_is_at_end(const Walk *w) {
        return w->rest[strspn(w->rest, "/")] == '\0';
}

static int walk_check(Walk *w, ConfigError *ret_error) {
        const char *path = *w->done ? w->done : "/";
        struct stat st;
        int r;

        if (walk_is_at_end(w) && is_dev_null(path))
                return 0; /* a mask: the one device that everybody may write */
        if (lstat(path, &st) < 0)
                return -errno;
        r = check_component(path, &st, walk_is_at_end(w), ret_error);
        if (r < 0)
                return r;
        return S_ISLNK(st.st_mode) ? walk_follow(w, ret_error) : 0;
}

int path_check_trust(const char *path, ConfigError *ret_error) {
        Walk w = { 0 };
        int r;

        assert(path && path[0] == '/');
        assert(ret_error);

        if (strlen(path) >= sizeof(w.rest))
                return config_error_set(ret_error, path, "the path is too long");
        memcpy(w.rest, path, strlen(path) + 1);

        do {
                r = walk_check(&w, ret_error);
                if (r >= 0)
                        r = walk_next(&w);
        } while (r > 0);

        if (r == 0 || r == -EINVAL)
                return r;
        if (r == -ENOENT || r == -ENOTDIR)
                return -ENOENT;
        return config_error_set(ret_error, path, "can't be reached: %s", strerror(-r));
}

static int text_file_fill(int fd, const char *path, Buffer *text, ConfigError *ret_error) {
        char *room;
        ssize_t n;

        do {
                if (buffer_reserve(text, FILES_CHUNK, &room) < 0)
                        return -ENOMEM;
                n = read(fd, room, FILES_CHUNK);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return config_error_set(ret_error, path, "can't be read: %s",
                                                strerror(errno));
                buffer_commit(text, (size_t) n);
                if (buffer_len(text) > FILES_SIZE_MAX)
                        return config_error_set(ret_error, path, "is larger than 1 MiB");
        } while (n != 0);
        return 0;
}

static int text_file_open(const char *path, int *ret_fd, ConfigError *ret_error) {
        _cleanup_close_ int fd = -1;
        struct stat st;

        /* O_NONBLOCK: a FIFO must not hang us before it is refused. */
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0 && errno == ENOENT)
                return -ENOENT;
        if (fd < 0)
                return config_error_set(
                        ret_error, path,
                        "can't be opened: %s; the service's user must be able to read "
                        "it: chmod 0644",
                        strerror(errno));
        if (fstat(fd, &st) < 0)
                return config_error_set(ret_error, path, "can't be looked at: %s", strerror(errno));
        if (!S_ISREG(st.st_mode))
                return config_error_set(ret_error, path, "is no regular file");
        *ret_fd = fd;
        fd = -1;
        return 0;
}

/* Does the path lead to /dev/null, which masks? */
static bool path_is_mask(const char *path) {
        char target[PATH_MAX];

        return realpath(path, target) && is_dev_null(target);
}

int text_file_read(const char *path, TextFile *ret, ConfigError *ret_error) {
        _cleanup_(text_file_done) TextFile f = { 0 };
        _cleanup_close_ int fd = -1;
        int r;

        assert(path);
        assert(ret);
        assert(ret_error);

        r = path_check_trust(path, ret_error);
        if (r < 0)
                return r;
        f.path = strdup(path);
        if (!f.path)
                return -ENOMEM;
        if (!path_is_mask(path)) {
                r = text_file_open(path, &fd, ret_error);
                if (r < 0)
                        return r;
                r = text_file_fill(fd, path, &f.text, ret_error);
                if (r < 0)
                        return r;
        }
        *ret = f;
        f = (TextFile){ 0 };
        return 0;
}
