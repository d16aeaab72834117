package page_test

import (
	"fmt"

	"github.com/quiredb/quire/core/page"
)

// An access method edits a copy; the host, on its own copy of the same version, replays the list and logs the change.
func Example() {
	stored := page.New() // what the block holds

	author := page.NewEditor(stored)
	if err := author.Init(8, 0); err != nil {
		fmt.Println(err)
	}
	if err := author.InsertItem(1, []byte("hello")); err != nil {
		fmt.Println(err)
	}
	list, _ := author.ForwardEdits()

	host := page.NewEditor(stored)
	if err := host.Replay(list); err != nil {
		fmt.Println(err) // names the edit: the author's fault
	}
	if err := host.Page().Validate(); err != nil {
		fmt.Println(err)
	}
	change, _ := host.Change(false)
	fmt.Println(change)

	replica := page.New()
	if err := change.Apply(replica, 0); err != nil {
		fmt.Println(err)
	}
	item, _ := replica.Item(1)
	fmt.Printf("%s, CRC equal: %v\n", item, replica.ContentCRC() == host.Page().ContentCRC())

	if err := change.Undo(replica, 0); err != nil {
		fmt.Println(err)
	}
	fmt.Println("new again:", replica.IsNew())
	// Output:
	// edits, new page: init special 8 flags 0000, append (5 bytes)
	// hello, CRC equal: true
	// new again: true
}
