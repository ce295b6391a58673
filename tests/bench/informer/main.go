// SPDX-License-Identifier: Apache-2.0

// What client-go's informers cost for the same jobs: time until they know all, memory, CPU while events come.
//
//	informer metadata|dynamic KUBECONFIG SECONDS    prints lines "name value"
//	informer elect KUBECONFIG SECONDS NAME         takes part in an election
//	informer stir KUBECONFIG SECONDS PER_MINUTE     changes a label of one job after another, no more
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

var jobs = schema.GroupVersionResource{Group: "kubeflow.org", Version: "v2beta1", Resource: "mpijobs"}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "informer:", err)
		os.Exit(1)
	}
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	check(err)
	return n
}

func informer(mode string, config *rest.Config) cache.SharedIndexInformer {
	if mode == "metadata" {
		client, err := metadata.NewForConfig(config)
		check(err)
		return metadatainformer.NewSharedInformerFactory(client, 0).ForResource(jobs).Informer()
	}
	client, err := dynamic.NewForConfig(config)
	check(err)
	return dynamicinformer.NewDynamicSharedInformerFactory(client, 0).ForResource(jobs).Informer()
}

func cpu() float64 {
	var u syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func status(name string) string {
	text, err := os.ReadFile("/proc/self/status")
	check(err)
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, name+":") {
			return strings.Fields(line)[1]
		}
	}
	return "0"
}

func watch(mode string, config *rest.Config, seconds int) {
	events := 0
	inf := informer(mode, config)
	_, err := inf.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { events++ },
		UpdateFunc: func(any, any) { events++ },
		DeleteFunc: func(any) { events++ },
	})
	check(err)
	before, stop, from := heap(), make(chan struct{}), time.Now()
	go inf.Run(stop)
	if !cache.WaitForCacheSync(stop, inf.HasSynced) {
		check(fmt.Errorf("it did not sync"))
	}
	fmt.Printf("sync_ms %d\n", time.Since(from).Milliseconds())
	fmt.Printf("cpu_s %.2f\npeak_rss_kb %s\n", cpu(), status("VmHWM"))
	time.Sleep(8 * time.Second)
	n := len(inf.GetStore().ListKeys())
	fmt.Printf("jobs %d\nbytes_per_job %d\nrss_kb %s\n", n, (heap()-before)/uint64(n), status("VmRSS"))
	used := cpu()
	events = 0
	time.Sleep(time.Duration(seconds) * time.Second)
	fmt.Printf("watched_events %d\nwatched_cpu_percent %.3f\n", events, (cpu()-used)*100/float64(seconds))
}

func stir(config *rest.Config, seconds, perMinute int) {
	client, err := dynamic.NewForConfig(config)
	check(err)
	ctx := context.Background()
	list, err := client.Resource(jobs).List(ctx, metav1.ListOptions{Limit: 500})
	check(err)
	ticker := time.NewTicker(time.Minute / time.Duration(perMinute))
	until := time.After(time.Duration(seconds) * time.Second)
	for i := 0; ; i++ {
		select {
		case <-until:
			return
		case <-ticker.C:
			job := &list.Items[i%len(list.Items)]
			patch := fmt.Sprintf(`{"metadata":{"labels":{"stirred":"%d"}}}`, time.Now().UnixNano())
			_, err = client.Resource(jobs).Namespace(job.GetNamespace()).Patch(ctx, job.GetName(), types.MergePatchType,
				[]byte(patch), metav1.PatchOptions{})
			check(err)
		}
	}
}

func main() {
	if len(os.Args) < 4 {
		check(fmt.Errorf("usage: informer metadata|dynamic|stir|elect KUBECONFIG SECONDS [PER_MINUTE|NAME]"))
	}
	config, err := clientcmd.BuildConfigFromFlags("", os.Args[2])
	check(err)
	config.QPS = 1000
	config.Burst = 1000
	if os.Args[1] == "elect" {
		elect(config, number(os.Args[3]), os.Args[4])
	} else if os.Args[1] == "stir" {
		stir(config, number(os.Args[3]), number(os.Args[4]))
	} else {
		watch(os.Args[1], config, number(os.Args[3]))
	}
}
