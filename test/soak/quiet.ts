// Whether the gateway's process is again as it was.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Probe } from './probe.ts'
import { must, say } from './run.ts'
import type { Gateway } from './support.ts'

/** An endpoint whose idle upstream connections go soon, so that they are not counted for long. */
export const endpoint = (name: string, url: string, own = '', proxy = ''): string =>
  `  - { name: ${name}, version: v1, url: "${url}"${own}, filters: { proxy: { keep_alive: 500ms${proxy} } } }\n`

/** Sockets, pipes and servers by kind. Timers come and go with a cache's or a pool's upkeep. */
const handles = ({ resources }: Probe): string =>
  Object.entries(resources)
    .filter(([kind]) => kind.endsWith('Wrap'))
    .map(([kind, count]) => `${count} ${kind.replace('Wrap', '')}`)
    .sort()
    .join(', ')

const SETTLE_MS = 30_000

/** Longer than upstreams tell the gateway to keep idle connections: Node's servers say 5 s. */
const STILL_MS = 6000

/**
 * What is there once nothing comes or goes any more, after a warm-up or at the end. The collections of garbage on the way count:
 * V8 drops code that did not run between several of them, which makes megabytes.
 */
export async function settled(gateway: Gateway): Promise<Probe> {
  const until = performance.now() + SETTLE_MS
  let probe = await gateway.probe(true)
  for (let since = performance.now(); performance.now() < Math.min(since + STILL_MS, until); ) {
    await sleep(500)
    const next = await gateway.probe(true)
    if (next.files !== probe.files || handles(next) !== handles(probe)) since = performance.now()
    probe = next
  }
  return probe
}

/** Says what the gateway holds, and that files and handles are back, and the heap to within `heapMiB`. */
export function mustBeBack(start: Probe, end: Probe, heapMiB: number): void {
  must('open files of the gateway, start → end', `${start.files} → ${end.files}`, end.files <= start.files)
  must('its handles', `${handles(start)} → ${handles(end)}`, handles(start) === handles(end))
  const mib = (of: (probe: Probe) => number): string => `${of(start).toFixed(1)} → ${of(end).toFixed(1)} MiB`
  must(
    'its live heap',
    mib(({ heap }) => heap),
    end.heap <= start.heap + heapMiB,
  )
  say(
    'its buffers',
    mib(({ buffers }) => buffers),
  )
  say(
    'its resident memory',
    mib(({ rss }) => rss),
  )
}
