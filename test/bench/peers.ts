// Gateways from npm, with versions pinned in peers/package.json. They are installed when a case first asks for one.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import type { Launcher } from './sandbox.ts'

const INSTALL_MS = 300_000
const folder = join(import.meta.dirname, 'peers')

/** Whether npm has installed what the lock file says. */
function installed(): boolean {
  const marker = join(folder, 'node_modules/.package-lock.json')
  if (!existsSync(marker)) return false
  const versions = (file: string): string =>
    JSON.stringify(
      Object.entries((JSON.parse(readFileSync(file, 'utf8')) as Lock).packages)
        .filter(([path, { optional }]) => path !== '' && optional !== true)
        .map(([path, { version }]) => `${path}@${version}`)
        .sort(),
    )
  return versions(marker) === versions(join(folder, 'package-lock.json'))
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly optional?: boolean }>>
}

/** Why npm could not install them. It is not asked again in the same run. */
let failure: string | undefined

function install(): void {
  if (installed()) return
  if (failure === undefined) {
    console.error('installing the gateways of test/bench/peers …')
    const { status, stderr, error } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: folder,
      env: { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}` },
      encoding: 'utf8',
      timeout: INSTALL_MS,
    })
    if (status === 0) return
    failure = error?.message ?? stderr.split('\n').slice(0, 4).join('; ')
  }
  throw new Error(`npm ci failed in test/bench/peers: ${failure}`)
}

/** Starts `peers/NAME.js` with the upstream's URL and the port. */
export const peer =
  (name: string): Launcher =>
  ({ port, upstream }) => {
    install()
    return {
      command: [process.execPath, join(folder, `${name}.js`), `http://127.0.0.1:${upstream}`, String(port)],
      env: { NODE_ENV: 'production' },
    }
  }
