// SPDX-License-Identifier: Apache-2.0

// Says what Kubernetes' typed decoder takes in a pod template: the decoder of client-go, and with it of every controller.
//
//	decode corpus    writes templates, a line each: every field of the Go types, with every kind of value in it
//	decode sample    the same with few fields, for tests/fixtures/pod-types.tsv
//	decode judge     reads such lines, and writes each with "taken" or "refused" before it
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	serializer "k8s.io/apimachinery/pkg/runtime/serializer/json"
)

// What may stand anywhere.
var values = []string{
	`null`, `true`, `false`, `"true"`, `""`, `"x"`, `"8"`, `" 8 "`, `"08"`, `"1e3"`, `"16GB"`, `"16Gi"`, `"500m"`, `"-1"`, `"8\u0030"`,
	`0`, `-0`, `8`, `-8`, `8.0`, `8.5`, `1e3`, `1E3`, `1e-3`, `0.1`, `2147483647`, `2147483648`, `-2147483648`, `-2147483649`,
	`9223372036854775807`, `9223372036854775808`, `-9223372036854775808`, `-9223372036854775809`, `1e400`,
	`[]`, `[null]`, `[1]`, `["a"]`, `["a",1]`, `[[]]`, `[{}]`, `[true]`, `{}`, `{"a":null}`, `{"a":1}`, `{"a":"b"}`, `{"a":"1"}`, `{"a":{}}`, `{"a":[]}`,
	`"2024-01-31T12:00:00Z"`,
}

// What stands only where a time or an amount does.
var times = []string{
	`"2024-02-29T12:00:00Z"`, `"2023-02-29T12:00:00Z"`, `"2024-01-31T1:00:00Z"`, `"2024-01-31T12:00:00.5Z"`, `"2024-01-31T12:00:00,5Z"`,
	`"2024-01-31T12:00:00.Z"`, `"2024-01-31T12:00:00+01:00"`, `"2024-01-31T12:00:00+24:60"`, `"2024-01-31T12:00:00+25:00"`,
	`"2024-01-31T12:00:00+0100"`, `"2024-01-31t12:00:00z"`, `"2024-01-31 12:00:00Z"`, `"2024-01-31T12:00:60Z"`, `"2024-01-31T24:00:00Z"`,
	`"2024-13-01T12:00:00Z"`, `"2024-00-01T12:00:00Z"`, `"2024-04-31T12:00:00Z"`, `"0000-01-01T00:00:00Z"`, `"24-01-31T12:00:00Z"`,
	`"2024-01-31T12:00:00Zx"`, `"2024-01-31T12:00:00"`, `"2024-01-31T12:00Z"`, `"2024-01-31"`, `"2024-1-31T12:00:00Z"`,
	`"2024-01-31T12:00:00.123456789012345678901234567890Z"`, `"\u0032024-01-31T12:00:00Z"`, `"2024-01-31T12:00:00-00:00"`, `1706702400`,
	`"2024-01-00T12:00:00Z"`, `"+024-01-31T12:00:00Z"`, `"2024-01-31T12:0:00Z"`, `"2024-01-31T12:00:0Z"`, `"2024-01-31T012:00:00Z"`,
	`"1900-02-29T00:00:00Z"`, `"2000-02-29T00:00:00Z"`, `"2024-01-31T12:00:00*01:00"`, `"2024-01-31T12:00:00+1:00"`,
}
var amounts = []string{
	`"1k"`, `"1K"`, `"1Ki"`, `"1ki"`, `"1M"`, `"1m"`, `"1u"`, `"1n"`, `"1E"`, `"1e"`, `"1E3"`, `"1e+3"`, `"1e-3"`, `"1e99999999999999999999"`,
	`"+1"`, `"--1"`, `".5"`, `"5."`, `"."`, `"1 "`, `"1 Gi"`, `"1GB"`, `"8 cores"`, `"0x10"`, `"1_000"`, `"1,5"`, `"\t1\n"`, `"Ki"`, `"m"`, `"-"`, `"+"`,
	`"1Ei"`, `"999999999999999999999999Ei"`, `"0.0000000000000001"`, `"１"`, `"1Zi"`, `"1e3Ki"`, `"1.5Gi"`, `" "`, `"\u00a01"`,
}

// Names, and names that stand twice.
var whole = []string{
	`null`, `[]`, `""`, `1`, `{}`, `{"spec":null}`, `{"spec":[]}`, `{"spec":"x"}`, `{"metadata":[]}`, `{"Spec":1}`, `{"spec":{"Containers":1}}`,
	`{"spec":{"containers":[{"ENV":1,"Args":2}]}}`, `{"spec":{"containers":[{"unknown":[1,{"a":true}]}]}}`, `{"\u0073pec":1}`,
	`{"spec":{"containers":[{"\u0061rgs":[1]}]}}`, `{"spec":{"containers":[{"args":[1],"args":["a"]}]}}`,
	`{"spec":{"containers":[{"args":["a"],"args":[1]}]}}`, `{"spec":{"containers":[{"env":[{"name":"a","value":true}]}]}}`,
	`{"spec":{"containers":[{"env":[{"name":"a","value":8}]}]}}`, `{"spec":{"containers":[{"args":["-np",2]}]}}`,
	`{"spec":{"terminationGracePeriodSeconds":"30"}}`, `{"spec":{"containers":[{"ports":[{"containerPort":"22"}]}]}}`,
	`{"metadata":{"labels":{"a":1}}}`, `{"spec":{"nodeSelector":{"a":1}}}`, `{"spec":{"nodeSelector":{"a":null}}}`,
	`{"spec":{"containers":[{"securityContext":{"capabilities":{"add":"IPC_LOCK"}}}]}}`,
	`{"spec":{"containers":[{"resources":{"limits":{"memory":"16GB"}}}]}}`, `{"spec":{"containers":[{"resources":{"limits":{"memory":16}}}]}}`,
	`{"spec":{"containers":[{"resources":{"limits":{"memory":true}}}]}}`, `{"spec":{"containers":[null,{"args":null}]}}`,
	`{"spec":{"containers":[{"ports":[{"containerPort":22.0}]}]}}`, `{"spec":{"volumes":[{"emptyDir":{"sizeLimit":"1 Gi"}}]}}`,
	`{"spec":{"volumes":[{"configMap":{"defaultMode":"0400"}}]}}`, `{"spec":{"containers":[{"livenessProbe":{"httpGet":{"port":"http"}}}]}}`,
	`{"spec":{"containers":[{"livenessProbe":{"httpGet":{"port":true}}}]}}`, `{"spec":{"hostNetwork":"yes"}}`, `{"spec":{"tolerations":[{"tolerationSeconds":"1"}]}}`,
	`{"metadata":{"annotations":{"a":true}}}`, `{"metadata":{"creationTimestamp":""}}`, `{"metadata":{"managedFields":[{"fieldsV1":7,"time":null}]}}`,
	`{"metadata":{"managedFields":[{"fieldsV1":"x"}]}}`, `{"spec":{"imagePullSecrets":{}}}`, `{"spec":{"containers":{}}}`,
}

// name: of the field's type, where it decides what may stand there.
func place(write func(string), before, after, name string) {
	for _, value := range values {
		write(before + value + after)
	}
	switch name {
	case "Time":
		for _, value := range times {
			write(before + value + after)
		}
	case "Quantity":
		for _, value := range amounts {
			write(before + value + after)
		}
	}
}

// json's name of a field; inline: its members stand among those of the type that has it.
func nameOf(field reflect.StructField) (name string, inline bool) {
	tag := strings.Split(field.Tag.Get("json"), ",")
	return tag[0], tag[0] == "" && field.Anonymous
}

type walk struct {
	write func(string)
	seen  map[reflect.Type]bool
}

// Everything below a value of type t, which stands between before and after. Each struct is gone into once.
func (w *walk) into(t reflect.Type, before, after string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	place(w.write, before, after, t.Name())
	switch {
	case t.Name() == "Quantity" || t.Name() == "Time" || t.Name() == "IntOrString" || t.Name() == "FieldsV1":
	case t.Kind() == reflect.Slice:
		w.into(t.Elem(), before+"[", "]"+after)
	case t.Kind() == reflect.Map:
		w.into(t.Elem(), before+`{"k":`, "}"+after)
	case t.Kind() == reflect.Struct && !w.seen[t]:
		w.seen[t] = true
		w.members(t, before, after)
	}
}

func (w *walk) members(t reflect.Type, before, after string) {
	for i := range t.NumField() {
		name, inline := nameOf(t.Field(i))
		switch {
		case inline:
			w.members(t.Field(i).Type, before, after)
		case name != "" && name != "-":
			w.into(t.Field(i).Type, before+`{"`+name+`":`, "}"+after)
		}
	}
}

func corpus(write func(string)) {
	for _, line := range whole {
		write(line)
	}
	w := walk{write, map[reflect.Type]bool{}}
	w.into(reflect.TypeFor[corev1.PodTemplateSpec](), "", "")
}

// A field of each kind.
func sample(write func(string)) {
	for _, line := range whole {
		write(line)
	}
	for _, one := range []struct{ before, after, name string }{
		{`{"spec":`, `}`, "PodSpec"},
		{`{"spec":{"containers":`, `}}`, ""},
		{`{"spec":{"containers":[{"args":`, `}]}}`, ""},
		{`{"spec":{"containers":[{"args":[`, `]}]}}`, ""},
		{`{"spec":{"containers":[{"env":[{"value":`, `}]}]}}`, ""},
		{`{"spec":{"containers":[{"stdin":`, `}]}}`, ""},
		{`{"spec":{"containers":[{"ports":[{"containerPort":`, `}]}]}}`, ""},
		{`{"spec":{"terminationGracePeriodSeconds":`, `}}`, ""},
		{`{"spec":{"nodeSelector":`, `}}`, ""},
		{`{"spec":{"containers":[{"resources":{"limits":{"memory":`, `}}}]}}`, "Quantity"},
		{`{"spec":{"containers":[{"livenessProbe":{"tcpSocket":{"port":`, `}}}]}}`, ""},
		{`{"metadata":{"creationTimestamp":`, `}}`, "Time"},
	} {
		place(write, one.before, one.after, one.name)
	}
}

func judge(in *bufio.Scanner, write func(string)) error {
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		return err
	}
	decoder := serializer.NewSerializerWithOptions(serializer.DefaultMetaFactory, scheme, scheme, serializer.SerializerOptions{})
	for in.Scan() {
		line := in.Text()
		if !json.Valid([]byte(line)) {
			return fmt.Errorf("no JSON: %s", line)
		}
		_, _, err := decoder.Decode([]byte(`{"apiVersion":"v1","kind":"PodTemplate","template":`+line+`}`), nil, nil)
		if err != nil {
			write("refused\t" + line)
		} else {
			write("taken\t" + line)
		}
	}
	return in.Err()
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	write := func(line string) { fmt.Fprintln(out, line) }
	switch strings.Join(os.Args[1:], " ") {
	case "corpus":
		corpus(write)
	case "sample":
		sample(write)
	case "judge":
		in := bufio.NewScanner(os.Stdin)
		in.Buffer(nil, 1<<20)
		if err := judge(in, write); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	default:
		fmt.Fprintln(os.Stderr, "usage: decode corpus | decode sample | decode judge")
		os.Exit(2)
	}
}
