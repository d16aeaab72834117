package sdk

import (
	"os"
	"time"
)

// parentPoll is how often the parent is looked for where nothing wakes us when it ends.
const parentPoll = 2 * time.Second

// pollParent calls died when the parent is no longer the one it was: an orphan is handed to another process.
func pollParent(parent int, died func()) {
	for os.Getppid() == parent {
		time.Sleep(parentPoll)
	}
	died()
}
