/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load MODE ADDRESS [KEY=VALUE...]: the client of the bench. Checks what it gets, measures, prints
 * one line of JSON; a wrong or missing answer ends it with 1 and the reason.
 *
 *   requests  clients= seconds= or count=, method=, path=, expect=, length=, fresh=0|1
 *   upload    bytes= framing=length|chunked path=          POST of a long body
 *   download  bytes= framing=length|chunked                GET of one
 *   events    control= count= gap_ms=                      how late each event comes
 *   echo      count=                                       a byte there and back, attached
 *   flood     bytes=                                       both ways at once, attached
 *   streams   count= control=           many /events; counts those alive for each "check" on stdin
 */
#define _GNU_SOURCE
#include "load.h"
#include "event-stream.h"

#include <poll.h>
#include <sys/epoll.h>

#define CHUNK              (32 * 1024)
#define STREAMS_BY_DEFAULT 9400
#define STREAMS_AT_ONCE    100
#define EVENTS_BY_DEFAULT  41

/* Requests and their answers */

static void answer_check(const Answer *a) {
        if (a->status != arg.expect)
                die("expected status %u, got %u: %.200s", arg.expect, a->status, a->head);
        if (arg.has_length && a->n_body != arg.length)
                die("expected %llu bytes, got %llu", arg.length, (unsigned long long) a->n_body);
}

/* Reads a whole answer. */
static void answer_receive(Answer *a, int fd) {
        answer_start(a);
        while (!a->is_done) {
                size_t n = receive(fd, room, sizeof(room));

                if (n == 0)
                        answer_end(a);
                else
                        (void) answer_feed(a, room, n);
        }
        answer_check(a);
}

typedef struct Client {
        int fd;
        uint64_t since;
        bool has_answered; /* on this connection */
        Answer answer;
} Client;

static char request[HEAD_MAX];
static size_t n_request;
static uint64_t n_reconnects;

static void make_request(void) {
        int n = snprintf(request, sizeof(request),
                         "%s %s HTTP/1.1\r\nHost: docker\r\n" AGENT "%s\r\n", arg.method, arg.path,
                         strcmp(arg.method, "GET") == 0 ? "" : "Content-Length: 0\r\n");

        if (n < 0 || (size_t) n >= sizeof(request))
                die("the path is too long");
        n_request = (size_t) n;
}

static void client_connect(Client *c, int epoll_fd) {
        struct epoll_event e = { .events = EPOLLIN | EPOLLRDHUP, .data.ptr = c };

        c->has_answered = false;
        c->fd = socket_of(&arg.address, 0);
        if (connect(c->fd, (const struct sockaddr *) &arg.address.storage, arg.address.len) < 0)
                die("cannot connect: %s", strerror(errno));
        if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &e) < 0)
                die("epoll_ctl: %s", strerror(errno));
}

static void client_close(Client *c) {
        (void) close(c->fd);
        c->fd = -1;
}

/* A server may close after any answer and need not say so: then the request is sent once more. */
static bool client_is_stale(const Client *c, ssize_t n) {
        bool has_ended = n == 0 || (n < 0 && (errno == EPIPE || errno == ECONNRESET));

        return has_ended && c->has_answered && c->answer.n_head == 0;
}

static void client_ask(Client *c, int epoll_fd) {
        if (c->fd < 0)
                client_connect(c, epoll_fd);
        answer_start(&c->answer);
        for (size_t n_sent = 0; n_sent < n_request;) {
                ssize_t n = send(c->fd, request + n_sent, n_request - n_sent, MSG_NOSIGNAL);

                if (client_is_stale(c, n)) {
                        client_close(c);
                        client_connect(c, epoll_fd);
                        n_reconnects++;
                        n_sent = 0;
                } else if (n < 0)
                        die("cannot send: %s", strerror(errno));
                else
                        n_sent += (size_t) n;
        }
}

/* true: its answer is whole. */
static bool client_read(Client *c, int epoll_fd) {
        ssize_t n = recv(c->fd, room, sizeof(room), MSG_DONTWAIT);

        if (n < 0 && errno == EAGAIN)
                return false;
        if (client_is_stale(c, n)) {
                client_close(c);
                client_ask(c, epoll_fd);
                n_reconnects++;
                return false;
        }
        if (n < 0)
                die("the connection broke: %s", strerror(errno));
        if (n == 0)
                answer_end(&c->answer);
        else if (answer_feed(&c->answer, room, (size_t) n) < (size_t) n)
                die("more came than the answer");
        if (!c->answer.is_done)
                return false;
        answer_check(&c->answer);
        c->has_answered = true;
        if (n == 0 || c->answer.closes || arg.is_fresh)
                client_close(c);
        return true;
}

static void print_requests(Samples *s, double seconds) {
        samples_sort(s);
        (void) printf("{\"requests\":%zu,\"seconds\":%.6f,\"rate\":%.1f,\"p50_us\":%.2f,"
                      "\"p90_us\":%.2f,\"p99_us\":%.2f,\"best_us\":%.2f,\"reconnects\":%llu}\n",
                      s->n, seconds, (double) s->n / seconds, samples_at(s, 0.5, 1e3),
                      samples_at(s, 0.9, 1e3), samples_at(s, 0.99, 1e3), samples_at(s, 0, 1e3),
                      (unsigned long long) n_reconnects);
}

static void start_clients(Client *clients, int epoll_fd) {
        for (unsigned i = 0; i < arg.clients; i++) {
                clients[i].fd = -1;
                if (!arg.is_fresh)
                        client_connect(&clients[i], epoll_fd);
        }
        for (unsigned i = 0; i < arg.clients; i++) {
                clients[i].since = now_nsec();
                client_ask(&clients[i], epoll_fd);
        }
}

static void run_requests(void) {
        Client *clients = calloc(arg.clients, sizeof(*clients));
        int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        unsigned n_asked = arg.clients, n_open = arg.clients;
        struct epoll_event events[64];
        uint64_t begin, until;
        Samples samples = { 0 };

        if (!clients || epoll_fd < 0)
                die("no memory");
        make_request();
        begin = now_nsec();
        start_clients(clients, epoll_fd);
        if (!arg.is_fresh && arg.clients > 64) /* connecting thousands is not what is measured */
                begin = now_nsec();
        until = begin + (uint64_t) (arg.seconds * (double) NSEC);

        while (n_open > 0) {
                int n = epoll_wait(epoll_fd, events, 64, (int) arg.timeout * 1000);
                uint64_t now;

                if (n <= 0)
                        die("no answer came within %u s", arg.timeout);
                for (int i = 0; i < n; i++) {
                        Client *c = events[i].data.ptr;

                        if (!client_read(c, epoll_fd))
                                continue;
                        now = now_nsec();
                        samples_add(&samples, now - c->since);
                        if (arg.count ? n_asked >= arg.count : now >= until) {
                                n_open--;
                                if (c->fd >= 0)
                                        client_close(c);
                                continue;
                        }
                        n_asked++;
                        n_reconnects += c->fd < 0 && !arg.is_fresh;
                        c->since = now;
                        client_ask(c, epoll_fd);
                }
        }
        print_requests(&samples, (double) (now_nsec() - begin) / (double) NSEC);
}

/* upload and download */

static void print_bytes(uint64_t nsec) {
        double seconds = (double) nsec / (double) NSEC;

        (void) printf("{\"bytes\":%llu,\"seconds\":%.6f,\"gb_per_s\":%.4f}\n", arg.bytes, seconds,
                      (double) arg.bytes / seconds / 1e9);
}

static void send_body(int fd, bool is_chunked) {
        static char body[16 + BENCH_ROOM + 2];

        for (unsigned long long left = arg.bytes; left > 0;) {
                size_t max = is_chunked ? CHUNK : BENCH_ROOM, n = left < max ? left : max;
                int head = is_chunked ? snprintf(body, 16, "%zx\r\n", n) : 0;

                if (is_chunked)
                        memcpy(body + head + n, "\r\n", 2);
                send_all(fd, body, (size_t) head + n + (is_chunked ? 2 : 0));
                if (is_chunked)
                        memset(body + head + n, 0, 2);
                left -= n;
        }
        if (is_chunked)
                send_all(fd, "0\r\n\r\n", 5);
}

static void run_upload(void) {
        bool is_chunked = strcmp(arg.framing, "chunked") == 0;
        uint64_t begin = now_nsec();
        static Answer answer;
        char head[HEAD_MAX], framing[64];
        int fd = connect_blocking(), n;

        (void) snprintf(framing, sizeof(framing), "Content-Length: %llu", arg.bytes);
        n = snprintf(head, sizeof(head),
                     "POST %s HTTP/1.1\r\nHost: docker\r\n" AGENT
                     "Content-Type: application/x-tar\r\n%s\r\n\r\n",
                     arg.path, is_chunked ? "Transfer-Encoding: chunked" : framing);
        send_all(fd, head, (size_t) n);
        send_body(fd, is_chunked);
        answer_receive(&answer, fd);
        print_bytes(now_nsec() - begin);
}

static void run_download(void) {
        uint64_t begin = now_nsec();
        static Answer answer;
        char head[HEAD_MAX];
        int fd = connect_blocking(), n;

        n = snprintf(head, sizeof(head),
                     "GET /v1.41/images/%s-%llu/get HTTP/1.1\r\nHost: docker\r\n" AGENT "\r\n",
                     arg.framing, arg.bytes);
        send_all(fd, head, (size_t) n);
        answer_receive(&answer, fd);
        if (answer.n_body != arg.bytes)
                die("expected %llu bytes, got %llu", arg.bytes, (unsigned long long) answer.n_body);
        print_bytes(now_nsec() - begin);
}

/* events and streams */

static void run_events(void) {
        unsigned count = arg.count ? arg.count : EVENTS_BY_DEFAULT;
        uint64_t begin = now_nsec(), head_nsec, first = 0;
        int control = open_control();
        Samples samples = { 0 };
        EventStream stream;

        stream_ask(&stream);
        stream_begin(&stream);
        head_nsec = now_nsec() - begin;
        for (unsigned i = 0; i < count; i++) {
                uint64_t sent, late;

                (void) usleep(arg.gap_ms * 1000);
                wish_event(control);
                if (!stream_next(&stream, now_nsec() + arg.timeout * NSEC, &sent))
                        die("expected event %u of %u: the stream ended or stood still", i + 1,
                            count);
                late = now_nsec() - sent;
                if (i == 0)
                        first = late;
                samples_add(&samples, late);
        }
        samples_sort(&samples);
        (void) printf("{\"count\":%zu,\"p50_ms\":%.4f,\"p99_ms\":%.4f,\"first_ms\":%.4f,"
                      "\"head_ms\":%.4f}\n",
                      samples.n, samples_at(&samples, 0.5, 1e6), samples_at(&samples, 0.99, 1e6),
                      (double) first / 1e6, (double) head_nsec / 1e6);
}

static void print_alive(int control, EventStream *streams, unsigned count) {
        uint64_t deadline = now_nsec() + arg.timeout * NSEC, sent;
        unsigned n_alive = 0;

        wish_event(control);
        for (unsigned i = 0; i < count; i++)
                n_alive += stream_next(&streams[i], deadline, &sent);
        (void) printf("{\"alive\":%u}\n", n_alive);
        (void) fflush(stdout);
}

static void run_streams(void) {
        unsigned count = arg.count ? arg.count : STREAMS_BY_DEFAULT;
        EventStream *streams = calloc(count, sizeof(*streams));
        int control = open_control();
        char line[256];

        if (!streams)
                die("no memory");
        /* In batches: a proxy may hold back every head for a fifth of a second. */
        for (unsigned i = 0; i < count; i += STREAMS_AT_ONCE) {
                unsigned end = count - i < STREAMS_AT_ONCE ? count : i + STREAMS_AT_ONCE;

                limit_time(arg.timeout);
                for (unsigned k = i; k < end; k++)
                        stream_ask(&streams[k]);
                for (unsigned k = i; k < end; k++)
                        stream_begin(&streams[k]);
        }
        (void) printf("{\"opened\":%u}\n", count);
        (void) fflush(stdout);
        limit_time(0); /* whoever asks may take as long as it likes */
        while (fgets(line, sizeof(line), stdin))
                if (strncmp(line, "check", 5) == 0)
                        print_alive(control, streams, count);
        free(streams);
}

/* echo and flood */

static int attach(void) {
        static const char ask[] =
                "POST /v1.41/containers/bench/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\n"
                "Host: docker\r\n" AGENT "Content-Type: text/plain\r\nContent-Length: 0\r\n"
                "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
        static Answer answer;
        int fd = connect_blocking();

        arg.expect = 101;
        send_all(fd, ask, sizeof(ask) - 1);
        answer_receive(&answer, fd);
        return fd;
}

static void run_echo(void) {
        int fd = attach();
        Samples samples = { 0 };

        for (unsigned i = 0; i < (arg.count ? arg.count : 2000); i++) {
                uint64_t begin = now_nsec();
                char byte = 'x';

                send_all(fd, &byte, 1);
                if (receive(fd, &byte, 1) != 1)
                        die("the tunnel ended");
                if (byte != 'x')
                        die("expected the byte 'x' back, got 0x%02x", (unsigned char) byte);
                samples_add(&samples, now_nsec() - begin);
        }
        samples_sort(&samples);
        (void) printf("{\"count\":%zu,\"p50_us\":%.2f,\"p99_us\":%.2f,\"best_us\":%.2f}\n",
                      samples.n, samples_at(&samples, 0.5, 1e3), samples_at(&samples, 0.99, 1e3),
                      samples_at(&samples, 0, 1e3));
}

static void run_flood(void) {
        static char body[BENCH_ROOM];
        int fd = attach();
        unsigned long long n_sent = 0, n_received = 0;
        uint64_t begin = now_nsec();

        while (n_received < arg.bytes) {
                struct pollfd p = { .fd = fd,
                                    .events =
                                            (short) (POLLIN | (n_sent < arg.bytes ? POLLOUT : 0)) };

                if (poll(&p, 1, (int) arg.timeout * 1000) <= 0)
                        die("the tunnel stands still");
                if (p.revents & POLLOUT && n_sent < arg.bytes) {
                        size_t max = arg.bytes - n_sent < sizeof(body) ? arg.bytes - n_sent
                                                                       : sizeof(body);
                        ssize_t n = send(fd, body, max, MSG_DONTWAIT | MSG_NOSIGNAL);

                        if (n < 0 && errno != EAGAIN)
                                die("cannot send: %s", strerror(errno));
                        n_sent += n > 0 ? (unsigned long long) n : 0;
                }
                if (p.revents & (POLLIN | POLLHUP | POLLERR)) {
                        size_t n = receive(fd, room, sizeof(room));

                        if (n == 0)
                                die("the tunnel ended");
                        n_received += n;
                }
        }
        print_bytes(now_nsec() - begin);
}

/* Options */

static void take_option(const char *text) {
        const char *value = strchr(text, '=');
        size_t n;

        if (!value)
                die("%s: KEY=VALUE is wanted", text);
        n = (size_t) (value++ - text);
#define IS(key) (n == sizeof(key) - 1 && memcmp(text, key, n) == 0)
        if (IS("clients"))
                arg.clients = (unsigned) strtoul(value, NULL, 10);
        else if (IS("seconds"))
                arg.seconds = strtod(value, NULL);
        else if (IS("count"))
                arg.count = (unsigned) strtoul(value, NULL, 10);
        else if (IS("method"))
                arg.method = value;
        else if (IS("path"))
                arg.path = value;
        else if (IS("expect"))
                arg.expect = (unsigned) strtoul(value, NULL, 10);
        else if (IS("fresh"))
                arg.is_fresh = value[0] == '1';
        else if (IS("bytes"))
                arg.bytes = strtoull(value, NULL, 10);
        else if (IS("length")) {
                arg.length = strtoull(value, NULL, 10);
                arg.has_length = true;
        } else if (IS("framing"))
                arg.framing = value;
        else if (IS("control"))
                arg.control = value;
        else if (IS("gap_ms"))
                arg.gap_ms = (unsigned) strtoul(value, NULL, 10);
        else if (IS("timeout"))
                arg.timeout = (unsigned) strtoul(value, NULL, 10);
        else
                die("%s: no such option", text);
#undef IS
        if (arg.clients == 0)
                die("clients=0 asks for nothing");
}

int main(int argc, char *argv[]) {
        static const struct {
                const char *name, *path;
                void (*run)(void);
        } modes[] = {
                { "requests", "/_ping", run_requests },
                { "upload", "/v1.41/images/load", run_upload },
                { "download", NULL, run_download },
                { "events", NULL, run_events },
                { "echo", NULL, run_echo },
                { "flood", NULL, run_flood },
                { "streams", NULL, run_streams },
        };

        if (argc < 3)
                die("usage: load MODE ADDRESS [KEY=VALUE...]");
        arg.address = address_parse(argv[2]);
        for (int i = 3; i < argc; i++)
                take_option(argv[i]);
        if (arg.count > 0 && arg.clients > arg.count)
                arg.clients = arg.count;
        raise_fd_limit();
        limit_time(arg.timeout + (unsigned) arg.seconds);
        for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
                if (strcmp(modes[i].name, argv[1]) != 0)
                        continue;
                if (!arg.path)
                        arg.path = modes[i].path;
                modes[i].run();
                return 0;
        }
        die("%s: no such mode", argv[1]);
}
