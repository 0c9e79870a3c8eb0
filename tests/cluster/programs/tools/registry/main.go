// Command registry serves container images to one cluster. Layers lie in a folder and are found again
// after a restart; what names them (manifests) is in memory and is pushed anew.
package main

import (
	"flag"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	address := flag.String("address", "127.0.0.1:5000", "where to listen")
	folder := flag.String("folder", "", "where layers are kept")
	flag.Parse()
	if *folder == "" {
		log.Fatal("registry: name a folder with -folder")
	}
	server := http.Server{
		Addr:              *address,
		ReadHeaderTimeout: time.Minute,
		Handler: registry.New(
			registry.WithBlobHandler(registry.NewDiskBlobHandler(*folder)),
			registry.Logger(log.New(os.Stdout, "", log.LstdFlags)),
		),
	}
	log.Fatal(server.ListenAndServe())
}
