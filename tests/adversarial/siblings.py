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


def create(text, policy='create-srv', expected='denied-403', image='alpine:3', why='', body=None):
    if body is None:
        body = '{"Image":"%s","Cmd":["true"]%s}' % (image, ',' + text if text else '')
    data = body if isinstance(body, bytes) else body.encode()
    headers = 'Content-Type: application/json\r\nContent-Length: %d\r\n' % len(data)
    target = '/v1.41/containers/create?name=web-1'
    case('create', policy, req(target, 'POST', headers).encode('latin1') + data, expected, () if expected == 'forwarded' else REFUSED,
         [seen('POST', target, data)] if expected == 'forwarded' else (), why or text[:80], ('POST',))


def creates():
    host = '"HostConfig":{%s}'
    for text in ('"Binds":["/:/h"]', '"Binds":["/srv/../etc:/h"]', '"Binds":["/srv/./x:/h"]', '"Binds":["/srv//x:/h"]', '"Binds":["/srvx:/h"]',
                 '"Binds":["/srv/x:/h:z"]', '"Binds":["/srv/x:/h:Z"]', '"Binds":["/srv/x:/h:shared"]', '"Binds":["/srv/x:/h:rslave"]',
                 '"Binds":["/srv/x:/h:ro:rw"]', '"Binds":["/srv/x:/h:ro,rshared"]', '"Binds":["/srv/x"]', '"Binds":["/srv/x:"]', '"Binds":[":/h"]',
                 '"Binds":[""]', '"Binds":["/srv/x:h"]', '"Binds":["name:/h"]', '"Binds":["srv:/h"]', '"Binds":["./srv:/h"]', '"Binds":["~/x:/h"]',
                 '"Binds":["/srv/x:/h","/etc:/e"]', '"Binds":["/srv\\u002f..\\u002fetc:/h"]', '"Binds":["\\u002fetc:/h"]', '"Binds":[" /srv/x:/h"]',
                 '"Binds":["/var/run/docker.sock:/s"]', '"Binds":["//srv/x:/h"]', '"Binds":["/SRV/x:/h"]'):
        create(host % text, why='a bind that is not below the root')
    for text in ('"Type":"bind","Source":"/etc","Target":"/h"', '"Type":"bind","Source":"/srv/../etc","Target":"/h"', '"Type":"BIND","Source":"/srv/x","Target":"/h"',
                 '"Type":"bind","Source":"/srv/x","Target":"/h","BindOptions":{"Propagation":"rshared"}', '"Type":"bind","Source":"","Target":"/h"',
                 '"Type":"volume","Source":"v","Target":"/h"', '"Type":"volume","Target":"/h"', '"Type":"npipe","Source":"a","Target":"/h"',
                 '"Type":"cluster","Source":"a","Target":"/h"', '"Type":"tmpfs","Source":"/etc","Target":"/h"', '"Type":"tmpfs","Target":"/h","Consistency":"x"',
                 '"Source":"/srv/x","Target":"/h"', '"Type":"bind","Source":"/srv/x","Target":"/h","BindOptions":{"New":true}',
                 '"Type":"bind","Source":"/srv/x","Target":"/h","VolumeOptions":{"DriverConfig":{"Name":"x"}}', '"Type":null,"Source":"/etc","Target":"/h"',
                 '"Type":"volume","Source":"/etc","Target":"/h"', '"Type":"bind","Source":"srv/x","Target":"/h"'):
        create(host % ('"Mounts":[{%s}]' % text), why='a mount that is not allowed')
    for text in ('"Privileged":true', '"PidMode":"host"', '"PidMode":"container:a"', '"IpcMode":"host"', '"IpcMode":"container:a"', '"UTSMode":"host"',
                 '"UsernsMode":"host"', '"CgroupnsMode":"host"', '"NetworkMode":"host"', '"NetworkMode":"HOST"', '"NetworkMode":"container:a"',
                 '"NetworkMode":"ns:/proc/1/ns/net"', '"NetworkMode":"other"', '"NetworkMode":"abcdef"', '"PidMode":"HOST"', '"PidMode":"ns:/proc/1/ns/pid"',
                 '"CapAdd":["NET_ADMIN"]', '"CapAdd":["cap_sys_admin"]', '"CapAdd":"ALL"', '"Capabilities":["ALL"]', '"Devices":[{"PathOnHost":"/dev/kmsg"}]',
                 '"Devices":[{}]', '"DeviceCgroupRules":["a *:* rwm"]', '"SecurityOpt":["apparmor=unconfined"]', '"SecurityOpt":["seccomp:unconfined"]',
                 '"SecurityOpt":["no-new-privileges:false"]', '"SecurityOpt":["systempaths=unconfined"]', '"SecurityOpt":["no-new-privileges","seccomp=unconfined"]',
                 '"Runtime":"crun"', '"Runtime":"runc2"', '"CgroupParent":"x.slice"', '"Cgroup":"container:a"', '"VolumesFrom":["a"]', '"VolumeDriver":"x"',
                 '"Links":["a:b"]', '"Sysctls":{"kernel.msgmax":"1"}', '"ReadonlyPaths":[]', '"MaskedPaths":["/proc/kcore"]', '"GroupAdd":["0"]',
                 '"OomScoreAdj":-1000', '"OomKillDisable":true', '"PublishAllPorts":true', '"PortBindings":{"80/tcp":[{"HostPort":"80"}]}',
                 '"PortBindings":{"80/tcp":null}', '"PortBindings":{"80/tcp":[]}', '"PortBindings":{"80/tcp":[{}]}', '"RestartPolicy":{"Name":"always"}',
                 '"LogConfig":{"Type":"syslog","Config":{"syslog-address":"tcp://x"}}', '"LogConfig":{"Type":"none","Config":{"a":"b"}}',
                 '"LogConfig":{"Type":"json-file","Config":{"cache-disabled":"x"}}', '"Tmpfs":{"/x":"exec,suid,dev"}', '"StorageOpt":{"size":"1G"}',
                 '"Annotations":{"a":"b"}', '"Isolation":"x"', '"CpuRealtimeRuntime":1', '"NewThing":1', '"NewThing":"x"',
                 '"NewThing":[0]', '"NewThing":{"a":null}', '"binds":["/:/h"]', '"BINDS":["/:/h"]', '"privileged":true', '"Bind\\u017f":["/:/h"]'):
        create(host % text, why='no container of this policy has it')
    for text in ('"HostConfig":{"Binds":[]},"hostconfig":{"Privileged":true}', '"Volumes":{"/x":{}}', '"MacAddress":"02:00:00:00:00:01"', '"NewTop":true',
                 '"NetworkingConfig":{"EndpointsConfig":{"host":{}}}', '"NetworkingConfig":{"EndpointsConfig":{"bridge":{"IPAMConfig":{"IPv4Address":"1.2.3.4"}}}}',
                 '"NetworkingConfig":{"EndpointsConfig":{"bridge":{"DriverOpts":{"a":"b"}}}}', '"NetworkingConfig":{"EndpointsConfig":{"container:a":{}}}',
                 '"NetworkingConfig":{"X":1}', '"Binds":["/:/h"]', '"CapAdd":["ALL"]', '"PidMode":"host"', '"Mounts":[{"Type":"bind","Source":"/","Target":"/h"}]',
                 '"MaskedPaths":[]', '"ReadonlyPaths":[]'):
        create(text, why='beside HostConfig')
    for image in ('alpine@sha256:' + 'a' * 64 + 'x', 'evil/alpine', 'docker.io/evil/alpine:3', 'ghcr.io/library/alpine:3', 'alpine2', 'alpin', 'library/alpine/x',
                  'docker.io.evil.example/library/alpine', 'localhost/library/alpine', 'ALPINE:3', 'sha256:' + 'a' * 64, 'a' * 64, 'ab', 'abc', '', ' alpine', 'alpine:3 ',
                  'alpine:3\\u0000', '../alpine', 'alpine:', 'alpine@', ':3', 'docker.io:443/library/alpine'):
        create('', 'create-img', image=image, why='image ' + image[:40])
    for image in ('alpine', 'alpine:3.19', 'docker.io/library/alpine', 'docker.io/library/alpine:3', 'library/alpine:3', 'index.docker.io/library/alpine',
                  'alpine@sha256:' + 'a' * 64, 'alpine:3@sha256:' + 'a' * 64):
        create('', 'create-img', 'forwarded', image=image, why='image ' + image[:40])
    for text in ('', '"HostConfig":null', '"HostConfig":{}', '"Labels":{"a":"b"},"Env":["A=b",""],"User":"0:0"', host % '"Binds":["/srv:/h"]',
                 host % '"Binds":["/srv/a b/\u00e4:/h:ro,rprivate"]', host % '"Mounts":[{"Type":"bind","Source":"/srv/x","Target":"/h","ReadOnly":true}]',
                 host % '"Mounts":[{"Type":"tmpfs","Target":"/h","TmpfsOptions":{"SizeBytes":1024}}]', host % '"NetworkMode":"none"', host % '"CapDrop":["ALL"]',
                 host % '"Memory":67108864,"NanoCpus":500000000,"PidsLimit":100,"Init":true,"ReadonlyRootfs":true', host % '"NewThing":null,"Other":0,"Third":{}',
                 '"Entrypoint":"sh","Cmd":"true"', '"Healthcheck":{"Test":["NONE"]}', '"Domainname":"","OnBuild":null'):
        if '"Cmd"' in text:
            create('', expected='forwarded', body='{"Image":"alpine:3",%s}' % text, why='harmless')
        else:
            create(text, expected='forwarded', why='harmless ' + text[:50])


def bodies():
    def table(policy, target, texts, expected='denied-403', why=''):
        for text in texts:
            data = text if isinstance(text, bytes) else text.encode()
            case('body', policy, req(target, 'POST', 'Content-Type: application/json\r\nContent-Length: %d\r\n' % len(data)).encode('latin1') + data,
                 expected, () if expected == 'forwarded' else REFUSED, [seen('POST', target, data)] if expected == 'forwarded' else (), why, ('POST',))
    table('compose', '/volumes/create', ('{"Name":"v","DriverOpts":{"type":"nfs","device":":/x"}}', '{"Name":"v","DriverOpts":{"a":""}}', '{"Name":"v","Driver":"x"}',
                                         '{"Name":"v","ClusterVolumeSpec":{"Group":"x"}}', '{"Name":"v","DriverOpts":{"o":"bind","type":"none","device":"/"}}',
                                         '{"Name":"/etc"}', '{"Name":"v","New":1}', '{"name":"v"}', '[]', '', '{"Name":"v"}{}', '{"Name":"v","Name":"w"}'))
    table('compose', '/volumes/create', ('{"Name":"v"}', '{"Name":"v","Driver":"local","DriverOpts":{},"Labels":{"a":"b"}}', '{"Name":"v","Driver":""}'), 'forwarded')
    table('compose', '/networks/create', ('{"Name":"n","Driver":"host"}', '{"Name":"n","Driver":"macvlan"}', '{"Name":"n","Ingress":true}', '{"Name":"n","ConfigOnly":true}',
                                          '{"Name":"n","Scope":"swarm"}', '{"Name":"n","IPAM":{"Driver":"x"}}', '{"Name":"n","Options":{"a":"b"}}',
                                          '{"Name":"n","IPAM":{"Config":[{"Gateway":"1.2.3.4"}]}}', '{"Name":"n","IPAM":{"Options":{"a":"b"}}}', '{"Name":"n","New":1}',
                                          '{"Name":"n","driver":"host"}', '{"Name":"n","Driver":"bridge","Driver":"host"}', ''))
    table('compose', '/networks/create', ('{"Name":"n"}', '{"Name":"n","Driver":"bridge","Internal":true,"EnableIPv6":false,"Labels":{"a":"b"}}'), 'forwarded')
    table('compose', '/networks/proj_a/connect', ('{"Container":"a","EndpointConfig":{"IPAMConfig":{"IPv4Address":"1.2.3.4"}}}',
                                                  '{"Container":"a","EndpointConfig":{"DriverOpts":{"a":"b"}}}', '{"Container":"a","EndpointConfig":{"Links":["x"]}}',
                                                  '{"Container":"a","EndpointConfig":{"MacAddress":"02:00:00:00:00:01"}}', '{"Container":"a","New":1}',
                                                  '{"container":"a"}', '{"Container":"a","Container":"b"}', ''))
    table('compose', '/networks/proj_a/connect', ('{"Container":"a"}', '{"Container":"a","EndpointConfig":{"Aliases":["x"]}}'), 'forwarded')
    for name in ('host', 'none', 'bridge', 'other', 'proj', 'xproj_a', 'PROJ_a', 'ab'):
        table('compose', '/networks/%s/connect' % name, ('{"Container":"a"}',), why='network ' + name[:20])
    table('exec-any', '/containers/a/exec', ('{"Cmd":["id"],"Privileged":true}', '{"Cmd":["id"],"User":"0"}', '{"Cmd":["id"],"Env":["A=b"]}', '{"Cmd":["id"],"WorkingDir":"/"}',
                                             '{"Cmd":["id"],"New":true}', '{"Cmd":["id"],"user":"0"}', '{"Cmd":["id"],"Privileged":"true"}', '{"Cmd":[null]}',
                                             '{"Cmd":[1]}', '{"Cmd":["id"],"Cmd":["sh"]}', '{"Cmd":["id"],"U\\u017fer":"0"}'))
    table('exec-any', '/containers/a/exec', ('{"Cmd":["id"]}', '{"Cmd":["sh","-c","x"],"Tty":true,"AttachStdin":true,"DetachKeys":"","Env":null,"User":""}'), 'forwarded')
    table('exec-any', '/exec/%s/start' % ('a' * 64), ('{"Detach":true,"New":1}', '{"detach":true}', '{"Detach":"true"}', '[]'))
    table('update-limits', '/containers/a/update', ('{"Memory":0,"MemorySwap":-1}', '{"NanoCpus":-1}', '{"Memory":-5}', '{"CpuShares":1}', '{"RestartPolicy":{"Name":"always"}}',
                                                    '{"BlkioWeight":10}', '{"BlkioWeightDevice":[]}', '{"memory":1}', '{"Memory":"1"}', '{"Memory":1.0}', '{"Memory":1,"Memory":2}',
                                                    '{"CgroupParent":"x"}', '{"New":1}', '{"PidsLimit":100}', '{"Memory":9223372036854775808}'))
    table('update-limits', '/containers/a/update', ('{"Memory":67108864}', '{"Memory":67108864,"MemorySwap":134217728,"NanoCpus":1}', '{"Memory":1,"Devices":null}'), 'forwarded')


def judged_queries():
    empty = 'Content-Length: 0\r\n'
    for query in ('fromImage=evil/x', 'fromImage=alpine&fromImage=evil/x', 'fromSrc=-', 'fromSrc=http://x/', 'fromImage=alpine&platform=a&platform=b', 'fromImage=alpine:3&tag=4',
                  'fromImage=alpine@sha256:' + 'a' * 64 + '&tag=3', 'fromImage=', 'tag=3', 'fromImage=' + 'a' * 64, 'fromImage=../x', 'fromImage=alpine&x=1', 'fromimage=alpine',
                  'fromImage=ghcr.io/library/alpine', 'fromImage=docker.io.x/library/alpine', 'fromImage=alpine&tag=../x', 'fromImage=alpine&tag=3%2Fx', 'fromImage=alpine%2F..%2Fevil',
                  'fromImage=alpine&message=x', 'fromImage=alpine&authconfig=x', 'fromImage=ALPINE', 'repo=x&fromImage=alpine', 'fromImage=library%2Fa%2Fb'):
        case('query', 'images-pull', req('/images/create?' + query, 'POST', empty), 'denied-403', REFUSED, why='pull ' + query[:50], methods=('POST',))
    for query in ('fromImage=alpine&tag=3', 'fromImage=docker.io%2Flibrary%2Falpine&tag=latest', 'fromImage=alpine:3', 'fromImage=alpine@sha256:' + 'a' * 64,
                  'fromImage=library/alpine&tag=3&platform='):
        passes('query', 'images-pull', 'POST', '/images/create?' + query, 'a pull', empty)
    tar = 'Content-Type: application/x-tar\r\nContent-Length: 4\r\n'
    for query in ('networkmode=host', 'networkmode=container:a', 'networkmode=x', 'remote=http://x/', 'remote=client-session', 'version=2', 'session=x', 'outputs=%5B%7B%22Type%22:%22local%22%7D%5D', 'extrahosts=a:1.2.3.4',
                  'cachefrom=%5B%22x%22%5D', 'cpusetcpus=0', 'memory=1', 'shmsize=1', 'ulimits=%5B%7B%7D%5D', 'target=x', 'squash=1', 'platform=x', 'securityopt=x', 'isolation=x',
                  'dockerfile=../x', 'dockerfile=/x', 'dockerfile=a/../../x', 'dockerfile=..', 'new=1', 't=a&T=b', 'networkmode=none&networkmode=host', 'cgroupparent=x',
                  'buildargs=%7B%22a%22:1%7D', 'buildargs=%7B%22a%22:null,%22a%22:%22b%22%7D', 'labels=%5B%5D', 'buildargs=x', 'NetworkMode=host', 'buildid=x', 'entitlements=x'):
        case('query', 'build-plain', req('/build?' + query, 'POST', tar, 'tar!'), 'denied-403', REFUSED, why='build ' + query[:50], methods=('POST',))
    for query in ('t=a&t=b:1', 'dockerfile=sub/Dockerfile', 'networkmode=none&rm=1&forcerm=0&nocache=1&pull=1&q=1', 'networkmode=default', 'version=1',
                  'buildargs=%7B%22a%22:%22b%22%7D&labels=%7B%7D', 'remote=&cgroupparent=&cpushares=0&target='):
        passes('query', 'build-plain', 'POST', '/build?' + query, 'a build', tar, 'tar!')
    for path in ('/', '/etc', '/data/..', '/data/../etc', '/data/x/../../etc', '/datax', '/Data', 'data', './data', '//data', '/data//x', '/data/./x', '%2Fdata%2F..%2Fetc',
                 '/data%00', '/data%2F%2E%2E', '/data\\x', '', '/data/..%2fetc', '/proc/1/root'):
        for method in ('GET', 'HEAD', 'PUT'):
            headers = 'Content-Type: application/x-tar\r\nContent-Length: 4\r\n' if method == 'PUT' else ''
            case('query', 'archive-data', req('/containers/a/archive?path=' + path, method, headers, 'tar!' if method == 'PUT' else ''), 'denied-403', REFUSED,
                 why='archive ' + repr(path), methods=(method,))
    for path in ('/data', '/data/', '/data/x', '/data/a..b', '%2Fdata%2Fx'):
        passes('query', 'archive-data', 'GET', '/containers/a/archive?path=' + path, 'a copy')
    for more in ('&path=/etc', '&Path=/etc', '&x=1', '&copyUIDGID=1&copyUIDGID=0'):
        case('query', 'archive-data', req('/containers/a/archive?path=/data' + more, 'PUT', tar, 'tar!'), 'denied-403', REFUSED, why='archive ' + more, methods=('PUT',))
    for policy, method, target in (('build-plain', 'POST', '/build?t=a'), ('archive-data', 'PUT', '/containers/a/archive?path=/data')):
        passes('query', policy, method, target, 'chunks', 'Content-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n', '4\r\ntar!\r\n0\r\n\r\n', 'tar!')
        for framing in ('zz\r\ntar!\r\n0\r\n\r\n', '4;a=b\r\ntar!\r\n0\r\n\r\n', '4\ntar!\n0\n\n', '-4\r\ntar!\r\n0\r\n\r\n', '00000000000004\r\ntar!\r\n0\r\n\r\n'):
            case('smuggle', policy, req(target, method, 'Content-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n', framing
                                        + 'GET /images/json HTTP/1.1\r\nHost: smug\r\n\r\n'), 'rejected-400', REFUSED, why='first chunk ' + repr(framing[:8]), methods=(method,))


def main():
    for make in (controls, creates, bodies, judged_queries, paths, queries, smuggling, upgrades, answers, secrets_and_logs):
        make()
    with open(sys.argv[1], 'w', encoding='utf-8') as f:
        for c in CASES:
            f.write(json.dumps(c, sort_keys=True) + '\n')


if __name__ == '__main__':
    main()
