/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One direction of bytes between two streams. It does not know what it carries: a filter says which
 * of the bytes at hand may pass, and how many of those to come may pass unread: many of them are
 * not copied, but moved through a pipe. Bytes are held here only while the sink takes no more: one
 * read or one pipe.
 */
#pragma once

#include "io/stream.h"
#include "util/buffer.h"

typedef enum RelayState {
        RELAY_WAITS = 0,     /* for the source */
        RELAY_BLOCKED,       /* for the sink: bytes are pending */
        RELAY_YIELDS,        /* its budget is spent: call again after the others */
        RELAY_DONE,          /* the filter saw the end, and all was sent */
        RELAY_SOURCE_EOF,    /* the source ended first, and all was sent */
        RELAY_SOURCE_BROKEN, /* the source was reset, or the filter refused its bytes */
        RELAY_SINK_BROKEN,
        RELAY_NO_MEMORY,
} RelayState;

typedef struct RelayTake {
        size_t n;    /* bytes from the start of the input that pass */
        bool ends;   /* nothing passes after them */
        bool is_bad; /* what follows them may not pass */
} RelayTake;

typedef struct PipeCache PipeCache;

typedef struct RelayFilter {
        RelayTake (*take)(void *userdata, Bytes input);
        uint64_t (*unread)(void *userdata);       /* so many pass whatever they are; NULL: none */
        bool (*pass)(void *userdata, uint64_t n); /* so many did; true: nothing passes after them */
} RelayFilter;

typedef struct Relay {
        Stream *from, *to;
        const RelayFilter *filter; /* NULL: everything passes, without end */
        void *userdata;
        Pipe *pipe;     /* borrowed while bytes are in it; they are sent before what is pending */
        Buffer pending; /* to be sent first; heads are written into it */
        uint64_t n_sent;
        bool has_ended; /* the filter saw the end */
        bool is_bad;
        bool is_bulk; /* the last read filled the room: more of the kind may come */
} Relay;

/* Forgets everything but pending's memory. */
void relay_reset(Relay *r);
void relay_done(Relay *r);

/* Bytes wait for the sink. */
bool relay_is_held(const Relay *r);

/* Nobody takes any more what is in the pipe. */
void relay_drop_pipe(Relay *r);

/* Bytes that were read elsewhere already: through the filter, then sent or kept pending (also when
 * the sink turns out to be broken). */
RelayState relay_push(Relay *r, Bytes input);

/* Moves what can be moved, reading into room (shared, at least 64 KiB), or through a pipe (pipes
 * NULL: never). Safe to call at any time, any number of times. */
RelayState relay_pump(Relay *r, char *room, size_t room_size, PipeCache *pipes);

/* Sends what is held: BLOCKED, SINK_BROKEN, NO_MEMORY or WAITS. */
RelayState relay_flush(Relay *r);
