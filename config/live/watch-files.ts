import { glob, lstat, readlink, stat } from 'node:fs/promises'
import { dirname, join, parse, resolve, sep } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { type FSWatcher, watch } from 'chokidar'
import { type Deadline, sleep, startInterval, startTimer } from '../../core/base/timer.ts'

/** Time without changes after which a writer is taken to be finished, and the longest wait if changes don't end. */
const QUIET_MS = 100
const LONGEST_MS = 1000
const MAX_LINKS = 40
/** How often files are compared where the system tells of no changes. */
const POLL_MS = 3000

export interface WatchOptions {
  /** The last known state by file and pattern, if there is one; kept up to date. */
  readonly seen?: Map<string, string>
  /** Called once if the system can't tell of changes, because of a limit of its own; files are compared from then on. */
  failed?(error: Error): void
  /** Makes the watcher. Default: chokidar's. */
  readonly watch?: typeof watch
  readonly pollMs?: number
}

/**
 * Calls `changed` when one of the files has changed, is gone or is back, or when other files match the patterns. It notices
 * files that are written in place or replaced by renaming, and symbolic links that point elsewhere.
 * @param files absolute paths
 * @param patterns absolute glob patterns, each with a wildcard
 */
export async function watchFiles(
  files: readonly string[],
  patterns: readonly string[],
  changed: () => void,
  { seen = new Map(), failed, watch: make = watch, pollMs = POLL_MS }: WatchOptions = {},
): Promise<() => Promise<void>> {
  const names = [...files, ...patterns.map((pattern) => `glob ${pattern}`)]
  const state = (): Promise<string[]> => Promise.all([...files.map(stamp), ...patterns.map(matches)])
  const now = await state()
  for (const name of seen.keys()) if (!names.includes(name)) seen.delete(name)
  for (const [i, name] of names.entries()) if (!seen.has(name)) seen.set(name, now[i]!)
  let watched = await placesOf(files, patterns)
  let first = 0
  let timer: Deadline | undefined
  let closed = false
  let poll: Deadline | undefined
  let looking = false
  const look = async (): Promise<void> => {
    timer = undefined
    const places = await placesOf(files, patterns)
    if (closed) return
    watcher.unwatch([...watched].filter((place) => !places.has(place)))
    watcher.add([...places].filter((place) => !watched.has(place)))
    watched = places
    const now = poll === undefined ? await state() : await settled(state, names, seen)
    if (closed) return
    const news = names.filter((name, i) => seen.get(name) !== now[i])
    for (const [i, name] of names.entries()) seen.set(name, now[i]!)
    if (news.length > 0) changed()
  }
  const soon = (): void => {
    const now = performance.now()
    if (timer === undefined) first = now
    timer?.cancel()
    const wait = Math.max(0, Math.min(QUIET_MS, first + LONGEST_MS - now))
    timer = startTimer(wait, () => void look().catch(fall), { background: true })
  }
  /** There are no events, or files can't be looked at for now (EMFILE): compares them again and again. */
  const fall = (error: Error): void => {
    if (closed || poll !== undefined) return
    poll = startInterval(pollMs, () => {
      if (looking) return
      looking = true
      // Tried again by the next one.
      void look()
        .catch(() => {})
        .finally(() => (looking = false))
    })
    failed?.(error)
  }
  const watcher = await start(make, watched, fall)
  // Raw events too: chokidar has no other event for a folder in place of a file.
  watcher.on('all', soon).on('raw', soon)
  // Changes during the setup of the watcher have no event.
  soon()
  return async () => {
    closed = true
    timer?.cancel()
    poll?.cancel()
    await watcher.close()
  }
}

function start(make: typeof watch, places: ReadonlySet<string>, failed: (error: Error) => void): Promise<FSWatcher> {
  const watcher = make([...places], { ignoreInitial: true, followSymlinks: false, depth: 0 })
  return new Promise((done) => {
    watcher.once('ready', () => done(watcher))
    // ENOSPC: no more inotify watches; EMFILE: no more inotify instances, or files.
    watcher.on('error', (error) => {
      failed(error as Error)
      done(watcher)
    })
  })
}

/** The state once it is the same for a while: where no event tells of the end of a change, a file may be half written. */
async function settled(
  state: () => Promise<string[]>,
  names: readonly string[],
  seen: ReadonlyMap<string, string>,
): Promise<string[]> {
  let now = await state()
  for (let waited = 0; waited < LONGEST_MS && names.some((name, i) => seen.get(name) !== now[i]); waited += QUIET_MS) {
    await sleep(QUIET_MS)
    const next = await state()
    if (isDeepStrictEqual(next, now)) break
    now = next
  }
  return now
}

/** Differs for different states of a file; empty if there is no file. */
export async function stamp(file: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join()
  } catch {
    return ''
  }
}

async function matches(pattern: string): Promise<string> {
  const names: string[] = []
  for await (const name of glob(pattern)) names.push(name)
  return names.sort().join('\0')
}

/** All paths whose replacement can change what is read: the files, the links that lead to them, folders of patterns. */
async function placesOf(files: readonly string[], patterns: readonly string[]): Promise<Set<string>> {
  const places = new Set<string>()
  for (const file of files) await trace(file, places)
  for (const pattern of patterns) {
    const parts = pattern.split(sep)
    const fixed = parts.findIndex((part) => /[*?[{]/.test(part))
    await trace(parts.slice(0, fixed).join(sep) || sep, places)
    for (let depth = fixed + 1; depth < parts.length; depth++)
      for await (const entry of glob(parts.slice(0, depth).join(sep), { withFileTypes: true }))
        if (entry.isDirectory()) places.add(join(entry.parentPath, entry.name))
    for await (const name of glob(pattern)) {
      places.add(dirname(name))
      await trace(name, places)
    }
  }
  return places
}

async function trace(path: string, places: Set<string>): Promise<void> {
  let { root: at } = parse(path)
  let rest = path.slice(at.length).split(sep).filter(Boolean)
  for (let links = 0; rest.length > 0; ) {
    const place = join(at, rest.shift()!)
    const link = await lstat(place).then(
      (stats) => (stats.isSymbolicLink() ? readlink(place) : undefined),
      () => undefined,
    )
    if (link === undefined) {
      at = place
      continue
    }
    places.add(place)
    if (++links > MAX_LINKS) break
    const target = resolve(at, link)
    at = parse(target).root
    rest = [...target.slice(at.length).split(sep).filter(Boolean), ...rest]
  }
  places.add(at)
}
