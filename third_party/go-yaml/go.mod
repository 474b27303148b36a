// A stand-in for the module of the same name: see ../README.md.
module github.com/goccy/go-yaml

go 1.26
