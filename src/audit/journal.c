/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One datagram a record to journald's native socket (systemd.io/JOURNAL_NATIVE_PROTOCOL).
 * libsystemd is not used for it: sd_journal_send() blocks without limit while journald is frozen,
 * and says nothing when the socket is gone.
 *
 * The journal takes no more for now (EAGAIN): the record waits in the ring. The journal is gone
 * (ECONNREFUSED, ENOTCONN, ENOENT): connect once and send once more, else the record is dropped and
 * counted; records in the ring wait on. A record that tells how many were lost goes out as soon as
 * the journal takes records again.
 *
 * One descriptor for the whole life: connect() can be repeated on it, and the loop's registration
 * stays valid. A connected socket gives an edge (EPOLLOUT) when journald makes room.
 */
#include "audit/journal.h"

#include "audit/message-ids.h"
#include "util/macros.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Records of different length, back to back, round and round. */
typedef struct AuditRing {
        size_t first; /* index of the oldest record's length */
        size_t begin; /* offset of its first byte */
        uint16_t lengths[AUDIT_RING_RECORDS];
        char bytes[AUDIT_RING_BYTES];
} AuditRing;

_Static_assert(AUDIT_RECORD_MAX <= UINT16_MAX, "lengths are kept in 16 bits");

typedef enum AuditSent {
        AUDIT_SENT_DONE,
        AUDIT_SENT_FULL,    /* later */
        AUDIT_SENT_GONE,    /* nobody takes records */
        AUDIT_SENT_REFUSED, /* this record will never be taken */
} AuditSent;

struct AuditSink {
        int fd;
        bool is_connected;
        struct sockaddr_un address;
        const char *policy; /* the instance; the caller's */
        AuditRing *ring;    /* only while something waits: an idle sink costs no memory */
        size_t n_queued;
        size_t n_bytes;
        uint64_t n_dropped;
        uint64_t n_unreported; /* of those */
};

static bool audit_sink_connect(AuditSink *sink) {
        sink->is_connected = connect(sink->fd, (const struct sockaddr *) &sink->address,
                                     sizeof(sink->address)) >= 0;
        return sink->is_connected;
}

int audit_sink_new(const char *path, const char *policy, AuditSink **ret) {
        AuditSink *sink;

        assert(path);
        assert(ret);

        if (strlen(path) >= sizeof(sink->address.sun_path))
                return -ENAMETOOLONG;

        sink = malloc(sizeof(*sink));
        if (!sink)
                return -ENOMEM;
        *sink = (AuditSink){ .address.sun_family = AF_UNIX, .policy = policy };
        memcpy(sink->address.sun_path, path, strlen(path) + 1);

        sink->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (sink->fd < 0) {
                int r = -errno;

                free(sink);
                return r;
        }
        (void) audit_sink_connect(sink);
        *ret = sink;
        return 0;
}

AuditSink *audit_sink_free(AuditSink *sink) {
        if (!sink)
                return NULL;

        (void) close(sink->fd);
        free(sink->ring);
        free(sink);
        return NULL;
}

static AuditSent audit_send_once(AuditSink *sink, const struct msghdr *message) {
        if (sendmsg(sink->fd, message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
                return AUDIT_SENT_DONE;

        switch (errno) {
        case EAGAIN:
        case ENOBUFS:
        case ENOMEM:
        case EINTR:
                return AUDIT_SENT_FULL;
        case ECONNREFUSED:
        case ECONNRESET:
        case ENOTCONN:
        case EPIPE:
                return AUDIT_SENT_GONE;
        default:
                return AUDIT_SENT_REFUSED;
        }
}

/* Sends one record that lies in one or two pieces; connects at most once for it. */
static AuditSent audit_send(AuditSink *sink, struct iovec *pieces, size_t n_pieces) {
        const struct msghdr message = { .msg_iov = pieces, .msg_iovlen = n_pieces };
        AuditSent sent = AUDIT_SENT_GONE;

        if (sink->is_connected)
                sent = audit_send_once(sink, &message);
        if (sent == AUDIT_SENT_GONE && audit_sink_connect(sink))
                sent = audit_send_once(sink, &message);
        if (sent == AUDIT_SENT_GONE)
                sink->is_connected = false;
        return sent;
}

static AuditSent audit_send_flat(AuditSink *sink, char *record, size_t len) {
        struct iovec piece = { record, len };

        return audit_send(sink, &piece, 1);
}

static void audit_sink_drop(AuditSink *sink) {
        sink->n_dropped++;
        sink->n_unreported++;
}

static bool audit_ring_has_room(const AuditSink *sink, size_t len) {
        return sink->n_queued < AUDIT_RING_RECORDS && len <= AUDIT_RING_BYTES - sink->n_bytes;
}

static bool audit_ring_push(AuditSink *sink, const char *record, size_t len) {
        AuditRing *ring;
        size_t at, n;

        if (!audit_ring_has_room(sink, len))
                return false;
        if (!sink->ring) {
                sink->ring = malloc(sizeof(*sink->ring));
                if (!sink->ring)
                        return false;
                sink->ring->first = sink->ring->begin = 0;
        }

        ring = sink->ring;
        at = (ring->begin + sink->n_bytes) % AUDIT_RING_BYTES;
        n = MIN(len, AUDIT_RING_BYTES - at);
        memcpy(ring->bytes + at, record, n);
        memcpy(ring->bytes, record + n, len - n);
        ring->lengths[(ring->first + sink->n_queued) % AUDIT_RING_RECORDS] = (uint16_t) len;
        sink->n_queued++;
        sink->n_bytes += len;
        return true;
}

static void audit_ring_pop(AuditSink *sink) {
        AuditRing *ring = sink->ring;
        size_t len = ring->lengths[ring->first];

        ring->first = (ring->first + 1) % AUDIT_RING_RECORDS;
        ring->begin = (ring->begin + len) % AUDIT_RING_BYTES;
        sink->n_queued--;
        sink->n_bytes -= len;
        if (sink->n_queued == 0) {
                free(sink->ring);
                sink->ring = NULL;
        }
}

static AuditSent audit_ring_send_first(AuditSink *sink) {
        AuditRing *ring = sink->ring;
        size_t len = ring->lengths[ring->first];
        size_t n = MIN(len, AUDIT_RING_BYTES - ring->begin);
        struct iovec pieces[] = {
                { ring->bytes + ring->begin, n },
                { ring->bytes, len - n },
        };

        return audit_send(sink, pieces, len > n ? 2 : 1);
}

/* Tells the journal how many records it never got. */
static void audit_sink_report(AuditSink *sink) {
        const AuditRecord rec = {
                .event = AUDIT_EVENT_FAULT,
                .message_id = MESSAGE_ID_DROPPED,
                .reason = "audit-dropped",
                .policy = sink->policy,
                .n_dropped = sink->n_unreported,
        };
        char room[AUDIT_RECORD_MAX];

        if (audit_send_flat(sink, room, audit_record_format(&rec, room)) == AUDIT_SENT_DONE)
                sink->n_unreported = 0;
}

bool audit_sink_flush(AuditSink *sink) {
        assert(sink);

        while (sink->n_queued > 0) {
                AuditSent sent = audit_ring_send_first(sink);

                if (sent == AUDIT_SENT_FULL || sent == AUDIT_SENT_GONE)
                        return false;
                if (sent == AUDIT_SENT_REFUSED)
                        audit_sink_drop(sink);
                audit_ring_pop(sink);
        }
        if (sink->n_unreported > 0)
                audit_sink_report(sink);
        return true;
}

void audit_emit(AuditSink *sink, const AuditRecord *rec) {
        AuditSent sent = AUDIT_SENT_FULL;
        char room[AUDIT_RECORD_MAX];
        size_t len;

        assert(sink);
        assert(rec);

        len = audit_record_format(rec, room);

        /* Those that wait go first, so that the journal's order is ours. */
        if ((sink->n_queued == 0 && sink->n_unreported == 0) || audit_sink_flush(sink))
                sent = audit_send_flat(sink, room, len);
        else if (!sink->is_connected)
                sent = AUDIT_SENT_GONE;

        if (sent == AUDIT_SENT_DONE)
                return;
        if (sent != AUDIT_SENT_FULL || !audit_ring_push(sink, room, len))
                audit_sink_drop(sink);
}

bool audit_sink_is_able(AuditSink *sink) {
        assert(sink);

        /* Nothing but connecting tells whether somebody is still at the other end. */
        if (!audit_sink_connect(sink))
                return false;
        (void) audit_sink_flush(sink);
        return sink->is_connected && audit_ring_has_room(sink, AUDIT_RECORD_MAX);
}

int audit_sink_fd(const AuditSink *sink) {
        assert(sink);

        return sink->fd;
}

size_t audit_sink_n_queued(const AuditSink *sink) {
        assert(sink);

        return sink->n_queued;
}

uint64_t audit_sink_n_dropped(const AuditSink *sink) {
        assert(sink);

        return sink->n_dropped;
}
