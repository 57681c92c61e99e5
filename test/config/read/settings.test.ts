import t from 'tap'
import { DEFAULT_STATISTICS } from '../../../core/control/statistics.ts'
import { DEFAULT_LIMITS } from '../../../core/http/downstream-limits.ts'
import { NO_LIMITS } from '../../../core/http/overload.ts'
import { DEFAULT_ACCESS_LOG } from '../../../core/observe/access-log.ts'
import { endpoint, filter, parse, problems, warnings } from '../support.ts'

t.test('settings have defaults', async (t) => {
  const { settings, notices } = parse(endpoint('disabled: false'))
  t.strictSame(
    { ...settings, baseDir: '' },
    {
      file: 'weir.yaml',
      baseDir: '',
      logLevel: 'info',
      logFormat: 'auto',
      logTime: 'epoch',
      logLevelNames: false,
      accessLog: DEFAULT_ACCESS_LOG,
      debug: false,
      trustedProxies: [],
      trustForwardedHost: false,
      clientHeaders: { underscores: 'drop', keep: [], remove: [] },
      downstream: DEFAULT_LIMITS,
      overload: NO_LIMITS,
      plugins: [],
      workers: { count: 1, timeoutMs: 10_000, maxHeap: undefined },
      tracing: {
        enabled: undefined,
        endpoint: undefined,
        sampleRatio: undefined,
        serviceName: undefined,
        endpointRatios: {},
        trust: 'always',
        keep: undefined,
        redactQueryKeys: [],
      },
      recent: { keep: 200, errors: 200, slow: 100, slowerThanMs: 1000 },
      explain: undefined,
      shutdown: { gracePeriodMs: 0, timeoutMs: 30_000 },
      statistics: DEFAULT_STATISTICS,
      tokens: undefined,
      admin: { changes: 'file' },
      echo: undefined,
      healthCheck: undefined,
    },
  )
  t.same(notices, [])
})

t.test('settings are read, and reach no filter', async (t) => {
  const config = parse(`
log_level: WARNING
access_log: false
debug: true
trusted_proxies: [10.0.0.0/8, "fd00::/8", 192.0.2.1]
shutdown: { grace_period: 5s, timeout: 1m }
plugins: [./hello.ts, some-package]
tracing: { enabled: true, endpoint: "http://localhost:4318", sample_ratio: 0.01, service_name: weir, redact_query_keys: [pin] }
echo: { listen: 127.0.0.1:8002 }
downstream: { headers_timeout: 1, idle_timeout: 2, body_timeout: 3, send_timeout: 4s, max_headers_size: 1KiB, max_headers_count: 7,
  max_target_size: 64, upgrade_protocols: [WebSocket, tls/1.3] }
overload: { max_requests: 5, max_memory: 1GiB, max_lag: 50ms }
`)
  const { settings } = config
  t.same(settings.downstream, {
    headersTimeoutMs: 1000,
    idleTimeoutMs: 2000,
    bodyTimeoutMs: 3000,
    sendTimeoutMs: 4000,
    maxHeadersSize: 1024,
    maxHeadersCount: 7,
    maxTargetSize: 64,
    upgradeProtocols: ['websocket', 'tls/1.3'],
    minRate: 0,
    maxConnectionsPerAddress: Infinity,
  })
  t.same(settings.overload, { maxRequests: 5, maxMemory: 1024 ** 3, maxLagMs: 50 })
  t.match(settings, {
    logLevel: 'warn',
    accessLog: { enabled: false },
    debug: true,
    echo: { host: '127.0.0.1', port: 8002 },
  })
  t.same(settings.trustedProxies, ['10.0.0.0/8', 'fd00::/8', '192.0.2.1'])
  t.same(settings.shutdown, { gracePeriodMs: 5000, timeoutMs: 60_000 })
  t.same(settings.plugins, [
    { specifier: './hello.ts', at: ['plugins', 0] },
    { specifier: 'some-package', at: ['plugins', 1] },
  ])
  t.same(settings.tracing, {
    enabled: true,
    endpoint: 'http://localhost:4318',
    sampleRatio: 0.01,
    serviceName: 'weir',
    endpointRatios: {},
    trust: 'always',
    redactQueryKeys: ['pin'],
  })
  t.same(filter(config, 'route-match')?.options, { debug: true })
  for (const { name, options } of config.spec.listeners[0]?.chain ?? [])
    if (name !== 'route-match' && name !== 'auth') t.same(options, {})
})

t.test('empty sections are as good as none; the word off switches off', async (t) => {
  const config = parse(
    'endpoints:\nplugins:\nshutdown:\noverload:\ntracing:\ncircuit_breaker:\nhealth_check:\ntrusted_proxies:\ndownstream:\necho: off\nadmin: off\n',
  )
  t.equal(config.spec.listeners.length, 1)
  t.equal(config.settings.echo, undefined)
  t.equal(config.settings.healthCheck, undefined)
  t.equal(parse('admin: false').spec.listeners.length, 1)
  t.same(parse('echo: {}').settings.echo, { host: '127.0.0.1', port: 8002 })
})

t.test('what is unwise is a warning', async (t) => {
  t.same(warnings('endpoints: []'), ['1:1 endpoints: there are no endpoints: every request gets 404'])
  t.same(warnings('listen: 1'), ['1:1 endpoints: there are no endpoints: every request gets 404'])
  t.same(warnings(endpoint('disabled: false', 'trusted_proxies: [0.0.0.0/0]')), [
    '5:19 trusted_proxies[0]: this trusts every client to name its own address: list only your own proxies',
  ])
})

t.test('what is cleaned of the fields of requests', async (t) => {
  const { settings } = parse(`trust_forwarded_host: true
client_headers: { underscores: refuse, keep: [X-Forwarded-Prefix, X-SSL-Client-*], remove: [X-Internal-*] }
${endpoint('disabled: false')}`)
  t.equal(settings.trustForwardedHost, true)
  t.same(settings.clientHeaders, {
    underscores: 'refuse',
    keep: ['X-Forwarded-Prefix', 'X-SSL-Client-*'],
    remove: ['X-Internal-*'],
  })
})

t.test('fields that can be neither kept nor removed', async (t) => {
  const wrong = (key: string, name: string): string[] =>
    problems(`client_headers: { ${key}: ["${name}"] }\n${endpoint('disabled: false')}`)
  t.match(wrong('keep', 'X-Forwarded-For'), [/the gateway writes this field itself; list the proxy/])
  for (const name of ['X-Tenant', 'Connection', 'Proxy', 'Proxy-Authorization', 'X_Real_IP', 'x-*'])
    t.match(wrong('keep', name), [/this field is not one that is removed from clients/], name)
  for (const name of ['Host', 'content-length', 'Via'])
    t.match(wrong('remove', name), [/the gateway itself needs this field/], name)
  for (const name of ['', '*', 'a b', 'a:'])
    t.match(wrong('remove', name), [/expected the name of a header field/], name)
})

t.test('access_log: a mapping refines the default', async (t) => {
  const { settings } = parse(
    'access_log: { statuses: [5xx, 404], paths: { exclude: [/healthz, /static/*] }, share: 0.1, keep_errors: false }\nlog_format: pretty\n',
  )
  t.strictSame(settings.accessLog, {
    ...DEFAULT_ACCESS_LOG,
    statuses: ['5xx', 404],
    paths: { include: undefined, exclude: ['/healthz', '/static/*'] },
    share: 0.1,
    keepErrors: false,
  })
  t.equal(settings.logFormat, 'pretty')
})
