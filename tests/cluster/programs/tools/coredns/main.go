// Command coredns is CoreDNS as released: every plugin of its own, nothing added.
package main

import (
	_ "github.com/coredns/coredns/core/plugin"
	"github.com/coredns/coredns/coremain"
)

func main() { coremain.Run() }
