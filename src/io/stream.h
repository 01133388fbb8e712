/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connected stream socket, edge-triggered: readiness is kept here and is cleared by EAGAIN or a
 * short read (epoll(7)), so a pump may be called at any time. Once the peer was seen to hang up a
 * short read clears nothing: else its end would be lost (LIBRARIES 3).
 */
#pragma once

#include "io/loop.h"
#include "util/bytes.h"

typedef enum StreamResult {
        STREAM_OK = 0, /* some bytes moved */
        STREAM_AGAIN,  /* not now: on_ready will be called */
        STREAM_EOF,    /* the peer sends no more */
        STREAM_BROKEN, /* reset, or the peer does what no peer may (sends descriptors) */
        STREAM_UNABLE, /* splice() only: not to be had here, nothing moved, copy instead */
} StreamResult;

typedef struct Pipe Pipe;

typedef struct Stream {
        LoopWatch watch; /* fd -1: closed */
        Loop *loop;
        void (*on_ready)(void *userdata);
        void *userdata;
        bool is_readable;
        bool is_writable;
        bool waits_for_room; /* EPOLLOUT is armed */
        bool has_shut;       /* RDHUP was seen: reads end soon */
        bool is_hung_up;     /* HUP or ERR: both ways are gone */
        bool is_at_eof;
        bool is_shut;          /* we said that we send no more */
        bool gets_descriptors; /* its peer may send some (unix(7)), and is no longer served then */
} Stream;

/* Takes over *fd (sets it to -1), a connected non-blocking socket. 0, or -errno with *fd still the
 * caller's. */
int stream_init(Stream *s, Loop *loop, int *fd, void (*on_ready)(void *userdata), void *userdata);

/* Closes it. Safe on a zeroed or closed stream of fd -1. */
void stream_done(Stream *s);

/* The same, but the peer sees a reset where the socket can say so: for an answer that was cut. */
void stream_reset(Stream *s);

bool stream_is_open(const Stream *s);

/* *ret_n is set with OK only. */
StreamResult stream_recv(Stream *s, char *room, size_t size, size_t *ret_n);

/* Sends first and then second as one; *ret_n of both together (may be short; then AGAIN comes
 * next). */
StreamResult stream_send(Stream *s, Bytes first, Bytes second, size_t *ret_n);

/* Moves up to max bytes into the pipe, which must be empty: so no room is never the reason why
 * nothing moves. Few bytes do not say that there are no more: a splice() ends where the kernel's
 * own buffers do. Descriptors sent along are dropped by the kernel. */
StreamResult stream_splice_in(Stream *s, Pipe *pipe, size_t max);

/* Moves what is in the pipe (at least one byte) to the peer; what stays in it did not fit. */
StreamResult stream_splice_out(Stream *s, Pipe *pipe, size_t *ret_n);

/* Half-close: the peer reads our end. Once only; later calls do nothing. */
void stream_shutdown(Stream *s);
