#!/usr/bin/env node
// Plain JavaScript that every Node can read: an old one could not even parse main.ts, and would not say why.
import { existsSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'

const wanted = [24, 12]
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < wanted[0] || (major === wanted[0] && minor < wanted[1])) {
  console.error(
    `weir needs Node ${wanted.join('.')} or newer; this is ${process.version} (${process.execPath}).\n` +
      'In a checkout, "npm ci" installs Node 26 beside the project (allow its install script) and "npm start" uses it;\n' +
      'elsewhere install a newer Node: https://nodejs.org',
  )
  process.exit(1)
}
// V8 allocates objects in the old generation when those made at the same place of the code used to survive. A proxy's
// objects survive a scavenge only by being in flight, and once dead in the old generation they keep the next ones alive:
// a third of all garbage was copied, and collecting it took 16 µs a request instead of 4 (docs/decisions/0004).
setFlagsFromString('--no-allocation-site-pretenuring')

// A checkout runs its TypeScript as it is; a published package, where Node refuses to strip types, runs what was built.
const source = new URL('./main/main.ts', import.meta.url)
const { main } = await import(existsSync(source) ? source.href : new URL('./main/main.js', import.meta.url).href)
process.exitCode = await main(process.argv.slice(2))
