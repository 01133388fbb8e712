// SPDX-License-Identifier: Apache-2.0

// Go as the oracle: what judge-stdin allowed is read once more with encoding/json and net/url, as
// the engine would read it, and must keep the same rules.
//
//	oracle bodies POLICY CASES VERDICTS
//	oracle targets POLICY DATA CASES VERDICTS
//
// CASES is what judge-stdin read, VERDICTS what it wrote. A line "wrong INDEX why" for each
// counterexample; then for each endpoint a line "count ENDPOINT ALLOWED ALL".

package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"reflect"
	"strings"
)

type Case struct {
	method, target string
	body           []byte
}

type Verdict struct {
	verdict, reason, field, endpoint, slot, target string
	pairs                                          [][2]string
}

func readFrame(r *bufio.Reader) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	frame := make([]byte, binary.LittleEndian.Uint32(size[:]))
	_, err := io.ReadFull(r, frame)
	return frame, err
}

func readCase(r *bufio.Reader) (*Case, error) {
	method, err := readFrame(r)
	if err != nil {
		return nil, err
	}
	target, err := readFrame(r)
	if err != nil {
		return nil, err
	}
	body, err := readFrame(r)
	return &Case{string(method), string(target), body}, err
}

func unhex(text string) string {
	raw, err := hex.DecodeString(text)
	if err != nil {
		log.Fatal(err)
	}
	return string(raw)
}

func readVerdict(line string) *Verdict {
	f := strings.Split(line, "\t")
	if len(f) != 7 {
		log.Fatalf("not a verdict: %q", line)
	}
	v := &Verdict{f[0], f[1], f[2], f[3], unhex(f[4]), unhex(f[5]), nil}
	for _, pair := range strings.Split(f[6], ",") {
		if halves := strings.Split(pair, "="); len(halves) == 2 {
			v.pairs = append(v.pairs, [2]string{unhex(halves[0]), unhex(halves[1])})
		}
	}
	return v
}

// Calls f for each case with its verdict.
func compare(casesPath, verdictsPath string, f func(index int, c *Case, v *Verdict)) {
	cases, err := os.Open(casesPath)
	if err != nil {
		log.Fatal(err)
	}
	verdicts, err := os.Open(verdictsPath)
	if err != nil {
		log.Fatal(err)
	}
	r := bufio.NewReaderSize(cases, 1<<20)
	lines := bufio.NewScanner(verdicts)
	lines.Buffer(nil, 1<<24)
	index := 0
	for ; lines.Scan(); index++ {
		c, err := readCase(r)
		if err != nil {
			log.Fatal(err)
		}
		f(index, c, readVerdict(lines.Text()))
	}
	if _, err := readCase(r); err != io.EOF {
		log.Fatalf("only %d verdicts", index)
	}
}

// As the engine decodes, but for what follows the first value: newer engines refuse it, and so do
// we.
func decode(r *Report, body []byte, into interface{}) bool {
	d := json.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(into); err != nil {
		r.add("Go refuses what was allowed: %s", err.Error())
		return false
	}
	if _, err := d.Token(); err != io.EOF {
		r.add("bytes after the value")
		return false
	}
	exact(r, body, reflect.TypeOf(into).Elem(), "")
	return true
}

// Go's folding of the keys of structs.
func fold(key string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		case c == '\u017f':
			return 's'
		case c == '\u212a':
			return 'k'
		}
		return c
	}, key)
}

type member struct {
	key   string
	value json.RawMessage
}

func members(raw json.RawMessage) []member {
	var list []member
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return list
		}
		m := member{key: t.(string)}
		if d.Decode(&m.value) != nil {
			return list
		}
		list = append(list, m)
	}
	return list
}

var fieldsOf = map[reflect.Type]map[string]reflect.Type{}

// The members of a struct by the spelling of their tags; embedded ones too.
func fields(t reflect.Type) map[string]reflect.Type {
	known := fieldsOf[t]
	if known != nil {
		return known
	}
	known = map[string]reflect.Type{}
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		name := strings.Split(f.Tag.Get("json"), ",")[0]
		if f.Anonymous && name == "" {
			for key, inner := range fields(base(f.Type)) {
				if _, ok := known[key]; !ok {
					known[key] = inner
				}
			}
			continue
		}
		if name == "" {
			name = f.Name
		}
		known[name] = f.Type
	}
	fieldsOf[t] = known
	return known
}

func base(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Ptr {
		t = t.Elem()
	}
	return t
}

// An allowed body has one meaning without any folding or merging: each member is spelled as it is
// declared, and is there once.
func exact(r *Report, raw json.RawMessage, t reflect.Type, where string) {
	t = base(t)
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] == 'n' {
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		exactStruct(r, raw, t, where)
	case reflect.Map:
		seen := map[string]bool{}
		for _, m := range members(raw) {
			r.never(seen[m.key], "duplicate key "+where+"/"+m.key)
			seen[m.key] = true
			exact(r, m.value, t.Elem(), where+"/"+m.key)
		}
	case reflect.Slice:
		var list []json.RawMessage
		if raw[0] != '[' || t.Elem().Kind() == reflect.Uint8 || json.Unmarshal(raw, &list) != nil {
			return
		}
		for i, element := range list {
			r.never(bytes.Equal(element, []byte("null")), "null in the list "+where)
			exact(r, element, t.Elem(), fmt.Sprintf("%s/%d", where, i))
		}
	}
}

func exactStruct(r *Report, raw json.RawMessage, t reflect.Type, where string) {
	known := fields(t)
	folded := map[string]bool{}
	for key := range known {
		folded[fold(key)] = true
	}
	seen := map[string]bool{}
	for _, m := range members(raw) {
		inner, ok := known[m.key]
		r.never(!ok && folded[fold(m.key)], "spelling of "+where+"/"+m.key)
		r.never(seen[fold(m.key)], "duplicate key "+where+"/"+m.key)
		seen[fold(m.key)] = true
		if ok {
			exact(r, m.value, inner, where+"/"+m.key)
		}
	}
}

func checkCreate(r *Report, body []byte) {
	var old CreateOld
	if decode(r, body, &old) {
		r.create(old.Config, old.Host(), old.NetworkingConfig)
	}
	var now CreateNew
	if decode(r, body, &now) {
		r.create(now.Config, now.HostConfig, now.NetworkingConfig)
	}
}

func checkBody(r *Report, v *Verdict, body []byte) {
	switch v.endpoint {
	case "container.create":
		checkCreate(r, body)
	case "container.update":
		var u Update
		if decode(r, body, &u) {
			r.update(&u)
		}
	case "exec.create":
		var e ExecCreate
		if decode(r, body, &e) {
			r.execCreate(&e)
		}
	case "exec.start":
		var e ExecStart
		if len(bytes.TrimSpace(body)) > 0 { // no options at all
			decode(r, body, &e)
		}
	case "volume.create":
		var c VolumeCreate
		if decode(r, body, &c) {
			r.volumeCreate(&c)
		}
	case "network.create":
		var n NetworkCreate
		if decode(r, body, &n) {
			r.networkCreate(&n)
		}
	case "network.connect":
		var n NetworkConnect
		r.network(v.slot)
		if decode(r, body, &n) {
			r.endpoint(n.EndpointConfig)
		}
	case "network.disconnect":
		var n NetworkDisconnect
		r.network(v.slot)
		decode(r, body, &n)
	default:
		r.add("no rules for %s", v.endpoint)
	}
}

type counts map[string]*[2]int

func (c counts) add(v *Verdict) {
	n := c[v.endpoint]
	if n == nil {
		n = new([2]int)
		c[v.endpoint] = n
	}
	if v.verdict == "allow" {
		n[0]++
	}
	n[1]++
}

func (c counts) show(out io.Writer) {
	for endpoint, n := range c {
		fmt.Fprintf(out, "count %s %d %d\n", endpoint, n[0], n[1])
	}
}

func show(out io.Writer, index int, r *Report) {
	if len(r.wrong) > 0 {
		fmt.Fprintf(out, "wrong %d %q\n", index, strings.Join(r.wrong, "; "))
	}
}

func bodies(policy, cases, verdicts string) {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	p := policies[policy]
	if p == nil {
		log.Fatalf("no policy %q", policy)
	}
	n := counts{}
	compare(cases, verdicts, func(index int, c *Case, v *Verdict) {
		n.add(v)
		if v.verdict == "allow" {
			r := &Report{policy: p}
			checkBody(r, v, c.body)
			show(out, index, r)
		}
	})
	n.show(out)
}

func main() {
	log.SetFlags(0)
	if len(os.Args) == 5 && os.Args[1] == "bodies" {
		bodies(os.Args[2], os.Args[3], os.Args[4])
	} else if len(os.Args) == 6 && os.Args[1] == "targets" {
		targets(os.Args[2], os.Args[3], os.Args[4], os.Args[5])
	} else {
		log.Fatal("usage: oracle bodies POLICY CASES VERDICTS | " +
			"targets POLICY DATA CASES VERDICTS")
	}
}
