package devserver

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// What a port is for, as told by PortInUseError.
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

func (e *PortInUseError) Error() string {
	return fmt.Sprintf("port %d, wanted for %s, is in use by another program", e.Port, e.Purpose)
}

// ports are the addresses of one server. They are held open from the moment
// they are chosen until just before their services bind them: two servers that
// start together never choose the same one, and a clash is found while it can
// still be reported. Temporal and its UI both end the whole process on one.
type ports struct {
	frontend, history, matching, worker, ui int
	held                                    []net.Listener
}

func reservePorts(cfg Config) (*ports, error) {
	p := &ports{}
	err := errors.Join(
		p.take(&p.frontend, cfg.IP, cfg.FrontendPort, PurposeFrontend),
		p.takeUI(cfg),
		p.take(&p.history, loopback, 0, purposeInternal),
		p.take(&p.matching, loopback, 0, purposeInternal),
		p.take(&p.worker, loopback, 0, purposeInternal),
	)
	if err != nil {
		p.release()
		return nil, err
	}
	return p, nil
}

func (p *ports) takeUI(cfg Config) error {
	if cfg.UIPort == NoUI {
		return nil
	}
	return p.take(&p.ui, cfg.IP, cfg.UIPort, PurposeUI)
}

func (p *ports) take(into *int, ip string, port int, purpose string) error {
	l, err := net.Listen("tcp", net.JoinHostPort(ip, strconv.Itoa(port)))
	if errors.Is(err, syscall.EADDRINUSE) && port != 0 {
		return &PortInUseError{Port: port, Purpose: purpose}
	}
	if err != nil {
		return fmt.Errorf("listen for %s: %w", purpose, err)
	}
	p.held = append(p.held, l)
	*into = l.Addr().(*net.TCPAddr).Port
	return nil
}

func (p *ports) release() {
	for _, l := range p.held {
		_ = l.Close()
	}
	p.held = nil
}

// reachable turns the address a server binds into one a client can dial.
func reachable(ip string, port int) string {
	if parsed := net.ParseIP(ip); parsed != nil && parsed.IsUnspecified() {
		ip = loopback
	}
	return net.JoinHostPort(ip, strconv.Itoa(port))
}
