/* SPDX-License-Identifier: Apache-2.0 */
/* The framing of messages: chunks of a body, values of a head. */
#pragma once

#include "bench.h"

/* The framing of a chunked body: which of the bytes at hand are of it, and where it ends. */
typedef struct Chunks {
        enum {
                CHUNK_SIZE,
                CHUNK_EXTENSION,
                CHUNK_SIZE_END,
                CHUNK_DATA,
                CHUNK_DATA_END,
                CHUNK_LAST,
                CHUNK_TRAILER,
                CHUNK_DONE
        } at;
        uint64_t left; /* of the chunk */
        uint64_t n_payload;
} Chunks;

static inline bool chunk_step(Chunks *c, char b) {
        switch (c->at) {
        case CHUNK_SIZE:
                if (b >= '0' && b <= '9')
                        c->left = c->left * 16 + (uint64_t) (b - '0');
                else if ((b | 0x20) >= 'a' && (b | 0x20) <= 'f')
                        c->left = c->left * 16 + (uint64_t) ((b | 0x20) - 'a' + 10);
                else if (b == '\r')
                        c->at = CHUNK_SIZE_END;
                else if (b == ';' || b == ' ' || b == '\t')
                        c->at = CHUNK_EXTENSION;
                else
                        return false;
                return true;
        case CHUNK_EXTENSION:
                if (b == '\r')
                        c->at = CHUNK_SIZE_END;
                return b != '\n';
        case CHUNK_SIZE_END:
                c->at = c->left > 0 ? CHUNK_DATA : CHUNK_LAST;
                return b == '\n';
        case CHUNK_DATA_END:
                if (b == '\n')
                        c->at = CHUNK_SIZE;
                return b == '\r' || b == '\n';
        case CHUNK_LAST:
                if (b == '\n')
                        c->at = CHUNK_DONE;
                else if (b != '\r')
                        c->at = CHUNK_TRAILER;
                return true;
        case CHUNK_TRAILER:
                if (b == '\n')
                        c->at = CHUNK_LAST;
                return true;
        case CHUNK_DATA:
        case CHUNK_DONE:
                break;
        }
        return false;
}

/* How many of the bytes are of the body. What they hold goes to payload, unless it is NULL. */
static inline size_t chunks_feed(Chunks *c, const char *data, size_t n, char *payload) {
        size_t i = 0;

        while (i < n && c->at != CHUNK_DONE) {
                size_t run;

                if (c->at != CHUNK_DATA) {
                        if (!chunk_step(c, data[i++]))
                                die("a malformed chunk");
                        continue;
                }
                run = n - i < c->left ? n - i : c->left;
                if (payload)
                        payload = (char *) mempcpy(payload, data + i, run);
                i += run;
                c->left -= run;
                c->n_payload += run;
                if (c->left == 0)
                        c->at = CHUNK_DATA_END;
        }
        return i;
}

/* The value of a header of this head (its name with the colon, in lower case), or NULL. */
static inline const char *head_value(const char *head, size_t len, const char *name) {
        size_t n = strlen(name);

        for (const char *line = head, *end = head + len; line && line + n < end;
             line = memchr(line, '\n', (size_t) (end - line))) {
                line += *line == '\n';
                if ((size_t) (end - line) > n && strncasecmp(line, name, n) == 0)
                        return line + n + strspn(line + n, " ");
        }
        return NULL;
}
