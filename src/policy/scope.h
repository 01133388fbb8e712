/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which objects an operation may address: the section [scope] (POLICY 10), by name. Containers,
 * networks and volumes are judged wherever a request's path or query names one.
 */
#pragma once

#include "policy/policy.h"

/*
 * ALLOW; DENY with one of the reasons "scope", "scope-id", "scope-name", "scope-name-missing",
 * "scope-unbounded", "scope-not-judged", "scope-service", "exec-unknown", "object-missing" (404);
 * or RESOLVE: the engine has to be asked about subject first.
 */
Decision scope_decide(const Policy *p, const Request *req, const PolicyFacts *facts);

/* The same for one object that a body names. ALLOW when [scope] says nothing of its kind. */
Decision scope_decide_object(const Policy *p, const PolicyFacts *facts, ObjectKind kind,
                             Bytes asked);
