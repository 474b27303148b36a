// A stand-in for the module of the same name: see ../README.md.
module github.com/pelletier/go-toml/v2

go 1.26
