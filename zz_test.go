//go:build bench && !nodev

package main

import ("testing";"time";"fmt")

func TestZZ(t *testing.T) {
	b := &bench{running: startApp(t, func(a *app) { a.reconcileEvery = time.Hour }), t: t}
	b.startFloors()
	b.load(100, 50, b.empty); b.load(100, 50, b.trial)
	for range 1 {
		e := b.load(200, 50, b.empty)
		x := b.load(200, 50, b.trial)
		fmt.Printf("empty %.0f/s p50 %v p99 %v | trial %.0f/s p50 %v p99 %v ratio %.2f\n", e.rate, e.p50.Round(time.Millisecond), e.p99.Round(time.Millisecond), x.rate, x.p50.Round(time.Millisecond), x.p99.Round(time.Millisecond), x.rate/e.rate)
	}
	e := b.load(100, 1, b.empty)
	x := b.load(100, 1, b.trial)
	fmt.Printf("alone empty p50 %v trial p50 %v ratio %.2f\n", e.p50, x.p50, float64(x.p50)/float64(e.p50))
}
