import { glob, lstat, readlink, stat } from 'node:fs/promises'
import { dirname, join, parse, resolve, sep } from 'node:path'
import { type FSWatcher, watch } from 'chokidar'

/** Quiet that an editor or `kubectl` needs to finish what it writes, and the longest that endless writing holds it up. */
const QUIET_MS = 100
const LONGEST_MS = 1000
const MAX_LINKS = 40

/**
 * Calls `changed` when one of the files holds something else, is gone or is back, or when other files match the patterns:
 * written in place, replaced by renaming, or behind a symbolic link that points elsewhere now.
 * @param files absolute paths
 * @param patterns absolute glob patterns
 */
export async function watchFiles(
  files: readonly string[],
  patterns: readonly string[],
  changed: () => void,
): Promise<() => Promise<void>> {
  const state = async (): Promise<string> =>
    JSON.stringify([await Promise.all(files.map(stamp)), await matches(patterns)])
  let last = await state()
  let watched = await placesOf(files, patterns)
  let first = 0
  let timer: NodeJS.Timeout | undefined
  let closed = false
  const look = async (): Promise<void> => {
    timer = undefined
    const places = await placesOf(files, patterns)
    if (closed) return
    watcher.unwatch([...watched].filter((place) => !places.has(place)))
    watcher.add([...places].filter((place) => !watched.has(place)))
    watched = places
    const now = await state()
    if (closed || now === last) return
    last = now
    changed()
  }
  const soon = (): void => {
    const now = performance.now()
    if (timer === undefined) first = now
    clearTimeout(timer)
    timer = setTimeout(() => void look(), Math.max(0, Math.min(QUIET_MS, first + LONGEST_MS - now))).unref()
  }
  const watcher = await start(watched)
  watcher.on('all', soon)
  // What changed while the watcher was set up has no event.
  soon()
  return async () => {
    closed = true
    clearTimeout(timer)
    await watcher.close()
  }
}

function start(places: ReadonlySet<string>): Promise<FSWatcher> {
  const watcher = watch([...places], { ignoreInitial: true, followSymlinks: false, depth: 0 })
  // A folder that can't be watched (a limit of the system, say) is no reason to stop: SIGHUP still reloads.
  watcher.on('error', () => {})
  return new Promise((done) => watcher.once('ready', () => done(watcher)))
}

/** What tells one state of a file from another. */
async function stamp(file: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join()
  } catch {
    return ''
  }
}

async function matches(patterns: readonly string[]): Promise<readonly string[]> {
  const names: string[] = []
  for (const pattern of patterns) for await (const name of glob(pattern)) names.push(name)
  return names.sort()
}

/** Every path whose replacement can change what is read: the files, the links on the way to them, folders of patterns. */
async function placesOf(files: readonly string[], patterns: readonly string[]): Promise<Set<string>> {
  const places = new Set<string>()
  for (const file of files) await trace(file, places)
  for (const pattern of patterns) {
    const fixed = pattern.split(sep).findIndex((part) => /[*?[{]/.test(part))
    const folder = pattern
      .split(sep)
      .slice(0, fixed === -1 ? undefined : fixed)
      .join(sep)
    await trace(folder === '' ? sep : folder, places)
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
