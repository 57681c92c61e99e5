import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Whether the browser is installed (Debian's package `chromium`). */
export const hasChromium = spawnSync('chromium', ['--version'], { stdio: 'ignore' }).status === 0

const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-default-apps', '--mute-audio'],
  // Every name below localhost is this machine; no other name is found.
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE *.localhost',
]

/** Opens a page in a browser of its own, without a window. The browser ends with the test. */
export function openPage(t: { teardown(fn: () => unknown): unknown }, url: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'weir-chromium-'))
  const child = spawn('chromium', [...FLAGS, `--user-data-dir=${folder}`, url], { stdio: 'ignore', detached: true })
  t.teardown(async () => {
    const gone = new Promise((resolve) => child.once('close', resolve))
    // The group: the browser is many processes.
    if (child.exitCode === null) process.kill(-child.pid!, 'SIGKILL')
    else return
    await gone
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
}
