/* SPDX-License-Identifier: Apache-2.0 */
/* Inner header of policy/check-*: networks that a request may name by their ids. */
#pragma once

#include "policy/judge.h"

/*
 * A network's name, or its full id, by the globs of that key: the engine is asked for the name of
 * an id. asked must outlive the body, or fit JudgeNotes.value. false: refused, or the engine has to
 * be asked first.
 */
bool check_network_named(Judge *j, RuleKey key, Bytes asked);

/*
 * NetworkID of an endpoint in the network that is named, which the engine joins in its place. Its
 * own row asks for endpoint-state. name as asked above.
 */
bool check_network_endpoint(Judge *j, Bytes name, const BodyValue *endpoint);
