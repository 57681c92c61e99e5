// What must be cleaned up, whatever ends the process: its own end, an error, ctrl-C, SIGTERM.

const ends = new Set<() => void>()

process.once('exit', () => {
  // The last one first: processes before the folders that they use.
  for (const end of [...ends].toReversed()) end()
})
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  process.once(signal, () => process.exit(code))

/** `end` runs, without waiting for anything, when the process ends. Returns what takes that back. */
export function atExit(end: () => void): () => void {
  ends.add(end)
  return () => void ends.delete(end)
}
