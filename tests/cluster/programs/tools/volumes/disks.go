package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

const selectedNode = "volume.kubernetes.io/selected-node" // set by the scheduler, WaitForFirstConsumer

// disks are the volumes of one node: FOLDER/NAME.img, mounted at FOLDER/NAME.
type disks struct {
	node   string
	folder string
}

func (d *disks) ShouldProvision(_ context.Context, claim *core.PersistentVolumeClaim) bool {
	return claim.Annotations[selectedNode] == d.node
}

func (d *disks) Provision(
	_ context.Context, options controller.ProvisionOptions,
) (*core.PersistentVolume, controller.ProvisioningState, error) {
	size := options.PVC.Spec.Resources.Requests[core.ResourceStorage]
	if err := d.make(options.PVName, size.Value()); err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	return &core.PersistentVolume{
		ObjectMeta: meta.ObjectMeta{Name: options.PVName},
		Spec: core.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: *options.StorageClass.ReclaimPolicy,
			AccessModes:                   options.PVC.Spec.AccessModes,
			Capacity:                      core.ResourceList{core.ResourceStorage: size},
			PersistentVolumeSource: core.PersistentVolumeSource{
				Local: &core.LocalVolumeSource{Path: d.mount(options.PVName)},
			},
			NodeAffinity: &core.VolumeNodeAffinity{Required: &core.NodeSelector{
				NodeSelectorTerms: []core.NodeSelectorTerm{{
					MatchExpressions: []core.NodeSelectorRequirement{{
						Key: core.LabelHostname, Operator: core.NodeSelectorOpIn, Values: []string{d.node},
					}},
				}},
			}},
		},
	}, controller.ProvisioningFinished, nil
}

func (d *disks) Delete(_ context.Context, volume *core.PersistentVolume) error {
	if _, err := os.Stat(d.image(volume.Name)); err != nil {
		return &controller.IgnoredError{Reason: "the volume is another node's"}
	}
	if err := syscall.Unmount(d.mount(volume.Name), 0); err != nil && err != syscall.EINVAL {
		return fmt.Errorf("unmounting %s: %w", d.mount(volume.Name), err)
	}
	if err := os.RemoveAll(d.mount(volume.Name)); err != nil {
		return err
	}
	return os.Remove(d.image(volume.Name))
}

// make is repeatable: what an interrupted try left is made anew, what is mounted is left alone.
func (d *disks) make(name string, bytes int64) error {
	image, mount := d.image(name), d.mount(name)
	if exec.Command("mountpoint", "--quiet", mount).Run() == nil {
		return nil
	}
	if err := os.MkdirAll(mount, 0o755); err != nil {
		return err
	}
	if err := os.RemoveAll(image); err != nil {
		return err
	}
	file, err := os.Create(image)
	if err != nil {
		return err
	}
	if err := file.Truncate(bytes); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	// Nothing is kept back for root, lost+found would be somebody else's, and no journal outlives a test.
	if err := run("mkfs.ext4", "-q", "-m", "0", "-O", "^has_journal", "-E", "nodiscard", image); err != nil {
		return err
	}
	if err := run("mount", "-o", "loop", image, mount); err != nil {
		return err
	}
	return os.Remove(filepath.Join(mount, "lost+found"))
}

func (d *disks) image(name string) string { return filepath.Join(d.folder, name+".img") }
func (d *disks) mount(name string) string { return filepath.Join(d.folder, name) }

func run(name string, arguments ...string) error {
	if said, err := exec.Command(name, arguments...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, said)
	}
	return nil
}
