// Command pack makes an image of one static program, pushes it, and prints what it is called:
//
//	pack [-archive FILE] [-tag TAG] REPOSITORY PROGRAM
//
// With -archive it is written to FILE instead. The image holds /bin/NAME, after the repository's last part, and
// nothing else, and runs it. Equal programs make equal images. The tag is that of the content, unless it is said.
package main

import (
	"archive/tar"
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func main() {
	file := flag.String("archive", "", "write the image there instead of pushing it")
	tag := flag.String("tag", "", "what the image is called; its content's digest unless said")
	flag.Parse()
	if flag.NArg() != 2 {
		fail(fmt.Errorf("usage: pack [-archive FILE] [-tag TAG] REPOSITORY PROGRAM"))
	}
	fail(pack(flag.Arg(0), flag.Arg(1), *file, *tag))
}

func pack(repository, program, file, tag string) error {
	image, err := build(program, path.Base(repository))
	if err != nil {
		return err
	}
	if tag == "" {
		digest, err := image.Digest()
		if err != nil {
			return err
		}
		tag = digest.Hex[:12]
	}
	target, err := name.ParseReference(repository+":"+tag, name.Insecure)
	if err != nil {
		return err
	}
	fmt.Println(tag)
	if file != "" {
		return tarball.WriteToFile(file, target, image)
	}
	return remote.Write(target, image)
}

func build(program, called string) (v1.Image, error) {
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return archive(program, called) })
	if err != nil {
		return nil, err
	}
	image, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, err
	}
	file, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture = "linux", runtime.GOARCH
	file.Config.Entrypoint = []string{"/bin/" + called}
	return mutate.ConfigFile(image, file)
}

func archive(program, called string) (io.ReadCloser, error) {
	content, err := os.ReadFile(program)
	if err != nil {
		return nil, err
	}
	var file bytes.Buffer
	writer := tar.NewWriter(&file)
	header := &tar.Header{Name: "bin/" + called, Mode: 0o755, Size: int64(len(content)), Typeflag: tar.TypeReg}
	if err := writer.WriteHeader(header); err != nil {
		return nil, err
	}
	if _, err := writer.Write(content); err != nil {
		return nil, err
	}
	return io.NopCloser(&file), writer.Close()
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}
