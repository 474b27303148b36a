package devserver

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

// clusterName is what Temporal calls the only cluster of an unreplicated
// installation. It is written into the database.
const clusterName = "active"

// What the two databases are called in Temporal's configuration.
const (
	workflowStore   = "workflows"
	visibilityStore = "visibility"
)

// temporalConfig leaves out what would open further ports: metrics, pprof and
// the frontend's HTTP interface.
func temporalConfig(cfg Config, p *ports, dbs databases) *config.Config {
	frontend := reachable(cfg.IP, p.frontend.number)
	return &config.Config{
		Global: config.Global{Membership: config.Membership{
			MaxJoinDuration:  30 * time.Second,
			BroadcastAddress: loopback,
		}},
		Persistence: config.Persistence{
			DefaultStore:     workflowStore,
			VisibilityStore:  visibilityStore,
			NumHistoryShards: 1, // written into the database, fixed for its life
			DataStores: map[string]config.DataStore{
				workflowStore:   {SQL: dbs.workflows, FaultInjection: lostWrites(cfg.LostWrites)},
				visibilityStore: {SQL: dbs.visibility},
			},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{clusterName: {
				Enabled:                true,
				InitialFailoverVersion: 1,
				RPCAddress:             frontend,
			}},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services: map[string]config.Service{
			string(primitives.FrontendService): listen(cfg.IP, p.frontend.number),
			string(primitives.HistoryService):  listen(loopback, p.history.number),
			string(primitives.MatchingService): listen(loopback, p.matching.number),
			string(primitives.WorkerService):   listen(loopback, p.worker.number),
		},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: "disabled"},
			Visibility: config.VisibilityArchival{State: "disabled"},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: "disabled"},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: "disabled"},
		}},
		PublicClient: config.PublicClient{HostPort: frontend},
	}
}

func listen(ip string, port int) config.Service {
	return config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: ip}}
}

// hosts names every service's one address, which spares the membership ring
// with its ports and its seconds of waiting.
func hosts(cfg Config, p *ports) map[primitives.ServiceName]static.Hosts {
	internal := func(port int) static.Hosts {
		return static.SingleLocalHost(net.JoinHostPort(loopback, strconv.Itoa(port)))
	}
	return map[primitives.ServiceName]static.Hosts{
		primitives.FrontendService: static.SingleLocalHost(reachable(cfg.IP, p.frontend.number)),
		primitives.HistoryService:  internal(p.history.number),
		primitives.MatchingService: internal(p.matching.number),
		primitives.WorkerService:   internal(p.worker.number),
	}
}

// bootTemporal starts the four services. They start in a goroutine of their own
// because a fatal log line ends the goroutine it is written on. With an error
// the server is nil when there is nothing to stop.
func bootTemporal(cfg Config, p *ports, dbs databases, log *logger) (temporal.Server, error) {
	var (
		server temporal.Server
		err    = errors.New("start-up ended early")
		done   = make(chan struct{})
	)
	go func() {
		defer close(done)
		created, failed := newTemporal(cfg, p, dbs, log)
		if failed != nil {
			err = failed
			return
		}
		server = created
		err = server.Start()
	}()
	<-done
	if fatal := log.fatalError(); fatal != nil {
		err = fatal
	}
	if err != nil {
		return server, fmt.Errorf("start Temporal: %w", err)
	}
	return server, nil
}

func newTemporal(cfg Config, p *ports, dbs databases, log *logger) (temporal.Server, error) {
	return temporal.NewServer(
		temporal.WithConfig(temporalConfig(cfg, p, dbs)),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts(cfg, p)),
		temporal.WithLogger(log),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper {
			return authorization.NewNoopClaimMapper()
		}),
		temporal.WithCustomMetricsHandler(metrics.NoopMetricsHandler),
		temporal.WithDynamicConfigClient(tuning(cfg.RunLimit)),
	)
}
