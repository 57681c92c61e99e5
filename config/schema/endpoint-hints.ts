import { DEFAULT_CHAIN } from './chain-shape.ts'

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
  max_body_size: ['body-limit', 'max_size'],
  max_concurrent: ['concurrency-limit', 'max_concurrent'],
  outlier_detection: ['outlier-detection'],
}

/** Where a key belongs that no endpoint has; undefined if nobody knows. */
export function endpointHint(key: string): string | undefined {
  if (key === 'weight') return 'A weight belongs to a target: targets: [{ url: "http://…", weight: 2 }]'
  if (!Object.hasOwn(OPTIONS, key)) return undefined
  const [filter, option] = OPTIONS[key]!
  const options = option === undefined ? '…' : `${option}: …`
  const chain = DEFAULT_CHAIN.some((name) => name === filter) ? '' : `, with "${filter}" in the chain`
  return `The filter "${filter}" does that: filters: { ${filter}: { ${options} } }${chain}`
}
