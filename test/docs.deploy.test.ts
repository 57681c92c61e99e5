// Every configuration that the page about deployment shows is one that loads, and its parts fit together.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to the environment look like this
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { type LoadedConfig, parseConfig } from '../config/live/config-loader.ts'
import { startGateway } from '../core/testing.ts'

const page = readFileSync(resolve(import.meta.dirname, '../docs/guides/deploy.md'), 'utf8')
const blocks = (language: string): string[] =>
  Array.from(page.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'gm')), ([, text]) => text!)

/** Manifests of Kubernetes by kind. */
// biome-ignore lint/suspicious/noExplicitAny: a manifest is what its author wrote
type Manifests = Readonly<Record<string, any>>
const manifests: Manifests = Object.fromEntries(
  blocks('yaml')
    .filter((text) => text.startsWith('apiVersion'))
    .flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as { kind: string }))
    .map((manifest) => [manifest.kind, manifest]),
)
const inCluster: string = manifests.ConfigMap.data['weir.yaml']
const configurations = [...blocks('yaml').filter((text) => !text.startsWith('apiVersion')), inCluster]

const env = { WEIR_ADMIN_KEY: 'k'.repeat(32) }
const read = (text: string): LoadedConfig => parseConfig(text, { file: 'weir.yaml', env })
const portOf = ({ spec }: LoadedConfig, listener: string): number | undefined =>
  spec.listeners.find(({ name }) => name === listener)?.port
const stopMs = ({ settings: { shutdown } }: LoadedConfig): number => shutdown.gracePeriodMs + shutdown.timeoutMs

t.test('every configuration starts a gateway, without a warning', async (t) => {
  t.equal(configurations.length, 3)
  for (const text of configurations) {
    t.same(read(text).warnings, [])
    const free = text
      .replaceAll(/\b0\.0\.0\.0:\d+/g, '127.0.0.1:0')
      .replace(/probes_listen: \d+/, 'probes_listen: 127.0.0.1:0')
    await using gateway = await startGateway(free, { env })
    const { port } = gateway.gateway.address('probes')!
    t.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 200)
    t.equal((await fetch(`http://127.0.0.1:${port}/metrics`)).status, 404)
  }
})

t.test('the manifests of Kubernetes fit the configuration', async (t) => {
  const config = read(inCluster)
  const { spec } = manifests.Deployment.spec.template
  const [container] = spec.containers
  const ports = new Map<string, number>(
    container.ports.map(({ name, containerPort }: { name: string; containerPort: number }) => [name, containerPort]),
  )
  t.equal(ports.get('http'), portOf(config, 'proxy'))
  t.equal(ports.get('admin'), portOf(config, 'admin'))
  for (const probe of ['readinessProbe', 'livenessProbe'])
    t.equal(ports.get(container[probe].httpGet.port), portOf(config, 'probes'), probe)
  t.equal(ports.get(manifests.Service.spec.ports[0].targetPort), portOf(config, 'proxy'))
  t.ok(spec.terminationGracePeriodSeconds * 1000 > stopMs(config))
  const { periodSeconds, failureThreshold } = container.readinessProbe
  t.ok(periodSeconds * failureThreshold * 1000 < config.settings.shutdown.gracePeriodMs)
  t.same(
    container.env.map(({ name }: { name: string }) => name),
    Object.keys(env),
  )
  t.equal(container.volumeMounts[0].mountPath, '/etc/weir')
  t.match(blocks('dockerfile')[0], '"--config", "/etc/weir/weir.yaml"')
})

t.test('the load balancer and systemd fit it too', async (t) => {
  const config = read(configurations[0]!)
  const [, port, seconds, fall] = /check port (\d+) inter (\d+)s fall (\d+)/.exec(blocks('haproxy')[0]!)!
  t.equal(Number(port), portOf(config, 'probes'))
  t.ok(Number(seconds) * Number(fall) * 1000 < config.settings.shutdown.gracePeriodMs)
  t.ok(Number(/TimeoutStopSec=(\d+)/.exec(blocks('ini')[0]!)?.[1]) * 1000 > stopMs(config))
})
