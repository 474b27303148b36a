//go:build bench && !nodev

package main

import ("testing";"time";"fmt";"os";"runtime/pprof";"syscall")

func cpuNow() time.Duration { var r syscall.Rusage; syscall.Getrusage(0,&r); return time.Duration(r.Utime.Nano()+r.Stime.Nano()) }

func TestZZ(t *testing.T) {
	b := &bench{running: startApp(t, func(a *app) { a.reconcileEvery = time.Hour }), t: t}
	b.startFloors()
	b.load(50, 10, b.empty); b.load(50, 10, b.trial)
	for _, n := range []int{1, 50} {
	f, _ := os.Create(fmt.Sprintf("/tmp/empty%d.prof", n)); pprof.StartCPUProfile(f)
	c := cpuNow(); e := b.load(300, n, b.empty); ce := (cpuNow()-c)/300
	pprof.StopCPUProfile(); f.Close()
	f, _ = os.Create(fmt.Sprintf("/tmp/trial%d.prof", n)); pprof.StartCPUProfile(f)
	c = cpuNow(); x := b.load(300, n, b.trial); cx := (cpuNow()-c)/300
	pprof.StopCPUProfile(); f.Close()
	fmt.Printf("n=%d empty %.0f/s p50 %v cpu %v | trial %.0f/s p50 %v cpu %v\n", n, e.rate, e.p50, ce, x.rate, x.p50, cx)
	}
}
