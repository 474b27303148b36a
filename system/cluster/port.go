package cluster

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
)

// given counts the ports that FreePort gave out. They are below those that the
// system gives to whoever asks for any port: they stay free while what listens on
// them restarts.
var given atomic.Int32

// FreePort is a port of the loopback address that nobody listens on and that this
// process did not give out before.
func FreePort() (int, error) {
	const first, many = 20_000, 10_000
	for range many {
		port := first + (os.Getpid()*100+int(given.Add(1)))%many
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			return port, l.Close()
		}
	}
	return 0, errors.New("no port is free")
}
