// Command gpus tells a kubelet of NVIDIA GPUs that are not there, through its device plugin interface:
// scheduling and allocation are real, CUDA is not. It registers again whenever the kubelet has restarted.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	api "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
)

const (
	resource = "nvidia.com/gpu"
	endpoint = "gpu-embedding-test.sock"
	pause    = 200 * time.Millisecond // between two looks at the kubelet's socket
)

type plugin struct {
	api.UnimplementedDevicePluginServer
	devices []*api.Device
}

func main() {
	folder := flag.String("folder", "", "the kubelet's folder of device plugins")
	count := flag.Int("count", 2, "how many GPUs to tell of")
	flag.Parse()
	served := &plugin{}
	for number := range *count {
		served.devices = append(served.devices, &api.Device{ID: fmt.Sprintf("GPU-%d", number), Health: api.Healthy})
	}
	for {
		if err := served.untilRestart(*folder); err != nil {
			log.Print(err)
		}
		time.Sleep(pause)
	}
}

// untilRestart serves one life of the kubelet: a restart empties its folder, which takes our socket away.
func (p *plugin) untilRestart(folder string) error {
	socket := filepath.Join(folder, endpoint)
	_ = os.Remove(socket)
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	defer server.Stop()
	api.RegisterDevicePluginServer(server, p)
	go func() { _ = server.Serve(listener) }()
	if err := register(filepath.Join(folder, "kubelet.sock")); err != nil {
		return err
	}
	log.Printf("%d of %s are registered", len(p.devices), resource)
	for {
		if _, err := os.Stat(socket); err != nil {
			return nil
		}
		time.Sleep(pause)
	}
}

func register(kubelet string) error {
	connection, err := grpc.NewClient("unix://"+kubelet, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	request := &api.RegisterRequest{Version: api.Version, Endpoint: endpoint, ResourceName: resource}
	_, err = api.NewRegistrationClient(connection).Register(ctx, request)
	return err
}

func (p *plugin) GetDevicePluginOptions(context.Context, *api.Empty) (*api.DevicePluginOptions, error) {
	return &api.DevicePluginOptions{}, nil
}

func (p *plugin) ListAndWatch(_ *api.Empty, stream grpc.ServerStreamingServer[api.ListAndWatchResponse]) error {
	if err := stream.Send(&api.ListAndWatchResponse{Devices: p.devices}); err != nil {
		return err
	}
	<-stream.Context().Done()
	return nil
}

func (p *plugin) Allocate(_ context.Context, request *api.AllocateRequest) (*api.AllocateResponse, error) {
	response := &api.AllocateResponse{}
	for _, container := range request.ContainerRequests {
		envs := map[string]string{"NVIDIA_VISIBLE_DEVICES": strings.Join(container.DevicesIds, ",")}
		response.ContainerResponses = append(response.ContainerResponses, &api.ContainerAllocateResponse{Envs: envs})
	}
	return response, nil
}
