/* SPDX-License-Identifier: Apache-2.0 */
/* Copies from one stream to the other: each byte as it comes, none held back, none read that could
 * not be kept. */
#include "io/relay.h"

#include "util/macros.h"

#define RELAY_READ_MAX (64 * 1024)  /* so much may become pending */
#define RELAY_BUDGET   (256 * 1024) /* one turn; then others get theirs */

void relay_reset(Relay *r) {
        Buffer pending = r->pending;

        buffer_clear(&pending);
        *r = (Relay){ .pending = pending };
}

void relay_done(Relay *r) {
        buffer_done(&r->pending);
}

/* Also when the sink is gone: who sends all of it again on another stream finds it pending. */
static int relay_keep(Relay *r, Bytes fresh) {
        return fresh.len > 0 ? buffer_append(&r->pending, fresh) : 0;
}

static RelayState relay_send(Relay *r, Bytes fresh) {
        Bytes held = buffer_bytes(&r->pending);

        while (held.len + fresh.len > 0) {
                size_t n = 0;
                StreamResult result = stream_send(r->to, held, fresh, &n);

                if (result == STREAM_AGAIN)
                        break;
                if (result != STREAM_OK)
                        return relay_keep(r, fresh) < 0 ? RELAY_NO_MEMORY : RELAY_SINK_BROKEN;

                r->n_sent += n;
                fresh = bytes_skip(fresh, n > held.len ? n - held.len : 0);
                buffer_consume(&r->pending, MIN(n, held.len));
                held = buffer_bytes(&r->pending);
        }

        if (relay_keep(r, fresh) < 0)
                return RELAY_NO_MEMORY;
        return buffer_len(&r->pending) > 0 ? RELAY_BLOCKED : RELAY_WAITS;
}

static RelayState relay_settle(const Relay *r, RelayState state) {
        if (state != RELAY_WAITS)
                return state;
        if (r->is_bad)
                return RELAY_SOURCE_BROKEN;
        return r->has_ended ? RELAY_DONE : RELAY_WAITS;
}

RelayState relay_flush(Relay *r) {
        return buffer_len(&r->pending) > 0 ? relay_send(r, BYTES_NONE) : RELAY_WAITS;
}

RelayState relay_push(Relay *r, Bytes input) {
        RelayTake take = { .n = input.len };

        if (r->filter)
                take = r->filter(r->userdata, input);
        r->has_ended = r->has_ended || take.ends;
        r->is_bad = r->is_bad || take.is_bad;
        return relay_settle(r, relay_send(r, bytes_slice(input, 0, take.n)));
}

RelayState relay_pump(Relay *r, char *room, size_t room_size) {
        size_t moved = 0;
        RelayState state;

        state = relay_settle(r, relay_flush(r));
        while (state == RELAY_WAITS) {
                size_t n = 0;

                if (moved >= RELAY_BUDGET)
                        return RELAY_YIELDS;

                switch (stream_recv(r->from, room, MIN(room_size, (size_t) RELAY_READ_MAX), &n)) {
                case STREAM_OK:
                        moved += n;
                        state = relay_push(r, (Bytes){ room, n });
                        break;
                case STREAM_AGAIN:
                        return RELAY_WAITS;
                case STREAM_EOF:
                        return RELAY_SOURCE_EOF;
                case STREAM_BROKEN:
                        return RELAY_SOURCE_BROKEN;
                }
        }
        return state;
}
