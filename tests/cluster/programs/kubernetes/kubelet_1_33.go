//go:build kubernetes_1_33

package main

import (
	"github.com/spf13/cobra"
	"k8s.io/kubernetes/cmd/kubelet/app"
)

// Before 1.34 it took no context.
func newKubelet() *cobra.Command { return app.NewKubeletCommand() }
