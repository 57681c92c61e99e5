// A copy of Weir as npm installs it: JavaScript, no TypeScript to strip. It starts faster than a checkout and needs less memory.
import { cpSync, existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Sandbox } from './sandbox.ts'
import { ROOT } from './weir.ts'

/** Builds the copy, once per sandbox. Gives its folder. */
export async function installedCopy(sandbox: Sandbox): Promise<string> {
  const folder = join(sandbox.folder, 'installed')
  if (existsSync(folder)) return folder
  const tsc = join(ROOT, 'node_modules/.bin/tsc')
  await sandbox.run(
    { command: [tsc, '-p', join(ROOT, 'tsconfig.build.json'), '--outDir', join(folder, 'dist')] },
    undefined,
  )
  for (const path of ['package.json', 'core/launch.js', 'config/weir.schema.json'])
    cpSync(join(ROOT, path), join(folder, path))
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  return folder
}
