package main

import (
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
	network "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// World is what the rules of one node follow from.
type World struct {
	Node       string
	Pods       []*core.Pod
	Namespaces []*core.Namespace
	Policies   []*network.NetworkPolicy
}

// guarded are the pods of this node that a policy can select: those with an address of their own.
func (w *World) guarded() []*core.Pod {
	return w.choose(func(pod *core.Pod) bool { return pod.Spec.NodeName == w.Node })
}

// selecting are the policies of one kind (Ingress or Egress) that select a pod.
func (w *World) selecting(pod *core.Pod, kind network.PolicyType) []*network.NetworkPolicy {
	var chosen []*network.NetworkPolicy
	for _, policy := range w.Policies {
		if policy.Namespace == pod.Namespace && slices.Contains(policy.Spec.PolicyTypes, kind) &&
			matches(&policy.Spec.PodSelector, pod.Labels) {
			chosen = append(chosen, policy)
		}
	}
	slices.SortFunc(chosen, func(a, b *network.NetworkPolicy) int { return strings.Compare(a.Name, b.Name) })
	return chosen
}

// peers are the pods that a peer names by its selectors, seen from the policy's namespace.
func (w *World) peers(peer network.NetworkPolicyPeer, namespace string) []*core.Pod {
	return w.choose(func(pod *core.Pod) bool {
		if peer.NamespaceSelector == nil {
			if pod.Namespace != namespace {
				return false
			}
		} else if !matches(peer.NamespaceSelector, w.namespaceLabels(pod.Namespace)) {
			return false
		}
		return peer.PodSelector == nil || matches(peer.PodSelector, pod.Labels)
	})
}

func (w *World) namespaceLabels(name string) map[string]string {
	for _, namespace := range w.Namespaces {
		if namespace.Name == name {
			return namespace.Labels
		}
	}
	return nil
}

// choose gives pods that have an address of their own, in the order of their names.
func (w *World) choose(wanted func(*core.Pod) bool) []*core.Pod {
	var chosen []*core.Pod
	for _, pod := range w.Pods {
		over := pod.Status.Phase == core.PodSucceeded || pod.Status.Phase == core.PodFailed
		if !pod.Spec.HostNetwork && pod.Status.PodIP != "" && !over && wanted(pod) {
			chosen = append(chosen, pod)
		}
	}
	slices.SortFunc(chosen, func(a, b *core.Pod) int {
		return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
	})
	return chosen
}

// matches fails closed: a selector that can not be read selects nothing.
func matches(selector *meta.LabelSelector, set map[string]string) bool {
	parsed, err := meta.LabelSelectorAsSelector(selector)
	return err == nil && parsed.Matches(labels.Set(set))
}
