package devserver

import (
	"encoding/json"
	"os"

	"go.temporal.io/server/common/dynamicconfig"
)

func zzTuning() dynamicconfig.StaticClient {
	c := tuning()
	if os.Getenv("DS_UNTUNED") != "" {
		c = dynamicconfig.StaticClient{}
	}
	if j := os.Getenv("DS_DYN"); j != "" {
		m := map[string]any{}
		_ = json.Unmarshal([]byte(j), &m)
		for k, v := range m {
			if f, ok := v.(float64); ok {
				v = int(f)
			}
			c[dynamicconfig.MakeKey(k)] = v
		}
	}
	return c
}
