package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/metrics/pkg/apis/custom_metrics"
	"sigs.k8s.io/custom-metrics-apiserver/pkg/provider"
	"sigs.k8s.io/custom-metrics-apiserver/pkg/provider/defaults"
)

// pods answers for pods alone. A pod is asked at its port `metrics`, or at its first one.
type pods struct {
	defaults.DefaultCustomMetricsProvider
	client kubernetes.Interface
}

func (p *pods) GetMetricByName(
	ctx context.Context, name types.NamespacedName, info provider.CustomMetricInfo, series labels.Selector,
) (*custom_metrics.MetricValue, error) {
	pod, err := p.client.CoreV1().Pods(name.Namespace).Get(ctx, name.Name, meta.GetOptions{})
	if err != nil {
		return nil, err
	}
	return ask(ctx, pod, info.Metric, series)
}

func (p *pods) GetMetricBySelector(
	ctx context.Context, namespace string, selector labels.Selector,
	info provider.CustomMetricInfo, series labels.Selector,
) (*custom_metrics.MetricValueList, error) {
	found, err := p.client.CoreV1().Pods(namespace).List(ctx, meta.ListOptions{LabelSelector: selector.String()})
	if err != nil {
		return nil, err
	}
	values := &custom_metrics.MetricValueList{}
	for _, pod := range found.Items {
		if pod.Status.Phase != core.PodRunning {
			continue
		}
		// A pod that does not answer has no value; what that means is the asking controller's to decide.
		if value, err := ask(ctx, &pod, info.Metric, series); err == nil {
			values.Items = append(values.Items, *value)
		}
	}
	return values, nil
}

func ask(
	ctx context.Context, pod *core.Pod, metric string, series labels.Selector,
) (*custom_metrics.MetricValue, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	address := fmt.Sprintf("http://%s:%d/metrics", pod.Status.PodIP, port(pod))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(response.Body)
	if err != nil {
		return nil, err
	}
	family, ok := families[metric]
	if !ok {
		return nil, fmt.Errorf("pod %s/%s has no metric %s", pod.Namespace, pod.Name, metric)
	}
	return &custom_metrics.MetricValue{
		DescribedObject: custom_metrics.ObjectReference{
			Kind: "Pod", APIVersion: "v1", Namespace: pod.Namespace, Name: pod.Name,
		},
		Metric:    custom_metrics.MetricIdentifier{Name: metric},
		Timestamp: meta.Now(),
		Value:     *resource.NewMilliQuantity(int64(sum(family, series)*1000), resource.DecimalSI),
	}, nil
}

func port(pod *core.Pod) int32 {
	var first int32
	for _, container := range pod.Spec.Containers {
		for _, port := range container.Ports {
			if port.Name == "metrics" {
				return port.ContainerPort
			}
			if first == 0 {
				first = port.ContainerPort
			}
		}
	}
	return first
}

// sum is the total of a gauge or counter over its series that have these labels.
func sum(family *dto.MetricFamily, wanted labels.Selector) float64 {
	total := 0.0
	for _, series := range family.Metric {
		set := labels.Set{}
		for _, label := range series.Label {
			set[label.GetName()] = label.GetValue()
		}
		if wanted == nil || wanted.Matches(set) {
			total += series.GetGauge().GetValue() + series.GetCounter().GetValue()
		}
	}
	return total
}
