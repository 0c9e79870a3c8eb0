// Command custom is a custom metrics API for tests: what a pod's own /metrics says, when it is asked.
package main

import (
	"context"
	"os"

	"k8s.io/client-go/kubernetes"
	"k8s.io/component-base/logs"
	"k8s.io/klog/v2"
	adapter "sigs.k8s.io/custom-metrics-apiserver/pkg/cmd"
)

func main() {
	logs.InitLogs()
	defer logs.FlushLogs()
	base := &adapter.AdapterBase{Name: "custom"}
	logs.AddFlags(base.Flags())
	if err := base.Flags().Parse(os.Args); err != nil {
		klog.Fatal(err)
	}
	config, err := base.ClientConfig()
	if err != nil {
		klog.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		klog.Fatal(err)
	}
	base.WithCustomMetrics(&pods{client: client})
	if err := base.Run(context.Background()); err != nil {
		klog.Fatal(err)
	}
}
