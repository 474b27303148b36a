package devserver

import (
	"encoding/json"
	"os"
	"strconv"

	"go.temporal.io/server/common/config"
)

func benchAttr(c *config.SQL) {
	m := map[string]string{}
	if j := os.Getenv("DS_ATTR"); j != "" {
		_ = json.Unmarshal([]byte(j), &m)
		for k, v := range m {
			if v == "" {
				delete(c.ConnectAttributes, k)
			} else {
				c.ConnectAttributes[k] = v
			}
		}
	}
	if v := os.Getenv("DS_CONNS"); v != "" {
		c.MaxConns, _ = strconv.Atoi(v)
		c.MaxIdleConns = c.MaxConns
	}
}
