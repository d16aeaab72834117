package main

import (
	"net"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/quiredb/quire/plugins/sdk/amtest/sample"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// announceLanes describes the access method with a socket for lanes.
func announceLanes(name, socket string) func() (*pb.Description, error) {
	return func() (*pb.Description, error) {
		d := sample.New(name).Describe()
		d.Lanes = socket
		return wire.DescriptionToProto(d), nil
	}
}

// scribble takes lanes in shared memory and fills them with nonsense, a different one each time.
func scribble(name string) {
	at := filepath.Join(os.Getenv(wire.SocketDirEnv), wire.LanesSocket)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: at})
	if err != nil {
		panic(err)
	}
	go func() {
		for n := byte(1); ; n++ {
			conn, err := l.AcceptUnix()
			if err != nil {
				panic(err)
			}
			b, oob := make([]byte, 64), make([]byte, 64)
			_, oobn, _, _, err := conn.ReadMsgUnix(b, oob)
			if err != nil {
				panic(err)
			}
			cmsgs, _ := unix.ParseSocketControlMessage(oob[:oobn])
			fds, err := unix.ParseUnixRights(&cmsgs[0])
			if err != nil {
				panic(err)
			}
			if unix.Ftruncate(fds[0], 0) == nil {
				panic("the memory of a lane can be taken away")
			}
			var st unix.Stat_t
			_ = unix.Fstat(fds[0], &st)
			mem, err := unix.Mmap(fds[0], 0, int(st.Size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
			if err != nil {
				panic(err)
			}
			switch n {
			case 1: // nonsense everywhere
				for i := range mem {
					mem[i] = byte(i * 7)
				}
			case 2: // an endless message
				for i := range mem {
					mem[i] = 0xff
				}
			case 3: // the lane ends
				_ = conn.Close()
			case 4: // a message that is none
				mem[4096+(len(mem)-4096)/2] = 9
				mem[1152] = 13
			} // and then nothing at all
		}
	}()
	serve(&server{am: method{sample.New(name)}, describe: announceLanes(name, at)})
}
