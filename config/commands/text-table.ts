/** A cell: one line, or several lines. */
export type Cell = string | readonly string[]

/** Rows as aligned columns, with two spaces between them. */
export function table(rows: readonly (readonly Cell[])[], indent = ''): string {
  const tall = rows.map((row) => row.map((cell) => (typeof cell === 'string' ? [cell] : cell)))
  const widths: number[] = []
  for (const row of tall)
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, ...cell.map((line) => line.length))
    })
  const lines = tall.flatMap((row) =>
    Array.from({ length: Math.max(1, ...row.map((cell) => cell.length)) }, (_, line) =>
      `${indent}${row.map((cell, i) => (cell[line] ?? '').padEnd(widths[i]!)).join('  ')}`.trimEnd(),
    ),
  )
  return lines.map((line) => `${line}\n`).join('')
}
