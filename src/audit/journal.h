/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit's way to the journal: a non-blocking datagram socket and a bounded ring in front of it.
 * Never blocks, never fails: what cannot be kept is counted and reported when the journal takes
 * records again.
 */
#pragma once

#include "audit/record.h"

typedef struct AuditSink AuditSink;

#define AUDIT_RING_RECORDS 256
#define AUDIT_RING_BYTES   (256 * 1024)

/* Connects to the journal's socket when it can; a missing journal is no failure. policy is the
 * instance, for the records that the sink writes itself; it outlives the sink. 0 or -errno. */
int audit_sink_new(const char *path, const char *policy, AuditSink **ret);
AuditSink *audit_sink_free(AuditSink *sink);

/* Sends the record, or queues it while the journal takes none. Dropped and counted when the queue
 * is full or the journal is gone. */
void audit_emit(AuditSink *sink, const AuditRecord *rec);

/* May a record be promised now? false: the journal takes none and the ring is full, or it is gone:
 * `audit required` refuses. Tries to flush and to connect first. */
bool audit_sink_is_able(AuditSink *sink);

/* Sends what is queued, then the report of what was dropped. Returns true when nothing is queued
 * any more. Call it when audit_sink_fd() is writable and on the tick. */
bool audit_sink_flush(AuditSink *sink);

/* For the loop: the socket. It is the same for the sink's whole life, also when the sink connects
 * anew. */
int audit_sink_fd(const AuditSink *sink);
size_t audit_sink_n_queued(const AuditSink *sink);
uint64_t audit_sink_n_dropped(const AuditSink *sink);
