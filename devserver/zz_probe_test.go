package devserver

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestZZProbe(t *testing.T) {
	f := os.Getenv("DS_PROBE")
	if f == "" {
		t.Skip()
	}
	t0 := time.Now()
	lg := slog.New(slog.NewTextHandler(os.Stderr, nil))
	s, err := Start(t.Context(), Config{DatabaseFile: f, Logger: lg})
	fmt.Println("child/parent start:", time.Since(t0), err)
	if err != nil {
		return
	}
	if os.Getenv("DS_CHILD") == "" {
		out, _ := exec.Command("sh", "-c", fmt.Sprintf("ss -ltnp 2>/dev/null | grep pid=%d || cat /proc/net/tcp | awk '$4==\"0A\"'", os.Getpid())).CombinedOutput()
		fmt.Println(string(out))
		c := exec.Command(os.Args[0], "-test.run", "ZZProbe")
		c.Env = append(os.Environ(), "DS_CHILD=1")
		out, _ = c.CombinedOutput()
		fmt.Println("CHILD:", string(out))
		time.Sleep(20 * time.Second)
		fmt.Println("stopping")
	}
	fmt.Println(s.Stop())
	ents, _ := exec.Command("ls", "-la", f, f+"-wal").CombinedOutput()
	fmt.Println(string(ents))
}
