package main

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
	network "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Rules is the table, whole, as nft reads it. A packet leaves its pod by the rules of that pod's node and
// enters another by those of the other's, and must be let through by both. What belongs to a connection
// that was let through passes. The node itself (probes) is not forwarded, and so never stopped.
func (w *World) Rules() string {
	var chains, egress, ingress strings.Builder
	for number, pod := range w.guarded() {
		if chosen := w.selecting(pod, network.PolicyTypeEgress); len(chosen) > 0 {
			name := fmt.Sprintf("egress_%d", number)
			fmt.Fprintf(&egress, "\t\tip saddr %s jump %s\n", pod.Status.PodIP, name)
			w.writeChain(&chains, name, pod, chosen, w.egressRules)
		}
		if chosen := w.selecting(pod, network.PolicyTypeIngress); len(chosen) > 0 {
			name := fmt.Sprintf("ingress_%d", number)
			fmt.Fprintf(&ingress, "\t\tip daddr %s jump %s\n", pod.Status.PodIP, name)
			w.writeChain(&chains, name, pod, chosen, w.ingressRules)
		}
	}
	return "add table inet network_policy\ndelete table inet network_policy\ntable inet network_policy {\n" + chains.String() +
		"\tchain forward {\n\t\ttype filter hook forward priority filter; policy accept;\n" +
		"\t\tct state established,related accept\n" + egress.String() + ingress.String() + "\t}\n}\n"
}

type ruleWriter func(pod *core.Pod, policy *network.NetworkPolicy) []string

func (w *World) writeChain(
	out *strings.Builder, name string, pod *core.Pod, policies []*network.NetworkPolicy, rules ruleWriter,
) {
	fmt.Fprintf(out, "\tchain %s { # %s/%s\n", name, pod.Namespace, pod.Name)
	for _, policy := range policies {
		for _, rule := range rules(pod, policy) {
			fmt.Fprintf(out, "\t\t%s return\n", rule)
		}
	}
	out.WriteString("\t\tdrop\n\t}\n")
}

func (w *World) ingressRules(pod *core.Pod, policy *network.NetworkPolicy) []string {
	var rules []string
	for _, rule := range policy.Spec.Ingress {
		ports := portMatches(rule.Ports, []*core.Pod{pod})
		for _, from := range w.addresses(rule.From, policy.Namespace, "saddr") {
			rules = append(rules, join(from, ports)...)
		}
	}
	return rules
}

func (w *World) egressRules(_ *core.Pod, policy *network.NetworkPolicy) []string {
	var rules []string
	for _, rule := range policy.Spec.Egress {
		for _, to := range rule.To {
			// A port's name is looked up at the pods that are spoken to.
			ports := portMatches(rule.Ports, w.peers(to, policy.Namespace))
			for _, address := range w.addresses([]network.NetworkPolicyPeer{to}, policy.Namespace, "daddr") {
				rules = append(rules, join(address, ports)...)
			}
		}
		if len(rule.To) == 0 {
			rules = append(rules, join("", portMatches(rule.Ports, nil))...)
		}
	}
	return rules
}

// addresses are the matches of peers; no peers at all match everybody.
func (w *World) addresses(peers []network.NetworkPolicyPeer, namespace, side string) []string {
	if len(peers) == 0 {
		return []string{""}
	}
	var found []string
	for _, peer := range peers {
		if peer.IPBlock != nil {
			if isIPv6(peer.IPBlock.CIDR) {
				continue // no pod here has such an address, and nft would refuse the whole table
			}
			match := fmt.Sprintf("ip %s %s", side, peer.IPBlock.CIDR)
			if except := slices.DeleteFunc(slices.Clone(peer.IPBlock.Except), isIPv6); len(except) > 0 {
				match += fmt.Sprintf(" ip %s != { %s }", side, strings.Join(except, ", "))
			}
			found = append(found, match)
			continue
		}
		var pods []string
		for _, pod := range w.peers(peer, namespace) {
			pods = append(pods, pod.Status.PodIP)
		}
		if len(pods) > 0 {
			found = append(found, fmt.Sprintf("ip %s { %s }", side, strings.Join(pods, ", ")))
		}
	}
	return found
}

func isIPv6(block string) bool { return strings.Contains(block, ":") }

// portMatches are the matches of ports; none at all match every port. A name is that of a container's port.
func portMatches(ports []network.NetworkPolicyPort, pods []*core.Pod) []string {
	if len(ports) == 0 {
		return []string{""}
	}
	var found []string
	for _, port := range ports {
		protocol := core.ProtocolTCP
		if port.Protocol != nil {
			protocol = *port.Protocol
		}
		lower := strings.ToLower(string(protocol))
		switch {
		case port.Port == nil:
			found = append(found, "meta l4proto "+lower)
		case port.Port.Type == intstr.String:
			found = append(found, namedPorts(port.Port.StrVal, protocol, pods)...)
		case port.EndPort != nil:
			found = append(found, fmt.Sprintf("%s dport %d-%d", lower, port.Port.IntVal, *port.EndPort))
		default:
			found = append(found, fmt.Sprintf("%s dport %d", lower, port.Port.IntVal))
		}
	}
	return found
}

func namedPorts(name string, protocol core.Protocol, pods []*core.Pod) []string {
	var found []string
	for _, pod := range pods {
		for _, container := range pod.Spec.Containers {
			for _, port := range container.Ports {
				if port.Name == name && (port.Protocol == protocol || port.Protocol == "") {
					found = append(found, fmt.Sprintf(
						"ip daddr %s %s dport %d", pod.Status.PodIP,
						strings.ToLower(string(protocol)), port.ContainerPort))
				}
			}
		}
	}
	return found
}

func join(address string, ports []string) []string {
	var rules []string
	for _, port := range ports {
		rules = append(rules, strings.TrimSpace(address+" "+port))
	}
	return rules
}

// write replaces the table in one transaction.
func write(rules string) error {
	command := exec.Command("nft", "-f", "-")
	command.Stdin = strings.NewReader(rules)
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, said)
	}
	return nil
}
