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

/** After a warm-up: resolves with what is there once nothing comes or goes for two seconds. */
export async function settled(gateway: Gateway): Promise<Probe> {
  const until = performance.now() + SETTLE_MS
  let probe = await gateway.probe(true)
  for (let still = 0; still < 4 && performance.now() < until; ) {
    await sleep(500)
    const next = await gateway.probe(true)
    still = next.files === probe.files && handles(next) === handles(probe) ? still + 1 : 0
    probe = next
  }
  return probe
}

/** Waits until the gateway holds no more than at the start, but not for ever. */
export async function quiet(gateway: Gateway, start: Probe): Promise<Probe> {
  const until = performance.now() + SETTLE_MS
  for (;;) {
    const now = await gateway.probe(true)
    const back = now.files <= start.files && handles(now) === handles(start)
    if (back || performance.now() > until) return now
    await sleep(250)
  }
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
