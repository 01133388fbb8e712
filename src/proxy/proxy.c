/* SPDX-License-Identifier: Apache-2.0 */
/* Life of the daemon between activation and exit. Signals: HUP reloads, TERM and INT drain. */
#include "proxy/proxy.h"

#include "audit/journal.h"
#include "audit/message-ids.h"
#include "http/writer.h"
#include "io/log.h"
#include "io/peer.h"
#include "io/systemd.h"
#include "proxy/listener.h"
#include "proxy/session.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define PROXY_STATUS_MAX   2048 /* of STATUS=, which systemctl shows */
#define PROXY_FDS_RESERVED 32   /* listeners, epoll, journal, configuration files at reload */
#define PROXY_FDS_A_CLIENT 2    /* its socket and its engine connection */
#define PROXY_JOURNAL_USEC                                                                         \
        (500 * USEC_PER_MSEC) /* how often a journal that was away is looked for */

#define PROXY_FLUSH_USEC      (2 * USEC_PER_SEC) /* at the end, for records that still wait */
#define PROXY_FLUSH_WAIT_USEC (20 * USEC_PER_MSEC)

struct Proxy {
        const ProxyOptions *options;
        Context ctx;
        SessionOwner owner;

        Listener *listeners;
        size_t n_listeners;

        Session sessions; /* ring: only next and previous are used */
        unsigned n_sessions;
        uint64_t n_conn_ids;
        unsigned n_connections_max; /* after LimitNOFILE= */

        LoopWatch journal; /* fd -1: not watched */
        Deadline journal_tick;
        Deadline watchdog;
        uint64_t watchdog_usec;
        Deadline idle;
        Deadline drain;
        LoopTask sweep;  /* frees sessions that have closed */
        Session *closed; /* by next */
};

/* Status and records */

static void proxy_set_status(const char *text) {
        char state[PROXY_STATUS_MAX];

        (void) snprintf(state, sizeof(state), "STATUS=%s", text);
        systemd_notify(state);
}

static void proxy_record(Proxy *p, AuditEvent event, const char *message_id, const char *text) {
        audit_emit(p->ctx.sink,
                   &(AuditRecord){
                           .event = event,
                           .message_id = message_id,
                           .policy = p->ctx.instance,
                           .config_sha256 = p->ctx.policy ? p->ctx.policy->sha256 : NULL,
                           .text = text,
                   });
}

/* The journal's socket: watched for room only while records wait. */

static void proxy_watch_journal(Proxy *p);

static void proxy_on_journal(LoopWatch *w, uint32_t events) {
        Proxy *p = (Proxy *) ((char *) w - offsetof(Proxy, journal));

        (void) events;
        (void) audit_sink_flush(p->ctx.sink);
        proxy_watch_journal(p);
}

static void proxy_on_journal_tick(Deadline *d) {
        Proxy *p = (Proxy *) ((char *) d - offsetof(Proxy, journal_tick));

        (void) audit_sink_flush(p->ctx.sink);
        proxy_watch_journal(p);
}

/* A tick catches what no edge tells: the journal's socket came back, or was replaced. */
static void proxy_watch_journal(Proxy *p) {
        bool has_queue =
                audit_sink_n_queued(p->ctx.sink) > 0 || audit_sink_n_dropped(p->ctx.sink) > 0;

        if (p->journal.fd < 0 && audit_sink_fd(p->ctx.sink) >= 0) {
                p->journal.fd = audit_sink_fd(p->ctx.sink);
                if (loop_watch(p->ctx.loop, &p->journal, EPOLLOUT | EPOLLET) < 0)
                        p->journal.fd = -1;
        }
        loop_deadline_set(p->ctx.loop, &p->journal_tick,
                          has_queue || p->n_sessions > 0
                                  ? loop_now(p->ctx.loop) + PROXY_JOURNAL_USEC
                                  : LOOP_NEVER);
}

/* Policy */

static unsigned proxy_connections_max(const Policy *policy) {
        struct rlimit files;
        unsigned wanted = policy ? policy->limits.n_connections : 64, possible;

        if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur == RLIM_INFINITY)
                return wanted;
        possible =
                files.rlim_cur > PROXY_FDS_RESERVED + PROXY_FDS_A_CLIENT
                        ? (unsigned) MIN((files.rlim_cur - PROXY_FDS_RESERVED) / PROXY_FDS_A_CLIENT,
                                         1U << 30)
                        : 1;
        if (possible < wanted && policy)
                log_line(LOG_WARNING,
                         "LimitNOFILE=%llu allows %u connections, not the %u of [limits] "
                         "connections",
                         (unsigned long long) files.rlim_cur, possible, wanted);
        return MIN(wanted, possible);
}

static void proxy_adopt(Proxy *p, Policy *policy) {
        context_set_policy(&p->ctx, policy);
        known_forget_objects(p->ctx.known);
        p->n_connections_max = proxy_connections_max(policy);
        if (!policy)
                return;
        for (size_t i = 0; i < policy->n_warnings; i++)
                log_line(LOG_WARNING, "%s", policy->warnings[i]);
}

static void proxy_describe_error(const ConfigError *error, char *room, size_t size) {
        if (error->line > 0)
                (void) snprintf(room, size, "%s:%u: %s", error->path, error->line, error->text);
        else
                (void) snprintf(room, size, "%s%s%s", error->path, error->path[0] ? ": " : "",
                                error->text);
}

static const char *proxy_ready_text(const Proxy *p) {
        return p->ctx.policy->is_shadow ? "shadow: nothing is enforced" : "ready";
}

static void proxy_load_first(Proxy *p) {
        ConfigError error = { 0 };
        Policy *policy = NULL;
        char where[sizeof(error.path) + sizeof(error.text) + 16], text[sizeof(where) + 64];
        int r;

        r = load_policy(&p->options->load, &policy, &error);
        proxy_adopt(p, policy);
        if (r >= 0) {
                proxy_record(p, AUDIT_EVENT_START, NULL, "sockgate is ready");
                proxy_set_status(proxy_ready_text(p));
                return;
        }

        proxy_describe_error(&error, where, sizeof(where));
        (void) snprintf(text, sizeof(text),
                        "configuration broken, every request is answered 503: %s", where);
        log_line(LOG_ERR, "%s", text);
        proxy_record(p, AUDIT_EVENT_FAULT, MESSAGE_ID_CONFIG_BROKEN, text);
        proxy_set_status(text);
}

/* Idle connections were judged by nothing yet: they go, so that the next request meets the new
 * rules on a new peer check. Those that carried nothing stay: their first request is judged by the
 * new policy anyway. */
static void proxy_close_idle_sessions(Proxy *p) {
        for (Session *s = p->sessions.next, *next; s != &p->sessions; s = next) {
                next = s->next;
                session_close_if_idle(s);
        }
}

static void proxy_reload(Proxy *p) {
        ConfigError error = { 0 };
        Policy *policy = NULL;
        char where[sizeof(error.path) + sizeof(error.text) + 16], text[sizeof(where) + 64];

        (void) snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
                        loop_now(p->ctx.loop));
        systemd_notify(text);
        if (load_policy(&p->options->load, &policy, &error) >= 0) {
                proxy_adopt(p, policy);
                proxy_close_idle_sessions(p);
                proxy_record(p, AUDIT_EVENT_RELOAD, NULL, "a new policy is in force");
                log_line(LOG_NOTICE, "reloaded");
                (void) snprintf(text, sizeof(text), "%s", proxy_ready_text(p));
        } else {
                proxy_describe_error(&error, where, sizeof(where));
                (void) snprintf(text, sizeof(text), "reload refused, the %s stays: %s",
                                p->ctx.policy ? "policy from before" : "broken configuration",
                                where);
                log_line(LOG_ERR, "%s", text);
                proxy_record(p, AUDIT_EVENT_FAULT, MESSAGE_ID_CONFIG_BROKEN, text);
        }
        systemd_notify("READY=1");
        proxy_set_status(text);
}

/* Ending */

static void proxy_quit(Proxy *p) {
        systemd_notify("STOPPING=1");
        loop_quit(p->ctx.loop);
}

static void proxy_on_drain(Deadline *d) {
        proxy_quit((Proxy *) ((char *) d - offsetof(Proxy, drain)));
}

static void proxy_drain(Proxy *p) {
        uint64_t patience = p->ctx.policy ? p->ctx.policy->limits.drain_usec : 0;

        if (p->ctx.is_draining)
                return;
        p->ctx.is_draining = true;
        systemd_notify("STOPPING=1\nSTATUS=draining");
        for (size_t i = 0; i < p->n_listeners; i++) {
                listener_pause(&p->listeners[i]);
                loop_deadline_set(p->ctx.loop, &p->listeners[i].resume, LOOP_NEVER);
        }
        for (Session *s = p->sessions.next, *next; s != &p->sessions; s = next) {
                next = s->next;
                session_drain(s);
        }
        if (p->n_sessions == 0)
                loop_quit(p->ctx.loop);
        else
                loop_deadline_set(p->ctx.loop, &p->drain, loop_now(p->ctx.loop) + patience);
}

static void proxy_on_idle(Deadline *d) {
        Proxy *p = (Proxy *) ((char *) d - offsetof(Proxy, idle));
        uint64_t last_exec;

        if (p->n_sessions > 0)
                return;
        /* An exec that was just made can be started by this process alone. */
        last_exec = known_last_exec(p->ctx.known);
        if (last_exec > 0 && loop_now(p->ctx.loop) - last_exec < KNOWN_EXEC_WAIT_USEC) {
                loop_deadline_set(p->ctx.loop, d, last_exec + KNOWN_EXEC_WAIT_USEC);
                return;
        }
        /* Saves a start, no more: whoever waits in a queue is served by the next one. */
        for (size_t i = 0; i < p->n_listeners; i++)
                if (listener_has_waiting(&p->listeners[i]))
                        return;
        if (audit_sink_n_queued(p->ctx.sink) > 0 && !audit_sink_flush(p->ctx.sink)) {
                loop_deadline_set(p->ctx.loop, d, loop_now(p->ctx.loop) + 1 * USEC_PER_SEC);
                return;
        }
        proxy_quit(p);
}

static void proxy_watch_idle(Proxy *p) {
        uint64_t usec = p->ctx.policy ? p->ctx.policy->limits.idle_exit_usec
                                      : LIMITS_DEFAULT.idle_exit_usec;
        bool counts = p->n_sessions == 0 && usec > 0 && !p->ctx.is_draining;

        loop_deadline_set(p->ctx.loop, &p->idle,
                          counts ? loop_now(p->ctx.loop) + usec : LOOP_NEVER);
}

static void proxy_on_signal(void *userdata, int signal) {
        Proxy *p = userdata;

        if (signal == SIGHUP && !p->ctx.is_draining) {
                proxy_reload(p);
                proxy_watch_idle(p);
        } else if (signal != SIGHUP)
                proxy_drain(p);
}

static void proxy_on_watchdog(Deadline *d) {
        Proxy *p = (Proxy *) ((char *) d - offsetof(Proxy, watchdog));

        systemd_notify("WATCHDOG=1");
        loop_deadline_set(p->ctx.loop, d, loop_now(p->ctx.loop) + p->watchdog_usec / 3);
}

/* Sessions */

static void proxy_sweep(LoopTask *t) {
        Proxy *p = (Proxy *) ((char *) t - offsetof(Proxy, sweep));

        while (p->closed) {
                Session *s = p->closed;

                p->closed = s->next;
                session_free(s);
        }
        for (size_t i = 0; i < p->n_listeners && !p->ctx.is_draining; i++)
                if (p->n_sessions < p->n_connections_max)
                        listener_resume(&p->listeners[i]);
        if (p->n_sessions == 0 && p->ctx.is_draining)
                loop_quit(p->ctx.loop);
        else
                proxy_watch_idle(p);
}

/* It is off the list at once and freed when no callback of it can be running. */
static void proxy_on_session_closed(void *userdata, Session *s) {
        Proxy *p = userdata;

        s->previous->next = s->next;
        s->next->previous = s->previous;
        p->n_sessions--;
        s->next = p->closed;
        p->closed = s;
        loop_cancel(p->ctx.loop, &s->client.turn);
        loop_deadline_set(p->ctx.loop, &s->client.deadline, LOOP_NEVER);
        s->exchange = exchange_free(s->exchange);
        s->client.upstream = upstream_free(s->client.upstream);
        stream_done(&s->client.stream);
        loop_defer(p->ctx.loop, &p->sweep);
}

/* At the cap the connection that has been idle for longest makes room; streams and requests never
 * do. */
static Session *proxy_find_longest_idle(Proxy *p) {
        Session *oldest = NULL;

        for (Session *s = p->sessions.next; s != &p->sessions; s = s->next)
                if ((!oldest || s->idle_since_usec < oldest->idle_since_usec) &&
                    session_idle_since(s) != LOOP_NEVER)
                        oldest = s;
        return oldest;
}

static bool proxy_has_room(void *userdata) {
        Proxy *p = userdata;
        Session *oldest;

        if (p->n_sessions < p->n_connections_max)
                return true;
        oldest = proxy_find_longest_idle(p);
        if (oldest)
                proxy_on_session_closed(p, oldest);
        return oldest;
}

static bool peer_is_same(const Peer *a, const Peer *b) {
        if (a->is_tcp != b->is_tcp)
                return false;
        if (a->is_tcp)
                return memcmp(a->raw_address, b->raw_address, sizeof(a->raw_address)) == 0;
        return a->uid == b->uid;
}

static bool proxy_peer_has_room(const Proxy *p, const Session *fresh) {
        unsigned n = 0, max = p->ctx.policy ? p->ctx.policy->limits.n_per_peer : 64;

        if (p->n_sessions < max)
                return true;
        for (const Session *s = p->sessions.next; s != &p->sessions; s = s->next)
                n += peer_is_same(&s->client.peer, &fresh->client.peer);
        return n < max;
}

static void proxy_refuse_connection(Proxy *p, Session *s) {
        static const char text[] =
                "too many connections of this peer ([limits] connections-per-peer)";
        _cleanup_(buffer_done) Buffer answer = { 0 };
        const HttpRefusal refusal = {
                .status = 503,
                .message = BYTES("sockgate: too many connections of this peer"),
                .closes = true,
        };
        size_t n;

        (void) peer_read_origin(s->client.stream.watch.fd, &s->client.peer);
        audit_emit(p->ctx.sink, &(AuditRecord){
                                        .event = AUDIT_EVENT_FAULT,
                                        .verdict = AUDIT_VERDICT_FAULT,
                                        .conn_id = s->client.conn_id,
                                        .listener = s->client.listener,
                                        .peer = &s->client.peer,
                                        .reason = "connections-per-peer",
                                        .policy = p->ctx.instance,
                                        .status = refusal.status,
                                        .text = text,
                                });
        if (http_write_refusal(&answer, &refusal) >= 0)
                (void) stream_send(&s->client.stream, buffer_bytes(&answer), BYTES_NONE, &n);
        stream_shutdown(&s->client.stream);
        session_free(s);
}

static void proxy_on_connection(void *userdata, Listener *l, int *fd, const struct sockaddr *peer) {
        Proxy *p = userdata;
        Session *s;

        if (session_new(&p->ctx, &p->owner, fd, peer, l->name, ++p->n_conn_ids, &s) < 0)
                return;
        if (!proxy_peer_has_room(p, s)) {
                proxy_refuse_connection(p, s);
                return;
        }

        s->next = &p->sessions;
        s->previous = p->sessions.previous;
        s->previous->next = s->next->previous = s;
        if (p->n_sessions++ == 0)
                proxy_watch_journal(p);
        loop_deadline_set(p->ctx.loop, &p->idle, LOOP_NEVER);
}

static const ListenerOwner proxy_listener_owner = {
        .has_room = proxy_has_room,
        .on_connection = proxy_on_connection,
};

/* Setting up */

static int proxy_init_listeners(Proxy *p) {
        const ProxyOptions *o = p->options;

        p->listeners = calloc(o->n_fds, sizeof(*p->listeners));
        if (!p->listeners)
                return -ENOMEM;

        for (size_t i = 0; i < o->n_fds; i++) {
                const char *name = o->fd_names && o->fd_names[i] ? o->fd_names[i] : "unknown";
                int r;

                p->n_listeners++;
                r = listener_init(&p->listeners[i], p->ctx.loop, o->fds[i], name,
                                  &proxy_listener_owner, p);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int proxy_init_deadlines(Proxy *p) {
        int r;

        r = loop_deadline_add(p->ctx.loop, &p->idle, proxy_on_idle);
        if (r >= 0)
                r = loop_deadline_add(p->ctx.loop, &p->drain, proxy_on_drain);
        if (r >= 0)
                r = loop_deadline_add(p->ctx.loop, &p->journal_tick, proxy_on_journal_tick);
        if (r >= 0)
                r = loop_deadline_add(p->ctx.loop, &p->watchdog, proxy_on_watchdog);
        return r;
}

static int proxy_init(Proxy *p) {
        static const int signals[] = { SIGHUP, SIGTERM, SIGINT };
        int r;

        if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
                return -errno;
        r = loop_new(&p->ctx.loop);
        if (r >= 0)
                r = audit_sink_new(p->options->journal_path, p->ctx.instance, &p->ctx.sink);
        if (r >= 0)
                r = context_init(&p->ctx);
        if (r >= 0)
                r = proxy_init_deadlines(p);
        if (r >= 0)
                r = loop_watch_signals(p->ctx.loop, signals, ARRAY_SIZE(signals), proxy_on_signal,
                                       p);
        if (r >= 0)
                r = proxy_init_listeners(p);
        return r;
}

/* The one that `systemctl status` shows the reason of. */
static void proxy_name_unit(Proxy *p) {
        const LoadOptions *load = &p->options->load;
        const char *manager = load->is_user ? "systemctl --user" : "systemctl";
        bool is_plain = strcmp(load->instance, "default") == 0;

        (void) snprintf(p->ctx.broken_text, sizeof(p->ctx.broken_text),
                        "the configuration is broken: see `%s status sockgate%s%s.service`",
                        manager, is_plain ? "" : "@", is_plain ? "" : load->instance);
}

int proxy_new(const ProxyOptions *options, Proxy **ret) {
        Proxy *p;
        int r;

        p = calloc(1, sizeof(*p));
        if (!p)
                return -ENOMEM;

        p->options = options;
        p->ctx.instance = options->load.instance;
        p->ctx.upstream = options->upstream;
        proxy_name_unit(p);
        p->owner = (SessionOwner){ .userdata = p, .on_closed = proxy_on_session_closed };
        p->sessions.next = p->sessions.previous = &p->sessions;
        p->sweep.on_turn = proxy_sweep;
        p->journal = (LoopWatch){ .fd = -1, .on_events = proxy_on_journal };

        r = proxy_init(p);
        if (r < 0) {
                proxy_free(p);
                return r;
        }
        *ret = p;
        return 0;
}

/* A journal that is only slow gets the rest; one that takes nothing for so long does not keep us.
 * Only waits that brought nothing count: each that did makes the queue shorter, and it is bounded.
 */
static void proxy_flush_audit(Proxy *p) {
        unsigned n_waits = PROXY_FLUSH_USEC / PROXY_FLUSH_WAIT_USEC;

        while (p->ctx.sink && n_waits > 0) {
                size_t n_before = audit_sink_n_queued(p->ctx.sink);
                struct pollfd journal = { .fd = audit_sink_fd(p->ctx.sink), .events = POLLOUT };

                if (audit_sink_flush(p->ctx.sink))
                        return;
                if (audit_sink_n_queued(p->ctx.sink) == n_before)
                        n_waits--;
                (void) poll(&journal, 1, (int) (PROXY_FLUSH_WAIT_USEC / USEC_PER_MSEC));
        }
}

Proxy *proxy_free(Proxy *p) {
        if (!p)
                return NULL;

        while (p->sessions.next && p->sessions.next != &p->sessions)
                proxy_on_session_closed(p, p->sessions.next);
        while (p->closed) {
                Session *s = p->closed;

                p->closed = s->next;
                session_free(s);
        }
        for (size_t i = 0; i < p->n_listeners; i++)
                listener_done(&p->listeners[i]);
        free(p->listeners);
        proxy_flush_audit(p);
        exchange_free_spares(&p->ctx);
        context_done(&p->ctx);
        p->ctx.sink = audit_sink_free(p->ctx.sink);
        p->ctx.loop = loop_free(p->ctx.loop);
        free(p);
        return NULL;
}

int proxy_run(Proxy *p) {
        int r;

        proxy_load_first(p);
        proxy_watch_journal(p);
        p->watchdog_usec = systemd_watchdog_usec();
        if (p->watchdog_usec > 0)
                proxy_on_watchdog(&p->watchdog);
        for (size_t i = 0; i < p->n_listeners; i++)
                listener_resume(&p->listeners[i]);
        systemd_notify("READY=1");
        proxy_watch_idle(p);

        r = loop_run(p->ctx.loop);
        return r;
}
