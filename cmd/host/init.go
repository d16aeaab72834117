package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/engine"
	"github.com/quiredb/quire/sql/scram"
	"github.com/quiredb/quire/sql/settings"
)

func newInit() *cobra.Command {
	var dir, superuser, passwordFile string
	cmd := &cobra.Command{
		Use:   "init -D DIR",
		Short: "Create a data directory",
		Long: `Create a data directory with one database, postgres, and one role, a superuser. Over the unix socket the operating
system user of the role's name needs no password; over TCP everybody does.`,
		Example: `  quire init -D /var/lib/quire
  quire init -D /tmp/q1 -U ann --password-file secret.txt`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := needDir(dir); err != nil {
				return err
			}
			verifier, err := verifierFrom(passwordFile)
			if err != nil {
				return err
			}
			if superuser == "" {
				u, err := user.Current()
				if err != nil {
					return fmt.Errorf("find the operating system user's name: %w; give one with -U", err)
				}
				superuser = u.Username
			}
			if len(superuser) > maxNameBytes {
				return fmt.Errorf("the superuser's name has %d bytes; give one of at most %d with -U", len(superuser), maxNameBytes)
			}
			opts := engine.InitOptions{Superuser: superuser, PasswordVerifier: verifier, Log: zerolog.Nop()}
			if err := engine.Init(vfs.OS(), dir, opts); err != nil {
				return err
			}
			if err := writeConfig(dir); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is ready; superuser %s\nstart it with: quire serve -D %s\n", dir, superuser, dir)
			return nil
		},
	}
	dirFlag(cmd, &dir)
	cmd.Flags().StringVarP(&superuser, "username", "U", "", "name of the superuser (default the operating system user's)")
	cmd.Flags().StringVar(&passwordFile, "password-file", "", "file whose first line is the superuser's password")
	return cmd
}

// maxNameBytes is the longest name that a statement can have: PostgreSQL's grammar cuts longer ones.
const maxNameBytes = 63

func verifierFrom(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read the password file: %w", err)
	}
	line, _, _ := bytes.Cut(b, []byte("\n"))
	password := strings.TrimSuffix(string(line), "\r")
	if password == "" {
		return "", errors.New("the password file's first line is empty; put the password there")
	}
	return scram.NewVerifier(password)
}

// writeConfig leaves a quire.toml with every parameter that can be set in it, at its default and commented out.
func writeConfig(dir string) error {
	var b strings.Builder
	b.WriteString("# Configuration of this Quire data directory. A line without # sets a parameter. SIGHUP reads the file again;\n" +
		"# parameters marked (restart) take effect at the next start.\n")
	for _, d := range settings.All() {
		if d.Context == settings.Internal {
			continue
		}
		restart := ""
		if d.Context == settings.Postmaster {
			restart = " (restart)"
		}
		fmt.Fprintf(&b, "\n# %s%s\n# %s = %q\n", d.Help, restart, d.Name, d.Show(d.Default))
	}
	return os.WriteFile(filepath.Join(dir, settings.FileName), []byte(b.String()), 0o600)
}
