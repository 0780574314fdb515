// The peer of the client's synchronisation benchmark: client-go's shared informer for pods, over protobuf.
//
// usage: informer-peer KUBECONFIG [strip]
// "strip" drops what the benchmark's projection does not keep, the way client-go users do it: in a transform.
// Prints one line of JSON when the informer is in sync and garbage was collected.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

// What the benchmark's projection keeps of a pod.
func strip(object any) (any, error) {
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return object, nil
	}
	meta := metav1.ObjectMeta{
		Name: pod.Name, Namespace: pod.Namespace, UID: pod.UID, ResourceVersion: pod.ResourceVersion,
		Labels: pod.Labels, OwnerReferences: pod.OwnerReferences,
	}
	small := &corev1.Pod{TypeMeta: pod.TypeMeta, ObjectMeta: meta}
	small.Spec.NodeName = pod.Spec.NodeName
	for _, container := range pod.Spec.Containers {
		small.Spec.Containers = append(small.Spec.Containers, corev1.Container{Name: container.Name, Image: container.Image})
	}
	small.Status.Phase = pod.Status.Phase
	for _, status := range pod.Status.ContainerStatuses {
		small.Status.ContainerStatuses = append(small.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: status.Name, ContainerID: status.ContainerID, ImageID: status.ImageID,
		})
	}
	return small, nil
}

func peakKiB() int {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(text), "\n") {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "VmHWM:" {
			value, _ := strconv.Atoi(fields[1])
			return value
		}
	}
	return 0
}

func heapBytes() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func run() error {
	config, err := clientcmd.BuildConfigFromFlags("", os.Args[1])
	if err != nil {
		return err
	}
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	config.QPS, config.Burst = 1000, 2000
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	before := heapBytes()
	started := time.Now()
	factory := informers.NewSharedInformerFactory(client, 0)
	informer := factory.Core().V1().Pods().Informer()
	if len(os.Args) > 2 && os.Args[2] == "strip" {
		if err := informer.SetTransform(strip); err != nil {
			return err
		}
	}
	stop := make(chan struct{})
	defer close(stop)
	factory.Start(stop)
	if !cache.WaitForCacheSync(stop, informer.HasSynced) {
		return fmt.Errorf("the informer did not synchronise")
	}
	wall := time.Since(started)
	pods := len(informer.GetStore().ListKeys())
	retained := heapBytes() - before
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"wallMs": wall.Milliseconds(), "pods": pods, "retainedBytes": retained, "peakRssKiB": peakKiB(),
	})
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: informer-peer KUBECONFIG [strip]")
		os.Exit(2)
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
