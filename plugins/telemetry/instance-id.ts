import { hostname } from 'node:os'

const KEY = 'service.instance.id'

/**
 * `service.instance.id` of this process, unique among all that run at the same time (OpenTelemetry semantic conventions, service
 * resource): `host/pid`, for a worker `host/pid of the primary/number`.
 * @param worker number of this worker; undefined: it is none
 * @param given what the operator says in place of host and pid
 */
export function instanceId(worker: number | undefined, given?: string): string {
  const gateway = given ?? `${hostname()}/${worker === undefined ? process.pid : process.ppid}`
  return worker === undefined ? gateway : `${gateway}/${worker}`
}

/** The variables of the SDK, with the instance id of this process among the attributes of the resource. */
export function withInstanceId(
  variables: Readonly<Record<string, string>>,
  worker: number | undefined,
): Record<string, string> {
  // Without host id, owner and command line, which are private; an operator can add them by the variable.
  const { OTEL_RESOURCE_ATTRIBUTES: text = '', OTEL_NODE_RESOURCE_DETECTORS: detectors = 'env' } = variables
  const attributes = attributesOf(text)
  const given = attributes?.findLast(([key, value]) => key === KEY && value !== '')?.[1]
  const id = `${KEY}=${encodeURIComponent(instanceId(worker, given))}`
  return {
    ...variables,
    // Of two equal keys the last one counts. A text with a mistake counts as a whole for nothing (Resource SDK specification).
    OTEL_RESOURCE_ATTRIBUTES: attributes === undefined || text === '' ? id : `${text},${id}`,
    OTEL_NODE_RESOURCE_DETECTORS: detectorsOf(detectors),
  }
}

/** Undefined: it has a mistake. */
function attributesOf(text: string): [key: string, value: string][] | undefined {
  try {
    return text
      .split(',')
      .filter((pair) => pair.trim() !== '')
      .map((pair) => {
        const [key = '', value, ...more] = pair.split('=').map((part) => decodeURIComponent(part.trim()))
        if (key === '' || value === undefined || more.length > 0) throw new Error('expected key=value')
        return [key, value]
      })
  } catch {
    return undefined
  }
}

/** The id is read by `env`; `serviceinstance` would make one by chance. */
function detectorsOf(text: string): string {
  const wanted = text.split(',').map((name) => name.trim())
  if (wanted.includes('none')) return 'none'
  const names = wanted.includes('all') ? ['host', 'os', 'process'] : wanted
  return [...names.filter((name) => !['', 'env', 'serviceinstance'].includes(name)), 'env'].join(',')
}
