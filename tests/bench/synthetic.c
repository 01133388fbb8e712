/* SPDX-License-Identifier: Apache-2.0 */
/*
 * synthetic PATH CONTROL: an engine that costs next to nothing, on the unix socket PATH. It answers
 * as dockerd does, from answers that are ready beforehand, keeps connections, echoes what is
 * attached to, and sends one event to every open stream for each datagram that comes to the socket
 * CONTROL.
 */
#define _GNU_SOURCE
#include "framing.h"

#include <sys/epoll.h>

#define REQUEST_MAX (16 * 1024)
#define LIST_BYTES  (64 * 1024)
#define CHUNK       (32 * 1024)
#define EVENTS_MAX  256

#define COMMON                                                                                     \
        "Api-Version: 1.41\r\nDocker-Experimental: false\r\nOstype: linux\r\n"                     \
        "Server: Docker/20.10.24+dfsg1 (linux)\r\nDate: Tue, 24 Nov 2026 12:00:00 GMT\r\n"
#define JSON COMMON "Content-Type: application/json\r\n"

typedef struct Connection Connection;
struct Connection {
        int fd;
        enum { READS_HEAD, READS_LENGTH, READS_CHUNKS, ECHOES, STREAMS } state;
        char head[REQUEST_MAX];
        size_t n_head;
        uint64_t left; /* of the body that is read */
        Chunks chunks;
        const char *answer; /* when the body is whole */

        const char *out; /* what is being sent: this first, */
        size_t n_out;
        uint64_t n_body; /* then so many bytes of a long body */
        bool is_chunked;
        char own[BENCH_ROOM]; /* an echo that the client did not take yet */
        bool waits_for_room;
        Connection *next, *previous;
};

static int epoll_fd;
static Connection streams = { .next = &streams, .previous = &streams };
static char room[BENCH_ROOM], zeros[BENCH_ROOM], list_answer[LIST_BYTES + 1024];
static char chunk[CHUNK + 16];
static size_t n_list_answer, n_chunk;

static const char answer_ping[] =
        "HTTP/1.1 200 OK\r\n" COMMON "Cache-Control: no-cache, no-store, must-revalidate\r\n"
        "Pragma: no-cache\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Length: 2\r\n\r\nOK";
static const char answer_loaded[] = "HTTP/1.1 200 OK\r\n" JSON "Content-Length: 3\r\n\r\n{}\n";
static const char answer_created[] =
        "HTTP/1.1 201 Created\r\n" JSON "Content-Length: 88\r\n\r\n"
        "{\"Id\":\"5555555555555555555555555555555555555555555555555555555555555555\","
        "\"Warnings\":[]}\n";
static const char answer_events[] = "HTTP/1.1 200 OK\r\n" JSON "Transfer-Encoding: chunked\r\n\r\n";
static const char answer_attached[] =
        "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
        "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
static const char answer_missing[] = "HTTP/1.1 404 Not Found\r\n" JSON
                                     "Content-Length: 29\r\n\r\n{\"message\":\"page not found\"}\n";

/* Of zeros. */
static size_t write_chunk(char *to, size_t n) {
        size_t head = (size_t) sprintf(to, "%zx\r\n", n);

        memset(to + head, 0, n);
        memcpy(to + head + n, "\r\n", 2);
        return head + n + 2;
}

static void prepare_answers(void) {
        int n = snprintf(list_answer, sizeof(list_answer),
                         "HTTP/1.1 200 OK\r\n" JSON "Transfer-Encoding: chunked\r\n\r\n%x\r\n",
                         LIST_BYTES);

        memset(list_answer + n, ' ', LIST_BYTES);
        list_answer[n] = '[';
        list_answer[n + LIST_BYTES - 1] = ']';
        memcpy(list_answer + n + LIST_BYTES, "\r\n0\r\n\r\n", 7);
        n_list_answer = (size_t) n + LIST_BYTES + 7;

        n_chunk = write_chunk(chunk, CHUNK);
}

static void watch(Connection *c, int op, uint32_t events) {
        struct epoll_event e = { .events = events, .data.ptr = c };

        if (epoll_ctl(epoll_fd, op, c->fd, &e) < 0)
                die("epoll_ctl: %s", strerror(errno));
}

static void connection_close(Connection *c) {
        (void) close(c->fd);
        if (c->state == STREAMS) {
                c->next->previous = c->previous;
                c->previous->next = c->next;
        }
        free(c);
}

static void await_room(Connection *c, bool waits) {
        if (c->waits_for_room == waits)
                return;
        c->waits_for_room = waits;
        watch(c, EPOLL_CTL_MOD, waits ? EPOLLOUT : EPOLLIN);
}

/* The next piece of a long body. */
static void next_piece(Connection *c) {
        if (c->is_chunked && c->n_body == 0) {
                c->is_chunked = false;
                c->out = "0\r\n\r\n";
                c->n_out = 5;
        } else if (c->is_chunked) {
                size_t n = c->n_body < CHUNK ? c->n_body : CHUNK;

                c->out = n == CHUNK ? chunk : c->own;
                c->n_out = n == CHUNK ? n_chunk : write_chunk(c->own, n);
                c->n_body -= n;
        } else if (c->n_body > 0) {
                c->out = zeros;
                c->n_out = c->n_body < sizeof(zeros) ? c->n_body : sizeof(zeros);
                c->n_body -= c->n_out;
        }
}

/* false: the connection is gone. */
static bool connection_send(Connection *c) {
        for (;;) {
                ssize_t n;

                if (c->n_out == 0)
                        next_piece(c);
                if (c->n_out == 0)
                        break;
                n = send(c->fd, c->out, c->n_out, MSG_DONTWAIT | MSG_NOSIGNAL);
                if (n < 0 && errno == EAGAIN) {
                        await_room(c, true);
                        return true;
                }
                if (n < 0) {
                        connection_close(c);
                        return false;
                }
                c->out += n;
                c->n_out -= (size_t) n;
        }
        await_room(c, false);
        return true;
}

static bool connection_answer(Connection *c, const char *answer, size_t n) {
        c->out = answer;
        c->n_out = n;
        return connection_send(c);
}

/* "/images/length-N/get" and "/images/chunked-N/get". */
static bool answer_image(Connection *c, const char *name) {
        bool is_chunked = strncmp(name, "chunked-", 8) == 0;
        unsigned long long n = strtoull(name + (is_chunked ? 8 : 7), NULL, 10);
        int len;

        if (is_chunked)
                len = snprintf(c->own, sizeof(c->own),
                               "HTTP/1.1 200 OK\r\n" COMMON "Content-Type: application/x-tar\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n");
        else
                len = snprintf(c->own, sizeof(c->own),
                               "HTTP/1.1 200 OK\r\n" COMMON "Content-Type: application/x-tar\r\n"
                               "Content-Length: %llu\r\n\r\n",
                               n);
        c->is_chunked = is_chunked;
        c->n_body = n;
        return connection_answer(c, c->own, (size_t) len);
}

static bool path_ends_with(const char *path, const char *end) {
        size_t n = strcspn(path, " ?"), n_end = strlen(end);

        return n >= n_end && memcmp(path + n - n_end, end, n_end) == 0;
}

/* Those without a body. */
static bool answer_path(Connection *c, const char *path) {
        const char *image = strstr(path, "/images/");

        if (path_ends_with(path, "/_ping"))
                return connection_answer(c, answer_ping, sizeof(answer_ping) - 1);
        if (path_ends_with(path, "/containers/json"))
                return connection_answer(c, list_answer, n_list_answer);
        if (path_ends_with(path, "/events")) {
                c->state = STREAMS;
                c->next = &streams;
                c->previous = streams.previous;
                c->previous->next = streams.previous = c;
                return connection_answer(c, answer_events, sizeof(answer_events) - 1);
        }
        if (path_ends_with(path, "/attach")) {
                c->state = ECHOES;
                return connection_answer(c, answer_attached, sizeof(answer_attached) - 1);
        }
        if (image && path_ends_with(path, "/get"))
                return answer_image(c, image + 8);
        return connection_answer(c, answer_missing, sizeof(answer_missing) - 1);
}

static const char *answer_of_body(const char *path) {
        if (path_ends_with(path, "/images/load") || path_ends_with(path, "/build"))
                return answer_loaded;
        return path_ends_with(path, "/create") ? answer_created : answer_missing;
}

static bool connection_feed(Connection *c, const char *data, size_t n);

/* A head of len bytes is whole. */
static bool take_head(Connection *c, size_t len, const char *rest, size_t n_rest) {
        const char *length = head_value(c->head, len, "content-length:");
        const char *path = memchr(c->head, ' ', len);

        if (!path)
                die("no request: %.40s", c->head);
        path++;
        c->head[len] = '\0';
        c->n_head = 0;
        if (head_value(c->head, len, "transfer-encoding:")) {
                c->state = READS_CHUNKS;
                c->chunks = (Chunks){ .at = CHUNK_SIZE };
                c->answer = answer_of_body(path);
        } else if (length && strtoull(length, NULL, 10) > 0) {
                c->state = READS_LENGTH;
                c->left = strtoull(length, NULL, 10);
                c->answer = answer_of_body(path);
        } else if (!answer_path(c, path))
                return false;
        return n_rest == 0 || connection_feed(c, rest, n_rest);
}

static bool feed_head(Connection *c, const char *data, size_t n) {
        size_t before = c->n_head, room_left = sizeof(c->head) - 1 - before;
        size_t taken = n < room_left ? n : room_left, len;
        const char *end;

        memcpy(c->head + before, data, taken);
        c->n_head += taken;
        end = memmem(c->head, c->n_head, "\r\n\r\n", 4);
        if (!end && c->n_head == sizeof(c->head) - 1)
                die("a head is too large");
        if (!end)
                return true;
        len = (size_t) (end + 4 - c->head);
        return take_head(c, len, data + (len - before), n - (len - before));
}

static bool feed_body(Connection *c, const char *data, size_t n) {
        size_t taken = n < c->left ? n : c->left;
        bool is_done;

        if (c->state == READS_CHUNKS) {
                taken = chunks_feed(&c->chunks, data, n, NULL);
                is_done = c->chunks.at == CHUNK_DONE;
        } else {
                c->left -= taken;
                is_done = c->left == 0;
        }
        if (!is_done)
                return true;
        c->state = READS_HEAD;
        if (!connection_answer(c, c->answer, strlen(c->answer)))
                return false;
        return taken == n || connection_feed(c, data + taken, n - taken);
}

static bool connection_feed(Connection *c, const char *data, size_t n) {
        switch (c->state) {
        case READS_HEAD:
                return feed_head(c, data, n);
        case READS_LENGTH:
        case READS_CHUNKS:
                return feed_body(c, data, n);
        case ECHOES:
                if (data != c->own)
                        memcpy(c->own, data, n);
                return connection_answer(c, c->own, n);
        case STREAMS:
                break;
        }
        return true;
}

static void connection_read(Connection *c) {
        /* One read after the other, until a send is held up or nothing is there. */
        while (!c->waits_for_room) {
                char *to = c->state == ECHOES ? c->own : room;
                ssize_t n = recv(c->fd, to, BENCH_ROOM, MSG_DONTWAIT);

                if (n < 0 && errno == EAGAIN)
                        return;
                if (n == 0 && c->state == ECHOES) {
                        (void) shutdown(c->fd, SHUT_WR);
                        connection_close(c);
                        return;
                }
                if (n <= 0) {
                        connection_close(c);
                        return;
                }
                if (!connection_feed(c, to, (size_t) n))
                        return;
                if (n < BENCH_ROOM)
                        return; /* what came since raises the event again */
        }
}

static void take_connection(int listener) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        Connection *c;

        if (fd < 0)
                return;
        c = malloc(sizeof(*c));
        if (!c)
                die("no memory");
        c->fd = fd;
        c->state = READS_HEAD;
        c->n_head = c->n_out = 0;
        c->n_body = 0;
        c->is_chunked = c->waits_for_room = false;
        watch(c, EPOLL_CTL_ADD, EPOLLIN);
}

/* To every stream at once; one that does not take it is slow, and misses it. */
static void send_event(int control) {
        char text[EVENTS_MAX], event[EVENTS_MAX];
        int len, n;

        if (recv(control, text, sizeof(text), MSG_DONTWAIT) < 0)
                return;
        for (Connection *c = streams.next; c != &streams; c = c->next) {
                len = snprintf(text, sizeof(text), "{\"sent\":%020llu}\n",
                               (unsigned long long) now_nsec());
                n = snprintf(event, sizeof(event), "%x\r\n%s\r\n", (unsigned) len, text);
                (void) send(c->fd, event, (size_t) n, MSG_DONTWAIT | MSG_NOSIGNAL);
        }
}

static int open_control(const char *path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        if (strlen(path) >= sizeof(address.sun_path))
                die("%s: the path is too long", path);
        memcpy(address.sun_path, path, strlen(path) + 1);
        if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                die("%s: %s", path, strerror(errno));
        return fd;
}

int main(int argc, char *argv[]) {
        static Connection listener, control; /* only their addresses and descriptors are used */
        struct epoll_event events[64];
        char text[256];
        Address address;

        if (argc != 3)
                die("usage: synthetic PATH CONTROL");
        raise_fd_limit();
        prepare_answers();
        (void) snprintf(text, sizeof(text), "unix:%s", argv[1]);
        address = address_parse(text);
        epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        listener.fd = listen_at(&address);
        control.fd = open_control(argv[2]);
        watch(&listener, EPOLL_CTL_ADD, EPOLLIN);
        watch(&control, EPOLL_CTL_ADD, EPOLLIN);
        (void) puts("ready");
        (void) fflush(stdout);

        for (;;) {
                int n = epoll_wait(epoll_fd, events, 64, -1);

                for (int i = 0; i < n; i++) {
                        Connection *c = events[i].data.ptr;

                        if (c == &listener)
                                take_connection(listener.fd);
                        else if (c == &control)
                                send_event(control.fd);
                        else if (!(events[i].events & EPOLLOUT) || connection_send(c))
                                connection_read(c);
                }
        }
}
