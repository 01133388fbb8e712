/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The canonical request target (POLICY 2, "target form" to "query"): parsed whole or refused, never
 * repaired. dockerd matches the decoded path and Podman the encoded one (DOCKERD 1, 7), so only
 * spellings that mean the same to both are taken.
 */
#pragma once

#include "http/head.h"

#define TARGET_PATH_MAX     2048
#define TARGET_SEGMENTS_MAX 16
#define TARGET_PAIRS_MAX    1024
#define TARGET_QUERY_MAX    65536

typedef struct QueryPair {
        Bytes key;    /* as sent: keys are never encoded */
        Bytes raw;    /* the value as sent */
        Bytes value;  /* decoded */
        bool dropped; /* read and judged, not forwarded (echo keys) */
} QueryPair;

/* Large (over 100 KiB): one per process, filled anew by each target_parse(). */
typedef struct Target {
        Bytes raw;          /* as received */
        Bytes version;      /* "1.41", Podman's "4.0.0"; empty without */
        unsigned api_minor; /* N of /v1.N; 0 without a version and for libpod */
        bool is_libpod;     /* the first segment after the version is libpod */
        bool has_escapes;   /* some %XX stood in the path: good in an image slot only */

        Bytes path;      /* after the version, decoded: "/containers/web/json" */
        Bytes full_path; /* with the version: what is forwarded */
        Bytes segments[TARGET_SEGMENTS_MAX]; /* of path; an image slot's %2F is a byte of its
                                                segment */
        bool segment_escaped[TARGET_SEGMENTS_MAX];
        unsigned n_segments;

        bool has_query; /* more than a bare '?', which clients send for no query at all */
        Bytes query;    /* raw */
        QueryPair pairs[TARGET_PAIRS_MAX];
        unsigned n_pairs;

        char path_room[TARGET_PATH_MAX + 1];
        char value_room[TARGET_QUERY_MAX];
} Target;

typedef struct TargetRules {
        unsigned api_min; /* least N of /v1.N */
        bool is_podman;   /* /vA.B.C/libpod/... and /libpod/_ping exist */
} TargetRules;

/* true: *t holds the canonical target and borrows raw. false: *ret_error says what to answer (400
 * mostly); t->path may then be empty. */
bool target_parse(Target *t, Bytes raw, const TargetRules *rules, HttpError *ret_error);

/* The pair of that key, or NULL. */
const QueryPair *target_find_pair(const Target *t, const char *key);
