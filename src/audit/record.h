/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit record (POLICY 7): typed facts in, one datagram of the journal's native protocol out.
 * Pure. Client bytes are escaped and cut here, and nowhere else; secrets never get here: see the
 * fields.
 */
#pragma once

#include "docker/endpoint.h"
#include "policy/decision.h"
#include "policy/peer.h"

#define AUDIT_RECORD_MAX 8192 /* bytes of one datagram, always enough */
#define AUDIT_TEXT_MAX   1024 /* bytes of client text in one field */

typedef enum AuditEvent {
        AUDIT_EVENT_REQUEST = 0,
        AUDIT_EVENT_DECISION,   /* before forwarding, with audit required */
        AUDIT_EVENT_TUNNEL_END, /* a stream's or tunnel's second record */
        AUDIT_EVENT_START,
        AUDIT_EVENT_RELOAD,
        AUDIT_EVENT_FAULT,
        AUDIT_EVENT_LOOKUP, /* an inspect of our own */
} AuditEvent;

typedef enum _packed_ AuditVerdict {
        AUDIT_VERDICT_NONE = 0, /* events without a verdict */
        AUDIT_VERDICT_ALLOW,
        AUDIT_VERDICT_DENY,
        AUDIT_VERDICT_WOULD_DENY, /* shadow mode */
        AUDIT_VERDICT_REJECT,     /* malformed */
        AUDIT_VERDICT_FAULT,      /* allowed, but something broke */
} AuditVerdict;

typedef struct AuditRecord {
        AuditEvent event;
        AuditVerdict verdict;
        const char *message_id; /* of audit/message-ids.h; NULL: by event and verdict */
        const char *req_id;
        uint64_t conn_id;
        const char *listener; /* name of the listening socket */
        const Peer *peer;     /* NULL: none */
        Bytes method;         /* raw */
        Bytes target; /* raw target: path, and keys of the query (values of listed keys alone) are
                         taken from it */
        Bytes user_agent; /* raw; escaped and cut */
        unsigned api_minor;
        const Endpoint *endpoint;
        const char *reason;
        Bytes field;
        Bytes value;
        Place rule;
        const char *hint;   /* of the Decision: an ini line, or the name of an operation to allow */
        const char *policy; /* instance */
        unsigned status, upstream_status;
        uint64_t bytes_in, bytes_out, duration_usec;
        const char *body_sha256; /* NULL: none */
        const char *config_sha256;
        const char *text; /* our sentence for MESSAGE: the whole of it for start, reload and fault,
                             the why of a request; NULL: made from the fields */
        uint64_t n_dropped; /* records lost before this one, when it reports them */
} AuditRecord;

/* Writes the record to room; returns its length, at most AUDIT_RECORD_MAX. Never fails: what is too
 * long is cut and marked. */
size_t audit_record_format(const AuditRecord *rec, char room[static AUDIT_RECORD_MAX]);

/* Bytes outside 0x21-0x7e as \xNN, cut at max bytes of output with a mark; for log lines and
 * answers too. Returns the length. */
size_t audit_escape(Bytes text, char *room, size_t max);

/* The text of a reason as it is shown: one that ends in a colon speaks of a value, and loses the
 * colon when there is none. Borrowed from text. */
Bytes audit_text(const char *text, Bytes value);
