// Command policy enforces NetworkPolicy for the pods of one node. For tests alone: it writes one nftables
// table anew at every change, and a pod is unrestricted from its start until its rules are in.
package main

import (
	"context"
	"flag"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
)

const (
	settling = 20 * time.Millisecond // changes come in groups: one write for each group
	retry    = time.Second
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "how to reach the cluster")
	node := flag.String("node", "", "the node whose pods are guarded")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		klog.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		klog.Fatal(err)
	}
	enforce(ctx, informers.NewSharedInformerFactory(client, 0), *node)
}

// enforce writes the rules whenever what they follow from has changed, until ctx is done.
func enforce(ctx context.Context, factory informers.SharedInformerFactory, node string) {
	changed := make(chan struct{}, 1)
	notice := func() {
		select {
		case changed <- struct{}{}:
		default: // a look is already due
		}
	}
	handler := cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { notice() },
		UpdateFunc: func(any, any) { notice() },
		DeleteFunc: func(any) { notice() },
	}
	pods, namespaces := factory.Core().V1().Pods(), factory.Core().V1().Namespaces()
	policies := factory.Networking().V1().NetworkPolicies()
	for _, informer := range []cache.SharedIndexInformer{pods.Informer(), namespaces.Informer(), policies.Informer()} {
		if _, err := informer.AddEventHandler(handler); err != nil {
			klog.Fatal(err)
		}
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	written := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
		time.Sleep(settling)
		world := World{Node: node}
		world.Pods, _ = pods.Lister().List(labels.Everything())
		world.Namespaces, _ = namespaces.Lister().List(labels.Everything())
		world.Policies, _ = policies.Lister().List(labels.Everything())
		rules := world.Rules()
		if rules == written {
			continue
		}
		if err := write(rules); err != nil {
			klog.Error(err)
			time.AfterFunc(retry, notice)
			continue
		}
		written = rules
		klog.Infof("%d policies are written", len(world.Policies))
	}
}
