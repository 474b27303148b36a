package app

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows on stderr how far something has come, where a person looks;
// total below 0 is not known. In a pipe it shows nothing.
func (a *App) progress(total int, doing string) *progressbar.ProgressBar {
	w := a.stderr
	if w == nil || !isTerminal(w) {
		w = io.Discard
	}
	return progressbar.NewOptions(
		total,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription(fmt.Sprintf("%-14s", doing)),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(
			100*time.Millisecond,
		),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionFullWidth(),
	)
}

// fileSize is how many bytes there are to read; -1 for a pipe.
func fileSize(f *os.File) int {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return -1
	}
	return int(info.Size())
}
