// SPDX-License-Identifier: Apache-2.0

// What a controller does with client-go: list in pages, an informer, updates that are retried on a conflict.
package main

import (
	"context"
	"fmt"
	"os"
	"sort"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/retry"
)

var jobs = schema.GroupVersionResource{Group: "kubeflow.org", Version: "v2beta1", Resource: "mpijobs"}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "client-go:", err)
		os.Exit(1)
	}
}

func job(name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "kubeflow.org/v2beta1", "kind": "MPIJob", "metadata": map[string]any{"name": name},
		"spec": map[string]any{"slotsPerWorker": int64(1),
			"mpiReplicaSpecs": map[string]any{"Launcher": map[string]any{"replicas": int64(1)}}}}}
}

// Waits for the informer to have seen what a test expects of it.
type seen struct {
	sync.Mutex
	changed *sync.Cond
	events  []string
}

func (s *seen) add(kind string, obj any) {
	if d, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		obj = d.Obj
	}
	s.Lock()
	defer s.Unlock()
	s.events = append(s.events, kind+" "+obj.(*unstructured.Unstructured).GetName())
	s.changed.Broadcast()
}

func (s *seen) take(n int) []string {
	s.Lock()
	defer s.Unlock()
	for len(s.events) < n {
		s.changed.Wait()
	}
	taken := append([]string(nil), s.events[:n]...)
	s.events = s.events[n:]
	return taken
}

func main() {
	time.AfterFunc(60*time.Second, func() { check(fmt.Errorf("took longer than a minute")) })
	config, err := clientcmd.BuildConfigFromFlags("", os.Args[1])
	check(err)
	ctx := context.Background()
	client := dynamic.NewForConfigOrDie(config)
	found, err := discovery.NewDiscoveryClientForConfigOrDie(config).ServerResourcesForGroupVersion("kubeflow.org/v2beta1")
	check(err)
	for _, r := range found.APIResources {
		fmt.Println("resource", r.Name, r.Kind, r.Namespaced, r.ShortNames)
	}
	namespace := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": os.Args[2]}}}
	_, err = client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}).Create(ctx, namespace, metav1.CreateOptions{})
	check(err)
	here := client.Resource(jobs).Namespace(os.Args[2])
	for i := range 5 {
		_, err = here.Create(ctx, job(fmt.Sprintf("job-%d", i)), metav1.CreateOptions{})
		check(err)
	}
	pages(ctx, here)
	errorsOf(ctx, here)
	informer(ctx, client, here)
	conflicts(ctx, here)
	check(here.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}))
	list, err := here.List(ctx, metav1.ListOptions{})
	check(err)
	fmt.Println("left", len(list.Items))
}

func pages(ctx context.Context, here dynamic.ResourceInterface) {
	options := metav1.ListOptions{Limit: 2}
	for {
		page, err := here.List(ctx, options)
		check(err)
		fmt.Println("page", len(page.Items), page.GetRemainingItemCount() != nil)
		if options.Continue = page.GetContinue(); options.Continue == "" {
			return
		}
	}
}

func errorsOf(ctx context.Context, here dynamic.ResourceInterface) {
	_, err := here.Get(ctx, "none", metav1.GetOptions{})
	fmt.Println("missing", errors.IsNotFound(err))
	_, err = here.Create(ctx, job("job-0"), metav1.CreateOptions{})
	fmt.Println("taken", errors.IsAlreadyExists(err))
	_, err = here.Create(ctx, job("Job_0"), metav1.CreateOptions{})
	fmt.Println("bad name", errors.IsInvalid(err))
	_, err = here.Patch(ctx, "job-0", types.StrategicMergePatchType, []byte("{}"), metav1.PatchOptions{})
	fmt.Println("strategic", errors.IsUnsupportedMediaType(err))
	_, err = here.List(ctx, metav1.ListOptions{LabelSelector: "a in ("})
	fmt.Println("bad selector", err != nil)
}

func informer(ctx context.Context, client dynamic.Interface, here dynamic.ResourceInterface) {
	factory := dynamicinformer.NewFilteredDynamicSharedInformerFactory(client, 0, os.Args[2], nil)
	inf := factory.ForResource(jobs).Informer()
	s := &seen{}
	s.changed = sync.NewCond(&s.Mutex)
	_, err := inf.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { s.add("add", obj) },
		UpdateFunc: func(_, obj any) { s.add("update", obj) },
		DeleteFunc: func(obj any) { s.add("delete", obj) },
	})
	check(err)
	stop := make(chan struct{})
	defer close(stop)
	factory.Start(stop)
	first := s.take(5)
	sort.Strings(first)
	fmt.Println("informer", first, len(inf.GetStore().ListKeys()))
	_, err = here.Patch(ctx, "job-1", types.MergePatchType, []byte(`{"metadata":{"labels":{"a":"b"}}}`), metav1.PatchOptions{})
	check(err)
	check(here.Delete(ctx, "job-2", metav1.DeleteOptions{}))
	_, err = here.Create(ctx, job("job-7"), metav1.CreateOptions{})
	check(err)
	fmt.Println("informer", s.take(3), len(inf.GetStore().ListKeys()))
}

// Two writers, one of them always with yesterday's version at first.
func conflicts(ctx context.Context, here dynamic.ResourceInterface) {
	stale, err := here.Get(ctx, "job-0", metav1.GetOptions{})
	check(err)
	_, err = here.Patch(ctx, "job-0", types.MergePatchType, []byte(`{"spec":{"slotsPerWorker":4}}`), metav1.PatchOptions{})
	check(err)
	tries := 0
	check(retry.RetryOnConflict(retry.DefaultRetry, func() error {
		tries++
		if tries > 1 {
			if stale, err = here.Get(ctx, "job-0", metav1.GetOptions{}); err != nil {
				return err
			}
		}
		check(unstructured.SetNestedField(stale.Object, "All", "spec", "runPolicy", "cleanPodPolicy"))
		_, err := here.Update(ctx, stale, metav1.UpdateOptions{})
		return err
	}))
	now, err := here.Get(ctx, "job-0", metav1.GetOptions{})
	check(err)
	fmt.Println("conflict", tries, now.Object["spec"], now.GetGeneration())
}
