//go:build bench && !nodev

package system

import (
	"bufio"
	"fmt"
	"net"
	"runtime"
	"slices"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	watchers     = 2000
	watcherBytes = 150 << 20
)

// watchers opens many streams on one process and looks at memory and statements.
func (b *bench) watchers() {
	o := b.signUp("watched@example.com", "Watched", "growth")
	before := memory()
	streams := make([]net.Conn, watchers)
	for i := range streams {
		streams[i] = b.watch(o)
	}
	eventually(b.t, func() bool { return b.app.Store.Watchers() == watchers }, "all watch")
	after, idle := memory(), []int64{}
	for range 3 { // a job of reconcile looks for received onboardings every ten seconds: in one of them at most
		statements := b.app.Store.Statements()
		time.Sleep(3 * time.Second) // nothing changes meanwhile: that is what is measured
		idle = append(idle, b.app.Store.Statements()-statements)
	}
	slices.Sort(idle)
	for _, s := range streams {
		_ = s.Close()
	}
	b.rows = append(b.rows,
		row{what: fmt.Sprintf("%d open SSE watchers: more memory (their clients' ends included)", watchers),
			ours: fmt.Sprintf("%d MB", (after-before)>>20), required: "≤ 150 MB", met: after-before <= watcherBytes},
		row{what: "statements while nothing changes, 3 s, median of three", ours: fmt.Sprint(idle[1]), required: "0",
			met: idle[1] == 0})
}

// watch opens one stream over a bare connection and reads its first event.
func (b *bench) watch(o kickedOff) net.Conn {
	conn, err := net.Dial("tcp", b.url[len("http://"):])
	require.NoError(b.t, err)
	fmt.Fprintf(conn, "GET /v1/onboardings/%s/events HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n\r\n", o.ID,
		o.ClientSecret)
	line, err := bufio.NewReaderSize(conn, 512).ReadString('\n')
	require.NoError(b.t, err)
	require.Contains(b.t, line, "200")
	return conn
}

// memory is what the process holds after a collection.
func memory() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
