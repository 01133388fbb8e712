/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which objects an operation may address: the section [scope] (POLICY 10), by name. Containers,
 * networks and volumes are judged wherever a request's path or query names one.
 */
#pragma once

#include "policy/policy.h"

/* ALLOW, or DENY with one of the reasons "scope", "scope-id", "scope-name-missing",
 * "scope-unbounded", "scope-not-judged", "scope-projects-not-yet". */
Decision scope_decide(const Policy *p, const Request *req);
