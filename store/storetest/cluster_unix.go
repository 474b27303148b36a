//go:build unix

package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// settings make a server small, quick and without regard for power cuts. What
// was committed still survives the death of the server.
const settings = `
listen_addresses = '127.0.0.1'
port = %d
unix_socket_directories = '%s'
max_connections = 200
shared_buffers = 64MB
fsync = off
full_page_writes = off
logging_collector = off
`

// NewCluster makes a database cluster in a temporary folder and starts it. It
// ends with this process, however that ends: see watch.
func NewCluster() (*Cluster, error) {
	bin, err := findPostgres()
	if err != nil {
		return nil, err
	}
	c := &Cluster{bin: bin}
	if c.dir, err = os.MkdirTemp("", "slipway-postgres-"); err != nil {
		return nil, err
	}
	who, err := unprivileged()
	if err == nil && who != nil {
		err = os.Chown(c.dir, int(who.Uid), int(who.Gid))
	}
	if err == nil {
		err = c.run("initdb", "-D", c.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	}
	if err == nil {
		err = c.configure()
	}
	if err == nil {
		err = c.watch()
	}
	if err == nil {
		err = c.start()
	}
	if err != nil {
		c.Remove()
		return nil, fmt.Errorf("PostgreSQL did not start: %w", err)
	}
	return c, nil
}

// findPostgres returns the folder of the server's programs.
func findPostgres() (string, error) {
	folders := filepath.SplitList(os.Getenv("PATH"))
	debian, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	for _, folder := range append(folders, debian...) {
		_, noInit := os.Stat(filepath.Join(folder, "initdb"))
		_, noControl := os.Stat(filepath.Join(folder, "pg_ctl"))
		if noInit == nil && noControl == nil {
			return folder, nil
		}
	}
	return "", errors.New("there is no PostgreSQL: install it (Debian: postgresql) " +
		"or set SLIPWAY_TEST_POSTGRES to a superuser's postgres:// URL")
}

// unprivileged is the user that the server runs as: PostgreSQL refuses root. Nil leaves
// it to the user we are.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(err1, err2)
	}
	return nil, errors.New("we are root, and there is no user postgres or nobody to run it as")
}

func (c *Cluster) data() string { return filepath.Join(c.dir, "data") }

// configure gives the server a free port of the loopback address.
func (c *Cluster) configure() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	c.port = l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return err
	}
	if err := c.askPassword(); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(c.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, settings, c.port, c.dir)
	return errors.Join(err, f.Close())
}

// askPassword has the server ask one role for its password; it trusts all others.
func (c *Cluster) askPassword() error {
	file := filepath.Join(c.data(), "pg_hba.conf")
	trusting, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	asking := fmt.Sprintf("host all %s all scram-sha-256\n", byPassword)
	return os.WriteFile(file, append([]byte(asking), trusting...), 0)
}

// start starts the server, again while a killed one still lets go of its memory.
func (c *Cluster) start() error {
	deadline := time.Now().Add(patience)
	for {
		err := c.control("start", "-l", filepath.Join(c.dir, "log"))
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// Kill ends the server as a power cut would, mid-transaction: all its processes
// at once, without a word to their clients.
func (c *Cluster) Kill(t testing.TB) {
	t.Helper()
	line, err := os.ReadFile(filepath.Join(c.data(), "postmaster.pid"))
	require.NoError(t, err)
	first, _, _ := bytes.Cut(line, []byte("\n"))
	postmaster, err := strconv.Atoi(string(first))
	require.NoError(t, err)
	children := c.backends(t)
	for _, pid := range append([]int{postmaster}, children...) { // the parent first, or it would begin to recover
		require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	}
}

// backends are the server's processes but the first, as it knows them.
func (c *Cluster) backends(t testing.TB) []int {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.admin())
	require.NoError(t, err)
	defer func() { _ = conn.Close(ctx) }()
	rows, err := conn.Query(ctx, "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
	require.NoError(t, err)
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	require.NoError(t, err)
	return pids
}

// control runs pg_ctl and waits until it is done.
func (c *Cluster) control(command string, flags ...string) error {
	return c.run("pg_ctl", append([]string{command, "-D", c.data(), "-w", "-t", "30", "-s"}, flags...)...)
}

// run runs one of the server's programs as its user. The output goes to a file:
// a pipe would stay open as long as the server runs.
func (c *Cluster) run(program string, args ...string) error {
	out, err := os.CreateTemp("", "slipway-postgres-*.out")
	if err != nil {
		return err
	}
	defer func() { _ = errors.Join(out.Close(), os.Remove(out.Name())) }()
	cmd := exec.Command(filepath.Join(c.bin, program), args...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := c.as(cmd).Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		logged, _ := os.ReadFile(filepath.Join(c.dir, "log"))
		return fmt.Errorf("%s: %w\n%s%s", program, err, said, logged)
	}
	return nil
}

// as makes the command run as the server's user, out of reach of Ctrl-C.
func (c *Cluster) as(cmd *exec.Cmd) *exec.Cmd {
	who, _ := unprivileged()
	cmd.Dir = c.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who, Setpgid: true}
	return cmd
}

// watch leaves a shell behind that waits for the end of this process, whether
// by exit, panic, time limit or kill, then stops the server and removes its
// folder. It learns of the end by the pipe that closes.
func (c *Cluster) watch() error {
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	cmd := exec.Command("sh", "-c", `cat; "$1" stop -D "$2/data" -m immediate; rm -rf "$2"`, "sh",
		filepath.Join(c.bin, "pg_ctl"), c.dir)
	cmd.Stdin = read
	err = c.as(cmd).Start()
	c.leash = write // held, so that the garbage collector does not close it
	return errors.Join(err, read.Close())
}

// Remove ends the server and its folder.
func (c *Cluster) Remove() {
	_ = c.control("stop", "-m", "immediate")
	_ = os.RemoveAll(c.dir)
}
