// A stand-in for the module of the same name: see ../README.md.
module cloud.google.com/go/storage

go 1.26

require google.golang.org/api v0.276.0

replace google.golang.org/api => ../google-api
