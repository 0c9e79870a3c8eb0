// Command volumes provisions the claims that the scheduler put on one node. Each is a file system of
// its own in a sparse file, as large as was asked for, so that a full disk is that claim's alone;
// kubelet sees a `local` volume, for which it honours fsGroup.
package main

import (
	"context"
	"flag"
	"os/signal"
	"syscall"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

const provisionerName = "gpu-embedding.io/test-volumes"

func main() {
	kubeconfig := flag.String("kubeconfig", "", "how to reach the cluster")
	node := flag.String("node", "", "the node whose claims are provisioned")
	folder := flag.String("folder", "", "where the files lie and are mounted")
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
	controller.NewProvisionController(
		ctx, client, provisionerName, &disks{node: *node, folder: *folder}, controller.LeaderElection(false),
	).Run(ctx)
}
