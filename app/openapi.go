package app

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/urfave/cli/v3"

	"slipway/store"
)

func openAPICommand(do action) *cli.Command {
	return &cli.Command{Name: "openapi", Usage: "print the OpenAPI description", Action: do(runOpenAPI)}
}

// runOpenAPI prints the description without any database or Temporal.
func runOpenAPI(_ context.Context, a *App) error {
	var err error
	if a.Store, err = store.Open(store.Config{URL: ":memory:"}); err != nil {
		return err
	}
	a.onClose(func() { a.logError("close database", a.Store.Close()) })
	defer a.Close()
	a.SecretKey = base64.StdEncoding.EncodeToString(make([]byte, 32)) // nothing is signed here
	if err := a.buildAPI(false); err != nil {
		return err
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, a.api.OpenAPI(), "", "  "); err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.stdout, pretty.String())
	return err
}
