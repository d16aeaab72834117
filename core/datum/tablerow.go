package datum

// TableRow is the row type of a table whose columns came at different times.
type TableRow struct {
	RowType
	// Missing has, for every column, the value in rows that were stored before the column was added. Nil means that all are null.
	Missing []Datum
}

// DecodeRow is RowType.DecodeRow, with the missing values for columns that were added after the row was written.
func (tr *TableRow) DecodeRow(data []byte, row []Datum) error {
	return tr.decode(data, row, len(tr.RowType), nil, tr.Missing)
}

// DecodeColumns is RowType.DecodeColumns, with the missing values for columns that were added after the row was written.
func (tr *TableRow) DecodeColumns(data []byte, need []int, row []Datum) error {
	if len(need) == 0 {
		return nil
	}
	return tr.decode(data, row, need[len(need)-1]+1, need, tr.Missing)
}
