// A guide whose configurations and requests are run: what its pages show is what happens.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'

/** Where a block of the shell runs. */
export interface Place {
  readonly dir: string
  /** What `localhost:8000` and `localhost:8001` of the page are here. */
  readonly proxy: string
  readonly admin?: string | undefined
  readonly env?: Readonly<Record<string, string>>
}

/** A page with fenced blocks, and which of them a test has used. */
export class Guide {
  readonly text: string
  /** Lines of the shell that each block is run behind. */
  prelude = ''
  readonly #used = new Set<string>()

  constructor(page: string) {
    this.text = readFileSync(resolve(import.meta.dirname, '../..', page), 'utf8')
  }

  /** The blocks of one kind below a heading, up to the next one. */
  blocks(heading: string, kind: 'sh' | 'yaml' | 'js'): string[] {
    const [, own = ''] = this.text.split(new RegExp(`^##+ ${heading}$`, 'm'))
    const found = blocksOf(own.split(/^##+ /m)[0]!, kind)
    for (const block of found) this.#used.add(block)
    return found
  }

  /** The blocks that no test has asked for. */
  get unused(): string[] {
    return (['sh', 'yaml', 'js'] as const)
      .flatMap((kind) => blocksOf(this.text, kind))
      .filter((block) => !this.#used.has(block))
  }

  /** Runs a block of the shell. Each line with `curl` must get what the comment behind it says: a status, and the code of a problem document. */
  async run(t: Test, script: string, { dir, proxy, admin, env = {} }: Place): Promise<void> {
    const own = script
      .replaceAll('http://localhost:8000', proxy)
      .replaceAll('http://localhost:8001', admin?.replace('0.0.0.0', '127.0.0.1') ?? 'http://none.invalid')
    const { stdout } = await promisify(execFile)('bash', ['-ec', `${CURL}${this.prelude}${own}`], {
      cwd: dir,
      env: { PATH: `${resolve(process.execPath, '..')}:${process.env.PATH}`, ...env },
      timeout: 60_000,
    })
    // Other commands print something, too.
    const got = stdout.split('\n').flatMap((line) => (/^\d{3}(?: |$)/.test(line) ? [line.trim()] : []))
    const requests = script.split('\n').filter((line) => line.startsWith('curl '))
    for (const [i, line] of requests.entries())
      t.equal(got[i], /# (\d{3}(?: [a-z_]+)?)$/.exec(line)?.[1] ?? 'a comment', line)
  }
}

/** A curl that prints the status and the code, of a problem document or of RFC 6749 §5.2. A block may keep the body: `-o FILE`. */
const CURL = `curl() {
  rm -f answer
  command curl --silent --max-time 10 --write-out '%{http_code} ' "$@" --output answer
  grep --no-messages --only-matching --extended-regexp '"(code|error)": ?"[a-z_]*"' answer | cut -d '"' -f 4 || true
  test -f answer && grep -qE '"(code|error)"' answer || echo
}
`

function blocksOf(text: string, kind: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${kind}\n(.*?)^\`\`\``, 'gms'))].map(([, block]) => block!)
}
