/* SPDX-License-Identifier: Apache-2.0 */
/* The states of an exchange and which may follow which: a pure table. */
#pragma once

#include "util/macros.h"

#include <stdbool.h>

typedef enum _packed_ ExchangeState {
        EXCHANGE_STATE_JUDGE = 0, /* the head is judged */
        EXCHANGE_STATE_BODY,      /* the body is collected, to be judged too */
        EXCHANGE_STATE_RESOLVE, /* the engine is asked about an object; then all is judged again */
        EXCHANGE_STATE_CONNECT, /* allowed; the engine is being reached */
        EXCHANGE_STATE_FORWARD, /* request and answer flow */
        EXCHANGE_STATE_TUNNEL,  /* raw both ways */
        EXCHANGE_STATE_REFUSE,  /* our own answer is being sent */
        EXCHANGE_STATE_LINGER,  /* what the client still sends is dropped, so that it reads our
                                   answer */
        EXCHANGE_STATE_DONE,    /* over; the client connection can carry the next request */
        EXCHANGE_STATE_CLOSED,  /* over; the client connection ends */
        _EXCHANGE_STATE_MAX,
} ExchangeState;

/* May an exchange go from one state to the other? */
bool fsm_allows(ExchangeState from, ExchangeState to);

bool fsm_is_over(ExchangeState state);

const char *fsm_state_name(ExchangeState state);
