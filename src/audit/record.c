/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes one datagram of the journal's native protocol out of one record. The one place where bytes
 * of a client meet the journal: each such value is escaped and cut here, so it can neither make a
 * field of its own nor move the cursor of who reads it. What could be a secret never gets in:
 * headers but the User-Agent, bodies, and the values of all query keys but the few listed below.
 *
 * No allocation, no printf: a request pays for this on its way.
 */
#include "audit/record.h"

#include "audit/message-ids.h"
#include "util/macros.h"

/* Bytes of output that one value may take; with the names they stay below AUDIT_RECORD_MAX. */
#define RECORD_PATH_MAX    AUDIT_TEXT_MAX
#define RECORD_QUERY_MAX   AUDIT_TEXT_MAX
#define RECORD_SHORT_MAX   256 /* units, the User-Agent, a path or value inside of MESSAGE */
#define RECORD_MESSAGE_MAX 1536
#define RECORD_OWN_MAX     512 /* our own sentences, file names and lines */
#define RECORD_METHOD_MAX  32

/* The end of a value that was cut. No value holds a backslash like this, so it can't be forged. */
#define RECORD_MARK "\\..."

static_assert(4 * AUDIT_TEXT_MAX + RECORD_MESSAGE_MAX + 2 * RECORD_OWN_MAX + 2 * RECORD_SHORT_MAX +
                              1000 <=
                      AUDIT_RECORD_MAX,
              "all values at their longest, and the names, fit into one record");

typedef struct Writer {
        char *room;
        size_t len;
        size_t max;
} Writer;

/* Inlined, names that are literals become a few moves: half of a record are names. */
#define _inline_ inline __attribute__((always_inline))

static size_t writer_left(const Writer *w) {
        return w->max - w->len;
}

/* Our own bytes; what does not fit is left out, which the assertion above excludes. */
static _inline_ void writer_put(Writer *w, Bytes b) {
        if (b.len == 0 || b.len > writer_left(w))
                return;

        memcpy(w->room + w->len, b.data, b.len);
        w->len += b.len;
}

static void writer_put_str(Writer *w, const char *string) {
        writer_put(w, bytes_of(string));
}

static void writer_put_number(Writer *w, uint64_t n) {
        char digits[20];
        size_t i = sizeof(digits);

        do {
                digits[--i] = (char) ('0' + n % 10);
                n /= 10;
        } while (n > 0);

        writer_put(w, (Bytes){ digits + i, sizeof(digits) - i });
}

#define EACH_BYTE(c) (0x0101010101010101ULL * (c))

/* Is some byte of the eight below min, above 0x7e, or equal to c? */
static _inline_ bool word_has_odd(uint64_t word, unsigned char min, unsigned char c) {
        uint64_t same = word ^ EACH_BYTE(c);
        uint64_t low = (word - EACH_BYTE(min)) & ~word, high = (word + EACH_BYTE(1)) | word;

        return ((low | high | ((same - EACH_BYTE(1)) & ~same)) & EACH_BYTE(0x80)) != 0;
}

static bool record_is_plain(char c) {
        return c >= 0x21 && c <= 0x7e && c != '\\';
}

static _inline_ bool record_is_plain_word(const char *at) {
        uint64_t word;

        memcpy(&word, at, sizeof(word));
        return !word_has_odd(word, 0x21, '\\');
}

/* Length of the bytes at the start that stand for themselves: 0x21-0x7e but the backslash. */
static size_t record_plain_len(Bytes text) {
        const size_t step = sizeof(uint64_t);
        size_t n = 0;

        while (text.len - n >= step && record_is_plain_word(text.data + n))
                n += step;

        /* The last few with some that were looked at already. */
        if (text.len >= step && text.len - n < step &&
            record_is_plain_word(text.data + text.len - step))
                return text.len;

        while (n < text.len && record_is_plain(text.data[n]))
                n++;

        return n;
}

static void record_escape_byte(char c, char *room) {
        static const char digits[] = "0123456789abcdef";
        unsigned char byte = (unsigned char) c;

        room[0] = '\\';
        room[1] = 'x';
        room[2] = digits[byte >> 4];
        room[3] = digits[byte & 0xf];
}

/* The length of text once escaped, or more than max when it is longer than that. */
static size_t record_escaped_len(Bytes text, size_t max) {
        size_t len = 0;

        for (size_t i = 0; i < text.len && len <= max; i++)
                len += record_is_plain(text.data[i]) ? 1 : 4;

        return len;
}

/* text has bytes to escape, or is too long. */
static size_t record_escape(Bytes text, char *room, size_t max) {
        const Bytes mark = BYTES(RECORD_MARK);
        bool is_cut = text.len > max / 4 && record_escaped_len(text, max) > max;
        size_t len = 0, limit = max;

        if (is_cut)
                limit = max > mark.len ? max - mark.len : 0;

        while (text.len > 0) {
                size_t n = MIN(record_plain_len(text), limit - len);

                if (n > 0) {
                        memcpy(room + len, text.data, n);
                } else {
                        if (limit - len < 4 || record_is_plain(text.data[0]))
                                break;
                        record_escape_byte(text.data[0], room + len);
                }
                len += n > 0 ? n : 4;
                text = bytes_skip(text, n > 0 ? n : 1);
        }

        if (is_cut && max >= mark.len) {
                memcpy(room + len, mark.data, mark.len);
                len += mark.len;
        }
        return len;
}

size_t audit_escape(Bytes text, char *room, size_t max) {
        assert(room || max == 0);

        if (text.len == 0)
                return 0;
        if (text.len > max || record_plain_len(text) < text.len)
                return record_escape(text, room, max);

        memcpy(room, text.data, text.len);
        return text.len;
}

/* A client's bytes, in at most max bytes of output. */
static void writer_put_client(Writer *w, Bytes text, size_t max) {
        w->len += audit_escape(text, w->room + w->len, MIN(max, writer_left(w)));
}

static _inline_ void field_number(Writer *w, Bytes name, uint64_t n) {
        writer_put(w, name);
        writer_put_number(w, n);
        writer_put(w, BYTES("\n"));
}

static _inline_ void field_client(Writer *w, Bytes name, Bytes text, size_t max) {
        if (text.len == 0)
                return;

        writer_put(w, name);
        writer_put_client(w, text, max);
        writer_put(w, BYTES("\n"));
}

/* Words of ours: static strings, ids and digests, without anything to escape. */
static _inline_ void field_word(Writer *w, Bytes name, const char *word) {
        if (!word)
                return;

        writer_put(w, name);
        writer_put(w, bytes_slice(bytes_of(word), 0, RECORD_SHORT_MAX));
        writer_put(w, BYTES("\n"));
}

/* Printable ASCII, blanks too. */
static bool record_is_printable(Bytes text) {
        size_t n = 0;

        for (uint64_t word; text.len - n >= sizeof(word); n += sizeof(word)) {
                memcpy(&word, text.data + n, sizeof(word));
                if (word_has_odd(word, 0x20, 0x7f))
                        return false;
        }

        for (; n < text.len; n++)
                if (text.data[n] < 0x20 || text.data[n] > 0x7e)
                        return false;

        return true;
}

/*
 * A finished value of ours that may hold any byte, such as a file name: NAME=value, or the
 * protocol's length-prefixed form, NAME LF, 64 bit little-endian length, value.
 */
static void field_own(Writer *w, Bytes name, Bytes value) {
        uint64_t n = value.len;
        char length[8];

        assert(name.len > 0 && name.data[name.len - 1] == '=');

        if (value.len == 0 || value.len + name.len + sizeof(length) + 1 > writer_left(w))
                return;

        if (record_is_printable(value)) {
                writer_put(w, name);
        } else {
                for (size_t i = 0; i < sizeof(length); i++)
                        length[i] = (char) (n >> (8 * i) & 0xff);
                writer_put(w, bytes_slice(name, 0, name.len - 1));
                writer_put(w, BYTES("\n"));
                writer_put(w, (Bytes){ length, sizeof(length) });
        }

        writer_put(w, value);
        writer_put(w, BYTES("\n"));
}

/* Our own text with a mark where it was cut. */
static void writer_put_own(Writer *w, Bytes text, size_t max) {
        const Bytes mark = BYTES(RECORD_MARK);

        if (text.len <= max) {
                writer_put(w, text);
                return;
        }

        writer_put(w, bytes_slice(text, 0, max - mark.len));
        writer_put(w, mark);
}

typedef struct RecordKind {
        const char *word;     /* of SOCKGATE_VERDICT */
        const char *said;     /* how MESSAGE begins */
        const char *priority; /* syslog's */
        const char *message_id;
} RecordKind;

static const RecordKind record_kinds[] = {
        [AUDIT_VERDICT_NONE] = { NULL, "note", "5", NULL },
        [AUDIT_VERDICT_ALLOW] = { "allow", "allowed", "6", MESSAGE_ID_ALLOW },
        [AUDIT_VERDICT_DENY] = { "deny", "denied", "4", MESSAGE_ID_DENY },
        [AUDIT_VERDICT_WOULD_DENY] = { "would-deny", "would be denied", "4",
                                       MESSAGE_ID_WOULD_DENY },
        [AUDIT_VERDICT_REJECT] = { "reject", "rejected", "4", MESSAGE_ID_REJECT },
        [AUDIT_VERDICT_FAULT] = { "fault", "fault", "3", MESSAGE_ID_FAULT },
};

static const char *const record_events[] = {
        [AUDIT_EVENT_REQUEST] = "request",       [AUDIT_EVENT_DECISION] = "decision",
        [AUDIT_EVENT_TUNNEL_END] = "tunnel-end", [AUDIT_EVENT_START] = "start",
        [AUDIT_EVENT_RELOAD] = "reload",         [AUDIT_EVENT_FAULT] = "fault",
        [AUDIT_EVENT_LOOKUP] = "lookup",
};

static const char *record_message_id(const AuditRecord *rec) {
        if (rec->message_id)
                return rec->message_id;

        switch (rec->event) {
        case AUDIT_EVENT_TUNNEL_END:
                return MESSAGE_ID_END;
        case AUDIT_EVENT_START:
                return MESSAGE_ID_START;
        case AUDIT_EVENT_RELOAD:
                return MESSAGE_ID_RELOAD;
        case AUDIT_EVENT_FAULT:
                return rec->n_dropped > 0 ? MESSAGE_ID_DROPPED : MESSAGE_ID_FAULT;
        case AUDIT_EVENT_REQUEST:
        case AUDIT_EVENT_DECISION:
        case AUDIT_EVENT_LOOKUP:
                break;
        }

        return record_kinds[rec->verdict].message_id;
}

static const char *record_priority(const AuditRecord *rec) {
        return rec->event == AUDIT_EVENT_FAULT ? "3" : record_kinds[rec->verdict].priority;
}

/* Is this about one request of a client? */
static bool record_is_of_request(const AuditRecord *rec) {
        switch (rec->event) {
        case AUDIT_EVENT_REQUEST:
        case AUDIT_EVENT_DECISION:
        case AUDIT_EVENT_TUNNEL_END:
                return true;
        case AUDIT_EVENT_START:
        case AUDIT_EVENT_RELOAD:
        case AUDIT_EVENT_FAULT:
        case AUDIT_EVENT_LOOKUP:
                return false;
        }

        return false;
}

static Bytes record_path(const AuditRecord *rec) {
        return bytes_slice(rec->target, 0, bytes_find(rec->target, '?'));
}

Bytes audit_text(const char *text, Bytes value) {
        Bytes b = bytes_of(text);

        if (value.len == 0 && bytes_ends_with(b, BYTES(":")))
                b.len--;
        return b;
}

/* Why, after "denied: POST /containers/create": ours, and what it speaks of. */
static void message_why(Writer *w, const AuditRecord *rec) {
        const char *text = rec->text ? rec->text : rec->reason;

        if (!text)
                return;

        writer_put(w, BYTES(": "));
        writer_put_own(w, audit_text(text, rec->value), RECORD_OWN_MAX);
        if (rec->value.len == 0)
                return;

        writer_put(w, BYTES(" `"));
        writer_put_client(w, rec->value, RECORD_SHORT_MAX);
        writer_put(w, BYTES("`"));
}

/* "denied: POST /containers/create: not allowed by the policy (container.create) [01J...]" */
static void message_of_request(Writer *w, const AuditRecord *rec) {
        writer_put_str(w, rec->event == AUDIT_EVENT_TUNNEL_END ? "ended"
                                                               : record_kinds[rec->verdict].said);
        if (rec->method.len > 0) {
                writer_put(w, BYTES(": "));
                writer_put_client(w, rec->method, RECORD_METHOD_MAX);
                writer_put(w, BYTES(" "));
                writer_put_client(w, record_path(rec), RECORD_SHORT_MAX);
        }

        message_why(w, rec);
        if (rec->endpoint) {
                writer_put(w, BYTES(" ("));
                writer_put_str(w, rec->endpoint->name);
                writer_put(w, BYTES(")"));
        }
        if (rec->req_id) {
                writer_put(w, BYTES(" ["));
                writer_put_str(w, rec->req_id);
                writer_put(w, BYTES("]"));
        }
}

static void message_of_daemon(Writer *w, const AuditRecord *rec) {
        if (rec->text) {
                writer_put_own(w, bytes_of(rec->text), RECORD_MESSAGE_MAX);
        } else if (rec->n_dropped > 0) {
                writer_put_number(w, rec->n_dropped);
                writer_put(w, BYTES(" audit records were lost"));
        } else {
                writer_put_str(w, record_events[rec->event]);
                if (rec->reason) {
                        writer_put(w, BYTES(": "));
                        writer_put_str(w, rec->reason);
                }
        }
}

static void message_write(Writer *w, const AuditRecord *rec) {
        if (record_is_of_request(rec))
                message_of_request(w, rec);
        else
                message_of_daemon(w, rec);
}

/* Only rec->text may hold line ends: all else in it is escaped or static. */
static void record_put_message(Writer *w, const AuditRecord *rec) {
        char room[RECORD_MESSAGE_MAX];
        Writer message = { .room = room, .max = sizeof(room) };

        if (record_is_printable(bytes_of(rec->text))) {
                writer_put(w, BYTES("MESSAGE="));
                message.room = w->room + w->len;
                message_write(&message, rec);
                w->len += message.len;
                writer_put(w, BYTES("\n"));
        } else {
                message_write(&message, rec);
                field_own(w, BYTES("MESSAGE="), (Bytes){ room, message.len });
        }

        field_word(w, BYTES("MESSAGE_ID="), record_message_id(rec));
        field_word(w, BYTES("PRIORITY="), record_priority(rec));
        writer_put(w, BYTES("SYSLOG_IDENTIFIER=sockgated\n"));
        field_word(w, BYTES("SOCKGATE_EVENT="), record_events[rec->event]);
}

static void record_put_address(Writer *w, const Peer *peer) {
        Bytes address = bytes_of(peer->address);
        bool is_v6 = bytes_find(address, ':') < address.len;

        writer_put(w, is_v6 ? BYTES("SOCKGATE_PEER=tcp:[") : BYTES("SOCKGATE_PEER=tcp:"));
        writer_put_client(w, address, PEER_ADDRESS_MAX);
        writer_put(w, is_v6 ? BYTES("]:") : BYTES(":"));
        writer_put_number(w, peer->port);
        writer_put(w, BYTES("\n"));
}

static void record_put_peer(Writer *w, const Peer *peer) {
        if (!peer)
                return;
        if (peer->is_tcp) {
                record_put_address(w, peer);
                return;
        }

        writer_put(w, BYTES("SOCKGATE_PEER=unix:uid="));
        writer_put_number(w, peer->uid);
        writer_put(w, BYTES(",pid="));
        writer_put_number(w, peer->pid > 0 ? (uint64_t) peer->pid : 0);
        writer_put(w, BYTES("\n"));

        field_number(w, BYTES("SOCKGATE_UID="), peer->uid);
        field_number(w, BYTES("SOCKGATE_GID="), peer->gid);
        if (peer->pid > 0)
                field_number(w, BYTES("SOCKGATE_PID="), (uint64_t) peer->pid);
        field_client(w, BYTES("SOCKGATE_UNIT="), bytes_of(peer->unit), RECORD_SHORT_MAX);
        field_client(w, BYTES("SOCKGATE_CONTAINER="), bytes_of(peer->container),
                     PEER_CONTAINER_MAX);
}

#define KEY(name)                                                                                  \
        { name, sizeof(name) - 1 }

/* The keys whose values say what was done and are no secret. Never filters, buildargs, authconfig,
 * labels, remote, fromSrc or changes: tokens and environments travel in those. */
static bool record_shows_value_of(Bytes key) {
        static const Bytes shown[] = {
                KEY("all"),    KEY("condition"),   KEY("container"), KEY("dockerfile"),
                KEY("follow"), KEY("force"),       KEY("fromImage"), KEY("h"),
                KEY("limit"),  KEY("link"),        KEY("logs"),      KEY("name"),
                KEY("names"),  KEY("networkmode"), KEY("noprune"),   KEY("path"),
                KEY("pull"),   KEY("platform"),    KEY("ps_args"),   KEY("repo"),
                KEY("signal"), KEY("since"),       KEY("size"),      KEY("stderr"),
                KEY("stdin"),  KEY("stdout"),      KEY("stream"),    KEY("t"),
                KEY("tag"),    KEY("tail"),        KEY("target"),    KEY("timestamps"),
                KEY("until"),  KEY("v"),           KEY("version"),   KEY("w"),
        };

        for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
                if (shown[i].len == key.len && memcmp(shown[i].data, key.data, key.len) == 0)
                        return true;

        return false;
}

/* The query as it came, without the values that are not listed; cut as a whole. */
static void record_put_query(Writer *w, Bytes query) {
        Writer keys = { .room = w->room + w->len, .max = MIN(RECORD_QUERY_MAX, writer_left(w)) };
        bool is_first = true;
        Bytes pair;

        writer_put(&keys, BYTES("SOCKGATE_QUERY_KEYS="));

        while (bytes_split(&query, '&', &pair) && writer_left(&keys) > 1) {
                size_t n = bytes_find(pair, '=');
                Bytes shown = record_shows_value_of(bytes_slice(pair, 0, n))
                                      ? pair
                                      : bytes_slice(pair, 0, n);

                if (!is_first)
                        writer_put(&keys, BYTES("&"));
                is_first = false;
                writer_put_client(&keys, shown, writer_left(&keys) - 1);
        }

        writer_put(&keys, BYTES("\n"));
        w->len += keys.len;
}

static void record_put_request(Writer *w, const AuditRecord *rec) {
        size_t mark = bytes_find(rec->target, '?');

        field_client(w, BYTES("SOCKGATE_METHOD="), rec->method, RECORD_METHOD_MAX);
        field_client(w, BYTES("SOCKGATE_PATH="), record_path(rec), RECORD_PATH_MAX);
        if (mark + 1 < rec->target.len)
                record_put_query(w, bytes_skip(rec->target, mark + 1));
        field_client(w, BYTES("SOCKGATE_USER_AGENT="), rec->user_agent, RECORD_SHORT_MAX);

        if (rec->api_minor > 0)
                field_number(w, BYTES("SOCKGATE_API=1."), rec->api_minor);
        if (rec->endpoint)
                field_word(w, BYTES("SOCKGATE_ENDPOINT="), rec->endpoint->name);
}

static void record_put_rule(Writer *w, const AuditRecord *rec) {
        char room[RECORD_OWN_MAX];
        Writer rule = { .room = room, .max = sizeof(room) };

        if (!rec->rule.file)
                return;

        writer_put_own(&rule, bytes_of(rec->rule.file), sizeof(room) - 24);
        writer_put(&rule, BYTES(":"));
        writer_put_number(&rule, rec->rule.line);
        field_own(w, BYTES("SOCKGATE_RULE="), (Bytes){ room, rule.len });
}

/* A hint is the ini line itself, or the name of an operation to allow. */
static void record_put_hint(Writer *w, const AuditRecord *rec) {
        char room[RECORD_SHORT_MAX];
        Writer hint = { .room = room, .max = sizeof(room) };
        Bytes text = bytes_of(rec->hint);

        if (text.len == 0)
                return;

        if (bytes_find(text, '=') == text.len)
                writer_put(&hint, BYTES("[allow] endpoints = "));
        writer_put_own(&hint, text, sizeof(room) - 32);
        field_own(w, BYTES("SOCKGATE_HINT="), (Bytes){ room, hint.len });
}

static void record_put_verdict(Writer *w, const AuditRecord *rec) {
        field_word(w, BYTES("SOCKGATE_VERDICT="), record_kinds[rec->verdict].word);
        field_word(w, BYTES("SOCKGATE_REASON="), rec->reason);
        field_client(w, BYTES("SOCKGATE_FIELD="), rec->field, AUDIT_TEXT_MAX);
        field_client(w, BYTES("SOCKGATE_VALUE="), rec->value, AUDIT_TEXT_MAX);
        record_put_rule(w, rec);
        record_put_hint(w, rec);
        field_own(w, BYTES("SOCKGATE_POLICY="),
                  bytes_slice(bytes_of(rec->policy), 0, RECORD_SHORT_MAX));
}

static void record_put_outcome(Writer *w, const AuditRecord *rec) {
        if (record_is_of_request(rec)) {
                if (rec->status > 0)
                        field_number(w, BYTES("SOCKGATE_STATUS="), rec->status);
                if (rec->upstream_status > 0)
                        field_number(w, BYTES("SOCKGATE_UPSTREAM_STATUS="), rec->upstream_status);
                field_number(w, BYTES("SOCKGATE_BYTES_IN="), rec->bytes_in);
                field_number(w, BYTES("SOCKGATE_BYTES_OUT="), rec->bytes_out);
                field_number(w, BYTES("SOCKGATE_DURATION_US="), rec->duration_usec);
        }

        field_word(w, BYTES("SOCKGATE_BODY_SHA256="), rec->body_sha256);
        field_word(w, BYTES("SOCKGATE_CONFIG_SHA256="), rec->config_sha256);
        if (rec->n_dropped > 0)
                field_number(w, BYTES("SOCKGATE_DROPPED="), rec->n_dropped);
}

size_t audit_record_format(const AuditRecord *rec, char room[static AUDIT_RECORD_MAX]) {
        Writer w = { .room = room, .max = AUDIT_RECORD_MAX };

        assert(rec);
        assert(rec->verdict < ARRAY_SIZE(record_kinds));
        assert(rec->event < ARRAY_SIZE(record_events));

        record_put_message(&w, rec);
        field_word(&w, BYTES("SOCKGATE_REQ_ID="), rec->req_id);
        if (rec->conn_id > 0)
                field_number(&w, BYTES("SOCKGATE_CONN_ID="), rec->conn_id);
        field_own(&w, BYTES("SOCKGATE_LISTENER="),
                  bytes_slice(bytes_of(rec->listener), 0, RECORD_SHORT_MAX));

        record_put_peer(&w, rec->peer);
        record_put_request(&w, rec);
        record_put_verdict(&w, rec);
        record_put_outcome(&w, rec);
        return w.len;
}
