/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting to a unix socket is immediate or not at all; EAGAIN says that its queue is full
 * (unix(7)). */
#include "proxy/upstream.h"

#include "util/macros.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

static UpstreamResult upstream_open(const char *path, int *ret_fd) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_close_ int fd = -1;
        size_t len = strlen(path);

        if (len >= sizeof(address.sun_path))
                return UPSTREAM_MISSING;
        memcpy(address.sun_path, path, len + 1);

        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return UPSTREAM_NO_MEANS;

        if (connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return errno == EAGAIN   ? UPSTREAM_BUSY
                       : errno == EACCES ? UPSTREAM_FORBIDDEN
                                         : UPSTREAM_MISSING;

        *ret_fd = fd;
        fd = -1;
        return UPSTREAM_OK;
}

UpstreamResult upstream_connect(Loop *loop, const char *path, void (*on_ready)(void *userdata),
                                void *userdata, Upstream **ret) {
        _cleanup_close_ int fd = -1;
        Upstream *u;
        UpstreamResult result;

        result = upstream_open(path, &fd);
        if (result != UPSTREAM_OK)
                return result;

        u = calloc(1, sizeof(*u));
        if (!u)
                return UPSTREAM_NO_MEANS;

        if (stream_init(&u->stream, loop, &fd, on_ready, userdata) < 0) {
                free(u);
                return UPSTREAM_NO_MEANS;
        }
        u->stream.is_readable = false; /* it can't have sent anything: an edge will tell */

        *ret = u;
        return UPSTREAM_OK;
}

Upstream *upstream_free(Upstream *u) {
        if (!u)
                return NULL;

        stream_done(&u->stream);
        buffer_done(&u->head);
        free(u);
        return NULL;
}

bool upstream_is_clean(const Upstream *u) {
        return !u->is_spent && !u->stream.is_readable && !u->stream.has_shut &&
               !u->stream.is_shut && buffer_len(&u->head) == 0;
}
