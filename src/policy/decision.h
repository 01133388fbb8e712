/* SPDX-License-Identifier: Apache-2.0 */
/* A verdict as a value. The zero value denies. */
#pragma once

#include "policy/objects.h"

/* A line of the configuration; the file's name lives as long as the Policy. */
typedef struct Place {
        const char *file; /* NULL: built in */
        unsigned line;
} Place;

typedef enum Verdict {
        VERDICT_DENY = 0,
        VERDICT_ALLOW,
        VERDICT_INSPECT, /* collect the body, then policy_inspect() */
        VERDICT_RESOLVE, /* ask the engine about the object named by subject, of resolve_kind */
} Verdict;

typedef struct Decision {
        Verdict verdict;
        ObjectKind resolve_kind;
        unsigned status;    /* of a deny's answer; 0 means 403 */
        bool is_malformed;  /* the request is at fault (400 ...): a reject in the audit, and shadow
                               mode does not forward it */
        bool is_final;      /* the policy denies, and shadow mode does not forward it all the same
                               (POLICY 9): peers, exec provenance, what can't be granted */
        const char *reason; /* fixed word for the audit: "not-granted" */
        const char *text;   /* sentence for the client, without a full stop: static */
        Bytes subject; /* what it speaks of, appended to text in ticks; borrowed from the request or
                          body */
        Bytes field;   /* JSON pointer or ?key; borrowed like subject */
        Place place;   /* the line of the configuration that decided */
        const char *hint; /* the ini line that would allow it, or the bare name of an endpoint to
                             allow (the audit makes the line of it), or NULL; static */
} Decision;
