/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network.create, network.connect and network.disconnect: names, drivers, what a network takes of
 * the host's addresses, and which network and container are joined. A full id is judged by the name
 * that the engine knows it by, since Compose joins by id whatever the policy says of [scope]; that
 * name is for the record's hint alone, as who asked with an id need not know it. Shorter hex digits
 * are refused, since they may be either.
 */
#include "policy/check-networks.h"

#include "policy/check-parts.h"
#include "policy/checks.h"
#include "policy/grammar.h"
#include "util/glob.h"
#include "util/macros.h"
#include "util/parse.h"

#define ADDRESS_BITS      128
#define ADDRESS_IPV4_BITS 32
#define PREFIX_DIGITS     3

static bool network_ask(Judge *j, Bytes asked) {
        JudgeNotes *notes = j->facts->notes;

        if (!notes || asked.len > sizeof(notes->value))
                return judge_deny(j, RULE_NONE, "network-id",
                                  "the engine can't be asked about:", asked);

        memmove(notes->value, asked.data, asked.len);
        j->decision = (Decision){
                .verdict = VERDICT_RESOLVE,
                .resolve_kind = OBJECT_NETWORK,
                .subject = { notes->value, asked.len },
        };
        j->is_denied = true;
        return false;
}

bool check_network_named(Judge *j, RuleKey key, Bytes asked) {
        const Object *object;

        if (!object_is_full_id(asked))
                return check_network_word(j, key, asked);

        object = objects_find(j->facts->objects, OBJECT_NETWORK, asked);
        if (!object)
                return network_ask(j, asked);
        if (object->is_missing) {
                (void) judge_deny(j, RULE_NONE, "object-missing", "No such network:", asked);
                j->decision.status = 404;
                j->decision.is_final = true;
                return false;
        }

        if (check_network_word(j, key, bytes_of(object->name)))
                return true;
        judge_show(j, asked);
        return false;
}

static bool network_check_id_of(Judge *j, Bytes name, Bytes id) {
        const Object *object;

        if (!object_is_full_id(id))
                return judge_deny(j, RULE_NONE, "network-id",
                                  "the engine would join it by this, which is no full id:", id);

        object = objects_find(j->facts->objects, OBJECT_NETWORK, id);
        if (!object)
                return network_ask(j, id);
        if (object->is_missing || !bytes_eq_str(name, object->name))
                return judge_deny(j, RULE_NONE, "network-id",
                                  "the engine would join this network, and not the one that is "
                                  "named:",
                                  id);

        /* Networks may share a name: the label is that of the id. */
        return !j->policy->has_scope_projects || check_scope_object(j, OBJECT_NETWORK, id);
}

/* Updaters send it back. Docker prefers it to the name, and takes a name there, "host" too. */
bool check_network_endpoint(Judge *j, Bytes name, const BodyValue *endpoint) {
        BodyValue id;
        size_t len;

        if (!judge_has_word(j, RULE_CREATE_ENDPOINT_STATE, "ignore")) /* its row refuses it */
                return true;
        if (!body_find(endpoint, "NetworkID", &id) || id.string.len == 0 ||
            bytes_eq(id.string, name))
                return true;

        len = judge_push(j, BYTES("NetworkID"));
        if (!network_check_id_of(j, name, id.string))
                return false;
        judge_pop(j, len);
        return true;
}

static bool network_name_in_scope(Judge *j, Bytes name) {
        const Words *words = &j->policy->scope_networks;

        /* Under projects the label of what is made decides, as it does later. */
        if (!j->policy->has_scope_networks || j->policy->has_scope_projects)
                return true;
        for (size_t i = 0; i < words->n; i++)
                if (glob_match(words->items[i].text, name))
                        return true;

        (void) judge_deny(j, RULE_NONE, "scope", "the network is outside of [scope]:", name);
        if (words->n > 0)
                j->decision.place = words->items[0].place;
        return false;
}

/* Names that the engine gives a meaning of its own are nobody's to take. */
bool check_network_name(Judge *j, const Field *f, const BodyValue *v) {
        static const char *const reserved[] = { "host", "none", "bridge", "default" };

        (void) f;
        if (!grammar_is_name(v->string))
                return judge_deny(j, RULE_NONE, "network-name",
                                  "no name of a network, or one that could be an id:", v->string);
        for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
                if (bytes_eq_str(v->string, reserved[i]))
                        return judge_deny(j, RULE_NONE, "network-name-reserved",
                                          "a name of the engine's own:", v->string);
        if (!judge_matches(j, RULE_NETWORK_NAMES, v->string, NULL))
                return judge_deny(j, RULE_NETWORK_NAMES, "network-name-not-allowed",
                                  "a network may not have the name", v->string);

        return network_name_in_scope(j, v->string);
}

bool check_network_driver(Judge *j, const Field *f, const BodyValue *v) {
        const Words *words = judge_words(j, RULE_NETWORK_DRIVERS);

        (void) f;
        for (size_t i = 0; i < words->n; i++)
                if (bytes_eq(words->items[i].text, v->string))
                        return true;

        return judge_deny(j, RULE_NETWORK_DRIVERS, "network-driver-not-allowed",
                          "the network driver is not allowed:", v->string);
}

bool check_network_options(Judge *j, const Field *f, const BodyValue *v) {
        void *position = NULL;
        BodyValue value;
        Bytes key;

        (void) f;
        while (body_next(v, &position, &key, &value)) {
                size_t len = judge_push(j, key);

                if (!judge_matches(j, RULE_NETWORK_OPTIONS, key, NULL))
                        return judge_deny(j, RULE_NETWORK_OPTIONS, "network-option-not-allowed",
                                          "the option of the network is not allowed:", key);
                judge_pop(j, len);
        }

        return true;
}

/*
 * An address, or one with a number of bits. An IPv4 address in the clothes of IPv6 is none: readers
 * differ on its bits.
 */
static bool network_prefix(Bytes text, PolicyNetwork *ret) {
        static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF };
        size_t slash = bytes_find(text, '/');
        Bytes address = bytes_slice(text, 0, slash);
        bool is_ipv4 = bytes_find(address, ':') == address.len;
        unsigned most = is_ipv4 ? ADDRESS_IPV4_BITS : ADDRESS_BITS;
        uint64_t bits = most;

        if (!grammar_address(address, ret->address) ||
            (!is_ipv4 && memcmp(ret->address, mapped, sizeof(mapped)) == 0))
                return false;
        if (slash < text.len &&
            (!parse_u64(bytes_skip(text, slash + 1), PREFIX_DIGITS, &bits) || bits > most))
                return false;

        ret->n_bits = (unsigned) bits + (ADDRESS_BITS - most);
        return true;
}

static bool network_covers(const PolicyNetwork *outer, const PolicyNetwork *inner) {
        unsigned whole = outer->n_bits / 8, rest = outer->n_bits % 8;

        if (inner->n_bits < outer->n_bits || memcmp(outer->address, inner->address, whole) != 0)
                return false;

        return rest == 0 || ((outer->address[whole] ^ inner->address[whole]) >> (8 - rest)) == 0;
}

static bool network_has_host_bits(const PolicyNetwork *network) {
        for (unsigned i = network->n_bits; i < ADDRESS_BITS; i++)
                if (network->address[i / 8] & (0x80U >> (i % 8)))
                        return true;

        return false;
}

static bool network_check_addresses(Judge *j, Bytes text) {
        const Words *words = judge_words(j, RULE_NETWORK_SUBNETS);
        PolicyNetwork asked, allowed;

        if (!network_prefix(text, &asked))
                return judge_deny(j, RULE_NONE, "subnet-grammar",
                                  "no plain address or subnet:", text);

        for (size_t i = 0; i < words->n; i++) {
                Bytes word = words->items[i].text;

                if (bytes_starts_with(word, BYTES("[")) && bytes_ends_with(word, BYTES("]")))
                        word = bytes_slice(word, 1, word.len - 2);
                if (network_prefix(word, &allowed) && network_covers(&allowed, &asked))
                        return true;
        }

        /* The configuration refuses a word with bits behind its prefix. */
        if (network_has_host_bits(&asked))
                return judge_deny_word(j, RULE_NETWORK_SUBNETS, "...", "subnet-not-allowed",
                                       "the addresses are not below an allowed subnet:", text);
        return judge_deny(j, RULE_NETWORK_SUBNETS, "subnet-not-allowed",
                          "the addresses are not below an allowed subnet:", text);
}

bool check_network_subnet(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;
        return network_check_addresses(j, v->string);
}

bool check_network_addresses(Judge *j, const Field *f, const BodyValue *v) {
        void *position = NULL;
        BodyValue value;
        Bytes name;

        (void) f;
        while (body_next(v, &position, &name, &value)) {
                size_t len = judge_push(j, name);

                if (!network_check_addresses(j, value.string))
                        return false;
                judge_pop(j, len);
        }

        return true;
}

bool check_network_create(Judge *j, const Schema *s, const BodyValue *object) {
        BodyValue labels;
        size_t len;

        (void) s;
        (void) body_find(object, "Labels", &labels);
        len = judge_push(j, BYTES("Labels"));
        if (!check_scope_project(j, &labels))
                return false;

        judge_pop(j, len);
        return true;
}

bool check_connect_container(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;
        return check_scope_object(j, OBJECT_CONTAINER, v->string);
}

static bool connect_check_network(Judge *j, const BodyValue *object) {
        Bytes name = j->req->match.slot;
        BodyValue endpoint;
        size_t len;

        if (!check_network_named(j, RULE_CONNECT_NETWORKS, name))
                return false;

        (void) body_find(object, "EndpointConfig", &endpoint);
        len = judge_push(j, BYTES("EndpointConfig"));
        if (!check_network_endpoint(j, name, &endpoint))
                return false;
        judge_pop(j, len);
        return true;
}

/* The path names the network. */
bool check_network_connect(Judge *j, const Schema *s, const BodyValue *object) {
        BodyValue container;

        (void) s;
        if (!connect_check_network(j, object))
                return false;
        if ((body_find(object, "Container", &container) && container.string.len > 0) ||
            (!j->policy->has_scope_containers && !j->policy->has_scope_projects))
                return true;

        (void) judge_push(j, BYTES("Container"));
        return judge_deny(j, RULE_NONE, "scope-name-missing",
                          "under [scope] the body has to name the container", BYTES_NONE);
}
