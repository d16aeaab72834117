// Package page defines the 8 KiB page, the names of places (LSN, TID, Tag), and the vocabulary of edits by which a
// page changes. The host, the log and every access method share it, so it imports the standard library only.
//
// Always true:
//
//	P1. Bytes [0,12) (LSN, checksum) belong to whoever installs a page. No edit reads, writes or compares them.
//	P2. The hole [lower,upper) is zero before and after every edit. An edit that would leave a byte there fails.
//	P3. Change.Apply on the old page gives the new page, Change.Undo on the new page gives the old one, byte for byte
//	    outside [0,12). Only a Change marked Barrier has no Undo.
//	P4. Apply, Undo, Replay, Validate and the accessors accept any bytes: they return an error or a zero answer,
//	    never panic, and allocate no more than a few pages.
//	P5. One routine per operation. The Editor, redo of a logged Change and replay of a submitted list call the same.
//	P6. A stamped place (Editor.StampLSN) is final: no later operation of that Editor touches it.
//
// Nothing here locks. A Page is bytes that the caller guards; an Editor belongs to one goroutine at a time.
package page
