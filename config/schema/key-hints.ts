import { DEFAULT_CHAIN } from './chain-shape.ts'

/** Keys that other gateways have at the top, and in `admin`, by the key that means the same here. */
const DOCUMENT: Readonly<Record<string, string>> = {
  port: 'listen',
  bind: 'listen',
  address: 'listen',
  server: 'listen',
  routes: 'endpoints',
  services: 'endpoints',
  upstreams: 'endpoints',
  apis: 'endpoints',
  middleware: 'filters',
  middlewares: 'filters',
}
const ADMIN: Readonly<Record<string, string>> = {
  port: 'listen',
  bind: 'listen',
  address: 'listen',
  probes: 'probes_listen',
}

const same =
  (keys: Readonly<Record<string, string>>) =>
  (key: string): string | undefined =>
    Object.hasOwn(keys, key) ? `Here it is "${keys[key]}"` : undefined

/** What an unknown key of the document is here; undefined if nobody knows. */
export const documentHint = same(DOCUMENT)
/** The same for `admin`. */
export const adminHint = same(ADMIN)

/** Keys that other gateways have at an endpoint, by the filter that does that here, and the option that it has for it. */
const OPTIONS: Readonly<Record<string, readonly [filter: string, option?: string]>> = {
  retry: ['retry'],
  retries: ['retry', 'max_retries'],
  max_retries: ['retry', 'max_retries'],
  breaker: ['breaker'],
  circuit_breaker: ['breaker'],
  tls: ['proxy', 'tls'],
  dns: ['proxy', 'dns'],
  keep_alive: ['proxy', 'keep_alive'],
  preserve_host: ['proxy', 'preserve_host'],
  cors: ['cors', 'origins'],
  max_body_size: ['body-limit', 'max_size'],
  max_concurrent: ['concurrency-limit', 'max_concurrent'],
  outlier_detection: ['outlier-detection'],
}

/** Where a key belongs that no endpoint has; undefined if nobody knows. */
export function endpointHint(key: string): string | undefined {
  if (key === 'auth') return 'Whether a token is needed says auth_type: bearer, or auth_type: none'
  if (key === 'weight') return 'A weight belongs to a target: targets: [{ url: "http://…", weight: 2 }]'
  if (!Object.hasOwn(OPTIONS, key)) return undefined
  const [filter, option] = OPTIONS[key]!
  const options = option === undefined ? '…' : `${option}: …`
  const chain = DEFAULT_CHAIN.some((name) => name === filter) ? '' : `, with "${filter}" in the chain`
  return `The filter "${filter}" does that: filters: { ${filter}: { ${options} } }${chain}`
}
