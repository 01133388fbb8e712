/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edge-triggered sockets. EPOLLOUT is armed only after a short send: a unix peer that reads our
 * bytes raises a write edge each time, and a request would cost two more wake-ups.
 */
#include "io/stream.h"

#include "io/splice.h"
#include "util/macros.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/socket.h>

#define STREAM_EVENTS (EPOLLIN | EPOLLRDHUP | EPOLLET)

static void stream_on_events(LoopWatch *w, uint32_t events) {
        Stream *s = (Stream *) ((char *) w - offsetof(Stream, watch));

        if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
                s->is_readable = true;
        if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
                s->is_writable = true;
        if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
                s->has_shut = true;
        if (events & (EPOLLHUP | EPOLLERR))
                s->is_hung_up = true;

        s->on_ready(s->userdata);
        /* Careful: s may be gone here. */
}

int stream_init(Stream *s, Loop *loop, int *fd, void (*on_ready)(void *userdata), void *userdata) {
        int r;

        assert(*fd >= 0);

        *s = (Stream){
                .watch = { .fd = *fd, .on_events = stream_on_events },
                .loop = loop,
                .on_ready = on_ready,
                .userdata = userdata,
                .is_readable = true,
                .is_writable = true,
        };

        r = loop_watch(loop, &s->watch, STREAM_EVENTS);
        if (r < 0) {
                s->watch.fd = -1;
                return r;
        }

        *fd = -1;
        return 0;
}

bool stream_is_open(const Stream *s) {
        return s->loop && s->watch.fd >= 0;
}

void stream_done(Stream *s) {
        if (!stream_is_open(s))
                return;

        loop_close(s->loop, &s->watch);
}

void stream_reset(Stream *s) {
        struct linger now = { .l_onoff = 1, .l_linger = 0 };

        if (!stream_is_open(s))
                return;

        /* TCP answers with RST; AF_UNIX ignores it and the peer sees an end in the middle. */
        (void) setsockopt(s->watch.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
        stream_done(s);
}

/* Without room for them descriptors are dropped by the kernel, but reads then stop short of data
 * that is there, and the edge is gone: such a peer is not served. recv() cannot tell, and costs
 * less. */
static ssize_t stream_read(const Stream *s, char *room, size_t size, bool *ret_had_descriptors) {
        struct iovec iov = { .iov_base = room, .iov_len = size };
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
        ssize_t n;

        if (!s->gets_descriptors)
                return recv(s->watch.fd, room, size, MSG_DONTWAIT);
        n = recvmsg(s->watch.fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        *ret_had_descriptors = n >= 0 && message.msg_flags & MSG_CTRUNC;
        return n;
}

StreamResult stream_recv(Stream *s, char *room, size_t size, size_t *ret_n) {
        bool had_descriptors = false;
        ssize_t n;

        if (s->is_at_eof)
                return STREAM_EOF;
        if (!s->is_readable)
                return STREAM_AGAIN;

        do
                n = stream_read(s, room, size, &had_descriptors);
        while (n < 0 && errno == EINTR);

        if (n < 0 && errno == EAGAIN) {
                s->is_readable = false;
                return STREAM_AGAIN;
        }
        if (n < 0)
                return STREAM_BROKEN;
        if (had_descriptors)
                return STREAM_BROKEN;
        if (n == 0) {
                s->is_at_eof = true;
                return STREAM_EOF;
        }

        if ((size_t) n < size && !s->has_shut)
                s->is_readable = false;
        *ret_n = (size_t) n;
        return STREAM_OK;
}

static void stream_await_room(Stream *s) {
        s->is_writable = false;
        if (s->waits_for_room)
                return;
        if (loop_rewatch(s->loop, &s->watch, STREAM_EVENTS | EPOLLOUT) < 0)
                s->is_hung_up = true; /* it could never go on */
        else
                s->waits_for_room = true;
}

static void stream_has_room(Stream *s) {
        if (!s->waits_for_room)
                return;
        s->waits_for_room = false;
        (void) loop_rewatch(s->loop, &s->watch, STREAM_EVENTS);
}

static ssize_t stream_write(const Stream *s, Bytes first, Bytes second) {
        struct iovec iov[] = {
                { .iov_base = (char *) (uintptr_t) first.data, .iov_len = first.len },
                { .iov_base = (char *) (uintptr_t) second.data, .iov_len = second.len },
        };
        const struct msghdr message = { .msg_iov = iov, .msg_iovlen = 2 };

        if (first.len == 0)
                first = second;
        else if (second.len > 0)
                return sendmsg(s->watch.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        return send(s->watch.fd, first.data, first.len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

StreamResult stream_send(Stream *s, Bytes first, Bytes second, size_t *ret_n) {
        ssize_t n;

        if (!s->is_writable)
                return STREAM_AGAIN;

        do
                n = stream_write(s, first, second);
        while (n < 0 && errno == EINTR);

        if (n < 0 && errno == EAGAIN) {
                stream_await_room(s);
                return STREAM_AGAIN;
        }
        if (n < 0)
                return STREAM_BROKEN;

        if ((size_t) n < first.len + second.len)
                stream_await_room(s);
        else
                stream_has_room(s);
        *ret_n = (size_t) n;
        return STREAM_OK;
}

/* What a filter of system calls, an old kernel or a lack of pages says: recv() and send() may still
 * do, and if they do not either, they say why. */
static bool splice_is_unable(int error) {
        return error == EINVAL || error == ENOSYS || error == EPERM || error == EOPNOTSUPP ||
               error == ENOMEM;
}

/* Sockets are non-blocking, SPLICE_F_NONBLOCK says the same of the pipe. There is no MSG_NOSIGNAL:
 * SIGPIPE is ignored in this process. */
static ssize_t stream_splice(int from, int to, size_t n) {
        ssize_t moved;

        do
                moved = splice(from, NULL, to, NULL, n, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        while (moved < 0 && errno == EINTR);
        return moved;
}

StreamResult stream_splice_in(Stream *s, Pipe *pipe, size_t max) {
        ssize_t n;

        assert(pipe->n_bytes == 0);

        if (s->is_at_eof)
                return STREAM_EOF;
        if (!s->is_readable)
                return STREAM_AGAIN;

        n = stream_splice(s->watch.fd, pipe->in, MIN(max, (size_t) LIMIT_PIPE_BYTES));
        if (n < 0 && errno == EAGAIN) {
                s->is_readable = false;
                return STREAM_AGAIN;
        }
        if (n < 0)
                return splice_is_unable(errno) ? STREAM_UNABLE : STREAM_BROKEN;
        if (n == 0) {
                s->is_at_eof = true;
                return STREAM_EOF;
        }
        pipe->n_bytes = (uint32_t) n;
        return STREAM_OK;
}

StreamResult stream_splice_out(Stream *s, Pipe *pipe, size_t *ret_n) {
        ssize_t n;

        assert(pipe->n_bytes > 0);

        if (!s->is_writable)
                return STREAM_AGAIN;

        n = stream_splice(pipe->out, s->watch.fd, pipe->n_bytes);
        if (n < 0 && errno == EAGAIN) {
                stream_await_room(s);
                return STREAM_AGAIN;
        }
        if (n < 0)
                return splice_is_unable(errno) ? STREAM_UNABLE : STREAM_BROKEN;
        if (n == 0)
                return STREAM_BROKEN; /* it says that the pipe is empty, and bytes are gone */

        /* Few bytes do not say that the peer takes no more: only EAGAIN does. */
        pipe->n_bytes -= (uint32_t) n;
        if (pipe->n_bytes == 0)
                stream_has_room(s);
        *ret_n = (size_t) n;
        return STREAM_OK;
}

void stream_shutdown(Stream *s) {
        if (s->is_shut || !stream_is_open(s))
                return;
        s->is_shut = true;
        (void) shutdown(s->watch.fd, SHUT_WR);
}
