/* SPDX-License-Identifier: Apache-2.0 */

/* The MESSAGE_ID of each kind of journal record. They are an interface: administrators filter by
 * them and conf/catalog/sockgate.catalog explains each. Never change one, never use one twice; a
 * kind that means something new gets a new id. tests/systemd/catalog compares both files. */

#pragma once

/* The request passed the policy. */
#define MESSAGE_ID_ALLOW "6da6880007a54692bb69016da586441b"

/* The policy refused the request. */
#define MESSAGE_ID_DENY "76a9dfe210b64c33a447426c0200f448"

/* Shadow mode: the policy would have refused the request, it was forwarded. */
#define MESSAGE_ID_WOULD_DENY "1346a01fa8d14156b068a1ee1f0c46ba"

/* The request is malformed or not canonical, no rule was asked. */
#define MESSAGE_ID_REJECT "ce7bebbf8f3f42eda722b29c99014308"

/* Something broke: the engine, a limit, the machine. */
#define MESSAGE_ID_FAULT "5753b95e468640709226391f6da8a945"

/* A tunnel or stream ended. */
#define MESSAGE_ID_END "fc8976463d244181b5f2d4a2ee910d8e"

/* The daemon serves. */
#define MESSAGE_ID_START "ec63421b89194621a5f0afdabd079fee"

/* A new policy is in force. */
#define MESSAGE_ID_RELOAD "75cbadd1630a4781a2164e2d06428dc0"

/* The configuration cannot be used. */
#define MESSAGE_ID_CONFIG_BROKEN "729633c53c2c4abb8048a44608abfc44"

/* Audit records were lost. */
#define MESSAGE_ID_DROPPED "847b06a695e84628ae34d5f6dabc4e28"

/* Refused because the audit record could not be written. */
#define MESSAGE_ID_AUDIT_UNAVAILABLE "0faf98f26ac34e0f9f16fb7dbeeeb2d8"
