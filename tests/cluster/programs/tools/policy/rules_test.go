package main

import (
	"strings"
	"testing"

	core "k8s.io/api/core/v1"
	network "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func pod(namespace, name, node, address string) *core.Pod {
	return &core.Pod{
		ObjectMeta: meta.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{"app": name}},
		Spec: core.PodSpec{NodeName: node, Containers: []core.Container{{
			Ports: []core.ContainerPort{{Name: "http", ContainerPort: 8001, Protocol: core.ProtocolTCP}},
		}}},
		Status: core.PodStatus{PodIP: address, Phase: core.PodRunning},
	}
}

func apps(name string) *meta.LabelSelector {
	return &meta.LabelSelector{MatchLabels: map[string]string{"app": name}}
}

func policy(namespace string, spec network.NetworkPolicySpec) *network.NetworkPolicy {
	return &network.NetworkPolicy{ObjectMeta: meta.ObjectMeta{Namespace: namespace, Name: "p"}, Spec: spec}
}

func world(policies ...*network.NetworkPolicy) *World {
	return &World{
		Node: "node1",
		Pods: []*core.Pod{
			pod("shop", "server", "node1", "10.244.1.2"),
			pod("shop", "client", "node2", "10.244.2.2"),
			pod("other", "client", "node2", "10.244.2.3"),
		},
		Namespaces: []*core.Namespace{
			{ObjectMeta: meta.ObjectMeta{Name: "shop", Labels: map[string]string{"team": "a"}}},
			{ObjectMeta: meta.ObjectMeta{Name: "other", Labels: map[string]string{"team": "b"}}},
		},
		Policies: policies,
	}
}

func requireRules(t *testing.T, rules string, wanted ...string) {
	t.Helper()
	for _, line := range wanted {
		if !strings.Contains(rules, line) {
			t.Errorf("no %q in\n%s", line, rules)
		}
	}
}

func requireNone(t *testing.T, rules string, unwanted string) {
	t.Helper()
	if strings.Contains(rules, unwanted) {
		t.Errorf("%q in\n%s", unwanted, rules)
	}
}

func TestWithoutPoliciesNothingIsStopped(t *testing.T) {
	requireNone(t, world().Rules(), "drop")
}

func TestAPolicyWithoutRulesStopsEverythingToItsPodsAndNothingFromThem(t *testing.T) {
	rules := world(policy("shop", network.NetworkPolicySpec{
		PodSelector: *apps("server"), PolicyTypes: []network.PolicyType{network.PolicyTypeIngress},
	})).Rules()
	requireRules(t, rules, "ip daddr 10.244.1.2 jump ingress_0", "drop")
	requireNone(t, rules, "return")
	requireNone(t, rules, "jump egress")
}

func TestPodsOfOtherNodesAreTheirNodesToGuard(t *testing.T) {
	rules := world(policy("shop", network.NetworkPolicySpec{
		PodSelector: *apps("client"), PolicyTypes: []network.PolicyType{network.PolicyTypeIngress},
	})).Rules()
	requireNone(t, rules, "drop")
}

func TestAPodSelectorAloneMeansPodsOfThePolicysNamespace(t *testing.T) {
	port := intstr.FromString("http")
	rules := world(policy("shop", network.NetworkPolicySpec{
		PolicyTypes: []network.PolicyType{network.PolicyTypeIngress},
		Ingress: []network.NetworkPolicyIngressRule{{
			From:  []network.NetworkPolicyPeer{{PodSelector: apps("client")}},
			Ports: []network.NetworkPolicyPort{{Port: &port}},
		}},
	})).Rules()
	requireRules(t, rules, "ip saddr { 10.244.2.2 } ip daddr 10.244.1.2 tcp dport 8001 return")
	requireNone(t, rules, "10.244.2.3")
}

func TestANamespaceSelectorMeansPodsOfTheNamespacesItNames(t *testing.T) {
	selector := &meta.LabelSelector{MatchLabels: map[string]string{"team": "b"}}
	rules := world(policy("shop", network.NetworkPolicySpec{
		PolicyTypes: []network.PolicyType{network.PolicyTypeIngress},
		Ingress: []network.NetworkPolicyIngressRule{{
			From: []network.NetworkPolicyPeer{{NamespaceSelector: selector}},
		}},
	})).Rules()
	requireRules(t, rules, "ip saddr { 10.244.2.3 } return")
}

func TestEgressToABlockLeavesItsExceptionsOut(t *testing.T) {
	port, last, udp := intstr.FromInt32(5000), int32(5010), core.ProtocolUDP
	rules := world(policy("shop", network.NetworkPolicySpec{
		PolicyTypes: []network.PolicyType{network.PolicyTypeEgress},
		Egress: []network.NetworkPolicyEgressRule{{
			To: []network.NetworkPolicyPeer{{
				IPBlock: &network.IPBlock{CIDR: "10.0.0.0/8", Except: []string{"10.10.0.0/24"}},
			}},
			Ports: []network.NetworkPolicyPort{{Port: &port, EndPort: &last, Protocol: &udp}},
		}},
	})).Rules()
	requireRules(t, rules,
		"ip saddr 10.244.1.2 jump egress_0",
		"ip daddr 10.0.0.0/8 ip daddr != { 10.10.0.0/24 } udp dport 5000-5010 return")
}

func TestAPeerThatNamesNobodyLetsNobodyIn(t *testing.T) {
	rules := world(policy("shop", network.NetworkPolicySpec{
		PolicyTypes: []network.PolicyType{network.PolicyTypeIngress},
		Ingress: []network.NetworkPolicyIngressRule{{
			From: []network.NetworkPolicyPeer{{PodSelector: apps("nobody")}},
		}},
	})).Rules()
	requireRules(t, rules, "drop")
	requireNone(t, rules, "return")
}

func TestABlockOfIPv6IsNobodysHere(t *testing.T) {
	rules := world(policy("shop", network.NetworkPolicySpec{
		PolicyTypes: []network.PolicyType{network.PolicyTypeEgress},
		Egress: []network.NetworkPolicyEgressRule{{
			To: []network.NetworkPolicyPeer{{IPBlock: &network.IPBlock{CIDR: "::/0"}}},
		}},
	})).Rules()
	requireRules(t, rules, "drop")
	requireNone(t, rules, "::")
	requireNone(t, rules, "return")
}
