import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { folder } from './process.ts'

export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url))

/** A package.json, as far as it is of interest here. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly bin: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly dev?: boolean; readonly optional?: boolean; readonly devOptional?: boolean }>
  >
}

const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'))

/** This checkout's package.json. */
export const MANIFEST = read(join(ROOT, 'package.json')) as Manifest

/** The packages that users of this one get, by their folders (`node_modules/…`), with what the lock file says of each. */
export const LOCKED: Readonly<Record<string, { readonly optional?: boolean; readonly devOptional?: boolean }>> =
  Object.fromEntries(
    Object.entries((read(join(ROOT, 'package-lock.json')) as Lock).packages).filter(
      ([path, { dev }]) => path !== '' && dev !== true,
    ),
  )

/** What npm may see of this process. What npm and tap themselves add concerns this checkout, and no other folder. */
const PASSED =
  /^(HOME|USERPROFILE|TMPDIR|TEMP|TMP|SystemRoot|NODE_EXTRA_CA_CERTS|(https?|no)_proxy|npm_config_(cache|registry|userconfig|globalconfig))$/i

/** The variables of a shell in which `node` is the Node that runs this. */
function shell(): Record<string, string> {
  const passed = Object.entries(process.env).filter(([name, value]) => value !== undefined && PASSED.test(name))
  const path = `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`
  return { ...(Object.fromEntries(passed) as Record<string, string>), PATH: path }
}

/** Starts a program without tap's loaders, which tap adds to the environment of every process. */
export const PLAIN = ['env', '-u', 'NODE_OPTIONS', '-u', 'NODE_V8_COVERAGE'] as const

/** Runs a program as in a shell. */
export function command(cwd: string, ...program: string[]): SpawnSyncReturns<string> {
  const [file, ...args] = [...PLAIN, ...program] as [string, ...string[]]
  return spawnSync(file, args, { cwd, env: shell(), encoding: 'utf8' })
}

function npm(cwd: string, ...args: string[]): void {
  const { status, stdout, stderr } = command(cwd, 'npm', ...args)
  if (status !== 0) throw new Error(`npm ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`)
}

/**
 * Packs this checkout and other packages (files by their names), and lets npm install the tarballs into an empty folder.
 * The dependencies are those of this checkout's lock file, so that npm finds them in the cache that `npm ci` filled, and
 * asks the registry for nothing else.
 * @returns the folder
 */
export async function installPacked(
  t: Parameters<typeof folder>[0],
  others: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Promise<string> {
  const sources = await folder(
    t,
    Object.fromEntries(
      Object.entries(others).flatMap(([name, files]) =>
        Object.entries(files).map(([file, text]) => [`${name}/${file}`, text]),
      ),
    ),
  )
  const manifests = [
    MANIFEST,
    ...Object.keys(others).map((name) => read(join(sources, name, 'package.json')) as Manifest),
  ]
  const app = await folder(t)
  const folders = Object.keys(others).map((name) => join(sources, name))
  npm(ROOT, 'pack', '--silent', '--pack-destination', app, ROOT, ...folders)
  const tarballs = manifests.map(({ name, version }) => [name, `file:${name}-${version}.tgz`] as const)
  const root = { name: basename(app), dependencies: Object.fromEntries(tarballs) }
  const packages = {
    '': root,
    ...LOCKED,
    ...Object.fromEntries(
      tarballs.map(([name, resolved], i) => [
        `node_modules/${name}`,
        { ...manifests[i], devDependencies: {}, resolved },
      ]),
    ),
  }
  const lock = { ...root, lockfileVersion: 3, requires: true, packages }
  writeFileSync(join(app, 'package.json'), JSON.stringify(root))
  writeFileSync(join(app, 'package-lock.json'), JSON.stringify(lock))
  npm(app, 'ci', '--omit=dev', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund')
  return app
}
