/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks, ports, names and addresses of a container. A network is named, or a full id that is
 * judged by the name the engine knows it by; shorter hex digits are refused; the host's
 * network is one of `namespaces`, another container's is joined; every other mode with a colon
 * (ns:, service:) is refused. An address that Go's parser and ours could read apart is none.
 */
#include "policy/check-networks.h"

#include "policy/check-parts.h"
#include "policy/checks.h"
#include "policy/grammar.h"
#include "util/glob.h"
#include "util/macros.h"

#include <stdio.h>

static bool network_is_built_in(Bytes name) {
        return bytes_eq_str(name, "default") || bytes_eq_str(name, "bridge") ||
               bytes_eq_str(name, "none");
}

/* A star is for networks that somebody made, and for the bridge. */
static bool network_matches(Bytes word, Bytes name) {
        if (bytes_eq_str(name, "none"))
                return bytes_eq(word, name);
        return glob_match(word, name);
}

bool check_network_word(Judge *j, RuleKey key, Bytes name) {
        const Words *words = judge_words(j, key);

        if (bytes_eq_str(name, "host"))
                return judge_deny(j, RULE_NONE, "network-host",
                                  "the host's network is no network to join:", name);
        if (endpoint_could_be_hex_id(name))
                return judge_deny(j, RULE_NONE, "network-id",
                                  "the engine could take this network for an id:", name);
        if (!endpoint_is_id(name))
                return judge_deny(j, RULE_NONE, "network-name", "no name of a network:", name);

        for (size_t i = 0; i < words->n; i++)
                if (network_matches(words->items[i].text, name))
                        return true;

        return judge_deny(j, key, "network-not-allowed", "the network is not allowed:", name);
}

/* Compose names an external network by its id. Networks of the engine's own are of no project: the
 * key alone allows them. The body is sent as it came: a network that is renamed or made anew after
 * our question is not noticed. */
static bool network_check(Judge *j, Bytes name) {
        if (!check_network_named(j, RULE_CREATE_NETWORKS, name))
                return false;
        if (network_is_built_in(name))
                return true;

        return check_scope_object(j, OBJECT_NETWORK, name);
}

bool check_network_mode(Judge *j, const Field *f, const BodyValue *v) {
        Bytes mode = v->string.len > 0 ? v->string : BYTES("default");

        (void) f;
        if (bytes_eq_str(mode, "host")) {
                if (judge_has_word(j, RULE_CREATE_NAMESPACES, "network"))
                        return true;
                return judge_deny_word(j, RULE_CREATE_NAMESPACES, "network", "namespace-host",
                                       "it shares a namespace of the host:", mode);
        }
        if (bytes_starts_with(mode, BYTES("container:")))
                return check_join(j, bytes_skip(mode, strlen("container:")));
        if (bytes_find(mode, ':') < mode.len)
                return judge_deny(j, RULE_NONE, "network-mode",
                                  "this network mode is unknown:", mode);

        return network_check(j, mode);
}

bool check_endpoints_config(Judge *j, const Field *f, const BodyValue *v) {
        void *position = NULL;
        BodyValue value;
        Bytes name;

        (void) f;
        while (body_next(v, &position, &name, &value)) {
                size_t len = judge_push(j, name);

                /* The id of a built-in network changes, and Docker ignores it in a create alone. */
                if (!network_check(j, name) ||
                    (!network_is_built_in(name) && !check_network_endpoint(j, name, &value)))
                        return false;
                judge_pop(j, len);
        }

        return true;
}

bool check_static_address(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;
        if (judge_is_yes(j, RULE_CREATE_STATIC_ADDRESSES))
                return true;

        return judge_deny_word(j, RULE_CREATE_STATIC_ADDRESSES, "yes", "static-address",
                               "addresses are the engine's to choose:", v->string);
}

/* Docker reads none of it in a request but the NetworkID, which has to be that of the network.
 * Podman reads the address as one that is asked for. */
bool check_endpoint_state(Judge *j, const Field *f, const BodyValue *v) {
        bool is_address =
                strcmp(f->name, "IPAddress") == 0 || strcmp(f->name, "GlobalIPv6Address") == 0;

        if (is_address && j->policy->is_podman)
                return check_static_address(j, f, v);
        if (judge_has_word(j, RULE_CREATE_ENDPOINT_STATE, "ignore"))
                return true;

        return judge_deny_word(j, RULE_CREATE_ENDPOINT_STATE, "ignore", "endpoint-state",
                               "only the engine sets this:", v->string);
}

/* "name:alias"; the engine sends names back with a slash before them. */
static bool link_check(Judge *j, Bytes link) {
        Bytes name = bytes_slice(link, 0, bytes_find(link, ':'));

        if (bytes_starts_with(name, BYTES("/")))
                name = bytes_skip(name, 1);
        if (!grammar_is_name(name))
                return judge_deny(
                        j, RULE_NONE, "link-name",
                        "no name of a container to link, or one that could be an id:", link);
        if (!judge_matches(j, RULE_CREATE_LINKS, name, NULL))
                return judge_deny(j, RULE_CREATE_LINKS, "link-not-allowed",
                                  "the link is not allowed:", name);

        return check_scope_object(j, OBJECT_CONTAINER, name);
}

bool check_links(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;

        for (size_t i = 0; i < body_size(v); i++) {
                size_t len = judge_push_index(j, i);

                if (!link_check(j, body_element(v, i).string))
                        return false;
                judge_pop(j, len);
        }

        return true;
}

/* A word speaks of the name alone, or of "name:address". */
static bool extra_host_check(Judge *j, Bytes host) {
        Bytes name = bytes_slice(host, 0, MIN(bytes_find(host, ':'), bytes_find(host, '=')));

        return judge_matches(j, RULE_CREATE_EXTRA_HOSTS, host, NULL) ||
               judge_matches(j, RULE_CREATE_EXTRA_HOSTS, name, NULL) ||
               judge_deny(j, RULE_CREATE_EXTRA_HOSTS, "extra-host-not-allowed",
                          "the host name is not allowed:", name);
}

bool check_extra_hosts(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;
        if (judge_has_word(j, RULE_CREATE_EXTRA_HOSTS, "any"))
                return true;

        for (size_t i = 0; i < body_size(v); i++) {
                size_t len = judge_push_index(j, i);

                if (!extra_host_check(j, body_element(v, i).string))
                        return false;
                judge_pop(j, len);
        }

        return true;
}

/* Options and search domains can't be words: they need `any`. */
static bool dns_check(Judge *j, Bytes text) {
        const Words *words = judge_words(j, RULE_CREATE_DNS);
        uint8_t asked[16], allowed[16];

        if (!grammar_address(text, asked))
                return judge_deny(
                        j, RULE_NONE, "dns-not-allowed",
                        "only dns = any allows what is no address of a name server:", text);
        for (size_t i = 0; i < words->n; i++)
                if (grammar_address(words->items[i].text, allowed) &&
                    memcmp(asked, allowed, sizeof(asked)) == 0)
                        return true;

        return judge_deny(j, RULE_CREATE_DNS, "dns-not-allowed",
                          "the name server is not allowed:", text);
}

bool check_dns(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;
        if (judge_has_word(j, RULE_CREATE_DNS, "any"))
                return true;

        for (size_t i = 0; i < body_size(v); i++) {
                size_t len = judge_push_index(j, i);

                if (!dns_check(j, body_element(v, i).string))
                        return false;
                judge_pop(j, len);
        }

        return true;
}

typedef struct PortAsked {
        Bytes address_text;
        uint8_t address[16]; /* "" is every address, like :: */
        bool has_address;
        unsigned low, high;
        Bytes protocol;
} PortAsked;

/* The highest port that a word allows from `port` on without a gap; 0: none. */
static unsigned port_reach(const Word *word, const PortAsked *asked, unsigned port) {
        PortWord allowed;

        if (!grammar_port_word(word->text, &allowed))
                return 0;
        if (allowed.protocol.len > 0 && !bytes_eq(allowed.protocol, asked->protocol))
                return 0;
        if (allowed.has_address && (!asked->has_address || memcmp(allowed.address, asked->address,
                                                                  sizeof(allowed.address)) != 0))
                return 0;

        return port >= allowed.low && port <= allowed.high ? allowed.high : 0;
}

/* Every port of the range is allowed, by one word or several. Words in rising order, as one writes
 * them, take one pass: a range must not cost what the square of their number does. */
static bool port_range_is_allowed(Judge *j, const PortAsked *asked) {
        const Words *words = judge_words(j, RULE_CREATE_PORTS);
        unsigned port = asked->low, before;

        do {
                before = port;
                for (size_t i = 0; i < words->n && port <= asked->high; i++) {
                        unsigned reach = port_reach(&words->items[i], asked, port);

                        if (reach > 0)
                                port = reach + 1;
                }
        } while (port > before && port <= asked->high);

        return port > asked->high;
}

static bool port_check_ephemeral(Judge *j) {
        if (judge_has_word(j, RULE_CREATE_PORTS, "ephemeral"))
                return true;

        return judge_deny_word(j, RULE_CREATE_PORTS, "ephemeral", "port-ephemeral",
                               "a port of the engine's choice is not allowed", BYTES_NONE);
}

static bool port_deny(Judge *j, const PortAsked *asked, Bytes host_port) {
        char word[128];
        bool has_colon = bytes_find(asked->address_text, ':') < asked->address_text.len;

        (void) snprintf(word, sizeof(word), "%s%.*s%s%s%.*s", has_colon ? "[" : "",
                        (int) asked->address_text.len,
                        asked->has_address ? asked->address_text.data : "", has_colon ? "]" : "",
                        asked->has_address ? ":" : "", (int) host_port.len, host_port.data);
        (void) judge_push(j, BYTES("HostPort"));
        return judge_deny_word(j, RULE_CREATE_PORTS, word, "port-not-allowed",
                               "the port of the host is not allowed:", host_port);
}

static bool port_check_binding(Judge *j, const BodyValue *binding, Bytes protocol) {
        PortAsked asked = { .protocol = protocol };
        BodyValue address, port;
        size_t len;

        (void) body_find(binding, "HostIp", &address);
        (void) body_find(binding, "HostPort", &port);
        asked.address_text = address.string;
        asked.has_address = address.string.len > 0;

        len = judge_push(j, BYTES("HostIp"));
        if (asked.has_address && !grammar_address(address.string, asked.address))
                return judge_deny(j, RULE_NONE, "port-address",
                                  "no plain IP address:", address.string);
        judge_pop(j, len);

        len = judge_push(j, BYTES("HostPort"));
        if (port.string.len == 0 || bytes_eq_str(port.string, "0")) {
                if (!port_check_ephemeral(j))
                        return false;
                judge_pop(j, len);
                return true;
        }
        if (!grammar_port_range(port.string, &asked.low, &asked.high))
                return judge_deny(j, RULE_NONE, "port-grammar",
                                  "no port of the host:", port.string);
        judge_pop(j, len);

        return port_range_is_allowed(j, &asked) || port_deny(j, &asked, port.string);
}

static bool port_check_bindings(Judge *j, Bytes key, const BodyValue *list) {
        Bytes protocol;

        if (!grammar_container_port(key, &protocol))
                return judge_deny(j, RULE_NONE, "port-grammar", "no port of a container:", key);
        if (body_size(list) == 0)
                return port_check_ephemeral(j);

        for (size_t i = 0; i < body_size(list); i++) {
                size_t len = judge_push_index(j, i);
                BodyValue binding = body_element(list, i);

                if (!port_check_binding(j, &binding, protocol))
                        return false;
                judge_pop(j, len);
        }

        return true;
}

bool check_port_bindings(Judge *j, const Field *f, const BodyValue *v) {
        void *position = NULL;
        BodyValue list;
        Bytes key;

        (void) f;
        if (judge_has_word(j, RULE_CREATE_PORTS, "any"))
                return true;

        while (body_next(v, &position, &key, &list)) {
                size_t len = judge_push(j, key);

                if (!port_check_bindings(j, key, &list))
                        return false;
                judge_pop(j, len);
        }

        return true;
}

bool check_publish_all(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;
        (void) v;
        return judge_has_word(j, RULE_CREATE_PORTS, "any") || port_check_ephemeral(j);
}
