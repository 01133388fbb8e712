/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of container.create. */
#pragma once

#include "check-case.h"

static const Peer create_peer = { .uid = 1000 };
static JudgeNotes create_notes;
static const PolicyFacts create_facts = { .peer = &create_peer, .notes = &create_notes };

/* A whole body under lines of [container.create]. */
static inline void create_run_body(const CheckCase *c) {
        char config[2048];
        Decision d;

        (void) snprintf(config, sizeof(config), "[container.create]\n%s\n", c->ini);
        d = check_judge("POST /containers/create?name=web", &schema_container_create, config,
                        c->body, &create_facts);
        check_expect(c->body, d, c->reason, c->pointer);
}

/* The members of a HostConfig, beside an image that is allowed. */
static inline void create_run_host(const CheckCase *c) {
        char body[8192];
        CheckCase whole = *c;
        int n = snprintf(body, sizeof(body), "{\"Image\":\"alpine:3\",\"HostConfig\":{%s}}",
                         c->body);

        ck_assert(n > 0 && (size_t) n < sizeof(body));
        whole.body = body;
        create_run_body(&whole);
}
