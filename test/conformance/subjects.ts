import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connectTo } from '../support/client.ts'
import { WeirProcess } from '../support/process.ts'
import type { Subject } from './engine.ts'
import type { Upstream } from './upstream.ts'

/** `nobody`, where this process may become somebody else. */
const NOBODY = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}

/** The gateways that are installed, as functions that start them. */
export const STARTERS: Readonly<Record<string, (upstreams: readonly Upstream[]) => Promise<Subject>>> = {
  weir: startWeir,
  nginx: (upstreams) => startOther('nginx', nginxConf, ['-p', '.', '-e', 'stderr', '-c'], upstreams),
  haproxy: (upstreams) => startOther('haproxy', haproxyConf, ['-db', '-f'], upstreams),
}

/** First line that the program says about its version; undefined if it is not installed. */
export function versionOf(program: string): string | undefined {
  if (program === 'weir') return 'this tree'
  const { stdout, stderr, error } = spawnSync(program, ['-v'], { encoding: 'utf8' })
  return error === undefined ? /\d+\.\d+\.\d+/.exec(stdout + stderr)?.[0] : undefined
}

async function startWeir(upstreams: readonly Upstream[]): Promise<Subject> {
  const dir = await mkdtemp(join(tmpdir(), 'weir-conformance-'))
  const endpoints = upstreams.flatMap(({ port }, n) => [
    `  - { name: l${n}, url: "http://127.0.0.1:${port}/l${n}" }`,
    `  - { name: h${n}, url: "http://127.0.0.1:${port}/h${n}", filters: { proxy: { timeout: 1s, preserve_host: true } } }`,
  ])
  const yaml = `listen: 127.0.0.1:0
admin: off
trusted_proxies: [127.0.0.9]
downstream: { body_timeout: 1s }
filters:
  - request-id
  - route-match: { prefix: "" }
  - method-check
  - proxy: { timeout: 1s }
endpoints:
${endpoints.join('\n')}
`
  await writeFile(join(dir, 'weir.yaml'), yaml)
  const weir = new WeirProcess({ cwd: dir })
  const { port } = new URL(await weir.url('proxy'))
  return {
    name: 'weir',
    port: Number(port),
    stop: async () => {
      await weir.stop('SIGKILL')
      await rm(dir, { recursive: true, force: true })
    },
  }
}

async function startOther(
  name: string,
  conf: (port: number, upstreams: readonly Upstream[]) => string,
  args: readonly string[],
  upstreams: readonly Upstream[],
): Promise<Subject> {
  const dir = await mkdtemp(join(tmpdir(), `weir-${name}-`))
  await chmod(dir, 0o755)
  const port = await freePort()
  const file = join(dir, `${name}.conf`)
  await writeFile(file, conf(port, upstreams))
  if (NOBODY.uid !== undefined) await chown(dir, NOBODY.uid, NOBODY.gid)
  const child = spawn(name, [...args, file], { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'], ...NOBODY })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4096)
  })
  await answers(port, child, () => said)
  return {
    name,
    port,
    stop: async () => {
      const gone = new Promise((resolve) => child.once('close', resolve))
      if (child.exitCode === null && child.kill('SIGKILL')) await gone
      await rm(dir, { recursive: true, force: true })
    },
  }
}

async function answers(port: number, child: ChildProcess, said: () => string): Promise<void> {
  for (let tries = 0; child.exitCode === null && tries < 200; tries++) {
    const socket = await connectTo(port).catch(() => undefined)
    if (socket !== undefined) return void socket.destroy()
    await pause(25)
  }
  child.kill('SIGKILL')
  throw new Error(`${child.spawnfile} did not start\n${said()}`)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => void server.close(() => resolve()))
  return port
}

const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `  ${kind}_temp_path ${kind};`)

/** As an operator would write it for an edge proxy that streams: forwarding fields from the connection, kept upstreams. */
function nginxConf(port: number, upstreams: readonly Upstream[]): string {
  const fields = (host: string): string => `      proxy_set_header Host ${host};
      proxy_set_header Connection $upgrade_or_nothing;
      proxy_set_header Upgrade $websocket;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header Forwarded "for=$remote_addr;host=\\"$http_host\\";proto=$scheme";
      proxy_set_header Via $via;
      add_header Via "1.1 nginx" always;`
  const locations = upstreams.map(
    (_, n) => `    location /l${n}/ {
      proxy_pass http://u${n};
${fields('$proxy_host')}
    }
    location /h${n}/ {
      proxy_pass http://u${n};
${fields('$host')}
    }`,
  )
  return `pid nginx.pid;
daemon off;
master_process off;
events { worker_connections 512; }
http {
  access_log off;
${temporary.join('\n')}
  map $server_protocol $received { default 1.1; HTTP/1.0 1.0; }
  map $http_via $via { default "$http_via, $received nginx"; '' "$received nginx"; }
  map $http_upgrade $websocket { default ''; ~*^websocket$ websocket; }
  map $websocket $upgrade_or_nothing { default upgrade; '' ''; }
${upstreams.map(({ port: to }, n) => `  upstream u${n} { server 127.0.0.1:${to} max_fails=0; keepalive 8; }`).join('\n')}
  server {
    listen 127.0.0.1:${port};
    proxy_http_version 1.1;
    proxy_request_buffering off;
    proxy_next_upstream off;
    proxy_pass_header Server;
    proxy_pass_header Date;
    proxy_connect_timeout 1s;
    proxy_read_timeout 1s;
    proxy_send_timeout 1s;
${locations.join('\n')}
  }
}
`
}

function haproxyConf(port: number, upstreams: readonly Upstream[]): string {
  const names = upstreams.flatMap((_, n) => [`l${n}`, `h${n}`])
  return `global
  maxconn 512
defaults
  mode http
  timeout connect 1s
  timeout client 2s
  timeout server 1s
  timeout http-request 2s
  timeout tunnel 10s
  retries 0
  http-reuse always
frontend in
  bind 127.0.0.1:${port}
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header X-Forwarded-Proto http
  http-request set-header Forwarded for=%[src];host=\\"%[req.hdr(host)]\\";proto=http
  http-request add-header Via "%[req.ver] haproxy"
  http-response add-header Via "1.1 haproxy"
${names.map((name) => `  use_backend ${name} if { path_beg /${name}/ }`).join('\n')}
  default_backend nowhere
backend nowhere
  http-request return status 404
${upstreams
  .flatMap(({ port: to }, n) => [`l${n}`, `h${n}`].map((name) => `backend ${name}\n  server s 127.0.0.1:${to}`))
  .join('\n')}
`
}
