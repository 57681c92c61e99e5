#!/usr/bin/env node
// Plain JavaScript that every Node can read: an old one could not even parse main.ts, and would not say why.
import { existsSync } from 'node:fs'
import module from 'node:module'
import { setFlagsFromString } from 'node:v8'

// Node ends on SIGHUP, SIGTERM and SIGINT where nobody listens, but not as the first process of a container, where they are
// lost; and SIGUSR1 opens its debugger to everyone on this machine. Loading the rest takes most of a second, so signals are
// kept here until main takes them over: core/main/signals.ts.
const signals = { pending: [], take: undefined }
// A worker leaves signals to the primary, which tells it what to do: a terminal and systemd send them to both.
if (process.argv[2] === 'worker') {
  signals.take = () => {}
}
if (process.argv[2] === 'run' || process.argv[2] === 'worker') {
  process.on('SIGUSR1', () => {})
  for (const name of ['SIGHUP', 'SIGTERM', 'SIGINT'])
    process.on(name, () => {
      if (signals.take !== undefined) return signals.take(name)
      // The second one that stops.
      if (name !== 'SIGHUP' && signals.pending.some((pending) => pending !== 'SIGHUP')) process.exit(1)
      if (!signals.pending.includes(name)) signals.pending.push(name)
    })
}

// A checkout runs its TypeScript as it is. A package runs what was built: Node strips no types under node_modules.
const source = new URL('./main/main.ts', import.meta.url)
const checkout = existsSync(source)

const wanted = [24, 12]
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < wanted[0] || (major === wanted[0] && minor < wanted[1])) {
  console.error(
    `weir needs Node ${wanted.join('.')} or newer; this is ${process.version} (${process.execPath}).\n${
      checkout
        ? 'Run "npm ci", which installs Node 26 beside the project (allow its install script), then "npm start", which uses it.'
        : 'Install a newer Node: https://nodejs.org'
    }`,
  )
  process.exit(1)
}
// V8 allocates objects in the old generation when those made at the same place of the code used to survive. A proxy's
// objects survive a scavenge only by being in flight, and once dead in the old generation they keep the next ones alive:
// a third of all garbage was copied, and collecting it took 16 µs a request instead of 4 (docs/decisions/0004).
setFlagsFromString('--no-allocation-site-pretenuring')
// While everything is loaded, nearly all objects survive, and V8 would make the young generation as large as it gets. It keeps that memory,
// 11 MiB, though an idle gateway needs none of it. core/base/young-generation.ts lets it grow again (docs/decisions/0026).
setFlagsFromString('--semi-space-growth-factor=1')
// When a process that was busy has been idle for eight seconds, V8 collects to save memory, and forgets the shapes of objects that no request
// has at that moment. The code compiled for them goes with them: the next requests took twice to four times as long, for three seconds
// (docs/decisions/0033).
setFlagsFromString('--memory-reducer-gc-count=0')

// Stack traces show the lines of the TypeScript, of this package and of plugins that ship source maps. It costs nothing
// that could be measured, at the start or per error.
module.setSourceMapsSupport(true, { nodeModules: true })

const load = (name) =>
  import(new URL(checkout ? `./main/${name}.ts` : `../dist/core/main/${name}.js`, import.meta.url).href)
if (process.argv[2] === 'check-document') {
  // Without the gateway, which takes as long to load as the rest together.
  const { runDocumentChild } = await load('document-child')
  await runDocumentChild()
} else {
  const { main } = await load('main')
  process.exitCode = await main(process.argv.slice(2), signals)
}
