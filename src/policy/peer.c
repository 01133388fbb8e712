/* SPDX-License-Identifier: Apache-2.0 */
/*
 * May this peer talk at all: the section [peers]. Every key that was given has to be met; a key
 * that says something about the other kind of socket is never met. It trusts what the kernel said
 * of the peer at connect; the unit and the container count only when they were read while the
 * process was known to live.
 */
#include "policy/policy.h"

#include "util/glob.h"
#include "util/macros.h"

void peer_done(Peer *p) {
        if (!p)
                return;

        free(p->gids);
        free(p->text);
        *p = (Peer){ 0 };
}

static bool peer_has_id(const uint32_t *ids, size_t n, uint32_t id) {
        for (size_t i = 0; i < n; i++)
                if (ids[i] == id)
                        return true;

        return false;
}

static bool peer_meets_uids(const Policy *p, const Peer *peer) {
        return !peer->is_tcp && peer_has_id(p->uids, p->n_uids, peer->uid);
}

/* The primary group or any other. */
static bool peer_meets_gids(const Policy *p, const Peer *peer) {
        if (peer->is_tcp)
                return false;
        if (peer_has_id(p->gids, p->n_gids, peer->gid))
                return true;

        for (size_t i = 0; i < peer->n_gids; i++)
                if (peer_has_id(p->gids, p->n_gids, peer->gids[i]))
                        return true;

        return false;
}

static bool peer_meets_words(const Words *words, const char *name) {
        Bytes text = bytes_of(name);

        for (size_t i = 0; i < words->n; i++)
                if (text.len > 0 && glob_match(words->items[i].text, text))
                        return true;

        return false;
}

static bool peer_meets_units(const Policy *p, const Peer *peer) {
        return !peer->is_tcp && peer->is_pinned && peer_meets_words(&p->units, peer->unit);
}

static bool peer_meets_containers(const Policy *p, const Peer *peer) {
        return !peer->is_tcp && peer->is_pinned &&
               peer_meets_words(&p->containers, peer->container);
}

static bool peer_is_in_network(const PolicyNetwork *network, const uint8_t address[static 16]) {
        unsigned n_bytes = network->n_bits / 8, n_left = network->n_bits % 8;

        if (network->n_bits > 128 || memcmp(network->address, address, n_bytes) != 0)
                return false;
        if (n_left == 0)
                return true;

        return ((network->address[n_bytes] ^ address[n_bytes]) >> (8 - n_left)) == 0;
}

static bool peer_meets_addresses(const Policy *p, const Peer *peer) {
        if (!peer->is_tcp)
                return false;

        for (size_t i = 0; i < p->n_addresses; i++)
                if (peer_is_in_network(&p->addresses[i], peer->raw_address))
                        return true;

        return false;
}

/* Shadow mode does not widen who may talk: is_final. */
static Decision peer_deny(const char *text, const Peer *peer) {
        return (Decision){
                .reason = "peer-not-allowed",
                .text = text,
                .is_final = true,
                .subject = peer->is_tcp ? bytes_of(peer->address) : BYTES_NONE,
        };
}

bool policy_wants_origin(const Policy *p) {
        return p->has_gids || p->has_units || p->has_containers || p->log != POLICY_LOG_DENIED;
}

Decision policy_decide_peer(const Policy *p, const Peer *peer) {
        assert(p);
        assert(peer);

        if (p->has_uids && !peer_meets_uids(p, peer))
                return peer_deny("the peer's user is not in [peers] uids", peer);
        if (p->has_gids && !peer_meets_gids(p, peer))
                return peer_deny("no group of the peer is in [peers] gids", peer);
        if (p->has_units && !peer_meets_units(p, peer))
                return peer_deny("the peer's unit is not in [peers] units", peer);
        if (p->has_containers && !peer_meets_containers(p, peer))
                return peer_deny("the peer's container is not in [peers] containers", peer);
        if (p->has_addresses && !peer_meets_addresses(p, peer))
                return peer_deny("the peer's address is not in [peers] addresses", peer);

        return (Decision){ .verdict = VERDICT_ALLOW };
}
