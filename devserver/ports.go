package devserver

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// What a port is for, as PortInUseError says.
const (
	PurposeFrontend = "Temporal"
	PurposeUI       = "the Temporal UI"
	purposeInternal = "an internal Temporal service"
)

// PortInUseError says that a port the caller asked for belongs to another
// program. Nothing was started. The caller knows which setting to name.
type PortInUseError struct {
	Port    int
	Purpose string // PurposeFrontend or PurposeUI
}

// Error names the port and what it was wanted for.
func (e *PortInUseError) Error() string {
	return fmt.Sprintf("port %d, wanted for %s, is in use by another program", e.Port, e.Purpose)
}

// ports are the addresses of one server. Each is held open from the moment it is
// chosen until just before its service binds it: two servers that start together
// never choose the same one, and a clash is found while it can still be reported.
// Temporal and its UI both end the whole process on one.
type ports struct {
	frontend, history, matching, worker, ui port
}

type port struct {
	number int
	held   net.Listener
}

func reservePorts(cfg Config) (*ports, error) {
	p := &ports{}
	wanted := []struct {
		port    *port
		ip      string
		number  int
		purpose string
	}{
		{&p.frontend, cfg.IP, cfg.FrontendPort, PurposeFrontend},
		{&p.ui, cfg.IP, cfg.UIPort, PurposeUI},
		{&p.history, loopback, 0, purposeInternal},
		{&p.matching, loopback, 0, purposeInternal},
		{&p.worker, loopback, 0, purposeInternal},
	}
	for _, w := range wanted {
		if w.number == NoUI {
			continue
		}
		if err := w.port.take(w.ip, w.number, w.purpose); err != nil {
			p.release()
			return nil, err
		}
	}
	return p, nil
}

func (p *ports) releaseServices() {
	for _, service := range []*port{&p.frontend, &p.history, &p.matching, &p.worker} {
		service.release()
	}
}

func (p *ports) release() {
	p.releaseServices()
	p.ui.release()
}

func (p *port) take(ip string, number int, purpose string) error {
	l, err := net.Listen("tcp", net.JoinHostPort(ip, strconv.Itoa(number)))
	if errors.Is(err, syscall.EADDRINUSE) && number != 0 {
		return &PortInUseError{Port: number, Purpose: purpose}
	}
	if err != nil {
		return fmt.Errorf("listen for %s: %w", purpose, err)
	}
	p.number, p.held = l.Addr().(*net.TCPAddr).Port, l
	return nil
}

// release may be called again.
func (p *port) release() {
	if p.held != nil {
		_ = p.held.Close()
		p.held = nil
	}
}

// reachable turns the address a server binds into one a client can dial.
func reachable(ip string, port int) string {
	if parsed := net.ParseIP(ip); parsed != nil && parsed.IsUnspecified() {
		ip = loopback
	}
	return net.JoinHostPort(ip, strconv.Itoa(port))
}
