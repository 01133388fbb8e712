#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""siblings.py FILE - writes more cases of the classes of corpus.jsonl, in the same form, made from tables.

Each table holds one idea in every spelling we could think of; the judge's invariants do the rest.
"""
import base64
import hashlib
import json
import sys

REFUSED = ['rejected-400', 'rejected-4xx', 'denied-403', 'closed', 'rejected-5xx']
CASES = []


def b64(data):
    return base64.b64encode(data if isinstance(data, bytes) else data.encode('latin1')).decode()


def seen(method, target, body=b'', **more):
    path, _, query = target.partition('?')
    return dict(method=method, path=path, query=query, body_len=len(body), body_sha256=hashlib.sha256(body).hexdigest(), **more)


def case(kind, policy, data, expected='rejected-400', accept=REFUSED, see=(), why='', methods=('GET',), **more):
    number = sum(c['class'] == kind for c in CASES) + 1
    steps = more.pop('steps', None) or [{'send_b64': b64(data)}]
    CASES.append(dict({'class': kind}, id='sibling-%s-%03d' % (kind, number), policy=policy, steps=steps, expected=expected,
                      accept=list(accept), upstream_must_see=list(see), why=why, methods=list(methods), **more))


def req(target, method='GET', headers='', body='', host='docker'):
    return '%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n%s' % (method, target, host, headers, body)


def passes(kind, policy, method, target, why, headers='', body='', see_body=None, **more):
    case(kind, policy, req(target, method, headers, body), 'forwarded', (), [seen(method, target, (body if see_body is None else see_body).encode())],
         why, (method,), **more)


def controls():
    for target in ('/v1.41/_ping', '/containers/json?size=1&limit=0', '/containers/a/json?size=true', '/containers/a.b_c-d/logs?stdout=1&tail=all',
                   '/containers/' + 'a' * 64 + '/top?ps_args=aux', '/v1.99/containers/a/changes', '/containers/json/json',
                   '/containers/a/stats?stream=false&one-shot=true', '/v1.24/version', '/containers/create/json'):
        passes('control', 'containers-ro', 'GET', target, 'a plain look')
    for verb in ('start', 'stop?t=5', 'restart?t=0', 'kill', 'kill?signal=9', 'pause', 'unpause', 'wait', 'wait?condition=next-exit'):
        passes('control', 'lifecycle', 'POST', '/v1.41/containers/web-1/' + verb, 'a plain change', 'Content-Length: 0\r\n')
    for method, target in (('GET', '/images/a/b/c@sha256:' + 'a' * 64 + '/json'), ('GET', '/images/REG.example:5000/x/json'),
                           ('DELETE', '/images/localhost:5000/a/b:1?force=1'), ('GET', '/volumes/a_b'), ('DELETE', '/networks/n'),
                           ('GET', '/system/df'), ('GET', '/images/get?names=a%2Fb&names=c'), ('GET', '/swarm'), ('GET', '/services/a'),
                           ('GET', '/distribution/alpine:3/json'), ('GET', '/plugins')):
        passes('control', 'all-known', method, target, 'every endpoint of the table')
    for size in (0, 1, 65535, 65536, 200000):
        passes('control', 'all-known', 'POST', '/images/load?quiet=1', 'an upload of %d bytes' % size,
               'Content-Type: application/x-tar\r\nContent-Length: %d\r\n' % size, 'x' * size)
    chunks = '3\r\nabc\r\n0000a\r\n0123456789\r\n0\r\n\r\n'
    passes('control', 'all-known', 'PUT', '/containers/a/archive?path=/x', 'chunks, one with leading zeros', 'Transfer-Encoding: Chunked\r\n',
           chunks, 'abc0123456789')


def paths():
    for target in ('/containers/./json', '/containers/../containers/json', '/containers/json/.', '/containers/json/..', '/.//containers/json',
                   '/containers//json', '///containers/json', '/containers/json//', '/%2e%2e/containers/json', '/containers%2Fjson',
                   '/containers/%2e/json', '/containers/..%2fjson', '/%63ontainers/json', '/containers/json%00', '/containers/json%20',
                   '/containers/json%3f', '/containers/json%23', '/containers/json%3Bx', '/containers/json;x', '/containers/%25%32%65/json',
                   '/containers/a%3Ab/json', '/containers/a%40b/json', '/containers/json%5c', '/containers/a\\b/json', '/containers/a"b/json',
                   '/containers/a<b>/json', '/containers/a|b/json', '/containers/a^b/json', '/containers/a`b/json', '/containers/{a}/json',
                   '/containers/json%C0%AE', '/containers/%e2%80%8b/json', '/containers/json%0d%0aX:y', '/containers/json%80', '/c\xf6ntainers/json',
                   '/v1.41//containers/json', '/v1.41/./containers/json', '/v1.41', '/v1.41/', '/v1/containers/json', '/v1.0/containers/json',
                   '/v1.23/containers/json', '/v1.041/containers/json', '/v1.41.1/containers/json', '/v1.41a/containers/json',
                   '/v1.1000/containers/json', '/v1.-1/containers/json', '/v-1.41/containers/json', '/v2.41/containers/json',
                   '/v1.41/v1.41/containers/json', '/v1..41/containers/json', '/v/containers/json', '/v1,41/containers/json',
                   '/containers/_a/json', '/containers/.a/json', '/containers/a b/json', '/containers/a+b/json', '/containers/a:b/start',
                   '/containers/a@b/logs', '/containers/a,b/json', '/containers/a~b/json', "/containers/a'b/json", '/containers/(a)/json',
                   '/containers/' + 'a' * 256 + '/json', '/' + 'a/' * 16 + 'a', '/' + 'a' * 3000, '/containers/a$b/json', '/containers/a!b/json'):
        case('path', 'containers-ro', req(target), why='not canonical: ' + repr(target)[:60])
    for target in ('/CONTAINERS/JSON', '/containers/JSON', '/_PING', '/containers', '/container/json', '/containersjson', '/containers/a/Json',
                   '/containers/a/jsonx', '/containers/a/b/json', '/containers/a/logs/json', '/debug/vars', '/debug/pprof/heap', '/metrics',
                   '/libpod/info', '/v4.0.0/libpod/info', '/libpod/_ping', '/.well-known/x', '/swagger.json', '/'):
        case('path', 'containers-ro', req(target), 'denied-403', REFUSED, why='no such endpoint')
    for form in ('http://docker/containers/json', 'HTTP://docker/containers/json', 'https://x/_ping', '//docker/containers/json', 'docker:2375',
                 '*', 'containers/json', '?all=1', '', '\\containers\\json', 'file:///containers/json', 'http:/containers/json', 'x:/containers/json'):
        case('path', 'containers-ro', req(form), why='target form')
    for method in ('get', 'Get', 'PATCH', 'CONNECT', 'LINK', 'PURGE', 'SEARCH', 'M-SEARCH', 'GET\t', 'GETX', 'G ET', '"GET"', 'G\x00ET', 'QUERY'):
        case('path', 'containers-ro', req('/containers/json', method), 'denied-403', REFUSED, why='method', methods=(method,))
    for line in ('GET /containers/json', 'GET /containers/json HTTP/1.1 ', 'GET /containers/json  HTTP/1.1', 'GET /containers/json HTTP/1.1x',
                 'GET /containers/json HTTP/01.1', 'GET /containers/json HTTP/1.10', 'GET /containers/json HTTP/1', 'GET /containers/json http/1.1',
                 'GET /containers/json HTTPS/1.1', 'GET /containers/json HTTP/1.2', 'GET /containers/json HTTP/2.0', 'GET /containers/json HTTP/3.0',
                 'GET /containers/json HTTP/0.9', 'GET /containers/json ICE/1.0', 'GET /containers/json RTSP/1.0', '\x16\x03\x01\x02', 'GET'):
        case('path', 'containers-ro', line + '\r\nHost: a\r\n\r\n', why='request line', accept=REFUSED + ['hang'], timeout_ms=600)


def queries():
    for query in ('all=1&all=1', 'ALL=1', 'All=1', 'a%6cl=1', 'all=1&', '&all=1', 'all=1&&size=1', 'all=%', 'all=%g1', 'all=%0', 'all=%00',
                  'all=%0a', 'all=%7f', 'all=1;size=1', 'all=1\x80', '=1', 'all', 'filters={}&filters={}', 'limit=1&LIMIT=2', 'all=1#x',
                  'x=1&x=2', 'all=\x01', 'all=1%0d%0aX:y', '%61ll=1', 'all=1&%', '[]=1', 'all[]=1', 'a.b=1&a.b=2'):
        case('query', 'containers-ro', req('/containers/json?' + query), why='query ' + repr(query), accept=REFUSED)
    for query in ('x=1', 't=1&t=2', 'T=1', 't=1&signal=TERM&signal=KILL', 'detachKeys=a&x=', 'checkpoint=a', 'Signal=KILL', 'force=1'):
        case('query', 'lifecycle', req('/containers/a/stop?' + query, 'POST', 'Content-Length: 0\r\n'), 'denied-403', REFUSED, methods=('POST',),
             why='unknown or repeated key of a change')
    for query in ('checkpoint=x', 'checkpoint-dir=/tmp', 'checkpoint=&checkpoint=x'):
        case('query', 'lifecycle', req('/containers/a/start?' + query, 'POST', 'Content-Length: 0\r\n'), 'denied-403', REFUSED, methods=('POST',),
             why='a checkpoint is never harmless')
    for query in ('ps_args=-eo+pid,environ', 'ps_args=--help;x', 'ps_args=/etc/passwd', 'ps_args=%24(id)', 'ps_args=a&ps_args=b'):
        case('query', 'containers-ro', req('/containers/a/top?' + query), 'denied-403', REFUSED, why='arguments of ps')


FRAMINGS = ('Content-Length: 5\r\nContent-Length: 5\r\n', 'Content-Length: 5\r\nContent-Length: 6\r\n', 'Content-Length: 5, 5\r\n',
            'Content-Length: +5\r\n', 'Content-Length: -5\r\n', 'Content-Length: 0x5\r\n', 'Content-Length: 5 5\r\n', 'Content-Length: 5.0\r\n',
            'Content-Length: \r\n', 'Content-Length: 99999999999999999999\r\n', 'Content-Length: five\r\n', 'Content-Length : 5\r\n',
            'Content-Length:\x0b5\r\n', 'Content-Length: 5\x00\r\n', ' Content-Length: 5\r\n', 'Content-Length\r\n: 5\r\n',
            'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n',
            'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', 'Transfer-Encoding: identity\r\n', 'Transfer-Encoding: gzip\r\n',
            'Transfer-Encoding: gzip, chunked\r\n', 'Transfer-Encoding: chunked, chunked\r\n', 'Transfer-Encoding: chunked;x=y\r\n',
            'Transfer-Encoding: "chunked"\r\n', 'Transfer-Encoding: xchunked\r\n', 'Transfer-Encoding:\r\n', 'Transfer-Encoding : chunked\r\n',
            'Transfer-Encoding:\x0bchunked\r\n', 'Transfer-Encoding: chunked\x00\r\n', 'Transfer-Encoding: chunked\n', 'Transfer_Encoding: x\r\n folded\r\n',
            'Transfer-Encoding\r\n : chunked\r\n', 'Transfer-Encoding: \xe7hunked\r\n', 'Content-Length: 5\r\n\tfolded: x\r\n', 'X: a\rContent-Length: 5\r\n',
            'Foo\r\n', 'Foo Bar: x\r\n', '(x): y\r\n', ': y\r\n', 'X: \x7f\r\n', 'X: \x1b[0m\r\n', 'X\x80: y\r\n', 'Host: other\r\n', 'Host:\r\n')


def smuggling():
    behind = 'GET /images/json HTTP/1.1\r\nHost: smug\r\n\r\n'
    for framing in FRAMINGS:
        data = 'POST /containers/web-1/stop HTTP/1.1\r\nHost: docker\r\n' + framing + '\r\n' + '0\r\n\r\n' + behind
        case('smuggle', 'lifecycle', data, why='framing ' + repr(framing)[:50], methods=('POST', 'GET'), linger=True, timeout_ms=600)
        data = 'POST /images/load HTTP/1.1\r\nHost: docker\r\nContent-Type: application/x-tar\r\n' + framing + '\r\n' + '0\r\n\r\n' + behind
        case('smuggle', 'all-known', data, why='framing ' + repr(framing)[:50], methods=('POST', 'GET'), linger=True, timeout_ms=600)
        data = 'GET /containers/json HTTP/1.1\r\nHost: docker\r\n' + framing + '\r\n' + behind
        case('smuggle', 'containers-ro', data, why='on GET: ' + repr(framing)[:50], methods=('GET', 'GET'), linger=True, timeout_ms=600)
    for data in ('GET /containers/json HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n' + behind,
                 'GET /containers/json HTTP/1.1\nHost: docker\n\n' + behind, 'GET /containers/json HTTP/1.1\r\nHost: docker\n\r\n' + behind,
                 'GET /containers/json HTTP/1.1\rHost: docker\r\r' + behind, '\r\n\r\n\r\nGET /containers/json HTTP/1.1\r\nHost: a\r\n\r\n',
                 '\n' + req('/containers/json'), '\x00' + req('/containers/json'), '\xef\xbb\xbf' + req('/containers/json'),
                 'GET /containers/json HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n', 'GET /containers/json HTTP/1.1\r\n\r\n',
                 'GET /containers/json HTTP/1.1\r\nHost: a/b\r\n\r\n', 'GET /containers/json HTTP/1.1\r\nHost: a, b\r\n\r\n',
                 'GET /containers/json HTTP/1.1\r\nHost: a b\r\n\r\n', 'GET /containers/json HTTP/1.1\r\nHost: u@a\r\n\r\n'):
        case('smuggle', 'containers-ro', data, why='head', linger=True, timeout_ms=600)


def upgrades():
    attach = '/containers/web-1/attach?stream=1&stdin=1'
    for token in ('websocket', 'h2c', 'tcp, h2c', 'TLS/1.0', 'tcp\r\nUpgrade: h2c', ''):
        headers = 'Connection: Upgrade\r\nUpgrade: %s\r\n' % token
        data = 'POST %s HTTP/1.1\r\nHost: docker\r\n%s\r\n' % (attach, headers)
        case('upgrade', 'attach-any', data + 'EARLY', why='token ' + repr(token), methods=('POST',), upstream='refuse-upgrade', timeout_ms=600,
             expected='rejected-400', accept=REFUSED + (['forwarded'] if token == '' else []),
             see=[seen('POST', attach)] if token == '' else [])
    for headers in ('Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n'):
        case('upgrade', 'attach-any', 'POST %s HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n%s\r\n5\r\nEARLY\r\n0\r\n\r\n' % (attach, headers),
             why='attach has no body', methods=('POST',), upstream='hijack', timeout_ms=600)
    for status in ('200 OK', '204 No Content', '404 Not Found', '409 Conflict', '500 X'):
        case('upgrade', 'attach-any', 'POST %s HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n' % attach
             + 'POST /containers/web-1/kill HTTP/1.1\r\nHost: smug\r\nContent-Length: 0\r\n\r\n', 'forwarded', REFUSED, [seen('POST', attach)],
             why='the engine declines: what follows is a request, and denied', methods=('POST', 'POST'), responses=2, upstream=['refuse-upgrade', status],
             linger=True, timeout_ms=600)
    for target in ('/containers/json', '/_ping', '/version', '/containers/a/logs?stdout=1'):
        case('upgrade', 'containers-ro', 'GET %s HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n\r\n' % target
             + 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'forwarded', REFUSED, [seen('GET', target, no_headers=['upgrade', 'http2-settings'])],
             why='h2c on a plain endpoint', methods=('GET', 'PRI'), linger=True, timeout_ms=600)
    for path in ('/session', '/grpc', '/v1.41/session', '/v1.41/grpc'):
        case('upgrade', 'all-known', 'POST %s HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n' % path, 'denied-403', REFUSED,
             why='h2c needs its own grant', methods=('POST',), upstream='hijack')


def answers():
    ask = req('/containers/json')
    for raw in ('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}EVIL', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nEVIL',
                'HTTP/1.1 200 OK\nContent-Length: 4\n\nEVIL', 'HTTP/1.1 200\tOK\r\nContent-Length: 4\r\n\r\nEVIL', 'EVIL', 'HTTP/1.1 EVIL\r\n\r\n',
                'HTTP/1.1 200 OK\r\nSet: a\r\n EVIL\r\nContent-Length: 0\r\n\r\n', 'HTTP/1.1 200 OK\r\nEVIL\r\nContent-Length: 0\r\n\r\n',
                'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nEVIL', 'HTTP/2.0 200 OK\r\nContent-Length: 4\r\n\r\nEVIL',
                'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\nEVIL', 'HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\nEVIL',
                'HTTP/1.1 200 OK\r\nX: a\x00EVIL\r\nContent-Length: 0\r\n\r\n', 'HTTP/1.1 099 OK\r\nContent-Length: 4\r\n\r\nEVIL'):
        case('upstream', 'containers-ro', ask, 'forwarded', (), [seen('GET', '/containers/json')], 'a malformed answer', client_status=[502],
             client_raw_not=[b64('EVIL')], upstream=['raw', b64(raw)])
    for raw in ('HTTP/1.1 204 No Content\r\n\r\nEVIL', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nEVIL',
                'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nEVIL', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nEVIL'):
        case('upstream', 'containers-ro', ask, 'forwarded', (), [seen('GET', '/containers/json')], 'bytes behind the end of an answer',
             client_raw_not=[b64('EVIL')], client_status=[200, 204, 304], upstream=['raw', b64(raw)])
    for raw, status in (('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}', 200),
                        ('HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}', 200),
                        ('HTTP/1.0 200 OK\r\n\r\n{}', 200), ('HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\n{}', 200),
                        ('HTTP/1.1 418 Teapot\r\nContent-Length: 2\r\n\r\n{}', 418), ('HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n', 500)):
        case('upstream', 'containers-ro', ask, 'forwarded', (), [seen('GET', '/containers/json')], 'a sane answer', client_status=[status],
             upstream=['raw', b64(raw)])


def secrets_and_logs():
    for data in ('GET /x%0d%0aFAKE_FIELD=1 HTTP/1.1\r\nHost: d\r\n\r\n', 'GET /x\rFAKE_FIELD=1 HTTP/1.1\r\nHost: d\r\n\r\n',
                 'GET /x HTTP/1.1\r\nHost: d\r\nUser-Agent: a\nFAKE_FIELD=1\r\n\r\n', 'A\nFAKE_FIELD=1 /x HTTP/1.1\r\nHost: d\r\n\r\n',
                 'GET /containers/json?x=%0aFAKE_FIELD=1 HTTP/1.1\r\nHost: d\r\n\r\n', 'GET /x\x1b[31m HTTP/1.1\r\nHost: d\r\n\r\n',
                 'GET /x HTTP/1.1\r\nHost: d\nFAKE_FIELD=1\r\n\r\n'):
        case('log', 'containers-ro', data, audit_forbid_fields=['FAKE_FIELD'], audit_line_forbid=['FAKE_FIELD=1'], audit_forbid_b64=[b64('\x1b[')],
             why='forged fields')
    for header in ('X-Registry-Auth', 'X-Registry-Config', 'Authorization', 'Cookie', 'Proxy-Authorization', 'X-Token'):
        case('log', 'containers-ro', req('/containers/json', headers='%s: S3CRETMARK\r\n' % header), 'forwarded', REFUSED,
             [seen('GET', '/containers/json')], 'secrets of headers', audit_forbid_b64=[b64('S3CRETMARK')])


def main():
    for make in (controls, paths, queries, smuggling, upgrades, answers, secrets_and_logs):
        make()
    with open(sys.argv[1], 'w', encoding='utf-8') as f:
        for c in CASES:
            f.write(json.dumps(c, sort_keys=True) + '\n')


if __name__ == '__main__':
    main()
