// Go's own resolver (GODEBUG=netdns=go), as every static Go program has it: it reads /etc/resolv.conf and asks.
package main

import (
	"fmt"
	"net"
	"os"
)

func main() {
	addresses, err := net.LookupHost(os.Args[1])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(addresses[0])
}
