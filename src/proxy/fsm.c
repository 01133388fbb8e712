/* SPDX-License-Identifier: Apache-2.0 */
/* JUDGE -> [BODY] -> [RESOLVE] -> CONNECT -> FORWARD -> {DONE | TUNNEL} -> CLOSED; REFUSE -> LINGER
 * -> CLOSED from the first five. */
#include "proxy/fsm.h"

#include <assert.h>

#define TO(state) (1U << EXCHANGE_STATE_##state)

static const unsigned followers[_EXCHANGE_STATE_MAX] = {
        [EXCHANGE_STATE_JUDGE] = TO(BODY) | TO(RESOLVE) | TO(CONNECT) | TO(REFUSE) | TO(CLOSED),
        [EXCHANGE_STATE_BODY] = TO(RESOLVE) | TO(CONNECT) | TO(REFUSE) | TO(CLOSED),
        [EXCHANGE_STATE_RESOLVE] = TO(BODY) | TO(CONNECT) | TO(REFUSE) | TO(CLOSED),
        [EXCHANGE_STATE_CONNECT] = TO(FORWARD) | TO(REFUSE) | TO(CLOSED),
        /* back to CONNECT: a kept connection was closed before it took a byte of the request */
        [EXCHANGE_STATE_FORWARD] =
                TO(CONNECT) | TO(TUNNEL) | TO(REFUSE) | TO(LINGER) | TO(DONE) | TO(CLOSED),
        [EXCHANGE_STATE_TUNNEL] = TO(CLOSED),
        [EXCHANGE_STATE_REFUSE] = TO(LINGER) | TO(DONE) | TO(CLOSED),
        [EXCHANGE_STATE_LINGER] = TO(CLOSED),
        [EXCHANGE_STATE_DONE] = 0,
        [EXCHANGE_STATE_CLOSED] = 0,
};

static const char *const names[_EXCHANGE_STATE_MAX] = {
        [EXCHANGE_STATE_JUDGE] = "judge",     [EXCHANGE_STATE_BODY] = "body",
        [EXCHANGE_STATE_RESOLVE] = "resolve", [EXCHANGE_STATE_CONNECT] = "connect",
        [EXCHANGE_STATE_FORWARD] = "forward", [EXCHANGE_STATE_TUNNEL] = "tunnel",
        [EXCHANGE_STATE_REFUSE] = "refuse",   [EXCHANGE_STATE_LINGER] = "linger",
        [EXCHANGE_STATE_DONE] = "done",       [EXCHANGE_STATE_CLOSED] = "closed",
};

bool fsm_allows(ExchangeState from, ExchangeState to) {
        assert(from < _EXCHANGE_STATE_MAX && to < _EXCHANGE_STATE_MAX);
        return (followers[from] >> to) & 1U;
}

bool fsm_is_over(ExchangeState state) {
        return state == EXCHANGE_STATE_DONE || state == EXCHANGE_STATE_CLOSED;
}

const char *fsm_state_name(ExchangeState state) {
        assert(state < _EXCHANGE_STATE_MAX);
        return names[state];
}
