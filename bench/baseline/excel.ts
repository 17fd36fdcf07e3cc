import { PassThrough } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import ExcelJS from 'exceljs'

export type BareSheet = {
  name: string
  columns: readonly { header: string; width: number }[]
  /** Rows of ready values, with the number format of each column. */
  rows: readonly (readonly (string | number | null)[])[]
  formats: readonly string[]
}

/** exceljs' streaming writer alone: rows that are in memory already, no thread, no database. */
export async function writeBare({ name, columns, rows, formats }: BareSheet): Promise<Buffer> {
  const stream = new PassThrough()
  const file = buffer(stream)
  const workbook = new ExcelJS.stream.xlsx.WorkbookWriter({ stream, useStyles: true, useSharedStrings: true })
  const sheet = workbook.addWorksheet(name, { views: [{ state: 'frozen', ySplit: 1 }] })
  sheet.columns = columns.map(({ width }) => ({ width }))
  const header = sheet.addRow(columns.map((column) => column.header))
  header.font = { bold: true }
  header.commit()
  for (const cells of rows) {
    const row = sheet.addRow([...cells])
    for (const [index, format] of formats.entries()) if (cells[index] !== null) row.getCell(index + 1).numFmt = format
    row.commit()
  }
  sheet.commit()
  await workbook.commit()
  return file
}
