// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to the environment look like this
import { chmodSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { LocatedConfigError } from '../../../config/document/located-config-error.ts'
import { loadConfig } from '../../../config/live/config-loader.ts'
import { ConfigError } from '../../../core/control/config-error.ts'
import { endpoint as endpointOf, targetOf } from '../../../core/testing.ts'
import { endpoint, filter, parse, tempFile } from '../support.ts'

t.test('a file that is there loads; its folder is where relative paths start', async (t) => {
  const { file, dir, remove } = tempFile()
  t.teardown(remove)
  writeFileSync(file, `\uFEFFlisten: \${PORT}\r\n${endpoint('disabled: true').replaceAll('\n', '\r\n')}`)
  const config = await loadConfig(file, { PORT: '9000' })
  t.equal(config.spec.listeners[0]?.port, 9000)
  t.equal(config.spec.endpoints[0]?.endpoint.status, 'disabled')
  t.equal(config.settings.file, file)
  t.equal(config.settings.baseDir, dir)
})

t.test('the environment is that of the process unless another is given', async (t) => {
  const { file, remove } = tempFile()
  t.teardown(remove)
  process.env.WEIR_TEST_PORT = '7001'
  t.teardown(() => delete process.env.WEIR_TEST_PORT)
  writeFileSync(file, 'listen: ${WEIR_TEST_PORT}\n')
  t.equal((await loadConfig(file)).spec.listeners[0]?.port, 7001)
})

t.test('a file that cannot be read is refused in plain words', async (t) => {
  const { file, dir, remove } = tempFile()
  t.teardown(remove)
  const refused = async (path: string, message: string): Promise<void> => {
    const error = await loadConfig(path, {}).catch((e: unknown) => e)
    t.ok(error instanceof LocatedConfigError && error instanceof ConfigError)
    t.equal((error as Error).message, `${path}: ${message}`)
  }
  await refused(file, 'there is no such file. "weir init" writes one to start with')
  await refused(dir, 'this is a folder, not a file')
  writeFileSync(file, '')
  await refused(file, 'the file is empty')
  await refused(join(file, 'x'), 'a part of the path is a file, not a folder')
  writeFileSync(file, Buffer.from([0x61, 0xff, 0xfe]))
  await refused(file, 'the file is not UTF-8 text')
  truncateSync(file, 10 * 1024 ** 2 + 1)
  await refused(file, 'the file is larger than 10 MiB')
  await refused('/dev/zero', 'the file is larger than 10 MiB')
  writeFileSync(file, '# nothing\n')
  await refused(file, 'expected a configuration, such as "listen: 8000"; found nothing but comments or space')
  if (process.getuid?.() !== 0) {
    chmodSync(file, 0)
    await refused(file, 'no permission to read the file')
  }
  mkdirSync(join(dir, 'sub'))
  await refused(join(dirname(file), 'sub'), 'this is a folder, not a file')
})

t.test('the older form loads unchanged and means the obvious thing', async (t) => {
  const config = parse(`
endpoints:
  - url: "https://api.service.com"
    name: "service_api"
    version: "v1"
    methods: ["GET", "POST"]
    auth_type: "bearer"
    disabled: false
    timeout: 30
circuit_breaker:
  failure_threshold: 5
  reset_timeout: 60
  half_open_max_calls: 3
  fallback_strategy: "error_response"
health_check:
  enabled: true
  interval: 30
  timeout: 10
  unhealthy_threshold: 3
  healthy_threshold: 2
log_level: "INFO"
metrics_enabled: true
auth_algorithm: "HS256"
`)
  t.same(config.warnings, [])
  t.same(config.notices, [
    'health checks request "/" where no path is set (health_check.path, health_check_path): "v1/service_api"',
  ])
  const at = ['endpoints', 0]
  t.strictSame(
    config.spec.endpoints[0]?.endpoint,
    endpointOf('v1/service_api', { targets: [targetOf('https://api.service.com')], requires: ['authentication'] }),
  )
  t.same(config.spec.endpoints[0]?.filters, {
    auth: {
      options: { required: true, accept: ['bearer'] },
      at,
      origins: { required: [...at, 'auth_type'], accept: [...at, 'auth_type'] },
    },
    'method-check': { options: { methods: ['GET', 'POST'] }, at, origins: { methods: [...at, 'methods'] } },
    proxy: { options: { timeout: 30 }, at, origins: { timeout: [...at, 'timeout'] } },
  })
  const [proxy, admin] = config.spec.listeners
  t.match(proxy, { name: 'proxy', host: undefined, port: 8000, routes: true, requires: [], at: ['listen'] })
  t.same(
    proxy?.chain.map((entry) => [entry.name, entry.factory]),
    ['request-id', 'auth', 'route-match', 'method-check', 'breaker', 'proxy', 'metrics'].map((name) => [name, name]),
  )
  t.same(filter(config, 'auth')?.options, { algorithm: 'HS256' })
  const breaker = filter(config, 'breaker')
  t.same(breaker?.options, {
    failure_threshold: 5,
    reset_timeout: 60,
    half_open_max_calls: 3,
    fallback_strategy: 'error_response',
  })
  t.same(breaker?.origins?.reset_timeout, ['circuit_breaker', 'reset_timeout'])
  t.same(config.document.locate(breaker?.origins?.reset_timeout ?? []), { file: 'weir.yaml', line: 12, col: 3 })
  t.match(admin, { name: 'admin', host: '127.0.0.1', port: 8001, routes: false, requires: [], at: ['admin'] })
  t.same(admin?.chain, [{ name: 'admin', factory: 'admin', options: {}, at: ['admin', 'filters'] }])
  t.same(config.settings.healthCheck, {
    enabled: true,
    intervalMs: 30_000,
    timeoutMs: 10_000,
    unhealthyThreshold: 3,
    healthyThreshold: 2,
    method: 'GET',
    path: '/',
    headers: {},
    statuses: ['2xx'],
    bodyMatch: undefined,
    endpoints: new Map(),
  })
})
