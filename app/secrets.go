package app

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/alexedwards/argon2id"
	"github.com/dustin/go-humanize"
)

// Key is the secret key's bytes. Without one, dev keeps its own in the data
// directory; elsewhere it is an error, since processes must agree on it.
func (s *Settings) Key(generate bool) ([]byte, error) {
	text := s.SecretKey
	if text == "" && generate {
		var err error
		text, err = s.remembered(
			"secret-key",
			func() string { return base64.StdEncoding.EncodeToString(randomBytes(32)) },
		)
		if err != nil {
			return nil, err
		}
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("SLIPWAY_SECRET_KEY must be 32 bytes in base64; make one with `openssl rand -base64 32`")
	}
	return key, nil
}

// remembered reads a generated value from the data directory, or generates and
// keeps it there, readable by its owner only.
func (s *Settings) remembered(name string, generate func() string) (string, error) {
	file := filepath.Join(s.DataDir, name)
	if text, err := os.ReadFile(file); err == nil {
		return strings.TrimSpace(string(text)), nil
	}
	if err := os.MkdirAll(s.DataDir, 0o700); err != nil {
		return "", fmt.Errorf("create the data directory: %w", err)
	}
	text := generate()
	if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keep a generated secret: %w", err)
	}
	return text, nil
}

// HashParams reads "19MiB,2,1", the cost of a password's hash. Memory without a
// unit is MiB below 1024, else KiB.
func (s *Settings) HashParams() (*argon2id.Params, error) {
	parts := strings.Split(strings.ReplaceAll(s.PasswordHash, " ", ""), ",")
	if len(parts) != 3 {
		return nil, errors.New("not three numbers")
	}
	memory, err := kibibytes(parts[0])
	if err != nil {
		return nil, err
	}
	passes, err := strconv.ParseUint(parts[1], 10, 8)
	if err != nil {
		return nil, err
	}
	threads, err := strconv.ParseUint(parts[2], 10, 8)
	if err != nil {
		return nil, err
	}
	if passes == 0 || threads == 0 || memory < 8*threads || memory > 1<<20 {
		return nil, errors.New("out of range")
	}
	return &argon2id.Params{
		Memory: uint32(memory), Iterations: uint32(passes), Parallelism: uint8(threads), SaltLength: 16, KeyLength: 32,
	}, nil
}

// kibibytes reads a size: with a unit, or a plain number of KiB, of MiB below 1024.
func kibibytes(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	switch {
	case err != nil:
		bytes, err := humanize.ParseBytes(text)
		return bytes / humanize.KiByte, err
	case n < 1024: // mebibytes
		return n * humanize.KiByte, nil
	}
	return n, nil
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

func randomPassword() string { return base64.RawURLEncoding.EncodeToString(randomBytes(12)) }
