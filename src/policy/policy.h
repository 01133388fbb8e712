/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy of an instance, compiled: immutable, counted, shared by running requests.
 * config/config builds it; policy_decide() and policy_inspect() judge by it. A judgement cannot
 * fail: what is unknown is denied.
 */
#pragma once

#include "docker/request.h"
#include "policy/decision.h"
#include "policy/known.h"
#include "policy/limits.h"
#include "policy/peer.h"
#include "policy/rules.h"

/* One word of a list key with the line it stands in. */
typedef struct Word {
        Bytes text; /* owned by the policy */
        Place place;
} Word;

typedef struct Words {
        Word *items;
        size_t n;
} Words;

typedef struct PolicyGrant {
        bool is_allowed;
        bool is_denied; /* wins */
        Place allowed_at;
        Place denied_at;
} PolicyGrant;

typedef struct PolicyJudge {
        bool is_off; /* judge = no */
        Place place;
} PolicyJudge;

typedef struct PolicyNetwork {
        uint8_t address[16]; /* IPv4 is mapped */
        unsigned n_bits;     /* of 128 */
} PolicyNetwork;

/* Every list key of the judged sections, kept for the judges of bodies: "container.create",
 * "images". */
typedef struct PolicyList {
        const char *section;
        const char *key;
        Words words;
} PolicyList;

typedef enum PolicyLog { POLICY_LOG_ALL = 0, POLICY_LOG_CHANGES, POLICY_LOG_DENIED } PolicyLog;
typedef enum PolicyRequired {
        POLICY_REQUIRED_NO = 0,
        POLICY_REQUIRED_CHANGES,
        POLICY_REQUIRED_ALL
} PolicyRequired;

typedef struct Policy {
        unsigned n_refs;
        char *name;     /* the instance */
        char *upstream; /* path of the engine's socket */
        char *runtime_dir;
        bool is_user; /* a user's instance */
        bool is_podman;
        bool is_shadow;
        unsigned api_min;
        PolicyGrant *grants; /* one per endpoint, by endpoint_index() */
        PolicyJudge judges[_ENDPOINT_JUDGE_MAX];
        bool foreign_ids; /* [exec.create] */

        uint32_t *uids;
        size_t n_uids;
        uint32_t *gids;
        size_t n_gids;
        Words units, containers;
        PolicyNetwork *addresses;
        size_t n_addresses;
        bool has_uids, has_gids, has_units, has_containers, has_addresses; /* the key was given */
        Bytes *hosts;
        size_t n_hosts;
        Bytes *origins;
        size_t n_origins;

        Words scope_containers, scope_networks, scope_volumes, scope_projects;
        bool has_scope_containers, has_scope_networks, has_scope_volumes, has_scope_projects;
        bool resolve_ids;

        PolicyLog log;
        PolicyRequired required;
        Limits limits;

        PolicyList *lists;
        size_t n_lists;
        char **files; /* names that Places point to */
        size_t n_files;
        char **warnings; /* said at start and reload: "judge = no in [container.create] ..." with
                            file:line */
        size_t n_warnings;
        char sha256[65]; /* of all files read, in order */

        Words rules[_RULE_KEY_MAX]; /* the words of lists, by number */
} Policy;

/* An empty policy: n_refs 1, nothing granted, default limits, api_min 24; name and upstream are
 * NULL until config/config sets them. What the pointers in it hold is malloc()ed, the texts of
 * Words, hosts and origins too, but for section and key of a PolicyList, which are static. NULL:
 * out of memory. */
Policy *policy_new(void);
Policy *policy_ref(Policy *p);
Policy *policy_unref(Policy *p);

/* Does a verdict or the audit of all requests look at a peer's groups, unit or container? */
bool policy_wants_origin(const Policy *p);

/* May this peer talk at all ([peers])? A deny has reason "peer-not-allowed". */
Decision policy_decide_peer(const Policy *p, const Peer *peer);

/* Grants and [deny] alone: may anybody call this operation? ALLOW or DENY. What is not granted is
 * told no more about its request than that. */
Decision policy_decide_grant(const Policy *p, const Endpoint *endpoint);

/* Texts of a decision that are made while judging: they live as long as the notes, which the caller
 * owns. */
typedef struct JudgeNotes {
        char field[512]; /* JSON pointer, or ?key */
        char value[256]; /* cut */
        char hint[256];  /* "[container.create] bind-mounts = /srv/app" */
} JudgeNotes;

/* What a verdict may depend on beside the policy and the request. */
typedef struct PolicyFacts {
        const Peer *peer;
        const Objects *objects; /* resolved for this request; NULL: none yet */
        const Known *known;     /* ids that this instance has seen being made; NULL: none */
        uint64_t now_usec;
        JudgeNotes *notes; /* NULL: texts are left out */
} PolicyFacts;

/* Grants, deny, judges of queries, scope: ALLOW and DENY; INSPECT when the body has to be judged
 * too; RESOLVE when the engine has to be asked about decision.subject first: judge again with what
 * it said. */
Decision policy_decide(const Policy *p, const Request *req, const PolicyFacts *facts);

/*
 * Judges the whole collected body (payload bytes): the echo rule, and the schema of the endpoint.
 * May mark pairs of req->target dropped and set req->drops_body. ALLOW, DENY, or RESOLVE as above.
 * Texts of the decision live as long as req->target or facts->notes.
 */
Decision policy_inspect(const Policy *p, Request *req, const PolicyFacts *facts, Bytes body);
