// A stand-in for the module of the same name: see ../README.md.
module go.mongodb.org/mongo-driver/v2

go 1.26
