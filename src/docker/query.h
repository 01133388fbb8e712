/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of a query against what an endpoint knows (POLICY 2 "query", 6): spelling, repetition,
 * and the values that are refused whatever the policy says.
 */
#pragma once

#include "docker/endpoint.h"

/* Unknown keys of one read request: each is compared with all others. */
#define QUERY_UNKNOWN_MAX 64

typedef enum QueryUnknown {
        QUERY_UNKNOWN_REFUSED = 0,
        QUERY_UNKNOWN_FORWARDED, /* read endpoints of docker */
        QUERY_UNKNOWN_ECHO,      /* left to the body: it may have a member of that name */
} QueryUnknown;

typedef struct QueryResult {
        bool has_unknown_keys; /* with QUERY_UNKNOWN_ECHO */
        bool has_judged_keys;
        bool has_session_keys;
        const QueryPair *bad_pair; /* that the error speaks of, or NULL */
} QueryResult;

/* May mark pairs dropped (an empty authconfig). false: *ret_error. */
bool query_check(Target *target, const Endpoint *e, QueryUnknown unknown, QueryResult *ret,
                 HttpError *ret_error);

/* The value fits the key's rule whatever the policy says. JUDGED and SESSION keys always do. */
bool query_value_fits(const QueryKey *key, Bytes value);

/* "", 0, false, null, {} or []: the key might as well be absent. */
bool query_value_is_zero(Bytes value);

/* "absent", "aux", "-ef", "-eo LIST" or "-o LIST" without columns that show environments. */
bool query_is_ps_args(Bytes value);

/* A relative path that stays below where it starts, whatever links there are. */
bool query_is_file(Bytes value);
