package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/rs/zerolog"

	"github.com/quiredb/quire/plugins/host"
)

// dumpPlugins lists the plugins of a directory: file, size and checksum, or why it would not be started. None is started.
func dumpPlugins(w io.Writer, dir string) error {
	r, err := host.Open(host.Config{Dir: dir, Log: zerolog.Nop()})
	if err != nil {
		return err
	}
	defer r.Close()
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "name\tbytes\tsha256\tfile")
	for _, info := range r.List() {
		f, err := r.Inspect(info.Name)
		if err != nil {
			fmt.Fprintf(tw, "%s\t-\t-\t%s (%v)\n", info.Name, info.Path, err)
			continue
		}
		fmt.Fprintf(tw, "%s\t%d\t%s\t%s\n", info.Name, f.Size, f.SHA256, f.Path)
	}
	return tw.Flush()
}
