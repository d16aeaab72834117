// Hostile is an access method that misbehaves on request, for the tests of package host. It is never installed.
//
// What it does at its start follows from the name of its file ("hostile_badline"); what it does in a call follows from the
// index option label, "BEHAVIOUR" or "BEHAVIOUR@METHOD" ("crash@Insert"). Anything else works: it is access
// method sample underneath.
package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc"

	"github.com/quiredb/quire/plugins/sdk"
	"github.com/quiredb/quire/plugins/sdk/amtest/sample"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

func main() {
	name := filepath.Base(os.Args[0])
	if len(os.Args) > 1 && os.Args[1] == "linger" { // a grandchild that ignores SIGTERM and holds standard error open
		ignoreTerm()
		forever()
	}
	_, mode, _ := strings.Cut(name, "_")
	if start, ok := starts[mode]; ok {
		start(name)
		return
	}
	sdk.Serve(method{sample.New(name)})
}

// starts are the ways to go wrong before or in the handshake.
var starts = map[string]func(name string){
	"exit": func(string) {
		fmt.Fprintln(os.Stderr, "cannot find my configuration")
		os.Exit(3)
	},
	"panic":   func(string) { panic("born to fail") },
	"silent":  func(string) { forever() },
	"stopped": func(string) { stopSelf() },
	"badline": func(string) {
		fmt.Println("Hello, I am a plugin!\x1b[31m")
		forever()
	},
	"endless": func(string) {
		for {
			if _, err := os.Stdout.WriteString(strings.Repeat("x", 4096)); err != nil {
				os.Exit(1)
			}
		}
	},
	"core":     func(string) { announce("9|1|unix|" + socketPath() + "|grpc|") },
	"version":  func(string) { announce("1|7|unix|" + socketPath() + "|grpc|") },
	"tcp":      func(string) { announce("1|1|tcp|127.0.0.1:1|grpc|") },
	"netrpc":   func(string) { announce("1|1|unix|" + socketPath() + "|netrpc|") },
	"outside":  func(string) { announce("1|1|unix|/tmp/somebody-elses.sock|grpc|") },
	"nosocket": func(string) { announce("1|1|unix|" + socketPath() + "|grpc|") },
	"mute": func(string) { // listens, and never answers
		l, err := net.Listen("unix", socketPath())
		if err != nil {
			panic(err)
		}
		announce("1|1|unix|" + l.Addr().String() + "|grpc|")
	},
	"shy": func(name string) { // shakes hands, then stops itself before it is asked anything
		serve(&server{am: method{sample.New(name)}, describe: func() (*pb.Description, error) { stopSelf(); return nil, nil }})
	},
	"misnamed": func(string) { sdk.Serve(method{sample.New("somebody")}) },
	"noclass": func(name string) {
		serve(&server{am: method{sample.New(name)}, describe: func() (*pb.Description, error) {
			return &pb.Description{Name: name}, nil
		}})
	},
	"nan": func(name string) {
		serve(&server{am: method{sample.New(name)}, describe: func() (*pb.Description, error) {
			d := sample.New(name).Describe()
			d.Cost.PerPage = -1
			return wire.DescriptionToProto(d), nil
		}})
	},
	"raw": func(name string) { serve(&server{am: method{sample.New(name)}}) },
	"lanes": func(name string) { // takes shared lanes on a socket of somebody else's
		serve(&server{am: method{sample.New(name)}, describe: announceLanes(name, "/tmp/somebody-elses.sock")})
	},
	"nolanes": func(name string) { // and on one that is not there
		at := filepath.Join(os.Getenv(wire.SocketDirEnv), wire.LanesSocket)
		serve(&server{am: method{sample.New(name)}, describe: announceLanes(name, at)})
	},
	"scribble": scribble,
	"tidy":     func(name string) { sdk.Serve(sample.NewSorted(name)) },
	"sorted":   func(name string) { serve(&server{am: sample.NewSorted(name)}) }, // misbehaves on lanes only
	"lookups": func(name string) {
		serve(&server{am: sample.NewSorted(name), describe: func() (*pb.Description, error) {
			d := sample.NewSorted(name).Describe()
			d.Lookups = 8
			return wire.DescriptionToProto(d), nil
		}})
	},
	"flood": func(name string) {
		for i := range 20000 {
			fmt.Fprintf(os.Stderr, "line %d \x1b[2J\x00 of many\n", i)
		}
		fmt.Fprintln(os.Stderr, strings.Repeat("long", 1<<20))
		sdk.Serve(method{sample.New(name)})
	},
}

func socketPath() string { return filepath.Join(os.Getenv(wire.SocketDirEnv), "s") }

// announce writes a handshake line and waits for the end.
func announce(line string) {
	fmt.Println(line)
	forever()
}

// forever does nothing; an empty select would be taken for a deadlock.
func forever() {
	for {
		time.Sleep(time.Hour)
	}
}

// serve shakes hands by itself and serves srv, without the SDK's care.
func serve(srv *server) {
	l, err := net.Listen("unix", socketPath())
	if err != nil {
		panic(err)
	}
	s := grpc.NewServer(append(sdk.ServerOptions(), grpc.MaxSendMsgSize(1<<30))...)
	pb.RegisterAccessMethodServer(s, srv)
	fmt.Printf("1|1|unix|%s|grpc|\n", l.Addr())
	if err := s.Serve(l); err != nil {
		os.Exit(1)
	}
}

func stopSelf() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	time.Sleep(time.Hour)
}
