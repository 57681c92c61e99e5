// How each program is started, by the name that cases use.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chainWith, chainWithout, FILTER_NAMES, type FilterName } from './filter-chains.ts'
import { pathOf } from './machine.ts'
import { peer } from './peers.ts'
import type { Launcher } from './sandbox.ts'
import { type WeirOptions, weir } from './weir.ts'

const found = (command: string): string => {
  const path = pathOf(command)
  if (path === undefined) throw new Error(`there is no ${command} (apt-get install ${command})`)
  return path
}

const write = (folder: string, name: string, text: string): string => {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

const bare: Launcher = ({ port, upstream }) => ({
  command: [process.execPath, join(import.meta.dirname, 'bare.ts'), `http://127.0.0.1:${upstream}`, String(port)],
})

const nginx: Launcher = ({ folder, port, upstream }) => {
  const file = write(
    folder,
    'nginx.conf',
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log crit;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 1000000000; client_max_body_size 0; proxy_max_temp_file_size 0;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  upstream bench { server 127.0.0.1:${upstream}; keepalive 64; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location /orchestrator/ { proxy_pass http://bench; proxy_http_version 1.1; proxy_set_header Connection ''; }
  }
}
`,
  )
  return { command: [found('nginx'), '-c', file, '-p', folder, '-e', join(folder, 'start.log')] }
}

const haproxy: Launcher = ({ folder, port, upstream }) => {
  const file = write(
    folder,
    'haproxy.cfg',
    `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
  http-reuse always
frontend bench
  bind 127.0.0.1:${port}
  default_backend up
backend up
  server up 127.0.0.1:${upstream} pool-max-conn 64
`,
  )
  return { command: [found('haproxy'), '-db', '-f', file] }
}

/** Weir as a case wants it. */
export const gateway =
  (options: WeirOptions): Launcher =>
  (place) => {
    const started = weir(options, place)
    const config = write(place.folder, 'weir.yaml', started.yaml)
    return { command: [...started.command, 'run', '--config', config], env: started.env }
  }

const traces = (share: number): Launcher =>
  gateway({
    env: (upstream) => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: upstream,
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: String(share),
    }),
  })

type WithOrWithout = `Weir with ${FilterName}` | `Weir without ${FilterName}`

/** Weir with and without each filter. */
const FILTER_LAUNCHERS = Object.fromEntries(
  FILTER_NAMES.flatMap((name) => [
    [`Weir with ${name}`, gateway({ chain: chainWith(name), auth: name === 'auth' })],
    [`Weir without ${name}`, gateway({ chain: chainWithout(name) })],
  ]),
) as Readonly<Record<WithOrWithout, Launcher>>

export const LAUNCHERS = {
  bare,
  nginx,
  haproxy,
  'fast-gateway': peer('fast-gateway'),
  '@fastify/http-proxy': peer('fastify-http-proxy'),
  '@platformatic/gateway': peer('platformatic-gateway'),
  'http-proxy': peer('http-proxy'),
  Weir: gateway({}),
  'Weir, traces at 1 %': traces(0.01),
  'Weir, traces at 100 %': traces(1),
  'Weir, RS256': gateway({ auth: true }),
  'Weir, access log': gateway({ accessLog: true }),
  'Weir, metrics, statistics and access log': gateway({ accessLog: true }),
  'Weir, unobserved': gateway({ chain: chainWithout('metrics'), yaml: 'statistics: false' }),
  'Weir, 10 endpoints': gateway({ endpoints: 10 }),
  'Weir, 10,000 endpoints': gateway({ endpoints: 10_000 }),
  'Weir, two workers': gateway({ yaml: 'workers: 2' }),
  ...FILTER_LAUNCHERS,
} as const satisfies Readonly<Record<string, Launcher>>

export type ProgramName = keyof typeof LAUNCHERS
